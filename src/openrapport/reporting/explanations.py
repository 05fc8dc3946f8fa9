"""What each finding is called, says and does not say: one row for each name.

A new step adds its rows here; a test fails while a finding of the fictional session has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from openrapport.finding import Finding
from openrapport.reporting import wording
from openrapport.session import Role

__all__ = ["COMPARED", "EXPLANATIONS", "GROUPS", "Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Words for a finding.

    Parameters
    ----------
    title : str
        A few words.
    sentence : str
        What was seen, with ``{value}`` (``{bare}`` without its unit), ``{who}``, ``{other}`` and
        ``{aspect}`` to fill in.
    what : str
        What is counted, and how.
    not_mean : str
        What it must not be read as.
    """

    title: str
    sentence: str
    what: str
    not_mean: str

    def say(self, finding: Finding) -> str:
        """Say a finding in a sentence.

        Parameters
        ----------
        finding : Finding
            Of this name.

        Returns
        -------
        sentence : str
            With a capital and a full stop.
        """
        party = finding.party
        text = self.sentence.format(
            value=wording.amount(finding.value, finding.unit),
            bare=wording.bare(finding.value, finding.unit),
            who=f"the {party}" if party else "both",
            other=f"the {party.partner}" if party else "each other",
            aspect=wording.plain_name(finding.aspect or "all kinds together"),
        )
        return text[0].upper() + text[1:]

    def column(self, party: Role | None, aspect: str | None) -> str:
        """Name a column that compares sessions.

        Parameters
        ----------
        party : Role or None
            Whom it is about.
        aspect : str or None
            Which of several of the same name.

        Returns
        -------
        title : str
            ``"Share of the talk time, client"``.
        """
        return ", ".join(
            filter(None, (self.title, party and str(party), wording.plain_name(aspect or "")))
        )


_WORDS_NOT_FEELINGS = (
    "It reads words one by one from a fixed list. It knows no irony, no context and no tone of voice, and "
    "its error on therapy talk has not been measured. It is not what the person felt."
)
_CHANCE_FIRST = (
    "Two people in one room use many of the same words anyway. Inside the grey band there is nothing to "
    "read; outside it, it says that the wording goes together, not that the relationship is good."
)
_NO_IDEAL = "There is no right amount: it differs between approaches, sessions and people."

EXPLANATIONS: dict[str, Explanation] = {
    "talk_time": Explanation(
        "Talk time",
        "{who} spoke for {value}.",
        "The time in which this person spoke. Where both spoke at once, it counts for both.",
        _NO_IDEAL,
    ),
    "talk_share": Explanation(
        "Share of the talk time",
        "{who} spoke {value} of the time in which anybody spoke.",
        "This person’s talk time out of the summed talk time of the two.",
        _NO_IDEAL + " Speaking more is not being heard more.",
    ),
    "word_share": Explanation(
        "Share of the words",
        "{value} of the words were {who}’s.",
        "This person’s words out of the words of the two. Where a transcript has no times, it stands in "
        "for the share of the talk time.",
        _NO_IDEAL + " Words are not time: a slow speaker holds the floor longer than this share says.",
    ),
    "turn_rate": Explanation(
        "Turns an hour",
        "The floor changed hands {bare} times an hour.",
        "A turn is one person’s speech until the other takes the floor; “mm-hm” does not take it.",
        _NO_IDEAL,
    ),
    "turn_count": Explanation(
        "Turns",
        "{who} had {value}.",
        "A turn is one person’s speech until the other takes the floor; “mm-hm” does not take it.",
        _NO_IDEAL,
    ),
    "turn_length": Explanation(
        "Length of a turn",
        "Half of {who}’s turns were longer than {value}.",
        "The median number of words in a turn.",
        _NO_IDEAL + " A short turn can say more than a long one.",
    ),
    "turn_duration": Explanation(
        "Duration of a turn",
        "Half of {who}’s turns lasted longer than {value}.",
        "The median time from the start to the end of a turn.",
        _NO_IDEAL,
    ),
    "speech_rate": Explanation(
        "Speech rate",
        "{who} spoke {value}.",
        "Words divided by the time in which they were spoken, pauses between utterances left out.",
        "People differ in how fast they speak anyway; it does not show hurry or calm by itself.",
    ),
    "response_latency": Explanation(
        "Time to answer",
        "Half of {who}’s answers came more than {value} after {other} had finished.",
        "From the end of one person’s turn to the start of the other’s; below zero where they overlap.",
        "A slow answer is not reluctance and a quick one not impatience.",
    ),
    "gap": Explanation(
        "Gaps between turns",
        "Half of the gaps between turns were longer than {value}.",
        "Silence between the turns of the two people.",
        _NO_IDEAL,
    ),
    "pause": Explanation(
        "Pauses within a turn",
        "Half of {who}’s pauses within a turn were longer than {value}.",
        "Silence within one person’s turn.",
        "A pause can be thinking, feeling or searching for a word.",
    ),
    "overlap_time": Explanation(
        "Speaking at once",
        "Both spoke at once for {value}.",
        "Time in which both people spoke.",
        "Overlap is often warm: much of it is “mm-hm” and finishing a thought together.",
    ),
    "overlap_share": Explanation(
        "Share of speaking at once",
        "Both spoke at once in {value} of the time in which anybody spoke.",
        "Time in which both people spoke, out of the time in which anybody did.",
        "Overlap is often warm: much of it is “mm-hm” and finishing a thought together.",
    ),
    "interruption_rate": Explanation(
        "Interruptions",
        "{who} took the floor before {other} had finished {bare} times in 100 turns.",
        "Turns that start while the other still has a good part of an utterance to say.",
        "Coming in early can be eagerness, warmth or a bad line; it is not rudeness by itself.",
    ),
    "backchannel_rate": Explanation(
        "“Mm-hm” and the like",
        "{who} said “mm-hm” and the like {bare} times a minute while {other} spoke.",
        "Short listening words that leave the floor to the other.",
        "Nods and looks are not in a transcript: few such words do not mean little listening.",
    ),
    "long_silence_rate": Explanation(
        "Long silences",
        "There were {bare} silences of five seconds or more an hour.",
        "Stretches in which nobody speaks.",
        "Silence is not failure: it may be the most important part of a session.",
    ),
    "long_silence_ended_share": Explanation(
        "Who ended long silences",
        "{who} spoke first after {value} of the long silences.",
        "Who spoke first after a silence of five seconds or more.",
        _NO_IDEAL,
    ),
    "silence_after_question_share": Explanation(
        "Silences after a question",
        "A long silence followed {value} of the therapist’s questions.",
        "Questions of the therapist after which nobody spoke for five seconds or more.",
        "It can be thinking, feeling or not knowing what to say.",
    ),
    "code_rate": Explanation(
        "What the therapist’s words did",
        "{aspect}: {bare} in 100 of {who}’s utterances.",
        "How often the coder marked this, for 100 utterances of the therapist.",
        "It is how often the mark was given, not how often the thing was done: the coder misses many. It "
        "says nothing of how well it was done.",
    ),
    "open_question_share": Explanation(
        "Open questions",
        "{value} of the questions that were found were open.",
        "Open questions out of open and closed ones, as the coder tells them apart.",
        "A closed question can be the right one.",
    ),
    "complex_reflection_share": Explanation(
        "Complex reflections",
        "{value} of the reflections that were found added something of their own.",
        "Complex reflections out of simple and complex ones, as the coder tells them apart.",
        "The coder tells the two apart poorly; it does not measure empathy.",
    ),
    "reflection_question_ratio": Explanation(
        "Reflections and questions",
        "There were {bare} reflections for each question.",
        "Utterances that mainly reflect, divided by those that mainly ask.",
        "It is not the ratio of the MITI, which counts every behaviour in an utterance by hand.",
    ),
    "minimal_response_rate": Explanation(
        "Minimal responses",
        "{who} answered an open invitation with a few closing words {bare} times in 100 utterances.",
        "Answers of at most three words that close down an open question.",
        "It is not resistance, and this mark is often wrong.",
    ),
    "strain_rate": Explanation(
        "Marks of strain",
        "{aspect}: {bare} in 100 of {who}’s utterances.",
        "Utterances that read like a move away from the therapist or the work (withdrawal) or against them "
        "(confrontation), as the coder marks them. It learned from two machine raters.",
        "It is a mark, not a feeling: several in ten are wrong, and others are missed. Strain is part of "
        "good work; what counts is what the two make of it.",
    ),
    "strain_run_rate": Explanation(
        "Runs of strain",
        "A run of strain began {bare} times in 100 of {who}’s utterances.",
        "Marks of strain with at most two of the client’s utterances between them are one run.",
        "No runs found does not mean that there was no strain: much of it is silent, or kind.",
    ),
    "strain_return_share": Explanation(
        "Coming back after strain",
        "After {value} of the runs of strain, {who} came back.",
        "Whether, in the client’s next three utterances, none is marked and one is at least as long as is "
        "usual for this client.",
        "Talking on is not the same as a repair, and a repair can take longer than three sentences.",
    ),
    "strain_answer_share": Explanation(
        "What met strain",
        "The answer to {value} of the runs of strain {aspect}.",
        "What the coder marked in the therapist’s first utterance after a run: received is reflection, "
        "summary, validation or affirmation; asked is an open question, shared power, asking for feedback "
        "or speaking of one’s own part; pressed is advice, information, insight or argument.",
        "An answer can do several at once, and none is right everywhere.",
    ),
    "disclosure_level": Explanation(
        "How personal it was",
        "{aspect}: level {bare} on average.",
        "Each of the client’s utterances from 0 (nothing personal) over 1 (everyday facts) and 2 (feelings, "
        "difficulties) to 3 (shame, fear, grief), as the coder tells them apart.",
        "More is not better: people open at their own pace, and a short “yes” can be the bravest word.",
    ),
    "disclosure_change": Explanation(
        "How personal it became",
        "From the first third to the last, {who}’s words became more personal by {value}; below zero, less.",
        "Mean level of the last third less that of the first.",
        "Endings are often lighter on purpose. It does not measure trust.",
    ),
    "behaviour_share": Explanation(
        "The therapist’s mix",
        "{aspect}: {value} of {who}’s utterances.",
        "What each utterance mainly does, by third of the session.",
        _NO_IDEAL,
    ),
    "feeling_answered_share": Explanation(
        "Strong words received",
        "{who} answered {value} of the client’s strong words with a reflection, summary, validation or "
        "affirmation.",
        "The therapist’s next utterance after words that a word list rates as strong, or that the coder "
        "reads as vulnerable.",
        "Silence, a nod or a question can receive a feeling as well, and the coder misses reflections.",
    ),
    "responsiveness": Explanation(
        "Answering low moments differently",
        "Right after low moments {value} of {who}’s mix was another than after the rest.",
        "How much of the therapist’s mix (reflecting, asking, giving, other) would have to change for "
        "answers to low moments to look like all other answers. Low moments are strain, strongly heavy words "
        "or something vulnerable.",
        "Inside the grey band it is what chance gives. It says that the answers differ, not that they help.",
    ),
    "miti_count": Explanation(
        "MITI counts",
        "{aspect}: {bare}.",
        "Behaviours of the MITI 4.2.1, counted from the coder’s marks. MIA and MINA are the sums of "
        "MI-adherent and MI-non-adherent behaviours. Seeking collaboration and emphasising autonomy are "
        "counted together.",
        "The manual counts by ear, with training; this is an approximation with the coder’s error, and the "
        "global ratings are missing.",
    ),
    "miti_complex_share": Explanation(
        "MITI: complex reflections",
        "{value} of the reflections were complex (%CR).",
        "Complex reflections and summaries out of all reflections.",
        "The coder tells simple from complex reflections with error.",
    ),
    "miti_reflection_question_ratio": Explanation(
        "MITI: reflections and questions",
        "There were {bare} reflections for each question (R:Q).",
        "Simple and complex reflections divided by questions.",
        "The manual’s thresholds are for hand-made counts.",
    ),
    "style_matching": Explanation(
        "Style matching",
        "In short stretches of talk, the two were alike in their small words by {value}, where 0 is not at all "
        "and 1 is entirely.",
        "How alike the two use classes of small words (pronouns, articles, prepositions and so on) within "
        "windows of sixteen turns, after Ireland and Pennebaker (2010).",
        _CHANCE_FIRST,
    ),
    "style_matching_by_class": Explanation(
        "Style matching by kind of word",
        "Over the whole session, for {aspect}, the two were alike by {value}, where 0 is not at all and 1 is "
        "entirely.",
        "How alike the two’s shares of each kind of small word are, after Niederhoffer and Pennebaker (2002); "
        "for all kinds together, the mean.",
        "Two people who speak the same language are alike in most small words anyway, and over a whole "
        "session there is no order to shuffle, so no chance band stands beside it. It does not say that "
        "one follows the other, nor that they get on.",
    ),
    "lexical_alignment": Explanation(
        "Words taken up",
        "{value} of the content words in {who}’s replies had just been said by {other}.",
        "Content words of a reply that the other had used in the turn that it answers.",
        _CHANCE_FIRST,
    ),
    "we_rate": Explanation(
        "“We”",
        "{who} said “we”, “us” or “our” {bare} times in 100 words.",
        "Words with which somebody speaks of an “us”.",
        "It may be the two of them, or a family: the word does not say.",
    ),
    "we_taken_up": Explanation(
        "“We” answered with “we”",
        "When {other} said “we”, {who} answered with a “we” {value} of the time.",
        "Replies with a “we” among those to a turn with a “we”.",
        _CHANCE_FIRST,
    ),
    "coordination": Explanation(
        "Small words taken up",
        "{aspect}: {value} in {who}’s replies when {other} had just used one.",
        "How much likelier a kind of small word was in a reply when the turn before held one, after "
        "Danescu-Niculescu-Mizil and others (2012), in percentage points. 0 is no coordination.",
        _CHANCE_FIRST,
    ),
    "sentiment_mean": Explanation(
        "Warm and heavy words",
        "{who}’s words stood at {value} on average, on a scale from −1 (heavy) to 1 (warm).",
        "The mean of a word list’s rating over utterances that hold any word of the list (VADER).",
        _WORDS_NOT_FEELINGS,
    ),
    "sentiment_shift": Explanation(
        "From the first to the last third",
        "From the first third of the session to the last, {who}’s words moved by {value} on a scale from −1 "
        "(heavy) to 1 (warm).",
        "Mean of the last third less mean of the first (VADER). Above 0 they grew warmer, below 0 heavier.",
        _WORDS_NOT_FEELINGS,
    ),
    "strong_sentiment": Explanation(
        "Strong words",
        "{who} used strongly {aspect} words in {bare} of 100 utterances.",
        "Utterances that the word list rates as strongly negative or positive.",
        _WORDS_NOT_FEELINGS,
    ),
}

GROUPS: tuple[tuple[str, str, str], ...] = (
    ("floor", "Who spoke, and how much", "Counts of time, words and turns."),
    ("timing", "Answers, pauses and silences", "What the clock says about how the two took turns."),
    (
        "codes",
        "What was done with words",
        "Marks by a coder that reads each utterance after what came before it. They are proposals: beside "
        "each kind stands how often it was right where that was measured.",
    ),
    (
        "strain",
        "Strain, and what came after",
        "Where the client seemed to move away or against, and how it went on. The coder that marks this "
        "learned from two machine raters, not from clinicians.",
    ),
    (
        "course",
        "How the session ran",
        "Openness, the therapist’s mix by third, and whether answers follow the client.",
    ),
    (
        "miti",
        "Counts of the MITI",
        "For sessions declared as motivational interviewing: an approximation of the manual’s counts.",
    ),
    (
        "language",
        "Language together",
        "Whether the two come to word things alike, beside what chance gives.",
    ),
    (
        "coordination",
        "Taking up each other’s small words",
        "Whether a reply uses a kind of small word more often when the other has just used it.",
    ),
    ("affect", "Feeling in words", "A word list’s view of how warm or heavy the words are."),
)
"""Step, heading and lead of each group on the page, in order."""

COMPARED: tuple[tuple[str, Role | None, str | None], ...] = (
    ("talk_share", Role.CLIENT, None),
    ("word_share", Role.CLIENT, None),
    ("response_latency", Role.THERAPIST, None),
    ("long_silence_rate", None, None),
    ("open_question_share", Role.THERAPIST, None),
    ("reflection_question_ratio", Role.THERAPIST, None),
    ("style_matching", None, None),
    ("lexical_alignment", Role.THERAPIST, None),
    ("sentiment_shift", Role.CLIENT, None),
)
"""Name, party and aspect of the findings in the index and the terminal."""


def explain(name: str) -> Explanation:
    """Words for a finding; plain ones where a step of somebody else's gave it a new name.

    Parameters
    ----------
    name : str
        Of the finding.

    Returns
    -------
    explanation : Explanation
        Never fails, so that a plugin's finding is shown, if plainly.
    """
    known = EXPLANATIONS.get(name)
    if known is not None:
        return known
    title = wording.plain_name(name)
    return Explanation(
        title=title.capitalize(),
        sentence=f"{title}, {{who}} {{aspect}}: {{value}}.",
        what="A finding of a step that gave no explanation.",
        not_mean="Ask the step’s author before reading anything into it.",
    )

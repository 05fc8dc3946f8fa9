"""Cues: the wordings and circumstances that the rule-based coder looks for.

A cue is either there or not. ``PHRASES`` lists cues in words; ``CIRCUMSTANCES`` names those that lie
in an utterance's form or in what was said before it. What a cue counts for stands in no cue: each
code has a scorecard, points for cues, in ``measured_rules.json``.

Phrases are written in a small notation, matched word by word, so that the cost is linear in the
words whatever somebody says::

    (do|did) you       alternatives, nested nowhere
    <                  before the first word of a sentence
    ^                  before its first word that is no filler ("so", "um", "and")
    ?                  a question mark that ends the sentence
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product

from openrapport.words import tokens

__all__ = ["CIRCUMSTANCES", "CUES", "PHRASES", "marked_words", "phrase_cues"]

PHRASES: dict[str, str] = {
    # Questions by their form.
    "opens_wide": """
        ^ (what|how|why), (tell|told) me, i wonder, i'm wondering, i was wondering, curious, (what|
        how) about, what else, in what way, what (kind|kinds|sort|sorts) of, (what|how) (do|did|
        would|are|were|is) you, (share|describe|explain) (a|with|to|more|your|how|what), talk (to
        me|a little) about, walk me through, say more
    """,
    "asks_for_a_fact": """
        how (many|much|long|often|old|far|big|soon), what time, what day, ^ (when|who|which), ^ is
        (it|that|there), what's your (name|age), (every|per|a) (day|week|night) ?, the last time,
        ever, any
    """,
    "verb_first": """
        ^ (do|did|does|are|is|was|were|have|has|had|can|could|would|will|should|don't|didn't|isn't|
        aren't|haven't|wasn't|wouldn't|won't), (you|it|that|there|he|she|they|we|this|your|the|any|
        i|these|those|anything|anyone|your)
    """,
    "tags_a_question": """
        (right|correct|okay|yeah|huh|yes|true|eh) ?, (right|okay|yeah) ^ ?, (isn't|wasn't|doesn't|
        didn't|don't|aren't|can't|won't|haven't) (it|that|they|you|he|she) ?, is (that|it) (right|
        correct|true|it) ?, or (no|not|what) ?, is that it ?
    """,
    "asks_of_choice": "or (is|are|do|did|was|would|have), one or, either, which one",
    "asks_for_a_number": """
        scale (of|from), (zero|one|0|1) to (10|ten), (one|1) being, (zero|0) being, how (important|
        confident|ready|motivated)
    """,
    "asks_of_past": """
        have you (ever|thought|tried|noticed|been|had), did you (ever|know|notice|find), has (it|
        that|this) ever
    """,
    "wants_a_story": """
        what (brings|brought), (going|been going) on, (like|look like|feel|mean) for you, on your
        mind, what (would|might) (it|that|happen|be), what (are|were) some, what makes you, how (do|
        does|did|would) (you|that|this|it) feel, how (are|have) (you|things), tell me (more|about|a|
        what|how)
    """,
    # Giving back what the client said.
    "says_sounds_like": """
        (sounds|seems|looks|feels) (like|as|to), it (sounds|seems|looks|feels), (sounds|seems)
        (really|pretty|very), i'm (hearing|sensing|getting), i (hear|heard|sense|gather) (you|that|
        a|some), what i hear, my guess is, i get the (sense|feeling)
    """,
    "says_you_said": """
        you (said|say|mentioned|told|described|shared|talked), you've (said|mentioned|told|
        described|shared|talked), you're (saying|telling|describing|talking), you were (saying|
        telling|talking)
    """,
    "so_you": """
        < (so|and|but|okay|then) ^ (you|you're|you've|you'd|your|it's|that's|there's|it|this|that),
        so (you|you're|you've|you'd|your)
    """,
    "starts_with_you": "^ (you|you're|you've|you'd|your|you'll)",
    "starts_with_it": """
        ^ (it|it's|it'd|that|that's|this|there's|there|they|things|because|not|just|being|having)
    """,
    "starts_with_i": "^ (i|i'm|i've|i'd|i'll|my|we|we're|we've|let|let's|let|me)",
    "names_your_wish": """
        you (want|wanted|need|needed|like|liked|love|loved|enjoy|hope|hoped|wish|prefer|care|value|
        know|believe|think|thought|see|realize|realized|recognize), you'd (like|rather|prefer|love),
        (important|matters) to you, you really, you don't, you do, you didn't
    """,
    "names_your_feeling": """
        you (feel|felt), you're (feeling|not|really|kind|pretty|a|very|just|starting|trying|having|
        getting|worried|afraid|scared|concerned|ready|tired), (frustrated|frustrating|worried|worry|
        scared|afraid|anxious|nervous|angry|upset|sad|lonely|ashamed|guilty|guilt|overwhelmed|
        overwhelming|stressed|stressful|stuck|hurt|confused|torn|ambivalent|disappointed|
        embarrassed|hopeless|proud|relieved|tired|fed|struggling|struggle|pressure|annoyed|annoying)
    """,
    "tells_two_sides": """
        (one|other) hand, part of you, (one|another|other) part, at the same time, a side of, two
        (things|sides), but you also, and yet, even though, but also, (kind|sort) of both, you also,
        and you're also, but (on|at|you|you're|it's), mixed (feelings|bag), torn
    """,
    "adds_an_image": """
        (kind|sort) of, almost (like|as), as (if|though), like a, a way (to|of), in a way, a sense
        of, something that, a lot of, it's (been|almost|really|not)
    """,
    "sums_up": """
        let me (see|make|just|try|summarize|recap|check|pull), (summarize|summarise|recap|summary),
        so far, (make|making) sure (i|that|we), i understand (you|what|this|that|correctly), (we've|
        you've) (talked|mentioned|told|covered|discussed|shared|said), talked about, a few things,
        (couple|number) of (things|different|reasons), you also (said|mentioned), and you also,
        earlier (you|we), all of (that|this|these), on top of, and then you, so we, today we
    """,
    "checks_it": """
        (did|have|do) i (get|got|understand|understood|hear|have|miss|missed), (am|was) i (getting|
        hearing|understanding|right|correct), is that (right|correct|accurate|fair|about|how), does
        that (sound|capture|fit|make|seem), (sound|sounds) (right|about|fair|accurate), i missed,
        correct me, anything (i|we) missed, got (that|it) right
    """,
    # Warmth.
    "praises": """
        (great|good|nice|wonderful|excellent|fantastic|awesome|amazing|terrific|super) (job|work|
        for|start|idea|thing|step|question|point|news|to|that|plan|progress|insight|effort),
        (that's|that|it's|is|are|really|very|just|so|pretty|sounds) (great|good|wonderful|fantastic|
        awesome|amazing|excellent|impressive|terrific|admirable|commendable|brilliant|huge|
        incredible), well done, congratulations, impressed, proud of
    """,
    "thanks": """
        i (appreciate|really|admire|respect|value|like|love|commend), appreciate (you|your|that),
        thank you, thanks, glad (you|that|to|you're), (nice|good|great) to (meet|see|hear)
    """,
    "names_a_strength": """
        (strength|strengths|strong|courage|courageous|brave|committed|commitment|determined|
        determination|motivated|motivation|dedicated|effort|thoughtful|caring|responsible|capable|
        honest|honesty|willing|willingness|resourceful|creative|persistent|successful|success|smart|
        insightful|resilient|amazing|accomplished|accomplishment), you've (done|worked|made|managed|
        already|been|taken|come|put|really), you (managed|succeeded|care|did), (able|willing|
        working|trying) (to|hard|really), takes (a|some|real), it (took|takes), you were able, a lot
        of (work|thought|effort|courage|strength|time), you're (doing|someone|working|making|taking|
        able|willing|very|a)
    """,
    "finds_it_understandable": """
        understandable, (make|makes|made) (sense|perfect|a), i (understand|get|can|know), (can|
        could) (see|imagine|understand|hear|tell|appreciate) (how|that|why|it|you|where), (must|
        would|might|could) (be|have|feel) (been|really|very|so|hard|tough|difficult|scary|
        frustrating|pretty|quite), no wonder, natural, normal, not alone, a lot of people, of course
        you, anyone
    """,
    "grants_the_feeling": """
        of course (you|it was|it is|it does|it did|anyone), (make|makes|made) (sense|perfect sense|
        total sense|complete sense|a lot of sense) (to me|that you|why|how you|given|when you|
        because), no wonder, ^ (anyone|anybody|everyone|most people|many people) (would|might|feels|
        feel), i think (anyone|anybody|most people|many people) would, understandable, (natural|
        normal|human) (to|reaction|response|feeling|that you|for you), (only|completely|perfectly|
        totally) (natural|normal|human), i (can|could) (see|understand|imagine|appreciate|hear)
        (why|how|that <|that being|that must|it <), i understand (why|how you|how hard|how difficult|
        that it's), (must|that must) (be|have been|feel) (so|really|very|pretty|quite|hard|tough|
        awful|frightening|scary|painful|lonely|exhausting|frustrating|difficult), (that's|that is|
        it's|sounds) (so|really|very|pretty|quite) (hard|tough|awful|frightening|scary|painful|
        lonely|exhausting|frustrating|difficult|stressful|shocking), (that|it) sounds (hard|tough|
        awful|frightening|scary|painful|lonely|exhausting|difficult), i'm (so|really|very) sorry
        (to hear|you|that you), i'm sorry (to hear|you've|you're|that you), you're not alone, (every
        right|good reason|every reason|entitled) to (feel|be)
    """,
    "says_it_is_hard": """
        (hard|tough|difficult|rough|scary|awful|terrible|painful|challenging|frustrating|stressful|
        overwhelming|upsetting|uncomfortable), sorry (to|that|you|about), (it's|that's|is) (okay|ok|
        fine|alright) (to|that|if), hear that
    """,
    # Speaking as oneself.
    "owns_a_part": """
        i'm (sorry|afraid|so), i (apologize|apologise), my (fault|mistake|bad|apologies), i (was|
        should|shouldn't|didn't|misunderstood|guess|made), (to|be) (honest|frank), i feel, i'm
        (worried|concerned|glad|happy|a), for me, i've (been|had|noticed|never), myself, i have to
        (say|admit), me too, i remember
    """,
    "apologises": """
        (i'm|am|so) sorry (if|for|that i|i|about that|to have|we), i (apologize|apologise), my
        (fault|mistake|bad|apologies|doing), (my|my own) part in, i (got|had) (that|it|this|you)
        wrong, i (should|could) (have|not), i (should've|could've|shouldn't have), i (was|wasn't|have
        been|haven't been) (wrong|too|unfair|fair|clear|unclear|clumsy|defensive|listening|hearing),
        (that's|that is|that was|this is|it's) (mine <|on me|my part), i (argued|interrupted|
        pushed|rushed|pressed|pressured|lectured|ignored|overlooked|misheard|misread|misjudged|
        misunderstood|assumed|dismissed|hurried|snapped|preached), i (missed|lost) (you|that|what|
        how), i (went|was going) (too|past|over|straight|ahead), i (jumped|carried|kept) (in|on|
        ahead|going|pushing), i (cut|talked over|hurt) you, i let you down, i (didn't|wasn't really)
        (listen|listening|hear|notice|ask you|understand|see that|see how|mean to)
    """,
    "speaks_of_itself_here": """
        i've been there, i (feel|felt|got|get|am|was|feel a bit|felt a bit) (touched|moved|sad|
        honored|honoured|close|uneasy|stuck|lost|helpless|defensive|impatient|anxious|nervous|
        protective|worried|torn), i'm (touched|moved|confused|feeling|honored|honoured|humbled|
        grateful), (to|be) (honest|frank|open) with you, i have to admit, (makes|made|makes it) me
        feel, (touches|moves|saddens) me, means a lot to me, i'm struggling, i'm (glad|really glad|
        so glad|very glad|grateful|sad) (you|that you) (told|tell|said|say|shared|came|come|brought|
        asked|trusted|felt|were), i (find|found|notice|noticed|catch|caught) myself, (between|about)
        (you and me|the two of us), between us, i don't like that (i|you|we), i care about you
    """,
    "asks_if_right": """
        (did|have|do) i (get|got|understand|understood|hear) (that|it|this|you) (right|correctly|
        correct|so), (did|have) i (miss|missed), (am|was) i (getting|hearing|understanding) (that|
        it|you|this), is (that|it) (accurate|fair) ?, does that sound (right|accurate|about), how
        (was|is) (this|today's|our) (session|conversation|talk|meeting), (anything|something|
        anything else|anything that|something that) (i|we|i've|we've) (missed|left|got wrong|
        haven't|didn't|don't), how (was|is) (this|today) for you, how (are|do) you (feel|feeling)
        about (our|this|talking|being here), (was|is) this (helpful|useful), what was (helpful|
        useful), what you're saying ?, what you were saying ?, what you mean ?
    """,
    "asks_how_it_is": """
        like for you, for you ?, (how|what) (do|did|are|were) you (feel|feeling|think|thinking|make|
        see|hear|notice), (how|what) (is|was|does|did|has|about) (it|this|that|being|talking|our),
        how's (it|this|that), (was|is|were) (it|this|that|there) (helpful|useful|okay|ok|hard|
        uncomfortable|difficult|awkward|something|anything), (would|do|did|could) you (like|want|
        need|wish|have wanted|rather), what (was|is|were|are) (missing|helpful|useful|hard),
        (bothered|bothers|hurt|upset|helped|helps) you
    """,
    "speaks_of_this_talk": """
        (about|at|from|with|towards) (me|us) (<|?|here|today|right now|now|when|while|and|or), (me
        as|us as), between (us|you and me), the two of us, you and (i|me), (in|being) here, here (with
        me|together), (this|our|today's) (session|
        conversation|talk|hour|meeting|relationship|work together|time together), (last|past) (few|
        five|ten|fifteen|couple of) minutes, just now, what i('ve|'m) (said|asked|did|saying|
        asking), (what|when|how|where) i (said|asked|did|suggested|put|say|ask|do|suggest), the way
        (i|we), (what|how) we (are|were|have been) (doing|talking|working), how we're (doing|
        talking|working)
    """,
    "worries": """
        i'm (really|just|very|a) (concerned|worried), i'm (concerned|worried), concerns me, worries
        me, i care
    """,
    # Telling and directing.
    "informs": """
        (percent|research|studies|study|evidence|data|guidelines|guideline|statistics|average|risk|
        risks|risky|chance|chances|symptoms|treatment|medication|medications|drug|effects|effect|
        effective|program|programs|option|options|disease|diabetes|cancer|blood|brain|body|levels|
        level|doctor|results|standard|limit|limits|drinks|grams|nicotine|withdrawal|infection|
        vaccine|exercise|calories), we know, people (who|that|with|find|have|are|often), (some|most|
        many|other|lots|more) (people|of|folks|patients|clients|women|men|kids|teens), (can|could|
        may|might|will|would) (cause|lead|help|increase|affect|make|also|actually|be), is called,
        called, (there's|there|these) (are|is|some|a), one of the, it's (important|actually|a|
        called|about|one|recommended), the (reason|way|more|most|other|first|good|best), which (is|
        means|can|are), for example, such as, that (can|will|is|are)
    """,
    "explains_the_meeting": """
        confidential, my name, i'm (here|your|a|the|going), today, minutes, we (have|offer|can|will|
        usually|do|need|like|ask|also|use|try), (next|this|last) (time|week|session|visit|
        appointment), appointment, (this|the) form, (what|something) we, we'll, we're (going|here),
        our (time|session|program|clinic), i (wanted|want) to (talk|ask|share|discuss|check|go|let|
        see)
    """,
    "directs": """
        you (should|must|need|ought|gotta|better), you (have|got) to, you've got to, you're (going|
        gonna) (to|have|need), you'd better, i want you to, i (need|would|expect) you to, i'd (like|
        want|love) (you|for you) to, (if|unless) you (don't|keep|continue|are|can't|want|do|quit|
        stop), (make|be) sure (you|to|that), ^ (try|just|take|get|go|think|stop|start|call|make|
        keep|put|give|start|look|don't), it's (time|best|better|important|really important|very
        important) (to|that|for|you)
    """,
    "advises": """
        (recommend|suggest|suggestion|advise|advice|encourage|recommendation|recommended), you
        (could|might|can|may) (want|try|consider|also|do|use|take|think|even|start|talk|find|go|get|
        just|be|always), i think (you|it|that|we|it's|a|the), have you (thought|considered|tried),
        what if (you|we), why don't (you|we), why not, how about (you|we|if|trying), if i were,
        maybe (you|we|try|it), let's, we (should|need|could), (try|trying) (to|some|a|it|and), it
        (would|might|could|may) be (good|better|best|helpful|a|nice|important|useful), (best|better)
        (thing|to|way|if|off), instead of, what you (can|could|need)
    """,
    "asks_leave": """
        (okay|ok|alright|right|fine|good|comfortable) (if|with you|for you|to talk|that|i), (do|
        would) you mind (if), (can|could|may|might) (i|we) (ask|share|tell|give|offer|suggest|talk|
        make|just|take|see|look|explain), (would|will|is) (it|that) be (okay|ok|alright|all|helpful|
        useful), is (it|that) (okay|ok|alright|all), if (that's|it's) (okay|ok|alright|all|
        something), (like|interested|open|willing) (me|in hearing|to hear|to hearing|in learning|to
        talking|to talk|in talking), with your permission, if you don't mind, (okay|ok|alright) with
        you, what do you (know|already know) about, if you'd like, if you want
    """,
    "shares_power": """
        up to you, your (choice|decision|call|choices|decisions|ideas|goals|goal|own), (would|what
        would|where would|how would) you (like|be|want|prefer|feel), would you be (willing|
        interested|open|able|comfortable), what (do|would) you (think|want|like|see|make), (sound|
        sounds|seem|does that sound) (good|okay|ok|alright|fair|like something|reasonable), shall
        we, (what|which) (ideas|might|could|are some|one), you (decide|choose|get to decide), only
        you, work together, together, we (could|can) (talk|work|look|come|figure|do|start), (what|
        how) (might|could|can|else) (you|we|i|work|help), are you (willing|interested|ready|open), i
        can help, help you, if you (want|like|decide|choose), thoughts (on|about), think (about
        that|of that), next step
    """,
    "asks_about_us": """
        how (was|is) (this|that|it|our|today) (for you|session|going|conversation|been), (this|our|
        today's) (session|conversation|talk|meeting|work), (helpful|useful) (for you|to you|about|
        today), what i've, you and (i|me), anything (i|else), about (what|how) i, talking (about
        this|to me|with me)
    """,
    # Going against.
    "confronts": """
        don't you (think|know|care|realize|understand|want|see|feel|have), why (would|are|aren't|
        don't|didn't|haven't|can't|do|did) you, how (can|could|come) you, that's (not|no|your|
        because|ridiculous|just|what|an|why), come on, you can't, (excuse|excuses|irresponsible|
        ridiculous|selfish|lazy|stupid|silly|wrong|lying|denial|addict|alcoholic|serious|seriously|
        obviously|clearly|problem|bad|dangerous|illegal|kill|killing|die|dying|dead|jail|
        unacceptable|blame|fault|consequences|trouble|disappointed), (do|did) you (realize|
        understand|know|even|think|really), what (were|are) you (thinking|doing), not (good|
        listening|going|enough|true|acceptable|healthy), (you|you're) (just|not|never|always|still|
        obviously|clearly|gonna|supposed), you (keep|don't|didn't|shouldn't|haven't|won't|aren't|
        wouldn't), need to (stop|quit|understand|get|be|take|start), well you, (^ but) you, i don't
        (think|care|understand|know|believe|see), no you, really ?, even
    """,
    # Small talk and the meeting's edges.
    "greets": """
        (hi|hello|hey|bye|goodbye|welcome), good (morning|afternoon|evening|luck), (see|talk to) you
        (next|later|soon|then|in), take care, nice to (meet|see), have a (good|great|nice|seat),
        you're welcome, come (in|on|back), no problem, how are you
    """,
    "agrees": """
        ^ (yeah|yes|okay|ok|right|sure|exactly|absolutely|mm-hmm|mm-hm|mmhm|uh-huh|good|great|
        alright|perfect|wow|oh|hmm|mm|definitely|no|well), < (yeah|yes|right|sure|exactly|
        absolutely), i see, got it, all right, fair enough, that's (right|true|it)
    """,
    "asks_advice": """
        what (should|can|could|do) i (do|try|take), (should|can|could) i, what do you (think|
        recommend|suggest), how (do|can|should|would) i, any (advice|suggestions|ideas), (tell|help)
        me
    """,
}
"""Cues in words; ``asks_advice`` is the client's."""

CIRCUMSTANCES: tuple[str, ...] = (
    "ends_in_a_question",
    "holds_a_question",
    "no_question",
    "listening_words_only",
    "of_3_words_or_fewer",
    "of_4_to_9_words",
    "of_10_to_24_words",
    "of_25_to_59_words",
    "of_60_words_or_more",
    "says_you_often",
    "says_i_often",
    "never_says_you",
    "unfinished",
    "repeats_some",
    "repeats_much",
    "repeats_earlier",
    "after_few_words",
    "after_many_words",
    "after_a_question",
    "opens_the_session",
    "asks_of_this_talk",
    "after_leave",
    "advises_after_leave",
    "advises_without_leave",
    "statement_to_you",
    "sounds_like_statement",
)
"""Cues of form and of what came before; see :mod:`openrapport.coding.circumstances`."""

# Each alone says little; in one question they make "asks_of_this_talk".
_PARTS = frozenset({"asks_how_it_is", "speaks_of_this_talk"})

CUES: tuple[str, ...] = (*(cue for cue in PHRASES if cue not in _PARTS), *CIRCUMSTANCES)
"""Every cue that counts for a code, in the order of the scorecards' columns."""

_FILLERS = frozenset(
    """so and but well um uh uhm okay ok now right yeah because like then alright oh yes mm-hmm mm-hm
    mm hmm no i-i""".split()
)
_NONE: frozenset[str] = frozenset()
_SENTENCE = re.compile(r"[^.?!\n]*[.?!\n]?")
_CHOICE = re.compile(r"\(([^()]*)\)|(\S+)")


def marked_words(text: str) -> tuple[str, ...]:
    """Split an utterance into its words, with a mark where sentences begin and questions end.

    Parameters
    ----------
    text : str
        What was said.

    Returns
    -------
    words : tuple of str
        ``"So what now? Go."`` gives ``< so ^ what now ? < ^ go``.
    """
    marked: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = match.group()
        words = tokens(sentence)
        if words:
            fillers = next((i for i, word in enumerate(words) if word not in _FILLERS), len(words))
            marked += ("<", *words[:fillers], "^", *words[fillers:])
        if marked and sentence.endswith("?"):
            marked.append("?")
    return tuple(marked)


def phrase_cues(words: tuple[str, ...]) -> set[str]:
    """Find the cues of ``PHRASES`` that an utterance has.

    Parameters
    ----------
    words : tuple of str
        As from :func:`marked_words`.

    Returns
    -------
    cues : set of str
        Their names.
    """
    single, longer = _compiled()
    found: set[str] = set()
    for word in set(words):
        found |= single.get(word, _NONE)
    for i, pair in enumerate(pairwise(words)):
        for rest, cue in longer.get(pair, ()):
            if cue not in found and words[i + 2 : i + 2 + len(rest)] == rest:
                found.add(cue)
    return found


@cache
def _compiled() -> tuple[
    dict[str, frozenset[str]], dict[tuple[str, str], tuple[tuple[tuple[str, ...], str], ...]]
]:
    """Cues of single words; longer phrases by their first two words: what follows, and the cue."""
    single: dict[str, set[str]] = {}
    # Dictionaries keep the order of writing and drop what is written twice.
    longer: dict[tuple[str, str], dict[tuple[tuple[str, ...], str], None]] = {}
    for cue, notation in PHRASES.items():
        for phrase in notation.split(","):
            for first, *rest in _spelt_out(phrase):
                if rest:
                    longer.setdefault((first, rest[0]), {})[tuple(rest[1:]), cue] = None
                else:
                    single.setdefault(first, set()).add(cue)
    return (
        {word: frozenset(cues) for word, cues in single.items()},
        {pair: tuple(phrases) for pair, phrases in longer.items()},
    )


def _spelt_out(phrase: str) -> Iterator[list[str]]:
    """Every wording of a phrase with alternatives."""
    slots = [(choice or word).split("|") for choice, word in _CHOICE.findall(phrase)]
    if slots:
        yield from (" ".join(words).split() for words in product(*slots))

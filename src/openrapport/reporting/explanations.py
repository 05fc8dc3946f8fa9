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
        What was seen, with ``{value}``, ``{who}``, ``{other}`` and ``{aspect}`` to fill in.
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
            who=f"the {party}" if party else "both",
            other=f"the {party.partner}" if party else "each other",
            aspect=wording.plain_name(finding.aspect or ""),
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
        return ", ".join(filter(None, (self.title, party and str(party), wording.plain_name(aspect or ""))))


_WORDS_NOT_FEELINGS = (
    "It reads words one by one from a fixed list. It knows no irony, no context and no tone of voice, and "
    "its error on therapy talk has not been measured. It is not what the person felt."
)
_CHANCE_FIRST = (
    "Two people in one room use many of the same words anyway. Inside the grey band there is nothing to "
    "read; outside it, it says that the wording goes together, not that the relationship is good."
)
_NO_IDEAL = "There is no right amount: it differs between approaches, sessions and people."

EXPLANATIONS: dict[str, Explanation] = {}

GROUPS: tuple[tuple[str, str, str], ...] = (
    ("floor", "Who spoke, and how much", "Counts of time, words and turns."),
    ("timing", "Answers, pauses and silences", "What the clock says about how the two took turns."),
    (
        "codes",
        "What was done with words",
        "Marks by rules that read each utterance after what came before it. They are proposals: beside "
        "each kind stands how often it was right where that was measured.",
    ),
    ("language", "Language together", "Whether the two come to word things alike, beside what chance gives."),
    (
        "coordination",
        "Taking up each other’s small words",
        "Whether a reply uses a kind of small word more often when the other has just used it.",
    ),
    ("affect", "Feeling in words", "A word list’s view of how warm or heavy the words are."),
)
"""Step, heading and lead of each group on the page, in order."""

COMPARED: tuple[tuple[str, Role | None, str | None], ...] = ()
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

"""Rules of alerts in plain words: what was seen, how the rule works, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from openrapport.measures.alerts import Rule

__all__ = ["FLAT", "RULES", "RuleWords"]


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule for readers.

    Parameters
    ----------
    name : str
        For lists and tables.
    seen : str
        What was seen; ``%(name)s`` is the client.
    how : str
        How the rule works.
    """

    name: str | Promise
    seen: str | Promise
    how: str | Promise


RULES: dict[Rule, RuleWords] = {
    Rule.FELT_OFF: RuleWords(
        _("Said that something felt off"),
        _("%(name)s said that at some point something between you felt off."),
        _(
            "This rests on the client's own answer and on no calculation. “A little” is something to keep "
            "in mind, “clearly” something to talk about."
        ),
    ),
    Rule.FAR_BELOW: RuleWords(
        _("Much lower than usual"),
        _("%(name)s rated your last meeting much lower than their own earlier answers would suggest."),
        _(
            "The answer is compared with what this client's own earlier answers would suggest. It lies so "
            "far below that chance would bring it about in about one of forty meetings."
        ),
    ),
    Rule.BELOW: RuleWords(
        _("Lower than usual"),
        _("%(name)s rated your last meeting lower than their own earlier answers would suggest."),
        _(
            "The answer is compared with what this client's own earlier answers would suggest. Chance alone "
            "brings about one such answer in ten meetings, so keep it in mind, no more."
        ),
    ),
    Rule.BELOW_TWICE: RuleWords(
        _("Lower than usual, twice"),
        _(
            "For the second time within three answers, %(name)s rated a meeting lower than their own earlier "
            "answers would suggest."
        ),
        _(
            "Each answer is compared with what this client's own earlier answers would suggest. One low "
            "answer may be chance; two within three are less likely to be."
        ),
    ),
    Rule.DRIFTING: RuleWords(
        _("Slowly getting lower"),
        _("%(name)s has been rating your meetings a little lower each time, until it adds up."),
        _(
            "A moving average of how far each answer lies from what was expected. It notices a slow change "
            "that no single answer shows."
        ),
    ),
    Rule.WORSE: RuleWords(
        _("Worse than at the start"),
        _(
            "%(name)s's answers to a questionnaire about how they are doing are worse than at the start, by "
            "more than its measurement error explains."
        ),
        _(
            "The newest score is compared with the first one. The difference is larger than the smallest "
            "reliable change of this questionnaire. It does not say what caused it."
        ),
    ),
}

FLAT = {
    Rule.ALWAYS_TOP: _(
        "Every answer so far is the highest one there is. The scale cannot say more, so a strain could hide "
        "behind it; asking in words may tell you more."
    ),
    Rule.NEVER_VARIES: _(
        "Every answer so far is the same. That may be how it is, or a way of being polite; asking in words "
        "may tell you more."
    ),
}
"""What is said of a course that cannot show a change. This is no alert."""

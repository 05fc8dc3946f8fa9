"""The English words of reasons and obstacles: the one place to translate.

Functions take structured values and give whole sentences to the client. They never see a name, and
never a client's own words.
"""

from __future__ import annotations

from openrapport.fit.assignment import Why
from openrapport.fit.explanation import Reason, Standing, WhatIf
from openrapport.fit.needs import Obstacle
from openrapport.fit.preferences import Dimension, Need, WishKind
from openrapport.fit.scoring import PartKind

__all__ = ["need_sentence", "obstacle_sentence", "reason_sentence", "what_if_sentence", "why_sentence"]

_POLES = {
    Dimension.LEAD: ("leading yourself", "the therapist leading"),
    Dimension.FEELING: ("keeping feelings in bounds", "going into feelings"),
    Dimension.PAST: ("looking at the present", "looking at the past"),
    Dimension.CHALLENGE: ("warm support", "being challenged"),
    Dimension.TASKS: ("no tasks between meetings", "tasks between meetings"),
}
_THEIR_POLES = _POLES | {Dimension.LEAD: ("letting you lead", "leading")}
_DEGREES = ((0.5, ""), (1.5, "a little towards "), (2.5, "towards "), (3.0, "strongly towards "))

_NEEDS = {
    Need.LANGUAGE: "the language",
    Need.FORMAT: "the way of meeting",
    Need.PLACE: "the place",
    Need.ACCESS: "the access",
    Need.FEE: "the fee",
    Need.AGE_GROUP: "the age group",
    Need.SLOT: "the time",
    Need.GENDER: "the gender that you asked for",
    Need.CULTURE: "the culture that you asked for",
    Need.FAITH: "the faith that you asked for",
    Need.IDENTITY: "the identity that you asked for",
}
_WISHES = {
    WishKind.GENDER: "the therapist's gender",
    WishKind.CULTURE: "the therapist's culture",
    WishKind.FAITH: "the therapist's faith",
    WishKind.IDENTITY: "the therapist's identity",
}
_WISH_STANDS = {
    Standing.FITS: "Your wish about {what} is met.",
    Standing.DOES_NOT: "Your wish about {what} is not met.",
    Standing.UNKNOWN: "Whether your wish about {what} is met is not known: the profile does not say.",
}
_PROBLEMS_STAND = {
    Standing.FITS: "They work with most or all of what you want to work on.",
    Standing.PARTLY: "They work with some of what you want to work on.",
    Standing.DOES_NOT: "They do not name most of what you want to work on.",
    Standing.UNKNOWN: "What they work with is not known: the profile does not say.",
}
_RECORD_STANDS = {
    Standing.FITS: "With most or all of what you want to work on, clients of theirs have changed more "
    "than is usual here.",
    Standing.PARTLY: "With some of what you want to work on, clients of theirs have changed more than "
    "is usual here.",
    Standing.DOES_NOT: "With what you want to work on, their clients' change is about what is usual "
    "here, or below it.",
    Standing.UNKNOWN: "How their clients change with what you want to work on is not yet known.",
}
_LEANING_STANDS = {
    Standing.FITS: "That fits.",
    Standing.PARTLY: "That fits in part.",
    Standing.DOES_NOT: "That does not fit.",
}


def reason_sentence(reason: Reason) -> str:
    """Say one reason.

    Parameters
    ----------
    reason : Reason
        From an explanation.

    Returns
    -------
    sentence : str
        To the client.
    """
    part = reason.part
    if part.kind is PartKind.WISH:
        return _WISH_STANDS[reason.standing].format(what=_WISHES[WishKind(part.aspect)])
    if part.kind is PartKind.PROBLEMS:
        return _PROBLEMS_STAND[reason.standing]
    if part.kind is PartKind.TRACK_RECORD:
        return _RECORD_STANDS[reason.standing]
    dimension = Dimension(part.aspect)
    yours = f"You lean {_leaning(_POLES[dimension], part.client or 0.0)}"
    if part.therapist is None:
        return f"{yours}; how they work is not known here: the profile does not say."
    theirs = _leaning(_THEIR_POLES[dimension], part.therapist)
    return f"{yours}, they {theirs}. {_LEANING_STANDS[reason.standing]}"


def need_sentence(need: Need) -> str:
    """Say that a need is met.

    Parameters
    ----------
    need : Need
        Which.

    Returns
    -------
    sentence : str
        To the client.
    """
    what = _NEEDS[need]
    return f"{what[0].upper()}{what[1:]} fits what you need."


def obstacle_sentence(obstacle: Obstacle) -> str:
    """Say which need stands in the way, and what giving it up would give.

    Parameters
    ----------
    obstacle : Obstacle
        One need.

    Returns
    -------
    sentence : str
        To the client.
    """
    text = f"{obstacle.blocks} of {obstacle.of} therapists do not fit {_NEEDS[obstacle.need]}"
    if obstacle.not_stated:
        text += f" ({obstacle.not_stated} do not say)"
    return f"{text}; without this need, {obstacle.would_give} would be possible."


def what_if_sentence(what_if: WhatIf) -> str:
    """Say what would change a score.

    Parameters
    ----------
    what_if : WhatIf
        From an explanation.

    Returns
    -------
    sentence : str
        To the client.
    """
    part = what_if.part
    what = {
        PartKind.PROBLEMS: "what you want to work on",
        PartKind.TRACK_RECORD: "how their clients have changed",
    }.get(part.kind)
    if part.kind is PartKind.WISH:
        what = _WISHES[WishKind(part.aspect)]
    elif part.kind is PartKind.LEANING:
        what = " or ".join(_POLES[Dimension(part.aspect)])
    return (
        f"If {what} did not matter to you, {100 * what_if.left_out:.0f} % of your wishes would be met; "
        f"if it fitted fully, {100 * what_if.met:.0f} %."
    )


def why_sentence(why: Why) -> str:
    """Say why somebody has no place in a proposal.

    Parameters
    ----------
    why : Why
        The reason.

    Returns
    -------
    sentence : str
        To the manager.
    """
    return {
        Why.NOBODY_FITS: "No therapist meets all needs.",
        Why.NO_COMMON_SLOT: "Nobody who meets the needs has a free hour in common.",
        Why.ALL_FULL: "All places with therapists who meet the needs are taken.",
        Why.GONE: "No longer looks for a place.",
    }[why]


def _leaning(poles: tuple[str, str], value: float) -> str:
    degree = next(words for most, words in _DEGREES if abs(value) <= most)
    if not degree:
        return f"towards the middle between {poles[0]} and {poles[1]}"
    return f"{degree}{poles[value > 0]}"

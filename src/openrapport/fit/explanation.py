"""Why somebody is proposed: what fits, what does not, what is unknown, and what would change it.

Reasons are the parts that the score was made of, and nothing else: :func:`score_of` makes the score
from them again. Words stand in :mod:`openrapport.fit.wording`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from openrapport.fit.needs import blocked
from openrapport.fit.preferences import Need, Preferences
from openrapport.fit.profiles import Directory
from openrapport.fit.scoring import Part, Parts

__all__ = ["Explanation", "Reason", "Standing", "WhatIf", "explain", "first_wish_met", "score_of"]

_FITS, _DOES_NOT = 0.75, 0.5
_HALFWAY = 0.5


class Standing(StrEnum):
    """How a part stands."""

    FITS = "fits"
    PARTLY = "partly"
    DOES_NOT = "does_not"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score, and how it stands.

    Parameters
    ----------
    standing : Standing
        Fits from 0.75 on (leanings at most a point and a half apart), does not below 0.5.
    part : Part
        What it rests on.
    """

    standing: Standing
    part: Part


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the score would be if one thing were otherwise.

    Parameters
    ----------
    part : Part
        The part in question.
    left_out : float
        The score if it did not matter to the client.
    met : float
        The score if it fitted fully.
    """

    part: Part
    left_out: float
    met: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one therapist is proposed to one client.

    Parameters
    ----------
    score : float
        0 to 1.
    interval : tuple of float
        95 %.
    met : tuple of Need
        Needs of the client that the therapist meets.
    unmet : tuple of Need
        Needs that the therapist does not meet, or does not speak of: empty for a proposal.
    reasons : tuple of Reason
        All parts of the score: what fits, partly fits, does not, is unknown, each by weight.
    would_change : tuple of WhatIf
        For what does not fit fully, by how much it would change.
    """

    score: float
    interval: tuple[float, float]
    met: tuple[Need, ...]
    unmet: tuple[Need, ...]
    reasons: tuple[Reason, ...]
    would_change: tuple[WhatIf, ...]


def explain(
    preferences: Preferences, directory: Directory, parts: Parts, therapist: int
) -> Explanation:
    """Give the reasons for one pair.

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.
    parts : Parts
        Of this client with the same directory.
    therapist : int
        Position in the directory.

    Returns
    -------
    explanation : Explanation
        True by construction: nothing is said that did not count.
    """
    reasons = tuple(
        sorted(
            (Reason(_standing(part), part) for part in parts.of(therapist)),
            key=lambda reason: (list(Standing).index(reason.standing), -reason.part.weight),
        )
    )
    blocks = blocked(preferences, directory)
    low, high = parts.interval
    return Explanation(
        score=float(parts.score[therapist]),
        interval=(float(low[therapist]), float(high[therapist])),
        met=tuple(need for need, marks in blocks.items() if not marks[therapist]),
        unmet=tuple(need for need, marks in blocks.items() if marks[therapist]),
        reasons=reasons,
        would_change=tuple(
            _what_if(reasons, reason.part) for reason in reasons if reason.standing is not Standing.FITS
        ),
    )


def score_of(parts: Iterable[Part]) -> float:
    """Make the score from its parts.

    Parameters
    ----------
    parts : iterable of Part
        Of one pair.

    Returns
    -------
    score : float
        0 to 1; what is unknown counts as halfway, and so does a client without preferences.
    """
    total = weights = 0.0
    for part in parts:
        total += part.weight * (_HALFWAY if part.fit is None else part.fit)
        weights += part.weight
    return total / weights if weights else _HALFWAY


def first_wish_met(explanation: Explanation) -> bool | None:
    """Say whether what matters most to the client is met.

    Parameters
    ----------
    explanation : Explanation
        Of a pair.

    Returns
    -------
    met : bool or None
        Of the heaviest parts all must fit; None where one of them is unknown, or there is none.
    """
    most = max((reason.part.weight for reason in explanation.reasons), default=0.0)
    standings = {r.standing for r in explanation.reasons if r.part.weight == most}
    if not standings or Standing.UNKNOWN in standings:
        return None
    return standings == {Standing.FITS}


def _standing(part: Part) -> Standing:
    if part.fit is None:
        return Standing.UNKNOWN
    if part.fit >= _FITS:
        return Standing.FITS
    return Standing.DOES_NOT if part.fit < _DOES_NOT else Standing.PARTLY


def _what_if(reasons: tuple[Reason, ...], part: Part) -> WhatIf:
    others = [reason.part for reason in reasons if reason.part != part]
    total = part.weight + sum(other.weight for other in others)
    met = (score_of(others) * (total - part.weight) + part.weight) / total
    return WhatIf(part, score_of(others), met)

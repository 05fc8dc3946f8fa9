"""How well what a client prefers and what a therapist offers go together.

A score is the weighted mean of parts, each from 0 (does not fit) to 1 (fits). What is unknown
counts as halfway and widens the interval. Personality, gender and ethnicity never count; an
expressed wish counts as the client set it. That preferences which are met go with better outcome
and fewer endings is supported (d = 0.28, OR 1.79; SwiftEtAl2018); the weights are our judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from openrapport.fit.preferences import LEANING_END, Dimension, Leaning, Preferences, Strength
from openrapport.fit.profiles import Directory

__all__ = ["WEIGHTS", "Part", "PartKind", "Parts", "Weights", "parts_of"]

Floats = NDArray[np.float64]

_Z = 1.96
# Of something between 0 and 1 about which nothing is known.
_SPREAD_UNKNOWN = 1 / np.sqrt(12)
_HALFWAY = 0.5
# A client's two answers to the same question lie about a point apart (the low reliability of short
# preference scales); the spread of a therapist's own word stands in the profile.
_SPREAD_CLIENT = 1.0


class PartKind(StrEnum):
    """What a part of a score is about."""

    LEANING = "leaning"
    WISH = "wish"
    PROBLEMS = "problems"
    TRACK_RECORD = "track_record"


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts. Stated, not learned: they stand beside every score.

    Parameters
    ----------
    leaning : float
        For each point of importance, which is 1 to 3.
    wish : float
        For a "would like".
    problems : float
        For the share of the client's problem areas that a therapist works with.
    track_record : float
        For the share of them in which a therapist's record is clearly above the practice's; 0
        where the practice does not use it.
    """

    leaning: float = 1.0
    wish: float = 3.0
    problems: float = 2.0
    track_record: float = 0.0


WEIGHTS = Weights()
"""As they are where nobody sets others."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score of one pair.

    Parameters
    ----------
    kind : PartKind
        What it is about.
    aspect : str
        The dimension or the kind of wish; empty where there is only one of its kind.
    weight : float
        How much it counts.
    fit : float or None
        0 to 1; None where it is unknown.
    spread : float
        Standard deviation of the fit.
    client, therapist : float or None
        The two leanings, where it is about them.
    """

    kind: PartKind
    aspect: str
    weight: float
    fit: float | None
    spread: float
    client: float | None = None
    therapist: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of one client's scores with every therapist.

    Parameters
    ----------
    kinds : tuple of (PartKind, str)
        Kind and aspect of each part.
    weight : ndarray, shape (p,)
        How much each counts, > 0.
    fit : ndarray, shape (p, m)
        0 to 1, NaN where it is unknown.
    spread : ndarray, shape (p, m)
        Standard deviation of the fit.
    client : ndarray, shape (p,)
        The client's leaning, NaN where a part is about something else.
    therapist : ndarray, shape (p, m)
        The therapist's leaning, NaN likewise.
    """

    kinds: tuple[tuple[PartKind, str], ...]
    weight: Floats
    fit: Floats
    spread: Floats
    client: Floats
    therapist: Floats

    @property
    def score(self) -> Floats:
        """The weighted mean of the parts.

        Returns
        -------
        score : ndarray, shape (m,)
            0 to 1. Halfway for everybody where the client has no preference at all.
        """
        if not len(self.weight):
            return np.full(self.fit.shape[1], _HALFWAY)
        fit = np.where(np.isnan(self.fit), _HALFWAY, self.fit)
        return np.asarray(self.weight @ fit / self.weight.sum())

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """Where the score may lie, given what is unsure and unknown.

        Returns
        -------
        low, high : ndarray, shape (m,)
            95 %, within 0 and 1, under normal and independent errors; 0 and 1 where the client
            has no preference.
        """
        if not len(self.weight):
            return np.zeros(self.fit.shape[1]), np.ones(self.fit.shape[1])
        half = _Z * np.sqrt(self.weight**2 @ self.spread**2) / self.weight.sum()
        return np.maximum(self.score - half, 0.0), np.minimum(self.score + half, 1.0)

    def of(self, therapist: int) -> tuple[Part, ...]:
        """Give the parts of one pair.

        Parameters
        ----------
        therapist : int
            Position in the directory.

        Returns
        -------
        parts : tuple of Part
            The score can be computed again from them: :func:`openrapport.fit.explanation.score_of`.
        """
        return tuple(
            Part(
                kind=kind,
                aspect=aspect,
                weight=float(self.weight[row]),
                fit=_or_none(self.fit[row, therapist]),
                spread=float(self.spread[row, therapist]),
                client=_or_none(self.client[row]),
                therapist=_or_none(self.therapist[row, therapist]),
            )
            for row, (kind, aspect) in enumerate(self.kinds)
        )


def parts_of(
    preferences: Preferences,
    directory: Directory,
    *,
    weights: Weights = WEIGHTS,
    effective: Mapping[str, Floats] | None = None,
) -> Parts:
    """Compare one client with all therapists.

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.
    weights : Weights
        How much each part counts.
    effective : mapping of str to ndarray of shape (m,), optional
        By problem area: 1 where a therapist's record is effective, 0 where it is neutral, NaN
        where it is not yet known. None where the practice does not use records.

    Returns
    -------
    parts : Parts
        Parts of weight 0 are left out.
    """
    rows = [_leaning_row(leaning, directory, weights) for leaning in preferences.leanings]
    rows += [
        _row(
            PartKind.WISH,
            wish.kind,
            weights.wish,
            _wish_fit(wish.kind, wish.wanted, directory),
        )
        for wish in preferences.wishes
        if wish.strength is Strength.WOULD_LIKE
    ]
    if preferences.problems:
        rows.append(_row(PartKind.PROBLEMS, "", weights.problems, _problem_fit(preferences, directory)))
        if effective is not None:
            known = [effective[area] for area in sorted(preferences.problems) if area in effective]
            fit = np.mean(known, axis=0) if known else np.full(len(directory), np.nan)
            rows.append(_row(PartKind.TRACK_RECORD, "", weights.track_record, fit))
    rows = [row for row in rows if row[2] > 0]
    m = len(directory)
    return Parts(
        kinds=tuple((kind, aspect) for kind, aspect, *_ in rows),
        weight=np.array([row[2] for row in rows]),
        fit=np.array([row[3] for row in rows]).reshape(len(rows), m),
        spread=np.array([row[4] for row in rows]).reshape(len(rows), m),
        client=np.array([row[5] for row in rows]),
        therapist=np.array([row[6] for row in rows]).reshape(len(rows), m),
    )


_Row = tuple[PartKind, str, float, Floats, Floats, float, Floats]


def _leaning_row(leaning: Leaning, directory: Directory, weights: Weights) -> _Row:
    column = list(Dimension).index(leaning.dimension)
    theirs, spread = directory.leaning[:, column], directory.spread[:, column]
    width = 2 * LEANING_END
    fit = 1 - np.abs(leaning.value - theirs) / width
    unsure = np.sqrt(_SPREAD_CLIENT**2 + spread**2) / width
    kind, weight = PartKind.LEANING, weights.leaning * leaning.importance
    return kind, leaning.dimension, weight, fit, _spread(unsure), leaning.value, theirs


def _row(kind: PartKind, aspect: str, weight: float, fit: Floats) -> _Row:
    # What somebody says of themselves is taken at their word: no spread where it is known.
    none = np.full(len(fit), np.nan)
    return kind, aspect, weight, fit, _spread(np.where(np.isnan(fit), np.nan, 0.0)), np.nan, none


def _spread(unsure: Floats) -> Floats:
    return np.where(np.isnan(unsure), _SPREAD_UNKNOWN, unsure)


def _wish_fit(kind: str, wanted: frozenset[str], directory: Directory) -> Floats:
    meets = directory.offers["about"].any_of({(kind, thing) for thing in wanted})
    stated = np.array([kind in profile.about for profile in directory.profiles], dtype=bool)
    return np.where(stated, meets.astype(float), np.nan)


def _problem_fit(preferences: Preferences, directory: Directory) -> Floats:
    offer = directory.offers["problems"]
    share = offer.count_of(preferences.problems) / len(preferences.problems)
    return np.where(offer.stated, share, np.nan)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

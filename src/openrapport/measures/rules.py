"""Published rules for low ratings, to compare ours with, or for a practice that wants one of them.

They are written as functions of one client's ratings in the order of time. None of them knows the
scale's end, shrinks, or counts how often it is wrong: ``docs/alerts.md`` shows what that costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.measures.courses import Courses, checked_ratings
from openrapport.measures.priors import Priors

__all__ = ["Limit", "Published", "look_by"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Published(StrEnum):
    """A rule from the literature or from practice."""

    CUTOFF_OR_DROP = "cutoff_or_drop"
    """Below a fixed cut-off, or lower than the rating before by a fixed number of points."""
    LAST_DROP = "last_drop"
    """Reliably lower than the rating before (the reliable change index)."""
    CONTROL_CHART = "control_chart"
    """Below the lower limit of an individuals chart (XmR) of the ratings before."""
    ONE_SD = "one_sd"
    """One standard deviation below the highest of the six ratings before."""
    TWO_SD = "two_sd"
    """Two standard deviations below it."""
    SUDDEN_LOSS = "sudden_loss"
    """A sudden gain turned round: known only two ratings after it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What :attr:`Published.CUTOFF_OR_DROP` needs; no value of it holds for every scale.

    Parameters
    ----------
    cutoff : float
        A rating below it is low, in points.
    drop : float
        A rating lower than the one before by so much is low, in points, > 0.

    Raises
    ------
    BadInput
        If a number is not finite, or the drop is not above 0.
    """

    cutoff: float
    drop: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cutoff) and np.isfinite(self.drop) and self.drop > 0):
            raise BadInput(
                f"cut-off {self.cutoff} and drop {self.drop}: expected numbers, the drop above 0"
            )


_XMR = 2.66  # three standard deviations, from the mean of differences of neighbours
_FIRST_OF_CHART = 4
_LONGEST_DECLINE = 6  # GumzEtAl2012
_RELIABLE = 1.96
_SHARE_LOST = 0.25
# Of Student's t, 97.5 %, by how many of the six ratings around a sudden loss there are.
_CRITICAL_T = {5: 3.182, 6: 2.776}


def look_by(
    rule: Published,
    client: ArrayLike,
    occasion: ArrayLike,
    rating: ArrayLike,
    *,
    priors: Priors,
    answered: ArrayLike | None = None,
    limit: Limit | None = None,
    strictness: float = 1.0,
) -> Flags:
    """Say which ratings a published rule calls low.

    Parameters
    ----------
    rule : Published
        Which one.
    client, occasion, rating, answered : array_like, shape (n,)
        As in ``look``.
    priors : Priors
        Scale, and the spread between clients and within one, where a rule needs them.
    limit : Limit, optional
        For ``CUTOFF_OR_DROP``, which needs it.
    strictness : float
        What the rule's distances are multiplied with, > 0; 1 is the rule as published.

    Returns
    -------
    low : ndarray of bool, shape (n,)
        False where there is no rating, and where there are not yet enough.

    Raises
    ------
    BadInput
        As in ``look``, or if a limit is missing.

    References
    ----------
    JacobsonTruax1991, EubanksCarterEtAl2012, GumzEtAl2012, TangDeRubeis1999
    """
    if not (np.isfinite(strictness) and strictness > 0):
        raise BadInput(f"strictness is {strictness}; expected a number above 0")
    values, there = checked_ratings(rating, answered=answered, low=priors.low, high=priors.high)
    rated = Courses.of(client, occasion).only(there)
    course = _Course(values[rated.order], rated.places(), priors, limit, strictness)
    low = np.zeros(len(values), dtype=bool)
    low[rated.order] = _RULES[rule](course)
    return low


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """Ratings client by client in the order of time, and how many a client has given before each."""

    rating: Floats
    before: NDArray[np.int64]
    priors: Priors
    limit: Limit | None
    strictness: float

    def earlier(self, lag: int) -> Floats:
        """Give the rating so many before; NaN where the client had not given any."""
        earlier = np.full(len(self.rating), np.nan)
        earlier[lag:] = self.rating[: max(len(self.rating) - lag, 0)]
        earlier[self.before < lag] = np.nan
        return earlier

    def sum_before(self, values: Floats) -> Floats:
        """Add up the client's values before each rating."""
        total = np.cumsum(values) - values
        first = np.maximum.accumulate(np.where(self.before == 0, np.arange(len(values)), 0))
        return np.asarray(total - total[first]) if len(values) else total


def _cutoff_or_drop(course: _Course) -> Flags:
    if course.limit is None:
        raise BadInput(f"{Published.CUTOFF_OR_DROP} needs a limit; give a cut-off and a drop in points")
    high = course.priors.high
    cutoff = high - course.strictness * (high - course.limit.cutoff)
    drop = course.earlier(1) - course.rating
    return np.asarray((course.rating < cutoff) | (drop >= course.strictness * course.limit.drop))


def _last_drop(course: _Course) -> Flags:
    # The spread within clients is that of the ratings, times the root of one minus their reliability.
    reliable = _RELIABLE * np.sqrt(2) * course.priors.within_sd
    return np.asarray(course.earlier(1) - course.rating >= course.strictness * reliable)


def _control_chart(course: _Course) -> Flags:
    n = np.maximum(course.before, 1)
    moved = np.nan_to_num(np.abs(course.rating - course.earlier(1)))
    mean = course.sum_before(course.rating) / n
    moving_range = course.sum_before(moved) / np.maximum(n - 1, 1)
    limit = mean - course.strictness * _XMR * moving_range
    return np.asarray((course.before + 1 >= _FIRST_OF_CHART) & (course.rating < limit - 1e-9))


def _below_highest(course: _Course, distance: float) -> Flags:
    n = np.maximum(course.before, 1)
    # Against the client's first rating: squares of large numbers would lose the small differences.
    centred = course.rating - course.priors.mean
    mean = course.sum_before(centred) / n
    squares = course.sum_before(centred**2) - n * mean**2
    within = np.sqrt(np.maximum(squares, 0) / np.maximum(n - 1, 1))
    spread = np.maximum(within, course.priors.between_sd)  # the stricter of the two
    highest = np.fmax.reduce([course.earlier(lag) for lag in range(1, _LONGEST_DECLINE + 1)])
    return np.asarray(highest - course.rating >= course.strictness * distance * spread)


def _sudden_loss(course: _Course) -> Flags:
    """At the third rating after the loss: three before it (or two), and three from it on."""
    last = course.earlier(3)
    drop = last - course.earlier(2)
    reliable = drop >= course.strictness * _RELIABLE * np.sqrt(2) * course.priors.within_sd
    large = drop >= _SHARE_LOST * (last - course.priors.low)
    after = np.stack([course.rating, course.earlier(1), course.earlier(2)])
    before = np.stack([last, course.earlier(4), course.earlier(5)])
    lasting = np.zeros(len(course.rating), dtype=bool)
    for have, t in _CRITICAL_T.items():
        pre = before[: have - 3]
        squares = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in (pre, after))
        pooled = np.sqrt(squares / (have - 2))
        known = course.before + 1 == have if have < 6 else course.before + 1 >= have
        lasting |= known & (pre.mean(axis=0) - after.mean(axis=0) > t * pooled)
    return np.asarray(reliable & large & lasting)


_RULES: dict[Published, Callable[[_Course], Flags]] = {
    Published.CUTOFF_OR_DROP: _cutoff_or_drop,
    Published.LAST_DROP: _last_drop,
    Published.CONTROL_CHART: _control_chart,
    Published.ONE_SD: lambda course: _below_highest(course, 1),
    Published.TWO_SD: lambda course: _below_highest(course, 2),
    Published.SUDDEN_LOSS: _sudden_loss,
}

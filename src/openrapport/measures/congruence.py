"""How two people's ratings of the same meetings go together: a direction, and a following.

Truth and bias: with both ratings centred on the client's mean over the meetings that both rated,
``other - mean = gap + tracking * (client - mean) + rest``. The *gap* says how much higher the other
person rates, the *tracking* how much of a change in the client's rating the other's rating goes along
with. The other rating is the therapist's own, or the therapist's blind prediction of the client's.

A lower rating by therapists is usual and no fault, and pairs that track each other better may show a
larger gap. Both numbers are something to talk about, never a score of anybody.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput

__all__ = [
    "ENOUGH_DYADS",
    "ENOUGH_FOR_GAP",
    "ENOUGH_FOR_TRACKING",
    "Congruence",
    "Estimate",
    "Pooled",
    "TooLittle",
    "congruence",
    "pool",
]

ENOUGH_FOR_GAP, ENOUGH_FOR_TRACKING = 4, 8
"""Meetings rated by both, below which nothing is said of one dyad (assumed)."""

ENOUGH_DYADS = 10
"""Dyads below which a practice has no mean to lean on (assumed)."""

_LEAST_PAIRS = 3  # of a dyad that counts for the practice
_FINEST = 0.01  # of the scale's length: ratings that agree exactly still come in steps

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number about one dyad, leaning on the practice as far as its own meetings are few.

    Parameters
    ----------
    value : float
        What to show.
    interval : tuple of float
        95 %, (low, high).
    own : float
        What this dyad's meetings alone say.
    own_share : float
        Weight of those in ``value``, 0 to 1.
    n : int
        Meetings that both rated.
    """

    value: float
    interval: tuple[float, float]
    own: float
    own_share: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLittle:
    """Why nothing is said.

    Parameters
    ----------
    n : int
        Meetings that both rated.
    needed : int
        How many it takes.
    reason : str
        ``few_meetings``, or ``client_never_varies``: nothing can be followed that does not move.
    """

    n: int
    needed: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Congruence:
    """How one dyad's ratings go together.

    Parameters
    ----------
    gap : Estimate or TooLittle
        In points: above 0 where the other rates higher than the client.
    tracking : Estimate or TooLittle
        Points of the other's rating for each point of the client's: 1 follows fully, 0 not at all.
    pooled : Pooled or None
        What the practice adds; None where it has too few dyads.
    """

    gap: Estimate | TooLittle
    tracking: Estimate | TooLittle
    pooled: Pooled | None

    def to_json(self) -> dict[str, Any]:
        """Give it as plain values for JSON.

        Returns
        -------
        document : dict
            One entry for each parameter.
        """
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What gaps and tracking are like over the dyads of a practice.

    Parameters
    ----------
    gap_mean, gap_error, gap_sd : float
        Mean in points, its standard error, and the standard deviation between dyads.
    tracking_mean, tracking_error, tracking_sd : float
        The same of tracking.
    residual_sd : float
        Of the other's ratings around what gap and tracking say, in points, > 0.
    freedom : int
        Degrees of freedom behind ``residual_sd``, >= 1.
    n_dyads, n_meetings : int
        What it rests on.

    Raises
    ------
    BadInput
        If a number is not finite or out of range.
    """

    gap_mean: float
    gap_error: float
    gap_sd: float
    tracking_mean: float
    tracking_error: float
    tracking_sd: float
    residual_sd: float
    freedom: int
    n_dyads: int
    n_meetings: int

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or not math.isfinite(value)
            ):
                raise BadInput(f"{one.name} is no finite number; expected one")
            if not one.name.endswith("_mean") and value < 0:
                raise BadInput(f"{one.name} is {value:g}; expected 0 or more")
        if not (self.residual_sd > 0 and self.freedom >= 1):
            raise BadInput("residual_sd or freedom is 0; expected more")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Pooled:
        """Read it back from plain values.

        Parameters
        ----------
        document : dict
            One entry for each parameter, as ``dataclasses.asdict`` gives it.

        Returns
        -------
        pooled : Pooled
            Checked.

        Raises
        ------
        BadInput
            If an entry is missing, unknown or out of range.
        """
        expected = {one.name for one in fields(cls)}
        if set(document) != expected:
            raise BadInput(
                f"these are no pooled values; expected the entries {', '.join(sorted(expected))}"
            )
        return cls(**document)


@dataclass(frozen=True, slots=True)
class _Sums:
    """One dyad: means, slope and what is left, from the meetings that both rated."""

    n: int
    gap: float
    spread: float  # sum of squares of the client's ratings around their mean
    slope: float
    rest: float  # sum of squares


def congruence(
    client: Sequence[float | None],
    other: Sequence[float | None],
    *,
    low: float,
    high: float,
    pooled: Pooled | None = None,
) -> Congruence:
    """Say how one dyad's ratings go together.

    Parameters
    ----------
    client, other : sequence of float or None, length n
        One for each meeting, in the order of time; None where somebody did not rate. ``other`` holds
        the therapist's ratings, or the therapist's predictions of the client's.
    low, high : float
        Ends of the scale.
    pooled : Pooled, optional
        Of the practice, as :func:`pool` gave it for the same kind of ``other``. None leaves the
        dyad's own numbers as they are, with wider intervals.

    Returns
    -------
    congruence : Congruence
        Gap and tracking, each with its interval and n, or why nothing is said. Error in the client's
        ratings and a scale that ends make tracking look smaller than it is.

    Raises
    ------
    BadInput
        If a rating is no number or off the scale, or there are not as many of one as of the other.

    References
    ----------
    WestKenny2011, AtzilSlonimEtAl2015
    """
    sums = _sums(*_both(client, other, low, high))
    least = (_FINEST * (high - low)) ** 2
    if pooled is None:
        freedom = max(sums.n - 2, 1)
        variance = max(sums.rest / freedom, least)
        means: tuple[tuple[float, float, float] | None, ...] = (None, None)
    else:
        freedom, variance = pooled.freedom, max(pooled.residual_sd**2, least)
        means = (
            (pooled.gap_mean, pooled.gap_error, pooled.gap_sd),
            (pooled.tracking_mean, pooled.tracking_error, pooled.tracking_sd),
        )
    gap: Estimate | TooLittle = TooLittle(n=sums.n, needed=ENOUGH_FOR_GAP, reason="few_meetings")
    tracking: Estimate | TooLittle = TooLittle(
        n=sums.n,
        needed=ENOUGH_FOR_TRACKING,
        reason="few_meetings" if sums.n < ENOUGH_FOR_TRACKING else "client_never_varies",
    )
    if sums.n >= ENOUGH_FOR_GAP:
        gap = _leaning(sums.gap, variance / sums.n, means[0], freedom, sums.n)
    if sums.n >= ENOUGH_FOR_TRACKING and sums.spread > 0:
        tracking = _leaning(sums.slope, variance / sums.spread, means[1], freedom, sums.n)
    return Congruence(gap=gap, tracking=tracking, pooled=pooled)


def pool(
    dyad: Sequence[Hashable],
    client: Sequence[float | None],
    other: Sequence[float | None],
    *,
    low: float,
    high: float,
) -> Pooled | None:
    """Estimate what gaps and tracking are like in a practice (random effects, by moments).

    Parameters
    ----------
    dyad : sequence of hashable, length n
        Which client with which therapist.
    client, other : sequence of float or None, length n
        As in :func:`congruence`, in any order.
    low, high : float
        Ends of the scale.

    Returns
    -------
    pooled : Pooled or None
        None where fewer than ``ENOUGH_DYADS`` dyads have three meetings that both rated, in which the
        client's ratings vary.

    Raises
    ------
    BadInput
        As in :func:`congruence`.

    References
    ----------
    DerSimonianLaird1986
    """
    if not len(dyad) == len(client) == len(other):
        raise BadInput(
            f"{len(dyad)} dyads, {len(client)} and {len(other)} ratings; expected one length"
        )
    rows: dict[Hashable, list[int]] = {}
    for row, one in enumerate(dyad):
        rows.setdefault(one, []).append(row)
    whole = [
        _sums(*_both([client[row] for row in of_one], [other[row] for row in of_one], low, high))
        for of_one in rows.values()
    ]
    used = [one for one in whole if one.n >= _LEAST_PAIRS and one.spread > 0]
    if len(used) < ENOUGH_DYADS:
        return None
    n, spread = (np.array([getattr(one, name) for one in used]) for name in ("n", "spread"))
    freedom = int((n - 2).sum())
    variance = max(sum(one.rest for one in used) / freedom, (_FINEST * (high - low)) ** 2)
    gap = _random_effects(np.array([one.gap for one in used]), variance / n)
    tracking = _random_effects(np.array([one.slope for one in used]), variance / spread)
    return Pooled(
        gap_mean=gap[0],
        gap_error=gap[1],
        gap_sd=gap[2],
        tracking_mean=tracking[0],
        tracking_error=tracking[1],
        tracking_sd=tracking[2],
        residual_sd=math.sqrt(variance),
        freedom=freedom,
        n_dyads=len(used),
        n_meetings=int(n.sum()),
    )


def _both(
    client: Sequence[float | None], other: Sequence[float | None], low: float, high: float
) -> tuple[Floats, Floats]:
    """Keep the meetings that both rated."""
    if len(client) != len(other):
        raise BadInput(f"{len(client)} ratings by one and {len(other)} by the other; expected as many")
    for row, pair in enumerate(zip(client, other, strict=True)):
        for rating in pair:
            if rating is not None and not _on_scale(rating, low, high):
                raise BadInput(
                    f"a rating in row {row + 1} is off the scale or no number; expected a number from "
                    f"{low:g} to {high:g}, or None where there is none"
                )
    pairs = [
        (one, two)
        for one, two in zip(client, other, strict=True)
        if one is not None and two is not None
    ]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _on_scale(rating: object, low: float, high: float) -> bool:
    number = isinstance(rating, (int, float, np.integer, np.floating)) and not isinstance(rating, bool)
    return number and low <= float(rating) <= high  # type: ignore[arg-type]


def _sums(client: Floats, other: Floats) -> _Sums:
    n = len(client)
    if n == 0:
        return _Sums(0, 0.0, 0.0, 0.0, 0.0)
    moved, moved_too = client - client.mean(), other - other.mean()
    spread = float(moved @ moved)
    # A spread of rounding errors is none.
    spread = spread if spread > 1e-9 * n else 0.0
    slope = float(moved @ moved_too) / spread if spread else 0.0
    rest = float(((moved_too - slope * moved) ** 2).sum())
    return _Sums(n, float((other - client).mean()), spread, slope, rest)


def _random_effects(values: Floats, variances: Floats) -> tuple[float, float, float]:
    """Mean, its standard error, and the standard deviation between."""
    weights = 1 / variances
    fixed = (weights * values).sum() / weights.sum()
    excess = (weights * (values - fixed) ** 2).sum() - (len(values) - 1)
    between = max(excess / (weights.sum() - (weights**2).sum() / weights.sum()), 0.0)
    weights = 1 / (variances + between)
    mean = (weights * values).sum() / weights.sum()
    return float(mean), float(weights.sum() ** -0.5), float(np.sqrt(between))


def _leaning(
    own: float, variance: float, practice: tuple[float, float, float] | None, freedom: int, n: int
) -> Estimate:
    """Lean a dyad's own number on the practice's mean: the less, the more it says itself."""
    # Imported late, as everything of scipy: a server starts without it.
    from scipy.special import stdtrit

    if practice is None:
        share, value, error = 1.0, own, math.sqrt(variance)
    else:
        mean, mean_error, between_sd = practice
        share = between_sd**2 / (between_sd**2 + variance)
        value = share * own + (1 - share) * mean
        error = math.sqrt(share * variance + ((1 - share) * mean_error) ** 2)
    reach = float(stdtrit(freedom, 0.975)) * error
    return Estimate(value=value, interval=(value - reach, value + reach), own=own, own_share=share, n=n)

"""What therapists' records say about problem areas, shrunk towards what is usual in the practice.

A raw average of few cases is mostly luck. Here each area has a two-level model: change, adjusted for
severity at intake, varies between therapists and between their clients; what a therapist's own cases
say is weighed against how much therapists differ at all. Used only where a practice switches it on,
and shown to each therapist first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput

__all__ = ["LEAST_CASES", "Area", "Record", "RecordClass", "records"]

Floats = NDArray[np.float64]

LEAST_CASES = 15
"""Fewer cases of a therapist in an area say nothing: "not yet known"."""

_LEAST_THERAPISTS = 3
# Between over within standard deviation, looked at from 0 to 1.5: far beyond any therapist effect
# that was ever reported (about 0.05 to 0.1 of the variance, a ratio of 0.2 to 0.3).
_GRID = np.linspace(0.0, 1.5, 61) ** 2


class RecordClass(StrEnum):
    """What a record lets one say."""

    EFFECTIVE = "effective"
    NEUTRAL = "neutral"
    NOT_YET_KNOWN = "not_yet_known"


@dataclass(frozen=True, slots=True)
class Record:
    """One therapist's record in one area.

    Parameters
    ----------
    therapist : str
        Whose.
    n : int
        Cases with both scores.
    raw : float
        Mean change, adjusted for severity, against the practice's: as it is, in units of the
        reliable change index.
    shrunk : float
        The same, as far as it can be believed.
    interval : tuple of float
        Of the shrunk value, at the stated error.
    verdict : RecordClass
        Effective where the interval lies above 0; neutral where it leaves no room for a notable
        advantage; otherwise not yet known.
    """

    therapist: str
    n: int
    raw: float
    shrunk: float
    interval: tuple[float, float]
    verdict: RecordClass


@dataclass(frozen=True, slots=True)
class Area:
    """All records in one problem area.

    Parameters
    ----------
    problem : str
        The area.
    n : int
        Cases.
    between_share : float
        Which share of the differences lies between therapists (intraclass correlation).
    p : float
        How often so much would lie between them by chance alone.
    records : tuple of Record
        By therapist.
    """

    problem: str
    n: int
    between_share: float
    p: float
    records: tuple[Record, ...]


def records(
    therapist: Sequence[str],
    problem: Sequence[str],
    change: ArrayLike,
    severity: ArrayLike,
    *,
    error: float = 0.05,
    notable: float = 0.5,
    least_cases: int = LEAST_CASES,
) -> tuple[Area, ...]:
    """Work out the records of all therapists in all areas.

    Within an area, ``change = a + b * severity + therapist + rest`` by restricted likelihood.
    Nobody is called effective unless therapists differ at all: the likelihood-ratio test for that is
    held to ``error`` over all areas together (Bonferroni).

    Parameters
    ----------
    therapist, problem : sequence of str, length n
        Whose case, and what it was about; a case with two areas is two rows.
    change : array_like, shape (n,)
        Reliable change index of each case, positive for the better; NaN where a score is missing.
    severity : array_like, shape (n,)
        Score at intake, in any one unit.
    error : float
        How often anybody may be called effective in a practice where nobody differs.
    notable : float
        The smallest advantage worth knowing, in units of the reliable change index.
    least_cases : int
        Fewer are "not yet known".

    Returns
    -------
    areas : tuple of Area
        By name. Cases without both numbers are left out. An area with fewer than three therapists,
        or as many therapists as cases, has nobody to compare with and is left out.

    Raises
    ------
    BadInput
        If lengths differ, or an option is out of range.

    References
    ----------
    ConstantinoEtAl2021, SelfLiang1987
    """
    moved, intake = np.asarray(change, dtype=float), np.asarray(severity, dtype=float)
    if not len(therapist) == len(problem) == len(moved) == len(intake):
        raise BadInput("therapists, problems, changes and severities differ in number")
    if not (0 < error < 1 and notable > 0 and least_cases >= 1):
        raise BadInput("error is not between 0 and 1, or notable or least_cases is not above 0")
    areas, who = np.asarray(problem, dtype=object), np.asarray(therapist, dtype=object)
    known = np.isfinite(moved) & np.isfinite(intake)
    names = sorted({str(area) for area in areas[known]})
    found = []
    for name in names:
        rows = known & (areas == name)
        people, group = np.unique(who[rows].astype(str), return_inverse=True)
        if _LEAST_THERAPISTS <= len(people) < rows.sum() - 2:
            model = _Model(moved[rows], intake[rows], group)
            found.append((name, int(rows.sum()), people, model))
    alpha = error / max(len(found), 1)
    return tuple(
        Area(
            name, n, model.between_share, model.p, _records(people, model, alpha, notable, least_cases)
        )
        for name, n, people, model in found
    )


def _records(
    people: NDArray[np.str_], model: _Model, alpha: float, notable: float, least_cases: int
) -> tuple[Record, ...]:
    z = NormalDist().inv_cdf(1 - alpha / 2)
    rows = []
    for index, name in enumerate(people):
        half = z * model.spread[index]
        low, high = model.shrunk[index] - half, model.shrunk[index] + half
        verdict = RecordClass.NOT_YET_KNOWN
        if model.n[index] >= least_cases:
            if low > 0 and model.p < alpha:
                verdict = RecordClass.EFFECTIVE
            elif high < notable:
                verdict = RecordClass.NEUTRAL
        rows.append(
            Record(
                therapist=str(name),
                n=int(model.n[index]),
                raw=float(model.raw[index]),
                shrunk=float(model.shrunk[index]),
                interval=(float(low), float(high)),
                verdict=verdict,
            )
        )
    return tuple(rows)


class _Model:
    """A random intercept for each therapist, by restricted likelihood.

    With the ratio of the two variances given, all else has a closed form (Woodbury: a group of n
    cases needs only its sums), so the likelihood is computed on a grid of ratios. Its top is the
    REML estimate, exact also at 0. Effects are averaged over the grid: how much therapists differ is
    itself unsure, and an estimate of 0 would otherwise give intervals without width.
    """

    def __init__(self, change: Floats, severity: Floats, group: NDArray[np.int64]) -> None:
        centred = severity - severity.mean()
        columns = [np.ones(len(change))] + ([centred] if centred.any() else [])
        self._x, self._y, self._group = np.stack(columns, axis=1), change, group
        self.n = np.bincount(group)
        self._sums = np.stack([np.bincount(group, column) for column in self._x.T], axis=1)
        self._total = np.bincount(group, change)
        fits = [self._at(ratio) for ratio in _GRID]
        likelihood = np.array([fit[0] for fit in fits])
        best = int(likelihood.argmax())
        self.between_share = float(_GRID[best] / (1 + _GRID[best]))
        # At the border of what a variance can be, half of all samples give 0 (Self & Liang).
        statistic = 2 * float(likelihood[best] - likelihood[0])
        self.p = 1.0 if best == 0 else 0.5 * erfc(sqrt(statistic / 2))
        self.raw = (self._total - self._sums @ fits[best][1]) / self.n
        weight = np.exp(likelihood - likelihood[best])
        weight /= weight.sum()
        effects, variances = np.stack([fit[2] for fit in fits]), np.stack([fit[3] for fit in fits])
        self.shrunk = weight @ effects
        self.spread = np.sqrt(weight @ (variances + (effects - self.shrunk) ** 2))

    def _at(self, ratio: float) -> tuple[float, Floats, Floats, Floats]:
        """Give likelihood, slopes, effects and the variances of their prediction at one ratio."""
        x, y, n, sums, total = self._x, self._y, self.n, self._sums, self._total
        shrink = ratio / (1 + ratio * n)
        information = x.T @ x - sums.T @ (shrink[:, None] * sums)
        beta = np.linalg.solve(information, x.T @ y - sums.T @ (shrink * total))
        rest, rest_sums = y - x @ beta, total - sums @ beta
        free = len(y) - x.shape[1]
        variance = float(rest @ rest - (shrink * rest_sums**2).sum()) / free
        variance = max(variance, float(np.finfo(float).tiny))
        _sign, logdet = np.linalg.slogdet(information)
        likelihood = -0.5 * (free * log(variance) + float(np.log1p(ratio * n).sum()) + float(logdet))
        weight = shrink * n
        # The second term: the practice's mean and slope are themselves estimated.
        means = sums / n[:, None]
        slack = weight**2 * np.einsum("ij,jk,ik->i", means, np.linalg.inv(information), means)
        return likelihood, beta, weight * rest_sums / n, variance * (ratio * (1 - weight) + slack)

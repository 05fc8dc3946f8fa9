"""How far coders agree: two people, or a person and the machine.

Agreement is not validity: two coders may share an error. Kappa and alpha take off what chance alone
would give; with a code that is hardly ever there they fall although the coders rarely differ, so the
plain share of agreement stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.codes import Codes
from openrapport.errors import BadInput
from openrapport.resampling import statistic_interval

__all__ = [
    "Agreement",
    "code_agreement",
    "cohen_kappa",
    "intraclass_correlation",
    "krippendorff_alpha",
    "measured_agreement",
]

_LEVELS = ("nominal", "ordinal", "interval")
_WEIGHTS = ("none", "linear", "quadratic")

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far coders agree on one thing, with its interval.

    Parameters
    ----------
    name : str
        ``"kappa"``, ``"alpha"``, ``"icc"``, ``"same"``.
    code : str
        What was coded.
    value : float
        1 is full agreement, 0 is what chance gives; NaN where it does not exist, because nobody ever
        gave (or left out) the code.
    interval : tuple of float
        95 %, blocks of neighbouring units resampled.
    n : int
        Units that at least two coders coded.
    given : tuple of int
        How often each coder gave the code.
    """

    name: str
    code: str
    value: float
    interval: tuple[float, float]
    n: int
    given: tuple[int, ...]


def cohen_kappa(one: ArrayLike, other: ArrayLike, *, weights: str) -> float:
    """Agreement of two coders beyond chance.

    Parameters
    ----------
    one, other : array_like, shape (n_units,)
        Labels as numbers, in the order of their levels where ``weights`` is not ``none``.
    weights : str
        ``"none"``, ``"linear"`` or ``"quadratic"``: what a difference of levels costs.

    Returns
    -------
    kappa : float
        NaN where both coders gave one and the same label throughout: then nothing can disagree.

    Raises
    ------
    BadInput
        If lengths differ, nothing was coded, a label is missing, or ``weights`` is unknown.

    References
    ----------
    Cohen1960, Cohen1968
    """
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise BadInput(f"two coders coded {len(a)} and {len(b)} units; expected as many, at least one")
    if np.isnan(a).any() or np.isnan(b).any():
        raise BadInput("a label is missing; leave out units that one of the two did not code")
    if weights not in _WEIGHTS:
        raise BadInput(f"weights {weights!r}; expected one of {', '.join(_WEIGHTS)}")
    levels, code = np.unique(np.concatenate([a, b]), return_inverse=True)
    k, n = len(levels), len(a)
    joint = np.zeros((k, k))
    np.add.at(joint, (code[:n], code[n:]), 1 / n)
    cost = np.abs(levels[:, None] - levels[None])
    cost = {"none": (cost > 0).astype(float), "linear": cost, "quadratic": cost**2}[weights]
    by_chance = (np.outer(joint.sum(1), joint.sum(0)) * cost).sum()
    return float(1 - (joint * cost).sum() / by_chance) if by_chance > 0 else float("nan")


def krippendorff_alpha(table: ArrayLike, *, level: str) -> float:
    """Agreement of any number of coders beyond chance, where some units were not coded by all.

    Parameters
    ----------
    table : array_like, shape (n_coders, n_units)
        Labels as numbers; NaN where a coder did not code a unit.
    level : str
        ``"nominal"``, ``"ordinal"`` or ``"interval"``.

    Returns
    -------
    alpha : float
        NaN where there is only one label, or no unit with two coders.

    Raises
    ------
    BadInput
        If the table is not two-dimensional, or the level is unknown.

    References
    ----------
    Krippendorff2011
    """
    values = np.asarray(table, dtype=float)
    if values.ndim != 2:
        raise BadInput(f"a table of {values.ndim} dimensions; expected coders by units")
    if level not in _LEVELS:
        raise BadInput(f"level {level!r}; expected one of {', '.join(_LEVELS)}")
    paired = values[:, (~np.isnan(values)).sum(axis=0) >= 2]
    known = ~np.isnan(paired)
    if not known.any():
        return float("nan")
    levels = np.unique(paired[known])
    # How often each unit got each label: (n_levels, n_units).
    counts = np.stack([(paired == one).sum(axis=0) for one in levels]).astype(float)
    per_unit = counts.sum(axis=0)
    coincidence = (counts / (per_unit - 1)) @ counts.T
    coincidence -= np.diag((counts / (per_unit - 1)).sum(axis=1))
    totals = coincidence.sum(axis=1)
    cost = _cost(levels, totals, level)
    n = totals.sum()
    expected = (np.outer(totals, totals) * cost).sum() / (n - 1)
    return float(1 - (coincidence * cost).sum() / expected) if expected > 0 else float("nan")


def _cost(levels: Table, totals: Table, level: str) -> Table:
    if level == "nominal":
        differs: Table = np.not_equal(levels[:, None], levels[None]).astype(np.float64)
        return differs
    if level == "interval":
        squared: Table = (levels[:, None] - levels[None]) ** 2
        return squared
    # Ordinal: how many labels lie between the two, half of each end counted.
    middle = np.cumsum(totals) - totals / 2
    between: Table = (middle[:, None] - middle[None]) ** 2
    return between


def intraclass_correlation(table: ArrayLike) -> float:
    """Agreement of coders who rate on a scale: ICC(2,1), two-way random, absolute agreement, single.

    Parameters
    ----------
    table : array_like, shape (n_coders, n_units)
        Ratings without gaps; at least two coders and two units.

    Returns
    -------
    icc : float
        Share of variance that lies between units; at or below 0 where coders agree no more than by
        chance, NaN where every rating is the same.

    Raises
    ------
    BadInput
        If the table is too small, or a rating is missing.

    References
    ----------
    ShroutFleiss1979
    """
    values = np.asarray(table, dtype=float)
    if values.ndim != 2 or min(values.shape) < 2:
        raise BadInput(f"ratings of shape {values.shape}; expected two coders and two units at least")
    if np.isnan(values).any():
        raise BadInput("a rating is missing; leave out units that not every coder rated")
    k, n = values.shape
    grand = values.mean()
    units = k * ((values.mean(axis=0) - grand) ** 2).sum() / (n - 1)
    coders = n * ((values.mean(axis=1) - grand) ** 2).sum() / (k - 1)
    rest = values - values.mean(axis=0) - values.mean(axis=1)[:, None] + grand
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    below = units + (k - 1) * error + k * (coders - error) / n
    return float((units - error) / below) if below > 0 else float("nan")


def measured_agreement(
    name: str,
    statistic: Callable[[Table], float],
    table: ArrayLike,
    *,
    code: str,
    rng: np.random.Generator,
) -> Agreement:
    """Give a statistic of agreement with its interval.

    Parameters
    ----------
    name : str
        What it is called: ``"alpha"``.
    statistic : callable
        Takes a table of shape (n_coders, n_units).
    table : array_like, shape (n_coders, n_units)
        In the session's order.
    code : str
        What was coded.
    rng : numpy.random.Generator
        For the interval.

    Returns
    -------
    agreement : Agreement
        Resamples in which the statistic does not exist are left out of the interval.

    Raises
    ------
    BadInput
        If no unit was coded by two coders.
    """
    values = np.asarray(table, dtype=float)
    units = values[:, (~np.isnan(values)).sum(axis=0) >= 2]
    if not units.shape[1]:
        raise BadInput("no unit was coded by two coders; expected at least one")

    def over_draws(index: Table) -> Table:
        return np.array([statistic(units[:, row]) for row in index.astype(np.int64)])

    interval = statistic_interval(over_draws, np.arange(units.shape[1]), rng=rng)
    given = tuple(int(np.nansum(row > 0)) for row in units)
    return Agreement(name, code, statistic(units), interval, units.shape[1], given)


def code_agreement(
    one: Codes, other: Codes, units: ArrayLike, *, rng: np.random.Generator
) -> tuple[Agreement, ...]:
    """Compare two coders of one session, code by code: a supervisor and the machine.

    Parameters
    ----------
    one, other : Codes
        Of one scheme.
    units : array_like of int, shape (n,)
        The utterances that both looked at, in order.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    agreements : tuple of Agreement
        For each code that both can give: kappa, and the plain share of utterances on which they say
        the same.

    Raises
    ------
    BadInput
        If the schemes differ, or nothing was looked at.
    """
    if one.scheme != other.scheme:
        raise BadInput(f"codes of {one.scheme} and of {other.scheme}; expected one scheme")
    seen = np.asarray(units, dtype=np.int64)
    if not len(seen):
        raise BadInput("no utterance was coded by both; expected at least one")
    result = []
    for label in (label for label in one.labels if label in other.labels):
        table = np.stack([np.isin(seen, codes.with_label(label)) for codes in (one, other)])
        for name, statistic in (("kappa", _kappa), ("same", _same)):
            found = measured_agreement(name, statistic, table.astype(float), code=label, rng=rng)
            result.append(found)
    return tuple(result)


def _kappa(table: Table) -> float:
    return cohen_kappa(table[0], table[1], weights="none")


def _same(table: Table) -> float:
    return float((table[0] == table[1]).mean())

"""Intervals for numbers that come from one session.

Neighbouring utterances resemble each other, so single utterances must not be resampled as if they
were independent. The moving-block bootstrap draws stretches of neighbours instead.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput

__all__ = [
    "DRAWS",
    "block_length",
    "mean_interval",
    "middle",
    "rate_interval",
    "ratio_interval",
    "resampled_sums",
    "statistic_interval",
]

DRAWS = 1000
"""Resamples behind an interval."""

_TAILS = (2.5, 97.5)


def block_length(n: int) -> int:
    """Length of the stretches that are resampled together.

    Parameters
    ----------
    n : int
        How many observations there are, >= 1.

    Returns
    -------
    length : int
        The cube root of n, rounded up: the rate at which the best length grows.

    References
    ----------
    Kunsch1989, HallHorowitzJing1995
    """
    return max(1, int(np.ceil(n ** (1 / 3))))


def middle(draws: NDArray[np.float64]) -> tuple[float, float]:
    """Give the middle 95 % of draws.

    Parameters
    ----------
    draws : ndarray of float64, shape (n,)
        What a statistic gave on resamples or surrogates, n >= 1. NaN, where it does not exist, is
        left out.

    Returns
    -------
    low, high : float
        NaN where every draw is.
    """
    known = draws[np.isfinite(draws)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, _TAILS)
    return float(low), float(high)


def resampled_sums(
    columns: ArrayLike, *, rng: np.random.Generator, draws: int = DRAWS
) -> NDArray[np.float64]:
    """Add up columns over resamples made of blocks of neighbours.

    Parameters
    ----------
    columns : array_like, shape (n, k)
        One row for each turn or utterance, in the session's order, n >= 1.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    sums : ndarray of float64, shape (draws, k)
        Sums over about n rows each. After the last row a block goes on with the first, so that
        each row is drawn equally often.

    Raises
    ------
    BadInput
        If there is nothing to resample.

    References
    ----------
    Kunsch1989
    """
    table = np.asarray(columns, dtype=float)
    n, k = table.shape
    starts, length = _blocks(n, rng, draws)
    wrapped = np.concatenate([table, table[: length - 1]])
    totals = np.concatenate([np.zeros((1, k)), np.cumsum(wrapped, axis=0)])
    of_block = totals[length:] - totals[:-length]
    sums = np.empty((draws, k))
    for column, of_one in enumerate(np.ascontiguousarray(of_block.T)):
        # Column by column: the blocks of all of them at once would be the largest array of a step.
        sums[:, column] = of_one[starts].sum(axis=1)
    return sums


def _blocks(n: int, rng: np.random.Generator, draws: int) -> tuple[NDArray[np.int64], int]:
    """Where the blocks of each resample start, shape (draws, n_blocks), and how long they are."""
    if n == 0:
        raise BadInput("an interval of nothing was asked for; expected at least one observation")
    length = block_length(n)
    return rng.integers(n, size=(draws, -(-n // length))), length


def ratio_interval(
    numerator: ArrayLike, denominator: ArrayLike, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Interval of a ratio of sums, such as a share of talk time.

    Parameters
    ----------
    numerator, denominator : array_like, shape (n,)
        One pair for each observation, in the session's order, n >= 1.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    low, high : float
        95 % percentile interval of ``sum(numerator) / sum(denominator)``. Resamples whose
        denominator is 0 are left out.

    Raises
    ------
    BadInput
        If there is nothing to resample, or every resample has a denominator of 0.

    References
    ----------
    Kunsch1989
    """
    pairs = np.stack([np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)], axis=1)
    top, bottom = resampled_sums(pairs, rng=rng, draws=draws).T
    usable = bottom != 0
    if not usable.any():
        raise BadInput("a ratio has a denominator of 0 in every resample")
    return middle(top[usable] / bottom[usable])


def mean_interval(
    values: ArrayLike, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Interval of a mean.

    Parameters
    ----------
    values : array_like, shape (n,)
        In the session's order, n >= 1.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    low, high : float
        95 % percentile interval.
    """
    column = np.asarray(values, dtype=float)
    return ratio_interval(column, np.ones_like(column), rng=rng, draws=draws)


def rate_interval(
    events: ArrayLike, exposure: ArrayLike, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Interval of how often something happens, also where it never did.

    Parameters
    ----------
    events : array_like, shape (n,)
        How often it happened at each observation, >= 0, in the session's order, n >= 1.
    exposure : array_like, shape (n,)
        How much room it had to happen: hours, minutes of speech, chances.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    low, high : float
        95 % interval of ``sum(events) / sum(exposure)``. Where nothing was counted every resample
        would be 0, as if chance could not have hidden anything; the upper end is then the rate at
        which nothing would be seen in one session of forty (Poisson).

    Raises
    ------
    BadInput
        If there is nothing to resample, or no exposure.

    References
    ----------
    Garwood1936, Kunsch1989
    """
    count, room = np.asarray(events, dtype=float), np.asarray(exposure, dtype=float)
    if count.sum() > 0 or not room.sum() > 0:
        return ratio_interval(count, room, rng=rng, draws=draws)
    return 0.0, float(-np.log(0.025) / room.sum())


def statistic_interval(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    values: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Interval of any statistic of one column, such as a median.

    Parameters
    ----------
    statistic : callable
        Takes an array of shape (draws, n) and gives one of shape (draws,).
    values : array_like, shape (n,)
        In the session's order, n >= 1.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    low, high : float
        95 % percentile interval.

    Raises
    ------
    BadInput
        If there is nothing to resample.
    """
    column = np.asarray(values, dtype=float)
    n = len(column)
    starts, length = _blocks(n, rng, draws)
    index = (starts[:, :, None] + np.arange(length)).reshape(draws, -1)[:, :n] % n
    return middle(statistic(column[index]))

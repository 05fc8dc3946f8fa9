"""Chance bands from the session itself, and resamples of neighbouring turns.

Two people in one room use many of the same words anyway: they speak of the same things, in the same
language, on the same day. A *segment shuffle* keeps all of that. One party's turns stay where they
are, and the other's are put in another order, so that only the link between a turn and its
neighbours is cut. What is left of a measure then is what it shows without anybody following anybody.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Null
from openrapport.resampling import DRAWS as RESAMPLES
from openrapport.resampling import block_length

__all__ = ["SHUFFLES", "resampled_sums", "segment_shuffle", "shuffle_null"]

SHUFFLES = 200
"""Surrogates behind a chance band."""

_TAILS = (2.5, 97.5)

# Cells of an array that are worked on at once: a ten-hour session needs no more memory than this.
_CELLS = 2_000_000


def segment_shuffle(
    statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    n: int,
    *,
    width: int,
    rng: np.random.Generator,
    draws: int = SHUFFLES,
) -> NDArray[np.float64]:
    """Compute a statistic on surrogates of the session.

    Parameters
    ----------
    statistic : callable
        Takes orders of the other party's turns, shape (d, n), every row a permutation of
        ``range(n)``, and gives an array whose first axis has length d.
    n : int
        How many turns change places, >= 1.
    width : int
        Numbers that the statistic handles for each turn. It decides how many surrogates are worked
        on at once, and nothing else.
    rng : numpy.random.Generator
        Where the orders come from.
    draws : int
        Surrogates, >= 1.

    Returns
    -------
    values : ndarray, shape (draws, ...)
        The statistic of each surrogate.
    """
    at_once = max(1, _CELLS // (n * width))
    parts = []
    for start in range(0, draws, at_once):
        rows = min(at_once, draws - start)
        orders = rng.permuted(np.tile(np.arange(n), (rows, 1)), axis=1)
        parts.append(statistic(orders))
    return np.concatenate(parts)


def shuffle_null(values: NDArray[np.float64]) -> Null | None:
    """Sum up what a statistic gave on surrogates.

    Parameters
    ----------
    values : ndarray, shape (draws,)
        As from :func:`segment_shuffle`. Surrogates on which the statistic does not exist (NaN)
        are left out, and are not counted in ``draws``.

    Returns
    -------
    null : Null or None
        Of the kind ``segment_shuffle``; None where fewer than half of the surrogates had a value.
    """
    known = values[np.isfinite(values)]
    if len(known) < max(2, len(values) / 2):
        return None
    low, high = np.percentile(known, _TAILS)
    return Null(
        "segment_shuffle",
        mean=float(known.mean()),
        sd=float(known.std(ddof=1)),
        low=float(low),
        high=float(high),
        draws=len(known),
    )


def resampled_sums(
    columns: NDArray[np.float64], *, rng: np.random.Generator, draws: int = RESAMPLES
) -> NDArray[np.float64]:
    """Add up columns over resamples made of blocks of neighbours.

    As :func:`openrapport.resampling.ratio_interval`, for statistics that are made of several sums.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
        One row for each turn or exchange, in the session's order, n >= 1.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Resamples.

    Returns
    -------
    sums : ndarray, shape (draws, k)
        Sums over about n rows each.

    References
    ----------
    Kunsch1989
    """
    n, k = columns.shape
    length = block_length(n)
    wrapped = np.concatenate([columns, columns[: length - 1]])
    totals = np.concatenate([np.zeros((1, k)), np.cumsum(wrapped, axis=0)])
    of_block = totals[length:] - totals[:-length]
    starts = rng.integers(n, size=(draws, -(-n // length)))
    # Block by block: the blocks of all draws at once would be the largest array of the step.
    sums = np.zeros((draws, k))
    for block in starts.T:
        sums += of_block[block]
    return sums

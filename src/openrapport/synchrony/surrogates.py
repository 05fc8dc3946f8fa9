"""Chance bands from the session itself.

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
from openrapport.resampling import middle

__all__ = ["SHUFFLES", "segment_shuffle", "shuffle_null"]

SHUFFLES = 200
"""Surrogates behind a chance band."""

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
    low, high = middle(known)
    mean, sd = float(known.mean()), float(known.std(ddof=1))
    return Null("segment_shuffle", mean=mean, sd=sd, low=low, high=high, draws=len(known))

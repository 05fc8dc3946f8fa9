"""Priors from a practice's own ratings: a mixed model on a scale that ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.measures.censored import Level
from openrapport.measures.courses import Courses, checked_ratings
from openrapport.measures.priors import Priors, stated_priors

__all__ = ["ENOUGH_CLIENTS", "ENOUGH_RATINGS", "estimate_priors"]

ENOUGH_CLIENTS, ENOUGH_RATINGS = 20, 3
"""So many clients with so many ratings each are needed, or the stated priors stand (assumed)."""

_AT_MOST = 2_000  # clients: more make the numbers no surer than anybody can use
_FINEST = 0.005  # of the scale's length: no spread is smaller, even where all ratings are the same

Floats = NDArray[np.float64]


def estimate_priors(
    client: ArrayLike,
    occasion: ArrayLike,
    rating: ArrayLike,
    *,
    low: float,
    high: float,
    answered: ArrayLike | None = None,
    stated: Priors | None = None,
) -> Priors:
    """Estimate how ratings vary in a practice, by maximum likelihood.

    Level, spread between clients and spread within one, of a model with a random level for each
    client, in which a rating at an end of the scale says only that it reached that end. Spread
    within is one number for all (``within_n`` stays as stated). Times in which something was amiss
    are part of the data and make it a little larger, so that alerts are a little rarer.

    Parameters
    ----------
    client, occasion, rating : array_like, shape (n,)
        As in ``look``.
    low, high : float
        Ends of the scale.
    answered : array_like of bool, shape (n,), optional
        False where there is no rating. None says that all are there.
    stated : Priors, optional
        What stands where there are too few ratings; ``stated_priors(low, high)`` where nothing is
        said.

    Returns
    -------
    priors : Priors
        Whose ``source`` says whether they are estimated, and from how many. Of more than 2,000
        clients an even selection is used.

    Raises
    ------
    BadInput
        As in ``look``.

    References
    ----------
    Tobin1958
    """
    start = stated_priors(low, high) if stated is None else stated
    values, there = checked_ratings(rating, answered=answered, low=low, high=high)
    rated = Courses.of(client, occasion).only(there)
    enough = int((rated.count >= ENOUGH_RATINGS).sum())
    if enough < ENOUGH_CLIENTS:
        few = f"clients with {ENOUGH_RATINGS} ratings: {enough}, of {ENOUGH_CLIENTS} needed"
        return replace(start, source=f"{start.source} ({few})")
    used = rated.some(_AT_MOST)
    fitted = _most_likely(_likelihood(used, values), _moments(used, values), start)
    return replace(
        fitted,
        source=f"estimated from {len(used.count)} clients and {len(used.order)} ratings of this practice",
        n_clients=len(used.count),
        n_ratings=len(used.order),
    )


def _likelihood(rated: Courses, values: Floats) -> Callable[[Priors], float]:
    ratings = values[rated.by_step()]
    parts = rated.sizes()

    def of(priors: Priors) -> float:
        level, total = Level.before_any(len(rated.count), replace(priors, within_n=None)), 0.0
        for part in parts:
            level = level.first(part.stop - part.start)
            surprise = level.surprise(ratings[part])
            total += float(surprise.log_likelihood.sum())
            level = level.after(surprise)
        return total / len(ratings)

    return of


def _moments(rated: Courses, values: Floats) -> tuple[float, float, float]:
    """Where to begin: mean, spread of clients' means, and spread within."""
    grouped = values[rated.order]
    by_start = np.argsort(rated.start)
    start, count = rated.start[by_start], rated.count[by_start]
    means = np.add.reduceat(grouped, start) / count
    within = grouped - np.repeat(means, count)
    freedom = max(len(grouped) - len(count), 1)
    return float(means.mean()), float(means.std()), float(np.sqrt((within**2).sum() / freedom))


def _most_likely(
    likelihood: Callable[[Priors], float], begin: tuple[float, float, float], start: Priors
) -> Priors:
    # Imported late: it is needed once in a while, and takes longer than all the rest.
    from scipy.optimize import minimize

    length = start.high - start.low
    finest = _FINEST * length

    def priors(x: Floats) -> Priors:
        mean, between, within = float(x[0]), float(np.exp(x[1])), float(np.exp(x[2]))
        return replace(start, mean=mean, between_sd=between, within_sd=within)

    best = minimize(
        lambda x: -likelihood(priors(x)),
        [begin[0], *np.log(np.clip(begin[1:], 2 * finest, length / 2))],
        method="Nelder-Mead",
        # A mean far beyond the ends says no more than one half a length beyond.
        bounds=[(start.low - length / 2, start.high + length / 2), *[np.log((finest, length))] * 2],
        options={"xatol": 1e-3, "fatol": 1e-7, "maxfev": 400},
    )
    return priors(best.x)

"""One client's level, learned rating by rating on a scale that ends (a censored normal model).

A rating below the top is ``level + noise``. A rating at the top only says that this sum reached the
top; one at the bottom, that it did not pass it. The first kind updates a normal distribution of the
level as usual; for the other two the updated distribution is replaced by the normal one with the same
mean and variance (assumed density filtering).

How far a client's ratings scatter is learned too: it begins with what is usual in the practice
(``within_sd``, worth ``within_n`` ratings) and moves toward what this client shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.measures.priors import Priors

__all__ = ["Level", "Surprise"]

Floats = NDArray[np.float64]

_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """How one rating of each of k clients differs from what was expected.

    Parameters
    ----------
    t : ndarray of float64, shape (k,)
        The difference in standard deviations of the prediction; at an end of the scale the mean of
        what it may be.
    lost : ndarray of float64, shape (k,)
        Variance of ``t`` that the rating leaves open: 0 within the scale, up to 1 at its ends.
    sd : ndarray of float64, shape (k,)
        Of the prediction, in points.
    log_likelihood : ndarray of float64, shape (k,)
        Of the rating, under a normal prediction.
    """

    t: Floats
    lost: Floats
    sd: Floats
    log_likelihood: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """What is known about k clients after the same number of ratings.

    Parameters
    ----------
    mean, variance : ndarray of float64, shape (k,)
        Of the level's normal distribution, in points; the mean may lie beyond the ends of the scale.
    scatter : ndarray of float64, shape (k,)
        Squared differences so far, as far as they are the ratings' own, in squared points.
    n : int
        Ratings so far.
    priors : Priors
        What it started from.
    """

    mean: Floats
    variance: Floats
    scatter: Floats
    n: int
    priors: Priors

    @classmethod
    def before_any(cls, k: int, priors: Priors) -> Level:
        """Start from the priors.

        Parameters
        ----------
        k : int
            How many clients.
        priors : Priors
            Of the practice.

        Returns
        -------
        level : Level
            The same for everybody.
        """
        mean, variance = float(priors.mean), float(priors.between_sd) ** 2
        return cls(np.full(k, mean), np.full(k, variance), np.zeros(k), 0, priors)

    def first(self, k: int) -> Level:
        """Keep the first k clients.

        Parameters
        ----------
        k : int
            How many.

        Returns
        -------
        level : Level
            Of those.
        """
        if k == len(self.mean):
            return self
        return Level(self.mean[:k], self.variance[:k], self.scatter[:k], self.n, self.priors)

    def within_variance(self) -> Floats:
        """Say how far each client's ratings scatter around their level.

        Returns
        -------
        variance : ndarray of float64, shape (k,)
            In squared points: a mean of what is usual and what was seen, weighed by ratings.
        """
        usual, worth = self.priors.within_sd**2, self.priors.within_n
        if worth is None:
            return np.full(len(self.mean), usual)
        return np.asarray((worth * usual + self.scatter) / (worth + self.n))

    def predicted_sd(self) -> Floats:
        """Say how far a next rating may lie from the level's mean.

        Returns
        -------
        sd : ndarray of float64, shape (k,)
            In points.
        """
        return np.asarray(np.sqrt(self.variance + self.within_variance()))

    def surprise(self, rating: Floats) -> Surprise:
        """Compare a rating of each client with what was expected.

        Parameters
        ----------
        rating : ndarray of float64, shape (k,)
            On the scale.

        Returns
        -------
        surprise : Surprise
            One for each.
        """
        sd = self.predicted_sd()
        t = (rating - self.mean) / sd
        lost = np.zeros_like(t)
        log_likelihood = -0.5 * t**2 - _LOG_ROOT_2PI - np.log(sd)
        for end, sign in ((self.priors.high, 1.0), (self.priors.low, -1.0)):
            at = np.flatnonzero(rating == end)
            if len(at):
                mean, variance, log_likelihood[at] = _beyond(sign * t[at])
                t[at], lost[at] = sign * mean, variance
        return Surprise(t, lost, sd, log_likelihood)

    def as_normal(self, t: Floats) -> Floats:
        """Put differences on the scale of a standard normal distribution.

        A spread that is itself only known from some ratings makes large differences more likely;
        this is Wallace's approximation to the normal deviate of the same tail.

        Parameters
        ----------
        t : ndarray of float64, shape (k,)
            As in :class:`Surprise`.

        Returns
        -------
        z : ndarray of float64, shape (k,)
            Of the same sign, and a little nearer to 0.

        References
        ----------
        Wallace1959
        """
        if self.priors.within_n is None:
            return t
        known = self.priors.within_n + self.n
        z = np.sqrt(known * np.log1p(t**2 / known)) * ((8 * known + 1) / (8 * known + 3))
        return np.asarray(np.copysign(z, t))

    def after(self, surprise: Surprise) -> Level:
        """Learn from a rating of each client.

        Parameters
        ----------
        surprise : Surprise
            As :meth:`surprise` gave it.

        Returns
        -------
        level : Level
            What is known now.
        """
        predicted = surprise.sd**2
        gain = self.variance / predicted
        seen = (surprise.t**2 + surprise.lost) * (predicted - self.variance)
        return Level(
            self.mean + gain * surprise.sd * surprise.t,
            self.variance * (1 - gain * (1 - surprise.lost)),
            self.scatter + seen,
            self.n + 1,
            self.priors,
        )


def _beyond(point: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean and variance of a standard normal variable beyond a point, and the log of that share."""
    # Imported late: it takes longer than all the rest of this package, and a server starts without it.
    from scipy.special import log_ndtr

    log_share = np.asarray(log_ndtr(-point))
    mean = np.exp(-0.5 * point**2 - _LOG_ROOT_2PI - log_share)
    return mean, 1 - mean * (mean - point), log_share

"""One client's level, learned rating by rating on a scale that ends (a censored normal model).

A rating below the top is ``level + noise``. A rating at the top only says that this sum reached the
top; one at the bottom, that it did not pass it. The first kind updates a normal distribution of the
level exactly; for the other two the updated distribution is replaced by the normal one with the same
mean and variance (assumed density filtering). Without ratings at the ends it is the usual shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from openrapport.measures.priors import Priors

__all__ = ["Level", "Surprise"]

Floats = NDArray[np.float64]

_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """How a rating differs from what was expected.

    Parameters
    ----------
    z : ndarray of float64, shape (k,)
        In standard deviations of the prediction; at an end of the scale the mean of what it may be.
    spread : ndarray of float64, shape (k,)
        Share of the variance of ``z`` that the rating has taken away: 1 for a rating within the
        scale, less at its ends.
    log_likelihood : ndarray of float64, shape (k,)
        Of the rating, under the prediction.
    """

    z: Floats
    spread: Floats
    log_likelihood: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """What is known about the levels of k clients.

    Parameters
    ----------
    mean, variance : ndarray of float64, shape (k,)
        Of a normal distribution, in points; the mean may lie beyond the ends of the scale.
    """

    mean: Floats
    variance: Floats

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
        return cls(np.full(k, float(priors.mean)), np.full(k, float(priors.between_sd) ** 2))

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
        return Level(self.mean[:k], self.variance[:k])

    def predicted_sd(self, priors: Priors) -> Floats:
        """Say how far a next rating may lie from the level's mean.

        Parameters
        ----------
        priors : Priors
            Of the practice.

        Returns
        -------
        sd : ndarray of float64, shape (k,)
            In points.
        """
        return np.asarray(np.sqrt(self.variance + priors.within_sd**2))

    def surprise(self, rating: Floats, priors: Priors) -> Surprise:
        """Compare a rating of each client with what was expected.

        Parameters
        ----------
        rating : ndarray of float64, shape (k,)
            On the scale.
        priors : Priors
            Of the practice.

        Returns
        -------
        surprise : Surprise
            One for each.
        """
        sd = self.predicted_sd(priors)
        z = (rating - self.mean) / sd
        spread = np.ones_like(z)
        log_likelihood = -0.5 * z**2 - _LOG_ROOT_2PI - np.log(sd)
        for end, sign in ((priors.high, 1.0), (priors.low, -1.0)):
            at = np.flatnonzero(rating == end)
            beyond = sign * z[at]
            log_share = log_ndtr(-beyond)
            # The mean of a standard normal beyond a point: the inverse of Mills' ratio.
            mills = np.exp(-0.5 * beyond**2 - _LOG_ROOT_2PI - log_share)
            z[at] = sign * mills
            spread[at] = mills * (mills - beyond)
            log_likelihood[at] = log_share
        return Surprise(z, spread, log_likelihood)

    def after(self, surprise: Surprise, priors: Priors) -> Level:
        """Learn from a rating of each client.

        Parameters
        ----------
        surprise : Surprise
            As :meth:`surprise` gave it.
        priors : Priors
            Of the practice.

        Returns
        -------
        level : Level
            What is known now.
        """
        gain = self.variance / (self.variance + priors.within_sd**2)
        mean = self.mean + gain * self.predicted_sd(priors) * surprise.z
        return Level(mean, self.variance * (1 - gain * surprise.spread))

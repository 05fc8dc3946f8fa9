"""What is known about ratings before a client has given any: stated, or estimated from a practice.

The model behind it: a client has a level of their own, drawn from a normal distribution over clients,
and each rating scatters normally around that level. The scale ends where it ends: a rating at the top
says "at least that much", one at the bottom "at most".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from openrapport.errors import BadInput

__all__ = ["STATED_PRIORS", "WITHIN_N", "Priors", "stated_priors"]

WITHIN_N = 12.0
"""How many ratings the usual scatter is worth against a client's own (assumed; see docs/alerts.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """How ratings vary between clients, and within one: where a client's own course starts from.

    They are starting values that a practice may edit, never norms.

    Parameters
    ----------
    mean : float
        Level of clients on average, in points of the scale. It may lie above the scale's top where
        many ratings do.
    between_sd : float
        Standard deviation of levels between clients, in points, > 0.
    within_sd : float
        Standard deviation of one client's ratings around their level, in points, > 0.
    low, high : float
        Ends of the scale.
    source : str
        Where the numbers come from, in words that people read.
    within_n : float, optional
        How many ratings ``within_sd`` is worth when a client's own scatter is learned, > 0. None
        takes it for everybody, whatever a client shows.
    n_clients, n_ratings : int
        What they were estimated from; 0 where they are stated.

    Raises
    ------
    BadInput
        If a number is not finite, a standard deviation is not above 0, or the scale has no length.
    """

    mean: float
    between_sd: float
    within_sd: float
    low: float
    high: float
    source: str
    within_n: float | None = WITHIN_N
    n_clients: int = 0
    n_ratings: int = 0

    def __post_init__(self) -> None:
        for name in ("mean", "between_sd", "within_sd", "low", "high", "within_n"):
            value = getattr(self, name)
            if not (_is_finite(value) or (name == "within_n" and value is None)):
                raise BadInput(f"prior {name} is no finite number; expected one")
        for name in ("n_clients", "n_ratings"):
            value = getattr(self, name)
            if not (isinstance(value, int) and _is_finite(value) and value >= 0):
                raise BadInput(f"{name} of priors is no count; expected a whole number, 0 at least")
        if not isinstance(self.source, str) or not self.source.strip():
            raise BadInput("priors have no source; expected words that say where the numbers come from")
        if not self.low < self.high:
            raise BadInput(
                f"the scale goes from {self.low:g} to {self.high:g}; expected low below high"
            )
        for name in ("between_sd", "within_sd", "within_n"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise BadInput(f"prior {name} is {value:g}; expected a number above 0")

    def to_json(self) -> dict[str, Any]:
        """Give the priors as plain values for JSON.

        Returns
        -------
        document : dict
            One entry for each parameter.
        """
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Priors:
        """Read priors back from what :meth:`to_json` gave, or a person wrote.

        Parameters
        ----------
        document : dict
            One entry for each parameter; ``within_n``, ``n_clients`` and ``n_ratings`` may be left
            out.

        Returns
        -------
        priors : Priors
            Checked.

        Raises
        ------
        BadInput
            If an entry is missing, unknown or out of range.
        """
        known = {one.name for one in fields(cls)}
        needed = known - {"within_n", "n_clients", "n_ratings"}
        if missing := sorted(needed - set(document)):
            raise BadInput(f"priors lack {', '.join(missing)}; expected {', '.join(sorted(needed))}")
        if unknown := sorted(set(document) - known):
            raise BadInput(
                f"priors have {len(unknown)} unknown entries; expected {', '.join(sorted(known))}"
            )
        return cls(**document)


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def stated_priors(low: float = 0.0, high: float = 10.0) -> Priors:
    """Give the stated priors on a scale with other ends.

    Parameters
    ----------
    low, high : float
        Ends of the scale.

    Returns
    -------
    priors : Priors
        The same shares of the scale's length as on 0 to 10.

    Raises
    ------
    BadInput
        If the scale has no length.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadInput(f"the scale goes from {low} to {high}; expected two numbers, low below high")
    points = (high - low) / 10
    return Priors(
        mean=low + 8.2 * points,
        between_sd=1.2 * points,
        within_sd=0.8 * points,
        low=low,
        high=high,
        source="stated, not estimated: level assumed; spread as in CritsChristophEtAl2011",
    )


STATED_PRIORS = stated_priors()
"""On a scale from 0 to 10, until a practice has ratings of its own."""

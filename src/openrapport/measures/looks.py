"""What was seen at one occasion, or at many: status, rule, and on what they rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.measures.priors import Priors

__all__ = ["RULE_CODE", "STATUS_OF", "Look", "Looks", "Rule", "Status"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]
Counts = NDArray[np.int64]


class Status(StrEnum):
    """What a rating asks for."""

    STEADY = "steady"
    """Nothing to raise; ``Rule`` says where that is for lack of ratings."""
    WATCH = "watch"
    """Keep it in mind."""
    TALK = "talk"
    """Worth bringing up at the next meeting."""


class Rule(StrEnum):
    """Why a rating has its status."""

    NONE = ""
    """As expected."""
    MISSING = "missing"
    """There is no rating, and therefore no status."""
    TOO_EARLY = "too_early"
    """Fewer than two ratings before this one."""
    ALWAYS_TOP = "always_top"
    """Every rating so far is the highest one possible: the scale cannot say more."""
    NEVER_VARIES = "never_varies"
    """Every rating so far is the same."""
    BELOW = "below"
    """Lower than this client's course lets one expect."""
    FAR_BELOW = "far_below"
    """Much lower than it lets one expect."""
    BELOW_TWICE = "below_twice"
    """Lower, for the second time in three ratings."""
    DRIFTING = "drifting"
    """A little lower each time, until it adds up."""
    FELT_OFF = "felt_off"
    """The client said that something clearly felt off."""
    PRIVATE_WORD = "private_word"
    """The client sent a private word."""
    WORSE = "worse"
    """An outcome measure is reliably worse than at the start."""


_STATUSES: tuple[Status | None, ...] = (*Status, None)  # code -1 is the last one
_RULES = tuple(Rule)
STATUS_CODE = {status: code for code, status in enumerate(Status)}
RULE_CODE = {rule: code for code, rule in enumerate(Rule)}
_WATCHES = {Rule.BELOW}
_TALKS = {
    Rule.FAR_BELOW,
    Rule.BELOW_TWICE,
    Rule.DRIFTING,
    Rule.FELT_OFF,
    Rule.PRIVATE_WORD,
    Rule.WORSE,
}
STATUS_OF = np.array(
    [
        -1
        if rule is Rule.MISSING
        else STATUS_CODE[Status.TALK]
        if rule in _TALKS
        else STATUS_CODE[Status.WATCH]
        if rule in _WATCHES
        else STATUS_CODE[Status.STEADY]
        for rule in Rule
    ],
    dtype=np.int8,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen at one occasion, and on what it rests.

    Parameters
    ----------
    status : Status or None
        None where there is no rating.
    rule : Rule
        Why.
    rating : float or None
        In points; None where there is none.
    z : float or None
        Difference to the expected rating, in standard deviations of the prediction. None before
        there are ratings enough.
    expected : float or None
        The rating that this client's course lets one expect, in points.
    interval : tuple of float or None
        Where 95 % of ratings would lie if nothing had changed, (low, high), in points.
    n : int
        How many ratings of their own were there before.
    missed : int
        At how many occasions before there was none.
    priors : Priors
        What else it rests on, with its source.
    """

    status: Status | None
    rule: Rule
    rating: float | None
    z: float | None
    expected: float | None
    interval: tuple[float, float] | None
    n: int
    missed: int
    priors: Priors

    def to_json(self) -> dict[str, Any]:
        """Give the look as plain values for JSON.

        Returns
        -------
        document : dict
            One entry for each parameter.
        """
        document = {one.name: getattr(self, one.name) for one in fields(self)}
        document["status"] = self.status and str(self.status)
        document["rule"] = str(self.rule)
        document["interval"] = self.interval and list(self.interval)
        document["priors"] = self.priors.to_json()
        return document


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Looks:
    """What was seen at many occasions: columns in the order of the input.

    Parameters
    ----------
    status, rule : ndarray of int8, shape (n,)
        Codes: places in ``Status`` and ``Rule``; status is -1 where there is no rating.
    rating, z, expected, low, high : ndarray of float64, shape (n,)
        As in :class:`Look`; NaN where there is nothing.
    n, missed : ndarray of int64, shape (n,)
        As in :class:`Look`.
    priors : Priors
        What it rests on.
    """

    status: Codes
    rule: Codes
    rating: Floats
    z: Floats
    expected: Floats
    low: Floats
    high: Floats
    n: Counts
    missed: Counts
    priors: Priors

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name != "priors":
                getattr(self, one.name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.status)

    def __iter__(self) -> Iterator[Look]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, row: int) -> Look:
        low, high = _known(self.low[row]), _known(self.high[row])
        return Look(
            status=_STATUSES[self.status[row]],
            rule=_RULES[self.rule[row]],
            rating=_known(self.rating[row]),
            z=_known(self.z[row]),
            expected=_known(self.expected[row]),
            interval=None if low is None or high is None else (low, high),
            n=int(self.n[row]),
            missed=int(self.missed[row]),
            priors=self.priors,
        )


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)

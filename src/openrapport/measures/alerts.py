"""Each client against their own course: which ratings are lower than that course lets one expect.

``look(client, occasion, rating, priors=...)`` looks at many clients at once, ``look_at_one(ratings,
priors)`` at one. Nothing here is a norm, and nothing compares therapists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.measures.censored import Level
from openrapport.measures.courses import Courses, checked_ratings
from openrapport.measures.estimation import estimate_priors
from openrapport.measures.priors import STATED_PRIORS, Priors, stated_priors

__all__ = [
    "LIMITS",
    "STATED_PRIORS",
    "Limits",
    "Look",
    "Looks",
    "Priors",
    "Rule",
    "Status",
    "estimate_priors",
    "look",
    "look_at_one",
    "stated_priors",
]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
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
_STATUS = {status: code for code, status in enumerate(Status)}
_RULE = {rule: code for code, rule in enumerate(Rule)}
_WATCHES = {Rule.BELOW}
_TALKS = {
    Rule.FAR_BELOW,
    Rule.BELOW_TWICE,
    Rule.DRIFTING,
    Rule.FELT_OFF,
    Rule.PRIVATE_WORD,
    Rule.WORSE,
}
_STATUS_OF = np.array(
    [
        -1
        if rule is Rule.MISSING
        else _STATUS[Status.TALK]
        if rule in _TALKS
        else _STATUS[Status.WATCH]
        if rule in _WATCHES
        else _STATUS[Status.STEADY]
        for rule in Rule
    ],
    dtype=np.int8,
)
_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a rating counts as low.

    Parameters
    ----------
    watch, talk : float
        Standard deviations of the prediction below the expected rating.
    window : int
        Within so many ratings, two that are ``watch`` or lower ask for a talk.
    weight : float
        Of the newest rating in the moving average of differences, in (0, 1].
    drift : float
        Standard deviations of that average below 0.
    first : int
        The rating from which on a client is looked at, >= 2.

    Raises
    ------
    BadInput
        If a limit is out of its range.
    """

    watch: float = 1.28
    talk: float = 1.96
    window: int = 3
    weight: float = 0.3
    drift: float = 2.7
    first: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.watch <= self.talk < math.inf:
            raise BadInput(
                f"limits watch {self.watch} and talk {self.talk}: expected 0 < watch <= talk"
            )
        if not (0 < self.weight <= 1 and 0 < self.drift < math.inf):
            raise BadInput(
                f"limits weight {self.weight}, drift {self.drift}: expected (0, 1] and above 0"
            )
        if self.window < 1 or self.first < 2:
            raise BadInput(
                f"limits window {self.window}, first {self.first}: expected 1 and 2 at least"
            )


LIMITS = Limits()


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


def look(
    client: ArrayLike,
    occasion: ArrayLike,
    rating: ArrayLike,
    *,
    priors: Priors,
    answered: ArrayLike | None = None,
    limits: Limits = LIMITS,
) -> Looks:
    """Compare every rating with what the client's ratings before it let one expect.

    Parameters
    ----------
    client : array_like, shape (n,)
        Ids: text or whole numbers.
    occasion : array_like, shape (n,)
        Numbers or dates that grow with time; rows may stand in any order.
    rating : array_like of float, shape (n,)
        On the scale of the priors.
    priors : Priors
        Estimated from a practice (``estimate_priors``), or stated.
    answered : array_like of bool, shape (n,), optional
        False where there is no rating. None says that all are there.
    limits : Limits
        From where on a rating counts as low.

    Returns
    -------
    looks : Looks
        A row for each row of the input. ``talk`` says that a rating is lower than chance makes
        likely, not why, and not that somebody did something wrong.

    Raises
    ------
    BadInput
        If a rating is no number or off the scale, an occasion is missing or stands twice, or the
        columns differ in length.
    """
    values, there = checked_ratings(rating, answered=answered, low=priors.low, high=priors.high)
    courses = Courses.of(client, occasion)
    if len(courses.order) != len(values):
        raise BadInput(f"{len(courses.order)} occasions and {len(values)} ratings; expected one length")
    before = courses.count_before(there)
    columns = _followed(courses.only(there), values, priors)
    rule = np.full(len(values), _RULE[Rule.MISSING], dtype=np.int8)
    rule[columns.row] = _rules(columns, limits)
    early = there & (before + 1 < limits.first)
    rule[early] = _RULE[Rule.TOO_EARLY]
    return Looks(
        status=_STATUS_OF[rule],
        rule=rule,
        rating=values,
        n=before,
        missed=courses.place() - before,
        priors=priors,
        **_described(columns, there & ~early),
    )


def look_at_one(
    ratings: Sequence[float | None], priors: Priors, *, limits: Limits = LIMITS
) -> tuple[Look, ...]:
    """Look at one client's ratings, in the order of time.

    Parameters
    ----------
    ratings : sequence of float or None
        One for each occasion; None where there is none.
    priors : Priors
        As in :func:`look`.
    limits : Limits
        As in :func:`look`.

    Returns
    -------
    looks : tuple of Look
        One for each occasion; the last one is about the newest.

    Raises
    ------
    BadInput
        If a rating is no number or off the scale.
    """
    answered = np.array([rating is not None for rating in ratings], dtype=bool)
    values = [0.0 if rating is None else rating for rating in ratings]
    n = len(values)
    return tuple(
        look(
            np.zeros(n, dtype=int),
            np.arange(n),
            values,
            priors=priors,
            answered=answered,
            limits=limits,
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    """Ratings step by step: everybody's first, then everybody's second, and so on."""

    parts: list[slice]
    row: Counts
    rating: Floats
    z: Floats
    mean: Floats
    sd: Floats
    priors: Priors


def _followed(rated: Courses, values: Floats, priors: Priors) -> _Followed:
    """Go through all courses side by side, learning each client's level."""
    level, parts, row = Level.before_any(len(rated.count), priors), rated.sizes(), rated.by_step()
    rating = values[row]
    z, mean, sd = (np.empty(len(row)) for _ in range(3))
    for part in parts:
        level = level.first(part.stop - part.start)
        surprise = level.surprise(rating[part])
        z[part], mean[part], sd[part] = level.as_normal(surprise.t), level.mean, surprise.sd
        level = level.after(surprise)
    return _Followed(parts, row, rating, z, mean, sd, priors)


def _rules(followed: _Followed, limits: Limits) -> Codes:
    """Say which rule each rating meets."""
    rating, z = followed.rating, followed.z
    low = z <= -limits.watch
    again, drifting, same = (np.zeros(len(z), dtype=bool) for _ in range(3))
    clients = followed.parts[0].stop if followed.parts else 0
    average, since, alike = (
        np.zeros(clients),
        np.full(clients, limits.window),
        np.ones(clients, dtype=bool),
    )
    for step, part in enumerate(followed.parts):
        going = part.stop - part.start
        alike = alike[:going] & (rating[part] == rating[:going])
        same[part] = alike
        looked_at = step + 2 - limits.first
        if looked_at < 1:
            continue
        average = limits.weight * z[part] + (1 - limits.weight) * average[:going]
        drifting[part] = average <= -limits.drift * _average_sd(looked_at, limits.weight)
        since = since[:going] + 1
        again[part] = low[part] & (since < limits.window)
        since[low[part]] = 0
    holds = {
        Rule.ALWAYS_TOP: same & (rating == followed.priors.high),
        Rule.NEVER_VARIES: same,
        Rule.FAR_BELOW: z <= -limits.talk,
        Rule.BELOW_TWICE: again,
        # A rating above what was expected is no reason to talk, whatever came before it.
        Rule.DRIFTING: drifting & (z < 0),
        Rule.BELOW: low,
    }
    codes = [np.int8(_RULE[rule]) for rule in holds]
    return np.select(list(holds.values()), codes, np.int8(_RULE[Rule.NONE]))


def _average_sd(ratings: int, weight: float) -> float:
    """Of a moving average over so many independent differences of standard deviation 1."""
    return math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * ratings)))


def _described(followed: _Followed, looked_at: Flags) -> dict[str, Floats]:
    """By row of the input: z, the expected rating, and where ratings would lie; else NaN."""
    ends = followed.priors.low, followed.priors.high
    spread = _95 * followed.sd
    columns = {
        "z": followed.z,
        "expected": np.clip(followed.mean, *ends),
        "low": np.clip(followed.mean - spread, *ends),
        "high": np.clip(followed.mean + spread, *ends),
    }
    by_row = {}
    for name, values in columns.items():
        by_row[name] = np.full(len(looked_at), np.nan)
        by_row[name][followed.row] = values
        by_row[name][~looked_at] = np.nan
    return by_row

"""Each client against their own course: which ratings are lower than that course lets one expect.

``look(client, occasion, rating, priors=...)`` looks at many clients at once, ``look_at_one(ratings,
priors)`` at one. Nothing here is a norm, and nothing compares therapists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.measures.censored import Level
from openrapport.measures.courses import Courses, checked_ratings
from openrapport.measures.estimation import estimate_priors
from openrapport.measures.looks import RULE_CODE, STATUS_OF, Look, Looks, Rule, Status
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

_MIDDLE_95 = 1.96


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

    References
    ----------
    Tobin1958, Wallace1959, Roberts1959
    """
    values, there = checked_ratings(rating, answered=answered, low=priors.low, high=priors.high)
    courses = Courses.of(client, occasion)
    if len(courses.order) != len(values):
        raise BadInput(f"{len(courses.order)} occasions and {len(values)} ratings; expected one length")
    before = courses.count_before(there)
    columns = _followed(courses.only(there), values, priors)
    rule = np.full(len(values), RULE_CODE[Rule.MISSING], dtype=np.int8)
    rule[columns.row] = _rules(columns, limits)
    early = there & (before + 1 < limits.first)
    rule[early] = RULE_CODE[Rule.TOO_EARLY]
    return Looks(
        status=STATUS_OF[rule],
        rule=rule,
        rating=values,
        n=before,
        missed=courses.count_before(~there),
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
    codes = [np.int8(RULE_CODE[rule]) for rule in holds]
    return np.select(list(holds.values()), codes, np.int8(RULE_CODE[Rule.NONE]))


def _average_sd(ratings: int, weight: float) -> float:
    """Of a moving average over so many independent differences of standard deviation 1."""
    return math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * ratings)))


def _described(followed: _Followed, looked_at: Flags) -> dict[str, Floats]:
    """By row of the input: z, the expected rating, and where ratings would lie; else NaN."""
    ends = followed.priors.low, followed.priors.high
    spread = _MIDDLE_95 * followed.sd
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

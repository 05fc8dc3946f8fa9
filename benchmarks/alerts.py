"""What rules for low ratings are worth: false alarms, and true drops caught, on four simulated worlds.

    python -m benchmarks.alerts [--markdown] [--clients N]

Each rule meets the same ratings, once with its limits as published and once at an equal rate of
false alarms: its limits are tightened or loosened until 2 of 100 stable meetings are called low. Where
ratings come in steps no limit gives exactly that rate; then the two limits around it are mixed.
Priors are estimated from the ratings themselves, strained ones included, as in a practice. Our own
limits were chosen on other samples (seed 11) than those that are reported (seed 12).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import Row
from openrapport.measures.alerts import (
    STATED_PRIORS,
    Limits,
    Priors,
    Status,
    estimate_priors,
    look,
    look_at_one,
)
from openrapport.measures.rules import Limit, Published, look_by
from openrapport.simulation import PracticeParameters, Rater, simulate_practice

__all__ = ["WORLDS", "Outcome", "Sample", "measure", "run", "table"]

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

OWN = "own_course"
RULES = (OWN, *map(str, Published))
EQUAL = 0.02
"""False alarms of a stable meeting, at which rules are compared."""

_CLIENTS, _MEETINGS = 2_000, 16
_SEED = 12  # limits were chosen on 11
_LOW, _HIGH = 0.0, 10.0
_LIMIT = Limit(cutoff=9.0, drop=0.25)  # 36 of 40 and 1 of 40 points, on a scale of 10
_SEEN_FROM = 3  # ratings, as ours


@dataclass(frozen=True, eq=False)
class Sample:
    """Ratings, and where a client's strain truly began (0: never)."""

    client: NDArray[np.int64]
    occasion: NDArray[np.int64]
    rating: Floats
    answered: Flags
    began: NDArray[np.int64]  # by row: the occasion at which this client's first strain began

    def columns(self) -> dict[str, Any]:
        """Give what the rules read."""
        return {name: getattr(self, name) for name in ("client", "occasion", "rating", "answered")}


# -- worlds ----------------------------------------------------------------------------------------


def _course(rng: np.random.Generator, n: int, level: Floats, noise: Floats, step: float) -> Sample:
    """Half of the clients meet one strain; it takes about 2 points and fades over eight meetings."""
    meetings = np.arange(1, _MEETINGS + 1)
    began = np.where(rng.random(n) < 0.5, rng.integers(4, _MEETINGS - 2, n), 0)
    drop = np.maximum(rng.normal(2.0, 0.6, n), 0.1)
    age = meetings - began[:, None]
    strain = np.where((began[:, None] > 0) & (age >= 0), drop[:, None] * np.clip(1 - age / 8, 0, 1), 0)
    rating = np.clip(np.round((level[:, None] + noise - strain) / step) * step, _LOW, _HIGH)
    return Sample(
        client=np.repeat(np.arange(n), _MEETINGS),
        occasion=np.tile(meetings, n),
        rating=rating.ravel(),
        answered=rng.random(n * _MEETINGS) < 0.9,
        began=np.repeat(began, _MEETINGS),
    )


def autoregressive(rng: np.random.Generator, n: int) -> Sample:
    """Normal, each deviation carries 0.3 of the one before, far from the ends of the scale."""
    noise = rng.standard_normal((n, _MEETINGS))
    for at in range(1, _MEETINGS):
        noise[:, at] = 0.3 * noise[:, at - 1] + np.sqrt(1 - 0.3**2) * noise[:, at]
    return _course(rng, n, rng.normal(5.5, 1.0, n), 0.7 * noise, 0.25)


def ceiling(rng: np.random.Generator, n: int) -> Sample:
    """Half units, and about a quarter of the ratings are the highest possible."""
    return _course(rng, n, rng.normal(8.8, 1.2, n), rng.normal(0, 0.8, (n, _MEETINGS)), 0.5)


def uneven(rng: np.random.Generator, n: int) -> Sample:
    """Heavy tails, and clients who scatter differently: Student's t, spread lognormal."""
    spread = 0.7 * np.exp(0.45 * rng.standard_normal((n, 1)))
    noise = spread * rng.standard_t(4, (n, _MEETINGS)) / np.sqrt(2)
    return _course(rng, n, rng.normal(7.5, 1.2, n), noise, 0.25)


def practice(rng: np.random.Generator, n: int) -> Sample:
    """The fictional practice: forms of four items, many unanswered, strains that are repaired or not."""
    n *= 3  # strains are rarer here, and many meetings unrated
    made = simulate_practice(
        PracticeParameters(clients=n, therapists=max(1, n // 7), months=14),
        rng=rng,
        end=date(2025, 6, 18),
    )
    held = np.flatnonzero(made.meetings.occasion > 0)
    client = made.episodes.client[made.meetings.episode].astype(np.int64)
    ours = made.ratings.rater == list(Rater).index(Rater.CLIENT)
    items = np.stack([getattr(made.ratings, name)[ours] for name in ("bond", "goal", "task", "voice")])
    enough = (~np.isnan(items)).sum(axis=0) >= 3
    rating = np.full(len(made.meetings), np.nan)
    rating[made.ratings.meeting[ours][enough]] = np.nanmean(items[:, enough], axis=0)
    first = np.full(len(made.clients), np.iinfo(np.int64).max)
    np.minimum.at(first, client[made.strains.meeting], made.meetings.occasion[made.strains.meeting])
    began = np.where(first == np.iinfo(np.int64).max, 0, first)[client]
    return Sample(
        client=client[held],
        occasion=made.meetings.occasion[held].astype(np.int64),
        rating=rating[held],
        answered=~np.isnan(rating[held]),
        began=began[held],
    )


WORLDS: dict[str, Callable[[np.random.Generator, int], Sample]] = {
    "normal, autoregressive": autoregressive,
    "ceiling, half units": ceiling,
    "heavy tails, uneven clients": uneven,
    "fictional practice": practice,
}


# -- judging ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Judged:
    """What a rule called low: of each stable meeting, and of each strain within 1 and 3 meetings."""

    stable: Floats
    client: NDArray[np.int64]  # of the stable meetings
    within_1: Floats
    within_3: Floats

    def mixed(self, other: Judged, share: float) -> Judged:
        """Take this one as often as ``share`` says, else the other one."""

        def mix(one: Floats, two: Floats) -> Floats:
            return share * one + (1 - share) * two

        return Judged(
            mix(self.stable, other.stable),
            self.client,
            mix(self.within_1, other.within_1),
            mix(self.within_3, other.within_3),
        )


def judge(sample: Sample, low: Flags) -> Judged:
    """Compare what a rule called low with what was true.

    Stable meetings are rated ones before a client's first strain, from the third rating on. A strain
    counts if there were two ratings before it and one within its first three meetings.
    """
    order = np.lexsort((sample.occasion, sample.client))
    client, began = sample.client[order], sample.began[order]
    answered, flagged = sample.answered[order], (low & sample.answered)[order]
    n = np.cumsum(answered) - answered
    starts = np.flatnonzero(np.append(True, client[1:] != client[:-1]))
    n -= np.repeat(n[starts], np.diff(np.append(starts, len(client))))
    age = sample.occasion[order] - began
    stable = answered & (n + 1 >= _SEEN_FROM) & ((began == 0) | (age < 0))
    of_strain = (began > 0) & (age >= 0) & (age < 3) & answered & (n + 1 >= _SEEN_FROM)
    # Of the first rating of a strain on, there are two before it.
    first = np.unique(client[of_strain], return_index=True)[1]
    rows = np.flatnonzero(of_strain)
    begin_n = n[rows[first]]
    known = np.isin(client, client[rows[first]][begin_n >= _SEEN_FROM - 1])
    of_strain &= known
    which, place = np.unique(client[of_strain], return_inverse=True)
    within = np.zeros((2, len(which)))
    np.maximum.at(within[1], place, flagged[of_strain].astype(float))
    at_once = of_strain & (age == 0)
    np.maximum.at(within[0], np.searchsorted(which, client[at_once]), flagged[at_once].astype(float))
    return Judged(flagged[stable].astype(float), client[stable], within[0], within[1])


def called_low(rule: str, sample: Sample, priors: Priors, strictness: float) -> Flags:
    """Let a rule look; ours counts what asks for a talk."""
    if rule == OWN:
        usual = Limits()
        limits = Limits(
            watch=usual.watch * strictness, talk=usual.talk * strictness, drift=usual.drift * strictness
        )
        looks = look(**sample.columns(), priors=priors, limits=limits)
        return np.asarray(looks.status == list(Status).index(Status.TALK))
    return look_by(
        Published(rule), **sample.columns(), priors=priors, limit=_LIMIT, strictness=strictness
    )


def at_equal_rate(rule: str, sample: Sample, priors: Priors) -> Judged:
    """Judge a rule whose limits are set so that it gives the equal rate of false alarms."""

    def judged(strictness: float) -> Judged:
        return judge(sample, called_low(rule, sample, priors, strictness))

    loose, tight = 0.02, 20.0
    most = judged(loose)
    if most.stable.mean() <= EQUAL:
        return most
    least = judged(tight)
    for _ in range(16):
        middle = float(np.sqrt(loose * tight))
        between = judged(middle)
        if between.stable.mean() > EQUAL:
            loose, most = middle, between
        else:
            tight, least = middle, between
    high, low = float(most.stable.mean()), float(least.stable.mean())
    return most.mixed(least, (EQUAL - low) / (high - low))


@dataclass(frozen=True)
class Outcome:
    """One rule in one world: shares, each with its 95 % interval."""

    world: str
    rule: str
    equal: bool
    false_alarms: tuple[float, float, float]
    within_1: tuple[float, float, float]
    within_3: tuple[float, float, float]
    strains: int
    stable: int


def _share(values: Floats, cluster: NDArray[np.int64] | None = None) -> tuple[float, float, float]:
    """Mean and interval; meetings of one client are not independent."""
    mean = float(values.mean())
    if cluster is None:
        error = float(values.std(ddof=1) / np.sqrt(len(values)))
    else:
        _, place = np.unique(cluster, return_inverse=True)
        error = float(np.sqrt((np.bincount(place, values - mean) ** 2).sum()) / len(values))
    return mean, mean - 1.96 * error, mean + 1.96 * error


def _outcome(world: str, rule: str, equal: bool, judged: Judged) -> Outcome:
    return Outcome(
        world,
        rule,
        equal,
        _share(judged.stable, judged.client),
        _share(judged.within_1),
        _share(judged.within_3),
        len(judged.within_1),
        len(judged.stable),
    )


def measure(clients: int = _CLIENTS) -> tuple[list[Outcome], list[Row]]:
    """Judge all rules in all worlds; compare ours with the last drop, strain by strain."""
    outcomes, rows = [], []
    for world, make in WORLDS.items():
        sample = make(np.random.default_rng(_SEED), clients)
        priors = estimate_priors(**sample.columns(), low=_LOW, high=_HIGH)
        at_equal = {}
        for rule in RULES:
            judged = judge(sample, called_low(rule, sample, priors, 1.0))
            outcomes.append(_outcome(world, rule, False, judged))
            if rule == Published.ONE_SD:
                continue  # at equal rates it is the rule of two
            at_equal[rule] = at_equal_rate(rule, sample, priors)
            outcomes.append(_outcome(world, rule, True, at_equal[rule]))
        ours, last = at_equal[OWN], at_equal[str(Published.LAST_DROP)]
        rows += [
            _more(f"{world}: caught at once", ours.within_1 - last.within_1, must=False),
            _more(f"{world}: caught within 3 meetings", ours.within_3 - last.within_3, must=True),
        ]
    return outcomes, rows


def _more(what: str, differences: Floats, *, must: bool) -> Row:
    """Ours minus the last drop, strain by strain; its interval must lie above 0 where it counts."""
    mean, low, high = (100 * number for number in _share(differences))
    return Row(
        what=f"strains {what}, own course minus last drop, at {100 * EQUAL:g} false alarms per 100 "
        f"(95 %: {low:.1f} to {high:.1f})",
        value=mean,
        unit="points",
        limit="> 0" if must else None,
        ok=low > 0 or not must,
    )


# -- time ------------------------------------------------------------------------------------------


def _speed() -> list[Row]:
    rng = np.random.default_rng(1)
    clients, meetings = 100_000, 20
    rating = rng.normal(8.2, 1.2, clients).repeat(meetings) + rng.normal(0, 0.8, clients * meetings)
    columns = {
        "client": np.repeat(np.arange(clients), meetings),
        "occasion": np.tile(np.arange(meetings), clients),
        "rating": np.clip(np.round(rating * 4) / 4, 0, 10),
    }
    start = time.perf_counter()
    look(**columns, priors=STATED_PRIORS)
    whole = time.perf_counter() - start
    course = columns["rating"][:meetings].tolist()
    taken = []
    for _ in range(50):
        start = time.perf_counter()
        look_at_one(course, STATED_PRIORS)
        taken.append(1000 * (time.perf_counter() - start))
    return [
        Row(
            what="alerts, 100,000 clients, 20 meetings each",
            value=whole,
            unit="s",
            limit="<= 5 s",
            ok=whole <= 5,
        ),
        Row(
            what="alerts, one client anew, 20 meetings",
            value=median(taken),
            unit="ms",
            limit="<= 5 ms",
            ok=median(taken) <= 5,
        ),
    ]


# -- showing ---------------------------------------------------------------------------------------

_HEAD = (
    "world",
    "rule",
    "limits",
    "false alarms per 100 stable meetings",
    "caught at once, %",
    "within 3, %",
)


def table(outcomes: list[Outcome]) -> str:
    """Lay all outcomes out for a terminal."""
    lines = [_HEAD]
    lines += [
        (
            one.world,
            one.rule,
            "equal rate" if one.equal else "as they are",
            _interval(one.false_alarms, 1),
            _interval(one.within_1, 0),
            _interval(one.within_3, 0),
        )
        for one in outcomes
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def pages(outcomes: list[Outcome]) -> str:
    """Lay outcomes out for the documentation: a table for each question, a column for each world."""
    questions = (
        ("False alarms per 100 stable meetings, with limits as they are", False, "false_alarms", 1),
        ("Strains caught within 3 meetings, with limits as they are, %", False, "within_3", 0),
        ("Strains caught at once, at 2 false alarms per 100, %", True, "within_1", 0),
        ("Strains caught within 3 meetings, at 2 false alarms per 100, %", True, "within_3", 0),
    )
    return "\n\n".join(
        f"**{title}**\n\n{_pivot(outcomes, equal, name, digits)}"
        for title, equal, name, digits in questions
    )


def _pivot(outcomes: list[Outcome], equal: bool, name: str, digits: int) -> str:
    lines = [("rule", *WORLDS), ("---",) * (1 + len(WORLDS))]
    for rule in RULES:
        found = {one.world: one for one in outcomes if one.rule == rule and one.equal == equal}
        # A rule that cannot be made to call 2 of 100 low has no place among those that can.
        if found and not (equal and any(one.false_alarms[0] < 0.9 * EQUAL for one in found.values())):
            lines.append((rule, *(_interval(getattr(found[world], name), digits) for world in WORLDS)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _interval(share: tuple[float, float, float], digits: int) -> str:
    mean, low, high = (100 * number for number in share)
    return f"{mean:.{digits}f} ({max(low, 0):.{digits}f}-{min(high, 100):.{digits}f})"


def run() -> list[Row]:
    """Measure all, print the whole table, and give the rows with a limit."""
    outcomes, rows = measure()
    print(table(outcomes))
    return rows + _speed()


def main() -> int:
    """Print the tables; exit 1 where ours is not better than the last drop."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.alerts", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--markdown", action="store_true", help="for the documentation")
    parser.add_argument("--clients", type=int, default=_CLIENTS, help="in each world")
    arguments = parser.parse_args()
    start = time.perf_counter()
    outcomes, rows = measure(arguments.clients)
    print(pages(outcomes) if arguments.markdown else table(outcomes))
    sizes = {one.world: (one.strains, one.stable) for one in outcomes}
    for world, (strains, stable) in sizes.items():
        print(f"{world}: {strains:,} strains, {stable:,} stable meetings")
    for row in rows + _speed():
        verdict = "ok" if row["ok"] else f"NOT {row['limit']}"
        print(f"{row['what']}: {row['value']:.3g} {row['unit']}, {verdict}")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

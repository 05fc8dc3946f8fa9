"""Matching: a short list, proposals for whole waiting lists, and what other solvers need for the same.

    python -m benchmarks.fit

The others run on the same table in the same run: scipy, and OR-tools and ``matching`` where they are
installed (``pip install ortools matching``; OpenRapport does not need them).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.engine import Row
from openrapport.fit.assignment import Assignment, Lists, assign, certify, reassign
from openrapport.fit.preferences import Dimension, Leaning, Needs, Preferences
from openrapport.fit.profiles import Directory, Profile
from openrapport.fit.scoring import parts_of
from openrapport.fit.shortlist import shortlist
from openrapport.fit.strengths import RecordClass, records

__all__ = ["run"]

_SIZES = ((2_000, 300, 10), (10_000, 1_000, 12))
_LISTED = 30
_REPEATS, _SHORT = 5, 31  # what takes a millisecond is disturbed more easily
_AMONG = 1_000
_PRACTICES = 100


def run() -> list[Row]:
    """Measure matching, and compare it with scipy in the same run."""
    proposals = [row for size in _SIZES for row in _proposals(*size)]
    return [_shortlist(), *proposals, _popular(*_SIZES[0]), *_records()]


def scores(clients: int, therapists: int) -> np.ndarray:
    """Make random scores of every pair."""
    return np.random.default_rng(1).random((clients, therapists))


def lists(clients: int, therapists: int) -> Lists:
    """Keep of the same scores thirty therapists for each client, as needs would."""
    order = np.random.default_rng(2).random((clients, therapists)).argpartition(_LISTED, axis=1)
    kept = order[:, :_LISTED].copy()
    return Lists(kept, np.take_along_axis(scores(clients, therapists), kept, axis=1))


def by_scipy(table: np.ndarray, capacity: int) -> float:
    """Solve with a column for each place; the objective."""
    from scipy.optimize import linear_sum_assignment

    columns = np.repeat(table, capacity, axis=1)
    found = linear_sum_assignment(columns, maximize=True)
    return float(columns[found].sum())


def by_ortools(table: np.ndarray, capacity: int) -> float:
    """Solve as a flow of least cost, in whole numbers of a millionth; the objective."""
    from ortools.graph.python import min_cost_flow

    n, m = table.shape
    flow = min_cost_flow.SimpleMinCostFlow()
    client, therapist = np.divmod(np.arange(n * m), m)
    cost = -np.rint(table.ravel() * 1e6).astype(np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(client, n + therapist, np.ones(n * m, int), cost)
    flow.add_arcs_with_capacity_and_unit_cost(
        n + np.arange(m), np.full(m, n + m), np.full(m, capacity), np.zeros(m, int)
    )
    flow.set_nodes_supplies(np.append(np.arange(n), n + m), np.append(np.ones(n, int), -n))
    flow.solve()
    used = flow.flows(np.arange(n * m)) > 0
    return float(table.ravel()[used].sum())


def by_matching(table: np.ndarray, capacity: int) -> float:
    """Find a stable matching, which is another aim; the sum of scores that it reaches."""
    from matching.games import HospitalResident

    n, m = table.shape
    sys.setrecursionlimit(10**6)  # it copies its players along the chain of who prefers whom
    game = HospitalResident.create_from_dictionaries(
        {i: np.argsort(-table[i]).tolist() for i in range(n)},
        {j: np.argsort(-table[:, j]).tolist() for j in range(m)},
        dict.fromkeys(range(m), capacity),
    )
    game.solve()
    return float(
        sum(table[int(str(i)), int(str(j))] for j, people in game.matching.items() for i in people)
    )


def _timed(action: Callable[[], Any], repeats: int = _REPEATS) -> tuple[float, Any]:
    taken, given = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        given = action()
        taken.append(time.perf_counter() - start)
    return median(taken), given


def _at_most(what: str, value: float, limit: float, unit: str) -> Row:
    return Row(what=what, value=value, unit=unit, limit=f"<= {limit:g} {unit}", ok=value <= limit)


def _true(what: str, holds: bool) -> Row:
    return Row(what=what, value=float(holds), unit="", limit="1", ok=holds)


def _shortlist() -> Row:
    rng = np.random.default_rng(3)
    profiles = tuple(
        Profile(
            f"t{number}",
            int(rng.integers(0, 5)),
            leanings=tuple(Leaning(d, float(rng.integers(-3, 4))) for d in Dimension),
            languages=frozenset(rng.choice(["en", "de", "fr", "tr"], 2).tolist()),
            problems=frozenset(rng.choice(["sleep", "grief", "anger", "work", "pain"], 2).tolist()),
            fee=float(rng.integers(40, 160)),
        )
        for number in range(_AMONG)
    )
    house = Directory(profiles, date(2025, 6, 18))
    client = Preferences(
        Needs(languages=frozenset({"en"}), most_fee=120),
        leanings=tuple(Leaning(d, 1.0) for d in Dimension),
        problems=frozenset({"sleep", "work"}),
    )

    def choose() -> object:
        return shortlist(client, house, parts_of(client, house))

    choose()  # a directory is laid out in columns once
    return _at_most(
        f"short list among {_AMONG:,} therapists", 1000 * _timed(choose, _SHORT)[0], 20, "ms"
    )


def _proposals(clients: int, therapists: int, capacity: int) -> list[Row]:
    who = f"{clients:,} x {therapists:,}"
    places = np.full(therapists, capacity)
    table, listed = scores(clients, therapists), lists(clients, therapists)
    dense_s, dense = _timed(lambda: assign(table, places))
    short_s, short = _timed(lambda: assign(listed, places))
    scipy_s, objective = _timed(lambda: by_scipy(table, capacity), 1)
    proofs = [certify(one).optimal for one in (dense, short)]
    return [
        Row(what=f"proposal, {who}, all pairs", value=dense_s, unit="s", limit=None, ok=True),
        Row(what=f"proposal, {who}, {_LISTED} each", value=short_s, unit="s", limit=None, ok=True),
        _true(f"both proved, {who}", all(proofs)),
        _true("sum of scores is scipy's", abs(objective - dense.objective) < 1e-6),
        _at_most("all pairs, over scipy with repeated columns", dense_s / scipy_s, 1, "times"),
        _at_most(f"{_LISTED} each, over the same", short_s / scipy_s, 0.2, "times"),
        _at_most("memory, over scipy's", _peak("ours", who) / _peak("scipy", who), 0.5, "times"),
        _at_most("after one change, over all pairs", _change_s(dense) / dense_s, 0.1, "times"),
        _at_most(f"after one change, over {_LISTED} each", _change_s(short) / short_s, 0.1, "times"),
    ]


def _popular(clients: int, therapists: int, capacity: int) -> Row:
    """Take scores on which clients agree by half: everybody wants the same few."""
    table = (scores(clients, therapists) + np.random.default_rng(5).random(therapists)) / 2
    seconds, found = _timed(lambda: assign(table, np.full(therapists, capacity)), 3)
    scipy_s, objective = _timed(lambda: by_scipy(table, capacity), 1)
    row = _at_most("everybody wants the same few, over scipy", seconds / scipy_s, 1, "times")
    return row | {"ok": row["ok"] and abs(found.objective - objective) < 1e-6}


def _records() -> list[Row]:
    """Invent practices whose true effects are known: three areas, 25 therapists each."""
    rng = np.random.default_rng(4)
    false = np.mean([_verdicts(rng, 0.0)[0] for _ in range(_PRACTICES)])
    picked = np.mean([_verdicts(rng, 0.3)[1:] for _ in range(_PRACTICES)], axis=0)
    return [
        _at_most("practices without differences where anybody is effective", float(false), 0.05, ""),
        Row(
            what="true effect of the best by raw average",
            value=float(picked[0]),
            unit="",
            limit=None,
            ok=True,
        ),
        Row(
            what="true effect of the best by shrunk record",
            value=float(picked[1]),
            unit="",
            limit=f"> {picked[0]:.3g}",
            ok=bool(picked[1] > picked[0]),
        ),
    ]


def _verdicts(rng: np.random.Generator, between: float) -> tuple[bool, float, float]:
    """Say whether anybody is called effective, and the mean true effect of the best, raw and shrunk."""
    areas, therapists = ("sleep", "grief", "anger"), 25
    cells = len(areas) * therapists
    effect = rng.normal(0, between, cells) if between else np.zeros(cells)
    row = np.repeat(np.arange(cells), rng.integers(5, 60, cells))
    severity = rng.normal(0, 1, len(row))
    change = 1 + 0.8 * severity + effect[row] + rng.normal(0, 1.5, len(row))
    who = [f"t{number:02}" for number in row % therapists]
    found = records(who, [areas[number // therapists] for number in row], change, severity)
    raw, shrunk = [], []
    for area in found:
        true = effect[areas.index(area.problem) * therapists :][:therapists]
        raw.append(true[np.argmax([record.raw for record in area.records])])
        shrunk.append(true[np.argmax([record.shrunk for record in area.records])])
    called = any(r.verdict is RecordClass.EFFECTIVE for area in found for r in area.records)
    return called, float(np.mean(raw)), float(np.mean(shrunk))


def _change_s(found: Assignment) -> float:
    """Seconds of the slowest of three changes at the dearest therapist."""
    capacity = np.bincount(found.therapist, minlength=len(found.therapist_price))
    dearest = int(found.therapist_price.argmax())
    places = np.maximum(capacity, capacity.max())
    client = int(np.flatnonzero(found.therapist == dearest)[0])
    more, fewer = places.copy(), places.copy()
    more[dearest] += 1
    fewer[dearest] -= 1
    return max(
        _timed(lambda: reassign(found, capacity=more), _SHORT)[0],
        _timed(lambda: reassign(found, capacity=fewer), _SHORT)[0],
        _timed(lambda: reassign(found, gone=[client]), _SHORT)[0],
    )


def _peak(solver: str, size: str) -> float:
    """Megabytes of a process that makes the table and solves it once."""
    command = [sys.executable, "-m", "benchmarks.fit", "--peak", solver, "--size", size]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_peak(solver: str, size: str) -> None:
    clients, therapists, capacity = next(one for one in _SIZES if f"{one[0]:,} x {one[1]:,}" == size)
    table = scores(clients, therapists)
    if solver == "ours":
        assign(table, np.full(therapists, capacity))
    else:
        by_scipy(table, capacity)
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text("utf-8")
    print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024)


def _print_others() -> None:
    for clients, therapists, capacity in _SIZES:
        table = scores(clients, therapists)
        solvers: dict[str, Callable[[], float]] = {
            "OpenRapport": lambda t=table, c=capacity: assign(t, np.full(t.shape[1], c)).objective,
            "scipy": lambda t=table, c=capacity: by_scipy(t, c),
        }
        if find_spec("ortools") is not None:
            solvers["OR-tools"] = lambda t=table, c=capacity: by_ortools(t, c)
        if find_spec("matching") is not None and clients == _SIZES[0][0]:
            solvers["matching"] = lambda t=table, c=capacity: by_matching(t, c)
        for name, solve in solvers.items():
            seconds, objective = _timed(solve, 1)
            print(
                f"{clients:,} x {therapists:,}  {name:12}{seconds:8.3f} s  sum of scores {objective:.4f}"
            )


def main() -> None:
    """Print every row, then all solvers side by side."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description=__doc__)
    parser.add_argument("--peak", choices=["ours", "scipy"], help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        _print_peak(arguments.peak, arguments.size)
        return
    for row in run():
        print(f"{row['what']:60}{row['value']:10.4g} {row['unit']:6}{row['limit'] or '':14}{row['ok']}")
    _print_others()


if __name__ == "__main__":
    main()

"""A few kills of the server and the worker; `python -m benchmarks.faults --kills 100` does a hundred."""

from __future__ import annotations

from benchmarks.faults import run


def test_nothing_acknowledged_is_lost_where_processes_are_killed() -> None:
    outcome = run(kills=4, seed=7)
    assert outcome.wrong == []
    assert outcome.kills == 4
    assert outcome.notes + outcome.answers > 0

"""How long the engine takes, from an import to a corpus, and how much memory; codes by rules."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TypedDict

import numpy as np

from openrapport import pipeline, read_session
from openrapport.coding.rules import RuleCoder
from openrapport.demo import demo_path
from openrapport.io.files import write_session
from openrapport.session import Session
from openrapport.utterances import Utterances

__all__ = ["Row", "at_most", "run", "seconds", "session_of", "usage"]

_UTTERANCES = 700
_HOUR = 840  # utterances in an hour at the same pace: 700 in 50 minutes
_REPEATS = 5


class Row(TypedDict):
    """One line of the table."""

    what: str
    value: float
    unit: str
    limit: str | None
    ok: bool


def run(annomi: Path | None) -> list[Row]:
    """Measure the engine; with a corpus, all of its sessions too."""
    rows = [_import(), *_run_and_growth(), _process()]
    return rows + (_corpus(annomi) if annomi else [])


def session_of(n: int) -> Session:
    """Make a session of n utterances: the fictional one, one time after the other."""
    with demo_path() as path:
        once = read_session(path)
    spoken = once.utterances
    times = -(-n // len(spoken))
    length = int(spoken.end_ms.max()) + 2_000
    shift = np.repeat(np.arange(times) * length, len(spoken))[:n]
    columns = Utterances(
        ids=tuple(f"u{i}" for i in range(1, n + 1)),
        party=np.tile(spoken.party, times)[:n],
        text=(spoken.text * times)[:n],
        start_ms=np.tile(spoken.start_ms, times)[:n] + shift,
        end_ms=np.tile(spoken.end_ms, times)[:n] + shift,
    )
    return replace(once, utterances=columns, duration_ms=None)


def seconds(action: Callable[[], object], repeats: int = _REPEATS) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return median(taken)


def at_most(what: str, value: float, limit: float, unit: str = "s") -> Row:
    return Row(
        what=what, value=value, unit=unit, limit=f"<= {limit:g} {unit}".strip(), ok=value <= limit
    )


def _import() -> Row:
    # Timed inside the new process: its own start is Python's matter, not ours.
    script = "import time; t = time.perf_counter(); import openrapport; print(time.perf_counter() - t)"
    taken = [
        float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)
        for _ in range(_REPEATS)
    ]
    return at_most("import openrapport", median(taken), 0.2)


def _run_and_growth() -> list[Row]:
    def run_of(n: int, repeats: int) -> float:
        session = session_of(n)
        # Words are counted once and kept: every run gets a session that has counted nothing yet.
        fresh = [replace(session, utterances=replace(session.utterances)) for _ in range(repeats)]
        return seconds(lambda: pipeline.run(fresh.pop(), coder=RuleCoder()), repeats)

    pipeline.run(session_of(50), coder=RuleCoder())  # lexicons are loaded once in a process
    of_700 = run_of(_UTTERANCES, _REPEATS)
    hour, ten_hours = run_of(_HOUR, 3), run_of(10 * _HOUR, 3)
    return [
        at_most("run(session), 50 minutes, 700 utterances, rules", of_700, 0.5),
        at_most("run(session), 10 hours over 1 hour, rules", ten_hours / hour, 12, "times"),
    ]


def _process() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.vtt"
        write_session(session_of(_UTTERANCES), path)
        command = _analyze(path, Path(folder) / "out")
        taken = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    return at_most("openrapport analyze, 700 utterances, to HTML and JSON, rules", taken, 2.5)


def _analyze(source: Path, out: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "openrapport_cli",
        "analyze",
        str(source),
        "--out",
        str(out),
        "--coder",
        "rules",
        *options,
    ]


def _corpus(annomi: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        quarter = Path(folder) / "quarter.csv"
        _keep_a_quarter(annomi, quarter)
        whole_s, whole_mb = usage(_analyze(annomi, Path(folder) / "all", "--jobs", "2"))
        _, quarter_mb = usage(_analyze(quarter, Path(folder) / "part", "--jobs", "2"))
        reports = len(list((Path(folder) / "all").glob("*.html"))) - 1
    return [
        at_most(f"all {reports} AnnoMI sessions, --jobs 2, rules", whole_s, 20),
        Row(what="peak memory of the same", value=whole_mb, unit="MB", limit=None, ok=True),
        at_most("peak memory, all sessions over a quarter", whole_mb / quarter_mb, 1.25, "times"),
    ]


def _keep_a_quarter(source: Path, target: Path) -> None:
    with source.open(encoding="utf-8", newline="") as rows, target.open("w", newline="") as out:
        table = csv.DictReader(rows)
        quarter = csv.DictWriter(out, table.fieldnames or ())
        quarter.writeheader()
        quarter.writerows(row for row in table if int(row["transcript_id"]) % 4 == 0)


def usage(command: list[str]) -> tuple[float, float]:
    """Seconds, and megabytes of the largest process of a command and its children."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "capture_output=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *command], check=True, capture_output=True, env=os.environ
    )
    return time.perf_counter() - start, int(done.stdout) / 1024

"""How long a client's course takes, with 100 meetings and all that belongs to them, on loopback.

python -m benchmarks.course
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engine import Row
from benchmarks.faults import Practice

__all__ = ["run"]

_LIMIT_MS, _LOOKS = 150, 25


def run(meetings: int = 100) -> list[Row]:
    """Fill a practice with one long course, serve it, and look at it as each of the two.

    Parameters
    ----------
    meetings : int
        How many there were.

    Returns
    -------
    rows : list of Row
        Median for each page and person, as the reader saw it.
    """
    with tempfile.TemporaryDirectory(prefix="openrapport-course-") as folder:
        home = Path(folder) / "practice"
        command = [sys.executable, "-m", "openrapport_cli", "init", "--home", str(home)]
        subprocess.run(command, check=True, capture_output=True)
        practice = Practice(home)
        command = [sys.executable, "-m", "benchmarks.course_inside", str(meetings)]
        done = subprocess.run(command, env=practice.environment, stdout=subprocess.PIPE, check=True)
        looks = json.loads(done.stdout)
        try:
            practice.start("server")
            practice.wait_until_up()
            return [_timed(practice, look, meetings) for look in looks]
        finally:
            for process in practice.processes.values():
                process.kill()
                process.wait()


def _timed(practice: Practice, look: dict[str, str], meetings: int) -> Row:
    taken = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        status, _, page = practice.ask("GET", look["url"], headers=look["headers"])
        taken.append(1_000 * (time.perf_counter() - began))
        if status != 200 or look["says"].encode() not in page:
            raise RuntimeError(f"{look['what']}: {status}")
    value = statistics.median(taken)
    what = f"{look['what']}, {meetings} meetings, 5 goals, n = {_LOOKS}: median"
    return Row(what=what, value=value, unit="ms", limit=f"<= {_LIMIT_MS} ms", ok=value <= _LIMIT_MS)


def main() -> None:
    """Print the rows; exit 1 where a limit is missed."""
    from benchmarks.__main__ import as_text, machine

    rows = run()
    print(machine())
    print(as_text(rows))
    sys.exit(not all(row["ok"] for row in rows))


if __name__ == "__main__":
    main()

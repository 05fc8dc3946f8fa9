"""Print one table of what was measured, with its limits; exit 1 where a limit is missed.

    python -m benchmarks [--annomi PATH/TO/simple.csv] [--markdown docs/benchmarks.md]
                         [--only engine|practice]

Without the AnnoMI corpus, what needs it is left out and said so. The practice takes about a quarter
of an hour: a large one under load, and a hundred kills.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

from benchmarks import alerts, burst, coordination_parity, course, engine, faults, fit, load, trained
from benchmarks.engine import Row

_HEAD = ("what", "measured", "limit", "ok")
_PAGE = """# Benchmarks

Written by `make bench`, on {machine}. Times are medians of several runs of a warm machine; peak
memory is the largest resident set of any one process. Pages are timed by their readers, on
loopback, with one to three seconds between two looks of a person.

Rows that say “rules” code with `--coder rules` and keep the engine's own limits, whatever a coder takes. The
trained coder, the default, has limits of its own: 150 utterances a second, 50 minutes of talk in 6 s, loading
in 1 s, 400 MB, all of AnnoMI in 90 s.

{table}

Without the corpus [AnnoMI](https://github.com/uccollab/AnnoMI), rows that need it are left out:
`make bench ANNOMI=path/to/simple.csv` measures them.
"""


def machine() -> str:
    """Name what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def cells(row: Row) -> tuple[str, str, str, str]:
    """Put a row into words."""
    unit = f" {row['unit']}" if row["unit"] else ""
    limit = "" if row["limit"] is None else str(row["limit"])
    return row["what"], f"{row['value']:.3g}{unit}", limit, "yes" if row["ok"] else "NO"


def as_text(rows: list[Row]) -> str:
    """Lay rows out for a terminal."""
    table = [_HEAD, *map(cells, rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def as_markdown(rows: list[Row]) -> str:
    """Lay rows out for the documentation."""
    lines = [_HEAD, ("---",) * len(_HEAD), *map(cells, rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return _PAGE.format(machine=machine(), table=table)


def main() -> int:
    """Measure, print, and say whether every limit is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--annomi", type=Path, help="AnnoMI's simple.csv")
    parser.add_argument("--markdown", type=Path, help="write the table here too")
    parser.add_argument("--only", choices=["engine", "practice"], help="one half alone")
    arguments = parser.parse_args()
    if arguments.annomi is not None and not arguments.annomi.is_file():
        parser.error(f"{arguments.annomi}: no such file")
    rows: list[Row] = []
    if arguments.only != "practice":
        rows += engine.run(arguments.annomi) + trained.run(arguments.annomi)
        rows += coordination_parity.run(arguments.annomi) + alerts.run() + fit.run()
    if arguments.only != "engine":
        rows += load.run() + burst.run() + course.run() + faults.rows(kills=100)
    print(machine())
    print(as_text(rows))
    if arguments.annomi is None and arguments.only != "practice":
        print("Left out without --annomi PATH: all AnnoMI sessions, memory, ConvoKit on AnnoMI.")
    if arguments.markdown is not None:
        arguments.markdown.write_text(as_markdown(rows), encoding="utf-8")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

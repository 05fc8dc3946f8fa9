"""How fast pages come with a large practice and twenty people at work, on loopback.

    python -m benchmarks.load --seconds 60

Makes a practice of 10,000 clients, 200,000 meetings and 100,000 reports in a temporary folder (a
few minutes), serves it, and lets locust's people read. Also: how long the server takes to start,
and how much memory a large upload takes from it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from benchmarks.engine import Row
from benchmarks.faults import Practice

__all__ = ["run"]

_PIECE = 4 * 2**20


def run(clients: int = 10_000, reports: int = 100_000, seconds: int = 60) -> list[Row]:
    """Fill, serve, read, upload.

    Parameters
    ----------
    clients, reports : int
        How many. Meetings come with the clients, about twenty each.
    seconds : int
        How long twenty people read.

    Returns
    -------
    rows : list of Row
        Median and 95th percentile for each page, as the readers saw them.
    """
    with tempfile.TemporaryDirectory(prefix="openrapport-load-") as folder:
        home = Path(folder) / "practice"
        command = [sys.executable, "-m", "openrapport_cli", "init", "--home", str(home)]
        subprocess.run(command, check=True, capture_output=True)
        practice = Practice(home)
        ways = _fill(practice, clients, reports)
        try:
            started = time.monotonic()
            practice.start("server")
            practice.wait_until_up()
            rows = [_row("start of the server", time.monotonic() - started, "s", 3)]
            rows += _read(practice, ways, Path(folder), seconds)
            rows.append(_memory_of_an_upload(practice, ways))
        finally:
            for process in practice.processes.values():
                process.kill()
                process.wait()
    return rows


def _row(what: str, value: float, unit: str, limit: float | None) -> Row:
    words = None if limit is None else f"<= {limit:g} {unit}"
    return Row(what=what, value=value, unit=unit, limit=words, ok=limit is None or value <= limit)


def _fill(practice: Practice, clients: int, reports: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load_inside", str(clients), str(reports)]
    done = subprocess.run(
        command, env=practice.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    ways: dict[str, Any] = json.loads(done.stdout)
    return ways


def _read(practice: Practice, ways: dict[str, Any], folder: Path, seconds: int) -> list[Row]:
    (folder / "ways.json").write_text(json.dumps(ways), "utf-8")
    people = str(len(ways["therapists"]))
    command = [
        *(sys.executable, "-m", "locust", "-f", "benchmarks/load_people.py", "--headless"),
        # They come one after the other; what counts begins when all are there.
        *("-u", people, "-r", "2", "--reset-stats", "-t", f"{seconds}s"),
        *("--host", f"http://127.0.0.1:{practice.port}"),
        *("--csv", str(folder / "seen"), "--only-summary", "--exit-code-on-error", "1"),
    ]
    environment = {**os.environ, "OPENRAPPORT_LOAD_WAYS": str(folder / "ways.json")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-2_000:] + done.stderr[-2_000:])
    counts = ", ".join(
        f"{n:,} {name.removeprefix('Stored').lower()}s" for name, n in ways["counts"].items()
    )
    rows = []
    with (folder / "seen_stats.csv").open(newline="") as file:
        for seen in csv.DictReader(file):
            if seen["Name"] == "Aggregated":
                continue
            about = f"{seen['Name']} page, {people} people, {counts}, n = {seen['Request Count']}"
            rows.append(_row(f"{about}: median", float(seen["Median Response Time"]), "ms", 100))
            rows.append(_row(f"{about}: 95 %", float(seen["95%"]), "ms", 250))
    return rows


def _memory_of_an_upload(practice: Practice, ways: dict[str, Any]) -> Row:
    """Upload 256 MB of a recording, and compare the server's largest memory before and after."""
    size = 256 * 2**20
    way, place = _begin(practice, ways, size)
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt "
    tus = {**way["headers"], "Tus-Resumable": "1.0.0"}
    before, offset = _peak_mb(practice), 0
    while offset < size:
        piece = (head if offset == 0 else b"").ljust(min(_PIECE, size - offset), b"\1")
        sent = {
            **tus,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        status, answered, body = practice.ask("PATCH", place, piece, sent)
        if status != 204:
            raise RuntimeError(f"piece: {status} {body[:200]!r}")
        offset = int(answered["upload-offset"])
    return _row(
        "memory that an upload of 256 MB adds to the server", _peak_mb(practice) - before, "MB", 32
    )


def _begin(practice: Practice, ways: dict[str, Any], size: int) -> tuple[dict[str, Any], str]:
    """Announce the upload where a client has agreed to recordings, which one in three has not."""
    for way in ways["therapists"]:
        for session in way["sessions"]:
            _, _, page = practice.ask("GET", f"/sessions/{session}", headers=way["headers"])
            meeting = page.decode().partition("/meetings/")[2][:36]
            names = {"filename": "talk.wav", "meeting": meeting}
            told = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in names.items())
            sent = {
                **way["headers"],
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(size),
                "Upload-Metadata": told,
            }
            status, headers, body = practice.ask("POST", "/uploads/", b"", sent)
            if status == 201:
                return way, headers["location"]
            if status != 403:
                raise RuntimeError(f"upload: {status} {body[:200]!r}")
    raise RuntimeError("no client agreed to recordings")


def _peak_mb(practice: Practice) -> float:
    status = Path(f"/proc/{practice.processes['server'].pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def main() -> None:
    """Print the rows; exit 1 where a limit is missed."""
    from benchmarks.__main__ import as_text, machine

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    rows = run(arguments.clients, arguments.reports, arguments.seconds)
    print(machine())
    print(as_text(rows))
    sys.exit(not all(row["ok"] for row in rows))


if __name__ == "__main__":
    main()

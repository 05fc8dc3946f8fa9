"""The end of the hour: 500 people answer in the same minute, on one server with SQLite.

    python -m benchmarks.burst --people 500 --seconds 60

A fictional practice is made in a temporary folder and served on loopback. Each person opens the
link of their letter at some moment of the minute and sends the form a few seconds later; every
tenth sends it twice, as a telephone does whose acknowledgement was lost. At the end every answer is
there once, says what was sent, and the audit log holds.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.engine import Row
from benchmarks.faults import Practice

__all__ = ["run"]

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_ITEMS = ("bond", "goal", "task", "voice")
_LIMIT_MS = 500


@dataclass
class _Person(threading.Thread):
    """Somebody with a link, who opens it and answers."""

    practice: Practice
    token: str
    at: float
    thinks: float
    twice: bool
    values: dict[str, int]
    opened: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    again: int = 0
    wrong: str = ""

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        try:
            self._answer()
        except Exception as error:  # told at the end
            self.wrong = f"{type(error).__name__}: {error}"

    def _answer(self) -> None:
        _sleep_until(self.at)
        began = time.monotonic()
        _, headers, _ = self.practice.ask("GET", f"/questions/link?link={self.token}")
        cookie = {"Cookie": headers["set-cookie"].partition(";")[0]}
        status, _, page = self.practice.ask("GET", "/questions/form", headers=cookie)
        self.opened.append(time.monotonic() - began)
        if status != 200:
            raise RuntimeError(f"the form: {status}")
        fields = {name: html.unescape(value) for name, value in _HIDDEN.findall(page.decode())}
        fields |= {f"a-{item}": str(value) for item, value in self.values.items()}
        _sleep_until(self.at + self.thinks)
        for _ in range(2 if self.twice else 1):
            began = time.monotonic()
            self._send(urlencode(fields).encode())
            self.sent.append(time.monotonic() - began)

    def _send(self, body: bytes) -> None:
        """Send until it is acknowledged, with the pauses of the page; each further try is counted."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        for pause in (3, 6, 12, 24, 0):
            try:
                status, headers, _ = self.practice.ask("POST", "/questions/answer", body, kind)
            except OSError:
                status, headers = 0, {}
            if headers.get("x-asking") == "1":
                if status != 200:
                    raise RuntimeError(f"the answer: {status}")
                return
            self.again += 1
            time.sleep(pause)
        raise RuntimeError(f"the answer: {status}, five times")


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def run(people: int = 500, seconds: int = 60) -> list[Row]:
    """Fill, serve, let everybody answer, count.

    Parameters
    ----------
    people : int
        How many.
    seconds : int
        Within how long all of them send.

    Returns
    -------
    rows : list of Row
        Lost answers, and how long opening and sending took.
    """
    with tempfile.TemporaryDirectory(prefix="openrapport-burst-") as folder:
        home = Path(folder) / "practice"
        command = [sys.executable, "-m", "openrapport_cli", "init", "--home", str(home)]
        subprocess.run(command, check=True, capture_output=True)
        practice = Practice(home)
        tokens = _inside(practice, str(people))
        try:
            practice.start("server")
            practice.wait_until_up()
            persons = _everybody(practice, tokens, seconds)
            kept = _inside(practice, "count")
        finally:
            for process in practice.processes.values():
                process.kill()
                process.wait()
    return _rows(persons, kept, seconds)


def _inside(practice: Practice, what: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.burst_inside", what]
    done = subprocess.run(
        command, env=practice.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def _everybody(practice: Practice, tokens: list[str], seconds: int) -> list[_Person]:
    rng = random.Random(1)  # noqa: S311
    now = time.monotonic() + 1
    persons = []
    for number, token in enumerate(tokens):
        thinks = rng.uniform(2, 8)
        persons.append(
            _Person(
                practice,
                token,
                at=now + rng.uniform(0, seconds) - thinks + 8,
                thinks=thinks,
                twice=number % 10 == 0,
                values={item: rng.randrange(11) for item in _ITEMS},
            )
        )
    for person in persons:
        person.start()
    for person in persons:
        person.join(timeout=seconds + 120)
    return persons


def _rows(persons: list[_Person], kept: dict[str, Any], seconds: int) -> list[Row]:
    wrong = [person.wrong for person in persons if person.wrong] + kept["breaks"]
    if wrong:
        print(f"{len(wrong)} went wrong, the first: {wrong[0]}", file=sys.stderr)
    told = {sha256(p.token.encode()).hexdigest(): p.values for p in persons}
    lost = sum(kept["kept"].get(token) != values for token, values in told.items())
    about = f"{len(persons)} people answer within {seconds} s"
    rows = [
        Row(
            what=f"{about}: answers lost, or not as sent",
            value=lost + len(wrong),
            unit="",
            limit="0",
            ok=lost + len(wrong) == 0,
        ),
        Row(
            what=f"{about}: sent again by the page, because no acknowledgement came",
            value=sum(person.again for person in persons),
            unit="",
            limit=None,
            ok=True,
        ),
    ]
    for what, times in (
        ("opening a form by its link", [t for p in persons for t in p.opened]),
        ("sending it", [t for p in persons for t in p.sent]),
    ):
        p95 = 1_000 * statistics.quantiles(times, n=20)[-1]
        median = 1_000 * statistics.median(times)
        named = f"{about}: {what}, n = {len(times)}"
        rows.append(Row(what=f"{named}: median", value=median, unit="ms", limit=None, ok=True))
        limit = f"<= {_LIMIT_MS} ms"
        ok = p95 <= _LIMIT_MS
        rows.append(Row(what=f"{named}: 95 %", value=p95, unit="ms", limit=limit, ok=ok))
    return rows


def main() -> None:
    """Print the rows; exit 1 where a limit is missed."""
    from benchmarks.__main__ import as_text, machine

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    rows = run(arguments.people, arguments.seconds)
    print(machine())
    print(as_text(rows))
    sys.exit(not all(row["ok"] for row in rows))


if __name__ == "__main__":
    main()

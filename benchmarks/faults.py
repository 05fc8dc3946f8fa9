"""Kill the server and the worker at random moments, and see that nothing acknowledged is lost.

    python -m benchmarks.faults --kills 100 --seed 1

A practice of its own is made in a temporary folder and served on loopback. Four people work in it
at once through HTTP, and go on after each crash as a browser would: one uploads transcripts, one
writes notes, one client agrees and takes back. A fifth hand sends SIGKILL to the server or the
worker at random moments. At the end, with everything running again:

- what was acknowledged is there, and bytes that were acknowledged were never asked for again;
- each transcript has one file, one version and one report, and each note each text once;
- the client's consent is what the last acknowledged answer said;
- the audit chain verifies.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.engine import Row

__all__ = ["Outcome", "rows", "run"]

_PATIENCE_S = 120
_PIECE = 8_192


@dataclass
class Outcome:
    """What was done, and what was found wrong."""

    kills: int = 0
    uploads: int = 0
    notes: int = 0
    answers: int = 0
    refused_connections: int = 0
    wrong: list[str] = field(default_factory=list)


class Practice:
    """A server and a worker on a folder, each of which can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, _free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("OPENRAPPORT_")},
            "OPENRAPPORT_HOME": str(home),
            "OPENRAPPORT_HTTPS": "no",
            "OPENRAPPORT_LOG_LEVEL": "ERROR",
            "OPENRAPPORT_ORIGIN": f"http://127.0.0.1:{self.port}",
            "DJANGO_SETTINGS_MODULE": "openrapport_web.settings",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def inside(self, what: str) -> Any:
        """Do something in the practice's Django, in a process of its own."""
        command = [sys.executable, "-m", "benchmarks.faults_inside", what]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2_000:])
        return json.loads(done.stdout)

    def start(self, which: str) -> None:
        server = f"run_server('127.0.0.1', {self.port}, with_worker=False)"
        code = {
            "server": f"from openrapport_web.verbs import run_server; {server}",
            "worker": "from openrapport_web.work import run_worker; run_worker()",
        }[which]
        command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
        with (self.home / f"{which}.log").open("ab") as log:
            self.processes[which] = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.DEVNULL, stderr=log
            )

    def kill(self, which: str) -> None:
        self.processes[which].send_signal(signal.SIGKILL)
        self.processes[which].wait()

    def wait_until_up(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            try:
                status, _, _ = self.ask("GET", "/health")
                if status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.home / "server.log").read_text()[-2_000:])

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError from error
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hand(threading.Thread):
    """Somebody who works, and goes on after a crash."""

    def __init__(self, practice: Practice, about: dict[str, Any], outcome: Outcome, seed: int) -> None:
        super().__init__(daemon=True)
        self.practice, self.about, self.outcome = practice, about, outcome
        self.random, self.stop = random.Random(seed), threading.Event()  # noqa: S311
        self.failure = ""

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.step()
        except Exception as error:  # said at the end
            self.failure = f"{type(self).__name__}: {type(error).__name__} {error}"

    def step(self) -> None:
        raise AssertionError

    def patiently(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Ask once; None where the line broke, which may be before or after it was done."""
        try:
            named = {k.replace("_", "-"): v for k, v in headers.items()}
            return self.practice.ask(method, path, body, {**self.who(), **named})
        except OSError:
            self.outcome.refused_connections += 1
            time.sleep(0.1)
            return None

    def who(self) -> dict[str, str]:
        return dict(self.about["therapist"])

    def form(self, path: str, **values: str) -> tuple[int, dict[str, str], bytes] | None:
        kind = "application/x-www-form-urlencoded"
        return self.patiently("POST", path, urlencode(values).encode(), Content_Type=kind)


class Uploader(Hand):
    """Uploads transcripts in small pieces and never sends an acknowledged byte again."""

    done: list[str]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.done, self.left = [], list(self.about["meetings"])

    def step(self) -> None:
        meeting = self.left.pop()
        data = _transcript(self.random)
        told = (
            f"filename {b64encode(b'talk.vtt').decode()},meeting {b64encode(meeting.encode()).decode()}"
        )
        made = self.patiently(
            "POST",
            "/uploads/",
            Tus_Resumable="1.0.0",
            Upload_Length=str(len(data)),
            Upload_Metadata=told,
        )
        if made is None:
            return  # an upload that nobody knows of is never used; its meeting is left alone
        if made[0] != 201:
            raise RuntimeError(f"begin: {made[0]} {made[2][:80]!r}")
        self._send(made[1]["location"], data)
        self.done.append(meeting)
        self.outcome.uploads += 1

    def _send(self, path: str, data: bytes) -> None:
        acknowledged, known = 0, True
        while acknowledged < len(data):
            if not known:
                asked = self.patiently("HEAD", path, Tus_Resumable="1.0.0")
                if asked is None:
                    continue
                offset = int(asked[1]["upload-offset"])
                if offset < acknowledged:
                    self.outcome.wrong.append(
                        f"{acknowledged} bytes were acknowledged, {offset} are kept"
                    )
                acknowledged, known = offset, True
                continue
            piece = data[acknowledged : acknowledged + _PIECE]
            sent = self.patiently(
                "PATCH",
                path,
                piece,
                Tus_Resumable="1.0.0",
                Upload_Offset=str(acknowledged),
                Content_Type="application/offset+octet-stream",
            )
            if sent is None or sent[0] == 409:
                known = False
            elif sent[0] == 204:
                acknowledged = int(sent[1]["upload-offset"])
            else:
                raise RuntimeError(f"patch: {sent[0]} {sent[2][:80]!r}")


def _transcript(chance: random.Random) -> bytes:
    lines = ["WEBVTT", ""]
    for i in range(chance.randint(60, 200)):
        who = ("Therapist", "Client")[i % 2]
        words = " ".join(
            chance.choices(["well", "I", "hear", "that", "you", "feel", "tired", "today"], k=12)
        )
        start = i * 5
        lines += [
            f"00:{start // 60:02}:{start % 60:02}.000 --> 00:{start // 60:02}:{start % 60:02}.900",
            f"<v {who}>{words}.",
            "",
        ]
    return "\n".join(lines).encode()


class Writer(Hand):
    """Writes notes, each with a text of its own."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.acknowledged: list[str] = []
        self.tried = 0

    def step(self) -> None:
        self.tried += 1
        text = f"note number {self.tried}"
        answer = self.form(f"/episodes/{self.about['episode']}/note", text=text, version="0")
        if answer is not None:
            if answer[0] != 302:
                raise RuntimeError(f"note: {answer[0]}")
            self.acknowledged.append(text)
            self.outcome.notes += 1
        time.sleep(self.random.random() / 5)


class Decider(Hand):
    """A client who agrees and takes back."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.agreed, self.sure = False, True

    def who(self) -> dict[str, str]:
        return dict(self.about["client"])

    def step(self) -> None:
        wish = self.random.random() < 0.5
        where = "give" if wish else "withdraw"
        answer = self.form(f"/consents/research/{where}", wording=self.about["wording"])
        if answer is None:
            self.sure = self.sure and wish == self.agreed
        elif answer[0] in (200, 302):
            self.agreed, self.sure = wish, True
            self.outcome.answers += 1
        else:
            raise RuntimeError(f"consent: {answer[0]}")
        time.sleep(self.random.random() / 5)


def run(kills: int, seed: int) -> Outcome:
    """Do it all in a folder of its own.

    Parameters
    ----------
    kills : int
        How often somebody is killed.
    seed : int
        For the moments, the victims and the texts.

    Returns
    -------
    outcome : Outcome
        ``wrong`` is empty where everything held.
    """
    chance, outcome = random.Random(seed), Outcome()  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="openrapport-faults-") as folder:
        home = Path(folder) / "practice"
        subprocess.run(
            [sys.executable, "-m", "openrapport_cli", "init", "--home", str(home)],
            check=True,
            capture_output=True,
        )
        practice = Practice(home)
        about = practice.inside("make")
        hands = [
            kind(practice, about, outcome, seed + i)
            for i, kind in enumerate((Uploader, Writer, Decider))
        ]
        try:
            for which in ("server", "worker"):
                practice.start(which)
            practice.wait_until_up()
            for hand in hands:
                hand.start()
            _kill_now_and_then(practice, chance, kills, outcome)
            for hand in hands:
                hand.stop.set()
            for hand in hands:
                hand.join(timeout=_PATIENCE_S)
            outcome.wrong += [hand.failure for hand in hands if hand.failure]
            found = practice.inside("found")
            outcome.wrong += _compare(found, *hands)
        finally:
            for process in practice.processes.values():
                process.kill()
                process.wait()
    return outcome


def rows(kills: int, seed: int = 1) -> list[Row]:
    """Say the outcome as lines of the table.

    Parameters
    ----------
    kills : int
        How often somebody is killed.
    seed : int
        As for :func:`run`.

    Returns
    -------
    rows : list of Row
        What was acknowledged, and what was found wrong (0 is the limit).
    """
    outcome = run(kills, seed)
    done = f"{outcome.uploads} uploads, {outcome.notes} notes, {outcome.answers} consents acknowledged"
    what = f"lost or done twice after {kills} kills of server and worker; {done}"
    wrong = len(outcome.wrong)
    return [Row(what=what, value=wrong, unit="", limit="0", ok=not wrong)]


def _kill_now_and_then(practice: Practice, chance: random.Random, kills: int, outcome: Outcome) -> None:
    for _ in range(kills):
        practice.wait_until_up()
        time.sleep(chance.random() * 2)
        which = chance.choice(("server", "worker"))
        practice.kill(which)
        practice.start(which)
        outcome.kills += 1
    practice.wait_until_up()


def _compare(found: dict[str, Any], uploader: Uploader, writer: Writer, decider: Decider) -> list[str]:
    notes: list[str] = found["notes"]
    claims = {
        "a note was written twice": len(notes) == len(set(notes)),
        "one consent is kept twice": found["research"] < 2,
        "sealed files are missing": not found["n_missing"],
        "the client's last answer is not what is kept": (
            not decider.sure or bool(found["research"]) == decider.agreed
        ),
    }
    return [
        *(f"audit chain: {line}" for line in found["broken"]),
        *(words for words, holds in claims.items() if not holds),
        *(
            f"an acknowledged note is there {notes.count(text)} times"
            for text in writer.acknowledged
            if notes.count(text) != 1
        ),
        *_compare_uploads(found, uploader.done),
    ]


def _compare_uploads(found: dict[str, Any], done: list[str]) -> list[str]:
    wrong = [
        f"a finished upload has {found[what].count(meeting)} {what}"
        for meeting in done
        for what in ("files", "versions", "reports")
        if found[what].count(meeting) != 1
    ]
    return wrong + [
        f"an analysis ended as {state} ({problem})"
        for meeting, state, problem in found["analyses"]
        if meeting in done and state != "done"
    ]


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcome = run(arguments.kills, arguments.seed)
    print(
        f"{outcome.kills} kills; acknowledged: {outcome.uploads} uploads, {outcome.notes} notes, "
        f"{outcome.answers} answers; {outcome.refused_connections} broken lines; "
        f"{len(outcome.wrong)} things wrong"
    )
    for line in outcome.wrong:
        print(f"  {line}")
    sys.exit(bool(outcome.wrong))


if __name__ == "__main__":
    main()

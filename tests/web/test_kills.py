"""Real processes killed in the middle: nothing that was acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.db import connection
from django.utils import timezone

from openrapport.demo import demo_path
from openrapport_web import crypto
from openrapport_web.audit.chain import verify
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Purpose
from openrapport_web.recordings import workroom
from openrapport_web.recordings.models import (
    Analysis,
    StoredFile,
    StoredReport,
    TranscriptVersion,
    Upload,
)
from openrapport_web.recordings.tasks import sweep
from openrapport_web.sealed_files import opened
from tests.web.conftest import give_consent, signed_in
from tests.web.recorded import ANALYSE, agreed, bring

PATIENCE_S = 120


@pytest.fixture
def home(tmp_path: Path, settings: Any, transactional_db: None) -> Path:
    """A folder in which other processes find this test's database, keys and files."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "practice.sqlite3").symlink_to(connection.settings_dict["NAME"])
    settings.KEYS_DIR, settings.FILES_DIR = home / "keys", home / "files"
    return home


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process of the practice; whatever still runs is ended after the test."""
    running: list[subprocess.Popen[bytes]] = []
    variables = {
        **os.environ,
        "OPENRAPPORT_HOME": str(home),
        "OPENRAPPORT_MASTER_KEY": live_settings.MASTER_KEY,
        "DJANGO_SETTINGS_MODULE": "openrapport_web.settings",
    }

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        running.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                env=variables,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def until(true: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := true()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)
    return value


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def sealed_files() -> set[str]:
    return {p.name.split(".")[0] for p in Path(live_settings.FILES_DIR).rglob("*.sealed")}


def test_a_worker_killed_at_any_stage_loses_and_doubles_nothing(
    home: Path, practice: SimpleNamespace, start: Callable[..., Any]
) -> None:
    agreed(practice.teos, *ANALYSE)
    with demo_path() as path:
        bring(practice.teos, path.read_bytes(), path.name)
    waiting = Analysis.objects.get()
    # The stages that last long enough to be met; a kill between them is what test_analysis simulates.
    for stages in ({"reading", "coding"}, {"measuring", "writing"}):
        worker = start("-m", "openrapport_web.work")
        until(lambda wanted=stages: Analysis.objects.get().stage in wanted)
        kill(worker)
        # As if half a minute went by.
        Analysis.objects.filter(state="running").update(
            leased_until=timezone.now() - timedelta(seconds=1)
        )
    start("-m", "openrapport_web.work")
    until(lambda: Analysis.objects.get().state == "done")
    waiting.refresh_from_db()
    assert waiting.attempts <= 3
    assert TranscriptVersion.objects.count() == StoredReport.objects.count() == 1
    assert Entry.objects.filter(action="report.made").count() == 1
    assert list(verify()) == []
    assert workroom.sweep() == 0  # the worker took away what the killed ones left open
    for path in Path(live_settings.FILES_DIR).rglob("*"):
        os.utime(path, (0, 0))
    sweep()
    rows = [StoredFile.objects.get(), TranscriptVersion.objects.get(), StoredReport.objects.get()]
    assert sealed_files() == {str(row.key) for row in rows}


class Line:
    """A sender who speaks tus to a server that may die at any moment."""

    def __init__(self, port: int, cookies: str, token: str) -> None:
        self.port = port
        self.headers = {"Tus-Resumable": "1.0.0", "Cookie": cookies, "X-CSRFToken": token}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, body, {**self.headers, **named})
            answer = line.getresponse()
            answer.read()
            return answer
        finally:
            line.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_server_killed_during_an_upload_keeps_every_byte_that_it_acknowledged(
    home: Path, practice: SimpleNamespace, start: Callable[..., Any]
) -> None:
    give_consent(practice.teos.client, Purpose.RECORD)
    chance = random.Random(7)  # noqa: S311 - where the knife falls
    data = b"RIFF\x24\x00\x00\x00WAVEfmt " + chance.randbytes(6 * 2**20)
    port = free_port()
    browser = signed_in(practice.alba)
    browser.get("/people/me")
    token = "a" * 32
    cookies = f"session={browser.cookies['session'].value}; csrf={token}"
    line = Line(port, cookies, token)
    serve = (
        "-m",
        "uvicorn",
        "openrapport_web.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "critical",
    )

    def answers() -> bool:
        try:
            return bool(line.ask("GET", "/health").status == 200)
        except OSError:
            return False

    server = start(*serve)
    until(answers)
    told = {"meeting": str(practice.teos.meeting.key), "filename": "a.wav"}
    created = line.ask(
        "POST",
        "/uploads/",
        Upload_Length=str(len(data)),
        Upload_Metadata=",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in told.items()),
    )
    assert created.status == 201
    where, acknowledged = created.getheader("Location"), 0
    knives: list[threading.Timer] = []
    while acknowledged < len(data):
        size = chance.randrange(100_000, 900_000)
        if len(knives) < 3 and chance.random() < 0.5:
            # The knife falls while the piece is on its way or being put away.
            knives.append(threading.Timer(chance.uniform(0, 0.06), server.kill))
            knives[-1].start()
        try:
            answer = line.ask(
                "PATCH",
                where,
                data[acknowledged : acknowledged + size],
                Upload_Offset=str(acknowledged),
                Content_Type="application/offset+octet-stream",
            )
            assert answer.status == 204, answer.status
            acknowledged = int(answer.getheader("Upload-Offset"))
        except (OSError, http.client.HTTPException):
            server.wait()
            server = start(*serve)
            until(answers)
            now = int(line.ask("HEAD", where).getheader("Upload-Offset"))
            assert now >= acknowledged  # nothing acknowledged is lost
            acknowledged = now
    assert len(knives) == 3
    for knife in knives:
        knife.join()
    file = StoredFile.objects.get()
    key = crypto.keyring().key(file.client_id)
    kept = b"".join(opened(file.path, key, context=file.context))
    assert hashlib.sha256(kept).digest() == hashlib.sha256(data).digest()
    assert Entry.objects.filter(action="file.added").count() == 1
    assert Upload.objects.get().finished_at
    assert list(verify()) == []

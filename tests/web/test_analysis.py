"""Reading and measuring: once, with consent, and through the death of workers."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from openrapport.demo import demo_path
from openrapport.finding import Report
from openrapport.io.files import read_session
from openrapport.pipeline import run
from openrapport_web import crypto
from openrapport_web.audit.chain import verify
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Consent, Purpose
from openrapport_web.crypto import BadKeys
from openrapport_web.recordings import actions, analysis, bundles, workroom
from openrapport_web.recordings.models import Analysis, StoredReport, TranscriptVersion
from openrapport_web.recordings.refusals import Refused
from openrapport_web.recordings.tasks import read_and_measure, rescue
from tests.web.conftest import give_consent, signed_in
from tests.web.recorded import ANALYSE, SMALL, agreed, bring, bring_and_analyse

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def waiting(practice: SimpleNamespace) -> Analysis:
    agreed(practice.teos, *ANALYSE)
    bring(practice.teos)
    return Analysis.objects.get()


def do(analysis: Analysis) -> Analysis:
    read_and_measure.call(str(analysis.key))
    analysis.refresh_from_db()
    return analysis


def sealed_files() -> set[str]:
    return {p.name for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file()}


def test_the_stored_report_is_the_one_that_the_core_makes(practice: SimpleNamespace) -> None:
    with demo_path() as path:
        bring_and_analyse(practice.teos, path.read_bytes(), path.name)
        expected = run(read_session(path))
    stored = StoredReport.objects.get()
    assert json.loads(stored.json) == json.loads(json.dumps(expected.to_json()))
    assert Report.from_json(json.loads(stored.json)).to_json() == expected.to_json()
    assert bundles.load(TranscriptVersion.objects.get()) == read_session_as(path.name)


def read_session_as(name: str) -> Any:
    with demo_path() as path:
        assert path.name == name
        return read_session(path)


def test_it_is_done_once_though_the_job_runs_twice(waiting: Analysis) -> None:
    assert do(waiting).state == "done"
    first = set(StoredReport.objects.values_list("key", flat=True))
    files = sealed_files()
    assert do(waiting).state == "done"
    assert set(StoredReport.objects.values_list("key", flat=True)) == first
    assert TranscriptVersion.objects.count() == 1
    assert sealed_files() == files
    assert Entry.objects.filter(action="report.made").count() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(
    waiting: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = analysis._write
    before = sealed_files()

    def too_late(lease: Any, *args: Any) -> None:
        Analysis.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert rescue() == 1
        write(lease, *args)

    monkeypatch.setattr(analysis, "_write", too_late)
    do(waiting)
    assert (waiting.state, StoredReport.objects.count()) == ("queued", 0)
    assert sealed_files() == before
    monkeypatch.undo()
    assert do(waiting).state == "done"
    assert (waiting.attempts, StoredReport.objects.count()) == (2, 1)


def test_a_cancelled_analysis_writes_nothing(
    waiting: Analysis, practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = analysis.Lease.tell
    told: list[str] = []

    def and_meanwhile(lease: Any, stage: str, percent: int) -> None:
        told.append(stage)
        if stage == "measuring":
            actions.cancel(actor=practice.alba, analysis=waiting)
        tell(lease, stage, percent)

    monkeypatch.setattr(analysis.Lease, "tell", and_meanwhile)
    assert do(waiting).state == "cancelled"
    assert told == ["coding", "measuring"]  # it stopped there
    assert not StoredReport.objects.exists()
    monkeypatch.undo()
    actions.retry(actor=practice.alba, analysis=waiting)
    assert do(waiting).state == "done"


def test_work_of_a_dead_worker_goes_to_another_and_is_given_up_after_three(
    waiting: Analysis,
) -> None:
    for attempt in (1, 2):
        assert analysis.claim(waiting.key)  # and the worker dies
        assert rescue() == 0  # its lease may still be alive
        Analysis.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert rescue() == 1
        waiting.refresh_from_db()
        assert (waiting.state, waiting.attempts) == ("queued", attempt)
    assert analysis.claim(waiting.key)
    Analysis.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    rescue()
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    assert "stopped 3 times" in waiting.problem


def test_a_job_whose_worker_died_before_it_began_is_queued_again(waiting: Analysis) -> None:
    DBTaskResult.objects.all().delete()
    assert rescue() == 1
    assert rescue() == 0  # it waits in the queue now
    assert DBTaskResult.objects.ready().count() == 1


def test_a_worker_without_the_key_fails_clearly_and_the_job_waits(
    waiting: Analysis, settings: Any, tmp_path: Path
) -> None:
    key = settings.MASTER_KEY
    settings.MASTER_KEY, settings.MASTER_KEY_FILE = "", tmp_path / "no.key"
    with pytest.raises(BadKeys, match="no master key"):
        read_and_measure.call(str(waiting.key))
    with pytest.raises(BadKeys, match="no master key"):
        rescue()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert "key" in waiting.stage
    settings.MASTER_KEY = key
    assert do(waiting).state == "done"


@pytest.mark.parametrize("purpose", ANALYSE)
def test_without_consent_nothing_is_asked_done_or_written(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, purpose: Purpose
) -> None:
    agreed(practice.teos, *ANALYSE)
    bring(practice.teos)
    waiting = Analysis.objects.get()
    take_back = Consent.objects.filter(purpose=purpose)
    take_back.update(withdrawn_at=timezone.now())
    assert do(waiting).state == "failed"  # at the beginning
    assert "not agreed" in waiting.problem
    with pytest.raises(Refused, match="not agreed"):
        actions.retry(actor=practice.alba, analysis=waiting)
    give_consent(practice.teos.client, purpose)
    actions.retry(actor=practice.alba, analysis=waiting)
    tell = analysis.Lease.tell

    def and_meanwhile(lease: Any, stage: str, percent: int) -> None:
        tell(lease, stage, percent)
        if stage == "writing":
            Consent.objects.filter(purpose=purpose).update(withdrawn_at=timezone.now())

    monkeypatch.setattr(analysis.Lease, "tell", and_meanwhile)
    assert do(waiting).state == "failed"  # at the very end
    assert not StoredReport.objects.exists()
    assert not TranscriptVersion.objects.exists()


UNSURE = "Ana: So we meet again.\nBo: So we do.\nAna: The rain was loud.\nBo: It was.\n"
THREE = "Ana: How are you?\nBo: I am fine.\nCy: I am here, too.\nAna: Good.\n"


@pytest.mark.parametrize(("text", "speakers"), [(UNSURE, {"Ana", "Bo"}), (THREE, {"Ana", "Bo", "Cy"})])
def test_where_roles_are_not_sure_the_therapist_is_asked(
    practice: SimpleNamespace, text: str, speakers: set[str]
) -> None:
    agreed(practice.teos, *ANALYSE)
    bring(practice.teos, text)
    waiting = do(Analysis.objects.get())
    assert waiting.state == "asking"
    assert set(json.loads(waiting.question)["speakers"]) == speakers
    assert b"Ana" not in bytes(waiting.sealed_question)
    browser = signed_in(practice.alba)
    page = browser.get(reverse("session_open", args=(practice.teos.meeting.key,))).content.decode()
    assert "Who is who?" in page
    assert "Ana" in page
    where = reverse("analysis_answer", args=(waiting.key,))
    assert browser.post(where, {"therapist": "Bo", "client": "Bo"}).status_code == 409
    assert browser.post(where, {"therapist": "Zoe", "client": "Bo"}).status_code == 409
    assert browser.post(where, {"therapist": "Bo", "client": "Ana"}).status_code == 302
    assert do(waiting).state == "done"
    session = bundles.load(TranscriptVersion.objects.get())
    assert [(p.name, str(p.role)) for p in session.parties][:2] == [
        ("Bo", "therapist"),
        ("Ana", "client"),
    ]
    assert browser.post(where, {"therapist": "Ana", "client": "Bo"}).status_code == 409


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.vtt", b"WEBVTT\n\nthis is none\n", ""),
        ("a.txt", b"words without any speaker in them\n", "speaker"),
        ("a.json", b'{"no": "transcript"}', ""),
        ("a.zip", b"PK\x03\x04" + b"\x00" * 50, ""),
        ("a.docx", b"PK\x03\x04" + b"\x00" * 50, ""),
        ("a.csv", b"session,speaker,text\n1,T,hello\n1,C,hi\n2,T,hello\n2,C,hi\n", "several sessions"),
    ],
)
def test_what_cannot_be_read_says_why_without_a_word_of_it(
    practice: SimpleNamespace, name: str, data: bytes, said: str
) -> None:
    agreed(practice.teos, *ANALYSE)
    bring(practice.teos, data, f"Ms Miller {name}")
    failed = do(Analysis.objects.get())
    assert failed.state == "failed"
    assert said in failed.problem
    assert failed.problem
    for word in ("Miller", "without any", "none\n", "fault of ours"):
        assert word not in failed.problem
    page = signed_in(practice.alba).get(reverse("session_open", args=(practice.teos.meeting.key,)))
    assert "could not be done" in page.content.decode()


def test_a_fault_of_ours_shows_its_type_and_not_what_it_says(
    waiting: Analysis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def choke(_session: Any, **_: Any) -> None:
        raise ZeroDivisionError("at the secret thing that she said")

    monkeypatch.setattr(analysis.pipeline, "prepare", choke)
    assert do(waiting).state == "failed"
    assert "ZeroDivisionError" in waiting.problem
    assert "secret" not in waiting.problem + str(DBTaskResult.objects.values_list("traceback"))


def test_nothing_decrypted_is_left_behind_even_by_a_killed_process(
    waiting: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workroom, "_MEMORY", tmp_path / "memory")
    (tmp_path / "memory").mkdir()
    with workroom.workroom() as room:
        (room / "words.txt").write_text("secret")
        assert room.stat().st_mode & 0o077 == 0
        assert workroom.sweep() == 0  # at work
        left = room.parent
        copy = left.with_name(left.name + "x")
        import shutil

        shutil.copytree(left, copy)  # what a killed process leaves: a folder that nobody locks
    assert not left.exists()
    assert workroom.sweep() == 1
    assert not copy.exists()
    do(waiting)
    assert not list((tmp_path / "memory").iterdir())


def test_a_deleted_key_ends_an_analysis_in_words(waiting: Analysis, practice: SimpleNamespace) -> None:
    crypto.keyring().delete(practice.teos.client.key)
    assert do(waiting).state == "failed"
    assert "key" in waiting.problem


def test_the_chain_of_entries_holds_after_all_of_it(practice: SimpleNamespace) -> None:
    bring_and_analyse(practice.teos, SMALL)
    assert list(verify()) == []
    assert [e.action for e in Entry.objects.filter(client=practice.teos.client.key)][-4:] == [
        "upload.begun",
        "file.added",
        "analysis.asked",
        "report.made",
    ]

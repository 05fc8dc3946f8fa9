"""Bringing files in: the protocol, what is sealed, what is refused, and going on after anything."""

from __future__ import annotations

import errno
import hashlib
import os
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport.demo import demo_path
from openrapport_web import crypto
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Consent, Purpose
from openrapport_web.recordings import pieces, uploads
from openrapport_web.recordings.models import Analysis, Kind, StoredFile, Upload
from openrapport_web.recordings.tasks import finish_upload, rescue, sweep
from openrapport_web.sealed_files import opened
from tests.web.conftest import give_consent, signed_in

pytestmark = pytest.mark.usefixtures("transactional_db")

WORDS = b"Therapist: How was the week?\nClient: A secret thing happened, I think.\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 40


class Tus:
    """A small client of the protocol."""

    def __init__(self, browser: Browser, meeting: Any) -> None:
        self.browser, self.meeting = browser, meeting

    def create(self, name: str, size: int) -> Any:
        told = {"meeting": str(self.meeting.key), "filename": name}
        metadata = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in told.items())
        return self.browser.post(
            "/uploads/",
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(size),
                "Upload-Metadata": metadata,
            },
        )

    def patch(self, where: str, offset: int, data: bytes, **headers: str) -> Any:
        return self.browser.patch(
            where,
            data,
            content_type="application/offset+octet-stream",
            headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **headers},
        )

    def head(self, where: str) -> Any:
        return self.browser.head(where, headers={"Tus-Resumable": "1.0.0"})

    def bring(self, name: str, data: bytes) -> Any:
        where = self.create(name, len(data))["Location"]
        return self.patch(where, 0, data)


@pytest.fixture
def tus(practice: SimpleNamespace) -> Tus:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE, Purpose.RECORD)
    return Tus(signed_in(practice.alba), practice.teos.meeting)


def plain(file: StoredFile) -> bytes:
    key = crypto.keyring().key(file.client_id)
    return b"".join(opened(file.path, key, context=file.context))


def on_disk() -> bytes:
    return b"".join(p.read_bytes() for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file())


def test_the_server_says_what_it_can_do(tus: Tus) -> None:
    answer = tus.browser.options("/uploads/")
    assert answer.status_code == 204
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert set(answer["Tus-Extension"].split(",")) == {
        "creation",
        "termination",
        "expiration",
        "checksum",
    }
    assert int(answer["Tus-Max-Size"]) == live_settings.MAX_UPLOAD_BYTES


def test_a_file_arrives_in_parts_and_is_sealed_all_the_way(tus: Tus) -> None:
    created = tus.create("Ms Miller 3 March.txt", len(WORDS))
    assert created.status_code == 201
    where = created["Location"]
    assert "Miller" not in where
    assert tus.head(where)["Upload-Offset"] == "0"
    first = tus.patch(where, 0, WORDS[:30])
    assert (first.status_code, first["Upload-Offset"]) == (204, "30")
    assert b"secret" not in on_disk()
    assert tus.head(where)["Upload-Offset"] == "30"
    assert tus.patch(where, 30, WORDS[30:])["Upload-Offset"] == str(len(WORDS))
    file = StoredFile.objects.get()
    assert plain(file) == WORDS
    assert (file.name, file.kind, file.content_type) == (
        "Ms Miller 3 March.txt",
        Kind.TRANSCRIPT,
        "text/plain",
    )
    assert b"secret" not in on_disk()
    assert not list(Path(live_settings.FILES_DIR).glob("*/uploads/*"))
    assert Analysis.objects.count() == 0  # nobody agreed to an analysis
    told = list(Entry.objects.exclude(action="note.written").values_list("action", flat=True))
    assert told == ["upload.begun", "file.added"]
    assert all("Miller" not in str(e.details) for e in Entry.objects.all())


def test_a_large_file_goes_through_in_pieces_and_is_put_together_by_a_worker(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECE_BYTES", 64 * 2**10)
    monkeypatch.setattr(uploads, "FINISH_AT_ONCE_BYTES", 2**20)
    data = WAV + os.urandom(2**20)
    where = tus.create("a.wav", len(data))["Location"]
    assert tus.patch(where, 0, data[: 2**19])["Upload-Offset"] == str(2**19)
    assert tus.patch(where, 2**19, data[2**19 :])["Upload-Offset"] == str(len(data))
    assert not StoredFile.objects.exists()
    key = str(Upload.objects.get().key)
    finish_upload.call(key)
    finish_upload.call(key)  # twice is as good as once
    file = StoredFile.objects.get()
    assert plain(file) == data
    assert file.content_type == "audio/x-wav"
    assert Entry.objects.filter(action="file.added").count() == 1


def test_what_arrived_of_a_broken_line_counts(tus: Tus, practice: SimpleNamespace) -> None:
    upload = uploads.begin(actor=practice.alba, meeting=tus.meeting, name="a.txt", size=100)
    parts = iter([b"a" * 40, b"b" * 20])

    def read(_size: int) -> bytes:
        try:
            return next(parts)
        except StopIteration:
            raise OSError("the line broke") from None

    assert uploads.receive(upload, read) == 60
    assert Upload.objects.get().offset == 60
    assert uploads.receive(Upload.objects.get(), lambda size: b"c" * size) == 100
    assert plain(StoredFile.objects.get()) == b"a" * 40 + b"b" * 20 + b"c" * 40


def test_a_full_disk_says_so_and_the_upload_goes_on_later(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tus.create("a.txt", len(WORDS))["Location"]
    tus.patch(where, 0, WORDS[:20])
    real, full = os.fsync, True

    def fsync(descriptor: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("openrapport_web.sealed_files.os.fsync", fsync)
    refused = tus.patch(where, 20, WORDS[20:])
    assert refused.status_code == 507
    assert "disk is full" in refused.content.decode()
    assert tus.head(where)["Upload-Offset"] == "20"
    assert not list(Path(live_settings.FILES_DIR).rglob("*.part"))
    full = False
    assert tus.patch(where, 20, WORDS[20:]).status_code == 204
    assert plain(StoredFile.objects.get()) == WORDS


def test_a_disk_without_room_is_told_before_anything_is_sent(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    answer = tus.create("a.txt", 100)
    assert (answer.status_code, Upload.objects.count()) == (507, 0)
    assert "no room" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("session.mp4", b"MZ\x90\x00" + b"\x00" * 200, "says that this is a recording"),
        ("session.wav", WORDS, "says that this is a recording"),
        ("session.vtt", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "says that this is a transcript"),
        ("session.txt", b"words\x00\x01\x02 and more words", "says that this is a transcript"),
        ("session.docx", b"%PDF-1.7 and so on", "says that this is a transcript"),
        ("session.zip", WAV, "says that this is a transcript"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_and_gone(
    tus: Tus, name: str, data: bytes, said: str
) -> None:
    answer = tus.bring(name, data)
    assert answer.status_code == 415
    assert said in answer.content.decode()
    assert not StoredFile.objects.exists()
    assert not Upload.objects.exists()
    assert not [p for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file()]


def test_tiny_first_parts_do_not_get_around_the_look_at_the_content(tus: Tus) -> None:
    data = b"MZ\x90\x00" + b"\x00" * 200
    where = tus.create("a.mp4", len(data))["Location"]
    assert tus.patch(where, 0, data[:10]).status_code == 204
    answer = tus.patch(where, 10, data[10:])
    assert answer.status_code == 415
    assert not StoredFile.objects.exists()
    assert tus.head(where).status_code == 410  # and its page says why


@pytest.mark.parametrize("name", ["a.exe", "a", "", "a.vtt.html", "../../etc/passwd"])
def test_what_cannot_be_kept_here_is_refused_by_its_name(tus: Tus, name: str) -> None:
    answer = tus.create(name, 10)
    assert (answer.status_code, Upload.objects.count()) == (415, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": "-5"}, 400),
        ({"Upload-Length": "9" * 40}, 400),
        ({"Upload-Length": "99999999999"}, 413),
        ({"Upload-Length": "\u0663"}, 400),
        ({"Upload-Metadata": "nonsense"}, 400),
        ({"Upload-Metadata": "meeting !!!"}, 400),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_hostile_headers_are_refused(tus: Tus, headers: dict[str, str], status: int) -> None:
    meeting = b64encode(str(tus.meeting.key).encode()).decode()
    usual = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "10",
        "Upload-Metadata": f"meeting {meeting},filename {b64encode(b'a.txt').decode()}",
    }
    answer = tus.browser.post("/uploads/", headers={**usual, **headers})
    assert (answer.status_code, Upload.objects.count()) == (status, 0)


def test_a_wrong_offset_type_or_length_changes_nothing(tus: Tus) -> None:
    where = tus.create("a.txt", 50)["Location"]
    assert tus.patch(where, 10, b"x").status_code == 409
    assert tus.patch(where, 0, b"x" * 51).status_code == 413
    wrong = tus.browser.patch(
        where, b"x", content_type="text/plain", headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    )
    assert wrong.status_code == 415
    assert tus.head(where)["Upload-Offset"] == "0"


def test_a_part_with_a_wrong_checksum_is_thrown_away(tus: Tus) -> None:
    where = tus.create("a.txt", len(WORDS))["Location"]
    digest = b64encode(hashlib.sha256(WORDS).digest()).decode()
    wrong = tus.patch(where, 0, WORDS[:-1] + b"!", **{"Upload-Checksum": f"sha256 {digest}"})
    assert (wrong.status_code, tus.head(where)["Upload-Offset"]) == (460, "0")
    assert tus.patch(where, 0, WORDS, **{"Upload-Checksum": f"md5 {digest}"}).status_code == 400
    assert tus.patch(where, 0, WORDS, **{"Upload-Checksum": "sha256 ???"}).status_code == 400
    right = tus.patch(where, 0, WORDS, **{"Upload-Checksum": f"sha256 {digest}"})
    assert right.status_code == 204
    assert plain(StoredFile.objects.get()) == WORDS


def test_somebody_else_at_work_on_the_same_upload_is_told_to_wait(tus: Tus) -> None:
    where = tus.create("a.txt", len(WORDS))["Location"]
    with pieces.Pieces(Upload.objects.get()).locked():
        assert tus.patch(where, 0, WORDS).status_code == 423
    assert tus.patch(where, 0, WORDS).status_code == 204


def test_an_upload_can_be_given_up(tus: Tus) -> None:
    where = tus.create("a.txt", 100)["Location"]
    tus.patch(where, 0, b"x" * 50)
    assert tus.browser.delete(where, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert tus.head(where).status_code == 404
    assert not [p for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file()]


def test_an_upload_expires_and_what_has_arrived_whole_does_not(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tus.create("a.txt", 100)["Location"]
    assert tus.patch(where, 0, b"x" * 50)["Upload-Expires"].endswith("GMT")
    monkeypatch.setattr(uploads, "FINISH_AT_ONCE_BYTES", 10)
    whole = tus.create("b.txt", 20)["Location"]
    tus.patch(whole, 0, b"y" * 20)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tus.patch(where, 50, b"x" * 50).status_code == 410
    sweep()
    assert list(Upload.objects.values_list("size_bytes", flat=True)) == [20]
    rescue()
    for folder in Path(live_settings.FILES_DIR).glob("*/uploads/*"):
        finish_upload.call(folder.name)
    assert plain(StoredFile.objects.get()) == b"y" * 20


@pytest.mark.parametrize(
    ("name", "purpose"), [("a.txt", Purpose.TRANSCRIBE), ("a.wav", Purpose.RECORD)]
)
def test_without_consent_there_is_no_upload_no_more_of_it_and_no_file(
    practice: SimpleNamespace, name: str, purpose: Purpose
) -> None:
    tus = Tus(signed_in(practice.alba), practice.teos.meeting)
    data = WORDS if name == "a.txt" else WAV
    assert tus.create(name, len(data)).status_code == 403
    give_consent(practice.teos.client, purpose)
    where = tus.create(name, len(data))["Location"]
    assert tus.patch(where, 0, data[:40]).status_code == 204
    Consent.objects.update(withdrawn_at=timezone.now())
    answer = tus.patch(where, 40, data[40:])
    assert answer.status_code == 403
    assert "not agreed" in answer.content.decode()
    assert not StoredFile.objects.exists()
    assert not [p for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file()]


def test_consent_withdrawn_while_a_file_is_put_together_leaves_no_file(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble = uploads._assemble

    def and_meanwhile(*args: Any) -> str:
        made = assemble(*args)
        Consent.objects.update(withdrawn_at=timezone.now())
        return made

    monkeypatch.setattr(uploads, "_assemble", and_meanwhile)
    assert tus.bring("a.txt", WORDS).status_code == 403
    assert not StoredFile.objects.exists()
    assert not [p for p in Path(live_settings.FILES_DIR).rglob("*") if p.is_file()]


def test_nobody_else_reaches_an_upload(tus: Tus, practice: SimpleNamespace) -> None:
    where = tus.create("a.txt", 100)["Location"]
    other = Tus(signed_in(practice.nell), practice.teos.meeting)
    assert other.head(where).status_code == 404
    assert other.patch(where, 0, b"x").status_code == 404
    assert other.create("a.txt", 10).status_code == 404
    for role in (practice.mara, practice.teo, practice.sami):
        assert Tus(signed_in(role), practice.teos.meeting).create("a.txt", 10).status_code == 403
    assert Tus(Browser(), practice.teos.meeting).create("a.txt", 10).status_code == 403


def test_an_upload_needs_the_token_of_its_page(practice: SimpleNamespace) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE)
    strict = Browser(enforce_csrf_checks=True)
    strict.cookies = signed_in(practice.alba).cookies
    assert Tus(strict, practice.teos.meeting).create("a.txt", 10).status_code == 403
    assert not Upload.objects.exists()


def test_a_transcript_comes_in_without_scripts_too(practice: SimpleNamespace) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE, Purpose.ANALYSE)
    browser = signed_in(practice.alba)
    with demo_path() as path, path.open("rb") as file:
        answer = browser.post(
            reverse("transcript_add", args=(practice.teos.meeting.key,)), {"file": file}
        )
    assert answer.status_code == 302
    assert StoredFile.objects.get().name == "fictional-session.vtt"
    assert Analysis.objects.get().state == "queued"


def test_a_form_without_a_file_or_with_one_too_large_says_so(practice: SimpleNamespace) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE)
    browser = signed_in(practice.alba)
    where = reverse("transcript_add", args=(practice.teos.meeting.key,))
    assert browser.post(where).status_code == 409
    from django.core.files.uploadedfile import SimpleUploadedFile

    large = SimpleUploadedFile("a.txt", b"Therapist: hello\n" * 300_000)
    answer = browser.post(where, {"file": large})
    assert answer.status_code == 409
    assert "4 MB" in answer.content.decode()
    assert not StoredFile.objects.exists()

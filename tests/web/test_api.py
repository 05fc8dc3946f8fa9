"""What the API promises: the same rules as the pages, nothing lost, nothing repeated, few questions."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openrapport_web.api.scopes import Scope
from openrapport_web.api.v1.door import A_MINUTE
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.actions import write_note
from openrapport_web.caseload.models import Client, Consent, Episode, Meeting, Note, Purpose
from openrapport_web.people.models import Role
from openrapport_web.recordings import analysis
from openrapport_web.recordings.models import Analysis, SessionRecord, Share
from tests.web.conftest import give_consent, make_client
from tests.web.programs import BASE, program
from tests.web.recorded import ANALYSE, SMALL, agreed, with_session


def test_me_says_whose_token_it_is(practice: SimpleNamespace) -> None:
    said = program(practice.alba, [Scope.NOTES_READ])("get", "/me").json()
    assert (said["name"], said["roles"]) == ("Alba", ["therapist"])
    assert said["token"]["scopes"] == ["notes:read"]


def test_a_client_is_added_changed_and_ended_like_on_the_pages(practice: SimpleNamespace) -> None:
    sends = program(practice.alba)
    wanted = {"name": " Robin ", "starts_on": "2026-02-02", "referral": "A friend."}
    made = sends("post", "/clients", wanted).json()
    assert made["name"] == "Robin"
    assert made["episodes"][0]["referral"] == "A friend."
    address = f"/clients/{made['key']}"
    changed = sends("patch", address, {"version": 1, "phone": "12"}).json()
    assert (changed["phone"], changed["name"], changed["version"]) == ("12", "Robin", 2)
    episode = made["episodes"][0]["key"]
    late = {"version": 1, "ends_on": "2026-01-01", "ending": "planned"}
    assert sends("post", f"/episodes/{episode}/end", late).status_code == 409
    ended = sends("post", f"/episodes/{episode}/end", late | {"ends_on": "2026-03-01"}).json()
    assert (ended["ending"], ended["version"]) == ("planned", 2)
    assert [r["name"] for r in sends("get", "/clients", state="ended").json()["items"]] == ["Robin"]
    actions = set(Entry.objects.filter(client=made["key"]).values_list("action", flat=True))
    assert actions == {"client.added", "client.changed", "episode.begun", "episode.ended"}


def test_a_manager_chooses_the_therapist_and_reads_no_referral(practice: SimpleNamespace) -> None:
    sends = program(practice.mara)
    wanted = {"name": "Robin", "starts_on": "2026-02-02"}
    assert sends("post", "/clients", wanted).json()["where"] == "body.therapist"
    nell = {t["name"]: t["key"] for t in sends("get", "/therapists").json()["items"]}["Nell"]
    made = sends("post", "/clients", wanted | {"therapist": nell}).json()
    assert made["episodes"][0]["therapist"]["name"] == "Nell"
    assert made["episodes"][0]["referral"] is None
    assert sends("post", "/clients", wanted | {"therapist": nell, "referral": "x"}).status_code == 422
    assert program(practice.alba)("post", "/clients", wanted | {"therapist": nell}).status_code == 422


def test_the_later_of_two_is_told_the_newer_version(practice: SimpleNamespace) -> None:
    sends, key = program(practice.alba), practice.teos.note.key
    assert sends("post", f"/notes/{key}/versions", {"version": 1, "text": "Two."}).status_code == 201
    late = sends("post", f"/notes/{key}/versions", {"version": 1, "text": "Also two."})
    assert (late.status_code, late.json()["version"]) == (409, 2)
    assert [v["text"] for v in sends("get", f"/notes/{key}").json()["versions"]] == [
        "Two.",
        "A note for the tests.",
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clients", {"name": "Whisper" * 40, "starts_on": "2026-02-02"}),
        ("/clients", {"name": "Whisper", "starts_on": "Whisper"}),
        ("/clients", {"name": "Robin", "starts_on": "2026-02-02", "Whisper": "Whisper"}),
        ("/clients", {"name": "Robin", "starts_on": "2026-02-02", "email": "Whisper"}),
        ("/clients", {"name": "Robin", "starts_on": "2026-02-02", "language": "Whisper"}),
        ("/clients", {"name": "Robin", "starts_on": "2026-02-02", "format": "Whisper"}),
        ("/clients", ["Whisper"]),
        ("/clients", '{"name": "Whisper", "name": "Whisper"}'),
        ("/clients", '{"name": "Whisper'),
        ("/clients", '{"name": NaN, "x": "Whisper"}'),
        ("/clients", "[" * 100_000 + '"Whisper"'),
        ("/clients", b'{"name": "Whisper \xff"}'),
    ],
)
def test_bad_input_is_refused_without_repeating_it(
    practice: SimpleNamespace, path: str, body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = program(practice.alba)("post", path, body)
    assert response.status_code in (400, 422)
    assert response.json()["where"].startswith("body")
    assert b"Whisper" not in response.content
    assert "Whisper" not in caplog.text
    assert not Client.objects.exclude(name__in=["Teo", "Cleo"]).exists()


def test_a_body_that_is_too_large_is_refused(practice: SimpleNamespace) -> None:
    response = program(practice.alba)("post", "/clients", {"name": "x" * (5 * 2**20)})
    assert (response.status_code, response.json()["where"]) == (413, "body")


def test_a_fault_of_ours_is_said_without_a_word_of_it(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("Whisper")

    monkeypatch.setattr("openrapport_web.api.v1.caseload.page_of", broken)
    response = program(practice.alba)("get", "/clients")
    assert response.status_code == 500
    assert response.json()["detail"].startswith("Something on our side")
    assert "Whisper" not in response.content.decode()


def test_an_address_that_does_not_exist_is_answered_for_a_program(practice: SimpleNamespace) -> None:
    response = program(practice.alba)("get", "/nothing/here")
    assert (response.status_code, response.json()["where"]) == (404, "")


def test_weeks_and_days_are_those_of_the_person_s_clock(practice: SimpleNamespace) -> None:
    practice.alba.time_zone = "Europe/Berlin"
    practice.alba.save()
    sends, episode = program(practice.alba), practice.teos.episode.key
    # The clocks go forward on 29 March 2026: ten o'clock stays ten o'clock.
    wanted = {"starts_at": "2026-03-25T10:00:00+01:00", "weeks": 2}
    made = sends("post", f"/episodes/{episode}/meetings", wanted).json()["items"]
    assert [m["starts_at"] for m in made] == ["2026-03-25T09:00:00Z", "2026-04-01T08:00:00Z"]
    late = {"starts_at": "2026-05-04T00:30:00+02:00"}  # still the third in UTC
    sends("post", f"/episodes/{episode}/meetings", late)
    on = {"from_day": "2026-05-04", "to_day": "2026-05-04"}
    assert sends("get", "/meetings", **on).json()["count"] == 1
    assert sends("get", "/meetings", from_day="2026-05-05").json()["count"] == 0
    key = made[0]["key"]
    held = {"version": 1, "state": "held"}
    assert sends("post", f"/meetings/{key}/state", held).json()["state"] == "held"
    assert (
        sends("get", "/meetings", state="held", client=str(practice.teos.client.key)).json()["count"]
        == 2
    )


def test_a_client_agrees_reads_the_log_and_takes_it_back(practice: SimpleNamespace) -> None:
    sends = program(practice.teo)
    rows = {row["purpose"]: row for row in sends("get", "/consents").json()["items"]}
    assert rows.keys() == set(Purpose.values)
    wording = {"wording": rows["record"]["wording"]["key"]}
    assert sends("post", "/consents/analyse", wording).status_code == 409  # another purpose's text
    assert sends("post", "/consents/record", wording).json()["given_at"] is not None
    assert Consent.objects.get().client == practice.teos.client
    said = sends("post", "/consents/record/withdraw").json()["words"]
    assert said[0].startswith("There was nothing to delete")
    log = sends("get", "/log").json()["items"]
    assert [line["what"] for line in log[:2]] == ["took an agreement back", "agreed"]
    archive = zipfile.ZipFile(io.BytesIO(sends("post", "/export").content))
    assert "data.json" in archive.namelist()
    for path in ("/deletion", "/deletion/withdraw"):
        assert sends("post", path).status_code in (201, 204)
    assert Entry.objects.filter(action="data.taken").get().details.keys() == {"token"}


def test_a_transcript_is_brought_in_analysed_read_marked_and_shared(practice: SimpleNamespace) -> None:
    alba, teo, care = program(practice.alba), program(practice.teo), practice.teos
    address = f"/meetings/{care.meeting.key}/transcript"
    sent = {"file": SimpleUploadedFile("session.txt", SMALL.encode())}
    assert alba("post", address, sent).status_code == 403  # nothing agreed to
    agreed(care, *ANALYSE)
    brought = alba("post", address, sent).json()
    asked = brought["care"]["analysis"]
    assert (asked["state"], brought["versions"]) == ("queued", [])
    analysis.work(Analysis.objects.get().key)
    assert alba("get", f"/analyses/{asked['key']}").json()["state"] == "done"
    session = f"/sessions/{brought['key']}"
    report = alba("get", f"{session}/versions/1/report").json()
    assert report.keys() >= {"version", "findings", "not_measured", "moments", "steps"}
    said = alba("get", f"{session}/versions/1/transcript").json()
    assert said["utterances"][1]["text"].startswith("I slept badly")
    assert teo("get", session).status_code == 404
    share = {"audience": "client", "person": str(practice.teo.key)}
    shared = alba("post", f"{session}/shares", share).json()
    assert teo("get", session).json()["care"] is None
    _marked(teo, alba, session)
    fixed = {
        "version": 1,
        "number": 2,
        "text": "I slept well.",
        "party": said["utterances"][1]["party"],
    }
    assert teo("post", f"{session}/corrections", fixed).json()["number"] == 2
    assert alba("delete", f"{session}/shares/{shared['key']}").status_code == 204
    assert teo("get", session).status_code == 404
    looks = Entry.objects.filter(action="report.read", client=care.client.key)
    assert all("token" in look.details for look in looks)


def _marked(teo: Any, alba: Any, session: str) -> None:
    address = f"{session}/versions/1/marks"
    place = teo("get", address).json()["places"][0]
    mark = {"target": place, "revision": 0, "verdict": "dismissed", "note": "Not so."}
    assert teo("put", address, mark).json()["revision"] == 1
    assert teo("put", address, mark).status_code == 409
    assert [m["note"] for m in alba("get", address).json()["items"]] == ["Not so."]
    assert teo("put", address, {"target": place, "revision": 1}).status_code == 204
    assert teo("get", address).json()["items"] == []


def test_a_file_that_is_none_or_too_large_is_refused(practice: SimpleNamespace) -> None:
    agreed(practice.teos, *ANALYSE)
    sends, address = program(practice.alba), f"/meetings/{practice.teos.meeting.key}/transcript"
    for name, data, status in (
        ("session.exe", b"MZ", 415),
        ("session.vtt", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, 415),
        ("session.txt", b"x" * (4 * 2**20 + 1), 422),
        ("session.txt", b"", 422),
    ):
        response = sends("post", address, {"file": SimpleUploadedFile(name, data)})
        assert response.status_code == status, (name, response.content)
    assert not SessionRecord.objects.exists()


def test_sharing_reaches_only_those_whom_it_may(practice: SimpleNamespace) -> None:
    session = with_session(practice, "teos")
    sends, address = program(practice.alba), f"/sessions/{session.key}/shares"
    for person in (practice.cleo, practice.olaf, practice.sami):  # Teo did not agree to a supervisor
        wanted = {"audience": "supervisor", "person": str(person.key)}
        assert sends("post", address, wanted).status_code == 422
    give_consent(practice.teos.client, Purpose.SUPERVISION)
    wanted = {"audience": "supervisor", "person": str(practice.sami.key)}
    assert sends("post", address, wanted).status_code == 201
    assert program(practice.sami)("get", "/sessions").json()["count"] == 1
    assert Share.objects.count() == 1


def test_the_log_says_nothing_to_a_manager_but_who_did_what(practice: SimpleNamespace) -> None:
    program(practice.alba)("get", f"/notes/{practice.teos.note.key}")
    found = program(practice.mara)("get", "/audit", action="note.read").json()
    assert [(line["who"], line["what"]) for line in found["items"]] == [("Alba", "read a note")]
    assert program(practice.mara)("get", "/audit", action="no such").json()["count"] == 0


@pytest.mark.parametrize(
    "path", ["/clients", "/meetings", "/notes", "/audit", "/log", "/sessions", "/clients/{client}"]
)
def test_a_long_list_asks_the_database_no_more_than_a_short_one(
    practice: SimpleNamespace, path: str
) -> None:
    who = {"/audit": practice.mara, "/log": practice.teo}.get(path, practice.alba)
    sends, path = program(who), path.format(client=practice.teos.client.key)
    sends("get", path)  # the first request of a day notes it
    with CaptureQueriesContext(
        connection,
    ) as few:
        before = sends("get", path)
    _fill(practice)
    with CaptureQueriesContext(connection) as many:
        after = sends("get", path)
    assert len(after.content) > len(before.content)
    assert len(many) <= len(few) + 2  # the cache of counts makes its row, or finds it


def _fill(practice: SimpleNamespace) -> None:
    care = practice.teos
    for i in range(12):
        client = make_client(f"Client {i}")
        day = date(2026, 1, 1) + timedelta(days=i)
        for whom in (client, care.client):
            Episode.objects.create(client=whom, therapist=practice.alba, starts_on=day)
        meeting = Meeting.objects.create(
            episode=care.episode,
            client=care.client,
            therapist=practice.alba,
            starts_at=datetime(2026, 5, 1 + i, 9, tzinfo=timezone.get_current_timezone()),
        )
        SessionRecord.objects.create(meeting=meeting, client=care.client, therapist=practice.alba)
        write_note(actor=practice.alba, episode=care.episode, text="A line.", version=0)


def test_pages_of_a_list_hold_everything_once(practice: SimpleNamespace) -> None:
    _fill(practice)
    sends, seen = program(practice.alba), []
    for page in range(1, 5):
        answer = sends("get", "/notes", page=page, per_page=4).json()
        seen += [note["key"] for note in answer["items"]]
    assert (
        len(seen)
        == len(set(seen))
        == answer["count"]
        == Note.objects.filter(author=practice.alba).count()
    )


def test_the_document_needs_no_token_and_names_no_other_host(practice: SimpleNamespace) -> None:
    document = program(None)("get", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith(f"{BASE}/") for path in document["paths"])
    assert "http" not in json.dumps(document).replace('"type": "http"', "")
    assert {r.value for r in Role} == set(document["components"]["schemas"]["Role"]["enum"])


def test_the_documentation_names_every_scope() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api-web.md").read_text("utf-8")
    assert [scope for scope in Scope if f"`{scope}`" not in page] == []
    assert f"{A_MINUTE} requests a minute" in page

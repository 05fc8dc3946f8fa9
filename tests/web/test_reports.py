"""The report's page: who reads it, what they mark, what they correct, and what deleting takes."""

from __future__ import annotations

import json
import re
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
from openrapport.session import Role as Speaker
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.consent import withdraw_consent
from openrapport_web.caseload.models import Meeting, Purpose
from openrapport_web.people.models import Practice
from openrapport_web.recordings import actions, bundles, marks, pages
from openrapport_web.recordings.export import files_of
from openrapport_web.recordings.models import (
    Analysis,
    Audience,
    Mark,
    SessionRecord,
    Share,
    StoredFile,
    StoredReport,
    TranscriptVersion,
)
from openrapport_web.recordings.tasks import read_and_measure, sweep
from tests.web.conftest import InCare, give_consent, signed_in
from tests.web.recorded import (
    SMALL,
    agreed,
    another_session,
    bring,
    bring_and_analyse,
    shared_with,
    with_recording,
)

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def session(practice: SimpleNamespace) -> SessionRecord:
    return bring_and_analyse(practice.teos)


def page(browser: Browser, name: str, *args: Any) -> str:
    answer = browser.get(reverse(name, args=args))
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def analyse_what_waits() -> None:
    for key in Analysis.objects.filter(state="queued").values_list("key", flat=True):
        read_and_measure.call(str(key))


def sealed_files() -> set[str]:
    return {p.name.split(".")[0] for p in Path(live_settings.FILES_DIR).rglob("*.sealed")}


def test_its_therapist_reads_the_report_and_the_look_is_kept(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    shown = page(signed_in(practice.alba), "session_page", session.key)
    assert "count what I did wrong" in shown
    assert 'id="timeline"' in shown
    look = Entry.objects.filter(action="report.read").get()
    assert (look.actor, look.client) == (practice.alba.key, practice.teos.client.key)
    assert "style=" not in shown


def test_a_shared_report_is_read_until_sharing_ends(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    for person, audience in ((practice.teo, Audience.CLIENT), (practice.sami, Audience.SUPERVISOR)):
        reader = signed_in(person)
        where = reverse("session_page", args=(session.key,))
        assert reader.get(where).status_code == 404
        held = shared_with(session, person, audience)
        assert reader.get(where).status_code == 200
        browser = signed_in(practice.alba)
        browser.post(reverse("session_unshare", args=(session.key,)), {"share": held.key})
        assert reader.get(where).status_code == 404
    assert [e.action for e in Entry.objects.filter(action__startswith="session.")] == [
        "session.shared",
        "session.unshared",
    ] * 2


def test_sharing_needs_a_supervisor_and_a_yes(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    where = reverse("session_share", args=(session.key,))

    def share(person: Any, audience: str) -> int:
        return browser.post(where, {"person": person, "audience": audience}).status_code

    assert share(practice.sami.key, "supervisor") == 409  # the client did not agree
    give_consent(practice.teos.client, Purpose.SUPERVISION)
    assert share(practice.olaf.key, "supervisor") == 409  # not any more
    assert share(practice.mara.key, "supervisor") == 409
    assert share(practice.cleo.key, "client") == 409  # somebody else's
    assert share("nobody", "client") == 409
    assert share(practice.teo.key, "everybody") == 409
    assert not Share.objects.exists()
    assert share(practice.sami.key, "supervisor") == share(practice.teo.key, "client") == 302
    assert share(practice.teo.key, "client") == 302  # twice is once
    assert Share.objects.count() == 2


def test_a_mark_is_kept_changed_and_taken_back_by_its_person(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    target = "code:behaviour:reflection:u3"
    browser, where = signed_in(practice.alba), reverse("mark_set", args=(session.key, 1))

    def mark(verdict: str, note: str, revision: int) -> int:
        data = {"target": target, "verdict": verdict, "note": note, "revision": revision}
        return browser.post(where, data).status_code

    assert mark("confirmed", "she asked for it", 0) == 302
    held = Mark.objects.get()
    assert (held.verdict, held.note) == ("confirmed", "she asked for it")
    assert b"asked" not in bytes(held.sealed_note)
    assert mark("dismissed", "", 0) == 409  # from an old page
    assert mark("dismissed", "not really", 1) == 302
    shown = page(browser, "utterance_edit", session.key, 1, 3)
    assert "not really" in shown
    assert mark("", "", 2) == 302
    assert not Mark.objects.exists()
    assert [e.details.get("verdict") for e in Entry.objects.filter(action__startswith="mark.")] == [
        "confirmed",
        "dismissed",
        None,
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"target": "code:behaviour:reflection:u3", "revision": "x"},
        {"target": "code:behaviour:reflection:u3", "revision": 0, "verdict": "wrong"},
        {"target": "code:behaviour:reflection:u999", "revision": 0, "verdict": "confirmed"},
        {"target": "<script>", "revision": 0, "verdict": "confirmed"},
        {"target": "code:behaviour:reflection:u3", "revision": 0, "note": "x" * 5000},
        {"target": "x" * 500, "revision": 0, "verdict": "confirmed"},
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(
    practice: SimpleNamespace, session: SessionRecord, data: dict[str, Any]
) -> None:
    answer = signed_in(practice.alba).post(reverse("mark_set", args=(session.key, 1)), data)
    assert answer.status_code == 409
    assert not Mark.objects.exists()


def test_everybody_marks_for_themselves_and_the_therapist_reads_all(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    shared_with(session, practice.sami, Audience.SUPERVISOR)
    data = {
        "target": "code:behaviour:reflection:u3",
        "revision": 0,
        "verdict": "dismissed",
        "note": "an idea",
    }
    where = reverse("mark_set", args=(session.key, 1))
    signed_in(practice.sami).post(where, data)
    signed_in(practice.alba).post(where, {**data, "verdict": "confirmed", "note": "my own"})
    assert Mark.objects.count() == 2
    theirs = page(signed_in(practice.alba), "utterance_edit", session.key, 1, 3)
    assert "an idea" in theirs
    own = page(signed_in(practice.sami), "utterance_edit", session.key, 1, 3)
    assert "an idea" in own
    assert "my own" not in own


def test_marks_are_codes_of_their_person(practice: SimpleNamespace, session: SessionRecord) -> None:
    coded = bundles.load(StoredReport.objects.get())
    places = [place for rows in marks.code_places(coded).values() for place, _ in rows]
    for place, verdict in ((places[0], "confirmed"), (places[1], "dismissed")):
        marks.set_mark(
            actor=practice.alba,
            session=session,
            version=TranscriptVersion.objects.get(),
            target=place,
            verdict=verdict,
            note="",
            revision=0,
        )
    coder = marks.coder_name(practice.alba.key)
    own = marks.as_codes(coded, Mark.objects.filter(by=practice.alba), coder)
    assert {c.coder for c in own} == {f"person:{practice.alba.key}"}
    scheme, label, number = places[0].split(":")[1:]
    first = next(c for c in own if c.scheme == scheme)
    assert first.with_label(label).tolist() == [int(number[1:]) - 1]
    assert [c.scheme for c in own if c.scheme.endswith(" dismissed")] == [
        places[1].split(":")[1] + " dismissed"
    ]
    again = coded.with_codes(*own)
    assert len(again.codes) == len(coded.codes) + len(own)


def correct(browser: Browser, session: SessionRecord, version: int, text: str, party: int = 1) -> Any:
    where = reverse("utterance_edit", args=(session.key, version, 2))
    return browser.post(where, {"text": text, "party": party, "version": version})


def test_a_corrected_word_is_a_new_version_and_the_old_one_stays(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    browser.post(
        reverse("mark_set", args=(session.key, 1)),
        {"target": "code:behaviour:reflection:u3", "verdict": "confirmed", "revision": 0},
    )
    assert correct(browser, session, 1, "I slept well, for once.").status_code == 302
    assert Analysis.objects.filter(state="queued").count() == 1
    assert "slept well" in page(browser, "report_version", session.key, 2)  # before its report
    analyse_what_waits()
    shown = page(browser, "session_page", session.key)
    assert "slept well" in shown
    assert "slept badly" not in shown
    old = page(browser, "report_version", session.key, 1)
    assert "slept badly" in old
    assert "newer version" in old
    assert Mark.objects.filter(version__number=2).get().target == "code:behaviour:reflection:u3"
    assert [e.details["what"] for e in Entry.objects.filter(action="transcript.corrected")] == [
        "word corrected"
    ]


def test_the_same_words_again_make_no_version(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    words = "I slept badly, and I keep thinking about the thing at work."
    assert correct(signed_in(practice.alba), session, 1, words).status_code == 302
    assert TranscriptVersion.objects.count() == 1


def test_the_later_of_two_editors_sees_what_changed_and_loses_nothing(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    shared_with(session, practice.teo, Audience.CLIENT)
    therapist, client = signed_in(practice.alba), signed_in(practice.teo)
    assert correct(client, session, 1, "I slept very badly.").status_code == 302
    late = correct(therapist, session, 1, "I slept so badly.")
    assert late.status_code == 200
    shown = late.content.decode()
    assert "I slept very badly." in shown
    assert "I slept so badly." in shown
    assert TranscriptVersion.objects.count() == 2
    where = reverse("utterance_edit", args=(session.key, 1, 2))
    again = therapist.post(where, {"text": "I slept so badly.", "party": 1, "version": 2})
    assert again.status_code == 302
    newest = TranscriptVersion.objects.get(number=3)
    assert bundles.load(newest).utterances.text[1] == "I slept so badly."


def test_corrections_of_different_places_do_not_get_in_each_others_way(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    assert correct(browser, session, 1, "I slept well.").status_code == 302
    where = reverse("utterance_edit", args=(session.key, 1, 8))
    late = browser.post(where, {"text": "To my brother.", "party": 1, "version": 1})
    assert late.status_code == 302
    text = bundles.load(TranscriptVersion.objects.get(number=3)).utterances.text
    assert (text[1], text[7]) == ("I slept well.", "To my brother.")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "", "party": 1, "version": 1},
        {"text": "x" * 30_000, "party": 1, "version": 1},
        {"text": "a\x00b", "party": 1, "version": 1},
        {"text": "words", "party": 7, "version": 1},
        {"text": "words", "party": "me", "version": 1},
        {"text": "words", "party": 1, "version": -1},
        {"text": "words", "party": 1, "version": "x"},
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(
    practice: SimpleNamespace, session: SessionRecord, data: dict[str, Any]
) -> None:
    where = reverse("utterance_edit", args=(session.key, 1, 2))
    answer = signed_in(practice.alba).post(where, data)
    assert answer.status_code == 200
    assert "errors" in answer.content.decode()
    assert TranscriptVersion.objects.count() == 1


def test_swapped_speakers_are_a_new_version(practice: SimpleNamespace, session: SessionRecord) -> None:
    browser = signed_in(practice.alba)
    assert browser.post(reverse("speakers_swap", args=(session.key, 1))).status_code == 302
    assert browser.post(reverse("speakers_swap", args=(session.key, 1))).status_code == 409
    analyse_what_waits()
    swapped = bundles.load(TranscriptVersion.objects.get(number=2))
    assert swapped.role_of(int(swapped.utterances.party[0])) is Speaker.CLIENT
    before, after = (
        json.loads(StoredReport.objects.get(version__number=n).json)["findings"] for n in (1, 2)
    )

    def words(findings: list[dict[str, Any]], party: str) -> float:
        return next(f["value"] for f in findings if f["name"] == "word_share" and f["party"] == party)

    assert words(before, "client") == words(after, "therapist")


def test_deleting_a_version_takes_its_report_and_marks_and_nothing_else(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    correct(browser, session, 1, "I slept well.")
    analyse_what_waits()
    browser.post(
        reverse("mark_set", args=(session.key, 1)),
        {"target": "code:behaviour:reflection:u3", "verdict": "confirmed", "revision": 0},
    )
    first = TranscriptVersion.objects.get(number=1)
    gone = {str(first.key), str(first.report.key)}
    assert gone <= sealed_files()
    assert browser.get(reverse("version_delete", args=(session.key, 1))).status_code == 200
    assert gone <= sealed_files()
    assert browser.post(reverse("version_delete", args=(session.key, 1))).status_code == 302
    assert not gone & sealed_files()
    assert list(StoredReport.objects.values_list("version__number", flat=True)) == [2]
    assert not Mark.objects.filter(version=first).exists()
    assert browser.get(reverse("report_version", args=(session.key, 1))).status_code == 404
    assert "slept well" in page(browser, "session_page", session.key)


def test_pages_ask_the_database_the_same_number_of_times_for_one_and_for_twenty(
    practice: SimpleNamespace, session: SessionRecord, django_assert_max_num_queries: Any
) -> None:
    alba = signed_in(practice.alba)
    addresses = [
        reverse("session_open", args=(practice.teos.meeting.key,)),
        reverse("session_page", args=(session.key,)),
        reverse("session_list"),
    ]

    def count(address: str) -> int:
        with django_assert_max_num_queries(40) as asked:
            assert alba.get(address).status_code == 200
        return len(asked)

    for address in addresses:
        alba.get(address)  # what is asked once for a sign-in
    one = [count(address) for address in addresses]
    agreed(practice.teos, Purpose.RECORD)
    version = TranscriptVersion.objects.get()
    for i in range(20):
        meeting = Meeting.objects.create(
            episode=practice.teos.episode,
            client=practice.teos.client,
            therapist=practice.alba,
            starts_at=timezone.now() - timedelta(days=i + 1),
        )
        SessionRecord.objects.create(
            meeting=meeting, client=practice.teos.client, therapist=practice.alba
        )
        file = StoredFile(
            session=session,
            client=practice.teos.client,
            by=practice.alba,
            kind="transcript",
            size_bytes=1,
        )
        file.name = "a.txt"
        file.save()
        TranscriptVersion.objects.create(
            session=session, client=practice.teos.client, number=i + 2, by=practice.alba, what="as read"
        )
        mark = Mark(
            session=session, client=practice.teos.client, version=version, target=f"code:a:b:u{i}"
        )
        mark.by, mark.verdict = practice.sami, "confirmed"
        mark.save()
    assert [count(address) for address in addresses] == one


def test_a_recording_is_played_by_its_therapist_from_any_place(practice: SimpleNamespace) -> None:
    file = with_recording(practice, "teos")
    browser, where = signed_in(practice.alba), reverse("recording_play", args=(file.key,))

    def get(span: str) -> Any:
        return browser.get(where, headers={"Range": span})

    whole = get("bytes=0-")
    assert (whole.status_code, whole["Content-Type"]) == (206, "audio/x-wav")
    assert whole.content.startswith(b"RIFF")
    size = file.size_bytes
    assert whole["Content-Range"] == f"bytes 0-{size - 1}/{size}"
    assert get("bytes=8-11").content == b"WAVE"
    assert get(f"bytes={size - 2}-").content == whole.content[-2:]
    assert get("bytes=-3").content == whole.content[-3:]
    for wrong in (f"bytes={size}-", "bytes=5-4", "bytes=x-", "bytes=-", "chars=1-2"):
        answer = get(wrong)
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")
    assert Entry.objects.filter(action="recording.played").count() == 1  # one listening
    practice.teos.client.consents.filter(purpose=Purpose.RECORD).update(withdrawn_at=timezone.now())
    assert get("bytes=0-").status_code == 404


def test_a_long_recording_is_given_in_bounded_pieces(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openrapport_web.recordings.views.playing.ANSWER_BYTES", 1000)
    file = with_recording(practice, "teos")
    answer = signed_in(practice.alba).get(
        reverse("recording_play", args=(file.key,)), headers={"Range": "bytes=100-"}
    )
    assert len(answer.content) == 1000
    assert answer["Content-Range"] == f"bytes 100-1099/{file.size_bytes}"


def test_recordings_go_when_their_time_is_over_and_findings_stay(practice: SimpleNamespace) -> None:
    session = bring_and_analyse(practice.teos)
    file = with_recording(practice, "teos")
    Practice.objects.update(recordings_kept_days=30)
    StoredFile.objects.update(made_at=timezone.now() - timedelta(days=29))
    sweep()
    assert file.path.exists()
    StoredFile.objects.update(made_at=timezone.now() - timedelta(days=31))
    sweep()
    assert not file.path.exists()
    assert [f.kind for f in session.files.filter(deleted_at=None)] == ["transcript"]
    assert StoredReport.objects.count() == 1
    told = Entry.objects.filter(action="file.deleted").get()
    assert (told.actor, told.client, told.details["kind"]) == (
        None,
        practice.teos.client.key,
        "recording",
    )


def test_sweeping_takes_what_no_row_speaks_of_and_leaves_the_rest(practice: SimpleNamespace) -> None:
    import os

    bring_and_analyse(practice.teos)
    there = sealed_files()
    folder = Path(live_settings.FILES_DIR) / practice.teos.client.key.hex
    for name in ("018f0000-0000-7000-8000-000000000000.sealed", "x.sealed.part", "not-ours.txt"):
        (folder / name).write_bytes(b"left")
    sweep()
    assert len(sealed_files()) == len(there) + 1  # too young to be called left
    for path in folder.glob("*.*"):
        os.utime(path, (0, 0))
    sweep()
    assert sealed_files() == there
    assert not list(folder.glob("*.part"))
    assert (folder / "not-ours.txt").exists()


def everything_of(care: InCare) -> dict[str, int]:
    held = {"client": care.client}
    return {
        "recordings": StoredFile.objects.filter(kind="recording", deleted_at=None, **held).count(),
        "transcripts": StoredFile.objects.filter(kind="transcript", deleted_at=None, **held).count(),
        "versions": TranscriptVersion.objects.filter(deleted_at=None, **held).count(),
        "reports": StoredReport.objects.filter(**held).count(),
        "marks": Mark.objects.filter(**held).count(),
        "shares": Share.objects.filter(ended_at=None, **held).count(),
    }


ALL = {"recordings": 1, "transcripts": 1, "versions": 1, "reports": 1, "marks": 1, "shares": 2}


@pytest.mark.parametrize(
    ("purpose", "gone", "said"),
    [
        (Purpose.RECORD, {"recordings"}, "1 recording"),
        (Purpose.TRANSCRIBE, {"transcripts", "versions", "reports", "marks"}, "1 transcript"),
        (Purpose.ANALYSE, {"reports", "marks"}, "1 report"),
        (Purpose.SUPERVISION, {"shares"}, "1 look of a supervisor"),
        (Purpose.RESEARCH, set(), "nothing to delete"),
    ],
)
def test_taking_a_consent_back_deletes_what_rested_on_it_and_says_what_stays(
    practice: SimpleNamespace, purpose: Purpose, gone: set[str], said: str
) -> None:
    session = bring_and_analyse(practice.teos)
    with_recording(practice, "teos")
    give_consent(practice.teos.client, Purpose.SUPERVISION, Purpose.RESEARCH)
    shared_with(session, practice.sami, Audience.SUPERVISOR)
    shared_with(session, practice.teo, Audience.CLIENT)
    marks.set_mark(
        actor=practice.alba,
        session=session,
        version=TranscriptVersion.objects.get(),
        target="code:behaviour:reflection:u3",
        verdict="confirmed",
        note="",
        revision=0,
    )
    other = bring_and_analyse(practice.cleos)
    assert everything_of(practice.teos) == ALL
    words = withdraw_consent(actor=practice.teo, client=practice.teos.client, purpose=purpose)
    assert said in words[0]
    assert any(line.startswith("What stays: ") for line in words)
    left = dict.fromkeys(gone, 0)
    if "shares" in gone:
        left["shares"] = 1  # the client's own
    assert everything_of(practice.teos) == {**ALL, **left}
    rows = {
        str(key)
        for model in (StoredFile, TranscriptVersion)
        for key in model.objects.filter(deleted_at=None).values_list("key", flat=True)
    } | {str(key) for key in StoredReport.objects.values_list("key", flat=True)}
    assert sealed_files() == rows
    assert StoredReport.objects.filter(session=other).exists()
    assert signed_in(practice.alba).get(reverse("session_page", args=(session.key,))).status_code in (
        200,
        302,
    )


def test_taking_a_consent_back_stops_what_is_under_way(practice: SimpleNamespace) -> None:
    agreed(practice.teos, Purpose.TRANSCRIBE, Purpose.ANALYSE)
    bring(practice.teos)
    withdraw_consent(actor=practice.teo, client=practice.teos.client, purpose=Purpose.ANALYSE)
    assert Analysis.objects.get().state == "cancelled"
    analyse_what_waits()
    assert not StoredReport.objects.exists()


def test_a_session_is_taken_along_in_files_that_open_without_us(session: SessionRecord) -> None:
    files = dict(files_of(session))
    assert set(files) == {"transcript.csv", "report.html", "report.json"}
    assert "count what I did wrong" in files["transcript.csv"].decode()
    assert json.loads(files["report.json"])["findings"]
    assert files["report.html"].startswith(b"<!doctype html>")


def test_a_report_is_given_as_the_numbers_of_the_command_line(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    answer = signed_in(practice.alba).get(reverse("report_json", args=(session.key, 1)))
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content) == json.loads(StoredReport.objects.get().json)
    assert Entry.objects.filter(action="report.exported").count() == 1


def test_a_hostile_word_in_a_transcript_stays_a_word(practice: SimpleNamespace) -> None:
    hostile = SMALL.replace("badly", "<script>alert(1)</script> & <b>badly</b>")
    session = bring_and_analyse(practice.teos, hostile, "<img src=x>.txt")
    browser = signed_in(practice.alba)
    for shown in (
        page(browser, "session_page", session.key),
        page(browser, "utterance_edit", session.key, 1, 2),
        page(browser, "session_open", practice.teos.meeting.key),
    ):
        assert "<script>alert" not in shown
        assert "<img src=x>" not in shown
        assert "<b>badly" not in shown


def test_the_fictional_session_goes_all_the_way(practice: SimpleNamespace) -> None:
    with demo_path() as path:
        session = bring_and_analyse(practice.teos, path.read_bytes(), path.name)
    shown = page(signed_in(practice.alba), "session_page", session.key)
    stored = StoredReport.objects.get()
    assert shown.count('class="mark"') == stored.n_moments >= 3
    actions.delete_version(actor=practice.alba, version=stored.version, why="asked for")
    assert not StoredReport.objects.exists()


def test_two_meetings_stand_side_by_side_without_a_winner(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    later = another_session(practice.teos)
    browser = signed_in(practice.alba)
    shown = page(browser, "session_compare", later.key, session.key)
    assert shown.index("2 March 2026") < shown.index("9 March 2026")
    assert "the intervals overlap: it may be chance" in shown
    assert "n = " in shown
    assert not {"better", "worse", "improved"} & set(shown.replace("the better one", "").split())
    assert reverse("session_compare", args=(session.key, later.key)) in page(
        browser, "session_open", practice.teos.meeting.key
    )
    foreign = bring_and_analyse(practice.cleos)
    for pair in ((session.key, session.key), (session.key, foreign.key)):
        assert browser.get(reverse("session_compare", args=pair)).status_code == 404
    Meeting.objects.filter(pk=practice.cleos.meeting.pk).update(therapist=practice.alba)
    SessionRecord.objects.filter(pk=foreign.pk).update(therapist=practice.alba)
    both_mine = reverse("session_compare", args=(session.key, foreign.key))
    assert browser.get(both_mine).status_code == 404  # two clients are never compared


def test_a_page_is_written_once_and_anew_by_another_version(
    practice: SimpleNamespace, session: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(practice.alba)
    stored = StoredReport.objects.get()
    assert b"count what" not in stored.page_path.read_bytes()
    token = re.compile('value="[A-Za-z0-9]{64}"')
    once = token.sub("", page(browser, "session_page", session.key))
    monkeypatch.setattr(pages, "_writer", lambda: "another version")
    assert token.sub("", page(browser, "session_page", session.key)) == once
    stored.page_path.unlink()  # as in a practice that is older than such pages
    assert token.sub("", page(browser, "session_page", session.key)) == once
    assert "<!--beside" not in once


def test_words_that_look_like_a_gap_stay_words(practice: SimpleNamespace) -> None:
    said = SMALL.replace("badly", "<!--beside:u1-->").splitlines()
    table = "\n".join(
        ["speaker,text", *(f'{line.replace(": ", chr(44) + chr(34), 1)}"' for line in said)]
    )
    session = bring_and_analyse(practice.teos, table, "session.csv")
    shown = page(signed_in(practice.alba), "session_page", session.key)
    assert "&lt;!--beside:u1--&gt;" in shown

"""Sessions in a real browser: a file dropped, a line that breaks, a report that is read and marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from openrapport.demo import demo_path
from openrapport_web.caseload.models import Purpose
from openrapport_web.recordings.models import (
    Analysis,
    Mark,
    SessionRecord,
    StoredFile,
    TranscriptVersion,
    Upload,
)
from openrapport_web.recordings.tasks import read_and_measure
from tests.web.conftest import give_consent
from tests.web.pages import check_page
from tests.web.recorded import SMALL, agreed, bring, bring_and_analyse, with_recording, with_session

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("live_server"),
]

expect.set_options(timeout=20_000)  # on a busy machine

Browse = Callable[..., Page]


def analyse_what_waits() -> None:
    for key in Analysis.objects.filter(state="queued").values_list("key", flat=True):
        read_and_measure.call(str(key))


def test_every_page_of_a_session_is_fit_to_be_read(practice: SimpleNamespace, browse: Browse) -> None:
    with demo_path() as path:
        session = bring_and_analyse(practice.teos, path.read_bytes(), path.name)
    with_recording(practice, "teos")
    page = browse(practice.alba)
    key = session.key
    check_page(page, reverse("session_page", args=(key,)))
    check_page(page, reverse("session_open", args=(practice.teos.meeting.key,)))
    check_page(page, reverse("utterance_edit", args=(key, 1, 7)))
    check_page(page, reverse("session_list"))
    check_page(page, reverse("hand_agreement"))
    check_page(page, reverse("version_delete", args=(key, 1)))
    check_page(page, reverse("file_delete", args=(StoredFile.objects.first().key,)))  # type: ignore[union-attr]


def test_a_file_is_brought_in_analysed_and_read(
    practice: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE, Purpose.ANALYSE)
    path = tmp_path / "Teo in March.txt"
    path.write_text(SMALL)
    page = browse(practice.alba)
    page.goto(reverse("session_open", args=(practice.teos.meeting.key,)))
    page.get_by_label("Transcript or recording").set_input_files(path)
    expect(page.get_by_role("button", name="Cancel the analysis")).to_be_visible()
    analyse_what_waits()
    page.get_by_role("link", name="Report, version 1").click()  # it came by itself
    expect(page.get_by_role("heading", name="Transcript")).to_be_visible()
    assert page.get_by_text("count what I did wrong").first.is_visible()


def test_an_upload_goes_on_after_a_broken_line_and_after_a_reload(
    practice: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    give_consent(practice.teos.client, Purpose.RECORD)
    path = tmp_path / "Teo in March.wav"
    path.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(9 * 2**20))
    page = browse(practice.alba)
    sent: list[str] = []

    def line(route: Route) -> None:
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
            if len(sent) in (2, 3):
                route.abort()
                return
            if len(sent) == 5:  # the page is closed here, as far as the server sees
                route.abort()
                page.evaluate("window.onbeforeunload = null")
                return
        route.continue_()

    page.route("**/uploads/**", line)
    address = reverse("session_open", args=(practice.teos.meeting.key,))
    page.goto(address)
    page.get_by_label("Transcript or recording").set_input_files(path)
    expect(page.locator(".upload-words")).to_contain_text("broken", timeout=15_000)
    expect(page.locator("#upload progress")).to_have_js_property("value", 88, timeout=20_000)
    kept = page.evaluate("Object.keys(localStorage).concat(Object.values(localStorage)).join()")
    assert kept.count("upload:") == 1
    assert "Teo" not in kept
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address)
    expect(page.get_by_text("Choose the same file again to go on")).to_be_visible()
    before = Upload.objects.get().offset
    assert before >= 2 * 4 * 2**20
    page.get_by_label("Transcript or recording").set_input_files(path)
    expect(page.get_by_text("Recording, 9.0")).to_be_visible(timeout=15_000)
    assert StoredFile.objects.get().size_bytes == path.stat().st_size
    assert int(sent[-1]) == before  # nothing was sent twice
    assert page.evaluate("localStorage.length") == 0


def test_a_refusal_is_said_on_the_page(
    practice: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE)
    path = tmp_path / "words.txt"
    path.write_bytes(b"MZ\x90\x00 no words")
    page = browse(practice.alba)
    page.goto(reverse("session_open", args=(practice.teos.meeting.key,)))
    page.get_by_label("Transcript or recording").set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("what is in it is not")


def test_a_moment_is_confirmed_by_keyboard_without_leaving_the_page(
    practice: SimpleNamespace, browse: Browse
) -> None:
    with demo_path() as path:
        session = bring_and_analyse(practice.teos, path.read_bytes(), path.name)
    page = browse(practice.alba)
    page.goto(reverse("session_page", args=(session.key,)))
    first = page.locator("#moment-1")
    first.get_by_role("button", name="Fits", exact=True).focus()
    page.keyboard.press("Enter")
    expect(first.get_by_role("button", name="Fits", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert Mark.objects.get().verdict == "confirmed"
    first.get_by_text("Add a note").click()
    first.get_by_label("Your note").fill("Ask about the coffee.")
    first.get_by_role("button", name="Keep the note").click()
    expect(first.get_by_text("Your note", exact=True).first).to_be_visible()
    page.reload()
    expect(first.get_by_label("Your note")).to_have_value("Ask about the coffee.")
    mark = Mark.objects.get()
    assert (mark.verdict, mark.note) == ("confirmed", "Ask about the coffee.")


def test_without_scripts_a_transcript_is_brought_in_and_a_mark_is_set(
    practice: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    give_consent(practice.teos.client, Purpose.TRANSCRIBE, Purpose.ANALYSE)
    with demo_path() as demo:
        page = browse(practice.alba, java_script_enabled=False)
        page.goto(reverse("session_open", args=(practice.teos.meeting.key,)))
        page.get_by_label("Transcript", exact=True).set_input_files(demo)
        page.get_by_role("button", name="Bring it in").click()
    analyse_what_waits()
    page.reload()
    page.get_by_role("link", name="Report, version 1").click()
    page.locator("#moment-1").get_by_role("button", name="Does not fit").click()
    assert Mark.objects.get().verdict == "dismissed"
    expect(page.locator("#moment-1").get_by_role("button", name="Does not fit")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_two_editors_the_later_one_sees_both_texts(practice: SimpleNamespace, browse: Browse) -> None:
    session = with_session(practice, "teos")
    one, two = browse(practice.alba), browse(practice.alba)
    address = reverse("utterance_edit", args=(session.key, 1, 2))
    for page, words in ((one, "I slept well."), (two, "I slept hardly at all.")):
        page.goto(address)
        page.get_by_label("What was said").fill(words)
    for page in (one, two):
        page.get_by_role("button", name="Keep the correction").click()
    expect(two.get_by_text("Now it says: I slept well.").first).to_be_visible()
    expect(two.get_by_label("What was said")).to_have_value("I slept hardly at all.")
    two.get_by_role("button", name="Keep the correction").click()
    expect(two.get_by_role("heading", level=1)).not_to_contain_text("Utterance")
    assert TranscriptVersion.objects.count() == 3


def test_the_question_who_is_who_is_answered_on_the_page(
    practice: SimpleNamespace, browse: Browse
) -> None:
    agreed(practice.teos, Purpose.TRANSCRIBE, Purpose.ANALYSE)
    bring(
        practice.teos, "Ana: So we meet again.\nBo: So we do.\nAna: The rain was loud.\nBo: It was.\n"
    )
    analyse_what_waits()
    page = browse(practice.alba)
    address = reverse("session_open", args=(practice.teos.meeting.key,))
    check_page(page, address)
    page.goto(address)
    page.get_by_role("group", name="Who is the therapist?").get_by_label("Bo").check()
    page.get_by_role("group", name="Who is the client?").get_by_label("Ana").check()
    page.get_by_role("button", name="That is right, go on").click()
    analyse_what_waits()
    page.goto(address)
    expect(page.get_by_role("link", name="Report, version 1")).to_be_visible()


def test_a_recording_plays_and_jumps(practice: SimpleNamespace, browse: Browse) -> None:
    import struct

    rate, seconds = 8_000, 120
    data = bytes(rate * seconds)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate,
        1,
        8,
        b"data",
        len(data),
    )
    agreed(practice.teos, Purpose.RECORD)
    bring(practice.teos, head + data, "session.wav")
    assert SessionRecord.objects.count() == 1
    page = browse(practice.alba)
    page.goto(reverse("session_open", args=(practice.teos.meeting.key,)))
    length: Any = page.evaluate(
        """() => new Promise((done, fail) => {
          const player = document.querySelector('audio');
          player.onseeked = () => done([player.duration, player.currentTime]);
          player.onerror = () => fail(player.error.message);
          player.onloadedmetadata = () => { player.currentTime = 100; };
          player.load(); player.preload = 'auto';
        })"""
    )
    assert length == [seconds, 100]

"""The pages of safety, plans, letters, questionnaires and measures, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport_web.feedback import help as helping
from openrapport_web.feedback import reminders, safety
from openrapport_web.feedback.models import SafetyConcern
from tests.web.answers import answered, asked, form_file, open_concern, own_form, words_file
from tests.web.pages import check_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _origin(settings: Any, live_server: Any) -> None:
    settings.ORIGIN = live_server.url


def test_the_managers_pages_are_in_order(
    transactional_db: None, practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    helping.add_line(actor=practice.mara, name="A line", number="123", hours="24/7")
    open_concern(practice.teos)
    own = own_form(practice.mara)
    page = browse(practice.mara)
    for name, kwargs in (
        ("concern_list", {}),
        ("help_lines", {}),
        ("help_page", {}),
        ("plan_page", {}),
        ("plan_edit", {"name": "k6"}),
        ("library_page", {}),
        ("library_form", {"name": "phq-9"}),
        ("library_form", {"name": "wai-sr"}),
        ("library_form", {"name": own.name}),
        ("library_bring", {}),
        ("library_translate", {"name": "gad-7"}),
    ):
        check_page(page, reverse(name, kwargs=kwargs))


def test_the_therapists_and_the_clients_pages_are_in_order(
    transactional_db: None, practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    concern = open_concern(practice.teos)
    for week in range(3, 0, -1):
        at = timezone.now() - timedelta(weeks=week)
        form = asked(practice.teos, "phq-9", at=at, meeting=None)
        if week != 2:
            answered(form, {f"q{number}": week % 3 for number in range(1, 10)}, at=at)
    key = {"key": practice.teos.client.key}
    page = browse(practice.alba)
    check_page(page, reverse("concern_list"))
    check_page(page, reverse("concern_page", kwargs={"key": concern.key}))
    check_page(page, reverse("episode_plan", kwargs={"key": practice.teos.episode.key}))
    check_page(page, reverse("measure_list", kwargs=key))
    check_page(page, reverse("measure_page", kwargs={**key, "name": "phq-9"}))
    check_page(browse(practice.teo), reverse("my_letters"))
    stop = reverse("letters_stop") + "?link=" + reminders.stop_token(practice.teos.client)
    nobody = browse()
    check_page(nobody, stop)
    check_page(nobody, reverse("help_page"))


def test_an_answer_by_a_link_in_a_letter_shows_help_at_once_and_stays_open_until_it_is_done(
    transactional_db: None, practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    helping.add_line(actor=practice.mara, name="The line of the town", number="0 123", hours="24/7")
    asked(practice.teos, "phq-9", at=timezone.now() - timedelta(minutes=5))
    assert reminders.send_due() == 1
    (link,) = re.findall(r"http\S+questions/link\S+", str(mail.outbox[0].body))
    page = browse(viewport=PHONE)
    page.goto(link)
    page.locator("input[name='a-q9'][value='1']").check(force=True)
    page.get_by_role("button", name="Send").first.click()
    expect(page.get_by_role("heading", name="you do not have to be alone")).to_be_visible()
    expect(page.get_by_role("link", name="Call 0 123")).to_have_attribute("href", "tel:0123")
    mail.outbox.clear()
    assert safety.send_letters() == 2
    concern = SafetyConcern.objects.get()
    therapist = browse(practice.alba)
    therapist.goto("/")
    therapist.get_by_role("link", name="Teo").first.click()
    expect(therapist).to_have_url(re.compile(f"open/{concern.key}$"))
    expect(therapist.get_by_text("Several days")).to_be_visible()
    therapist.get_by_label("What was done").fill("We spoke, and meet tomorrow.")
    therapist.get_by_role("button", name="This was done").click()
    expect(therapist.get_by_text("It is not open any more")).to_be_visible()


def test_words_are_brought_in_after_what_differs_was_seen(
    transactional_db: None, practice: SimpleNamespace, browse: Callable[..., Page], tmp_path: Path
) -> None:
    words, bad = tmp_path / "words.json", tmp_path / "bad.json"
    words.write_text(json.dumps(words_file("wai-sr")))
    bad.write_text(json.dumps(form_file(items=[])))
    page = browse(practice.mara)
    page.goto(reverse("library_bring"))
    page.get_by_label("File").set_input_files(bad)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("expected 1 to 1000 items").first).to_be_visible()
    page.get_by_label("File").set_input_files(words)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("No difference was found")).to_be_visible()
    page.get_by_label("may use the words").check()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("It is here now")).to_be_visible()


def test_one_press_in_a_letter_stops_them(
    transactional_db: None, practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asked(practice.teos, at=timezone.now() - timedelta(minutes=5))
    reminders.send_due()
    (link,) = re.findall(r"http\S+letters/stop\S+", str(mail.outbox[0].body))
    page = browse(viewport=PHONE)
    page.goto(link)
    page.get_by_role("button", name="Stop the letters").click()
    expect(page.get_by_role("heading", name="No more letters")).to_be_visible()
    assert not reminders.wanted(practice.teos.client)

"""Strains and repairs as people do them: in a browser, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from openrapport_web.caseload.models import Meeting
from openrapport_web.people.models import Practice
from openrapport_web.repairs.models import Alert, PrivateWord, Repair, To
from tests.web.asked import asked, given, held_today, own_answer
from tests.web.pages import check_page
from tests.web.pulses import (
    meet,
    pulse,
    therapist_pulse,
    with_alert,
    with_draft,
    with_pulses,
    with_repair,
    with_word,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("live_server"),
]

Browse = Callable[..., Page]


def _on_phone(browse: Browse, user: object) -> Page:
    return browse(user, viewport={"width": 390, "height": 800}, has_touch=True)


def test_from_a_strain_over_one_alert_and_a_repair_to_its_end(
    practice: SimpleNamespace, browse: Browse
) -> None:
    care = practice.teos
    with_pulses(care)
    therapist, client = browse(practice.alba), _on_phone(browse, practice.teo)

    # After the meeting both answer: the client on the phone, the therapist with a guess.
    forms = asked(care)
    client.goto(reverse("my_question", kwargs={"key": forms["pulse"].key}))
    for name in ("bond", "goal", "task", "voice"):
        client.locator(f'input[name="a-{name}"][value="2"]').check()
    client.locator('input[name="a-strain"][value="2"]').check()
    client.get_by_role("button", name="Send").click()
    expect(client.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Alert.objects.count() == 1
    therapist.goto("/")
    therapist.locator("li", has_text="something between you felt off").get_by_role("link").click()
    expect(therapist.get_by_text("You have not yet said how this meeting was for you")).to_be_visible()
    own_answer(forms["pulse-therapist"])
    therapist.reload()
    expect(therapist.locator("figure.course-figure")).to_be_visible()
    expect(therapist.get_by_text("Not yet known: 0 of this kind")).to_be_visible()

    # It is acted on: noticed, planned, talked about.
    therapist.get_by_role("button", name="Begin a repair").click()
    expect(therapist.get_by_role("heading", level=1)).to_have_text("A repair with Teo")
    therapist.get_by_role("link", name="Make a plan").click()
    therapist.get_by_label("Moving away").check()
    therapist.get_by_label("What do you plan to do?").fill("Ask what was too fast.")
    therapist.get_by_label("What was said?").fill("That the exercise came too early.")
    therapist.get_by_role("button", name="Keep it").click()
    expect(therapist.get_by_text("When somebody moves away")).to_be_visible()

    # The next answer is watched. The strain lies a week back by then.
    Repair.objects.update(made_at=timezone.now() - timedelta(days=6))
    Meeting.objects.filter(askings=forms["pulse"]).update(starts_at=timezone.now() - timedelta(days=7))
    later = asked(care, held_today(care))
    given(later["pulse"])
    own_answer(later["pulse-therapist"])
    therapist.reload()
    expect(therapist.get_by_text("was asked 1 times and rated 1 of the meetings")).to_be_visible()
    expect(therapist.get_by_text("1 of these")).to_be_visible()

    # It ends, and leaves the list of today.
    therapist.goto("/")
    expect(therapist.get_by_text("You talked about it")).to_be_visible()
    therapist.goto(reverse("repair_page", kwargs={"key": Repair.objects.get().key}))
    therapist.get_by_role("link", name="Close it").click()
    therapist.get_by_label("Repaired").check()
    therapist.get_by_label("What did you learn").fill("To ask before I explain.")
    therapist.get_by_role("button", name="Close it").click()
    expect(therapist.get_by_text("To ask before I explain.")).to_be_visible()
    therapist.goto("/")
    expect(therapist.get_by_text("Open between you")).to_have_count(0)
    assert Alert.objects.count() == 1


def test_a_client_writes_to_the_contact_alone_on_a_phone_without_a_script(
    practice: SimpleNamespace, browse: Browse
) -> None:
    Practice.objects.update(named_contact=practice.mara)
    client = browse(
        practice.teo, viewport={"width": 390, "height": 800}, has_touch=True, java_script_enabled=False
    )
    client.goto("/me/")
    client.get_by_role("link", name="Read them").click()
    client.get_by_role("link", name="Something felt off").click()
    expect(client.get_by_text("This is not for emergencies.")).to_be_visible()
    client.get_by_label("Only Mara, not my therapist").check()
    client.get_by_label("What felt off?").fill("I felt laughed at.")
    client.get_by_role("button", name="Look at it once more").click()
    expect(client.get_by_text("Only Mara will read it")).to_be_visible()
    client.get_by_role("button", name="Change it").click()
    client.get_by_label("What felt off?").fill("I felt laughed at last time.")
    client.get_by_role("button", name="Look at it once more").click()
    assert not PrivateWord.objects.exists()
    client.get_by_role("button", name="Send it").click()
    expect(client.get_by_text("Sent to Mara.")).to_be_visible()
    assert PrivateWord.objects.get().text == "I felt laughed at last time."

    contact = browse(practice.mara)
    contact.goto("/")
    contact.get_by_role("link", name="Teo").first.click()
    contact.get_by_role("button", name="Open it").click()
    contact.get_by_label("Your answer, or what you did").fill("Shall I call you tomorrow?")
    contact.get_by_role("button", name="Send the answer").click()
    client.reload()
    expect(client.get_by_text("Shall I call you tomorrow?")).to_be_visible()
    expect(client.get_by_text("Read by Mara")).to_be_visible()


def test_a_client_finds_words_and_shows_them(practice: SimpleNamespace, browse: Browse) -> None:
    client = _on_phone(browse, practice.teo)
    client.goto(reverse("bringing_new"))
    client.get_by_label("It went too fast for me.").check()
    client.get_by_label("I will show this on my phone").check()
    client.get_by_role("button", name="Keep it for me").click()
    expect(client.get_by_text("Only you see this.")).to_be_visible()
    client.get_by_role("link", name="Show it in big letters").click()
    shown = client.get_by_text("It went too fast for me.")
    assert float(shown.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 27
    expect(client.get_by_role("navigation")).to_have_count(0)


def test_every_page_is_whole(practice: SimpleNamespace, browse: Browse) -> None:
    Practice.objects.update(named_contact=practice.mara)
    care = practice.teos
    alert = with_alert(care)
    repair = with_repair(care)
    for i, rating in enumerate((8, 7, 9, 6)):
        meeting = meet(care, days_ago=60 - i)
        therapist_pulse(care, meeting, rating, rating + 1)
    pulse(care, 8, days_ago=0.5, strain=1)
    word, sent = with_word(care), with_draft(care, sent=True)
    to_mara, draft = with_word(care, To.CONTACT, practice.mara), with_draft(care)
    therapist, client, manager = browse(practice.alba), browse(practice.teo), browse(practice.mara)
    for name, thing in (
        *(("alert_page", alert), ("repair_page", repair), ("repair_edit", repair)),
        *(("repair_close", repair), ("repair_new", care.episode), ("gap_page", care.episode)),
        *(("word_page", word), ("brought_page", sent), ("client_repairs", care.client)),
    ):
        check_page(therapist, reverse(name, kwargs={"key": thing.key}))
    for name in ("my_words", "word_new", "bringing_list", "bringing_new", "my_place"):
        check_page(client, reverse(name))
    for name in ("bringing_own", "bringing_edit", "bringing_show"):
        check_page(client, reverse(name, kwargs={"key": draft.key}))
    for url in (reverse("alert_figures"), reverse("word_page", kwargs={"key": to_mara.key}), "/"):
        check_page(manager, url)

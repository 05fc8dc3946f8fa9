"""Saying how it was, on a telephone, with keys, without a connection, and on the practice's tablet."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from openrapport_web.feedback.actions import ask, make_code, make_link
from openrapport_web.feedback.models import Answer
from openrapport_web.people.models import Practice
from tests.web.asked import asked, asked_of, given, held_today
from tests.web.pages import check_page, too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TELEPHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
BOND, GOAL, TASK = "My therapist was on my side", "What we spent time on", "The way we went about it"
VOICE, STRAIN, WISH = "If something had bothered me", "felt off", "one thing to do differently"


@pytest.fixture(autouse=True)
def _somebody_to_ask(practice: SimpleNamespace) -> None:
    Practice.objects.update(contact_name="The front desk", contact_phone="555 0100")


def _scale(page: Page, question: str, value: str) -> Any:
    group = page.get_by_role("group", name=question)
    return group.locator("label.option").filter(has_text=value).first


def _values() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(Answer.objects.get().values)
    return values


def test_a_client_answers_on_a_telephone_with_six_taps(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    link = f"{reverse('link_open')}?link={make_link(asking=asked_of(practice, 'teos'))}"
    page, taps = browse(**TELEPHONE), 0
    page.goto(link)
    for question, value in ((BOND, "8"), (GOAL, "7"), (TASK, "10"), (VOICE, "3"), (STRAIN, "A little")):
        _scale(page, question, value).tap()
        taps += 1
    page.get_by_role("button", name="Send").tap()
    taps += 1
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your answer has arrived.")
    assert _values() == {"bond": 8, "goal": 7, "task": 10, "voice": 3, "strain": 1}
    # With about three seconds to read and decide each, and two to scroll, that is half of 40 seconds.
    assert taps == 6
    assert "link=" not in page.url
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_every_target_of_the_form_is_large_enough_for_a_thumb(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked(practice.teos, held_today(practice.teos, mode="video"))["pulse"]
    page = browse(practice.teo, **TELEPHONE)
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('.option, .send')].map(e => {
             const r = e.getBoundingClientRect(); return [Math.round(r.width), Math.round(r.height)] })"""
    )
    assert len(sizes) == 5 * 11 + 3 + 1
    assert min(min(size) for size in sizes) >= 44
    # Zoomed to 200 %, half of the pixels are left.
    page.set_viewport_size({"width": 195, "height": 422})
    assert too_wide(page) == []


def test_numbers_and_arrows_answer_too_and_a_choice_can_be_taken_back(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked_of(practice, "teos")
    page = browse(practice.teo)
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    page.locator("#id_a-bond_0").focus()
    page.keyboard.press("1")
    page.keyboard.press("0")
    assert page.locator("input[name=a-bond]:checked").get_attribute("value") == "10"
    page.keyboard.press("ArrowLeft")
    assert page.locator("input[name=a-bond]:checked").get_attribute("value") == "9"
    page.keyboard.press("Tab")  # "Clear"
    page.keyboard.press("Tab")
    page.keyboard.press("4")
    assert page.locator("input[name=a-goal]:checked").get_attribute("value") == "4"
    page.get_by_role("button", name="Clear: What we spent time on").press("Enter")
    page.locator("textarea").focus()
    page.keyboard.type("7 times slower")
    page.get_by_role("button", name="Send").press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    assert _values() == {"bond": 9, "differently": "7 times slower"}


def test_without_scripts_it_is_a_plain_form(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    token = make_link(asking=asked_of(practice, "teos"))
    page = browse(java_script_enabled=False, **TELEPHONE)
    page.goto(f"{reverse('link_open')}?link={token}")
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Español").tap()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.locator("input[name=a-bond]:checked").get_attribute("value") == "8"
    page.locator(".send").tap()
    page.locator(".thanks").wait_for()
    assert _values() == {"bond": 8}


def test_an_answer_without_a_connection_is_kept_and_sent_once(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    token = make_link(asking=asked_of(practice, "teos"))
    page = browse(**TELEPHONE)
    page.goto(f"{reverse('link_open')}?link={token}")
    page.context.set_offline(True)
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Kept on this device").wait_for()
    assert not Answer.objects.exists()
    kept = page.evaluate("Object.entries(localStorage)")
    assert len(kept) == 1
    assert set(json.loads(kept[0][1])) == {"to", "fields", "at"}
    page.context.set_offline(False)
    page.get_by_role("heading", name="Thank you").wait_for()
    assert _values() == {"bond": 8}
    assert page.evaluate("localStorage.length") == 0


def test_an_answer_that_was_kept_is_sent_by_the_next_visit(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking, other = asked_of(practice, "teos"), asked_of(practice, "teos")
    page = browse(practice.teo, **TELEPHONE)
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    page.context.set_offline(True)
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Kept on this device").wait_for()
    page.context.set_offline(False)
    page.goto("about:blank")
    page.goto(reverse("my_question", kwargs={"key": other.key}))
    page.get_by_text("Your answer has arrived").wait_for()
    assert Answer.objects.get().asking == asking
    assert page.get_by_role("heading", name="How was today?").is_visible()
    assert page.evaluate("localStorage.length") == 0


def test_when_the_acknowledgement_is_lost_the_answer_is_still_kept_once(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked_of(practice, "teos")
    page = browse(practice.teo, **TELEPHONE)
    lost = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)  # it arrives, and its answer does not come back
        route.abort()

    page.route("**/questions/answer", lose)
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Kept on this device").wait_for()
    page.get_by_role("heading", name="Thank you").wait_for(timeout=15_000)
    assert lost == [200]
    assert _values() == {"bond": 8}


def test_a_browser_that_keeps_nothing_still_sends(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked_of(practice, "teos")
    page = browse(practice.teo, **TELEPHONE)
    page.add_init_script(
        "Storage.prototype.setItem = () => { throw new Error() }; delete AbortSignal.timeout;"
    )
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    page.context.set_offline(True)
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Not sent yet").wait_for()
    page.context.set_offline(False)
    page.get_by_role("heading", name="Thank you").wait_for()
    assert _values() == {"bond": 8}


def test_an_answer_that_the_server_refuses_comes_back_with_what_to_do(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked_of(practice, "teos")
    page = browse(practice.teo, **TELEPHONE)
    page.goto(reverse("my_question", kwargs={"key": asking.key}))
    page.get_by_role("button", name="Send").tap()
    expect(page.locator(".errors")).to_contain_text("Nothing was answered yet")
    assert page.evaluate("document.activeElement.className") == "errors"
    _scale(page, BOND, "8").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert _values() == {"bond": 8}


# -- the practice's tablet -----------------------------------------------------------------------------


def test_on_the_tablet_nothing_of_one_person_is_left_for_the_next(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    code = make_code(actor=practice.alba, asking=asked_of(practice, "teos"))
    page = browse(practice.alba, viewport={"width": 800, "height": 1100}, has_touch=True)
    page.goto(reverse("client_page", kwargs={"key": practice.teos.client.key}))
    page.goto(reverse("kiosk_start"))
    page.get_by_role("button", name="Make this device the tablet").tap()
    page.get_by_label("The code that you were given").fill(code)
    page.get_by_role("button", name="Begin").tap()
    _scale(page, BOND, "3").tap()
    page.get_by_label("Is there one thing").fill("My secret")
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("link", name="Done").tap()
    page.get_by_label("The code that you were given").wait_for()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    for _ in range(6):
        page.evaluate("void setTimeout(() => history.back())")
        page.wait_for_timeout(300)
        page.wait_for_load_state()
        text = page.locator("body").inner_text()
        assert "Teo" not in text
        assert "My secret" not in page.content()
        assert page.locator("input:checked").count() == 0
    page.goto(reverse("client_page", kwargs={"key": practice.teos.client.key}))
    assert page.url.endswith(reverse("kiosk"))


def test_the_tablet_clears_itself_when_somebody_walks_away(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    code = make_code(actor=practice.alba, asking=asked_of(practice, "teos"))
    page = browse(practice.alba, viewport={"width": 800, "height": 1100}, has_touch=True)
    page.clock.install()
    page.goto(reverse("kiosk_start"))
    page.get_by_role("button", name="Make this device the tablet").tap()
    page.get_by_label("The code that you were given").fill(code)
    page.get_by_role("button", name="Begin").tap()
    _scale(page, BOND, "3").tap()
    page.clock.run_for(80_000)
    page.get_by_role("button", name="I am still here").tap()
    assert page.locator("input:checked").count() == 1
    page.clock.run_for(80_000)
    page.get_by_role("heading", name="Are you still there?").wait_for()
    page.clock.run_for(25_000)
    page.get_by_label("The code that you were given").wait_for()
    page.go_back()
    assert page.locator("input:checked").count() == 0
    assert not Answer.objects.exists()


def test_without_a_connection_the_tablet_keeps_an_answer_in_the_page_alone(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse(practice.alba, viewport={"width": 800, "height": 1100}, has_touch=True)
    meeting = asked_of(practice, "teos").meeting_id
    page.goto(reverse("meeting_page", kwargs={"key": meeting}))
    page.get_by_role("button", name="Hand over this device").tap()
    _scale(page, BOND, "3").tap()
    page.context.set_offline(True)
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="Not sent yet").wait_for()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.context.set_offline(False)
    page.get_by_role("heading", name="Thank you").wait_for()
    assert _values() == {"bond": 3}


def test_on_the_tablet_help_stays_as_long_as_somebody_needs_it(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    meeting = held_today(practice.teos)
    asking = ask(
        actor=practice.alba, episode=practice.teos.episode, instrument_key="phq-9", meeting=meeting
    )
    page = browse(practice.alba, viewport={"width": 800, "height": 1100}, has_touch=True)
    page.clock.install()
    page.goto(reverse("meeting_page", kwargs={"key": asking.meeting_id}))
    page.get_by_role("button", name="Hand over this device").tap()
    _scale(page, "Thoughts that you would be better off dead", "Several days").tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("heading", name="you do not have to be alone").wait_for()
    page.clock.run_for(120_000)
    assert page.get_by_role("heading", name="you do not have to be alone").is_visible()
    assert page.locator("main a[href^=http]").count() == 0
    page.clock.run_for(200_000)
    page.get_by_label("The code that you were given").wait_for()


# -- for every eye, hand and screen --------------------------------------------------------------------


def test_the_pages_of_a_client_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked(practice.teos, held_today(practice.teos, mode="video"))["pulse"]
    page = browse(practice.teo)
    check_page(page, reverse("my_question", kwargs={"key": asking.key}))
    answer = given(asking)
    check_page(page, reverse("my_question", kwargs={"key": asking.key}), status=409)
    check_page(page, reverse("my_questions"))
    check_page(page, reverse("my_answer", kwargs={"key": answer.key}))
    long = ask(actor=practice.alba, episode=practice.teos.episode, instrument_key="phq-9")
    stranger = browse()
    check_page(stranger, f"{reverse('link_open')}?link={make_link(asking=long)}")
    check_page(stranger, reverse("link_open"), status=404)


def test_the_pages_of_the_practice_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    asking = asked_of(practice, "teos")
    page = browse(practice.alba)
    check_page(page, reverse("pulse_own", kwargs={"key": asking.meeting_id}))
    check_page(page, reverse("meeting_page", kwargs={"key": asking.meeting_id}))
    check_page(page, reverse("paper_find"))
    check_page(page, reverse("kiosk_start"))
    check_page(browse(practice.mara), reverse("paper_enter", kwargs={"key": asking.key}))
    page.goto(reverse("paper_sheet", kwargs={"key": asking.key}))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == []
    page.goto(reverse("kiosk_start"))
    page.get_by_role("button", name="Make this device the tablet").click()
    check_page(page, reverse("kiosk"))


@pytest.mark.parametrize("name", ["pulse", "phq-9"])
def test_a_sheet_fits_on_one_page_of_paper(
    practice: SimpleNamespace, browse: Callable[..., Page], name: str
) -> None:
    asking = ask(actor=practice.alba, episode=practice.teos.episode, instrument_key=name)
    page = browse(practice.alba)
    page.goto(reverse("paper_sheet", kwargs={"key": asking.key}))
    assert len(PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1

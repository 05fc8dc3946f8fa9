"""Courses, the day and the page for a review in a real browser, on a phone, a desk and paper."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from openrapport_web.goals import actions, together
from openrapport_web.people.models import Practice
from tests.web.coursed import answered, with_course
from tests.web.pages import PHONE, check_page, too_wide
from tests.web.test_today import _planned, _remembered

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("live_server"),
]

Browse = Callable[..., Page]


@pytest.fixture
def course(practice: SimpleNamespace) -> SimpleNamespace:
    """A course with everything in it, and a meeting today."""
    with_course(practice.teos, 22)
    _planned(practice.teos)
    _remembered(practice)
    return practice


@pytest.mark.parametrize(
    ("who", "name", "about"),
    [
        ("teo", "my_course", None),
        ("alba", "client_course", "client"),
        ("teo", "review_page", "episode"),
        ("alba", "review_page", "episode"),
        ("teo", "home", None),
        ("alba", "home", None),
        ("alba", "client_page", "client"),
    ],
)
def test_a_page_can_be_used_by_everyone(
    course: SimpleNamespace, browse: Browse, who: str, name: str, about: str | None
) -> None:
    kwargs = {"key": getattr(course.teos, about).key} if about else {}
    check_page(browse(getattr(course, who)), reverse(name, kwargs=kwargs))


def test_whoever_does_not_see_the_picture_goes_through_it_with_keys(
    course: SimpleNamespace, browse: Browse
) -> None:
    page = browse(course.teo)
    page.goto(reverse("my_course"))
    group = page.get_by_role("group", name="Go from answer to answer").first
    says = group.locator("p")
    expect(says).to_contain_text("You: 3")
    group.get_by_role("button", name="Earlier").focus()
    page.keyboard.press("Enter")
    expect(says).to_contain_text("You: 9")
    expect(says).to_contain_text("usual for you")
    page.keyboard.press("Home")
    expect(says).to_contain_text("You: 7")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(says).to_contain_text("left out")
    picture = page.get_by_role("img", name="How our meetings were")
    assert "You answered 20 of 21 times" in (picture.locator("desc").text_content() or "")
    page.get_by_text("The same as a table").first.click()
    expect(page.get_by_role("cell", name="left out")).to_be_visible()


def test_a_finger_on_the_picture_tells_what_is_there(course: SimpleNamespace, browse: Browse) -> None:
    page = browse(course.teo, viewport={"width": 390, "height": 800}, has_touch=True)
    page.goto(reverse("my_course"))
    box = page.locator(".course-svg").first.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] * 0.06, box["y"] + box["height"] / 2)
    expect(page.locator(".course-reader p").first).to_contain_text("You: 7")


def test_without_scripts_the_picture_and_its_table_are_there(
    course: SimpleNamespace, browse: Browse
) -> None:
    page = browse(course.teo, java_script_enabled=False)
    page.set_viewport_size(PHONE)
    page.goto(reverse("my_course"))
    expect(page.get_by_role("img", name="How our meetings were")).to_be_visible()
    assert page.get_by_role("button", name="Earlier").count() == 0
    page.get_by_text("The same as a table").first.click()
    expect(page.get_by_role("cell", name="left out")).to_be_visible()


def test_at_twice_the_size_nothing_is_cut_off(course: SimpleNamespace, browse: Browse) -> None:
    page = browse(course.alba)
    page.goto(reverse("client_course", kwargs={"key": course.teos.client.key}))
    page.set_viewport_size({"width": 640, "height": 450})
    assert too_wide(page) == []
    page.evaluate("document.styleSheets[0].insertRule('html { font-size: 200% }', 0)")
    assert too_wide(page) == []


LONG = "something that takes its time to be said because it was never easy " * 3


@pytest.mark.parametrize("long", [False, True])
def test_a_review_fits_on_one_sheet_of_paper(
    practice: SimpleNamespace, browse: Browse, long: bool
) -> None:
    Practice.objects.update(fictional=True)  # which stands on the paper, too
    with_course(practice.teos, 40, n_goals=0)
    episode, more = practice.teos.episode, LONG if long else ""
    for n in range(5):
        goal = actions.write_goal(actor=practice.teo, episode=episode, text=f"Goal {n} {more}"[:300])
        for value in (n, n + 3):
            actions.rate_goals(actor=practice.teo, episode=episode, values={goal.pk: value})
        actions.rate_goals(actor=practice.alba, episode=episode, values={goal.pk: n})
        together.add_point(actor=practice.teo, episode=episode, text=f"Point {n} {more}")
        task = together.give_task(
            actor=practice.alba, episode=episode, text=f"Task {n} {more}", until=None
        )
        together.say_task_state(
            actor=practice.teo, task=task, version=1, state="done", how=f"It went well {more}"
        )
        decision = together.write_decision(
            actor=practice.alba, episode=episode, text=f"Decision {n} {more}"
        )
        together.agree_to_decision(actor=practice.teo, decision=decision)
    met = practice.teos.episode.meetings.filter(state="held").order_by("starts_at")
    for meeting in [met.first(), met.last()] if long else []:
        answered(meeting, "gad-7", {f"q{n}": 1 for n in range(1, 8)})
        answered(meeting, "k6", {f"q{n}": 1 for n in range(1, 7)})
    page = browse(practice.alba)
    page.goto(reverse("review_page", kwargs={"key": episode.key}))
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True))).pages
    assert len(pages) == 1
    text = pages[0].extract_text()
    assert all(f"Goal {n}" in text for n in range(5))
    assert "What helped?" in text
    assert "Clients" not in text.splitlines(), "the navigation stays on the screen"

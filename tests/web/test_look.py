"""The look, on a page with every part: for every eye, hand and screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page

import openrapport
import openrapport_web
from openrapport_web.people.models import Practice
from tests.web.pages import DESK, check_page, too_wide, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.urls("tests.web.gallery"),
]


@pytest.fixture
def gallery(practice: SimpleNamespace, browse: Callable[..., Page]) -> Page:
    """The page with every part, open before Alba."""
    Practice.objects.update(fictional=True, contact_name="The front desk", contact_phone="555 0100")
    page = browse(practice.alba)
    page.goto("/gallery")
    return page


def test_every_part_can_be_used_by_everyone(gallery: Page) -> None:
    check_page(gallery, "/gallery")


def test_a_form_with_faults_says_so_and_leads_to_each(gallery: Page) -> None:
    gallery.get_by_role("button", name="Save").click()
    assert violations(gallery) == []
    assert gallery.evaluate("document.activeElement.className") == "errors"
    gallery.get_by_role("link", name="How did you meet?").click()
    assert gallery.evaluate("document.activeElement.id") == "id_how_0"
    named = gallery.get_by_role("textbox", name="Name")
    assert named.get_attribute("aria-invalid") == "true"
    assert named.get_attribute("aria-describedby") == "id_name_helptext id_name_error"
    assert gallery.locator("#id_name_error").inner_text() == "This field is required."


def test_at_twice_the_size_nothing_is_cut_off(gallery: Page) -> None:
    # Zoom by 200 % leaves half of the pixels; larger text alone leaves all of them.
    gallery.set_viewport_size({"width": DESK["width"] // 2, "height": DESK["height"] // 2})
    assert too_wide(gallery) == []
    gallery.set_viewport_size(DESK)
    gallery.evaluate("document.styleSheets[0].insertRule('html { font-size: 200% }', 0)")
    assert too_wide(gallery) == []


def test_whoever_tabs_sees_where_they_are(gallery: Page) -> None:
    gallery.keyboard.press("Tab")
    assert gallery.evaluate("document.activeElement.textContent") == "Skip to the content"
    unseen = []
    for _ in range(gallery.locator("a, button, input, select, textarea, summary").count()):
        gallery.keyboard.press("Tab")
        seen = gallery.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
            return e === document.body || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2
              && r.width > 0 && r.bottom > 0 && r.top < innerHeight) || e.outerHTML.slice(0, 100) }"""
        )
        if seen is not True:
            unseen.append(seen)
    assert unseen == []


def test_the_navigation_of_a_phone_needs_no_script(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse(practice.teo, java_script_enabled=False)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery")
    assert not page.get_by_role("link", name="Today").locator("visible=true").count() > 1
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Sign out").click()
    assert "/account/login" in page.url


def test_a_menu_closes_with_escape_and_gives_the_focus_back(gallery: Page) -> None:
    gallery.locator("details.menu > summary").click()
    assert gallery.get_by_role("button", name="Sign out").is_visible()
    gallery.keyboard.press("Escape")
    assert not gallery.get_by_role("button", name="Sign out").is_visible()
    assert gallery.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_somebody_impatient_sends_a_form_once(gallery: Page) -> None:
    sent: list[str] = []
    gallery.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    gallery.evaluate(
        "() => { const b = document.querySelector('#forms form button'); b.click(); b.click(); }"
    )
    gallery.wait_for_load_state("networkidle")
    assert len(sent) == 1


def test_what_is_made_up_says_so_on_every_page(gallery: Page) -> None:
    assert gallery.get_by_text("All of this is fictional").is_visible()
    gallery.goto("/account/login/")
    assert gallery.get_by_text("All of this is fictional").is_visible()


def test_what_went_wrong_has_a_page(practice: SimpleNamespace, browse: Callable[..., Page]) -> None:
    check_page(browse(practice.teo), "/no-such-page", status=404)


def test_every_class_of_a_page_stands_in_a_style_sheet_or_a_script() -> None:
    web = Path(openrapport_web.__file__).parent
    core = Path(openrapport.__file__).parent / "reporting"
    files = [*web.glob("static/openrapport/*"), *core.glob("templates/css/*.css")]
    text = "".join(file.read_text() for file in files if file.suffix in (".css", ".js"))
    known = set(re.findall(r"\.([a-z][\w-]*)", text))
    strange = {
        (page.name, word)
        for page in web.rglob("templates/**/*.html")
        for words in re.findall(r'class="([^"]*)"', page.read_text())
        for word in re.sub(r"{[%{].*?[%}]}", " ", words).split()
        if word not in known
    }
    assert strange == set(), "use the classes of tests/web/gallery.html, or add them to a style sheet"

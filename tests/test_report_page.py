"""The report's page in a real browser: readable by everyone, on a phone, and quite alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from openrapport.demo import demo_path
from openrapport.io.files import read_session
from openrapport.pipeline import measure, prepare
from openrapport.reporting.html import IndexRow, render, render_index

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with demo_path() as path:
        session = prepare(read_session(path))
    report = measure(session)
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.html").write_text(render(report, session), encoding="utf-8")
    rows = [IndexRow("report.html", report), IndexRow("report.html", report)]
    (folder / "index.html").write_text(render_index(rows), encoding="utf-8")
    return {path.stem: path.as_uri() for path in Path(folder).glob("*.html")}


def open_page(chromium: Browser, address: str, **context: object) -> Page:
    page = chromium.new_context(**context).new_page()  # type: ignore[arg-type]
    page.goto(address)
    return page


@pytest.mark.parametrize("name", ["report", "index"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_no_accessibility_violation(
    chromium: Browser, pages: dict[str, str], name: str, scheme: str
) -> None:
    page = open_page(chromium, pages[name], viewport=DESK, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    result = Axe().run(page, options={"resultTypes": ["violations"]})
    found = [
        (v["id"], v["nodes"][0]["target"], v["nodes"][0]["any"][:1])
        for v in result.response["violations"]
    ]
    assert found == []


@pytest.mark.parametrize("name", ["report", "index"])
def test_a_phone_never_scrolls_sideways(chromium: Browser, pages: dict[str, str], name: str) -> None:
    page = open_page(chromium, pages[name], viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_page_asks_nobody_for_anything(chromium: Browser, pages: dict[str, str]) -> None:
    asked: list[str] = []
    page = chromium.new_context(viewport=DESK).new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages["report"])
    page.wait_for_load_state("networkidle")
    assert asked == [pages["report"]]


def test_a_moment_leads_to_its_words_and_they_lead_back(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    page.locator("#moment-1 blockquote a").first.click()
    target = page.evaluate("location.hash")
    words = page.locator(target)
    assert words.is_visible()
    words.get_by_role("link", name="moment 1").click()
    assert page.evaluate("location.hash") == "#moment-1"


def test_every_link_inside_the_page_leads_somewhere(chromium: Browser, pages: dict[str, str]) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    broken = page.evaluate(
        """[...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href'))
           .filter(h => !document.getElementById(decodeURIComponent(h.slice(1))))"""
    )
    assert broken == []


def test_the_keyboard_reaches_the_content_first_and_no_bar_of_the_timeline(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator("svg a:not([tabindex='-1'])").count() == 0


def test_targets_are_large_enough_for_a_thumb(chromium: Browser, pages: dict[str, str]) -> None:
    page = open_page(chromium, pages["report"], viewport={"width": 390, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    small = page.evaluate(
        """[...document.querySelectorAll('summary, .links a, .number[href], .meta a, nav a')]
           .filter(e => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24)
           .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []

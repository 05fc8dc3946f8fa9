"""The report's page in a real browser: readable by everyone, on a phone, and quite alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from openrapport.demo import demo_path
from openrapport.io.files import read_session
from openrapport.pipeline import measure, prepare
from openrapport.reporting.html import render
from openrapport.reporting.index import IndexRow, render_index
from tests.sessions import session

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with demo_path() as path:
        talk = prepare(read_session(path))
    report = measure(talk)
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.html").write_text(render(report, talk), encoding="utf-8")
    rows = [
        IndexRow("report.html", replace(report, session=name, findings=findings), n)
        for name, n, findings in (
            ("2", 616, report.findings),
            ("10", 300, report.findings[5:]),
            ("1", 900, ()),
            ("b", 20, report.findings),
        )
    ]
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


def test_the_fictional_session_says_so_in_its_title_and_first_words(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    assert page.title().startswith("A fictional session")
    assert page.get_by_role("heading", level=1).text_content() == "A fictional session"
    assert "never took place" in page.locator("header").inner_text()


def test_another_session_is_not_called_fictional() -> None:
    page = render(measure(small := prepare(session("T 0-1 Hello", name="Mine"))), small)
    assert "<title>Mine: session report</title>" in page
    assert "never took place" not in page


def test_headings_never_skip_a_level(chromium: Browser, pages: dict[str, str]) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_a_finding_of_few_places_leads_to_them_and_they_lead_back(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    finding = page.locator("#finding-interruption_rate-therapist")
    finding.locator("summary").click()
    finding.locator(".links a").first.click()
    words = page.locator(page.evaluate("location.hash"))
    words.get_by_role("link", name="Interruptions").click()
    assert page.evaluate("location.hash") == "#finding-interruption_rate-therapist"


def test_codes_are_read_after_the_words_that_they_are_about(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    wrong = page.evaluate(
        """[...document.querySelectorAll('.utterance')]
           .filter(u => u.querySelector('.marks') && u.children[1].tagName !== 'P').length"""
    )
    assert wrong == 0


def test_moments_of_the_timeline_never_cover_each_other(
    chromium: Browser, pages: dict[str, str]
) -> None:
    for width in (320, 390, 1280):
        page = open_page(chromium, pages["report"], viewport={"width": width, "height": 800})
        boxes = page.evaluate(
            "[...document.querySelectorAll('.flags a')].map(a => a.getBoundingClientRect().toJSON())"
        )
        covering = [
            (a, b)
            for a, b in combinations(boxes, 2)
            if a["left"] < b["right"] - 1
            and b["left"] < a["right"] - 1
            and a["top"] < b["bottom"] - 1
            and b["top"] < a["bottom"] - 1
        ]
        assert covering == [], width


def test_twice_as_large_the_page_still_fits(chromium: Browser, pages: dict[str, str]) -> None:
    # 200 % zoom of a 1280 px window is a window of 640 px with two device pixels to each.
    page = open_page(
        chromium, pages["report"], viewport={"width": 640, "height": 450}, device_scale_factor=2
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).position") == "static"


def test_nothing_on_the_page_moves_by_itself(chromium: Browser, pages: dict[str, str]) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].map(e => getComputedStyle(e)).filter(s =>
           s.scrollBehavior !== 'auto' || s.transitionDuration !== '0s' || s.animationName !== 'none').length"""
    )
    assert moving == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_bar_above_never_covers_where_a_link_leads(
    chromium: Browser, pages: dict[str, str], width: int
) -> None:
    page = open_page(chromium, pages["report"], viewport={"width": width, "height": 700})
    for target in ("timeline-title", "u270", "finding-gap", "moment-2"):
        page.evaluate(f"location.hash = '{target}'")
        top, bar = page.evaluate(
            f"""[document.getElementById('{target}').getBoundingClientRect().top,
                 document.querySelector('nav').getBoundingClientRect().bottom]"""
        )
        assert bar <= top < 350


def test_on_paper_everything_is_open(chromium: Browser, pages: dict[str, str]) -> None:
    page = open_page(chromium, pages["report"], viewport=DESK)
    page.emulate_media(media="print")
    assert page.locator("#moment-7").get_by_role("heading").is_visible()
    assert page.get_by_text("What it does not mean").first.is_visible()
    assert not page.locator("nav").is_visible()
    adjust = "e => getComputedStyle(e).printColorAdjust"
    # What is drawn as a background; shapes are printed anyway.
    for drawn in (".swatch", ".number"):
        assert page.locator(drawn).first.evaluate(adjust) == "exact"


def test_a_click_on_a_heading_sorts_the_sessions_and_says_so(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["index"], viewport=DESK)
    names = page.locator(".sortable th a")
    assert names.all_text_contents() == ["2", "10", "1", "b"]
    page.get_by_role("button", name="Session").click()
    assert names.all_text_contents() == ["1", "2", "10", "b"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Utterances").press("Enter")
    page.get_by_role("button", name="Utterances").press("Enter")
    assert names.all_text_contents() == ["1", "2", "10", "b"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_sessions_without_a_value_stay_last_either_way(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["index"], viewport=DESK)
    button = page.get_by_role("button", name="Share of the talk time")
    for _ in range(2):
        button.click()
        assert page.locator(".sortable th a").all_text_contents()[2:] == ["10", "1"]


def test_the_index_counts_the_moments_and_leads_to_each_report(
    chromium: Browser, pages: dict[str, str]
) -> None:
    page = open_page(chromium, pages["index"], viewport=DESK)
    first = page.locator(".sortable tr").first
    assert first.locator("td").nth(1).text_content() == "7"
    first.get_by_role("link").click()
    assert page.title().startswith("A fictional session")

"""Claims about any page of ours, looked at in a real browser.

    page = browse(practice.alba)     # the fixture of conftest.py; None for somebody not signed in
    check_page(page, reverse("client_list"))

A test that uses them has the marks ``browser`` and ``xdist_group("browser")``.
"""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, ViewportSize

__all__ = ["DESK", "PHONE", "check_page", "too_wide", "violations"]

PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 900}


def check_page(page: Page, url: str, *, status: int = 200) -> None:
    """Look at a page on a desk and a phone, by light and dark, with everything unfolded.

    It has one heading of the first rank, a title, nothing that axe finds, nothing that scrolls
    sideways at 320 pixels, and nothing that the browser complains of (a breach of the CSP is one).
    """
    complaints: list[str] = []

    def console(message: ConsoleMessage) -> None:
        itself = status != 200 and f"status of {status}" in message.text
        if message.type in ("error", "warning") and not itself:
            complaints.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size(DESK)
    response = page.goto(url, wait_until="load")
    assert response is not None
    assert response.status == status, f"{url} answered {response.status}"
    assert page.locator("h1").count() == 1, page.locator("h1").all_inner_texts()
    assert re.search(r"\w.* · ", page.title()), f"title {page.title()!r}: fill the block 'title'"
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(d => d.open = true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert not (found := violations(page)), "\n".join([f"{url}, {scheme}", *found])
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(PHONE)
    assert too_wide(page) == [], f"{url} scrolls sideways on a phone"
    assert not (found := violations(page)), "\n".join([f"{url}, phone", *found])
    # The menu lies over the page when it is open, so what is under it is looked at before.
    page.evaluate("document.querySelectorAll('details.menu').forEach(d => d.open = true)")
    assert not (found := violations(page, "header.top")), "\n".join([f"{url}, menu", *found])
    assert too_wide(page) == [], f"{url} scrolls sideways with its menu open"
    page.set_viewport_size(DESK)
    assert not complaints, "\n".join([url, *complaints])


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds, WCAG 2.2's 24-pixel targets included."""
    options = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    found = Axe().run(page, within, options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {' '.join(node['failureSummary'].split())[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """The innermost things that make the page scroll sideways."""
    wide: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const wide = [...document.body.querySelectorAll('*')]
            .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.table-scroll'));
          return wide.filter(e => !wide.some(o => o !== e && e.contains(o)))
            .map(e => e.outerHTML.slice(0, 120)).concat('the page is wider than the screen');
        }"""
    )
    return wide

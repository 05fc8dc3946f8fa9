"""Take the pictures of the practice anew: ``.venv/bin/python docs/pictures/take_practice.py``.

They show the fictional practice of ``openrapport demo``, made and served in a temporary folder.
Needs Debian's Chromium. Another folder can be named as the first argument.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
WIDTHS = {"desk": (1200, 900), "long": (1200, 1300), "phone": (390, 844)}
DESK, LONG, PHONE, BOTH = ("desk",), ("long",), ("phone",), ("desk", "phone")
CLIENT, MEETING = "a[href^='/clients/']", "a[href^='/meetings/']"
# Who looks, the way to the page (addresses, and links to follow), and at which widths it is taken.
PAGES: dict[str, tuple[str, list[str], tuple[str, ...]]] = {
    "today": ("therapist", ["/"], BOTH),
    "clients": ("therapist", ["/clients/"], BOTH),
    "client": ("therapist", ["/sessions/", "Report", CLIENT], BOTH),
    "course": ("therapist", ["/", "a[href^='/repairs/']", CLIENT, "a[href$='/course']"], DESK),
    "review": (
        "therapist",
        ["/", "a[href^='/repairs/']", CLIENT, "a[href$='/course']", "a[href$='/review']"],
        LONG,
    ),
    "alert": ("therapist", ["/", "a[href^='/alerts/']"], LONG),
    "repair": ("therapist", ["/", "a[href^='/repairs/']"], LONG),
    "gap": (
        "therapist",
        ["/", "a[href^='/alerts/']", CLIENT, "a[href$='/repairs']", "a[href$='/gap']"],
        LONG,
    ),
    "session": ("therapist", ["/sessions/", "Report", MEETING], BOTH),
    "session-report": ("therapist", ["/sessions/", "Report"], BOTH),
    "my-first-page": ("client", ["/"], PHONE),
    "pulse": ("client", ["/my/questions", "a[href^='/my/questions/']"], PHONE),
    "my-course": ("client", ["/my/course"], PHONE),
    "my-goals": ("client", ["/my/goals"], PHONE),
    "bringing-up": ("client", ["/my/bringing-up/new"], PHONE),
    "private-word": ("client", ["/my/words/new"], PHONE),
    "consents": ("client", ["/consents/"], BOTH),
    "my-place": ("client", ["/me/"], BOTH),
    "who-saw-it": ("client", ["/me/log"], BOTH),
    "people": ("manager", ["/people/"], BOTH),
    "questionnaires": ("manager", ["/practice/questionnaires/"], DESK),
    "help-lines": ("manager", ["/practice/help"], DESK),
    "alert-figures": ("manager", ["/practice/alerts"], DESK),
    "audit": ("manager", ["/audit/"], BOTH),
}


def main(folder: Path) -> None:
    """Make the practice, serve it, and look at each page at two widths."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "openrapport_cli",
            "demo",
            "--home",
            f"{home}/p",
            "--port",
            str(port),
        ]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            base = f"http://localhost:{port}"
            _wait(base)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            for name, (role, way, widths) in PAGES.items():
                for width in widths:
                    target = folder / f"practice-{name}-{width}.png"
                    _take(browser, base, WIDTHS[width], role, way, target)
            browser.close()
        finally:
            server.terminate()
            server.wait()


def _wait(base: str) -> None:
    for _ in range(600):
        try:
            with urlopen(f"{base}/health"):  # noqa: S310
                return
        except URLError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def _take(
    browser: Browser, base: str, size: tuple[int, int], role: str, way: list[str], target: Path
) -> None:
    context = browser.new_context(
        base_url=base,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/demo/")
    page.locator(f"button[value={role}]").click()
    for step in way:
        _go(page, step)
    page.screenshot(path=target)
    context.close()


def _go(page: Page, step: str) -> None:
    if step.startswith("/"):
        page.goto(step)
    elif step == "Report":
        # The long session stands in the middle of the three.
        links = page.locator("main a[href^='/sessions/']")
        page.goto(links.nth(links.count() // 2).get_attribute("href") or "/")
    else:
        page.goto(page.locator(f"main {step}").first.get_attribute("href") or "/")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

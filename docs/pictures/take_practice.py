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
WIDTHS = {"desk": (1200, 900), "phone": (390, 844)}
# Who looks, and the way to the page: an address, or the words of links to follow.
PAGES: dict[str, tuple[str, list[str]]] = {
    "today": ("therapist", ["/"]),
    "clients": ("therapist", ["/clients/"]),
    "client": ("therapist", ["/sessions/", "Report", "client"]),
    "session": ("therapist", ["/sessions/", "Report", "meeting"]),
    "session-report": ("therapist", ["/sessions/", "Report"]),
    "consents": ("client", ["/consents/"]),
    "my-place": ("client", ["/me/"]),
    "who-saw-it": ("client", ["/me/log"]),
    "people": ("manager", ["/people/"]),
    "audit": ("manager", ["/audit/"]),
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
            for name, (role, way) in PAGES.items():
                for width, size in WIDTHS.items():
                    _take(browser, base, size, role, way, folder / f"practice-{name}-{width}.png")
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
        kind = {"client": "/clients/", "meeting": "/meetings/"}[step]
        page.goto(page.locator(f"main a[href^='{kind}']").first.get_attribute("href") or "/")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

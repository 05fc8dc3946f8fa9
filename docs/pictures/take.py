"""Take the pictures of the documentation anew: ``.venv/bin/python docs/pictures/take.py``.

They show the fictional session, so that nobody's words stand in them. Needs Debian's Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from openrapport.demo import demo_path
from openrapport.io.files import read_session
from openrapport.pipeline import measure, prepare
from openrapport.reporting.html import render

HERE = Path(__file__).parent
PICTURES = {
    "report-desktop": (1200, 1400, ""),
    "report-phone": (390, 900, ""),
    "timeline-desktop": (1200, 1000, "timeline"),
    "timeline-phone": (390, 900, "timeline"),
    "findings-desktop": (1200, 1000, "group-language"),
}
"""Width and height of each, and the part of the page that it shows."""


def main() -> None:
    with demo_path() as path:
        session = prepare(read_session(path))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        page_file.write_text(render(measure(session), session), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (width, height, part) in PICTURES.items():
            page = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="light",
                reduced_motion="reduce",
            ).new_page()
            page.goto(f"{page_file.as_uri()}#{part}")
            page.screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()

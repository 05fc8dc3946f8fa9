"""The page as a PDF, tagged so that a screen reader can read it."""

from __future__ import annotations

from pathlib import Path

from openrapport.errors import BadInput

__all__ = ["write_pdf"]


def write_pdf(html: str, path: Path) -> None:
    """Print a page to a PDF file, by WeasyPrint.

    Parameters
    ----------
    html : str
        A document from :func:`openrapport.reporting.html.render`, for paper.
    path : pathlib.Path
        The file to write.

    Raises
    ------
    BadInput
        If the Pango library, which WeasyPrint draws text with, is not on this machine.
    """
    try:
        from weasyprint import HTML  # costs seconds to import, and only PDF needs it
        from weasyprint.urls import URLFetcher
    except OSError:
        raise BadInput(
            "a PDF needs the Pango library, which is not on this machine; install it "
            "(Debian: apt install libpango-1.0-0 libpangoft2-1.0-0; macOS: brew install pango), "
            "or print the HTML page from a browser"
        ) from None
    # Nothing is fetched, by any protocol: a page holds all that it shows.
    HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(
        path, pdf_variant="pdf/ua-1"
    )

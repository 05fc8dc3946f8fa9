"""A session to take along: pages, tables and numbers that open without us."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from openrapport.io.tables import guarded
from openrapport.reporting.html import render
from openrapport.session import Session
from openrapport_web.recordings import bundles
from openrapport_web.recordings.models import SessionRecord, StoredReport

__all__ = ["files_of"]


def files_of(session: SessionRecord) -> Iterator[tuple[str, bytes]]:
    """Give what is held of a session, as files.

    Parameters
    ----------
    session : SessionRecord
        Out of ``access.sessions``: whoever takes it along may see it.

    Yields
    ------
    name : str
        ``transcript.csv``, ``report.html``, ``report.json``.
    data : bytes
        What stands in it.
    """
    version = session.versions.filter(deleted_at=None).order_by("-number").first()
    if version is None:
        return
    yield "transcript.csv", _table(bundles.load(version)).encode()
    stored = StoredReport.objects.filter(session=session).order_by("-version__number").first()
    if stored is not None:
        page = render(bundles.load_report(stored), bundles.load(stored))
        yield "report.html", page.encode("utf-8", "replace")
        yield "report.json", (stored.json + "\n").encode()


def _table(session: Session) -> str:
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["number", "who", "starts at (ms)", "ends at (ms)", "words"])
    for row in session.utterances:
        who = str(session.role_of(row.party))
        # A spreadsheet must not run what somebody said like a formula.
        table.writerow([row.index + 1, who, row.start_ms, row.end_ms, guarded(row.text)])
    return text.getvalue()

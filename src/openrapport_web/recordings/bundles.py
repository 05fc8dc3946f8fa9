"""Sessions of the core in sealed bundles, and their reports."""

from __future__ import annotations

import json
from typing import Any

from openrapport.finding import Report
from openrapport.io.bundle import read_bundle, write_bundle
from openrapport.session import Session
from openrapport_web import crypto
from openrapport_web.recordings.models import OnDisk, StoredReport
from openrapport_web.recordings.workroom import workroom
from openrapport_web.sealed_files import opened, seal_bytes

__all__ = ["load", "load_report", "report_text", "store"]


def store(record: OnDisk, session: Session) -> None:
    """Seal a session as the file of a record; when this returns it is on the disk."""
    key = crypto.keyring().key(record.sealed_for)
    with workroom() as room:
        write_bundle(session, room / "session.zip")
        data = (room / "session.zip").read_bytes()
    seal_bytes(record.path, data, key, context=record.context)


def load(record: OnDisk) -> Session:
    """Open the session of a record.

    Raises
    ------
    KeyDeleted, ContentLost, FileNotFoundError
        If it cannot be read (any more).
    """
    key = crypto.keyring().key(record.sealed_for)
    with workroom() as room:
        path = room / "session.zip"
        with path.open("wb") as file:
            for chunk in opened(record.path, key, context=record.context):
                file.write(chunk)
        return read_bundle(path)


def report_text(report: Report) -> str:
    """Write a report as ``openrapport analyze --json`` does."""
    return json.dumps(report.to_json(), allow_nan=False, separators=(",", ":"))


def load_report(stored: StoredReport) -> Report:
    """Read a stored report back."""
    document: dict[str, Any] = json.loads(stored.json)
    return Report.from_json(document)

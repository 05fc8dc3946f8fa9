"""Everything that a client may take along, as one zip file that a person and a program can read."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from openrapport_web import access
from openrapport_web.audit.wording import lines
from openrapport_web.caseload.models import Client
from openrapport_web.feedback.reading import to_take_along
from openrapport_web.goals import export as goals
from openrapport_web.people.models import User
from openrapport_web.repairs import export as repairs

__all__ = ["everything"]


def everything(user: User, client: Client) -> bytes:
    """Put together what is held about a client.

    Parameters
    ----------
    user : User
        The client's account.
    client : Client
        Their record.

    Returns
    -------
    data : bytes
        A zip file: ``index.html`` to read, the same as JSON and CSV, and each shared session's
        transcript and report.
    """
    tables = {
        "meetings": _meetings(client),
        "consents": _consents(client),
        "answers": to_take_along(client, user.language),
        **goals.tables_of(client),
        **repairs.tables_of(client),
        "who-saw-what": _seen(user),
    }
    about = {
        "name": client.name,
        "email": client.email,
        "phone": client.phone,
        "language": client.language,
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        sessions = list(_sessions(user, archive))
        archive.writestr(
            "data.json", json.dumps({"about": about, **tables}, indent=2, ensure_ascii=False)
        )
        for name, rows in tables.items():
            archive.writestr(f"{name}.csv", _csv(rows))
        page = {"about": about, "tables": tables, "sessions": sessions, "at": timezone.now()}
        archive.writestr("index.html", render_to_string("place/export.html", page))
    return buffer.getvalue()


def _meetings(client: Client) -> list[dict[str, Any]]:
    return [
        {
            "starts at": m.starts_at.isoformat(),
            "minutes": m.minutes,
            "how": m.get_mode_display(),
            "state": m.get_state_display(),
            "therapist": m.therapist.name,
        }
        for m in client.meetings.select_related("therapist").order_by("starts_at")
    ]


def _consents(client: Client) -> list[dict[str, Any]]:
    return [
        {
            "purpose": c.get_purpose_display(),
            "text": c.wording.text,
            "given at": c.given_at.isoformat(),
            "taken back at": c.withdrawn_at.isoformat() if c.withdrawn_at else "",
        }
        for c in client.consents.select_related("wording")
    ]


def _seen(user: User) -> list[dict[str, Any]]:
    said = lines(access.entries(user).order_by("number"), reader=user)
    return [
        {"at": line.at.isoformat(), "who": line.who, "what": line.what, "more": line.more}
        for line in said
    ]


def _sessions(user: User, archive: zipfile.ZipFile) -> Iterable[dict[str, str]]:
    from openrapport_web.recordings.export import files_of

    for session in access.sessions(user).select_related("meeting").order_by("made_at"):
        folder = f"sessions/{session.meeting.starts_at:%Y-%m-%d-%H%M}"
        for name, data in files_of(session):
            archive.writestr(f"{folder}/{name}", data)
            yield {
                "day": f"{session.meeting.starts_at:%Y-%m-%d}",
                "path": f"{folder}/{name}",
                "name": name,
            }


def _csv(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    text = StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> str:
    """Make a cell that begins like a formula a text, for programs that would run it."""
    text = str(value)
    return f"'{text}" if text.startswith(tuple("=+-@\t\r")) else text

"""Playing a recording, piece by piece, as a browser asks for it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from openrapport_web import access, crypto
from openrapport_web.audit.chain import record
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Purpose
from openrapport_web.recordings.models import Kind, StoredFile
from openrapport_web.sealed_files import opened

__all__ = ["recording_play"]

ANSWER_BYTES = 2 * 2**20
"""Of one answer. A player asks for more as it goes on, so memory does not grow with the file."""

_ONE_LISTENING = timedelta(minutes=30)
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})$")


@login_required
@require_safe
def recording_play(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give some of a recording to the therapist who held the session."""
    files = StoredFile.objects.filter(
        session__in=access.sessions_in_care(request.user), deleted_at=None, kind=Kind.RECORDING
    )
    file = access.found(files, key)
    if not access.consented(file.client_id, Purpose.RECORD):
        raise Http404
    _record_once(request, file)
    return _answer(request, file)


def _record_once(request: HttpRequest, file: StoredFile) -> None:
    """One entry for one listening, not one for each of its hundred requests."""
    lately = Entry.objects.filter(
        subject=file.key,
        action="recording.played",
        actor=access.me(request).key,
        at__gt=timezone.now() - _ONE_LISTENING,
    )
    if not lately.exists():
        record(request.user, "recording.played", file, client=file.client_id)


def _answer(request: HttpRequest, file: StoredFile) -> HttpResponse:
    size = file.size_bytes
    span = _span(request.headers.get("Range", "bytes=0-"), size)
    if span is None:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    start, last = span
    body = b"" if request.method == "HEAD" else _bytes(file, start, last - start + 1)
    response = HttpResponse(body, status=206, content_type=file.content_type)
    response["Content-Range"] = f"bytes {start}-{last}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = "inline"
    return response


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte to give; None where what is asked for cannot be given."""
    found = _RANGE.match(asked)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many bytes
        start, last = max(0, size - int(found[2])), size - 1
    else:
        start, last = int(found[1]), min(int(found[2] or size), size - 1)
    return (start, min(last, start + ANSWER_BYTES - 1)) if start <= last else None


def _bytes(file: StoredFile, start: int, wanted: int) -> bytes:
    key = crypto.keyring().key(file.client_id)
    parts, size = [], 0
    for chunk in opened(file.path, key, context=file.context, start=start):
        parts.append(chunk)
        size += len(chunk)
        if size >= wanted:
            break
    return b"".join(parts)[:wanted]

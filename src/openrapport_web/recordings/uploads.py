"""Bringing files in: begun, continued after anything, finished once, or given up.

The order of things is the promise. A piece reaches the disk, then the database says so, then the
sender hears it; the one sealed file appears before the row that speaks of it, and pieces go last.
So a process may be killed between any two lines here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from openrapport_web import crypto
from openrapport_web.access import consented
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, Meeting, Purpose
from openrapport_web.crypto import ContentLost
from openrapport_web.recordings.content import (
    HEAD_BYTES,
    MAX_TRANSCRIPT_BYTES,
    kind_of,
    sniff,
)
from openrapport_web.recordings.models import Kind, SessionRecord, StoredFile, Upload
from openrapport_web.recordings.pieces import PIECE_BYTES, Pieces, room_for
from openrapport_web.recordings.refusals import Refused
from openrapport_web.sealed_files import Sealer

__all__ = ["FINISH_AT_ONCE_BYTES", "add_piece", "begin", "drop", "drop_expired", "finish", "receive"]

EXPIRES_AFTER = timedelta(days=3)
FINISH_AT_ONCE_BYTES = 32 * 2**20
"""A larger file is put together by the worker: nobody waits half a minute for an answer."""

_MAX_NAME = 200
PURPOSE = {Kind.RECORDING: Purpose.RECORD, Kind.TRANSCRIPT: Purpose.TRANSCRIBE}
_NO_CONSENT = {
    Kind.RECORDING: "The client has not agreed to recordings, so none can be kept.",
    Kind.TRANSCRIPT: "The client has not agreed to writing down what was said, so no transcript can be kept.",
}
DISK_FULL = (
    "The practice's disk is full. What has arrived is kept, and the upload goes on where it "
    "stopped when there is room again."
)


def require_consent(client: UUID, kind: str) -> None:
    """Refuse where the client's yes to files of this kind does not hold now.

    Raises
    ------
    Refused
        Naming what the client has not agreed to.
    """
    if not consented(client, PURPOSE[Kind(kind)]):
        raise Refused(_NO_CONSENT[Kind(kind)], 403)


def lock_client(client: UUID) -> None:
    """Let consents be withdrawn either before or after what comes next, never in its middle."""
    Client.objects.select_for_update().filter(pk=client).values("pk").first()


@transaction.atomic
def begin(*, actor: Any, meeting: Meeting, name: str, size: int) -> Upload:
    """Announce a file.

    Parameters
    ----------
    actor : User
        The therapist who brings it.
    meeting : Meeting
        What it belongs to.
    name : str
        Its name; kept sealed.
    size : int
        In bytes.

    Returns
    -------
    upload : Upload
        With nothing arrived yet.

    Raises
    ------
    Refused
        If it is nothing that is kept here, too large, empty, without consent, or the disk is full.
    """
    kind = kind_of(name)
    if size < 1:
        raise Refused("The file is empty. Choose another one.")
    limit = min(
        settings.MAX_UPLOAD_BYTES,
        MAX_TRANSCRIPT_BYTES if kind is Kind.TRANSCRIPT else settings.MAX_UPLOAD_BYTES,
    )
    if size > limit:
        raise Refused(
            f"The file is larger than {limit // 2**20} MB, which is the most for its kind.", 413
        )
    lock_client(meeting.client_id)
    require_consent(meeting.client_id, kind)
    if not room_for(size):
        raise Refused(
            "The practice's disk has no room for this file. Nothing was sent. Ask whoever looks "
            "after the machine to make room, then try again.",
            507,
        )
    upload = Upload(
        meeting=meeting,
        client_id=meeting.client_id,
        by=actor,
        kind=kind,
        size_bytes=size,
        expires_at=timezone.now() + EXPIRES_AFTER,
    )
    upload.name = name.replace("\\", "/").rpartition("/")[2][-_MAX_NAME:]
    upload.save(force_insert=True)
    record(actor, "upload.begun", upload, client=upload.client_id, kind=str(kind), bytes=size)
    return upload


def receive(upload: Upload, read: Callable[[int], bytes]) -> int:
    """Take bytes as they come and put them away piece by piece.

    Parameters
    ----------
    upload : Upload
        Its ``offset`` moves on with every piece.
    read : callable
        Gives up to so many bytes, none at the end; may raise ``OSError`` where the line breaks.

    Returns
    -------
    offset : int
        What is safe on disk now.
    """
    while upload.offset < upload.size_bytes:
        data = _piece(read, min(PIECE_BYTES, upload.size_bytes - upload.offset))
        if not data:
            break
        add_piece(upload, data)
    return upload.offset


def _piece(read: Callable[[int], bytes], wanted: int) -> bytes:
    parts, size = [], 0
    try:
        while size < wanted and (part := read(wanted - size)):
            parts.append(part)
            size += len(part)
    except OSError:
        pass  # the line broke; what came before is as good as any
    return b"".join(parts)


def add_piece(upload: Upload, data: bytes) -> None:
    """Put the next bytes of an upload away.

    Raises
    ------
    Refused
        If the upload is gone, somewhere else than the sender thinks, no longer agreed to, or not
        what its name says.
    """
    pieces = Pieces(upload)
    with pieces.locked():
        _check(upload, pieces)
        if upload.offset == 0 and (len(data) >= HEAD_BYTES or len(data) == upload.size_bytes):
            _refuse_wrong_content(upload, data[:HEAD_BYTES])
        pieces.put(upload.offset, data)
        end = upload.offset + len(data)
        with transaction.atomic():
            moved = Upload.objects.filter(pk=upload.key, offset=upload.offset, finished_at=None).update(
                offset=end, expires_at=timezone.now() + EXPIRES_AFTER, problem=""
            )
            if moved and end == upload.size_bytes > FINISH_AT_ONCE_BYTES:
                from openrapport_web.recordings.tasks import finish_upload

                finish_upload.enqueue(str(upload.key))
        if not moved:
            _check(upload, pieces)
        upload.offset = end
    if end == upload.size_bytes and end <= FINISH_AT_ONCE_BYTES:
        finish(upload.key)


def _check(upload: Upload, pieces: Pieces) -> None:
    held = Upload.objects.filter(pk=upload.key).values("offset", "finished_at", "expires_at").first()
    if held is None or held["expires_at"] <= timezone.now():
        pieces.delete()
        raise Refused("This upload is over. Choose the file again to begin anew.", 410)
    if held["finished_at"] or held["offset"] != upload.offset:
        raise Refused("The upload has got further than that. It goes on where it is.", 409)
    try:
        require_consent(upload.client_id, upload.kind)
    except Refused:
        drop(actor=None, upload=upload, why="no consent")
        raise


def _refuse_wrong_content(upload: Upload, head: bytes) -> None:
    try:
        sniff(head, upload.name)
    except Refused:
        drop(actor=None, upload=upload, why="not what its name says")
        raise


def finish(key: UUID) -> StoredFile | None:
    """Make one sealed file of the pieces, and have a transcript analysed. Twice is as good as once.

    Parameters
    ----------
    key : UUID
        Of an upload that has arrived whole; for any other nothing happens.

    Returns
    -------
    file : StoredFile or None
        The new file; None where there was nothing to do.

    Raises
    ------
    Refused
        If the file is not what its name says or no longer agreed to; it is gone then.
    """
    upload = Upload.objects.filter(pk=key, finished_at=None).select_related("meeting").first()
    if upload is None or upload.offset != upload.size_bytes:
        return None
    pieces = Pieces(upload)
    with pieces.locked():
        # The file has the key of its upload: whoever comes second writes over what the first left.
        file = StoredFile(key=upload.key, client_id=upload.client_id)
        try:
            file.content_type = _assemble(upload, pieces, file)
            stored = _store(upload, file)
        except Refused as refused:
            _give_up(upload, refused.words)
            raise
        finally:
            if not StoredFile.objects.filter(pk=file.key).exists():
                file.path.unlink(missing_ok=True)
    pieces.delete()
    return file if stored else None


@transaction.atomic
def _give_up(upload: Upload, words: str) -> None:
    """Keep why a file that has arrived was refused, and nothing of the file."""
    Upload.objects.filter(pk=upload.key).update(problem=words, finished_at=timezone.now())
    record(None, "upload.refused", upload, client=upload.client_id)
    transaction.on_commit(Pieces(upload).delete)


def _assemble(upload: Upload, pieces: Pieces, file: StoredFile) -> str:
    chunks = pieces.read()
    key = crypto.keyring().key(upload.client_id)
    try:
        first = next(chunks)
        while len(first) < min(HEAD_BYTES, upload.size_bytes):
            first += next(chunks)
        content_type = sniff(first[:HEAD_BYTES], upload.name)
        with Sealer(file.path, key, context=file.context) as sealer:
            for chunk in chain((first,), chunks):
                sealer.write(chunk)
    except ContentLost:
        raise Refused("Part of it was lost on our disk. Please send the file again.", 410) from None
    return content_type


@transaction.atomic
def _store(upload: Upload, file: StoredFile) -> bool:
    from openrapport_web.recordings.analysis import ask, may_ask

    lock_client(upload.client_id)
    finished = Upload.objects.filter(pk=upload.key, finished_at=None).update(finished_at=timezone.now())
    if not finished:
        return False
    require_consent(upload.client_id, upload.kind)
    file.session, _ = SessionRecord.objects.get_or_create(
        meeting=upload.meeting,
        defaults={"client_id": upload.client_id, "therapist_id": upload.meeting.therapist_id},
    )
    file.upload, file.kind, file.by_id = upload, upload.kind, upload.by_id
    file.size_bytes, file.name = upload.size_bytes, upload.name
    file.save(force_insert=True)
    record(upload.by, "file.added", file, client=file.client_id, kind=file.kind, bytes=file.size_bytes)
    if file.kind == Kind.TRANSCRIPT and may_ask(file.session):
        ask(actor=upload.by, session=file.session, file=file)
    return True


@transaction.atomic
def drop(*, actor: Any, upload: Upload, why: str) -> None:
    """Give an upload up and take its pieces away."""
    deleted, _ = Upload.objects.filter(pk=upload.key, finished_at=None).delete()
    if deleted:
        record(actor, "upload.dropped", upload, client=upload.client_id, why=why)
        transaction.on_commit(Pieces(upload).delete)


def drop_expired() -> int:
    """Give up what nobody continued in time."""
    # What has arrived whole never expires: it only waits to be put together.
    late = Upload.objects.filter(
        finished_at=None, expires_at__lte=timezone.now(), offset__lt=F("size_bytes")
    )
    n = 0
    for upload in late:
        drop(actor=None, upload=upload, why="not continued in time")
        n += 1
    return n


@transaction.atomic
def forget(*, actor: Any, upload: Upload) -> None:
    """Put away why an upload was refused, when it was read."""
    if Upload.objects.filter(pk=upload.key, file=None).exclude(problem="").delete()[0]:
        record(actor, "upload.forgotten", upload, client=upload.client_id)

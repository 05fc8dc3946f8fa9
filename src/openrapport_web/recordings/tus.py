"""Uploads that go on where they stopped: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload).

Core, creation, termination, expiration and checksum. A file's name travels in a header, never in an
address, so that it stands in no log.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.http import require_http_methods

from openrapport_web import access
from openrapport_web.people.models import Role
from openrapport_web.recordings import uploads
from openrapport_web.recordings.models import Upload
from openrapport_web.recordings.pieces import PIECE_BYTES
from openrapport_web.recordings.refusals import Refused, disk_is_full

__all__ = ["upload_create", "upload_one"]

VERSION = "1.0.0"
_EXTENSIONS = "creation,termination,expiration,checksum"
_ALGORITHMS = ("sha256", "sha1")
_MAX_DIGITS = 15
_PLAIN = "text/plain; charset=utf-8"

View = Callable[..., HttpResponse]


def _tus(view: View) -> View:
    """Speak the protocol: its headers, its version, and refusals as plain text."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _speaking(HttpResponse("Sign in first.", status=403, content_type=_PLAIN))
        access.require(request.user, Role.THERAPIST)
        try:
            response = view(request, *args, **kwargs)
        except Refused as refused:
            response = HttpResponse(refused.words, status=refused.status, content_type=_PLAIN)
        except Exception as error:
            if not disk_is_full(error):
                raise
            response = HttpResponse(uploads.DISK_FULL, status=507, content_type=_PLAIN)
        return _speaking(response)

    return answer


def _require_version(request: HttpRequest) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Refused("expected Tus-Resumable: 1.0.0", 412)


def _speaking(response: HttpResponse) -> HttpResponse:
    response["Tus-Resumable"] = response["Tus-Version"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["OPTIONS", "POST"])
@_tus
def upload_create(request: HttpRequest) -> HttpResponse:
    """Say what this server can do, or begin an upload."""
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
        response["Tus-Extension"] = _EXTENSIONS
        response["Tus-Max-Size"] = str(settings.MAX_UPLOAD_BYTES)
        response["Tus-Checksum-Algorithm"] = ",".join(_ALGORITHMS)
        return response
    _require_version(request)
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    try:
        meeting_key = UUID(told.get("meeting", ""))
    except ValueError:
        raise Refused("Upload-Metadata has to name the meeting and the file.") from None
    meeting = access.found(access.meetings_in_care(request.user), meeting_key)
    upload = uploads.begin(
        actor=request.user,
        meeting=meeting,
        name=told.get("filename", ""),
        size=_number(request, "Upload-Length"),
    )
    response = HttpResponse(status=201)
    response["Location"] = reverse("upload_one", kwargs={"key": upload.key})
    return _expiring(response, upload)


@require_http_methods(["HEAD", "PATCH", "DELETE"])
@_tus
def upload_one(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say how far an upload is, take more of it, or give it up."""
    upload = access.found(access.uploads(request.user), key)
    _require_version(request)
    if request.method == "DELETE":
        uploads.drop(actor=request.user, upload=upload, why="given up")
        return HttpResponse(status=204)
    if upload.problem and upload.finished_at:
        raise Refused(upload.problem, 410)
    if request.method == "PATCH":
        _patch(request, upload)
    response = HttpResponse(status=204 if request.method == "PATCH" else 200)
    response["Upload-Offset"] = str(upload.offset)
    if request.method == "HEAD":
        response["Upload-Length"] = str(upload.size_bytes)
    return response if upload.finished_at else _expiring(response, upload)


def _patch(request: HttpRequest, upload: Upload) -> None:
    if request.content_type != "application/offset+octet-stream":
        raise Refused("expected Content-Type: application/offset+octet-stream", 415)
    if _number(request, "Upload-Offset") != upload.offset:
        raise Refused(f"the upload is at {upload.offset}", 409)
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > upload.size_bytes - upload.offset:
        raise Refused("more came than was announced", 413)
    checksum = request.headers.get("Upload-Checksum")
    if checksum is None:
        uploads.receive(upload, request.read)
        return
    data = _checked(request, checksum)
    uploads.receive(upload, _reader(data))


def _checked(request: HttpRequest, checksum: str) -> bytes:
    """Read one piece and compare it: what does not fit is thrown away whole."""
    algorithm, _, encoded = checksum.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise Refused(f"checksums by {' or '.join(_ALGORITHMS)} are understood", 400)
    data = request.read(PIECE_BYTES + 1)
    if len(data) > PIECE_BYTES:
        raise Refused(f"with a checksum, at most {PIECE_BYTES} bytes at a time", 413)
    try:
        expected = b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refused("the checksum is not in base64", 400) from None
    # As the protocol has it: a guard against a bad line, not against people.
    if not hmac.compare_digest(hashlib.new(algorithm, data, usedforsecurity=False).digest(), expected):
        raise Refused("the checksum does not fit; send this part again", 460)
    return data


def _reader(data: bytes) -> Callable[[int], bytes]:
    rest = memoryview(data)

    def read(size: int) -> bytes:
        nonlocal rest
        part, rest = rest[:size], rest[size:]
        return bytes(part)

    return read


def _expiring(response: HttpResponse, upload: Upload) -> HttpResponse:
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _number(request: HttpRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS):
        raise Refused(f"expected {header} to be a whole number")
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    """Read ``key base64,key base64``."""
    told: dict[str, str] = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            told[name] = b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("Upload-Metadata is not in base64") from None
    return told

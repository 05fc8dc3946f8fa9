"""Bodies of requests before Django sees them: none large enough to be put on a disk in the clear.

Django keeps a body that is larger than FILE_UPLOAD_MAX_MEMORY_SIZE in a temporary file. A recording
must never lie there, so one request of an upload gives its first piece alone, and the sender goes on
from there; where the line breaks, what has come counts. Any other large body is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

__all__ = ["MAX_BODY_BYTES", "bounded_bodies"]

MAX_BODY_BYTES = 5 * 2**20
"""Of a form: a transcript of 4 MB and what surrounds it."""

_PIECE_BYTES = 4 * 2**20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


def bounded_bodies(application: Application) -> Application:
    """Let an application see no more of a body than fits into memory."""

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif scope["method"] == "PATCH" and scope["path"].startswith("/uploads/"):
            await application(scope, _first_piece(receive), send)
        elif _announced(scope) > MAX_BODY_BYTES:
            await _refuse(send)
        else:
            await application(scope, _stopping(receive), send)

    return answer


def _announced(scope: Any) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


def _first_piece(receive: Receive) -> Receive:
    came, over = 0, False

    async def receive_piece() -> Message:
        nonlocal came, over
        if over:
            # The rest is not read, and a sender who has left is not told of: what came is kept.
            await asyncio.Event().wait()
        message = await receive()
        if message["type"] == "http.disconnect":
            over = True
            return {"type": "http.request", "body": b"", "more_body": False}
        body = message.get("body", b"")[: _PIECE_BYTES - came]
        came += len(body)
        over = came == _PIECE_BYTES or not message.get("more_body", False)
        return {"type": "http.request", "body": body, "more_body": not over}

    return receive_piece


def _stopping(receive: Receive) -> Receive:
    came = 0

    async def receive_some() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        # A body of unknown length that grows too large counts as broken off.
        return {"type": "http.disconnect"} if came > MAX_BODY_BYTES else message

    return receive_some


async def _refuse(send: Send) -> None:
    words = b"This is larger than 5 MB. Nothing was kept."
    always = {**settings.ANSWER_HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}
    headers = [(name.lower().encode(), value.encode()) for name, value in always.items()]
    headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": words})

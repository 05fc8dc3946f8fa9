"""Bodies of requests: one piece of an upload at a time, and nothing large anywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from openrapport_web.streams import MAX_BODY_BYTES, bounded_bodies
from tests.web.loops import finished

MB = 2**20


async def _give(
    method: str, path: str, messages: Iterable[dict[str, Any]], headers: dict[bytes, bytes]
) -> tuple[bytes, list[dict[str, Any]], bool]:
    seen, sent, broke = b"", [], False
    coming = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen, broke
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                broke = True
                return
            seen += message["body"]
            if not message["more_body"]:
                break
        # As Django does while it answers: it waits to hear whether the sender has left.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        await send({"type": "http.response.start", "status": 204})

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers.items())}
    await bounded_bodies(application)(scope, receive, send)
    return seen, sent, broke


def give(
    method: str, path: str, messages: Iterable[dict[str, Any]], **headers: str
) -> tuple[bytes, list[dict[str, Any]], bool]:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return finished(_give(method, path, messages, named))


def part(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_part_of_an_upload_comes_through_whole() -> None:
    seen, sent, _ = give("PATCH", "/uploads/x", [part(b"a" * MB), part(b"b" * MB, more=False)])
    assert seen == b"a" * MB + b"b" * MB
    assert sent[0]["status"] == 204


def test_of_an_endless_part_one_piece_is_taken_and_the_rest_is_never_read() -> None:
    def endless() -> Any:
        for _ in range(6):
            yield part(b"x" * MB)
        raise AssertionError("it read on")

    seen, sent, broke = give("PATCH", "/uploads/x", endless())
    assert len(seen) == 4 * MB
    assert (sent[0]["status"], broke) == (204, False)


def test_of_a_broken_line_what_came_counts() -> None:
    seen, sent, broke = give("PATCH", "/uploads/x", [part(b"x" * 10), {"type": "http.disconnect"}])
    assert (seen, broke, sent[0]["status"]) == (b"x" * 10, False, 204)


def test_a_large_body_for_anything_else_is_refused_before_it_is_read() -> None:
    seen, sent, _ = give("POST", "/account/login/", [], content_length=str(MAX_BODY_BYTES + 1))
    assert (seen, sent[0]["status"]) == (b"", 413)


def test_a_large_body_of_unknown_length_counts_as_broken_off() -> None:
    seen, sent, broke = give("POST", "/account/login/", [part(b"x" * MB)] * 9)
    assert broke
    assert (sent, len(seen) <= MAX_BODY_BYTES) == ([], True)

"""What is answered when something cannot be done: plain words, and nothing of what was sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from pydantic import BaseModel

from openrapport_web.caseload.actions import NotPossible
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.recordings.refusals import Refused, disk_is_full

__all__ = ["OURS", "BadRequestBody", "MissingScope", "Problem", "answer_problems"]

log = logging.getLogger(__name__)

OURS = "ours"
"""The type of a pydantic error whose words are ours."""

_WORDS = {
    "missing": "This is needed.",
    "extra_forbidden": "There is something here that is not known. Look at the description.",
    "string_type": "Text is expected.",
    "string_too_short": "This must not be empty.",
    "string_unicode": "This holds characters that cannot be written.",
    "int_type": "A whole number is expected.",
    "int_parsing": "A whole number is expected.",
    "model_attributes_type": "An object is expected.",
    "model_type": "An object is expected.",
}
_WITH_BOUNDS = {
    "string_too_long": "At most {max_length} characters are kept.",
    "greater_than_equal": "At least {ge} is expected.",
    "less_than_equal": "At most {le} is expected.",
    "enum": "One of these is expected: {expected}.",
    "literal_error": "One of these is expected: {expected}.",
}


class Problem(BaseModel):
    """Why something was not done: in words, at which place, and the newer version where there is one."""

    detail: str
    where: str = ""
    version: int | None = None


class BadRequestBody(Exception):
    """What was sent breaks a rule; ``said`` tells of which field and in which words."""

    def __init__(self, said: Iterable[tuple[str, str]]) -> None:
        super().__init__("a request breaks a rule")
        self.said = list(said)


class MissingScope(Exception):
    """A token does not open this."""

    def __init__(self, scope: str, *, possible: bool) -> None:
        super().__init__(scope)
        self.scope, self.possible = scope, possible


Say = tuple[int, str, str]


def _unreadable(error: ValidationError) -> Say:
    said = [(_place(problem["loc"], problem["type"]), _words(problem)) for problem in error.errors]
    return 422, _sentence(said), said[0][0] if said else ""


def _against_a_rule(error: BadRequestBody) -> Say:
    said = [(f"body.{name}" if name else "body", words) for name, words in error.said]
    return 422, _sentence(said), said[0][0]


def _missing_scope(error: MissingScope) -> Say:
    whose = "this token does not have." if error.possible else "your role does not have."
    return 403, f"The scope {error.scope} is needed, which {whose}", error.scope


def _unreadable_body(error: Exception) -> Say:
    if isinstance(error, RequestDataTooBig):
        return 413, "This is larger than what is taken in one request.", "body"
    return 400, "The body could not be read. Look at what the description expects.", "body"


def _our_fault(error: Exception) -> Say:
    if disk_is_full(error):
        return 507, "The practice's disk is full, so nothing was changed.", ""
    log.error("a request of a program failed", exc_info=error)
    return 500, "Something on our side went wrong. Nothing was half-saved.", ""


_NOTHING = "There is nothing here for you. It may be deleted, or no longer shared with you."
_CHANGED = "Somebody else changed this after the version that you sent. Read it again, then decide."
_TOO_FAST = "Too many requests in this minute. Wait for the next one."
_SAID: dict[type[Exception], Callable[[Any], Say]] = {
    ValidationError: _unreadable,
    BadRequestBody: _against_a_rule,
    MissingScope: _missing_scope,
    AuthenticationError: lambda _: (
        401,
        "A token that works is needed: Authorization: Bearer …",
        "Authorization",
    ),
    PermissionDenied: lambda _: (403, "This is not for your role.", ""),
    Http404: lambda _: (404, _NOTHING, ""),
    ChangedMeanwhile: lambda _: (409, _CHANGED, "body.version"),
    NotPossible: lambda error: (409, str(error), ""),
    # What pages answer with 400 is a request that could be read and makes no sense.
    Refused: lambda error: (422 if error.status == 400 else error.status, error.words, ""),
    Throttled: lambda _: (429, _TOO_FAST, ""),
    HttpError: _unreadable_body,
    SuspiciousOperation: _unreadable_body,
    MultiPartParserError: _unreadable_body,
    Exception: _our_fault,
}


def answer_problems(api: NinjaAPI) -> None:
    """Have every exception answered as a :class:`Problem`."""

    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        kind = next(kind for kind in type(error).__mro__ if kind in _SAID)
        status, detail, where = _SAID[kind](error)
        body: dict[str, Any] = {"detail": detail, "where": where}
        if isinstance(error, ChangedMeanwhile):
            record = error.record
            body["version"] = record.version if hasattr(record, "version") else record.number
        response = api.create_response(request, body, status=status)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    for kind in _SAID:
        api.add_exception_handler(kind, answer)


def _place(loc: tuple[Any, ...], kind: str) -> str:
    """Where it is, in names of ours alone: one that is not known may be somebody's words."""
    # "body" is followed by the name of the argument that takes it.
    source, inside = loc[0], loc[2:] if loc[0] == "body" else loc[1:]
    if kind == "extra_forbidden":
        inside = inside[:-1]
    return ".".join(str(part) for part in (source, *inside))


def _words(problem: Mapping[str, Any]) -> str:
    kind = problem["type"]
    if kind == OURS:
        return str(problem["msg"])
    if kind in _WITH_BOUNDS:
        return _WITH_BOUNDS[kind].format(**problem["ctx"])
    return _WORDS.get(kind, "This could not be read. Look at the description.")


def _sentence(said: list[tuple[str, str]]) -> str:
    return " ".join(f"{where}: {words}" for where, words in said[:10])

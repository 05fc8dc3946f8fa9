"""A program that holds somebody's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client as Browser

from openrapport_web.api import actions
from openrapport_web.api.scopes import Scope, scopes_of
from openrapport_web.people.models import User

__all__ = ["BASE", "Program", "program"]

BASE = "/api/v1"


@dataclass(frozen=True)
class Program:
    """Sends requests with a token, or without one."""

    secret: str | None

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        given: dict[str, Any] = {"headers": headers, "query_params": query}
        if isinstance(body, dict) and "file" in body and hasattr(body["file"], "seek"):
            body["file"].seek(0)  # it may have been sent before
            given["data"] = body
        elif body is not None:
            given |= {"data": body, "content_type": "application/json"}
        response: HttpResponse = getattr(Browser(), method)(BASE + path, **given)
        return response


def program(user: User | None, scopes: list[Scope] | None = None) -> Program:
    """A program with a token that opens all that somebody's roles allow, or only some of it."""
    if user is None:
        return Program(None)
    scopes = scopes_of(user) if scopes is None else scopes
    if not scopes:  # a researcher
        return Program("openrapport_no-token")
    return Program(actions.make(actor=user, name="A program", scopes=scopes, days=1)[1])

"""From a token to its person: what each operation needs, and whose clock it runs on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from openrapport_web import access
from openrapport_web.api import actions
from openrapport_web.api.models import Token
from openrapport_web.api.scopes import Scope, scopes_of
from openrapport_web.api.v1.problems import MissingScope, Problem
from openrapport_web.people.context import practice_of

__all__ = ["A_MINUTE", "PerToken", "TokenOf", "needs", "on_their_clock", "token_of", "via"]

A_MINUTE = 300
"""How many requests a token may make in one."""

_READ = (400, 401, 403, 404, 410, 422, 429, 500)
_WRITE = (400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 507)


class TokenOf(HttpBearer):
    """Lets a program in that shows a token with one scope; a session's cookie opens nothing here."""

    def __init__(self, scope: Scope | None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """Find whose token it is.

        Raises
        ------
        MissingScope
            If it was not made for this, or its person's roles are not.
        """
        held = actions.holder(token)
        if held is None:
            return None
        possible = scopes_of(held.user)
        if self.scope is not None and not (self.scope in possible and self.scope in held.scope_list):
            raise MissingScope(self.scope, possible=self.scope in possible)
        request.user = held.user
        return held


class PerToken(BaseThrottle):
    """Counts the requests of each token, minute by minute, for all processes together."""

    def allow_request(self, request: HttpRequest) -> bool:
        key = f"api:{token_of(request).pk}:{int(time() // 60)}"
        count = cache.get(key, 0) + 1
        cache.set(key, count, 120)
        return bool(count <= A_MINUTE)

    def wait(self) -> float:
        return 60 - time() % 60


def token_of(request: HttpRequest) -> Token:
    """Give the token that a request came with."""
    token: Token = request.auth  # type: ignore[attr-defined]
    return token


def needs(
    scope: Scope | None, answer: Any = None, *, status: int = 200, or_nothing: bool = False, **more: Any
) -> dict[str, Any]:
    """Say of an operation which scope it needs and what it may answer.

    Parameters
    ----------
    scope : Scope or None
        None where any token does.
    answer : type, optional
        The shape of what it gives.
    status : int
        Of a success.
    or_nothing : bool
        Whether a success may also be empty (204).
    **more
        For the description of the operation.

    Returns
    -------
    options : dict
        For ninja's ``router.get`` and its like.
    """
    problems = _READ if scope is None or scope.endswith(":read") else _WRITE
    return {
        "auth": TokenOf(scope),
        "response": {
            status: answer,
            **({204: None} if or_nothing else {}),
            **dict.fromkeys(problems, Problem),
        },
        "openapi_extra": {"x-scope": str(scope or ""), **more.pop("openapi_extra", {})},
        **more,
    }


def on_their_clock(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Take days and weeks on the clock of the token's person, as their pages do."""

    @wraps(operation)
    def run(request: HttpRequest, **given: Any) -> Any:
        practice = practice_of(request)
        zone = access.me(request).time_zone or (practice.time_zone if practice else settings.TIME_ZONE)
        with timezone.override(ZoneInfo(zone)):
            return operation(request, **given)

    return run


def via(request: HttpRequest) -> dict[str, str]:
    """Say in the log through which token something was seen."""
    return {"token": str(token_of(request).pk)}

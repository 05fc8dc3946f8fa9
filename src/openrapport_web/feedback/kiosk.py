"""The practice's tablet in the waiting room: one form after the other, and nothing else.

Whoever starts it is signed out by that. The session holds that it is a tablet, until when, and which
form lies open; a page of another address leads back to it. Only a member of the practice who signs
in on the tablet ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.feedback.models import Asking
from openrapport_web.people.models import User

__all__ = [
    "answered",
    "begin",
    "close",
    "is_kiosk",
    "lay_open",
    "lies_open",
    "must_wait",
    "only_questions",
    "wrong_code",
]

_KIOSK = "kiosk"
_OPEN_FOR = timedelta(minutes=10)
_TRIES, _PAUSE_S = 5, 60
# What a tablet reaches: the form, and the sign-in that ends it.
_WAYS = {
    *("kiosk", "kiosk_leave", "answer_send", "health"),
    *("account_login", "mfa_authenticate", "mfa_login_webauthn"),
}


def begin(request: HttpRequest, asking: Asking | None) -> None:
    """Sign the person of the practice out, and make this browser a tablet; perhaps with a form open."""
    user = request.user
    record(user, "kiosk.begun", asking, client=asking.client_id if asking else None)
    logout(request)
    request.session[_KIOSK] = {}
    if asking is not None:
        lay_open(request, asking)


def is_kiosk(request: HttpRequest) -> bool:
    """Whether this browser is the practice's tablet."""
    return _KIOSK in request.session


def lay_open(request: HttpRequest, asking: Asking) -> None:
    """Put a form on the tablet for the person who stands before it."""
    until = timezone.now() + _OPEN_FOR
    request.session[_KIOSK] = {"asking": asking.key.hex, "until": until.isoformat()}


def lies_open(request: HttpRequest) -> UUID | None:
    """Which form lies on the tablet; None where nobody has typed a code, or some time ago."""
    held = request.session[_KIOSK]
    if "asking" not in held or datetime.fromisoformat(held["until"]) < timezone.now():
        return None
    return UUID(held["asking"])


def close(request: HttpRequest) -> None:
    """Clear the tablet for the next person."""
    request.session[_KIOSK] = {}


def answered(request: HttpRequest, more: Asking | None) -> None:
    """Clear the tablet after an answer, or go on to the same person's next form."""
    if not is_kiosk(request):
        return
    if more is not None:
        lay_open(request, more)
    else:
        close(request)


def wrong_code(request: HttpRequest) -> None:
    """Count a code that was none. Clearing the tablet does not begin to count anew."""
    cache.set(_tries(request), cache.get(_tries(request), 0) + 1, _PAUSE_S)


def must_wait(request: HttpRequest) -> bool:
    """Whether too many codes were tried lately."""
    return bool(cache.get(_tries(request), 0) > _TRIES)


def _tries(request: HttpRequest) -> str:
    return f"kiosk:{request.session.session_key}"


def only_questions(respond: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Keep a tablet to its forms, until somebody of the practice signs in on it."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not is_kiosk(request):
            return respond(request)
        user = request.user
        if isinstance(user, User):
            if user.is_staff_member:
                del request.session[_KIOSK]
                record(user, "kiosk.ended")
                return respond(request)
            # A client who signs in here by mistake would leave their place open to the next person.
            logout(request)
            request.session[_KIOSK] = {}
            return redirect("kiosk")
        return respond(request) if _is_way(request.path_info) else redirect("kiosk")

    return answer


def _is_way(path: str) -> bool:
    try:
        return resolve(path).url_name in _WAYS
    except Resolver404:
        return False

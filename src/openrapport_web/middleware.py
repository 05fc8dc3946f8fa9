"""What holds for every request: nothing is cached, sessions end, staff have a second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from openrapport_web.people.models import Practice

__all__ = ["local_time", "no_store", "second_factor", "session_limits"]

Respond = Callable[[HttpRequest], HttpResponse]
_BEGAN, _SEEN = "began_at", "seen_at"
# What somebody without a second factor may still reach: setting one up, and leaving.
_OPEN_WITHOUT = ("/account/", "/static/", "/health")


def no_store(respond: Respond) -> Respond:
    """Keep pages out of every cache, the browser's included."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "geolocation=(), payment=(), usb=()")
        return response

    return answer


def session_limits(respond: Respond) -> Respond:
    """End a sign-in after some time without a request, and after some hours in any case."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and _is_over(request, timezone.now()):
            logout(request)
        return respond(request)

    return answer


def _is_over(request: HttpRequest, now: datetime) -> bool:
    began = datetime.fromisoformat(request.session.setdefault(_BEGAN, now.isoformat()))
    seen = datetime.fromisoformat(request.session.setdefault(_SEEN, now.isoformat()))
    if now - seen > timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return True
    if now - began > timedelta(hours=settings.SESSION_HOURS):
        return True
    # Once a minute is enough for the limit, and spares a write on every request.
    if now - seen > timedelta(minutes=1):
        request.session[_SEEN] = now.isoformat()
    return False


def second_factor(respond: Respond) -> Respond:
    """Lead staff who have no second factor to where they set one up, and nowhere else."""

    def answer(request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            user.is_authenticated
            and user.is_staff_member
            and not request.path.startswith(_OPEN_WITHOUT)
            and not _has_second_factor(request)
        ):
            return redirect("mfa_index")
        return respond(request)

    return answer


def _has_second_factor(request: HttpRequest) -> bool:
    # Remembered for the sign-in, so that a page does not ask the database each time.
    if not request.session.get("second_factor"):
        request.session["second_factor"] = is_mfa_enabled(request.user)
    return bool(request.session["second_factor"])


def local_time(respond: Respond) -> Respond:
    """Show and read times on the clock of the person, or of the practice."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.practice = SimpleLazyObject(Practice.get)  # type: ignore[attr-defined]
        user = request.user
        if user.is_authenticated:
            name = user.time_zone or getattr(request.practice, "time_zone", "")  # type: ignore[attr-defined]
            timezone.activate(ZoneInfo(name or settings.TIME_ZONE))
        try:
            return respond(request)
        finally:
            timezone.deactivate()

    return answer

"""What holds for every request: headers, nothing is cached, sessions end, staff have a second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from openrapport_web.people.context import practice_of
from openrapport_web.people.models import User
from openrapport_web.people.signing_in import BEGAN, SECOND_FACTOR, SEEN

__all__ = ["headers", "own_ways", "second_factor", "session_limits"]

Respond = Callable[[HttpRequest], HttpResponse]
# What somebody without a second factor may still reach: setting one up, and leaving.
_OPEN_WITHOUT = {
    "health",
    "people_safely",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "account_set_password",
    "account_logout",
}
# A clock that was set back by more than this makes a session look as if it came from the future.
_CLOCK_SLACK = timedelta(minutes=5)


def headers(respond: Respond) -> Respond:
    """Tell the browser what it may do with an answer; keep pages out of every cache, its own included."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if not request.path.startswith(settings.STATIC_URL) or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        for name, value in settings.ANSWER_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def session_limits(respond: Respond) -> Respond:
    """End a sign-in after some time without a person, and after some hours in any case."""

    def answer(request: HttpRequest) -> HttpResponse:
        was_in = request.user.is_authenticated
        response = _answer_in_time(request, respond)
        if was_in and not request.user.is_authenticated:
            # Going back must not show what somebody saw while they were signed in.
            response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return answer


def _answer_in_time(request: HttpRequest, respond: Respond) -> HttpResponse:
    if request.user.is_authenticated and _is_over(request, timezone.now()):
        logout(request)
        if "HX-Request" in request.headers:
            # A page that asks by itself is loaded anew, which leads to the sign-in.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return respond(request)


def _is_over(request: HttpRequest, now: datetime) -> bool:
    session = request.session
    try:
        began = datetime.fromisoformat(session.setdefault(BEGAN, now.isoformat()))
        seen = datetime.fromisoformat(session.setdefault(SEEN, now.isoformat()))
        idle, age = now - seen, now - began
    except (TypeError, ValueError):
        return True
    if not -_CLOCK_SLACK <= idle <= timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return True
    if not -_CLOCK_SLACK <= age <= timedelta(hours=settings.SESSION_HOURS):
        return True
    # A page that asks for news by itself is no sign that somebody is there. And once a minute is
    # enough for the limit, and spares two writes on every request.
    by_itself = "HX-Request" in request.headers and "X-Poll" in request.headers
    if not by_itself and abs(idle) > timedelta(minutes=1):
        session[SEEN] = now.isoformat()
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=now)
    return False


def second_factor(respond: Respond) -> Respond:
    """Lead whoever needs a second factor and has none to where they set one up, and nowhere else."""

    def answer(request: HttpRequest) -> HttpResponse:
        if _lacks_factor(request) and not _is_open(request.path_info):
            return redirect("people_safely")
        return respond(request)

    return answer


def _lacks_factor(request: HttpRequest) -> bool:
    user = request.user
    if not isinstance(user, User) or not (user.is_staff_member or not user.has_usable_password()):
        return False
    # Remembered for the sign-in, so that a page does not ask the database each time.
    if request.session.get(SECOND_FACTOR):
        return False
    if is_mfa_enabled(user):
        request.session[SECOND_FACTOR] = True
        return False
    return True


def _is_open(path: str) -> bool:
    try:
        return resolve(path).url_name in _OPEN_WITHOUT
    except Resolver404:
        return False


def own_ways(respond: Respond) -> Respond:
    """Speak a person's own language, and show and read times on their clock or the practice's."""

    def answer(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return respond(request)
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        practice = practice_of(request)
        zone = user.time_zone or (practice.time_zone if practice else settings.TIME_ZONE)
        with timezone.override(ZoneInfo(zone)):
            return respond(request)

    return answer

"""What happens around a sign-in: the record of it, its clock, and a letter for a new device."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth import signals as django_auth
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from openrapport_web.audit.chain import record
from openrapport_web.people import letters
from openrapport_web.people.models import User

__all__ = ["BEGAN", "SECOND_FACTOR", "SEEN", "connect", "end_sessions"]

BEGAN, SEEN, SECOND_FACTOR = "began_at", "seen_at", "second_factor"
"""Names in the session: when it began, when it was last used, and that a second factor exists."""

_DEVICE_DAYS, _DEVICE_PEOPLE = 365, 8


def connect() -> None:
    """Listen to what the libraries tell."""
    django_auth.user_logged_in.connect(_start_clock)
    django_auth.user_logged_out.connect(_signed_out)
    django_auth.user_login_failed.connect(_failed)
    user_locked_out.connect(_locked_out)
    account.user_logged_in.connect(_signed_in)
    account.authentication_step_completed.connect(_new_session_name)
    factors.authentication_failed.connect(_code_failed)
    factors.authenticator_used.connect(_factor_used)
    factors.authenticator_added.connect(_passkey_proved)
    post_save.connect(_factor_added, sender=Authenticator)
    post_delete.connect(_factor_removed, sender=Authenticator)


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Sign somebody out everywhere, or everywhere else; tells how many sessions it were."""
    ended = list(UserSession.objects.filter(user=user).exclude(session_key=but or ""))
    for session in ended:
        session.end()
    return len(ended)


def _start_clock(request: HttpRequest, **_: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = timezone.now().isoformat()
    request.session.pop(SECOND_FACTOR, None)


def _new_session_name(request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """Whoever says anew who they are goes on in a session whose name nobody else could know."""
    before = request.session.session_key
    if reauthenticated and before:
        request.session.cycle_key()
        now = request.session.session_key
        UserSession.objects.filter(session_key=before).update(session_key=now)


def _signed_in(request: HttpRequest, user: User, response: HttpResponse, **about: Any) -> None:
    methods = request.session.get("account_authentication_methods", [])
    how = "+".join(sorted({str(m.get("type") or m.get("method")) for m in methods}))
    record(user, "signed_in", user, how=how[:60])
    known = _device_people(request)
    mark = salted_hmac("openrapport.device", str(user.key)).hexdigest()[:24]
    if mark not in known and not about.get("new_account"):
        letters.new_device(user, timezone.now())
    response.set_signed_cookie(
        _device_cookie(),
        ".".join([mark, *(other for other in known if other != mark)][:_DEVICE_PEOPLE]),
        max_age=_DEVICE_DAYS * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _device_cookie() -> str:
    return "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"


def _device_people(request: HttpRequest) -> list[str]:
    value = request.get_signed_cookie(_device_cookie(), default="", max_age=_DEVICE_DAYS * 24 * 3600)
    return str(value).split(".") if value else []


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        record(user, "signed_out", user)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    # While somebody is locked out, further tries are not written down: a stranger could fill the log.
    if getattr(request, "axes_locked_out", False) and _failures(request) is None:
        return
    # The same work whether the account exists or not, so that time tells nothing.
    typed = str(credentials.get("email") or "").strip().lower()
    record(None, "sign_in.failed", User.objects.filter(email=typed).first())


def _locked_out(request: HttpRequest, **_: Any) -> None:
    if (failures := _failures(request)) is not None:
        record(None, "sign_in.locked", failures=failures)


def _failures(request: HttpRequest | None) -> int | None:
    """How often it failed by now; None where axes did not even try."""
    failures: int | None = getattr(request, "axes_failures_since_start", None)
    return failures


def _code_failed(user: User, authenticator: Authenticator, **_: Any) -> None:
    record(user, "second_factor.failed", user, factor=str(authenticator.type))


def _factor_used(user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        now = Authenticator.objects.get(pk=authenticator.pk)
        left = len(now.wrap().get_unused_codes())
        record(user, "recovery_code.used", user, left=left)


def _actor(user: User) -> User:
    signed_in = getattr(context.request, "user", None)
    return signed_in if signed_in is not None and signed_in.is_authenticated else user


def _factor_added(instance: Authenticator, created: bool, **_: Any) -> None:
    if not created:
        return
    user = instance.user
    record(_actor(user), "second_factor.added", user, factor=str(instance.type))
    if Authenticator.objects.filter(user=user).count() == 1:
        # A session that began with the password alone must not go on as if it had the new factor.
        own = getattr(context.request, "session", None) if _actor(user) == user else None
        end_sessions(user, but=own.session_key if own is not None else None)


def _passkey_proved(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever has just made their only way in has shown it; the codes for a bad day come next."""
    if authenticator.type == Authenticator.Type.WEBAUTHN and not user.has_usable_password():
        record_authentication(
            request, user, method="mfa", type=str(authenticator.type), reauthenticated=True
        )


def _factor_removed(instance: Authenticator, **_: Any) -> None:
    user = instance.user
    record(_actor(user), "second_factor.removed", user, factor=str(instance.type))
    if is_mfa_enabled(user):
        return
    # The last one is gone: this session has to set one up anew, and no other goes on without.
    request = context.request
    own = request is not None and getattr(request, "user", None) == user
    if own:
        request.session.pop(SECOND_FACTOR, None)
    end_sessions(user, but=request.session.session_key if own else None)

"""How the libraries for signing in behave here.

Nobody signs up by themselves, letters hold no content, secrets of second factors lie encrypted,
and what somebody typed into a sign-in form is kept nowhere.
"""

from __future__ import annotations

import ipaddress
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core import ratelimit
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.sites.shortcuts import get_current_site
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from openrapport_web import crypto
from openrapport_web.audit.chain import record
from openrapport_web.people import letters
from openrapport_web.people.models import User

__all__ = [
    "FACTORS",
    "AccountAdapter",
    "SecondFactorAdapter",
    "display_name",
    "network_address",
    "too_often",
    "typed_name",
    "unnamed",
]

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a second factor; recovery codes only stand in for one."""

_PLACE = "second factor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave counting to axes: a count for the account alone would let strangers lock people out."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the library's letters without waiting: how long it takes would tell who has an account."""
        request = allauth_context.request
        said = {
            "request": request,
            "email": email,
            "current_site": get_current_site(request),
            **context,
        }
        letters.post(self.render_mail(template_prefix, email, said), template_prefix)

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        signed_in = getattr(allauth_context.request, "user", None)
        how = "changed" if signed_in is not None and signed_in.is_authenticated else "reset"
        record(user, f"password.{how}", user)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticators lie encrypted under the practice's key."""

    def encrypt(self, text: str) -> str:
        crypto.keyring().make(crypto.PRACTICE)
        return b64encode(crypto.seal_text(crypto.PRACTICE, text, context=_PLACE)).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.open_text(crypto.PRACTICE, b64decode(encrypted_text), context=_PLACE)

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        return bool(super().is_mfa_enabled(user, FACTORS if types is None else types))


def display_name(user: User) -> str:
    """What a passkey shows as its owner."""
    return user.name


def typed_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Who tries to sign in, as a mark that tells nothing: people type passwords into any field."""
    given = credentials or request.POST
    typed = given.get("email") or given.get("login") or given.get("username") or ""
    return salted_hmac("openrapport.sign-in", str(typed).strip().lower()).hexdigest()


def network_address(request: HttpRequest) -> str | None:
    """Where a request comes from; of IPv6 the network, since one person has all of its addresses."""
    address = get_client_ip(request)
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def unnamed(*_: Any) -> str:
    """What stands in the log for somebody who tries to sign in."""
    return "somebody"


def too_often(request: HttpRequest, what: str) -> HttpResponse | None:
    """A page that asks to wait, where something was sent more often than ACCOUNT_RATE_LIMITS says."""
    answer: HttpResponse | None = ratelimit.consume_or_429(request, action=what)
    return answer

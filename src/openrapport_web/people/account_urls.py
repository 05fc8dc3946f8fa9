"""Those addresses of the sign-in library that are used here; no sign-up, no further e-mail addresses.

What changes how somebody signs in happens in one transaction with its entry in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account import views
from allauth.account.decorators import reauthentication_required
from allauth.mfa import urls as mfa_urls
from allauth.usersessions import urls as session_urls
from django.db import transaction
from django.urls import URLPattern, URLResolver, path, re_path

__all__ = ["urlpatterns"]

_IN_ONE = {
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "mfa_remove_webauthn",
}


def _changes_at_once(patterns: Iterable[Any]) -> list[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _changes_at_once(pattern.url_patterns)
        elif pattern.name in _IN_ONE:
            pattern.callback = transaction.atomic(pattern.callback)
    return list(patterns)


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path(
        "password/set/",
        reauthentication_required(views.password_set),
        name="account_set_password",
    ),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", ((_changes_at_once(mfa_urls.urlpatterns)), None, None)),
    path("sessions/", (session_urls.urlpatterns, None, None)),
]

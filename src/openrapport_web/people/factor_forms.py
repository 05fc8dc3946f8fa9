"""Forms of second factors, a little stricter and a little kinder than the library's."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django.conf import settings
from django.core.cache import cache
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

__all__ = [
    "CodeAgainForm",
    "CodeForm",
    "PasskeyAgainForm",
    "PasskeyAloneForm",
    "PasskeyForm",
    "PasskeyTooForm",
]

_STEP_SECONDS = 30
# What the library's parser raises, besides its own errors, for JSON that no browser sends.
_UNREADABLE = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)


class _OnceOnly:
    """A code counts once for as long as clocks that differ would accept it.

    The library remembers a used code for one step only, also where codes of the step before and
    after are accepted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].validators.append(MaxLengthValidator(64))  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        factor: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if factor.type == Authenticator.Type.TOTP:
            steps = 2 * settings.MFA_TOTP_TOLERANCE + 1
            digits = "".join(c for c in code if c.isdigit())
            if not cache.add(f"code:{factor.user_id}:{digits}", 1, timeout=_STEP_SECONDS * steps):
                raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_OnceOnly, AuthenticateForm):  # type: ignore[misc]
    """The code at a sign-in."""


class CodeAgainForm(_OnceOnly, ReauthenticateForm):  # type: ignore[misc]
    """The code before a change of how one signs in."""


class _Readable:
    """A passkey's answer that cannot be read is a wrong one, and no fault of ours."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _UNREADABLE:
            raise get_adapter().validation_error("incorrect_code") from None


class PasskeyTooForm(_Readable, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""


class PasskeyAloneForm(_Readable, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of the password."""


class PasskeyAgainForm(_Readable, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before a change of how one signs in."""


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey. Without a password it is the way in, so it has to work alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(MaxLengthValidator(60))
        self.fields["name"].label = _("A name for it")
        alone = self.fields["passwordless"]
        alone.label = _("Sign in with it alone, without a password")
        alone.help_text = _("Your device then asks for your finger, your face or its PIN.")
        self.initial.setdefault("passwordless", True)

    def clean(self) -> Any:
        try:
            cleaned = super().clean()
        except _UNREADABLE:
            raise get_adapter().validation_error("incorrect_code") from None
        if not self.user.has_usable_password() and not self.cleaned_data.get("passwordless"):
            self.add_error("passwordless", _("You have no password, so this has to be ticked."))
        return cleaned

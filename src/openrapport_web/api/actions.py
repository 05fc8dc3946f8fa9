"""Making tokens, ending them, and finding whose a token is."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from openrapport_web.api.models import Token
from openrapport_web.api.scopes import Scope, scopes_of
from openrapport_web.audit.chain import record
from openrapport_web.people.models import User

__all__ = [
    "MAX_DAYS",
    "MAX_TOKENS",
    "NotPossible",
    "end_tokens_of_who_left",
    "end_tokens_with_a_factor",
    "end_tokens_with_a_password",
    "holder",
    "make",
    "revoke",
]

MAX_DAYS, MAX_TOKENS = 365, 20
_PREFIX = "openrapport_"  # so that programs which look for leaked secrets can tell what it is


class NotPossible(Exception):
    """Something that cannot be done now; its words say why and what to do."""


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


@transaction.atomic
def make(*, actor: User, name: str, scopes: Iterable[Scope | str], days: int) -> tuple[Token, str]:
    """Make a token.

    Parameters
    ----------
    actor : User
        Whose token it is.
    name : str
        What they call it.
    scopes : iterable of Scope
        Some of those that their roles allow.
    days : int
        How long it works, 1 to ``MAX_DAYS``.

    Returns
    -------
    token : Token
        What is kept of it.
    secret : str
        The token itself, which nobody can be told a second time.

    Raises
    ------
    NotPossible
        If a scope is not one of theirs, the time is too long, or they have too many tokens.
    """
    chosen = set(scopes)
    if not chosen or not chosen <= set(scopes_of(actor)):
        raise NotPossible("Choose what the program may do, out of what you may do yourself.")
    if not 1 <= days <= MAX_DAYS:
        raise NotPossible("A token works for a year at most.")
    now = timezone.now()
    if Token.objects.filter(Token.valid(now), user=actor).count() >= MAX_TOKENS:
        raise NotPossible(f"You have {MAX_TOKENS} tokens. End one that you no longer need first.")
    secret = _PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=actor,
        name=name,
        token_hash=_hash(secret),
        scopes=" ".join(scope for scope in Scope if scope in chosen),
        expires_at=now + timedelta(days=days),
    )
    record(actor, "token.made", token, days=days, scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke(*, actor: User | None, token: Token) -> None:
    """End a token, from now on."""
    if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(actor, "token.ended", token)


def end_tokens_of_who_left(instance: User, **_: Any) -> None:
    """End every token of somebody who left, in the transaction that says so; it does not come back."""
    if instance.left_on is not None or not instance.is_active:
        _end_all(instance)


def end_tokens_with_a_factor(instance: Authenticator, **_: Any) -> None:
    """End the tokens of somebody whose second factor is taken off: it may be in wrong hands."""
    _end_all(instance.user)


def end_tokens_with_a_password(user: User, **_: Any) -> None:
    """End the tokens of somebody who sets a new password: the old one may have made them."""
    _end_all(user)


def _end_all(user: User) -> None:
    for token in Token.objects.filter(user=user, revoked_at=None):
        revoke(actor=None, token=token)


def holder(secret: str) -> Token | None:
    """Find the token that a program shows, and note that it was used today.

    Returns
    -------
    token : Token or None
        With its ``user``. None where there is none, it is over, or its person is not here.
    """
    valid = Token.objects.filter(Token.valid(timezone.now())).select_related("user")
    token = valid.filter(token_hash=_hash(secret), user__is_active=True, user__left_on=None).first()
    if token is not None and token.used_on != (today := timezone.localdate()):
        Token.objects.filter(pk=token.pk).update(used_on=today)
    return token

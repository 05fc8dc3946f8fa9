"""Tokens: made by their person, shown once, and over when they leave."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport_web.api.actions import MAX_TOKENS, NotPossible, holder, make
from openrapport_web.api.models import Token
from openrapport_web.api.scopes import SCOPES, Scope, scopes_of
from openrapport_web.audit.models import Entry
from openrapport_web.people import actions as people
from openrapport_web.people.models import Role, User
from tests.web.conftest import PASSWORD, signed_in


def just_signed_in(user: User) -> Browser:
    """A browser whose person typed their password a moment ago."""
    browser = signed_in(user)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return browser


WANTED = {"name": "My notebook", "scopes": ["notes:read", "clients:read"], "days": 30}


def test_a_token_is_shown_once_and_only_its_hash_is_kept(practice: SimpleNamespace) -> None:
    browser = just_signed_in(practice.alba)
    response = browser.post(reverse("token_new"), WANTED)
    secret = response.context["secret"]
    token = Token.objects.get()
    assert secret in response.content.decode()
    assert token.token_hash != secret
    assert token.scope_list == ["clients:read", "notes:read"]
    assert secret not in browser.get(reverse("token_list")).content.decode()
    assert "My notebook" in browser.get(reverse("token_list")).content.decode()
    made = Entry.objects.get(action="token.made")
    assert (made.actor, made.subject) == (practice.alba.key, token.key)
    assert secret not in str(made.details)


def test_making_one_asks_for_the_password_again(practice: SimpleNamespace) -> None:
    response = signed_in(practice.alba).post(reverse("token_new"), WANTED)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["audit:read"]},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": 366},
        {"days": 0},
        {"days": "soon"},
        {"name": ""},
        {"name": "x" * 81},
    ],
)
def test_what_is_not_one_s_own_or_too_long_is_refused(
    practice: SimpleNamespace, wrong: dict[str, object]
) -> None:
    response = just_signed_in(practice.alba).post(reverse("token_new"), WANTED | wrong)
    assert response.status_code == 422
    assert not Token.objects.exists()


def test_the_action_itself_refuses_too(practice: SimpleNamespace) -> None:
    for scopes, days in (([Scope.AUDIT_READ], 30), ([], 30), ([Scope.NOTES_READ], 366)):
        with pytest.raises(NotPossible):
            make(actor=practice.alba, name="x", scopes=scopes, days=days)
    for _ in range(MAX_TOKENS):
        make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)
    with pytest.raises(NotPossible, match="20 tokens"):
        make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)


def test_every_scope_is_described_and_a_researcher_has_none(practice: SimpleNamespace) -> None:
    assert set(SCOPES) == set(Scope)
    assert scopes_of(practice.rui) == []
    assert Scope.NOTES_READ not in scopes_of(practice.mara)
    assert "Make a token" not in signed_in(practice.rui).get(reverse("token_list")).content.decode()


def test_using_a_token_notes_the_day(practice: SimpleNamespace) -> None:
    token, secret = make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)
    held = holder(secret)
    assert held is not None
    assert held.user == practice.alba
    token.refresh_from_db()
    assert token.used_on == timezone.localdate()
    assert holder(secret + "x") is None
    assert holder("\udcff") is None


def test_a_token_that_ran_out_or_was_ended_opens_nothing(practice: SimpleNamespace) -> None:
    token, secret = make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert holder(secret) is None
    token, secret = make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)
    url = reverse("token_revoke", kwargs={"key": token.key})
    for _ in range(2):
        assert signed_in(practice.alba).post(url).status_code == 302
    assert holder(secret) is None
    assert Entry.objects.filter(action="token.ended").count() == 1


def test_who_leaves_loses_their_tokens_for_good(practice: SimpleNamespace) -> None:
    _, secret = make(actor=practice.alba, name="x", scopes=[Scope.NOTES_READ], days=1)
    people.leave(actor=practice.mara, person=practice.alba)
    assert holder(secret) is None
    practice.alba.refresh_from_db()
    people.come_back(actor=practice.mara, person=practice.alba)
    assert User.objects.get(pk=practice.alba.pk).roles == {Role.THERAPIST}
    assert holder(secret) is None


def test_tokens_end_with_a_second_factor_and_with_a_new_password(practice: SimpleNamespace) -> None:
    for how in ("factor", "password"):
        token, _ = make(actor=practice.alba, name=how, scopes=[Scope.NOTES_READ], days=7)
        factor = Authenticator.objects.create(user=practice.alba, type="totp", data={"secret": "x"})
        if how == "factor":
            factor.delete()
        else:
            new = {"oldpassword": PASSWORD, "password1": "another long sentence"}
            browser = just_signed_in(practice.alba)
            browser.post(reverse("account_change_password"), {**new, "password2": new["password1"]})
        token.refresh_from_db()
        assert token.revoked_at is not None, how

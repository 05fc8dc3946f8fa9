"""Signing in: passwords, codes, passkeys, too many tries, how long it lasts, and who is told."""

from __future__ import annotations

import json
import logging
import re
import zlib
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.signing import b64_decode
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import NoReverseMatch, reverse

from openrapport_web import crypto
from openrapport_web.audit.models import Entry
from openrapport_web.logs import NoContent
from openrapport_web.people import adapters
from openrapport_web.people.models import User
from tests.web.codes import code_of
from tests.web.conftest import PASSWORD, signed_in

HOME = reverse("home")


def _password(browser: Browser, user: User, password: str = PASSWORD, **about: Any) -> HttpResponse:
    return browser.post(reverse("account_login"), {"login": user.email, "password": password}, **about)


def _again(browser: Browser, password: str = PASSWORD) -> None:
    browser.post(reverse("account_reauthenticate"), {"password": password})


def _set_up_codes(browser: Browser) -> str:
    """What a person does on the page of the app with codes; returns the secret."""
    page = browser.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    response = browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes"), response.content
    return secret


@pytest.fixture
def with_codes(practice: SimpleNamespace) -> SimpleNamespace:
    """Alba signs in with a password and an app with codes."""
    browser = Browser()
    _password(browser, practice.alba)
    _again(browser)
    practice.secret = _set_up_codes(browser)
    practice.browser = browser
    mail.outbox.clear()
    return practice


def _actions(*of: str) -> list[tuple[str, dict[str, Any]]]:
    found = Entry.objects.filter(action__in=of) if of else Entry.objects.exclude(action="note.written")
    return list(found.order_by("number").values_list("action", "details"))


# -- the second factor -----------------------------------------------------------------------------


def test_staff_without_a_second_factor_come_nowhere_else(practice: SimpleNamespace) -> None:
    browser = Browser()
    assert _password(browser, practice.alba).headers["Location"] == HOME
    for name in ("home", "people_me", "client_list", "mfa_index", "usersessions_list"):
        response = browser.get(reverse(name))
        assert response.headers.get("Location") == reverse("people_safely"), name
    assert browser.get("/no/such/page").headers["Location"] == reverse("people_safely")
    assert browser.get(reverse("people_safely")).status_code == 200
    assert browser.get(reverse("health")).status_code == 200


def test_a_client_may_come_in_with_a_password(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    assert browser.get(HOME).status_code == 200


def test_codes_are_set_up_and_asked_for_at_the_next_sign_in(with_codes: SimpleNamespace) -> None:
    assert with_codes.browser.get(HOME).status_code == 200
    browser = Browser()
    response = _password(browser, with_codes.alba)
    assert response.headers["Location"] == reverse("mfa_authenticate")
    # The password alone opens nothing.
    assert browser.get(HOME).headers["Location"].startswith("/account/login")
    response = browser.post(reverse("mfa_authenticate"), {"code": code_of(with_codes.secret)})
    assert response.headers["Location"] == HOME
    assert browser.get(HOME).status_code == 200
    assert _actions("second_factor.added", "signed_in") == [
        ("signed_in", {"how": "password"}),
        ("second_factor.added", {"factor": "totp"}),
        ("second_factor.added", {"factor": "recovery_codes"}),
        ("signed_in", {"how": "password+totp"}),
    ]


@pytest.mark.parametrize(
    ("steps", "gets_in"), [(-1, True), (0, True), (1, True), (-3, False), (3, False)]
)
def test_a_telephone_whose_clock_is_a_little_off_still_works(
    with_codes: SimpleNamespace, steps: int, gets_in: bool
) -> None:
    browser = Browser()
    _password(browser, with_codes.alba)
    browser.post(reverse("mfa_authenticate"), {"code": code_of(with_codes.secret, steps=steps)})
    assert (browser.get(HOME).status_code == 200) is gets_in


def test_a_code_counts_once_even_after_its_step(with_codes: SimpleNamespace) -> None:
    code = code_of(with_codes.secret, steps=1)
    first = Browser()
    _password(first, with_codes.alba)
    first.post(reverse("mfa_authenticate"), {"code": code})
    assert first.get(HOME).status_code == 200
    # The library would have forgotten it after 30 s, while its own window is 90 s wide.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache WHERE cache_key LIKE '%%allauth.mfa.totp.used%%'")
    second = Browser()
    _password(second, with_codes.alba)
    response = second.post(reverse("mfa_authenticate"), {"code": code})
    assert b"Incorrect code" in response.content
    assert second.get(HOME).status_code == 302


def test_a_recovery_code_stands_in_once(with_codes: SimpleNamespace) -> None:
    codes = Authenticator.objects.get(user=with_codes.alba, type="recovery_codes").wrap()
    code = codes.get_unused_codes()[3]
    for expected in (200, 302):
        browser = Browser()
        _password(browser, with_codes.alba)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert browser.get(HOME).status_code == expected
    assert _actions("recovery_code.used") == [("recovery_code.used", {"left": 9})]


def test_codes_cannot_be_guessed(with_codes: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, with_codes.alba)
    for _ in range(5):
        response = browser.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert b"Incorrect code" in response.content
    assert len(_actions("second_factor.failed")) == 5
    # From here on the right one does not help either, also in another browser.
    for other in (browser, Browser()):
        _password(other, with_codes.alba)
        response = other.post(reverse("mfa_authenticate"), {"code": code_of(with_codes.secret)})
        assert b"Too many failed" in response.content
    assert len(_actions("second_factor.failed")) == 5


@pytest.mark.parametrize(
    "code", ["", " ", "x" * 5_000, "１２３４５６", "\x00", "-1", "0 0 0", ["1", "2"]]
)
def test_a_strange_code_is_refused(with_codes: SimpleNamespace, code: Any) -> None:
    browser = Browser()
    _password(browser, with_codes.alba)
    assert browser.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
    assert browser.get(HOME).status_code == 302


HOSTILE = [
    "",
    "null",
    "1",
    "[]",
    "{}",
    '"x"',
    '{"id": 1}',
    '{"response": null}',
    "[" * 500,
    "x" * 200_000,
]
HOSTILE += [json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": each})
            for each in ({}, [], "x", None, {"userHandle": 1}, {"userHandle": "!!"}, {"userHandle": "QQ",
            "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"})]  # fmt: skip


@pytest.mark.parametrize("credential", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strange_passkey_is_refused(with_codes: SimpleNamespace, credential: str) -> None:
    stranger = Browser()
    stranger.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    assert stranger.post(reverse("mfa_login_webauthn"), {"credential": credential}).status_code == 302
    assert stranger.get(HOME).status_code == 302
    halfway = Browser()
    _password(halfway, with_codes.alba)
    halfway.get(reverse("mfa_authenticate"))
    assert halfway.post(reverse("mfa_authenticate"), {"credential": credential}).status_code == 200
    _again(with_codes.browser)
    with_codes.browser.get(reverse("mfa_add_webauthn"))
    response = with_codes.browser.post(reverse("mfa_add_webauthn"), {"credential": credential})
    assert response.status_code == 200
    assert not Authenticator.objects.filter(type="webauthn").exists()


def test_secrets_of_second_factors_lie_encrypted(with_codes: SimpleNamespace) -> None:
    for factor in Authenticator.objects.filter(user=with_codes.alba):
        kept = json.dumps(factor.data)
        assert with_codes.secret not in kept
        if factor.type == "recovery_codes":
            # The seed alone gives the codes, so it must not be readable either.
            assert not re.search(r'"seed": "[0-9a-f]{80}"', kept)
    adapter = adapters.SecondFactorAdapter()
    sealed = adapter.encrypt("GEZDGNBVGY3TQOJQ")
    assert sealed != adapter.encrypt("GEZDGNBVGY3TQOJQ")
    assert "GEZDGNBVGY3TQOJQ" not in sealed
    assert adapter.decrypt(sealed) == "GEZDGNBVGY3TQOJQ"


def test_a_secret_that_is_being_set_up_is_not_kept_in_the_clear(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.alba)
    _again(browser)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    assert browser.session["mfa.totp.secret"] == secret
    for kept in Session.objects.values_list("session_data", flat=True):
        value, compressed = kept.split(":")[0], kept.startswith(".")
        plain = b64_decode(value.lstrip(".").encode())
        plain = zlib.decompress(plain) if compressed else plain
        for layer in (plain, b64decode(plain)):
            assert secret.encode() not in layer
            assert b"seen_at" not in layer


def test_a_session_of_another_key_is_empty(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    assert browser.get(HOME).status_code == 200
    crypto.keyring().delete(crypto.PRACTICE)
    crypto.keyring().make(crypto.PRACTICE)
    assert browser.get(HOME).status_code == 302


def test_who_takes_off_the_last_second_factor_is_led_to_set_up_a_new_one(
    with_codes: SimpleNamespace,
) -> None:
    elsewhere = Browser()
    _password(elsewhere, with_codes.alba)
    elsewhere.post(reverse("mfa_authenticate"), {"code": code_of(with_codes.secret, steps=1)})
    assert elsewhere.get(HOME).status_code == 200
    browser = with_codes.browser
    _again(browser)
    browser.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=with_codes.alba).exists()
    assert browser.get(HOME).headers["Location"] == reverse("people_safely")
    assert elsewhere.get(HOME).headers["Location"].startswith("/account/login")
    assert [action for action, _ in _actions("second_factor.removed")] == ["second_factor.removed"] * 2


@pytest.mark.parametrize(
    "name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"]
)  # fmt: skip
def test_changing_how_one_signs_in_asks_for_the_password_again(
    practice: SimpleNamespace, name: str
) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    if name == "mfa_view_recovery_codes":
        _again(browser)
        _set_up_codes(browser)
        session = browser.session
        for done in session["account_authentication_methods"]:
            done["at"] -= 3600
        session.save()
    response = browser.get(reverse(name))
    assert response.headers["Location"].startswith("/account/reauthenticate/")


# -- passwords -------------------------------------------------------------------------------------


def test_passwords_are_kept_with_argon2(practice: SimpleNamespace, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [h for h in settings.PASSWORD_HASHERS if "MD5" not in h]
    assert hashers.get_hasher().algorithm == "argon2"
    practice.teo.set_password("another long sentence")
    assert practice.teo.password.startswith("argon2$argon2id$")
    assert practice.teo.check_password("another long sentence")
    assert not practice.teo.check_password("another long sentencE")


def test_a_changed_password_ends_the_other_sessions_and_is_written_down(
    practice: SimpleNamespace,
) -> None:
    here, elsewhere = Browser(), Browser()
    _password(here, practice.teo)
    _password(elsewhere, practice.teo)
    new = {"password1": "one more long sentence", "password2": "one more long sentence"}
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **new})
    assert here.get(HOME).status_code == 200
    assert elsewhere.get(HOME).status_code == 302
    assert [action for action, _ in _actions("password.changed", "password.reset")] == [
        "password.changed"
    ]
    assert "password" in mail.outbox[-1].body


def test_a_forgotten_password_is_chosen_anew_through_the_address(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.post(reverse("account_reset_password"), {"email": practice.teo.email})
    letter = mail.outbox[-1]
    path = next(word for word in letter.body.split() if "/password/reset/key/" in word)
    page = browser.get(path, follow=True)
    new = {"password1": "one more long sentence", "password2": "one more long sentence"}
    browser.post(page.redirect_chain[-1][0], new)
    practice.teo.refresh_from_db()
    assert practice.teo.check_password("one more long sentence")
    assert [action for action, _ in _actions("password.reset")] == ["password.reset"]
    # It signs nobody in, and the link is used up.
    assert browser.get(HOME).status_code == 302
    assert b"password1" not in browser.get(path, follow=True).content


def test_who_has_only_passkeys_is_asked_for_one_before_choosing_a_password(
    practice: SimpleNamespace,
) -> None:
    browser = signed_in(practice.alba)
    practice.alba.set_unusable_password()
    practice.alba.save()
    browser = signed_in(practice.alba)
    # Without any way in so far there is nothing to ask for.
    assert browser.get(reverse("account_set_password")).status_code == 200
    Authenticator.objects.create(user=practice.alba, type="webauthn", data={"name": "x"})
    response = browser.get(reverse("account_set_password"))
    assert response.headers["Location"].startswith(reverse("mfa_reauthenticate_webauthn"))
    new = {"password1": "one more long sentence", "password2": "one more long sentence"}
    browser.post(reverse("account_set_password"), new)
    practice.alba.refresh_from_db()
    assert not practice.alba.has_usable_password()


def test_a_letter_that_fails_neither_undoes_a_change_nor_tells_a_stranger_anything(
    practice: SimpleNamespace, settings: Any
) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    new = {"password1": "one more long sentence", "password2": "one more long sentence"}
    changed = browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **new})
    assert changed.status_code == 302
    for email in (practice.teo.email, "nobody@example.org"):
        response = Browser().post(reverse("account_reset_password"), {"email": email})
        assert response.headers["Location"] == reverse("account_reset_password_done")


def test_keys_of_letters_do_not_reach_the_log() -> None:
    said = '"GET /account/password/reset/key/1a-2b-3c/ HTTP/1.1" 302, /people/welcome?link=s3cret HTTP'
    line = logging.LogRecord("x", logging.INFO, "", 0, said, (), None)
    assert NoContent().filter(line)
    assert line.getMessage() == (
        '"GET /account/password/reset/key/… HTTP/1.1" 302, /people/welcome?… HTTP'
    )


def test_nobody_learns_whether_an_address_has_an_account(practice: SimpleNamespace) -> None:
    said = [
        Browser().post(reverse("account_reset_password"), {"email": email}).headers["Location"]
        for email in (practice.teo.email, "nobody@example.org")
    ]
    assert said[0] == said[1]
    assert len(mail.outbox) == 1
    tried = [
        Browser().post(reverse("account_login"), {"login": email, "password": "wrong"}).content
        for email in (practice.teo.email, "nobody@example.org")
    ]
    assert b"not correct" in tried[0]
    assert b"not correct" in tried[1]


def test_there_is_no_sign_up_and_no_second_address() -> None:
    for name in ("account_signup", "account_email", "account_request_login_code"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


# -- too many tries --------------------------------------------------------------------------------


def test_after_six_wrong_passwords_one_has_to_wait(practice: SimpleNamespace) -> None:
    browser = Browser()
    answers = [_password(browser, practice.teo, "wrong").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    response = _password(browser, practice.teo)
    assert response.status_code == 429
    assert "Please wait a little" in response.content.decode()
    assert practice.teo.email not in response.content.decode()
    assert browser.get(HOME).status_code == 302
    assert [action for action, _ in _actions("sign_in.failed")] == ["sign_in.failed"] * 6
    assert _actions("sign_in.locked") == [("sign_in.locked", {"failures": 6})]


def test_a_stranger_cannot_lock_somebody_out_from_elsewhere(practice: SimpleNamespace) -> None:
    stranger = Browser(REMOTE_ADDR="203.0.113.9")
    for _ in range(8):
        _password(stranger, practice.teo, "wrong")
    assert _password(stranger, practice.teo).status_code == 429
    at_home = Browser(REMOTE_ADDR="198.51.100.7")
    assert _password(at_home, practice.teo).status_code == 302
    assert at_home.get(HOME).status_code == 200
    # Nor does the stranger lock out others who come from the same address.
    assert _password(Browser(REMOTE_ADDR="203.0.113.9"), practice.cleo).status_code == 302


def test_another_address_of_the_same_network_does_not_help(practice: SimpleNamespace) -> None:
    for number in range(6):
        _password(Browser(REMOTE_ADDR=f"2001:db8::{number:x}"), practice.teo, "wrong")
    assert _password(Browser(REMOTE_ADDR="2001:db8::ffff"), practice.teo).status_code == 429
    assert _password(Browser(REMOTE_ADDR="2001:db8:0:1::1"), practice.teo).status_code == 302


def test_the_wait_is_over_after_a_quarter_of_an_hour(practice: SimpleNamespace) -> None:
    browser = Browser()
    for _ in range(6):
        _password(browser, practice.teo, "wrong")
    AccessAttempt.objects.update(attempt_time=datetime.now(UTC) - timedelta(minutes=16))
    assert _password(browser, practice.teo).status_code == 302


def test_wrong_passwords_before_a_change_count_as_well(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    for _ in range(5):
        _again(browser, "wrong")
    response = browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert response.status_code == 429


def test_what_was_typed_is_kept_nowhere(practice: SimpleNamespace) -> None:
    browser = Browser()
    typed = "my-password-in-the-wrong@field.org"
    browser.post(reverse("account_login"), {"login": typed, "password": "hunter twelve"})
    browser.post(reverse("account_login"), {"login": "teo@example.org", "password": "hunter twelve"})
    kept = json.dumps([*AccessAttempt.objects.values(), *Entry.objects.values()], default=str)
    for word in (typed, "hunter", "teo@example.org"):
        assert word not in kept
    assert AccessAttempt.objects.count() == 2
    assert all(re.fullmatch("[0-9a-f]{40}", a.username) for a in AccessAttempt.objects.all())


# -- how long it lasts -----------------------------------------------------------------------------


def _age(browser: Browser, **ages: timedelta) -> None:
    session = browser.session
    for name, age in ages.items():
        session[name] = (datetime.now(UTC) - age).isoformat()
    session.save()


@pytest.mark.parametrize(
    ("ages", "ends"),
    [
        ({"seen_at": timedelta(minutes=29)}, False),
        ({"seen_at": timedelta(minutes=31)}, True),
        ({"began_at": timedelta(hours=9, minutes=59)}, False),
        ({"began_at": timedelta(hours=10, minutes=1)}, True),
        # A clock that was set back: a little is forgiven, more would prolong a session.
        ({"seen_at": -timedelta(minutes=4)}, False),
        ({"seen_at": -timedelta(hours=2)}, True),
        ({"began_at": -timedelta(hours=2)}, True),
    ],
)
def test_a_session_ends_by_itself(
    practice: SimpleNamespace, ages: dict[str, timedelta], ends: bool
) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    _age(browser, **ages)
    assert (browser.get(HOME).status_code == 302) is ends


@pytest.mark.parametrize("stamp", ["", "yesterday", 5, None, "2026-01-01T00:00:00"])
def test_a_damaged_session_is_over(practice: SimpleNamespace, stamp: Any) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    session = browser.session
    session["seen_at"] = stamp
    session.save()
    assert browser.get(HOME).status_code == 302


def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    poll = {"HX-Request": "true", "X-Poll": "1"}
    _age(browser, seen_at=timedelta(minutes=20))
    before = browser.session["seen_at"]
    assert browser.get(HOME, headers=poll).status_code == 200
    assert browser.session["seen_at"] == before
    browser.get(HOME, headers={"HX-Request": "true"})
    assert browser.session["seen_at"] > before
    _age(browser, seen_at=timedelta(minutes=31))
    response = browser.get(HOME, headers=poll)
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")


def test_a_sign_in_begins_a_new_session(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.get(reverse("account_login"))
    session = browser.session
    session["planted"] = "yes"
    session.save()
    browser.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key
    _password(browser, practice.teo)
    assert browser.session.session_key != session.session_key


def test_somebody_can_sign_out_everywhere_else(practice: SimpleNamespace) -> None:
    browsers = [Browser() for _ in range(3)]
    for browser in browsers:
        _password(browser, practice.teo)
    assert UserSession.objects.filter(user=practice.teo).count() == 3
    browsers[0].post(reverse("usersessions_list"))
    assert [browser.get(HOME).status_code for browser in browsers] == [200, 302, 302]


def test_leaving_the_page_is_written_down(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo)
    browser.post(reverse("account_logout"))
    assert [action for action, _ in _actions()] == ["signed_in", "signed_out"]
    assert browser.get(reverse("account_logout")).status_code == 302


# -- a new device ----------------------------------------------------------------------------------


def test_a_new_browser_is_told_of_and_a_known_one_is_not(practice: SimpleNamespace) -> None:
    browser = Browser()
    _password(browser, practice.teo, HTTP_USER_AGENT="Hostile <b>browser</b>")
    [letter] = mail.outbox
    assert letter.to == [practice.teo.email]
    assert letter.subject == "A new sign-in"
    for word in ("Hostile", "127.0.0.1", "therap"):
        assert word not in letter.body
    assert "http://localhost:8000/account/sessions/" in letter.body
    browser.post(reverse("account_logout"))
    _password(browser, practice.teo)
    assert len(mail.outbox) == 1
    # A browser that two people use knows both of them.
    browser.post(reverse("account_logout"))
    _password(browser, practice.cleo)
    browser.post(reverse("account_logout"))
    _password(browser, practice.teo)
    assert [letter.to for letter in mail.outbox] == [[practice.teo.email], [practice.cleo.email]]


def test_a_forged_mark_of_a_device_is_not_believed(practice: SimpleNamespace) -> None:
    known = Browser()
    _password(known, practice.cleo)
    other = Browser()
    other.cookies["device"] = known.cookies["device"].value + "x"
    _password(other, practice.cleo)
    assert len(mail.outbox) == 2


def test_a_letter_that_cannot_be_sent_keeps_nobody_out(
    practice: SimpleNamespace, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    browser = Browser()
    assert _password(browser, practice.teo).status_code == 302
    assert browser.get(HOME).status_code == 200


# -- language and clock ----------------------------------------------------------------------------


def test_pages_speak_the_persons_language(practice: SimpleNamespace) -> None:
    practice.teo.language = "es"
    practice.teo.save()
    page = signed_in(practice.teo).get(reverse("people_me"), headers={"accept-language": "en"})
    assert b'<html lang="es">' in page.content
    # And the next person on the same thread gets theirs.
    page = signed_in(practice.cleo).get(reverse("people_me"), headers={"accept-language": "en"})
    assert b'<html lang="en">' in page.content

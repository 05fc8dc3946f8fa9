"""How somebody comes in: the first visit, an invitation, and what its link may and may not do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport_web.audit.models import Entry
from openrapport_web.people import actions, setup_code
from openrapport_web.people.models import Invitation, Practice, Role, User
from tests.web.conftest import PASSWORD, make_client, signed_in

FIRST = {
    "practice_name": "Practice at the river",
    "time_zone": "Europe/Madrid",
    "name": "Mona Manager",
    "email": "Mona@Example.org",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def _actions() -> list[str]:
    of_the_fixture = ("note.written",)
    entries = Entry.objects.exclude(action__in=of_the_fixture).order_by("number")
    return list(entries.values_list("action", flat=True))


# -- the first visit -------------------------------------------------------------------------------


def _first(browser: Browser, **other: Any) -> HttpResponse:
    code = setup_code.ensure().read_text()
    return browser.post(reverse("first_visit"), {**FIRST, "code": code, **other})


def test_the_first_visit_makes_the_practice_and_its_manager(db: None) -> None:
    browser = Browser()
    assert browser.get("/").headers["Location"] == reverse("first_visit")
    assert browser.get(reverse("first_visit")).status_code == 200
    path = setup_code.ensure()
    assert path.stat().st_mode & 0o777 == 0o600
    response = _first(browser)
    assert response.headers["Location"] == reverse("people_safely")
    manager = User.objects.get()
    assert (manager.email, manager.roles) == ("mona@example.org", {Role.MANAGER})
    practice = Practice.get()
    assert practice is not None
    assert (practice.name, practice.time_zone) == ("Practice at the river", "Europe/Madrid")
    assert not path.exists()
    assert _actions() == ["practice.opened", "signed_in"]
    # Now the page is gone, for its manager and for everybody.
    assert browser.get(reverse("first_visit")).status_code in (302, 404)
    assert Browser().get(reverse("first_visit")).status_code == 404
    assert Browser().get("/").headers["Location"].startswith("/account/login")


@pytest.mark.parametrize(
    "other",
    [
        {"code": "abcd-efgh-jkmn-pqrs-tuvw"},
        {"code": ""},
        {"code": "é" * 20},
        {"code": "x" * 10_000},
        {"email": "no address"},
        {"email": "a" * 250 + "@example.org"},
        {"password": "short", "password_again": "short"},
        {"password_again": "something else entirely"},
        {"password": "x" * 100_000, "password_again": "x" * 100_000},
        {"name": "  "},
        {"name": "Mo\x00na"},
        {"name": "Mona\u202eanoM"},
        {"practice_name": "x" * 121},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "Nowhere/Else"},
    ],
)
def test_a_first_visit_with_something_wrong_makes_nothing(db: None, other: dict[str, str]) -> None:
    response = _first(Browser(), **other)
    assert response.status_code == 200
    assert b'role="alert"' in response.content
    assert PASSWORD.encode() not in response.content
    assert not User.objects.exists()
    assert Practice.get() is None


def test_of_two_first_visits_one_is_first(db: None) -> None:
    about = {"name": "Mona", "email": "mona@example.org", "password": PASSWORD}
    actions.open_practice(practice=Practice(name="One"), **about)
    with pytest.raises(actions.NotPossible, match="set up already"):
        actions.open_practice(practice=Practice(name="Two"), **{**about, "email": "o@example.org"})
    practice = Practice.get()
    assert practice is not None
    assert (practice.name, User.objects.count()) == ("One", 1)


def test_guessing_the_set_up_code_is_slowed_down(db: None) -> None:
    browser = Browser()
    answers = [_first(browser, code="aaaa-bbbb-cccc-dddd-eeee").status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    assert _first(browser).status_code == 429


def test_every_process_names_the_same_set_up_code(db: None) -> None:
    path = setup_code.ensure()
    code = path.read_text().strip()
    assert setup_code.ensure().read_text().strip() == code
    assert setup_code.matches(code.upper().replace("-", " "))
    assert not setup_code.matches(code[:-1])
    assert list(path.parent.glob("setup.code.*")) == []


# -- inviting --------------------------------------------------------------------------------------


def _link(response: HttpResponse) -> str:
    found = re.search(
        r"http://localhost:8000(/people/welcome\?link=[\w-]{43})", response.content.decode()
    )
    assert found, response.content.decode()[:3000]
    return found[1]


def _invite(practice: SimpleNamespace, **other: Any) -> HttpResponse:
    said = {"name": "Nora New", "email": "Nora@example.org", "roles": ["therapist", "supervisor"]}
    return signed_in(practice.mara).post(reverse("staff_invite"), {**said, **other})


ACCEPT = {
    "name": "Nora Newly",
    "language": "es",
    "password": "una frase bastante larga",
    "password_again": "una frase bastante larga",
}


def test_a_link_makes_one_account_with_the_roles_it_was_made_for(practice: SimpleNamespace) -> None:
    link = _link(_invite(practice))
    invitation = Invitation.objects.get()
    token = link.partition("=")[2]
    assert token not in str(vars(invitation))
    [letter] = mail.outbox
    assert link in letter.body
    assert letter.to == ["nora@example.org"]
    browser = Browser()
    # The secret goes out of the address at once.
    assert browser.get(link).headers["Location"] == reverse("welcome")
    page = browser.get(reverse("welcome"))
    assert "Mara invites you to A practice of tests" in page.content.decode()
    response = browser.post(reverse("welcome"), ACCEPT)
    assert response.headers["Location"] == reverse("people_safely")
    nora = User.objects.get(email="nora@example.org")
    assert (nora.name, nora.language) == ("Nora Newly", "es")
    assert nora.roles == {Role.THERAPIST, Role.SUPERVISOR}
    assert nora.check_password(ACCEPT["password"])
    assert _actions() == ["invitation.made", "invitation.accepted", "signed_in"]
    # Staff come no further without a second factor.
    assert browser.get("/").headers["Location"] == reverse("people_safely")


def test_a_new_account_begins_in_a_new_session(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.get(_link(_invite(practice)))
    before = browser.session.session_key
    browser.post(reverse("welcome"), ACCEPT)
    assert browser.session.session_key != before
    assert "invitation" not in browser.session


def test_a_link_works_once(practice: SimpleNamespace) -> None:
    link = _link(_invite(practice))
    first, second = Browser(), Browser()
    for browser in (first, second):
        browser.get(link)
    first.post(reverse("welcome"), ACCEPT)
    response = second.post(reverse("welcome"), {**ACCEPT, "name": "Somebody Else"})
    assert response.status_code == 410
    assert "accepted already" in response.content.decode()
    assert User.objects.filter(email="nora@example.org").count() == 1
    assert Browser().get(link, follow=True).status_code == 410


def test_a_link_ends_after_seven_days(practice: SimpleNamespace) -> None:
    link = _link(_invite(practice))
    browser = Browser()
    browser.get(link)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = browser.post(reverse("welcome"), ACCEPT)
    assert response.status_code == 410
    assert "too old" in response.content.decode()
    assert not User.objects.filter(email="nora@example.org").exists()


def test_the_last_moment_is_too_late_and_the_one_before_is_not() -> None:
    now = timezone.now()
    invitation = Invitation(expires_at=now)
    assert invitation.state(now) == "expired"
    assert invitation.state(now - timedelta(milliseconds=1)) == "open"


def test_a_withdrawn_link_says_so_and_a_new_one_takes_its_place(practice: SimpleNamespace) -> None:
    old = _link(_invite(practice))
    key = Invitation.objects.get().key
    manager = signed_in(practice.mara)
    manager.post(reverse("invitation_withdraw", kwargs={"key": key}))
    response = Browser().get(old, follow=True)
    assert (response.status_code, b"taken back" in response.content) == (410, True)
    new = _link(manager.post(reverse("invitation_again", kwargs={"key": key})))
    assert Browser().get(old, follow=True).status_code == 404
    assert Browser().get(new, follow=True).status_code == 200
    assert _actions() == ["invitation.made", "invitation.withdrawn", "invitation.made_again"]


def test_a_second_invitation_of_the_same_address_ends_the_first(practice: SimpleNamespace) -> None:
    first, second = _link(_invite(practice)), _link(_invite(practice))
    assert Browser().get(first, follow=True).status_code == 410
    assert Browser().get(second, follow=True).status_code == 200


@pytest.mark.parametrize("link", ["", "x", "x" * 43, "é" * 43, "a" * 100_000, "%00", "' OR 1=1 --"])
def test_a_made_up_link_is_refused_kindly(practice: SimpleNamespace, link: str) -> None:
    response = Browser().get(reverse("welcome"), {"link": link}, follow=True)
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()
    assert link[:43] not in response.content.decode() or len(link) < 2


@pytest.mark.parametrize(
    "other",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "a\u200bb"},
        {"language": "klingon"},
        {"password": "password1234", "password_again": "password1234"},
        {"password": "nora@example.org", "password_again": "nora@example.org"},
        {"password": "", "password_again": ""},
        {"password_again": ""},
        {"password": ["one long sentence", "two long sentences"]},
    ],
)
def test_an_acceptance_with_something_wrong_makes_nothing(
    practice: SimpleNamespace, other: dict[str, Any]
) -> None:
    browser = Browser()
    browser.get(_link(_invite(practice)))
    response = browser.post(reverse("welcome"), {**ACCEPT, **other})
    assert response.status_code == 200
    assert not User.objects.filter(email="nora@example.org").exists()
    assert Invitation.objects.get().used_at is None


def test_somebody_can_choose_a_passkey_and_is_led_to_make_it(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.get(_link(_invite(practice)))
    response = browser.post(
        reverse("welcome"), {"name": "Nora", "language": "en", "passkey": "on", "password": "ignored"}
    )
    assert response.headers["Location"] == reverse("people_safely")
    assert not User.objects.get(email="nora@example.org").has_usable_password()
    page = browser.get(reverse("people_safely")).content.decode()
    assert reverse("mfa_add_webauthn") in page
    assert reverse("mfa_activate_totp") not in page
    assert browser.get(reverse("mfa_add_webauthn")).status_code == 200
    assert browser.get(reverse("people_me")).headers["Location"] == reverse("people_safely")


def test_too_many_acceptances_have_to_wait(practice: SimpleNamespace) -> None:
    browser = Browser()
    browser.get(_link(_invite(practice)))
    bad = {**ACCEPT, "language": "klingon"}
    assert [browser.post(reverse("welcome"), bad).status_code for _ in range(21)][-2:] == [200, 429]


# -- what the page does not tell -------------------------------------------------------------------


def test_the_page_is_the_same_whether_the_address_has_an_account_or_not(
    practice: SimpleNamespace,
) -> None:
    pages = []
    for address in ("cleo@example.org", "nobody@example.org"):
        client = make_client("Somebody")
        _, token = actions.invite(
            actor=practice.mara, email=address, name="Somebody", roles=[Role.CLIENT], client=client
        )
        page = Browser().get(reverse("welcome"), {"link": token}, follow=True)
        text = page.content.decode().replace(address, "")
        pages.append(re.sub(r'value="[\w]{64}"', "", text))
    assert pages[0] == pages[1]


def test_a_therapist_is_not_told_whether_an_address_has_an_account(practice: SimpleNamespace) -> None:
    therapist = signed_in(practice.alba)
    practice.teos.client.user = None
    practice.teos.client.save()
    address = reverse("client_invite", kwargs={"key": practice.teos.client.key})
    answers = []
    for email in ("cleo@example.org", "nobody@example.org"):
        text = therapist.post(address, {"email": email}).content.decode()
        answers.append(re.sub(r"link=[\w-]+|value=.\w{64}.", "", text.replace(email, "")))
    assert answers[0] == answers[1]


def test_an_address_with_an_account_is_not_taken_over(practice: SimpleNamespace) -> None:
    client = make_client("Cleo again")
    _, token = actions.invite(
        actor=practice.mara, email="cleo@example.org", name="C", roles=[Role.CLIENT], client=client
    )
    browser = Browser()
    browser.get(reverse("welcome"), {"link": token})
    response = browser.post(reverse("welcome"), ACCEPT)
    assert "cannot make a new account" in response.content.decode()
    assert User.objects.get(email="cleo@example.org").check_password(PASSWORD)
    assert Invitation.objects.get().used_at is None


def test_who_is_signed_in_adds_it_to_their_own_account_only(practice: SimpleNamespace) -> None:
    client = make_client("Alba, as a client")
    _, token = actions.invite(
        actor=practice.mara, email="alba@example.org", name="A", roles=[Role.CLIENT], client=client
    )
    other = signed_in(practice.nell)
    response = other.get(reverse("welcome"), {"link": token}, follow=True)
    assert (response.status_code, b"for somebody else" in response.content) == (409, True)
    assert other.post(reverse("welcome")).status_code == 409
    own = signed_in(practice.alba)
    own.get(reverse("welcome"), {"link": token})
    assert own.post(reverse("welcome")).status_code == 302
    client.refresh_from_db()
    practice.alba.refresh_from_db()
    assert client.user == practice.alba
    assert practice.alba.roles == {Role.THERAPIST, Role.CLIENT}


# -- who may invite whom ---------------------------------------------------------------------------


def test_a_therapist_invites_their_own_client_who_gets_their_own_record(
    practice: SimpleNamespace,
) -> None:
    client = practice.teos.client
    client.user, client.email = None, "teo.private@example.org"
    client.save()
    therapist = signed_in(practice.alba)
    page = reverse("client_invite", kwargs={"key": client.key})
    assert b"teo.private@example.org" in therapist.get(page).content
    link = _link(therapist.post(page, {"email": "teo.private@example.org"}))
    assert "therap" not in mail.outbox[0].body.lower()
    browser = Browser()
    browser.get(link)
    browser.post(reverse("welcome"), ACCEPT)
    client.refresh_from_db()
    assert client.user.email == "teo.private@example.org"
    assert client.user.roles == {Role.CLIENT}
    entry = Entry.objects.get(action="invitation.accepted")
    assert entry.client == client.key
    # A second factor is offered to a client, not demanded.
    assert b"Ahora no" in browser.get(reverse("people_safely")).content
    assert browser.get("/").status_code == 200
    again = therapist.post(page, {"email": "another@example.org"})
    assert b"has an account already" in again.content


def test_nobody_else_invites(practice: SimpleNamespace) -> None:
    page = reverse("client_invite", kwargs={"key": practice.cleos.client.key})
    assert signed_in(practice.alba).post(page, {"email": "x@example.org"}).status_code == 404
    for who in (practice.alba, practice.sami, practice.rui, practice.teo):
        assert signed_in(who).get(reverse("staff_invite")).status_code == 403
    with pytest.raises(actions.PermissionDenied):
        actions.invite(actor=practice.alba, email="x@y.org", name="X", roles=[Role.THERAPIST])
    assert not Invitation.objects.exists()


def test_a_therapist_sees_and_withdraws_their_own_invitations_only(practice: SimpleNamespace) -> None:
    _invite(practice)
    key = Invitation.objects.get().key
    for name in ("invitation_withdraw", "invitation_again"):
        address = reverse(name, kwargs={"key": key})
        assert signed_in(practice.alba).post(address).status_code == 404
        assert signed_in(practice.mara).get(address).status_code == 405
    assert Invitation.objects.get().withdrawn_at is None


@pytest.mark.parametrize(
    "other",
    [
        {"roles": []},
        {"roles": ["client"]},
        {"roles": ["manager", "emperor"]},
        {"email": "alba@example.org"},
        {"email": "x@y.org\nBcc: z@y.org"},
        {"name": "Nora\nBcc: z@y.org\u202e"},
    ],
)
def test_an_invitation_with_something_wrong_is_not_made(
    practice: SimpleNamespace, other: dict[str, Any]
) -> None:
    assert _invite(practice, **other).status_code == 200
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_the_link_is_handed_over_where_the_letter_fails(
    practice: SimpleNamespace, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    response = _invite(practice)
    assert "could not be sent" in response.content.decode()
    assert Browser().get(_link(response), follow=True).status_code == 200

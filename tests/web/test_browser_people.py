"""From the first visit to a practice with people in it, in a real browser with a device for passkeys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from openrapport_web.people import actions, setup_code
from openrapport_web.people.models import Role, User
from tests.web.codes import code_of
from tests.web.conftest import PASSWORD
from tests.web.pages import check_page
from tests.web.test_browser_signing_in import complaints_of, device, sign_in, sign_out

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path, live_server: Any) -> None:
    settings.HOME = tmp_path
    settings.ORIGIN = live_server.url


def test_a_practice_begins_and_its_first_therapist_comes_in(
    live_server: Any, transactional_db: None, browse: Callable[..., Page]
) -> None:
    page = browse()
    heard = complaints_of(page)
    page.goto("/")
    assert page.url.endswith("/people/first-visit")
    code = setup_code.ensure().read_text().strip()
    check_page(page, "/people/first-visit")
    page.get_by_label("Set-up code").fill(code)
    page.get_by_label("Name of the practice").fill("Practice at the river")
    page.get_by_label("Time zone").select_option("Europe/Madrid")
    page.get_by_label("Your name").fill("Mona")
    page.get_by_label("Your e-mail address").fill("mona@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password once more").fill(PASSWORD)
    page.get_by_role("button", name="Set the practice up").click()
    # The manager sets up an app with codes; the password was typed a moment ago and is not asked again.
    check_page(page, "/people/safely")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_text("It cannot read the picture").click()
    secret = page.locator("code").inner_text()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Use this app").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto("/people/invite")
    page.get_by_label("Name", exact=True).fill("Tara")
    page.get_by_label("E-mail address").fill("tara@example.org")
    page.get_by_label("Therapist:").check()
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert page.get_by_role("heading", level=1).inner_text() == "Tara is invited"

    # The therapist has a device for passkeys and wants no password.
    guest = browse()
    guest_heard = complaints_of(guest)
    device(guest)
    guest.goto(link)
    assert "link=" not in guest.url
    guest.get_by_label("I would rather use a passkey").check()
    guest.get_by_role("button", name="Make my account").click()
    guest.get_by_role("link", name="Make a passkey").click()
    assert guest.get_by_label("Sign in with it alone").is_checked()
    guest.get_by_role("button", name="Add it").click()
    guest.wait_for_url("**/recovery-codes/")
    guest.goto("/")
    assert guest.get_by_role("heading", level=1).inner_text() == "Hello, Tara"
    sign_out(guest)
    guest.goto("/account/login/")
    guest.get_by_role("button", name="Sign in with a passkey").click()
    guest.get_by_role("heading", name="Hello, Tara").wait_for()
    assert not User.objects.get(email="tara@example.org").has_usable_password()

    # The manager signs in again with password and code, and Tara leaves: she is out at once.
    sign_out(page)
    sign_in(page, "mona@example.org")
    page.get_by_label("Code", exact=True).fill(code_of(secret, steps=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Hello, Mona").wait_for()
    page.goto("/people/")
    page.get_by_role("link", name="Tara").click()
    page.get_by_role("link", name="Leaves the practice").click()
    page.get_by_role("button", name="End access now").click()
    guest.goto("/")
    assert "/account/login/" in guest.url
    guest.get_by_role("button", name="Sign in with a passkey").click()
    guest.wait_for_url("**/account/inactive/")
    assert heard == []
    assert guest_heard == []


def test_a_passkey_can_be_the_second_step(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse()
    device(page)
    sign_in(page, practice.sami.email)
    page.get_by_role("link", name="Make a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Sign in with it alone").uncheck()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")
    sign_out(page)
    sign_in(page, practice.sami.email)
    page.wait_for_url("**/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.get_by_role("heading", name="Hello, Sami").wait_for()


@pytest.mark.parametrize(
    ("who", "name", "about"),
    [
        ("mara", "people_list", None),
        ("mara", "staff_invite", None),
        ("mara", "person_page", "alba"),
        ("mara", "person_page", "gone"),
        ("mara", "person_leave", "alba"),
        ("mara", "supervision", None),
        ("mara", "practice_settings", None),
        ("mara", "people_me", None),
        ("alba", "people_me", None),
        ("alba", "supervision", None),
        ("teo", "people_me", None),
        ("teo", "people_safely", None),
    ],
)
def test_a_page_about_people_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page], who: str, name: str, about: str | None
) -> None:
    actions.invite(actor=practice.mara, email="n@example.org", name="N", roles=[Role.THERAPIST])
    keys = {"key": getattr(practice, about).key} if about else {}
    check_page(browse(getattr(practice, who)), reverse(name, kwargs=keys))


def test_pages_for_guests_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    _, token = actions.invite(
        actor=practice.mara, email="n@example.org", name="N", roles=[Role.THERAPIST]
    )
    page = browse()
    page.goto(f"/people/welcome?link={token}")
    check_page(page, "/people/welcome")
    page.get_by_role("button", name="Make my account").click()
    assert page.get_by_role("alert").is_visible()
    check_page(browse(), "/people/welcome", status=404)
    client = practice.teos.client
    client.user = None
    client.save()
    invite = reverse("client_invite", kwargs={"key": client.key})
    therapist = browse(practice.alba)
    check_page(therapist, invite)
    therapist.get_by_label("E-mail address").fill("teo@example.com")
    therapist.get_by_role("button", name="Invite").click()
    therapist.get_by_label("Link", exact=True).wait_for()
    check_page(therapist, invite)

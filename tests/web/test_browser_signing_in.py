"""Signing in, in a real browser that keeps our strict content security policy."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page

from tests.web.conftest import PASSWORD
from tests.web.pages import check_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = [
    "login/",
    "password/reset/",
    "password/reset/done/",
    "password/reset/key/x-y/",
    "inactive/",
]
OWN = ["2fa/", "sessions/", "password/change/", "logout/", "reauthenticate/"]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_before_signing_in_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page], address: str
) -> None:
    check_page(browse(), f"/account/{address}")


@pytest.mark.parametrize("address", OWN)
def test_a_page_of_ones_account_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Callable[..., Page], address: str
) -> None:
    check_page(browse(practice.teo), f"/account/{address}")


def sign_in(page: Page, email: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def say_who_it_is(page: Page) -> None:
    """Answer the question that stands before whatever changes how one signs in."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


def complaints_of(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: heard.append(str(fault)))
    return heard


def device(page: Page, *, knows_its_owner: bool = True) -> None:
    """A device that holds passkeys, and knows the finger of who uses it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": knows_its_owner,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_somebody_adds_a_passkey_and_signs_in_with_it_alone(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse()
    heard = complaints_of(page)
    device(page)
    sign_in(page, practice.alba.email)
    page.get_by_role("link", name="Make a passkey").click()
    say_who_it_is(page)
    page.get_by_label("Name").fill("My telephone")
    assert page.get_by_label("Sign in with it alone").is_checked()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(lambda url: not url.endswith("/add/"))
    page.goto("/account/2fa/webauthn/")
    assert page.get_by_role("strong").get_by_text("My telephone").is_visible()
    check_page(page, "/account/2fa/webauthn/")
    sign_out(page)
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("heading", name="Hello, Alba").wait_for()
    assert heard == []


def test_a_device_without_the_passkey_is_told_of_another_way(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse()
    heard = complaints_of(page)
    device(page, knows_its_owner=False)
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("alert").get_by_text("take another way").wait_for()
    assert heard == []


def test_somebody_sets_up_an_app_and_without_it_gets_in_with_a_kept_code(
    practice: SimpleNamespace, browse: Callable[..., Page]
) -> None:
    page = browse()
    sign_in(page, practice.alba.email)
    page.get_by_role("link", name="Set up an app").click()
    say_who_it_is(page)
    page.wait_for_url("**/totp/activate/")
    check_page(page, page.url)
    secret = page.locator("code").inner_text()
    field = page.get_by_label("Authenticator code")
    field.fill("none")
    page.get_by_role("button", name="Use this app").click()
    assert page.get_by_role("alert").get_by_role("link").count() == 1
    field.fill(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))
    page.get_by_role("button", name="Use this app").click()
    page.wait_for_url(lambda url: "totp" not in url)
    check_page(page, "/account/2fa/recovery-codes/")
    kept = page.get_by_label("Your codes").input_value().split()
    check_page(page, "/account/2fa/")
    sign_out(page)
    sign_in(page, practice.alba.email)
    check_page(page, page.url)
    page.get_by_label("Code", exact=True).fill(kept[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Hello, Alba").wait_for()

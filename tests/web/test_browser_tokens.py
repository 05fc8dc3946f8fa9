"""The pages of tokens, in a real browser: made, seen once, ended, and the description of the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from openrapport_web.api.v1 import api
from tests.web.conftest import PASSWORD
from tests.web.pages import check_page
from tests.web.programs import Program

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_token_is_made_used_and_ended(practice: SimpleNamespace, browse: Callable[..., Page]) -> None:
    page = browse(practice.alba)
    page.goto(reverse("token_new"))
    page.get_by_label("Password").fill(PASSWORD)  # it is asked for again
    page.keyboard.press("Enter")
    page.get_by_label("Which program is it for?").fill("My notebook")
    page.get_by_label("Read clients and episodes").check()
    page.get_by_role("button", name="Make it").click()
    sends = Program(page.get_by_label("Token", exact=True).input_value())
    assert sends("get", "/clients").json()["count"] == 1
    assert sends("get", "/notes").status_code == 403
    check_page(page, reverse("token_list"))
    check_page(page, reverse("token_new"))
    page.goto(reverse("token_list"))
    page.get_by_role("button", name=re.compile("End it.*My notebook")).click()
    expect(page.get_by_text("The token has ended")).to_be_visible()
    assert sends("get", "/clients").status_code == 401


def test_the_description_reads_well(practice: SimpleNamespace, browse: Callable[..., Page]) -> None:
    page = browse(practice.mara)
    check_page(page, reverse("api_reference"))
    shown = page.locator("main details").count()
    described = api.get_openapi_schema()["paths"].values()
    assert shown == sum(len(methods) for methods in described)

"""Every address, as every role, with one's own and another's record, against the written table."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.web.access_table import KEYS, ROWS, WHO, Row
from tests.web.conftest import signed_in

# What allauth brings has tests of its own; that its addresses stay few is tested below.
THIRD_PARTY = ("account_", "mfa_", "usersessions_")


def _names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace == "api":  # its table stands in test_api_access
                continue
            yield from _names(pattern)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"the address {pattern.pattern} has no name"
            yield pattern.name


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    ours = {name for name in _names(get_resolver()) if not name.startswith(THIRD_PARTY)}
    assert {name for name, _ in ROWS} == ours


def _word(response: HttpResponse) -> str:
    if response.status_code in (403, 404):
        return "no"
    if response.status_code == 302 and response.headers["Location"].startswith("/account/login"):
        return "sign in"
    return "yes" if response.status_code < 500 else f"fault {response.status_code}"


def _expected(who: str, allowed: frozenset[str] | set[str]) -> set[str]:
    if who in allowed:
        return {"yes"}
    # What is reached by a secret in the address tells strangers nothing, so it may also be "no".
    return {"sign in", "no"} if who in ("nobody", "left") else {"no"}


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{n}-{r.method}" for n, r in ROWS])
def test_only_those_in_the_table_get_in(practice: SimpleNamespace, name: str, row: Row) -> None:
    cases: list[tuple[str, frozenset[str] | set[str], dict[str, Any]]] = [("", row.own, {})]
    if row.about:
        cases = [
            (whose, allowed, KEYS[row.about](practice, whose))
            for whose, allowed in (("teos", row.own), ("cleos", row.other))
        ]
    wrong = []
    for who, account in WHO.items():
        browser = signed_in(getattr(practice, account)) if account else Browser()
        for whose, allowed, keys in cases:
            with transaction.atomic():
                response = getattr(browser, row.method)(reverse(name, kwargs=keys), row.data or {})
                transaction.set_rollback(True)
            if _word(response) not in _expected(who, allowed):
                wrong.append((who, whose, response.status_code))
    assert wrong == []

"""Every operation of the API, as every role, with one's own and another's record and with too little."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from openrapport_web.api.scopes import scopes_of
from openrapport_web.api.v1 import api
from tests.web.access_table import WHO
from tests.web.api_table import OPERATIONS, Operation
from tests.web.conftest import signed_in
from tests.web.programs import BASE, program


def _described() -> dict[str, tuple[str, str, str]]:
    """Method, path and scope of each operation, by its name."""
    return {
        operation["operationId"]: (method, path.removeprefix(BASE), operation["x-scope"])
        for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()
        for method, operation in methods.items()
    }


DESCRIBED = _described()


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert set(OPERATIONS) == set(DESCRIBED)


def test_every_operation_wants_a_token() -> None:
    for methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].values():
        for operation in methods.values():
            assert operation["security"][0].keys() == {"Token"}, operation["operationId"]
            assert operation["description"]


def _cases(practice: SimpleNamespace, operation: Operation) -> list[tuple[str, Any, Any, Any]]:
    cases = [("teos", operation.own), ("cleos", operation.other)][: 2 if operation.about else 1]
    return [
        (whose, allowed, operation.keys(practice, whose), operation.sent(practice, whose))
        for whose, allowed in cases
    ]


def _may(who: str, status: int) -> str:
    if status >= 500 or status in (400, 409, 422):  # the table sends what makes sense
        return f"fault {status}"
    return {401: "token", 403: "no", 404: "no"}.get(status, "yes")


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_those_in_the_table_get_in(practice: SimpleNamespace, name: str) -> None:
    method, path, _ = DESCRIBED[name]
    wrong = []
    cases = _cases(practice, OPERATIONS[name])
    for who, account in WHO.items():
        sends = program(getattr(practice, account) if account else None)
        for whose, allowed, keys, body in cases:
            if who == "manager" and name == "clients_add":
                body = {**body, "therapist": str(practice.alba.key)}
            with transaction.atomic():
                response = sends(method, path.format(**keys), body)
                transaction.set_rollback(True)
            expected = "yes" if who in allowed else "no"
            if who in ("nobody", "left", "researcher"):
                expected = "token"
            if _may(who, response.status_code) != expected:
                wrong.append((who, whose, response.status_code, response.content[:200]))
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in OPERATIONS if DESCRIBED[name][2]])
def test_a_token_without_the_scope_is_told_which_one_it_needs(
    practice: SimpleNamespace, name: str
) -> None:
    method, path, scope = DESCRIBED[name]
    who = getattr(practice, WHO[min(OPERATIONS[name].own)] or "")
    others = [other for other in scopes_of(who) if other != scope]
    keys, body = OPERATIONS[name].keys(practice, "teos"), OPERATIONS[name].sent(practice, "teos")
    response = program(who, others)(method, path.format(**keys), body)
    assert response.status_code == 403
    assert response.json()["where"] == scope
    assert scope in response.json()["detail"]


def test_a_session_s_cookie_opens_nothing(practice: SimpleNamespace) -> None:
    response = signed_in(practice.alba).get(f"{BASE}/clients")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert signed_in(practice.alba).post(f"{BASE}/deletion").status_code == 401


def test_a_role_that_is_taken_away_takes_its_scopes_along(practice: SimpleNamespace) -> None:
    sends = program(practice.mara)
    assert sends("get", "/audit").status_code == 200
    practice.mara.is_manager = False
    practice.mara.save()
    assert sends("get", "/audit").json()["where"] == "audit:read"
    assert sends("get", "/me").json()["token"]["scopes"] == []


def test_a_token_that_asks_too_often_waits(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openrapport_web.api.v1.door.A_MINUTE", 3)
    monkeypatch.setattr("openrapport_web.api.v1.door.time", lambda: 1_000_000.0)
    cache.clear()
    sends, another = program(practice.alba), program(practice.alba)
    assert [sends("get", "/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    late = sends("get", "/me")
    assert late.headers["Retry-After"] == "20"  # 1 000 000 s is 40 s into a minute
    assert another("get", "/me").status_code == 200

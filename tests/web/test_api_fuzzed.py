"""Every operation with requests that nobody thought of: made by schemathesis from the document itself.

Each example runs as one of four people, about Teo's record, Cleo's or none, and is rolled back.
Nothing may break, every answer must be what the document promises, and no word of Cleo's may reach
anybody but the manager, who reads names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.web.access_table import WHO
from tests.web.api_table import OPERATIONS, Operation
from tests.web.programs import BASE, program

load_all_checks()
# What a form or an action refuses is more than a schema can say; and tokens have tests of their own.
LEFT_OUT = ["positive_data_acceptance", "ignored_auth"]
CHECKED = CHECKS.get_by_names([name for name in CHECKS.get_all_names() if name not in LEFT_OUT])
PEOPLE = ("alba", "teo", "sami", "mara")
SECRET = "Quagga"  # noqa: S105 - a word of Cleo's that stands nowhere else
A_FEW = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 5}

SCHEMA = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", get_wsgi_application())
SCHEMA.config.generation.with_security_parameters = False
ALL = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A server closes old connections around a request; here they hold the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def secrets(practice: SimpleNamespace) -> SimpleNamespace:
    """The practice, with a word in everything of Cleo's."""
    client, episode, note = practice.cleos.client, practice.cleos.episode, practice.cleos.note
    client.email = f"{SECRET}@example.org"
    client.save()
    episode.referral = SECRET
    episode.save()
    version = note.versions.get()
    version.text = SECRET
    version.save()
    return practice


def _cases(practice: SimpleNamespace, name: str, mode: GenerationMode) -> st.SearchStrategy[Any]:
    """Requests about Teo's record, about Cleo's, and about what is made up."""
    row, operation = OPERATIONS[name], ALL[name]
    if row.about is None:
        return operation.as_strategy(generation_mode=mode)
    return st.one_of(
        *(
            operation.as_strategy(
                generation_mode=mode,
                path_parameters={k: str(v) for k, v in row.keys(practice, whose).items()},
            )
            for whose in ("teos", "teos", "cleos")
        ),
        operation.as_strategy(generation_mode=mode),
    )


def _who(row: Operation) -> list[str]:
    """Those who get in, twice, so that most requests come to something; and everybody."""
    get_in = [account for who, account in WHO.items() if who in row.own and account in PEOPLE]
    return [account for account in get_in if account] * 2 + list(PEOPLE)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name, found in ALL.items()
        for mode in A_FEW
        if mode is GenerationMode.POSITIVE or found.definition.raw["parameters"] or found.body
    ],
    ids=str,
)
def test_it_keeps_its_promises(secrets: SimpleNamespace, name: str, mode: GenerationMode) -> None:
    row = OPERATIONS[name]
    cache.clear()
    headers = {
        who: {"Authorization": f"Bearer {program(getattr(secrets, who)).secret}"} for who in PEOPLE
    }

    @settings(
        max_examples=A_FEW[mode],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(secrets, name, mode), who=st.sampled_from(_who(row)), fresh=st.booleans())
    def asked(case: Any, who: str, fresh: bool) -> None:
        if fresh and mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            # The one that is there: a guess would nearly always be late.
            case.body |= {"version": 1} if "version" in case.body else {}
        with transaction.atomic():
            response = case.call(headers=headers[who])
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKED)
        if who != "mara":
            assert SECRET.encode() not in response.content

    asked()

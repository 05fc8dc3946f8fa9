"""The chain of who saw and did what."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection

from openrapport_web.audit.chain import Break, record, verify
from openrapport_web.audit.models import Entry


def test_an_entry_says_who_did_what_to_whose(practice: SimpleNamespace) -> None:
    entry = record(practice.alba, "note.read", practice.teos.meeting, client=practice.teos.client.key)
    assert (entry.actor, entry.kind, entry.client) == (
        practice.alba.key,
        "meeting",
        practice.teos.client.key,
    )
    assert list(verify()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET action = 'x' WHERE number = 2",
        "DELETE FROM audit_entry WHERE number = 2",
    ],
)
def test_the_database_refuses_to_alter_the_log(practice: SimpleNamespace, sql: str) -> None:
    for i in range(3):
        record(practice.alba, "note.read", n=i)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE audit_entry SET action = 'x' WHERE number = 2", [Break(2, "was altered")]),
        (
            "DELETE FROM audit_entry WHERE number = 2",
            [Break(2, "entries 2 to 2 are missing")],
        ),
        (
            "UPDATE audit_entry SET hash = 'f' WHERE number = 2",
            [Break(2, "was altered"), Break(3, "does not follow from the entry before it")],
        ),
    ],
)
def test_verify_names_the_link_that_somebody_broke(
    practice: SimpleNamespace, sql: str, expected: list[Break]
) -> None:
    for i in range(3):
        record(practice.alba, "note.read", n=i)
    with connection.cursor() as cursor:
        for what in ("update", "delete"):
            cursor.execute(f"DROP TRIGGER audit_entry_no_{what}")
        cursor.execute(sql)
    assert list(verify()) == expected
    assert Entry.objects.exists()

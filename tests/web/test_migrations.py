"""Migrations keep what a practice holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

FIRST = [
    ("people", "0001_initial"),
    ("caseload", "0002_initial"),
    ("recordings", "0001_initial"),
    ("audit", "0002_append_only"),
]
KEY = UUID("01890000-0000-7000-8000-000000000001")
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """An empty database in a file of its own, under the name "old"."""
    settings = connections["default"].settings_dict
    connections.databases["old"] = {**settings, "NAME": str(tmp_path / "old.sqlite3")}
    with django_db_blocker.unblock():
        yield connections["old"]
        connections["old"].close()
    del connections.databases["old"]


def _rows(apps: Any) -> dict[str, Any]:
    """One row of each kind, as the first version of the program wrote it."""
    made = {}

    def add(app: str, model: str, **values: Any) -> Any:
        row = apps.get_model(app, model)(key=KEY, **values)
        row.save(using="old", force_insert=True)
        made[f"{app}.{model}"] = row
        return row

    user = add("people", "User", email="t@example.org", name="T", is_therapist=True)
    client = add("caseload", "Client", name="C")
    episode = add("caseload", "Episode", client=client, therapist=user, starts_on=date(2026, 1, 5))
    meeting = add("caseload", "Meeting", episode=episode, client=client, therapist=user, starts_at=NOW)
    note = add("caseload", "Note", episode=episode, client=client, author=user, version=1)
    add("caseload", "NoteVersion", note=note, client=client, number=1, by=user, sealed_text=b"sealed")
    session = add("recordings", "SessionRecord", meeting=meeting, client=client, therapist=user)
    about = {"session": session, "client": client}
    add(
        "recordings",
        "StoredFile",
        kind="transcript",
        content_type="text/vtt",
        size_bytes=3,
        by=user,
        **about,
    )
    version = add("recordings", "TranscriptVersion", number=1, what="as read", **about)
    add("recordings", "Analysis", version=version, state="done", **about)
    add("recordings", "StoredReport", version=version, engine="1", sealed_json=b"sealed", **about)
    return made


def test_a_filled_database_comes_to_the_present_shape_with_all_its_rows(old: Any) -> None:
    executor = MigrationExecutor(old)
    executor.migrate(FIRST)
    made = _rows(executor.loader.project_state(FIRST).apps)
    executor = MigrationExecutor(old)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(latest)
    apps = executor.loader.project_state(latest).apps
    for name, row in made.items():
        now = apps.get_model(name).objects.using("old").get()
        for field in ("email", "name", "sealed_text", "sealed_json", "number", "state"):
            if hasattr(row, field) and hasattr(now, field):
                assert getattr(now, field) == getattr(row, field), f"{name}.{field}"
    with old.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_the_models_are_what_the_migrations_make() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)

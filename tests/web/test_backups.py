"""Backups, restoring them, and what a deleted key does to old ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection

from openrapport_web import crypto, erasure
from openrapport_web.backups import BadBackup, read_backup, write_backup
from openrapport_web.caseload.models import Client, NoteVersion
from openrapport_web.crypto import KeyDeleted, MasterKeys
from openrapport_web.people.models import User
from openrapport_web.sealed_files import opened, seal_bytes

MASTER = MasterKeys.parse(crypto.new_master_key())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A practice's folder with a small database and two sealed files."""
    home = tmp_path / "home"
    home.mkdir()
    database = sqlite3.connect(home / "practice.sqlite3")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE audit_entry (number, hash)")
    database.execute("CREATE TABLE said (words)")
    database.executemany("INSERT INTO audit_entry VALUES (?, ?)", [(1, "a"), (2, "b")])
    database.execute("INSERT INTO said VALUES ('sealed words')")
    database.commit()  # left open, as a running server does
    for name, size in (("one", 10), ("two", 3 * 2**20)):
        seal_bytes(home / "files" / "c" / f"{name}.sealed", b"x" * size, b"k" * 32, context=name)
    home.joinpath("files", "c", "half.part").write_bytes(b"on its way")
    return home


def _write(home: Path, target: Path, **more: Any) -> Any:
    database, files = home / "practice.sqlite3", home / "files"
    return write_backup(target, database=database, files=files, master=MASTER, **more)


def test_a_backup_of_a_running_practice_comes_back_whole(home: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    kept = _write(home, tmp_path / "b", progress=lambda done, total: steps.append((done, total)))
    assert (kept.n_files, kept.n_entries, kept.last_entry) == (2, 2, "b")
    assert steps[-1][0] == steps[-1][1]
    assert [a[0] for a in steps] == sorted(a[0] for a in steps)
    new = tmp_path / "new"
    assert read_backup(tmp_path / "b", home=new, master=MASTER) == kept
    assert sqlite3.connect(new / "practice.sqlite3").execute("SELECT * FROM said").fetchall() == [
        ("sealed words",)
    ]
    two = new / "files" / "c" / "two.sealed"
    assert b"".join(opened(two, b"k" * 32, context="two")) == b"x" * 3 * 2**20
    assert sorted(p.name for p in (new / "files" / "c").iterdir()) == ["one.sealed", "two.sealed"]


def test_a_backup_shows_nothing_without_the_key(home: Path, tmp_path: Path) -> None:
    _write(home, tmp_path / "b")
    assert b"sealed words" not in (tmp_path / "b").read_bytes()
    with pytest.raises(BadBackup, match="another master key"):
        read_backup(
            tmp_path / "b", home=tmp_path / "new", master=MasterKeys.parse(crypto.new_master_key())
        )


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[:50],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"PK" + data[2:],
    ],
)
def test_a_damaged_backup_restores_nothing(home: Path, tmp_path: Path, damage: Any) -> None:
    _write(home, tmp_path / "b")
    (tmp_path / "b").write_bytes(damage((tmp_path / "b").read_bytes()))
    new = tmp_path / "new"
    with pytest.raises(BadBackup):
        read_backup(tmp_path / "b", home=new, master=MASTER)
    assert not new.exists() or list(new.iterdir()) == []


def test_nothing_is_ever_replaced(home: Path, tmp_path: Path) -> None:
    _write(home, tmp_path / "b")
    with pytest.raises(BadBackup, match="is there already; name a new file"):
        _write(home, tmp_path / "b")
    with pytest.raises(BadBackup, match="restore into an empty place"):
        read_backup(tmp_path / "b", home=home, master=MASTER)


def test_an_old_backup_of_a_deleted_client_stays_unreadable(
    transactional_db: None, practice: SimpleNamespace, tmp_path: Path
) -> None:
    """The whole way: back up, delete the client, restore the old backup, find nothing."""
    teo, cleo = practice.teos, practice.cleos
    database = connection.settings_dict["NAME"]
    if "memory" in str(database):
        copy = sqlite3.connect(tmp_path / "practice.sqlite3")
        connection.ensure_connection()
        connection.connection.backup(copy)
        copy.close()
        database = tmp_path / "practice.sqlite3"
    write_backup(
        tmp_path / "b",
        database=Path(database),
        files=settings.FILES_DIR,
        master=crypto.keyring().master,
    )
    erasure.erase_client(actor=practice.mara, client=teo.client)
    read_backup(tmp_path / "b", home=tmp_path / "new", master=crypto.keyring().master)

    restored = sqlite3.connect(tmp_path / "new" / "practice.sqlite3")
    query = (
        "SELECT v.key, v.sealed_text FROM caseload_noteversion v JOIN caseload_client c "
        "ON c.key = v.client_id WHERE c.name = ?"
    )
    ((_, sealed),) = restored.execute(query, ["Teo"]).fetchall()
    assert sealed  # it is in the backup, and no key in the world opens it
    with pytest.raises(KeyDeleted):
        crypto.open_text(teo.client.key, sealed, context="any")
    assert NoteVersion.objects.get(client=cleo.client).text == "A note for the tests."

    # What a restored database still names is emptied by the same words that `restore` calls.
    connection.connection.rollback()
    restored.backup(connection.connection)
    assert Client.objects.get(pk=teo.client.pk).name == "Teo"
    assert erasure.empty_those_without_key() == 1
    assert Client.objects.get(pk=teo.client.pk).name == "(deleted)"
    assert not User.objects.filter(email="teo@example.org").exists()
    assert Client.objects.get(pk=cleo.client.pk).name == "Cleo"


@pytest.mark.django_db
def test_only_a_manager_deletes_a_client(practice: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        erasure.erase_client(actor=practice.alba, client=practice.teos.client)
    assert crypto.keyring().has(practice.teos.client.key)

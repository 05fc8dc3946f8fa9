"""Backups: consistent while the server runs, encrypted, read back after writing.

::

    preamble  "ORBACKUP1" | the backup's own key, wrapped by the master key (69 bytes)
    sealed    a tar stream: manifest.json, practice.sqlite3, files/...

No data key of a client is in a backup. Whoever restores needs the practice's master key and its
keys folder (or the copy of it); a client whose key was deleted since stays unreadable, and what is
left of their rows is emptied while restoring.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO, RawIOBase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast

from openrapport_web.crypto import PRACTICE, BadKeys, ContentLost, MasterKeys
from openrapport_web.sealed_files import Sealer, opened

__all__ = ["BadBackup", "Kept", "read_backup", "write_backup"]

_MAGIC = b"ORBACKUP1"
_WRAPPED_BYTES = 69
_PREAMBLE_BYTES = len(_MAGIC) + _WRAPPED_BYTES
_CONTEXT, _MANIFEST, _DATABASE = "backup", "manifest.json", "practice.sqlite3"
_BACKUP, _RESTORE, _LEFT_AFTER_S = ".backup-", ".restore-", 24 * 3600
Progress = Callable[[int, int], None]


class BadBackup(Exception):
    """A backup cannot be written, read or restored; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds."""

    made_at: str
    n_files: int
    size_bytes: int
    n_entries: int
    last_entry: str


def write_backup(
    target: Path,
    *,
    database: Path,
    files: Path,
    master: MasterKeys,
    progress: Progress = lambda *_: None,
) -> Kept:
    """Write a backup and read it back.

    Parameters
    ----------
    target : Path
        A new file; one that is there is never replaced.
    database, files : Path
        The running practice's database, and the folder of its sealed files.
    master : MasterKeys
        The first one wraps the backup's key.
    progress : callable
        Is given bytes done and bytes in all, for writing and reading together.

    Raises
    ------
    BadBackup
        If the target exists, the database is damaged, or what was written cannot be read back.
    """
    if target.exists():
        raise BadBackup(f"{target} is there already; name a new file")
    key = os.urandom(32)
    _delete_left(database.parent)
    # Beside the database, not beside the target: names lie open in it, and the target's disk travels.
    with TemporaryDirectory(dir=database.parent, prefix=_BACKUP) as folder:
        snapshot = Path(folder) / _DATABASE
        _snapshot(database, snapshot)
        # Files are never altered, only added and deleted, and a row is written after its file:
        # every file that the snapshot names is there, unless it was deleted meanwhile on purpose.
        members = [(_DATABASE, snapshot), *_sealed_files(files)]
        total = 2 * sum(path.stat().st_size for _, path in members)
        preamble = _MAGIC + master.wrap(key, PRACTICE)
        with Sealer(target, key, context=_CONTEXT, preamble=preamble) as sealer:
            manifest = _write_members(sealer, members, snapshot, lambda done: progress(done, total))
    try:
        for _ in _verified(target, master, lambda done: progress(total // 2 + done, total)):
            pass
    except (BadBackup, ContentLost) as error:
        target.unlink()
        raise BadBackup(
            f"what was written could not be read back ({error}); is the disk in order?"
        ) from error
    return Kept(**manifest["kept"])


def _delete_left(home: Path) -> None:
    """Take away what a killed process left: names of people who asked to be deleted could be in it."""
    for prefix in (_BACKUP, _RESTORE):
        for folder in home.glob(f"{prefix}*"):
            if time.time() - folder.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(folder, ignore_errors=True)


def _snapshot(database: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        copy.execute("PRAGMA journal_mode=DELETE")
    if verdict != "ok":
        raise BadBackup("the database is damaged; restore the last good backup")


def _sealed_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.sealed")):
        yield f"files/{path.relative_to(folder).as_posix()}", path


def _write_members(
    sealer: Sealer, members: list[tuple[str, Path]], snapshot: Path, progress: Callable[[int], None]
) -> dict[str, Any]:
    digests, done = {}, 0
    with tarfile.open(fileobj=cast(BinaryIO, sealer), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, path in members:
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue  # deleted since the snapshot, on purpose
            with file:
                about = tarfile.TarInfo(name)
                about.size = os.fstat(file.fileno()).st_size
                about.mode = 0o600
                reader = _Digesting(file)
                tar.addfile(about, reader)
                digests[name] = reader.digest.hexdigest()
            done += about.size
            progress(done)
        with closing(sqlite3.connect(snapshot)) as copy:
            n, last = copy.execute(
                "SELECT COUNT(*), COALESCE((SELECT hash FROM audit_entry ORDER BY number DESC LIMIT 1), '') "
                "FROM audit_entry"
            ).fetchone()
        manifest = {
            "format": 1,
            "kept": {
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "n_files": len(digests) - 1,
                "size_bytes": done,
                "n_entries": n,
                "last_entry": last,
            },
            "sha256": digests,
        }
        data = json.dumps(manifest).encode()
        about = tarfile.TarInfo(_MANIFEST)
        about.size = len(data)
        tar.addfile(about, BytesIO(data))
    return manifest


class _Digesting:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


class _Chunks(RawIOBase):
    """Chunks as a file to read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts = [self._rest]
        while size < 0 or sum(map(len, parts)) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
        data = b"".join(parts)
        size = len(data) if size < 0 else size
        self._rest = data[size:]
        return data[:size]


def _verified(
    source: Path, master: MasterKeys, progress: Callable[[int], None], into: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Read every member, write it where asked, and check all against the manifest at the end."""
    with source.open("rb") as file:
        preamble = file.read(_PREAMBLE_BYTES)
    if len(preamble) != _PREAMBLE_BYTES or not preamble.startswith(_MAGIC):
        raise BadBackup(f"{source} is no backup of OpenRapport, or is cut off")
    try:
        key = master.unwrap(preamble[len(_MAGIC) :], PRACTICE)
    except BadKeys:
        raise BadBackup(
            f"{source} was made with another master key; put that key back (OPENRAPPORT_MASTER_KEY_FILE)"
        ) from None
    chunks = opened(source, key, context=_CONTEXT, preamble_bytes=_PREAMBLE_BYTES)
    digests: dict[str, str] = {}
    done, manifest = 0, None
    try:
        with tarfile.open(fileobj=cast(BinaryIO, _Chunks(chunks)), mode="r|") as tar:
            for about in tar:
                content = tar.extractfile(about) if about.isfile() else None
                if content is None:
                    raise ValueError("a member is no file")
                if about.name == _MANIFEST:
                    manifest = json.loads(content.read())
                    continue
                digests[about.name] = _copy(content, about.name, into)
                done += about.size
                progress(done)
    except (tarfile.TarError, ContentLost, ValueError) as error:
        raise BadBackup(f"{source} is damaged or cut off; take an older backup") from error
    if manifest is None or manifest["sha256"] != digests:
        raise BadBackup(f"{source} is not whole; take an older backup")
    yield manifest


def _copy(content: Any, name: str, into: Path | None) -> str:
    digest, target = sha256(), None
    if into is not None:
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            raise ValueError("a name leads outside")
        path = into / place
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    try:
        while block := content.read(2**20):
            digest.update(block)
            if target:
                target.write(block)
        if target:
            target.flush()
            os.fsync(target.fileno())
    finally:
        if target:
            target.close()
    return digest.hexdigest()


def read_backup(
    source: Path, *, home: Path, master: MasterKeys, progress: Progress = lambda *_: None
) -> Kept:
    """Put a backup's database and files into a place that has none.

    Parameters
    ----------
    source : Path
        Written by :func:`write_backup`.
    home : Path
        The practice's folder. It may hold keys and secrets, but no database and no files.
    master : MasterKeys
        With the key that the backup was made under.
    progress : callable
        Is given bytes done and bytes in all.

    Raises
    ------
    BadBackup
        If the place is not empty, or the backup is damaged. Nothing is half-restored.
    """
    for name in (_DATABASE, "files"):
        if (home / name).exists():
            raise BadBackup(f"{home / name} is there already; restore into an empty place")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = source.stat().st_size
    with TemporaryDirectory(dir=home, prefix=_RESTORE) as folder:
        into = Path(folder)
        (manifest,) = _verified(source, master, lambda done: progress(min(done, size), size), into)
        (into / "files").mkdir(mode=0o700, exist_ok=True)
        (into / "files").rename(home / "files")
        # Last: a practice is there when its database is.
        (into / _DATABASE).rename(home / _DATABASE)
    return Kept(**manifest["kept"])

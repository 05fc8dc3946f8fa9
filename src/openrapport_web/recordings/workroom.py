"""A private folder for what has to lie open while it is read, gone afterwards in all cases.

It lies in memory where the system has a place for that, so that nothing decrypted reaches a disk.
A lock that a process loses when it dies tells leftovers from work.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

__all__ = ["sweep", "workroom"]

_PREFIX = "openrapport-work-"
_BEING_MADE_S = 60
_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders that we make there, for us alone


def _place() -> Path:
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK):
        return _MEMORY
    place = Path(settings.FILES_DIR)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


@contextmanager
def workroom() -> Iterator[Path]:
    """Lend an empty folder that only this system user can enter."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_place()))
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        room = folder / "room"
        room.mkdir(mode=0o700)
        yield room
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep() -> int:
    """Take away what killed processes left; tells how many folders it was."""
    n = 0
    for folder in _place().glob(f"{_PREFIX}*"):
        if not folder.is_symlink() and folder.stat().st_uid == os.getuid() and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            n += 1
    return n


def _is_left(folder: Path) -> bool:
    try:
        lock = os.open(folder / ".lock", os.O_RDWR)
    except FileNotFoundError:
        # Only just being made, unless whoever made it died that very moment.
        return folder.exists() and time.time() - folder.stat().st_mtime > _BEING_MADE_S
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True

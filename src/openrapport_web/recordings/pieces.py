"""What has arrived of an upload: sealed pieces on disk, each named by where it begins.

::

    FILES_DIR/<client>/uploads/<upload>/
        lock                    held while a piece is put away
        00000000000000000000    bytes 0 to 4 194 303, sealed
        00000000000004194304    ...

A piece is on the disk before the database says how far the upload is. So what the database says is
always there; what it does not know yet is written over when the bytes come again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from openrapport_web import crypto
from openrapport_web.crypto import ContentLost
from openrapport_web.recordings.models import Upload
from openrapport_web.recordings.refusals import Refused
from openrapport_web.sealed_files import opened, plain_size, seal_bytes

__all__ = ["PIECE_BYTES", "Pieces", "room_for"]

PIECE_BYTES = 4 * 2**20
"""What is kept in memory of an upload, and what a power cut may cost."""

_SPARE_BYTES = 256 * 2**20


class Pieces:
    """The folder of one upload."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.folder = Path(settings.FILES_DIR) / upload.client_id.hex / "uploads" / str(upload.key)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else put pieces of this upload away. A killed process lets go by itself.

        Raises
        ------
        Refused
            If somebody else does so now.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Refused(
                "Another part of this upload is being put away. Go on in a moment.", 423
            ) from None
        finally:
            os.close(descriptor)

    def put(self, offset: int, data: bytes) -> None:
        """Seal a piece; when this returns it is on the disk."""
        key = crypto.keyring().key(self.upload.client_id)
        seal_bytes(self._path(offset), data, key, context=self._context(offset))

    def read(self) -> Iterator[bytes]:
        """Give the whole upload, a chunk at a time.

        Raises
        ------
        ContentLost
            If a piece is missing or damaged.
        """
        key, offset = crypto.keyring().key(self.upload.client_id), 0
        while offset < self.upload.size_bytes:
            path = self._path(offset)
            if not path.exists():
                raise ContentLost(f"a piece of {self.upload} is missing")
            yield from opened(path, key, context=self._context(offset))
            offset += plain_size(path)

    def delete(self) -> None:
        """Take all pieces away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, offset: int) -> Path:
        return self.folder / f"{offset:020}"

    def _context(self, offset: int) -> str:
        return f"upload:{self.upload.key}:{offset}"


def room_for(size: int) -> bool:
    """Tell whether the disk has room for an upload and the one file that is made of its pieces."""
    place = Path(settings.FILES_DIR)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return shutil.disk_usage(place).free > 2 * size + _SPARE_BYTES

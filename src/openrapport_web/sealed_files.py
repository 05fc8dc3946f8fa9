"""Files encrypted in chunks, so that four gigabytes need the memory of one chunk.

::

    header  magic "ORSF" | version 1 | 7 random bytes that begin every nonce
    chunk   1 MiB of the file (the last may be shorter) + 16 bytes of tag

The nonce of a chunk is the random beginning, the chunk's number (4 bytes) and whether it is the
last (1 byte): the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizar 2015). A file that
is cut off, reordered or put together from two files does not open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openrapport_web.crypto import ContentLost, sync_folder

__all__ = ["CHUNK_BYTES", "Sealer", "opened", "plain_size", "seal_bytes"]

CHUNK_BYTES = 2**20
_TAG_BYTES, _PREFIX_BYTES = 16, 7
_MAGIC = b"ORSF\x01"
_HEADER_BYTES = len(_MAGIC) + _PREFIX_BYTES


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class Sealer:
    """Writes a sealed file; what is not finished is no file.

    The file appears under its name only when the block ends without an error, after it reached
    the disk. A ``preamble`` stands in front, unencrypted; the reader must skip it.
    """

    def __init__(self, path: Path, key: bytes, *, context: str, preamble: bytes = b"") -> None:
        self.path, self._new, self._preamble = path, path.with_name(path.name + ".part"), preamble
        self._cipher, self._context = AESGCM(key), context.encode()
        self._prefix, self._number, self._rest = os.urandom(_PREFIX_BYTES), 0, bytearray()
        self._file: BinaryIO

    def __enter__(self) -> Self:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._file.write(self._preamble + _MAGIC + self._prefix)
        return self

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._rest += data
        # One chunk always stays behind: only the end tells which chunk is the last.
        while len(self._rest) > CHUNK_BYTES:
            self._put(bytes(self._rest[:CHUNK_BYTES]), last=False)
            del self._rest[:CHUNK_BYTES]

    def _put(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._context))
        self._number += 1

    def __exit__(self, kind: object, *_: object) -> None:
        whole = False
        try:
            with self._file:  # a full disk may also show when what is left is written on closing
                if kind is None:
                    self._put(bytes(self._rest), last=True)
                    self._file.flush()
                    os.fsync(self._file.fileno())
            whole = kind is None
        finally:
            if whole:
                self._new.replace(self.path)
                sync_folder(self.path.parent)
            else:
                self._new.unlink(missing_ok=True)


def seal_bytes(path: Path, data: bytes, key: bytes, *, context: str) -> None:
    """Write a sealed file at once."""
    with Sealer(path, key, context=context) as sealer:
        sealer.write(data)


def opened(
    path: Path, key: bytes, *, context: str, start: int = 0, preamble_bytes: int = 0
) -> Iterator[bytes]:
    """Read a sealed file chunk by chunk.

    Parameters
    ----------
    path : Path
        Written by :class:`Sealer`.
    key : bytes
        The data key.
    context : str
        The same as when it was written.
    start : int
        First byte of the content that is wanted; chunks before it are not read.
    preamble_bytes : int
        What stands in front of the sealed part.

    Yields
    ------
    chunk : bytes
        Never unverified.

    Raises
    ------
    ContentLost
        If the file is damaged, cut off or from another place.
    """
    cipher, bound = AESGCM(key), context.encode()
    number, skip = divmod(start, CHUNK_BYTES)
    step = CHUNK_BYTES + _TAG_BYTES
    with path.open("rb") as file:
        file.seek(preamble_bytes)
        header = file.read(_HEADER_BYTES)
        if len(header) != _HEADER_BYTES or not header.startswith(_MAGIC):
            raise ContentLost(f"{context} is no sealed file")
        size = os.fstat(file.fileno()).st_size - _HEADER_BYTES - preamble_bytes
        n_chunks = -(-size // step)
        file.seek(preamble_bytes + _HEADER_BYTES + number * step)
        for i in range(number, n_chunks):
            nonce = _nonce(header[len(_MAGIC) :], i, last=i == n_chunks - 1)
            try:
                chunk = cipher.decrypt(nonce, file.read(step), bound)
            except InvalidTag:
                raise ContentLost(f"{context} is damaged, cut off or was moved") from None
            yield chunk[skip:] if i == number else chunk
    if n_chunks == 0:
        raise ContentLost(f"{context} is cut off")


def plain_size(path: Path) -> int:
    """Size of the content of a sealed file, in bytes, without opening it."""
    size = path.stat().st_size - _HEADER_BYTES
    return size - _TAG_BYTES * -(-size // (CHUNK_BYTES + _TAG_BYTES))

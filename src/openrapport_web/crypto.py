"""Encryption of content: a data key for each client, under one master key.

::

    master key (file or environment; never in the database or a backup of it)
      └─ wraps data keys, one small file each, in KEYS_DIR (and its copy)
           └─ seal texts in the database and files on disk (AES-256-GCM)

Data keys lie apart from the data on purpose. Whoever deletes a client's key makes every copy of
that client's content unreadable, the backups included, because no backup holds the key.

A sealed text is bound to its place (``context``): moved to another row, it does not open.
"""

from __future__ import annotations

import os
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

__all__ = [
    "PRACTICE",
    "BadKeys",
    "ContentLost",
    "KeyDeleted",
    "Keyring",
    "MasterKeys",
    "keyring",
    "new_master_key",
    "open_text",
    "open_texts",
    "seal_text",
    "seal_texts",
    "sync_folder",
]

KEY_BYTES, NONCE_BYTES, ID_BYTES = 32, 12, 8
_VERSION, _PACKED = b"\x01", b"\x02"
_PACKED_FROM_BYTES = 4_096
PRACTICE = UUID(int=0)
"""Whose key seals what belongs to no client: the audit chain, the names of backups."""


class BadKeys(Exception):
    """The master key is missing, malformed, or not the one that these data keys are under."""


class KeyDeleted(Exception):
    """The data key of this client is deleted, and with it all that it sealed."""


class ContentLost(Exception):
    """A sealed text or file is damaged, or does not belong where it lies."""


def new_master_key() -> str:
    """Make a master key.

    Returns
    -------
    key : str
        32 random bytes in URL-safe base64.
    """
    return urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master key that wraps, and older ones that only unwrap until they are rotated out."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """Read keys, the newest first, separated by white space or commas.

        Raises
        ------
        BadKeys
            If there is none, or one is not 32 bytes in base64. The key is never quoted.
        """
        keys = []
        for number, part in enumerate(re.split(r"[\s,]+", text.strip()), 1):
            try:
                key = urlsafe_b64decode(part + "=" * (-len(part) % 4))
            except ValueError:
                key = b""
            if len(key) != KEY_BYTES:
                raise BadKeys(
                    f"master key {number} is not 32 bytes in base64; run 'openrapport init' for a new "
                    "practice, or put the key of this practice back"
                )
            keys.append(key)
        return cls(tuple(keys))

    @staticmethod
    def id_of(key: bytes) -> bytes:
        """Name a key without telling it."""
        return sha256(b"openrapport master key id" + key).digest()[:ID_BYTES]

    def wrap(self, data_key: bytes, owner: UUID) -> bytes:
        """Seal a data key under the newest master key, bound to its owner."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[0]).encrypt(nonce, data_key, owner.bytes)
        return _VERSION + self.id_of(self.keys[0]) + nonce + sealed

    def unwrap(self, wrapped: bytes, owner: UUID) -> bytes:
        """Open a data key.

        Raises
        ------
        BadKeys
            If no master key at hand wrapped it, or it is damaged or somebody else's.
        """
        key_id, nonce, sealed = wrapped[1:9], wrapped[9:21], wrapped[21:]
        for key in self.keys:
            if self.id_of(key) == key_id:
                try:
                    return AESGCM(key).decrypt(nonce, sealed, owner.bytes)
                except InvalidTag:
                    break
        raise BadKeys(
            f"the data key {owner} does not open with the master key at hand; put back the master "
            "key that this practice was made with (OPENRAPPORT_MASTER_KEY_FILE)"
        )


class Keyring:
    """The wrapped data keys, a file each, kept in step in one or more folders.

    Nothing is remembered between calls: a key that one process deletes is gone for all of them.
    """

    def __init__(self, master: MasterKeys, *places: Path) -> None:
        self.master, self.places = master, places

    def make(self, owner: UUID) -> None:
        """Give somebody a data key; one who has it keeps it."""
        if not self._path(self.places[0], owner).exists():
            self._write(owner, self.master.wrap(os.urandom(KEY_BYTES), owner))

    def key(self, owner: UUID) -> bytes:
        """Data key of somebody.

        Raises
        ------
        KeyDeleted
            If there is none (any more).
        """
        try:
            wrapped = self._path(self.places[0], owner).read_bytes()
        except FileNotFoundError:
            raise KeyDeleted(f"the data key {owner} is deleted") from None
        return self.master.unwrap(wrapped, owner)

    def has(self, owner: UUID) -> bool:
        """Tell whether somebody's data key still exists."""
        return self._path(self.places[0], owner).exists()

    def require_places(self) -> None:
        """Refuse to go on where a copy of the keys is out of reach, as on a disk that was taken out.

        Raises
        ------
        BadKeys
            Naming the folder.
        """
        first, *copies = self.places
        for place in copies:
            if any(first.glob("??/*.key")) and not any(place.glob("??/*.key")):
                raise BadKeys(f"the copy of the keys at {place} is not there; connect its disk first")

    def delete(self, owner: UUID) -> None:
        """Delete a data key in every place. What it sealed can never be read again."""
        # The copies first: while the key is in the first place, this can be done once more.
        for place in reversed(self.places):
            path = self._path(place, owner)
            if path.exists():
                with path.open("r+b") as file:
                    file.write(b"\0" * path.stat().st_size)
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                sync_folder(path.parent)

    def rotate(self) -> int:
        """Wrap every data key anew under the newest master key; tells how many it was."""
        count = 0
        for owner in self.owners():
            self._write(owner, self.master.wrap(self.key(owner), owner))
            count += 1
        return count

    def owners(self) -> Iterator[UUID]:
        """Whose keys there are."""
        for path in sorted(self.places[0].glob("??/*.key")):
            yield UUID(path.stem)

    def _write(self, owner: UUID, wrapped: bytes) -> None:
        for place in self.places:
            path = self._path(place, owner)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_suffix(f".{os.urandom(4).hex()}.new")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(wrapped)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            sync_folder(path.parent)

    @staticmethod
    def _path(place: Path, owner: UUID) -> Path:
        return place / owner.hex[-2:] / f"{owner}.key"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder reach the disk, as fsync does for what stands in a file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keyring() -> Keyring:
    """The practice's keyring, as the settings say.

    Raises
    ------
    BadKeys
        If there is no master key.
    """
    return _keyring(
        settings.MASTER_KEY, settings.MASTER_KEY_FILE, settings.KEYS_DIR, settings.KEYS_COPY_DIR
    )


@cache
def _keyring(given: str, file: Path, place: Path, copy: Path | None) -> Keyring:
    if not given:
        try:
            given = file.read_text("ascii")
        except (FileNotFoundError, UnicodeDecodeError):
            raise BadKeys(
                f"there is no master key at {file}; run 'openrapport init' for a new practice, or "
                "put the key of this practice back"
            ) from None
    places = (place,) if copy is None else (place, copy)
    return Keyring(MasterKeys.parse(given), *places)


def seal_text(owner: UUID, text: str, *, context: str) -> bytes:
    """Encrypt a text under somebody's data key.

    Parameters
    ----------
    owner : UUID
        The client (their ``key``), or :data:`PRACTICE`.
    text : str
        What shall be kept.
    context : str
        The place it belongs to, ``"note:3f0c..."``: it opens nowhere else.

    Returns
    -------
    sealed : bytes
        Version, nonce, ciphertext and tag. A long text is packed first.
    """
    return seal_texts(owner, [(text, context)])[0]


def seal_texts(owner: UUID, texts: Iterable[tuple[str, str]]) -> list[bytes]:
    """Encrypt many texts of one client with one look at their key.

    Parameters
    ----------
    owner : UUID
        As in :func:`seal_text`.
    texts : iterable of (str, str)
        Each with its context.

    Returns
    -------
    sealed : list of bytes
        In the same order.
    """
    cipher = AESGCM(keyring().key(owner))
    return [_seal(cipher, text.encode(), context) for text, context in texts]


def _seal(cipher: AESGCM, data: bytes, context: str) -> bytes:
    nonce, version = os.urandom(NONCE_BYTES), _VERSION
    if len(data) > _PACKED_FROM_BYTES:
        version, data = _PACKED, zlib.compress(data)
    return version + nonce + cipher.encrypt(nonce, data, context.encode())


def open_text(owner: UUID, sealed: bytes, *, context: str) -> str:
    """Decrypt what :func:`seal_text` made.

    Raises
    ------
    KeyDeleted
        If the key is gone.
    ContentLost
        If the bytes are damaged or come from another place.
    """
    return open_texts(owner, [(sealed, context)])[0]


def open_texts(owner: UUID, sealed: Iterable[tuple[bytes, str]]) -> list[str]:
    """Decrypt many texts of one client with one look at their key.

    Parameters
    ----------
    owner : UUID
        The client, or :data:`PRACTICE`.
    sealed : iterable of (bytes, str)
        Each with its context.

    Returns
    -------
    texts : list of str
        In the same order.

    Raises
    ------
    KeyDeleted, ContentLost
        As :func:`open_text`.
    """
    cipher = AESGCM(keyring().key(owner))
    return [_open(cipher, bytes(body), context) for body, context in sealed]


def _open(cipher: AESGCM, body: bytes, context: str) -> str:
    try:
        data = cipher.decrypt(body[1:13], body[13:], context.encode())
        return (zlib.decompress(data) if body[:1] == _PACKED else data).decode()
    except (InvalidTag, ValueError, zlib.error):
        raise ContentLost(f"{context} is damaged or was moved") from None

"""Writing to the chain and checking it.

Each entry's hash covers what it says and the hash before it, under a key that lies apart from the
database. Somebody who can write to the database alone can break the chain, but cannot mend it. That
they cut off its end shows against where it ended lately, which is kept beside the keys.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from openrapport_web import crypto
from openrapport_web.audit.models import Entry

__all__ = ["Break", "keep_end", "record", "verify"]

_FIRST = "0" * 64
_WORDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._- ")


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    number: int
    why: str


def record(
    actor: Any,
    action: str,
    subject: Any = None,
    *,
    client: UUID | None = None,
    **details: str | int | bool | None,
) -> Entry:
    """Add an entry, in the transaction of the change that it tells of.

    Parameters
    ----------
    actor : User or None
        Who did it; None where the system did it by itself.
    action : str
        ``"consent.withdrawn"``.
    subject : Model, optional
        What it was done to; something with a ``key``.
    client : UUID, optional
        The client whom it concerns.
    **details
        Short facts that are no content: a purpose, a version, a count.

    Returns
    -------
    entry : Entry
        As written.
    """
    if not set(action) <= _WORDS:
        raise ValueError("an action is named in small letters and dots")
    with transaction.atomic():
        # Writers wait for each other here: the database takes its write lock as a transaction
        # begins (SQLite), or the last row is locked (elsewhere).
        last = Entry.objects.select_for_update().order_by("-number").values("number", "hash").first()
        entry = Entry(
            number=(last["number"] if last else 0) + 1,
            at=timezone.now().astimezone(UTC),
            actor=getattr(actor, "key", None),
            action=action,
            kind=subject._meta.model_name if subject is not None else "",
            subject=getattr(subject, "key", None),
            client=client,
            details=details,
            previous=last["hash"] if last else _FIRST,
        )
        entry.hash = _hash(entry, _chain_key())
        entry.save(force_insert=True)
    return entry


def verify() -> Iterator[Break]:
    """Check every entry, in order.

    Yields
    ------
    broken : Break
        The number of an entry that is missing or altered, and what is wrong.
    """
    key, end = _chain_key(), _kept_end()
    expected, previous = 1, _FIRST
    for entry in Entry.objects.order_by("number").iterator(chunk_size=2_000):
        if entry.number != expected:
            yield Break(expected, f"entries {expected} to {entry.number - 1} are missing")
        elif entry.previous != previous:
            yield Break(entry.number, "does not follow from the entry before it")
        elif not hmac.compare_digest(entry.hash, _hash(entry, key)):
            yield Break(entry.number, "was altered")
        elif end is not None and entry.number == end[0] and entry.hash != end[1]:
            yield Break(entry.number, "is another one than stood there before")
        expected, previous = entry.number + 1, entry.hash
    if end is not None and end[0] >= expected:
        yield Break(expected, f"entries {expected} to {end[0]} are missing at the end")


def keep_end(*, anew: bool = False) -> None:
    """Note where the chain ends now, outside the database.

    Parameters
    ----------
    anew : bool
        Also where it ends earlier than noted: for a practice that was restored from a backup.
    """
    last = Entry.objects.order_by("-number").values_list("number", "hash").first()
    before = _kept_end()
    if last is None or (before is not None and before[0] > last[0] and not anew):
        return
    path = _end_path()
    new = path.with_suffix(f".{os.getpid()}.new")
    with new.open("w", encoding="ascii") as file:
        file.write(json.dumps([*last, _seal_of_end(*last)]))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _kept_end() -> tuple[int, str] | None:
    try:
        number, last, seal = json.loads(_end_path().read_text("ascii"))
    except FileNotFoundError:
        return None
    except ValueError:
        number, last, seal = 0, "", ""
    if not hmac.compare_digest(str(seal), _seal_of_end(number, last)):
        raise crypto.BadKeys(
            f"{_end_path()} is damaged or was altered; find out how before you delete it"
        )
    return number, last


def _seal_of_end(number: int, last: str) -> str:
    return hmac.new(_chain_key(), f"end of the chain {number} {last}".encode(), sha256).hexdigest()


def _end_path() -> Path:
    return Path(settings.KEYS_DIR) / "audit.end"


def _chain_key() -> bytes:
    ring = crypto.keyring()
    ring.make(crypto.PRACTICE)
    return ring.key(crypto.PRACTICE)


def _hash(entry: Entry, key: bytes) -> str:
    at: datetime = entry.at
    said = [
        entry.number,
        at.astimezone(UTC).isoformat(),
        str(entry.actor),
        entry.action,
        entry.kind,
        str(entry.subject),
        str(entry.client),
        entry.details,
        entry.previous,
    ]
    return hmac.new(key, json.dumps(said, sort_keys=True).encode(), sha256).hexdigest()

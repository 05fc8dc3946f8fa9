"""Writing to the chain and checking it.

Each entry's hash covers what it says and the hash before it, under a key that lies apart from the
database. Somebody who can write to the database alone can break the chain, but cannot mend it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from openrapport_web import crypto
from openrapport_web.audit.models import Entry

__all__ = ["Break", "record", "verify"]

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
    key = _chain_key()
    expected, previous = 1, _FIRST
    for entry in Entry.objects.order_by("number").iterator(chunk_size=2_000):
        if entry.number != expected:
            yield Break(expected, f"entries {expected} to {entry.number - 1} are missing")
        elif entry.previous != previous:
            yield Break(entry.number, "does not follow from the entry before it")
        elif not hmac.compare_digest(entry.hash, _hash(entry, key)):
            yield Break(entry.number, "was altered")
        expected, previous = entry.number + 1, entry.hash


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

"""What every stored thing has: a key that says nothing, and texts that only its owner's key opens."""

from __future__ import annotations

import os
import time
from typing import Any, Self, overload
from uuid import UUID

from django.db import models

from openrapport_web.crypto import open_text, seal_text

__all__ = ["Record", "Words", "new_key"]


def new_key() -> UUID:
    """Make a key: 48 bits of time, so that rows of one day lie together, and 74 random ones (UUID 7)."""
    bits = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    return UUID(int=bits & ~(0x3 << 62) | 2 << 62)


class Record(models.Model):
    """Something with a key; the key is what addresses show."""

    key = models.UUIDField(primary_key=True, default=new_key, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        # Never a name or a text: this stands in logs and error pages.
        return f"{self._meta.model_name} {self.key}"

    @property
    def sealed_for(self) -> UUID:
        """Whose data key seals the texts of this record: the client's."""
        client: UUID = self.client_id  # type: ignore[attr-defined]
        return client


class Words:
    """A text that lies encrypted in a binary column.

    ``note.text = "..."`` seals it for the note's client and ``note.text`` opens it; both need the
    record's key and client to be set. An empty text is an empty column.
    """

    def __init__(self, column: str) -> None:
        self.column = column

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: Record, owner: type) -> str: ...
    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        sealed = bytes(getattr(record, self.column) or b"")
        return open_text(record.sealed_for, sealed, context=self._context(record)) if sealed else ""

    def __set__(self, record: Record, text: str) -> None:
        context = self._context(record)
        sealed = seal_text(record.sealed_for, text, context=context) if text else b""
        setattr(record, self.column, sealed)

    def _context(self, record: Record) -> str:
        return f"{record._meta.model_name}.{self.column}:{record.key}"

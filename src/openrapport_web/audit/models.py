"""One row for each look and each change. Triggers in the database refuse to alter or delete one."""

from __future__ import annotations

from django.db import models

__all__ = ["Entry"]


class Entry(models.Model):
    """Something that somebody did or saw.

    Names no content: what was touched is a kind and a key. ``client`` is the client whom it
    concerns, so that they can read who saw what.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)  # a person's key; null where the system acted by itself
    action = models.CharField(max_length=60)
    kind = models.CharField(max_length=40, blank=True)
    subject = models.UUIDField(null=True)
    client = models.UUIDField(null=True)
    details = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        indexes = (
            models.Index(fields=["client", "-number"], name="entry_client"),
            models.Index(fields=["actor", "-number"], name="entry_actor"),
            models.Index(fields=["subject", "action"], name="entry_subject"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.action}"

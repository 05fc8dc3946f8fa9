"""Tokens: what a program shows instead of its person's password."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from openrapport_web.records import Record

__all__ = ["Token"]


class Token(Record):
    """Lets a program do some of what its person may do. Only a hash of it is kept."""

    user = models.ForeignKey("people.User", models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.TextField()  # separated by spaces, as its person chose them
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_on = models.DateField(null=True, blank=True)  # the last day

    class Meta:
        indexes = (models.Index(fields=["user", "-made_at"], name="token_of"),)

    @staticmethod
    def valid(now: datetime) -> Q:
        """Tokens that work at a moment."""
        return Q(revoked_at=None, expires_at__gt=now)

    @property
    def scope_list(self) -> list[str]:
        """What was chosen."""
        return self.scopes.split()

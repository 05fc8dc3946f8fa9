"""Asking for deletion, and carrying it out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, DeletionRequest

__all__ = ["ask_for_deletion", "take_deletion_back"]


@transaction.atomic
def ask_for_deletion(*, actor: Any, client: Client) -> DeletionRequest:
    """Ask the practice to delete everything; asking twice is asking once."""
    if client.user_id != actor.pk:
        raise PermissionDenied
    request, is_new = DeletionRequest.objects.get_or_create(
        client=client, withdrawn_at=None, done_at=None, defaults={"asked_at": timezone.now()}
    )
    if is_new:
        record(actor, "deletion.asked", request, client=client.key)
    return request


@transaction.atomic
def take_deletion_back(*, actor: Any, client: Client) -> None:
    """Take the wish back."""
    if client.user_id != actor.pk:
        raise PermissionDenied
    asked = DeletionRequest.objects.filter(client=client, withdrawn_at=None, done_at=None)
    for request in asked:
        request.withdrawn_at = timezone.now()
        request.save(update_fields=["withdrawn_at"])
        record(actor, "deletion.withdrawn", request, client=client.key)

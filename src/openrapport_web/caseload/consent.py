"""Giving and withdrawing consent: by the client alone, and with effect at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Client, Consent, ConsentWording, Purpose

__all__ = ["give_consent", "withdraw_consent"]


def _require_self(actor: Any, client: Client) -> None:
    if client.user_id is None or client.user_id != actor.pk:
        raise PermissionDenied


@transaction.atomic
def give_consent(*, actor: Any, client: Client, purpose: Purpose, wording: UUID) -> Consent:
    """Keep a client's yes, with the text that they were shown.

    Raises
    ------
    NotPossible
        If the text that was shown is not one of this purpose.
    """
    _require_self(actor, client)
    shown = ConsentWording.objects.filter(pk=wording, purpose=purpose).first()
    if shown is None:
        raise NotPossible(_("The text has changed since this page was loaded. Please read it again."))
    consent, is_new = Consent.objects.get_or_create(
        client=client,
        purpose=purpose,
        withdrawn_at=None,
        defaults={"wording": shown, "given_at": timezone.now()},
    )
    if is_new:
        record(
            actor,
            "consent.given",
            consent,
            client=client.key,
            purpose=str(purpose),
            wording=shown.number,
        )
    return consent


@transaction.atomic
def withdraw_consent(*, actor: Any, client: Client, purpose: Purpose) -> list[str]:
    """Take a yes back and delete what rested on it.

    Returns
    -------
    words : list of str
        What was deleted and what remains, and why, in sentences for the client.
    """
    from openrapport_web.recordings.actions import delete_what_rested_on

    _require_self(actor, client)
    given = Consent.objects.select_for_update().filter(
        client=client, purpose=purpose, withdrawn_at=None
    )
    consent = given.first()
    if consent is None:
        return [_("You had not agreed to this, so there was nothing to take back.")]
    consent.withdrawn_at = timezone.now()
    consent.save(update_fields=["withdrawn_at"])
    record(actor, "consent.withdrawn", consent, client=client.key, purpose=str(purpose))
    return delete_what_rested_on(client=client, purpose=purpose, actor=actor)

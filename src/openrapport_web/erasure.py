"""Deleting everything about a client, in this place and, by deleting their key, in every copy.

What remains: that there was somebody, the days of episodes and meetings, and the audit log. None of
it has a name or a word of theirs.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from openrapport_web import crypto
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, DeletionRequest, Episode, Note
from openrapport_web.feedback.models import Asking, Plan, ReminderChoice
from openrapport_web.goals.models import AgendaPoint, Decision, Goal, Task
from openrapport_web.people.models import Invitation
from openrapport_web.recordings.models import SessionRecord, Upload
from openrapport_web.repairs.models import Alert, BringingUp, PrivateWord, Repair

__all__ = ["empty_those_without_key", "erase_client", "finish_erasing"]

EMPTY = "(deleted)"


def erase_client(*, actor: Any, client: Client) -> None:
    """Delete a client's content, key and account. Cannot be undone, not from a backup either.

    Raises
    ------
    PermissionDenied
        For everybody but a manager.
    BadKeys
        If a copy of the keys is out of reach: the key in it would survive.
    """
    if not actor.is_manager:
        raise PermissionDenied
    crypto.keyring().require_places()
    with transaction.atomic():
        _empty(client)
        record(actor, "client.erased", client, client=client.key)
    # After the rows: of what a crash leaves here, finish_erasing takes care.
    _delete_what_is_on_disk(client)


def finish_erasing() -> int:
    """Delete the keys of those whose erasing was interrupted; tells how many it was.

    Without it a key would outlive its client, and with it what old backups hold.
    """
    ring, count = crypto.keyring(), 0
    for client in Client.objects.exclude(erased_at=None).iterator():
        if ring.has(client.key):
            _delete_what_is_on_disk(client)
            count += 1
    return count


def empty_those_without_key() -> int:
    """Empty what an old backup brought back of clients who were deleted since.

    Returns
    -------
    count : int
        How many clients that were.
    """
    ring, count = crypto.keyring(), 0
    for client in Client.objects.filter(erased_at=None).iterator():
        if not ring.has(client.key):
            with transaction.atomic():
                _empty(client)
                record(None, "client.erased_again", client, client=client.key)
            _delete_what_is_on_disk(client)
            count += 1
    return count


def _empty(client: Client) -> None:
    for model in (
        *(SessionRecord, Upload, Note),
        *(Repair, Alert, PrivateWord, BringingUp),
        *(Asking, ReminderChoice),
        *(Goal, AgendaPoint, Task, Decision),
    ):
        model._default_manager.filter(client=client).delete()
    Plan.objects.filter(episode__client=client).delete()
    Invitation.objects.filter(client=client).delete()
    Episode.objects.filter(client=client).update(sealed_referral=b"", sealed_reason=b"")
    now = timezone.now()
    DeletionRequest.objects.filter(client=client, done_at=None).update(done_at=now)
    user, client.user = client.user, None
    client.name, client.email, client.phone, client.erased_at = EMPTY, "", "", now
    client.save()
    if user is not None:
        # The row stays, since the audit log and consents point to it; nothing in it names anybody.
        user.name, user.email, user.is_active = EMPTY, f"{user.key}@deleted.invalid", False
        user.left_on = timezone.localdate()
        user.set_unusable_password()
        user.save()
        for model in (EmailAddress, Authenticator, UserSession):
            model.objects.filter(user=user).delete()


def _delete_what_is_on_disk(client: Client) -> None:
    crypto.keyring().delete(client.key)
    shutil.rmtree(Path(settings.FILES_DIR) / client.key.hex, ignore_errors=True)

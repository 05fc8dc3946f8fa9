"""What a therapist makes of an alert."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.editing import latest
from openrapport_web.repairs.models import Alert, AlertState

__all__ = ["see_alert", "set_aside"]


def _take(actor: Any, alert: Alert, version: int) -> Alert:
    if alert.episode.therapist_id != actor.pk:
        raise PermissionDenied
    alert = latest(alert, version)
    alert.handled_by, alert.handled_at = actor, timezone.now()
    return alert


@transaction.atomic
def see_alert(*, actor: Any, alert: Alert, version: int) -> Alert:
    """Say that one has seen it. It stays on the list until something is done with it."""
    alert = _take(actor, alert, version)
    if alert.state == AlertState.OPEN:
        alert.state = AlertState.SEEN
        alert.save()
        record(actor, "alert.seen", alert, client=alert.client_id)
    return alert


@transaction.atomic
def set_aside(
    *, actor: Any, alert: Alert, version: int, why: str, useful: bool, said: str = ""
) -> Alert:
    """Set an alert aside, and say whether it was worth a look: that is how its rule is judged.

    Parameters
    ----------
    actor : User
        The episode's therapist.
    alert : Alert
        Open, seen, or set aside before.
    version : int
        That the form was filled from.
    why : str
        One of ``SetAsideForm.REASONS``.
    useful : bool
        Whether it was worth a look.
    said : str
        Own words; sealed.
    """
    alert = _take(actor, alert, version)
    alert.state, alert.why, alert.useful = AlertState.DISMISSED, why, useful
    alert.said = said
    alert.save()
    record(actor, "alert.set_aside", alert, client=alert.client_id)
    return alert

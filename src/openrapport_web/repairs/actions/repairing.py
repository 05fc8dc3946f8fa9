"""A repair from its beginning to its end."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Episode
from openrapport_web.editing import latest
from openrapport_web.repairs.models import Alert, AlertState, Noticed, Origin, Repair

__all__ = ["begin_repair", "change_repair", "close_repair", "reopen_repair"]

_FROM = ("alert", "word", "mark")


@transaction.atomic
def begin_repair(
    *,
    actor: Any,
    episode: Episode,
    origin: str,
    noticed: str = Noticed.UNSURE,
    seen: str = "",
    **cause: Any,
) -> Repair:
    """Begin a repair. From the same alert, word or mark there is one, however often it is begun.

    Parameters
    ----------
    actor : User
        The episode's therapist.
    episode : Episode
        Between whom.
    origin : str
        One of ``Origin``.
    noticed : str
        One of ``Noticed``.
    seen : str
        What was noticed, in the therapist's words; sealed.
    **cause : Alert, PrivateWord or Mark
        By ``alert=``, ``word=`` or ``mark=``: what it began from.
    """
    if episode.therapist_id != actor.pk:
        raise PermissionDenied
    given = {name: thing for name, thing in cause.items() if thing is not None}
    if set(given) - set(_FROM) or any(t.client_id != episode.client_id for t in given.values()):
        raise PermissionDenied
    Episode.objects.select_for_update().get(pk=episode.pk)  # two windows at once: one after the other
    if given and (held := Repair.objects.filter(episode=episode, therapist=actor, **given).first()):
        return held
    repair = Repair(
        client_id=episode.client_id,
        episode=episode,
        therapist=actor,
        origin=Origin(origin),
        noticed=Noticed(noticed),
        **given,
    )
    repair.seen = seen
    repair.save(force_insert=True)
    if alert := given.get("alert"):
        _act_on(actor, alert)
    record(actor, "repair.begun", repair, client=repair.client_id, origin=str(repair.origin))
    return repair


def _act_on(actor: Any, alert: Alert) -> None:
    """A repair that began from an alert is what makes it useful."""
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.ACTED,
        useful=True,
        handled_by=actor,
        handled_at=timezone.now(),
        version=alert.version + 1,
    )


def _take(actor: Any, repair: Repair, version: int) -> Repair:
    if repair.therapist_id != actor.pk:
        raise PermissionDenied
    return latest(repair, version)


@transaction.atomic
def change_repair(*, actor: Any, repair: Repair, version: int, **values: Any) -> Repair:
    """Write down what was noticed, what is planned, and what was said."""
    repair = _take(actor, repair, version)
    if values.get("spoken") and not repair.spoken:
        repair.spoken_at = timezone.now()
    for name, value in values.items():
        setattr(repair, name, value)
    if not repair.spoken:
        repair.spoken_at = None
    repair.save()
    record(actor, "repair.changed", repair, client=repair.client_id)
    return repair


@transaction.atomic
def close_repair(*, actor: Any, repair: Repair, version: int, outcome: str, learned: str) -> Repair:
    """Say how it ended and what was learned; it leaves the list of what is open."""
    repair = _take(actor, repair, version)
    repair.outcome, repair.learned = outcome, learned
    repair.closed_at = repair.closed_at or timezone.now()
    repair.save()
    record(actor, "repair.closed", repair, client=repair.client_id)
    return repair


@transaction.atomic
def reopen_repair(*, actor: Any, repair: Repair, version: int) -> Repair:
    """Take it up again; what was written stays."""
    repair = _take(actor, repair, version)
    repair.outcome, repair.closed_at = "", None
    repair.save()
    record(actor, "repair.reopened", repair, client=repair.client_id)
    return repair

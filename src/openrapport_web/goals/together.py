"""Changes to the agenda, to tasks and to decisions: checked, made and recorded in one transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Episode
from openrapport_web.editing import latest
from openrapport_web.goals.actions import require_running, say_yes, say_yes_by_word, side_of
from openrapport_web.goals.models import AgendaPoint, By, Decision, Task

__all__ = [
    "add_point",
    "agree_to_decision",
    "change_point",
    "change_task",
    "give_task",
    "say_point_state",
    "say_task_state",
    "take_decision_back",
    "write_decision",
]

POINT_STATES = ("open", "talked", "dropped")


@transaction.atomic
def add_point(*, actor: Any, episode: Episode, text: str) -> AgendaPoint:
    """Put something on the agenda of the next meeting."""
    side = side_of(actor, episode)
    require_running(episode)
    point = AgendaPoint(client_id=episode.client_id, episode=episode, by=side)
    point.text = text
    point.save(force_insert=True)
    record(actor, "agenda.added", point, client=point.client_id)
    return point


@transaction.atomic
def change_point(*, actor: Any, point: AgendaPoint, version: int, text: str) -> AgendaPoint:
    """Word one's own point anew; the other's words stay theirs."""
    if side_of(actor, point.episode) != point.by:
        raise PermissionDenied
    point = latest(point, version)
    point.text = text
    point.save()
    record(actor, "agenda.changed", point, client=point.client_id)
    return point


@transaction.atomic
def say_point_state(*, actor: Any, point: AgendaPoint, version: int, state: str) -> AgendaPoint:
    """Say that a point was talked about, is no longer needed, or stands again."""
    side_of(actor, point.episode)
    point = latest(point, version)
    now = timezone.now()
    point.talked_at = now if state == "talked" else None
    point.dropped_at = now if state == "dropped" else None
    point.save()
    record(actor, "agenda.state", point, client=point.client_id, state=state)
    return point


@transaction.atomic
def give_task(
    *, actor: Any, episode: Episode, text: str, until: date | None, proposed_by: str = ""
) -> Task:
    """Write down what the client will try out."""
    side = side_of(actor, episode)
    require_running(episode)
    by = side if side == By.CLIENT or not proposed_by else By(proposed_by)
    task = Task(client_id=episode.client_id, episode=episode, proposed_by=by, until=until)
    task.text = text
    task.save(force_insert=True)
    record(actor, "task.given", task, client=task.client_id)
    return task


@transaction.atomic
def change_task(*, actor: Any, task: Task, version: int, text: str, until: date | None) -> Task:
    """Word a task anew, or give it another day."""
    side_of(actor, task.episode)
    require_running(task.episode)
    task = latest(task, version)
    task.text, task.until = text, until
    task.save()
    record(actor, "task.changed", task, client=task.client_id)
    return task


@transaction.atomic
def say_task_state(*, actor: Any, task: Task, version: int, state: str, how: str | None = None) -> Task:
    """Say what became of a task.

    Parameters
    ----------
    actor : User
        One of the two.
    task : Task
        Which.
    version : int
        From which the form was filled.
    state : str
        A ``TaskState``.
    how : str, optional
        How it went, in the client's words: from the client, or from the therapist of a client who
        has no account. None leaves what stands there.
    """
    side = side_of(actor, task.episode)
    if how is not None and side == By.THERAPIST and task.episode.client.user_id is not None:
        raise PermissionDenied
    task = latest(task, version)
    task.state = state
    if how is not None:
        task.how = how
    task.save()
    record(actor, "task.state", task, client=task.client_id, state=state)
    return task


@transaction.atomic
def write_decision(
    *, actor: Any, episode: Episode, text: str, agreed_by_word: bool = False
) -> Decision:
    """Write down what was decided. Whoever writes it agrees; the other is asked."""
    side = side_of(actor, episode)
    require_running(episode)
    decision = Decision(client_id=episode.client_id, episode=episode, written_by=side)
    decision.text = text
    say_yes(decision, side)
    if agreed_by_word and side == By.THERAPIST:
        say_yes_by_word(decision, episode)
    decision.save(force_insert=True)
    record(actor, "decision.written", decision, client=decision.client_id)
    return decision


@transaction.atomic
def agree_to_decision(*, actor: Any, decision: Decision, by_word: bool = False) -> Decision:
    """Say yes to a decision, for one's own side. Its words never change, so a late yes is no mistake."""
    side, episode = side_of(actor, decision.episode), decision.episode
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if by_word and side == By.THERAPIST:
        say_yes_by_word(decision, episode)
    else:
        say_yes(decision, side)
    decision.save()
    record(actor, "decision.agreed", decision, client=decision.client_id, by_word=decision.by_word)
    return decision


@transaction.atomic
def take_decision_back(*, actor: Any, decision: Decision) -> None:
    """Take back what one wrote, as long as the other has not agreed."""
    side = side_of(actor, decision.episode)
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.written_by != side:
        raise PermissionDenied
    other = decision.therapist_agreed_at if side == By.CLIENT else decision.client_agreed_at
    if other is not None:
        raise NotPossible(_("You both agreed to this. Write a new decision if it no longer holds."))
    record(actor, "decision.taken_back", decision, client=decision.client_id)
    decision.delete()

"""What is asked after which meeting: the practice's habit, and what differs in one episode."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from openrapport.measures.instrument import Instrument
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Episode, Meeting, MeetingState
from openrapport_web.editing import ChangedMeanwhile, latest
from openrapport_web.feedback.library import offered
from openrapport_web.feedback.models import Asking, Plan

__all__ = [
    "HABIT",
    "TooOften",
    "by_letter",
    "change",
    "due",
    "habits",
    "least_meetings",
    "plannable",
]

PULSE, PULSE_THERAPIST = "pulse", "pulse-therapist"
HABIT = {PULSE: 1}
"""Meetings from one asking to the next, until the practice chooses: the Pulse after each meeting."""
_LONG_RECALL_DAYS = 28
_NOT_PLANNED = frozenset({"goal-line"})  # goals are rated with the goals


class TooOften(Exception):
    """A questionnaire about a month would be asked about the same days several times."""

    def __init__(self, least: int) -> None:
        super().__init__(f"at most every {least} meetings")
        self.least = least


def plannable() -> dict[str, Instrument]:
    """Give the questionnaires that a plan can name, by key."""
    return {key: form for key, form in offered().items() if key not in _NOT_PLANNED}


def least_meetings(form: Instrument) -> int:
    """How many weekly meetings lie at least between two askings: 1, or more for a long look back."""
    days = form.recall_days or 0
    return max(1, -(-days // 7)) if days >= _LONG_RECALL_DAYS else 1


def habits(episode: Episode | None = None) -> dict[str, int]:
    """How often each questionnaire is asked, in the practice or in one episode; 0 is never."""
    every, _ = _plans(episode.pk if episode is not None else None)
    return every


def by_letter(episode: Any) -> dict[str, bool]:
    """Whether a link is sent after the meeting, for those where somebody chose; otherwise it is."""
    _, letter = _plans(episode)
    return letter


def _plans(episode: Any) -> tuple[dict[str, int], dict[str, bool]]:
    every, letter = dict(HABIT), {}
    rows = list(Plan.objects.filter(episode=None))
    if episode is not None:
        rows += Plan.objects.filter(episode=episode)
    for plan in rows:
        every[plan.instrument], letter[plan.instrument] = plan.every, plan.by_letter
    # The therapist is asked whenever the client is, unless the plan says otherwise.
    every.setdefault(PULSE_THERAPIST, every[PULSE])
    return every, letter


def due(meeting: Meeting) -> list[str]:
    """Name the questionnaires that are asked after a meeting.

    Parameters
    ----------
    meeting : Meeting
        That was held.

    Returns
    -------
    keys : list of str
        In the library's order. One is due at the first meeting, then when as many meetings were
        held as the plan says since it was last asked, answered or not; one that looks back a month
        or more also waits until those days are over. Asked again for the same meeting, the answer
        is the same.
    """
    forms = plannable()
    every = {key: n for key, n in habits(meeting.episode).items() if n and key in forms}
    last = _last_asked(meeting, list(every))
    held = _held_since(meeting, min(last.values(), default=None))
    return [
        key
        for key in forms
        if key in every and _is_due(meeting, last.get(key), every[key], held, forms[key])
    ]


def _last_asked(meeting: Meeting, keys: list[str]) -> Mapping[str, datetime]:
    earlier = (
        Asking.objects.filter(
            episode=meeting.episode_id,
            instrument__in=keys,
            withdrawn_at=None,
            meeting__starts_at__lt=meeting.starts_at,
        )
        .exclude(meeting=meeting.pk)
        .order_by("meeting__starts_at")
    )
    return dict(earlier.values_list("instrument", "meeting__starts_at"))


def _held_since(meeting: Meeting, first: datetime | None) -> list[datetime]:
    if first is None:
        return []
    between = Meeting.objects.filter(
        episode=meeting.episode_id,
        state=MeetingState.HELD,
        starts_at__gte=first,
        starts_at__lt=meeting.starts_at,
    )
    return list(between.exclude(pk=meeting.pk).values_list("starts_at", flat=True))


def _is_due(
    meeting: Meeting, last: datetime | None, every: int, held: list[datetime], form: Instrument
) -> bool:
    if last is None:
        return True
    if least_meetings(form) > 1 and meeting.starts_at - last < timedelta(days=form.recall_days or 0):
        return False
    return sum(at >= last for at in held) >= every


# -- changes ---------------------------------------------------------------------------------------


@transaction.atomic
def change(
    *,
    actor: Any,
    form: Instrument,
    episode: Episode | None,
    every: int,
    letter: bool,
    version: int,
) -> Plan:
    """Say how often a questionnaire is asked: in the practice, or otherwise in one episode.

    Parameters
    ----------
    actor : User
        A manager for the practice, the episode's therapist for an episode.
    form : Instrument
        The questionnaire.
    episode : Episode, optional
        Where it differs from the practice's habit.
    every : int
        Meetings from one asking to the next; 0 for never.
    letter : bool
        Whether a link goes out by e-mail after the meeting.
    version : int
        Of the plan that the form was filled from; 0 where there was none.

    Raises
    ------
    TooOften
        If the questionnaire looks back a month and would be asked more often than that.
    ChangedMeanwhile
        If somebody else saved in between.
    """
    if not (actor.is_manager if episode is None else episode.therapist_id == actor.pk):
        raise PermissionDenied
    if 0 < every < (least := least_meetings(form)):
        raise TooOften(least)
    held = Plan.objects.filter(episode=episode, instrument=form.key).first()
    if held is None:
        plan = Plan(episode=episode, instrument=form.key)
    else:
        if version == 0:
            raise ChangedMeanwhile(held)
        plan = latest(held, version)
    plan.every, plan.by_letter = every, letter
    plan.save()
    client = episode.client_id if episode is not None else None
    record(actor, "plan.changed", plan, client=client, instrument=form.key, every=every)
    return plan


@transaction.atomic
def follow_habit(*, actor: Any, episode: Episode, key: str) -> None:
    """Let an episode follow the practice's habit again."""
    if episode.therapist_id != actor.pk:
        raise PermissionDenied
    for plan in Plan.objects.filter(episode=episode, instrument=key):
        record(actor, "plan.changed", plan, client=episode.client_id, instrument=key)
        plan.delete()

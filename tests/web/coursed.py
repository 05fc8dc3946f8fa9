"""A course with everything in it, for tests: pulses of both, an alert, a repair, goals, a questionnaire."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.feedback.models import Answer, Asking, Rater, Way
from openrapport_web.goals.models import By, Goal, GoalRating
from openrapport_web.repairs.models import Alert, AlertKind, Origin, Repair
from tests.web.conftest import InCare

__all__ = ["answered", "with_course"]

PHQ = {f"q{n}": 1 for n in range(1, 10)}


def answered(
    meeting: Meeting, instrument: str, values: dict[str, Any] | None, rater: Rater = Rater.CLIENT
) -> Answer | None:
    """A form after a meeting, answered or left out."""
    at = meeting.starts_at + timedelta(hours=2)
    asking = Asking.objects.create(
        client=meeting.client,
        episode=meeting.episode,
        meeting=meeting,
        instrument=instrument,
        instrument_version="1",
        rater=rater,
        opens_at=meeting.starts_at,
        expires_at=meeting.starts_at + timedelta(days=1),
        answered_at=at if values else None,
    )
    if values is None:
        return None
    answer = Answer(
        asking=asking, client=meeting.client, submission=uuid4(), way=Way.PLACE, given_at=at
    )
    answer.values = json.dumps(values)
    answer.save(force_insert=True)
    return answer


def with_course(care: InCare, n: int = 12, *, n_goals: int = 2) -> list[Meeting]:
    """Weekly meetings until last week; the fourth was missed, the fifth form left out, the last one low."""
    episode, now = care.episode, timezone.now().replace(minute=0, second=0, microsecond=0)
    Meeting.objects.filter(episode=episode).delete()
    episode.starts_on = timezone.localdate(now - timedelta(weeks=n))
    episode.save()
    meetings = []
    for week in range(n):
        meeting = Meeting.objects.create(
            episode=episode,
            client=care.client,
            therapist=episode.therapist,
            starts_at=now - timedelta(weeks=n - week, hours=1),
            state=MeetingState.MISSED if week == 3 else MeetingState.HELD,
        )
        meetings.append(meeting)
        if week == 3:
            continue
        level = 3 if week == n - 1 else 7 + week % 3
        said = dict.fromkeys(("bond", "goal", "task", "voice"), level) | {"strain": 0}
        own = dict.fromkeys(("bond", "goal", "task"), 7)
        if week == n - 1:
            said["differently"] = "Talk slower (fictional)"  # type: ignore[assignment]
        last = answered(meeting, "pulse", None if week == 4 else said)
        answered(meeting, "pulse-therapist", own, Rater.THERAPIST)
        if week % 4 == 0:
            answered(meeting, "phq-9", PHQ | {"q1": 3, "q2": max(0, 3 - week // 4)})
    _noticed(care, last, meetings[-1].starts_at)
    for number in range(n_goals):
        _goal(care, number, meetings)
    return meetings


def _noticed(care: InCare, answer: Answer | None, at: datetime) -> None:
    alert = Alert(
        client=care.client,
        episode=care.episode,
        answer=answer,
        kind=AlertKind.COURSE,
        rule="far_below",
        status="talk",
    )
    alert.basis = "{}"
    alert.save(force_insert=True)
    Repair.objects.create(
        client=care.client,
        episode=care.episode,
        therapist=care.episode.therapist,
        origin=Origin.ALERT,
        alert=alert,
    )
    Repair.objects.update(made_at=at)


def _goal(care: InCare, number: int, meetings: list[Meeting]) -> None:
    goal = Goal(client=care.client, episode=care.episode, proposed_by=By.CLIENT, position=number + 1)
    goal.text = f"Goal number {number + 1}: sleep through most nights, and say so when I do not"
    goal.client_agreed_at = goal.therapist_agreed_at = meetings[0].starts_at
    goal.save(force_insert=True)
    for place, meeting in enumerate(meetings[1::4]):
        for by, shift in ((By.CLIENT, 0), (By.THERAPIST, 1)):
            rating = GoalRating(
                goal=goal, client=care.client, by=by, given_at=meeting.starts_at, meeting=meeting
            )
            rating.value = str(min(10, 2 + place + shift))
            rating.save(force_insert=True)

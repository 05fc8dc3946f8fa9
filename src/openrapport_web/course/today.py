"""A therapist's day: who comes, what to remember about each, what is open. Nothing is counted as a score.

However many people come, the same number of questions goes to the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Episode, Meeting, MeetingState
from openrapport_web.feedback.instruments import PULSE
from openrapport_web.feedback.models import Answer, Asking, Rater
from openrapport_web.feedback.reading import values_of
from openrapport_web.goals.models import Decision, GoalState, Task, TaskState
from openrapport_web.goals.reading import Point, agenda_of, goals_of
from openrapport_web.repairs.reading import open_things

__all__ = ["Coming", "Wish", "client_day", "own_forms", "therapist_day"]

DAYS_AHEAD, SHOWN, REMEMBERED = 7, 12, 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client would do differently, as they said after a meeting."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Coming:
    """A meeting, with what to remember.

    Parameters
    ----------
    meeting : Meeting
        When and how.
    points : list of Point
        What is on the agenda, the oldest first.
    tasks : list of Task
        What the client tries out.
    decision : Decision or None
        The last one.
    wish : Wish or None
        From the client's last pulse, as far as the therapist may read it yet.
    """

    meeting: Meeting
    points: list[Point]
    tasks: list[Task]
    decision: Decision | None = None
    wish: Wish | None = None

    @property
    def anything(self) -> bool:
        """Whether there is something to remember."""
        return bool(self.points or self.tasks or self.decision or self.wish)


def therapist_day(user: Any) -> dict[str, Any]:
    """Give the therapist's part of the first page.

    Returns
    -------
    context : dict
        ``today`` and ``week`` (:class:`Coming`; those of the week without words), ``open_things``,
        ``own_forms``, and meetings of which nobody said what became of them (``unsaid``).
    """
    today = timezone.localdate()
    start = timezone.make_aware(datetime.combine(today, time.min))
    held = access.meetings_in_care(user).select_related("client", "episode").order_by("starts_at")
    ahead = held.filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=DAYS_AHEAD + 1))
    coming = list(ahead.exclude(state=MeetingState.CANCELLED))
    episodes = {meeting.episode_id: meeting.episode for meeting in coming}
    now = [meeting for meeting in coming if timezone.localdate(meeting.starts_at) == today]
    later = [meeting for meeting in coming if timezone.localdate(meeting.starts_at) > today]
    points, tasks = agenda_of(episodes.values()), _tasks(episodes)
    of_today = [meeting.episode_id for meeting in now]
    decisions, wishes = _decisions(of_today), _wishes(user, of_today)
    shown = [
        Coming(m, points[m.episode_id], tasks.get(m.episode_id, []), decisions.get(m.episode_id), wish)
        for m, wish in ((m, wishes.get(m.episode_id)) for m in now)
    ]
    _record_looks(user, [one for one in shown if one.anything])
    return {
        "today": shown,
        "week": [Coming(m, points[m.episode_id], tasks.get(m.episode_id, [])) for m in later][
            : 2 * SHOWN
        ],
        "open_things": open_things(user),
        "own_forms": own_forms(user),
        "unsaid": held.filter(
            state=MeetingState.PLANNED, starts_at__lt=start, starts_at__gt=start - timedelta(days=30)
        )[:SHOWN],
    }


def _tasks(episodes: Iterable[UUID]) -> dict[UUID, list[Task]]:
    found: dict[UUID, list[Task]] = {}
    for task in Task.objects.filter(episode__in=list(episodes), state=TaskState.OPEN).order_by(
        "made_at"
    ):
        found.setdefault(task.episode_id, []).append(task)
    return found


def _decisions(episodes: list[UUID]) -> dict[UUID, Decision]:
    newest = Decision.objects.filter(episode=OuterRef("pk")).order_by("-made_at").values("pk")[:1]
    keys = Episode.objects.filter(pk__in=episodes).annotate(newest=Subquery(newest))
    held = Decision.objects.filter(pk__in=keys.values("newest"))
    return {decision.episode_id: decision for decision in held}


def _wishes(user: Any, episodes: list[UUID]) -> dict[UUID, Wish]:
    """From the newest pulse alone: an older wish may long be granted."""
    pulses = Answer.objects.filter(
        asking__episode=OuterRef("pk"), asking__instrument=PULSE, asking__rater=Rater.CLIENT
    ).order_by("-given_at")
    newest = Episode.objects.filter(pk__in=episodes).annotate(newest=Subquery(pulses.values("pk")[:1]))
    # The newest of all, and then only if it may be read: not the one before it.
    held = access.answers(user).filter(pk__in=newest.values("newest")).select_related("asking")
    found = {}
    for answer in held:
        text = str(values_of([answer])[0].get("differently") or "").strip()
        if text:
            found[answer.asking.episode_id] = Wish(text, answer.given_at)
    return found


def own_forms(user: Any) -> list[Asking]:
    """Forms that wait for the therapist's own view; ``waiting`` where the client has answered."""
    answered = Asking.objects.filter(
        meeting=OuterRef("meeting"), rater=Rater.CLIENT, answered_at__isnull=False
    )
    now = timezone.now()
    held = access.askings(user).filter(
        episode__therapist=user,
        rater=Rater.THERAPIST,
        meeting__isnull=False,
        answered_at=None,
        withdrawn_at=None,
        opens_at__lte=now,
        expires_at__gt=now,
    )
    rows = held.annotate(waiting=Exists(answered)).select_related("meeting__client")
    return list(rows.order_by("meeting__starts_at")[:SHOWN])


def _record_looks(user: Any, shown: list[Coming]) -> None:
    """Once a day for each client whose words stand on the page."""
    start = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    clients = {one.meeting.client_id: one.meeting.client for one in shown}
    looks = Entry.objects.filter(subject__in=list(clients), action="today.read", actor=user.key)
    seen = set(looks.filter(at__gte=start).values_list("subject", flat=True))
    for key in clients.keys() - seen:
        record(user, "today.read", clients[key], client=key)


def client_day(user: Any, episode: Episode | None) -> dict[str, Any]:
    """Give what a client finds on their first page about the work of the two."""
    if episode is None:
        return {}
    points = agenda_of([episode])[episode.pk]
    return {
        "my_goals": [row for row in goals_of(episode) if row.goal.state == GoalState.OPEN],
        "my_points": points[:REMEMBERED],
        "my_tasks": list(access.tasks(user).filter(episode=episode, state=TaskState.OPEN)[:REMEMBERED]),
    }

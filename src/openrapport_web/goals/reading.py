"""What pages and other parts read of goals, agenda, tasks and decisions: few questions, many rows.

They take an episode, or several, that the caller has from ``access.episodes_together``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from openrapport_web.caseload.models import Episode, Meeting, MeetingState
from openrapport_web.crypto import open_texts
from openrapport_web.goals.models import (
    AgendaPoint,
    By,
    Decision,
    Goal,
    GoalRating,
    GoalState,
    Task,
    TaskState,
)

__all__ = [
    "GoalRow",
    "Point",
    "Rated",
    "Said",
    "agenda_of",
    "course_of_goals",
    "goals_of",
    "opened",
    "together_of",
]


@dataclass(frozen=True, slots=True)
class Rated:
    """How far along somebody saw a goal, and when.

    Parameters
    ----------
    value : int
        0 to 10.
    at : datetime
        When it was said.
    typed_in : bool
        The therapist wrote down what a client without an account said.
    """

    value: int
    at: datetime
    typed_in: bool


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal with what each of the two last said about it, and the client's first word.

    Parameters
    ----------
    goal : Goal
        Open, reached or let go.
    first, last : Rated or None
        The client's; the same where there is one. None where the client has not said.
    therapist : Rated or None
        The therapist's last.
    n : int
        How often the client said.
    """

    goal: Goal
    first: Rated | None
    last: Rated | None
    therapist: Rated | None
    n: int

    @property
    def therapist_may_show(self) -> bool:
        """Whether the client may see the therapist's view: not before having given their own."""
        if self.last is None or self.therapist is None:
            return False
        return self.last.at >= self.therapist.at


def goals_of(episode: Episode) -> list[GoalRow]:
    """All goals of an episode in their order, open ones first; two questions."""
    goals = list(Goal.objects.filter(episode=episode).order_by("position", "made_at"))
    goals.sort(key=lambda goal: goal.state != GoalState.OPEN)
    said = course_of_goals(goals)
    ends = [said[key][place] for key in said for place in (0, -1)]
    values = dict(zip(ends, opened(episode.client_id, ends), strict=True))
    rows = []
    for goal in goals:
        client = [Rated(values[one], one.at, one.typed_in) for one in _ends(said, goal, By.CLIENT)]
        therapist = [
            Rated(values[one], one.at, one.typed_in) for one in _ends(said, goal, By.THERAPIST)
        ]
        rows.append(
            GoalRow(
                goal,
                first=client[0] if client else None,
                last=client[-1] if client else None,
                therapist=therapist[-1] if therapist else None,
                n=len(said.get((goal.pk, By.CLIENT), ())),
            )
        )
    return rows


class Said(NamedTuple):
    """A rating as it is stored: who said when how far along, still sealed."""

    key: UUID
    goal: UUID
    by: str
    at: datetime
    sealed: bytes
    typed_in: bool


_Course = dict[tuple[UUID, str], list[Said]]


def course_of_goals(goals: Iterable[Goal]) -> _Course:
    """Ratings by goal and side in the order of time; one question."""
    columns = ("pk", "goal_id", "by", "given_at", "sealed_value", "entered_by_id")
    held = GoalRating.objects.filter(goal__in=list(goals)).order_by("given_at", "made_at")
    found: _Course = {}
    for key, goal, by, at, sealed, entered_by in held.values_list(*columns):
        said = Said(key, goal, by, at, bytes(sealed), entered_by is not None)
        found.setdefault((goal, by), []).append(said)
    return found


def opened(client: UUID, said: Iterable[Said]) -> list[int]:
    """Open ratings of one client, with one look at their key."""
    sealed = [(one.sealed, f"goalrating.sealed_value:{one.key}") for one in said]
    return [int(text) for text in open_texts(client, sealed)] if sealed else []


def _ends(said: _Course, goal: Goal, by: By) -> list[Said]:
    there = said.get((goal.pk, by), [])
    return [there[0], there[-1]] if there else []


@dataclass(frozen=True, slots=True)
class Point:
    """A point on the agenda; carried over when a meeting went by since it was put there."""

    point: AgendaPoint
    carried: bool


def agenda_of(episodes: Iterable[Episode]) -> dict[UUID, list[Point]]:
    """Open points of episodes, the oldest first; two questions however many episodes."""
    episodes = list(episodes)
    last_met = _last_met(episodes)
    open_ones = AgendaPoint.objects.filter(episode__in=episodes, talked_at=None, dropped_at=None)
    found: dict[UUID, list[Point]] = {episode.pk: [] for episode in episodes}
    for point in open_ones.order_by("made_at"):
        met = last_met.get(point.episode_id)
        found[point.episode_id].append(Point(point, met is not None and point.made_at < met))
    return found


def _last_met(episodes: list[Episode]) -> dict[UUID, datetime]:
    held = Meeting.objects.filter(episode__in=episodes, state=MeetingState.HELD)
    # Without a GROUP BY of the whole table: the last one stays.
    return dict(held.order_by("starts_at").values_list("episode_id", "starts_at"))


def together_of(episode: Episode) -> dict[str, Any]:
    """Everything of the agenda's page: five questions.

    Returns
    -------
    found : dict
        ``points`` still to be talked about, ``talked`` about (the newest first), ``tasks`` open and
        ``tasks_before``, and ``decisions``, the newest first.
    """
    tasks = list(Task.objects.filter(episode=episode).order_by("-made_at"))
    closed = AgendaPoint.objects.filter(episode=episode).exclude(talked_at=None, dropped_at=None)
    return {
        "points": agenda_of([episode])[episode.pk],
        "talked": closed.order_by("-made_at")[:30],
        "tasks": [task for task in tasks if task.state == TaskState.OPEN],
        "tasks_before": [task for task in tasks if task.state != TaskState.OPEN][:30],
        "decisions": Decision.objects.filter(episode=episode).order_by("-made_at")[:30],
    }

"""Goals and agendas of fictional people, in bulk: for the demonstration, and for measuring under load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Model
from django.utils import timezone

from openrapport import simulation
from openrapport_web.caseload.models import Episode
from openrapport_web.crypto import seal_texts
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
from openrapport_web.records import Record

__all__ = ["fill_goals"]

R = TypeVar("R", bound=Record)
_BATCH = 2_000
_THERE = 9  # from here on a fictional goal is reached

_POINTS = (
    "How the week with the early shift went",
    "The letter that I have not opened yet",
    "Whether to tell my brother about this",
    "What to do about the summer",
    "The dream with the train",
    "Why I was so quiet last time",
    "The conversation with my manager",
    "How it is to be alone in the evening",
    "Meeting a little less often",
)
_TASKS = (
    "A walk at noon, whatever the weather",
    "Write down three things before going to bed",
    "Say no to one small thing",
    "Leave the telephone in the kitchen at night",
    "Ring one person this week",
    "Notice when the shoulders go up",
)
_DECISIONS = (
    "We meet every two weeks from now on",
    "We leave the matter with the flat aside until spring",
    "We look back together after the tenth meeting",
    "We begin each meeting with what went well",
    "We say so when something feels off, at once",
)


def fill_goals(
    made: simulation.Practice,
    *,
    meetings: Sequence[UUID],
    episodes: Sequence[Episode],
    zone: ZoneInfo,
    rng: np.random.Generator,
) -> int:
    """Put goals and their ratings into the database, and for running episodes an agenda beside them.

    Parameters
    ----------
    made : openrapport.simulation.Practice
        The practice that does not exist.
    meetings : sequence of UUID
        Keys of its meetings, in its order.
    episodes : sequence of Episode
        As stored, in its order.
    zone : ZoneInfo
        Of its clock.
    rng : numpy.random.Generator
        For therapists' views, and for who has what on the agenda.

    Returns
    -------
    n : int
        How many goals.
    """
    by_episode: dict[int, list[int]] = defaultdict(list)
    for goal, episode in enumerate(made.goals.episode.tolist()):
        by_episode[episode].append(goal)
    writer = _Writer(made, meetings, zone, rng)
    rows = (
        row
        for number, episode in enumerate(episodes)
        for row in writer.of(episode, by_episode.get(number, []))
    )
    while batch := list(islice(rows, _BATCH)):
        # Goals before their ratings: a batch may hold both.
        for model in (Goal, GoalRating, AgendaPoint, Task, Decision):
            _keep(model, [row for row in batch if type(row) is model])
    return len(made.goals)


def _keep(model: type[Model], rows: list[Any]) -> None:
    days = {row.pk: row.made_at for row in rows}
    manager = model._default_manager
    manager.bulk_create(rows)
    if model in (AgendaPoint, Task, Decision):  # the others have a day of their own
        for row in rows:
            row.made_at = days[row.pk]  # bulk_create stamps them with now
        manager.bulk_update(rows, ["made_at"], batch_size=400)


class _Writer:
    """Makes what belongs to one episode, so that a client's key is looked at once."""

    def __init__(
        self,
        made: simulation.Practice,
        meetings: Sequence[UUID],
        zone: ZoneInfo,
        rng: np.random.Generator,
    ) -> None:
        self.meetings, self.zone, self.rng, self.now = meetings, zone, rng, timezone.now()
        self.text, self.set_on = made.goals.text, made.goals.set_on.tolist()
        self.starts = made.meetings.starts_at.tolist()
        self.ratings: dict[int, list[tuple[int, int]]] = defaultdict(list)
        said = made.goal_ratings
        for goal, meeting, value in zip(
            said.goal.tolist(), said.meeting.tolist(), said.progress.tolist(), strict=True
        ):
            self.ratings[goal].append((meeting, value))

    def of(self, episode: Episode, goals: Sequence[int]) -> Iterator[Record]:
        texts: list[tuple[Record, str, str]] = []
        for position, goal in enumerate(goals, 1):
            texts += self._goal(episode, goal, position)
        if episode.ends_on is None and goals:
            texts += self._agenda(episode)
        sealed = seal_texts(
            episode.client_id,
            [(text, f"{row._meta.model_name}.{column}:{row.key}") for row, column, text in texts],
        )
        for (row, column, _), one in zip(texts, sealed, strict=True):
            setattr(row, column, one)
        return iter(dict.fromkeys(row for row, _, _ in texts))

    def _goal(self, episode: Episode, goal: int, position: int) -> Iterable[tuple[Record, str, str]]:
        at = datetime.combine(self.set_on[goal], datetime.min.time(), self.zone).astimezone(UTC)
        said = self.ratings[goal]
        reached = bool(said) and said[-1][1] >= _THERE
        row = Goal(
            client_id=episode.client_id,
            episode=episode,
            proposed_by=By.CLIENT if self.rng.random() < 0.8 else By.THERAPIST,
            client_agreed_at=at,
            therapist_agreed_at=at if self.rng.random() < 0.9 else None,
            state=GoalState.REACHED if reached else GoalState.OPEN,
            position=position,
        )
        yield row, "sealed_text", self.text[goal]
        for meeting, value in said:
            yield self._rating(episode, row, meeting, By.CLIENT), "sealed_value", str(value)
            if self.rng.random() < 0.5:
                view = min(10, max(0, value + int(self.rng.integers(-2, 3))))
                yield self._rating(episode, row, meeting, By.THERAPIST), "sealed_value", str(view)

    def _rating(self, episode: Episode, goal: Goal, meeting: int, by: By) -> GoalRating:
        at = self.starts[meeting].replace(tzinfo=self.zone).astimezone(UTC)
        # The client says it in the meeting, the therapist notes a view before the evening.
        given = at + timedelta(minutes=40 if by == By.THERAPIST else 45)
        return GoalRating(
            goal=goal,
            client_id=episode.client_id,
            meeting_id=self.meetings[meeting],
            by=by,
            given_at=given,
        )

    def _agenda(self, episode: Episode) -> Iterable[tuple[Record, str, str]]:
        about: dict[str, Any] = {"client_id": episode.client_id, "episode": episode}
        for text in self._some(_POINTS, 3):
            by = By.CLIENT if self.rng.random() < 0.6 else By.THERAPIST
            yield AgendaPoint(by=by, made_at=self._ago(10), **about), "sealed_text", text
        for text in self._some(_TASKS, 2):
            task = Task(proposed_by=By.THERAPIST, made_at=self._ago(14), **about)
            yield task, "sealed_text", text
            if self.rng.random() < 0.4:
                task.state = TaskState.TRIED
                yield task, "sealed_how", "Twice. The third time I forgot, and was cross with myself."
        for text in self._some(_DECISIONS, 2):
            at = self._ago(60)
            agreed = at if self.rng.random() < 0.8 else None
            yield (
                Decision(
                    written_by=By.THERAPIST,
                    therapist_agreed_at=at,
                    client_agreed_at=agreed,
                    made_at=at,
                    **about,
                ),
                "sealed_text",
                text,
            )

    def _some(self, texts: Sequence[str], most: int) -> list[str]:
        n = int(self.rng.integers(0, most + 1))
        return [texts[i] for i in self.rng.permutation(len(texts))[:n].tolist()]

    def _ago(self, days: float) -> datetime:
        return self.now - timedelta(days=float(self.rng.uniform(0.5, days)))

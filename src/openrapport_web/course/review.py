"""One page for a review together: the same for both, short enough for one sheet of paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator

from openrapport_web import access
from openrapport_web.caseload.models import Episode, MeetingState
from openrapport_web.course.reading import measures_of
from openrapport_web.course.words import change_in_words, day, ends_in_words, number
from openrapport_web.goals.models import GoalState, TaskState
from openrapport_web.goals.reading import agenda_of, goals_of

__all__ = ["review_of"]

_GOALS, _MEASURES, _LISTED = 6, 3, 4
# Measured in Chromium on A4: letters in a line of the goals, of a paragraph and of half a page, and
# lines that are left for what people wrote.
_GOAL_WIDTH, _WIDTH, _HALF, _LINES = 72, 112, 54, 27


@dataclass(frozen=True, slots=True)
class Line:
    """Something that people wrote, as much of it as fits, and what stands beside it."""

    text: str
    beside: str = ""

    @property
    def height(self) -> int:
        """Lines of half a page."""
        return ceil((len(self.text) + len(self.beside) + 3) / _HALF)


def review_of(user: Any, episode: Episode) -> dict[str, Any]:
    """Gather what stands on the page, as much as fits on one sheet.

    Parameters
    ----------
    user : User
        One of the two. What a therapist may not read yet is not there for them.
    episode : Episode
        With its client and therapist.

    Returns
    -------
    context : dict
        ``goals``, ``measures`` (title and sentence), ``decided`` by both, ``tried`` tasks with what
        the client says about them, open ``points``, and how many meetings were held until when.
    """
    rows = goals_of(episode)
    open_ones = [row for row in rows if row.goal.state == GoalState.OPEN]
    goals = open_ones + rows[len(open_ones) :][: max(0, _GOALS - len(open_ones))]
    measures = _measures(user, episode)
    decided, tried, points = _decided(user, episode), _tried(user, episode), _points(episode)
    left = _LINES - sum(_height(row.goal.text, _GOAL_WIDTH, most=2) for row in goals)
    left -= sum(_height(title + words, _WIDTH) for title, words in measures)
    keep = _fitting(left, decided, tried)
    held = access.meetings(user).filter(episode=episode, state=MeetingState.HELD)
    return {
        "goals": goals,
        "measures": measures,
        "decided": decided[:keep],
        "tried": tried[:keep],
        "points": points[: _fitting(left, points)],
        "n_held": held.count(),
        "until": episode.ends_on or timezone.localdate(),
    }


def _height(text: str, width: int, *, most: int = 99) -> int:
    return min(most, ceil(len(text) / width))


def _fitting(left: int, *lists: list[Line]) -> int:
    """How many of each list go into the lines that are left; one at least."""
    heights = {n: sum(line.height for lines in lists for line in lines[:n]) for n in range(_LISTED + 1)}
    return max((n for n, height in heights.items() if height <= left), default=0) or 1


def _short(text: str, most: int) -> str:
    return Truncator(text).chars(most)


def _decided(user: Any, episode: Episode) -> list[Line]:
    both = access.decisions(user).filter(
        episode=episode, client_agreed_at__isnull=False, therapist_agreed_at__isnull=False
    )
    return [
        Line(_short(one.text, 100), day(timezone.localdate(one.made_at)))
        for one in both.order_by("-made_at")[:_LISTED]
    ]


def _tried(user: Any, episode: Episode) -> list[Line]:
    tasks = access.tasks(user).filter(episode=episode, state__in=[TaskState.TRIED, TaskState.DONE])
    kept = tasks.order_by("-made_at")[:_LISTED]
    return [Line(_short(task.text, 70), _short(task.how, 80)) for task in kept]


def _points(episode: Episode) -> list[Line]:
    return [Line(_short(row.point.text, 100)) for row in agenda_of([episode])[episode.pk][:_LISTED]]


def _measures(user: Any, episode: Episode) -> list[tuple[str, str]]:
    said = []
    for measured in measures_of(user, episode, name=episode.client.name)[:_MEASURES]:
        strand = measured.strand
        rows = strand.answered.tolist()
        if not rows:
            continue
        days: list[date] = strand.day.tolist()
        ends = [f"{number(float(strand.value[row]))} ({day(days[row])})" for row in (rows[0], rows[-1])]
        way = " → ".join(dict.fromkeys(ends))
        words = f"{ends_in_words(measured, is_client=False)} {change_in_words(measured)}"
        said.append((f"{measured.title}: {way}", words.strip()))
    return said

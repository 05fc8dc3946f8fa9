"""What a client takes along of goals, agenda, tasks and decisions: all of it is theirs, too."""

from __future__ import annotations

from typing import Any

from openrapport_web.caseload.models import Client
from openrapport_web.goals.models import AgendaPoint, By, Decision, Goal, GoalRating, Task
from openrapport_web.goals.reading import GoalRow, goals_of

__all__ = ["tables_of"]

Rows = list[dict[str, Any]]


def tables_of(client: Client) -> dict[str, Rows]:
    """Put together tables for the client's own copy.

    Of a therapist's views of goals they get those that they see on their page.

    Parameters
    ----------
    client : Client
        Who takes it along.

    Returns
    -------
    tables : dict of str to list of dict
        By the name of the file.
    """
    rows = [row for episode in client.episodes.order_by("starts_on") for row in goals_of(episode)]
    return {
        "goals": [_goal(row) for row in rows],
        "goal-ratings": _ratings(client),
        "agenda": _agenda(client),
        "tasks": _tasks(client),
        "decisions": _decisions(client),
    }


def _at(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _goal(row: GoalRow) -> dict[str, Any]:
    goal: Goal = row.goal
    return {
        "goal": goal.text,
        "state": str(goal.get_state_display()),
        "idea of": str(goal.get_proposed_by_display()),
        "written at": _at(goal.made_at),
        "you agreed at": _at(goal.client_agreed_at),
        "therapist agreed at": _at(goal.therapist_agreed_at),
        "therapist's view": row.therapist.value if row.therapist and row.therapist_may_show else "",
    }


def _ratings(client: Client) -> Rows:
    held = GoalRating.objects.filter(client=client, by=By.CLIENT).select_related("goal")
    return [
        {
            "goal": rating.goal.text,
            "how far along, 0 to 10": int(rating.value),
            "said at": _at(rating.given_at),
            "written down by your therapist": rating.entered_by_id is not None,
        }
        for rating in held.order_by("given_at")
    ]


def _agenda(client: Client) -> Rows:
    return [
        {
            "point": point.text,
            "from": str(point.get_by_display()),
            "added at": _at(point.made_at),
            "talked about at": _at(point.talked_at),
            "no longer needed at": _at(point.dropped_at),
        }
        for point in AgendaPoint.objects.filter(client=client).order_by("made_at")
    ]


def _tasks(client: Client) -> Rows:
    return [
        {
            "to try": task.text,
            "idea of": str(task.get_proposed_by_display()),
            "until": _at(task.until),
            "what became of it": str(task.get_state_display()),
            "how it went": task.how,
        }
        for task in Task.objects.filter(client=client).order_by("made_at")
    ]


def _decisions(client: Client) -> Rows:
    return [
        {
            "decision": decision.text,
            "written by": str(decision.get_written_by_display()),
            "written at": _at(decision.made_at),
            "you agreed at": _at(decision.client_agreed_at),
            "therapist agreed at": _at(decision.therapist_agreed_at),
        }
        for decision in Decision.objects.filter(client=client).order_by("made_at")
    ]

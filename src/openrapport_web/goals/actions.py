"""Changes to goals, their ratings and their order: checked, made and recorded in one transaction.

Each of the two acts for their own side alone. For a client without an account the therapist may
write down what the client said or agreed to in a meeting; that is kept as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Episode, Meeting, MeetingState
from openrapport_web.editing import latest
from openrapport_web.goals.models import By, Goal, GoalRating, GoalState

__all__ = [
    "MOST_OPEN",
    "agree_to_goal",
    "change_goal",
    "move_goal",
    "rate_goals",
    "require_running",
    "say_goal_state",
    "say_yes",
    "say_yes_by_word",
    "side_of",
    "write_goal",
]

MOST_OPEN = 5


def side_of(actor: Any, episode: Episode) -> By:
    """Say which of the two somebody is.

    Raises
    ------
    PermissionDenied
        If they are neither.
    """
    if episode.therapist_id == actor.pk and actor.is_therapist:
        return By.THERAPIST
    if actor.is_client and episode.client.user_id == actor.pk:
        return By.CLIENT
    raise PermissionDenied


def require_running(episode: Episode) -> None:
    """Let nothing new be added to what has ended.

    Raises
    ------
    NotPossible
        If the episode has ended.
    """
    if episode.ends_on is not None:
        raise NotPossible(_("This course of meetings has ended, so nothing can be added to it."))


def _locked(episode: Episode) -> Episode:
    """The episode, until the transaction ends: whoever adds a goal waits for who adds one."""
    return Episode.objects.select_for_update().select_related("client").get(pk=episode.pk)


def _require_room(episode: Episode) -> None:
    if Goal.objects.filter(episode=episode, state=GoalState.OPEN).count() >= MOST_OPEN:
        raise NotPossible(
            _("There are five open goals, which is as many as fit. Put one of them to rest first.")
        )


@transaction.atomic
def write_goal(
    *, actor: Any, episode: Episode, text: str, proposed_by: str = "", agreed_by_word: bool = False
) -> Goal:
    """Write a goal down. Whoever writes it agrees to it; the other is asked.

    Parameters
    ----------
    actor : User
        One of the two.
    episode : Episode
        Whose goal.
    text : str
        In the client's words.
    proposed_by : str
        A therapist may write down what the client proposed; otherwise it is who writes.
    agreed_by_word : bool
        The client, who has no account, agreed in a meeting.
    """
    side, episode = side_of(actor, episode), _locked(episode)
    require_running(episode)
    _require_room(episode)
    if side == By.CLIENT or not proposed_by:
        proposed_by = side
    goal = Goal(client_id=episode.client_id, episode=episode, proposed_by=proposed_by)
    goal.text = text
    goal.position = _next_position(episode)
    say_yes(goal, side)
    if agreed_by_word and side == By.THERAPIST:
        say_yes_by_word(goal, episode)
    goal.save(force_insert=True)
    record(actor, "goal.written", goal, client=goal.client_id)
    return goal


def _next_position(episode: Episode) -> int:
    last = Goal.objects.filter(episode=episode).order_by("-position").values_list("position", flat=True)
    return (last.first() or 0) + 1


def say_yes(thing: Any, side: By) -> None:
    """Note that one of the two agrees, now, to a goal or a decision."""
    if side == By.CLIENT:
        thing.client_agreed_at, thing.by_word = timezone.now(), False
    else:
        thing.therapist_agreed_at = timezone.now()


def say_yes_by_word(thing: Any, episode: Episode) -> None:
    """Note that a client agreed aloud.

    Raises
    ------
    NotPossible
        If the client has an account: they say so there.
    """
    if episode.client.user_id is not None:
        raise NotPossible(_("This client has an account and agrees there."))
    thing.client_agreed_at, thing.by_word = timezone.now(), True


@transaction.atomic
def change_goal(
    *, actor: Any, goal: Goal, version: int, text: str, agreed_by_word: bool = False
) -> Goal:
    """Change a goal's words. The other one agreed to the old ones, and is asked again."""
    side = side_of(actor, goal.episode)
    require_running(goal.episode)
    episode, goal = goal.episode, latest(goal, version)
    if goal.text != text:
        goal.text = text
        goal.client_agreed_at = goal.therapist_agreed_at = None
        goal.by_word = False
    say_yes(goal, side)
    if agreed_by_word and side == By.THERAPIST:
        say_yes_by_word(goal, episode)
    goal.save()
    record(actor, "goal.changed", goal, client=goal.client_id)
    return goal


@transaction.atomic
def agree_to_goal(*, actor: Any, goal: Goal, version: int, by_word: bool = False) -> Goal:
    """Say yes to a goal as it is worded, for one's own side."""
    side, episode = side_of(actor, goal.episode), goal.episode
    goal = latest(goal, version)
    if by_word and side == By.THERAPIST:
        say_yes_by_word(goal, episode)
    else:
        say_yes(goal, side)
    goal.save()
    record(actor, "goal.agreed", goal, client=goal.client_id, by_word=goal.by_word)
    return goal


@transaction.atomic
def say_goal_state(*, actor: Any, goal: Goal, version: int, state: str) -> Goal:
    """Say that a goal is reached or let go, or take it up again."""
    side_of(actor, goal.episode)
    episode, goal = _locked(goal.episode), latest(goal, version)
    if state == GoalState.OPEN and goal.state != GoalState.OPEN:
        require_running(episode)
        _require_room(episode)
    goal.state = state
    goal.save()
    record(actor, "goal.state", goal, client=goal.client_id, state=state)
    return goal


@transaction.atomic
def move_goal(*, actor: Any, goal: Goal, up: bool) -> None:
    """Let a goal change places with its neighbour among the open ones."""
    side_of(actor, goal.episode)
    _locked(goal.episode)
    in_order = list(
        Goal.objects.select_for_update()
        .filter(episode_id=goal.episode_id, state=GoalState.OPEN)
        .order_by("position", "made_at")
    )
    keys = [one.pk for one in in_order]
    place = keys.index(goal.pk) if goal.pk in keys else -1
    other = place - 1 if up else place + 1
    if place < 0 or not 0 <= other < len(in_order):
        return  # somebody moved it, or put it to rest, in between
    in_order[place], in_order[other] = in_order[other], in_order[place]
    for position, one in enumerate(in_order, 1):
        Goal.objects.filter(pk=one.pk).update(position=position)
    record(actor, "goal.moved", goal, client=goal.client_id)


@transaction.atomic
def rate_goals(
    *, actor: Any, episode: Episode, values: Mapping[UUID, int], for_client: bool = False
) -> list[GoalRating]:
    """Keep how far along somebody sees goals. Ratings are added, never changed.

    Parameters
    ----------
    actor : User
        One of the two.
    episode : Episode
        Whose goals.
    values : mapping of UUID to int
        Goal to 0-10; goals that were left out are left out here.
    for_client : bool
        The therapist types in what a client without an account said.

    Raises
    ------
    NotPossible
        If a goal is no longer open, or the client has an account to say it for themselves.
    """
    side, entered_by = side_of(actor, episode), None
    require_running(episode)
    if for_client and side == By.THERAPIST:
        if episode.client.user_id is not None:
            raise NotPossible(_("This client has an account and says it there."))
        side, entered_by = By.CLIENT, actor
    open_ones = Goal.objects.select_for_update().filter(episode=episode, state=GoalState.OPEN)
    goals = {goal.pk: goal for goal in open_ones}
    if not set(values) <= set(goals):
        raise NotPossible(_("One of these goals was put to rest meanwhile. Look at the list again."))
    meeting = _meeting_of_today(episode)
    kept = []
    for key, value in values.items():
        rating = GoalRating(
            goal=goals[key],
            client_id=episode.client_id,
            meeting=meeting,
            by=side,
            given_at=timezone.now(),
            entered_by=entered_by,
        )
        rating.value = str(int(value))
        rating.save(force_insert=True)
        kept.append(rating)
    record(actor, "goals.rated", episode, client=episode.client_id, n=len(kept), side=str(side))
    return kept


def _meeting_of_today(episode: Episode) -> Meeting | None:
    today = timezone.localdate()
    met = Meeting.objects.filter(episode=episode, starts_at__date=today)
    return met.exclude(state=MeetingState.CANCELLED).order_by("starts_at").first()

"""What both people said of the same meetings, side by side, once both have said it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from openrapport.measures.congruence import Congruence, congruence
from openrapport_web import access
from openrapport_web.caseload.models import Episode
from openrapport_web.feedback.instruments import PULSE, PULSE_THERAPIST
from openrapport_web.feedback.models import Asking, Rater
from openrapport_web.feedback.reading import values_of
from openrapport_web.repairs.estimating import GAP, GUESS, THREE, mean_of_three, pooled

__all__ = ["Beside", "Gap", "State", "gap_of"]


class State(StrEnum):
    """Who has said something after a meeting."""

    BOTH = "both"
    CLIENT_MISSING = "client_missing"
    OWN_MISSING = "own_missing"
    OWN_LEFT_OUT = "own_left_out"


@dataclass(frozen=True, slots=True)
class Beside:
    """One meeting.

    Parameters
    ----------
    meeting : UUID
        Key.
    at : datetime
        When they met.
    state : State
        Only with ``BOTH`` there are values here.
    rows : tuple of (str, client, guess, own)
        By item; None where it was left out.
    client, own, guess : float or None
        Means of what both are asked.
    strain : int or None
        What the client said of something feeling off.
    """

    meeting: UUID
    at: datetime
    state: State
    rows: tuple[tuple[str, Any, Any, Any], ...] = ()
    client: float | None = None
    own: float | None = None
    guess: float | None = None
    strain: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """All meetings, the newest first, and what they say together."""

    meetings: tuple[Beside, ...]
    own: Congruence
    guess: Congruence

    @property
    def both(self) -> tuple[Beside, ...]:
        """Meetings of which both have said something, the earliest first."""
        return tuple(one for one in reversed(self.meetings) if one.state == State.BOTH)


def gap_of(user: Any, episode: Episode) -> Gap:
    """Read both sides of one episode for its therapist.

    Parameters
    ----------
    user : User
        The therapist: only what ``access.answers`` opens to them is read.
    episode : Episode
        In their care.

    Returns
    -------
    gap : Gap
        Where one side is missing, neither side stands here.
    """
    forms: dict[UUID, dict[str, Asking]] = {}
    asked = Asking.objects.filter(
        episode=episode, instrument__in=(PULSE, PULSE_THERAPIST), meeting__isnull=False
    ).select_related("meeting")
    for asking in asked.order_by("-meeting__starts_at"):
        if asking.meeting_id is not None:
            forms.setdefault(asking.meeting_id, {})[asking.rater] = asking
    held = list(access.answers(user).filter(asking__episode=episode, asking__in=asked))
    opened = dict(zip((a.asking_id for a in held), values_of(held), strict=True))
    meetings = tuple(_beside(meeting, both, opened) for meeting, both in forms.items())
    in_time = [one for one in reversed(meetings) if one.state == State.BOTH]
    client = [one.client for one in in_time]
    scale = {"low": 0.0, "high": 10.0}
    return Gap(
        meetings,
        congruence(client, [one.own for one in in_time], **scale, pooled=pooled(GAP)),
        congruence(client, [one.guess for one in in_time], **scale, pooled=pooled(GUESS)),
    )


def _beside(meeting: UUID, both: dict[str, Asking], opened: dict[UUID, dict[str, Any]]) -> Beside:
    client, own = both.get(Rater.CLIENT), both.get(Rater.THERAPIST)
    at = next(asking.meeting.starts_at for asking in both.values() if asking.meeting)
    state = _state(client, own)
    if state != State.BOTH or client is None or own is None:
        return Beside(meeting, at, state)
    said, ours = opened.get(client.pk, {}), opened.get(own.pk, {})
    rows = tuple(
        (item, said.get(item), ours.get(f"predicted_{item}"), ours.get(item)) for item in THREE
    )
    return Beside(
        meeting,
        at,
        state,
        rows,
        mean_of_three(said),
        mean_of_three(ours),
        mean_of_three(ours, prefix="predicted_"),
        said.get("strain"),
    )


def _state(client: Asking | None, own: Asking | None) -> State:
    has_client = client is not None and client.answered_at is not None
    has_own = own is not None and own.answered_at is not None
    if has_client and has_own:
        return State.BOTH
    if has_own:
        return State.CLIENT_MISSING
    if own is None or own.withdrawn_at is not None:
        return State.OWN_LEFT_OUT
    # Whether the client has answered is not told before the therapist has.
    return State.OWN_MISSING

"""Forms for tests: asked after a meeting that has just been held."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.feedback.actions import ask_after_meeting, keep_answer
from openrapport_web.feedback.models import Answer, Asking, Rater, Way
from tests.web.conftest import InCare

__all__ = ["PULSE", "asked", "asked_of", "given", "held_today", "own_answer"]

PULSE: dict[str, Any] = {"bond": 8, "goal": 7, "task": 9, "voice": 6, "strain": 0}


def held_today(care: InCare, **about: Any) -> Meeting:
    """A meeting that ended a little while ago."""
    return Meeting.objects.create(
        episode=care.episode,
        client=care.client,
        therapist=care.episode.therapist,
        starts_at=timezone.now() - timedelta(hours=1),
        state=MeetingState.HELD,
        **about,
    )


def asked(care: InCare, meeting: Meeting | None = None) -> dict[str, Asking]:
    """What is asked after a meeting, by the name of the form."""
    meeting = meeting or held_today(care)
    made = ask_after_meeting(actor=care.episode.therapist, meeting=meeting)
    return {asking.instrument: asking for asking in made}


def asked_of(practice: SimpleNamespace, whose: str, rater: Rater = Rater.CLIENT) -> Asking:
    """An open form after a meeting of Teo's (``"teos"``) or Cleo's."""
    name = "pulse" if rater == Rater.CLIENT else "pulse-therapist"
    return asked(getattr(practice, whose))[name]


def given(asking: Asking, submission: UUID | None = None, **values: Any) -> Answer:
    """The client's answer to a form, signed in."""
    return keep_answer(
        asking=asking,
        values=values or PULSE,
        submission=submission or uuid4(),
        way=Way.PLACE,
        given_at=timezone.now(),
        actor=asking.client.user,
    )


def own_answer(asking: Asking, **values: Any) -> Answer:
    """The therapist's answer to their form."""
    return keep_answer(
        asking=asking,
        values=values or {"bond": 7, "goal": 7, "task": 7, "predicted_bond": 6},
        submission=uuid4(),
        way=Way.PLACE,
        given_at=timezone.now(),
        actor=asking.episode.therapist,
    )

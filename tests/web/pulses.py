"""Meetings and what people said after them, for tests of the web."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.feedback.models import Answer, Asking, Rater, Way
from openrapport_web.people.models import User
from openrapport_web.recordings.models import Mark, SessionRecord, Verdict
from openrapport_web.repairs.actions.repairing import begin_repair
from openrapport_web.repairs.actions.words import send_draft, write_draft
from openrapport_web.repairs.models import Alert, BringingUp, Origin, PrivateWord, Repair, To
from openrapport_web.repairs.noticing import after_answer
from tests.web.conftest import InCare

__all__ = [
    "STEADY",
    "ask",
    "give",
    "meet",
    "pulse",
    "therapist_pulse",
    "with_alert",
    "with_draft",
    "with_pulses",
    "with_repair",
    "with_strain",
    "with_word",
]

STEADY = (8, 7, 8, 9, 8)


def meet(care: InCare, *, days_ago: float) -> Meeting:
    """One more meeting that was held."""
    return Meeting.objects.create(
        episode=care.episode,
        client=care.client,
        therapist=care.episode.therapist,
        starts_at=timezone.now() - timedelta(days=days_ago),
        state=MeetingState.HELD,
    )


def ask(
    care: InCare, meeting: Meeting, instrument: str = "pulse", rater: Rater = Rater.CLIENT
) -> Asking:
    """Open a form after a meeting."""
    return Asking.objects.create(
        client=care.client,
        episode=care.episode,
        meeting=meeting,
        instrument=instrument,
        instrument_version="1",
        rater=rater,
        opens_at=meeting.starts_at + timedelta(minutes=50),
        expires_at=meeting.starts_at + timedelta(days=7),
    )


def give(asking: Asking, **values: Any) -> Answer:
    """Keep an answer as it is; nobody looks at it yet."""
    at = asking.opens_at + timedelta(minutes=5)
    answer = Answer(
        asking=asking,
        client_id=asking.client_id,
        submission=uuid4(),
        way=Way.PLACE,
        given_at=at,
    )
    answer.values = json.dumps(values)
    answer.save(force_insert=True)
    Asking.objects.filter(pk=asking.pk).update(answered_at=at)
    return answer


def pulse(care: InCare, rating: float | None, *, days_ago: float, strain: int = 0) -> list[Alert]:
    """One meeting with what the client said of it; None where they said nothing. Give the alerts."""
    asking = ask(care, meet(care, days_ago=days_ago))
    if rating is None:
        return []
    values = dict.fromkeys(("bond", "goal", "task", "voice"), rating)
    return after_answer(give(asking, **values, strain=strain))


def therapist_pulse(care: InCare, meeting: Meeting, own: float, predicted: float) -> Answer:
    """What the therapist said of a meeting."""
    names = ("bond", "goal", "task")
    values = dict.fromkeys(names, own) | {f"predicted_{name}": predicted for name in names}
    return give(ask(care, meeting, "pulse-therapist", Rater.THERAPIST), **values)


def with_pulses(care: InCare, ratings: tuple[float | None, ...] = STEADY) -> list[Alert]:
    """Weekly meetings up to a week ago."""
    n = len(ratings)
    return [
        alert for i, rating in enumerate(ratings) for alert in pulse(care, rating, days_ago=7 * (n - i))
    ]


def with_alert(care: InCare) -> Alert:
    """An alert, made when it is first asked for: a steady course, then a clear drop."""
    held = Alert.objects.filter(client=care.client).first()
    if held is not None:
        return held
    with_pulses(care)
    (alert,) = pulse(care, 2, days_ago=1)
    return alert


def with_repair(care: InCare, **more: Any) -> Repair:
    """A repair from the therapist's own sense."""
    return begin_repair(
        actor=care.episode.therapist,
        episode=care.episode,
        origin=Origin.SENSE,
        **{"seen": "Quieter than usual.", **more},
    )


def with_word(care: InCare, to: str = To.THERAPIST, contact: User | None = None) -> PrivateWord:
    """A private word as it lies in the database."""
    word = PrivateWord(client=care.client, episode=care.episode, to=to, contact=contact)
    word.text = "Something felt off to me."
    word.save(force_insert=True)
    return word


def with_strain(session: SessionRecord, verdict: str = Verdict.CONFIRMED) -> Mark:
    """A mark of a strain on the newest transcript, of the session's therapist."""
    version = session.versions.first()
    assert version is not None
    mark, _ = Mark.objects.update_or_create(
        version=version,
        target="moment:withdrawal_after_input:u6",
        by=session.therapist,
        defaults={"session": session, "client": session.client, "verdict": verdict},
    )
    return mark


def with_draft(care: InCare, *, how: str = "send", sent: bool = False) -> BringingUp:
    """What a client prepared to say, and sent or not."""
    draft = write_draft(
        actor=care.client.user,
        episode=care.episode,
        draft=None,
        version=0,
        text="It went too fast for me.",
        how=how,
    )
    if sent:
        send_draft(actor=care.client.user, draft=draft)
        draft.refresh_from_db()
    return draft

"""What fictional answers give to notice in the demonstration, and what became of it.

Alerts come from the same code that looks at a real answer. Whether an old one was worth a look is
read off the simulation, which knows where it put a strain. So that visitors find each stage of a
repair whatever chance brought about, three more answers are strained before anybody looks at them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from openrapport import simulation
from openrapport_web.caseload.models import Client, Meeting, MeetingState
from openrapport_web.feedback.instruments import PULSE
from openrapport_web.feedback.models import Answer, Rater
from openrapport_web.people.models import Practice, User
from openrapport_web.repairs.actions.repairing import begin_repair, change_repair, close_repair
from openrapport_web.repairs.actions.words import answer_word, read_word, send_word, write_draft
from openrapport_web.repairs.estimating import renew
from openrapport_web.repairs.models import Alert, AlertState, How, Noticed, Origin, Outcome, Repair
from openrapport_web.repairs.noticing import after_answer

__all__ = ["fill_repairs", "fill_words"]

_LATELY, _SOON = timedelta(days=28), timedelta(days=1)
_FROM_END, _BEFORE, _DROP = (1, 2, 4), 3, 4
_UNDER_WAY = {
    "seen": "(Fictional.) Shorter answers than usual since I explained the exercise.",
    "plan": "(Fictional.) Begin with the last meeting. Say that I went too fast, and ask what it was like.",
    "spoken": "",
}
_CLOSED = {
    "seen": "(Fictional.) Agreed to everything, and looked at the clock.",
    "plan": "(Fictional.) Ask how it is to be here, and what the smallest no would be.",
    "spoken": "(Fictional.) That talking about work had felt like a detour for weeks. We decided to leave it.",
}
_LEARNED = "(Fictional.) I hold on to my plan when I am unsure. Asking took five minutes."
_WORD = "(Fictional.) When you looked at your watch last time, I thought that I was boring you."
_ANSWER = (
    "(Fictional.) Thank you for telling me. I am sorry; I would like to begin with it when we meet."
)
_DRAFT = "It went too fast for me.\n(Fictional.) With the exercise, in our last meeting."


@dataclass(frozen=True, slots=True)
class _Strain:
    """Where the simulation strained a bond."""

    noticed: Noticed
    is_repaired: bool


def fill_repairs(
    made: simulation.Practice, *, meetings: Sequence[UUID], therapist: User, visitor: Client
) -> dict[str, int]:
    """Look at every answer as if it had just come, and let therapists judge what was noticed.

    Parameters
    ----------
    made : openrapport.simulation.Practice
        The practice that does not exist.
    meetings : sequence of UUID
        Keys of its meetings, in its order.
    therapist : User
        Whose place visitors see: one alert stays open, one repair is under way, one is closed.
    visitor : Client
        In whose place visitors are, whose newest answers are theirs to give.

    Returns
    -------
    counts : dict of str to int
        Alerts, and repairs.
    """
    strains = _strains(made, meetings)
    shown = _put_in(therapist, visitor)
    strains |= {a.asking.meeting_id: _Strain(Noticed.WITHDRAWAL, True) for a in shown}
    renew()
    for answer in _answers():
        for alert in after_answer(answer):
            Alert.objects.filter(pk=alert.pk).update(made_at=answer.given_at)
    left = _show(therapist, shown, strains)
    for alert in Alert.objects.exclude(pk__in=left).select_related("answer__asking", "episode"):
        late = alert.made_at > timezone.now() - _LATELY
        if not late or alert.episode.therapist_id == therapist.pk:
            _judge(alert, alert.answer.asking.meeting_id in strains)
    return {"alerts": Alert.objects.count(), "repairs": Repair.objects.count()}


def _put_in(therapist: User, visitor: Client) -> list[Answer]:
    """Strain the newest answer of one client, a recent one of another, and an older one of a third."""
    found: list[Answer] = []
    by_episode: dict[UUID, list[Answer]] = {}
    for answer in _answers().filter(
        asking__instrument=PULSE, asking__episode__therapist=therapist, asking__meeting__isnull=False
    ):
        by_episode.setdefault(answer.asking.episode_id, []).append(answer)
    episodes = therapist.episodes.filter(pk__in=by_episode)
    # Those who still come first; among them the visitor's own client last.
    order = sorted(
        episodes, key=lambda e: (e.ends_on is not None, e.client_id == visitor.pk, e.starts_on)
    )
    for episode in order:
        given, wanted = by_episode[episode.pk], _FROM_END[len(found) :][:1]
        if not wanted or len(given) < wanted[0] + _BEFORE:
            continue
        answer = given[-wanted[0]]
        values = json.loads(answer.values)
        low = {
            item: max(0, values[item] - _DROP)
            for item in ("bond", "goal", "task", "voice")
            if item in values
        }
        answer.values = json.dumps(values | low | {"strain": 0 if found else 2})
        answer.save(update_fields=["sealed_values"])
        found.append(answer)
    return found


def _answers() -> Any:
    held = Answer.objects.filter(asking__rater=Rater.CLIENT).select_related("asking")
    return held.order_by("asking__opens_at")


def _strains(made: simulation.Practice, meetings: Sequence[UUID]) -> dict[UUID | None, _Strain]:
    """By meeting: those from the one in which a strain began to the one in which it was repaired."""
    of_episode: dict[int, list[int]] = {}
    for row, episode in enumerate(made.meetings.episode.tolist()):
        of_episode.setdefault(episode, []).append(row)
    found: dict[UUID | None, _Strain] = {}
    table = made.strains
    ways = list(simulation.WayOfStrain)
    for episode, began, way, repaired in zip(
        table.episode.tolist(),
        table.meeting.tolist(),
        table.way.tolist(),
        table.repaired_at.tolist(),
        strict=True,
    ):
        strain = _Strain(Noticed(str(ways[way])), repaired >= 0)
        for row in of_episode[episode]:
            if began <= row < (repaired if repaired >= 0 else len(meetings)):
                found[meetings[row]] = strain
    return found


def _judge(alert: Alert, useful: bool) -> None:
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.ACTED if useful else AlertState.DISMISSED,
        useful=useful,
        why="" if useful else "usual",
        handled_by=alert.episode.therapist_id,
        handled_at=alert.made_at + _SOON,
    )


def _show(therapist: User, shown: Sequence[Answer], strains: dict[UUID | None, _Strain]) -> list[UUID]:
    """Leave the newest alert open, work on the second one, and close the third."""
    held = {a.answer_id: a for a in Alert.objects.select_related("answer__asking", "episode")}
    alerts = [held[answer.pk] for answer in shown if answer.pk in held]
    for alert, said in zip(alerts[1:], (_UNDER_WAY, _CLOSED), strict=False):
        repair = _repair(alert, therapist, strains, said)
        if said["spoken"]:
            close_repair(
                actor=therapist, repair=repair, version=2, outcome=Outcome.REPAIRED, learned=_LEARNED
            )
            ended = min(alert.made_at + timedelta(days=22), timezone.now())
            Repair.objects.filter(pk=repair.pk).update(closed_at=ended)
    return [alert.pk for alert in alerts]


def _repair(
    alert: Alert, therapist: User, strains: dict[UUID | None, _Strain], said: dict[str, str]
) -> Repair:
    strain = strains.get(alert.answer.asking.meeting_id)
    repair = begin_repair(
        actor=therapist,
        episode=alert.episode,
        origin=Origin.ALERT,
        noticed=strain.noticed if strain else Noticed.UNSURE,
        alert=alert,
    )
    ahead = Meeting.objects.filter(
        episode=alert.episode, state=MeetingState.PLANNED, starts_at__gt=timezone.now()
    )
    chosen = {} if said["spoken"] else {"next_meeting": ahead.order_by("starts_at").first()}
    change_repair(actor=therapist, repair=repair, version=1, **said, **chosen)
    began = alert.made_at + _SOON
    Repair.objects.filter(pk=repair.pk).update(made_at=min(began, timezone.now()))
    Alert.objects.filter(pk=alert.pk).update(handled_at=min(began, timezone.now()))
    return repair


def fill_words(*, client: Client, contact: User) -> None:
    """Name a contact, and let the client with an account write a word, and a draft of their own."""
    Practice.objects.update(named_contact=contact)
    episode = client.episodes.select_related("client", "therapist").latest("starts_on")
    word = send_word(
        actor=client.user,
        client=client,
        episode=episode,
        contact=None,
        text=_WORD,
        wants_answer=True,
        key=client.key,
    )
    read_word(actor=episode.therapist, word=word)
    answer_word(actor=episode.therapist, word=word, done=_ANSWER)
    write_draft(actor=client.user, episode=episode, draft=None, version=0, text=_DRAFT, how=How.SHOW)

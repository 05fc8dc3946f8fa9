"""What fictional people answered, in bulk: for the demonstration, and for measuring under load."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import timezone

from openrapport import simulation
from openrapport.measures.instrument import library
from openrapport_web.caseload.models import Episode, Meeting
from openrapport_web.crypto import seal_texts
from openrapport_web.feedback.actions import ANSWER_DAYS
from openrapport_web.feedback.instruments import PULSE, PULSE_THERAPIST
from openrapport_web.feedback.models import Answer, Asking, Plan, Rater, Way

__all__ = ["fill_answers"]

_BATCH = 2_000
_ITEMS = ("bond", "goal", "task", "voice")
_DISTRESS = {"depression": ("phq-9", 8), "anxiety": ("gad-7", 7)}
"""Column, questionnaire and how many of its items share the total.

The last item of the PHQ-9, about harming oneself, stays at 0: nobody in a made-up practice is in
danger, and a visitor who is shown how it works answers it themselves.
"""
_MOST_OF_AN_ITEM = 3

Values = dict[str, int]


class _Form(NamedTuple):
    """One form of a meeting, and what was answered to it."""

    meeting: int
    instrument: str
    values: Values | None


def fill_answers(
    made: simulation.Practice,
    *,
    meetings: Sequence[UUID],
    episodes: Sequence[Episode],
    zone: ZoneInfo,
    rng: np.random.Generator,
    still_open: UUID | None = None,
) -> int:
    """Put forms after held meetings into the database, and what was answered.

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
        For how totals are made of items, and how soon people answer.
    still_open : UUID, optional
        A client whose last forms are open and not answered, for a visitor to answer.

    Returns
    -------
    n : int
        How many answers.
    """
    Plan.objects.bulk_create(
        Plan(instrument=key, every=made.parameters.distress_every) for key, _ in _DISTRESS.values()
    )
    by_client: dict[UUID, list[_Form]] = defaultdict(list)
    of_meeting = made.meetings.episode.tolist()
    for form in (*_pulses(made), *_distress(made, rng)):
        by_client[episodes[of_meeting[form.meeting]].client_id].append(form)
    stored = _Stored(made, meetings, episodes, zone, rng)
    rows = (row for client, forms in by_client.items() for row in stored.of(client, forms))
    n = 0
    while batch := list(islice(rows, _BATCH)):
        Asking.objects.bulk_create(asking for asking, _ in batch)
        n += len(Answer.objects.bulk_create(answer for _, answer in batch if answer is not None))
    if still_open is not None:
        n -= _open_again(still_open)
    return n


def _pulses(made: simulation.Practice) -> Iterator[_Form]:
    """Both people's forms after every held meeting; those that nobody filled in are without values."""
    ratings = made.ratings
    columns = np.column_stack([*(getattr(ratings, item) for item in _ITEMS), ratings.felt_off])
    given: dict[tuple[int, str], Values] = {}
    whose = [PULSE, PULSE_THERAPIST, PULSE_THERAPIST]
    before = ["", "", "predicted_"]
    for meeting, rater, row in zip(
        ratings.meeting.tolist(), ratings.rater.tolist(), columns.tolist(), strict=True
    ):
        names = (*_ITEMS, "strain") if rater == 0 else _ITEMS[:3]
        values = {
            before[rater] + name: int(value)
            for name, value in zip(names, row, strict=False)
            if value == value  # NaN was left out
        }
        given.setdefault((meeting, whose[rater]), {}).update(values)
    for meeting in np.flatnonzero(made.meetings.occasion >= 0).tolist():
        for key in (PULSE, PULSE_THERAPIST):
            yield _Form(meeting, key, given.get((meeting, key)) or None)


def _distress(made: simulation.Practice, rng: np.random.Generator) -> Iterator[_Form]:
    """Make items of totals: each point goes to an item that is not full, at random."""
    table = made.distress
    for column, (key, n) in _DISTRESS.items():
        items = [item.key for item in library()[key].items if item.scored]
        totals = np.minimum(getattr(table, column), n * _MOST_OF_AN_ITEM)
        # Points in a row, shuffled for each form: the first ones, as many as the total, are given.
        slots = np.tile(np.repeat(np.arange(n), _MOST_OF_AN_ITEM), (len(totals), 1))
        slots = rng.permuted(slots, axis=1)
        for meeting, total, row in zip(
            table.meeting.tolist(), totals.tolist(), slots.tolist(), strict=True
        ):
            points = np.bincount(row[:total], minlength=len(items)).tolist()
            yield _Form(meeting, key, dict(zip(items, points, strict=True)))


class _Stored:
    """Makes rows of forms, a client's at a time, so that their key is looked at once."""

    def __init__(
        self,
        made: simulation.Practice,
        meetings: Sequence[UUID],
        episodes: Sequence[Episode],
        zone: ZoneInfo,
        rng: np.random.Generator,
    ) -> None:
        self.meetings, self.episodes, self.zone, self.rng = meetings, episodes, zone, rng
        self.now = timezone.now()
        self.of_meeting = made.meetings.episode.tolist()
        self.starts = made.meetings.starts_at.tolist()
        self.minutes = made.meetings.minutes.tolist()
        self.versions = {key: form.version for key, form in library().items()}

    def of(self, client: UUID, forms: Sequence[_Form]) -> Iterable[tuple[Asking, Answer | None]]:
        soon = self.rng.exponential(90, len(forms)).tolist()  # minutes until somebody answers
        askings = [
            self._asking(client, form, min(wait, 6 * 24 * 60.0) if form.values else None)
            for form, wait in zip(forms, soon, strict=True)
        ]
        answers = [
            Answer(
                asking=asking,
                client_id=client,
                submission=uuid4(),
                way=Way.PLACE if asking.rater == Rater.THERAPIST else Way.LINK,
                given_at=asking.answered_at,
            )
            if asking.answered_at is not None
            else None
            for asking in askings
        ]
        kept = [answer for answer in answers if answer is not None]
        texts = [
            (json.dumps(form.values), f"answer.sealed_values:{answer.key}")
            for form, answer in zip((f for f in forms if f.values), kept, strict=True)
        ]
        for answer, sealed in zip(kept, seal_texts(client, texts), strict=True):
            answer.sealed_values = sealed
        return list(zip(askings, answers, strict=True))

    def _asking(self, client: UUID, form: _Form, wait: float | None) -> Asking:
        begun = self.starts[form.meeting].replace(tzinfo=self.zone).astimezone(UTC)
        ended: datetime = begun + timedelta(minutes=self.minutes[form.meeting])
        return Asking(
            client_id=client,
            episode=self.episodes[self.of_meeting[form.meeting]],
            meeting_id=self.meetings[form.meeting],
            instrument=form.instrument,
            instrument_version=self.versions[form.instrument],
            rater=Rater.THERAPIST if form.instrument == PULSE_THERAPIST else Rater.CLIENT,
            opens_at=ended,
            expires_at=ended + timedelta(days=ANSWER_DAYS),
            answered_at=None if wait is None else min(ended + timedelta(minutes=wait), self.now),
        )


def _open_again(client: UUID) -> int:
    """Take back what both said after a client's last meeting; tells how many answers it were."""
    last = Meeting.objects.filter(client=client, askings__instrument=PULSE).latest("starts_at")
    askings = Asking.objects.filter(meeting=last)
    askings.exclude(instrument__in=(PULSE, PULSE_THERAPIST)).delete()
    n, _ = Answer.objects.filter(asking__in=askings).delete()
    until = timezone.now() + timedelta(days=ANSWER_DAYS)
    askings.update(answered_at=None, expires_at=until)
    return n

"""One client's own course: what they said after each meeting, and where they said nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from openrapport.errors import BadInput
from openrapport.measures.instrument import Instrument, library
from openrapport.measures.scoring import score
from openrapport_web.feedback.instruments import PULSE
from openrapport_web.feedback.models import Answer, Asking, Rater
from openrapport_web.feedback.reading import values_of

__all__ = ["Occasion", "asked", "pulse_rating", "ratings", "score_of"]

_SCALE = "alliance"
_COLUMNS = (
    *("opens_at", "meeting_id", "meeting__starts_at"),
    *("client_id", "answer__key", "answer__sealed_values"),
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that somebody was asked.

    Parameters
    ----------
    at : datetime
        When they met, or when the form was opened.
    meeting, answer : UUID or None
        Keys; no answer where nothing was said.
    values : dict
        Item to value; empty where nothing was said.
    rating : float or None
        Mean of the scored items of a pulse; None where too few were answered. Missing is not low.
    is_kept : bool
        There is an answer that the reader may not see yet.
    """

    at: datetime
    meeting: UUID | None
    answer: UUID | None
    values: dict[str, Any]
    rating: float | None
    is_kept: bool = False


def asked(
    episode: UUID,
    *,
    until: Asking | None = None,
    key: str = PULSE,
    rater: Rater = Rater.CLIENT,
    answers: QuerySet[Answer] | None = None,
) -> list[Occasion]:
    """Read how one person was asked and what they answered, in the order of time.

    Parameters
    ----------
    episode : UUID
        Key of the episode.
    until : Asking, optional
        The last one to count. A form that is still open and later than this says nothing yet.
    key : str
        Of the questionnaire.
    rater : Rater
        Whose.
    answers : QuerySet of Answer, optional
        Those that the reader may see (:func:`openrapport_web.access.answers`). Without it all are
        read: for what the system looks at by itself.

    Returns
    -------
    occasions : list of Occasion
        Meetings that were called off are left out; forms without an answer are there, as missing.
    """
    held = Asking.objects.filter(episode=episode, instrument=key, rater=rater, withdrawn_at=None)
    if until is not None:
        held = held.filter(Q(opens_at__lt=until.opens_at) | Q(pk=until.pk))
    # Columns and no rows of models: this runs while somebody's answer is being kept.
    rows = list(held.order_by("opens_at", "made_at").values_list(*_COLUMNS))
    given = [
        Answer(key=answer, client_id=client, sealed_values=sealed)
        for *_, client, answer, sealed in rows
        if answer is not None
    ]
    if answers is not None:
        seen = set(answers.filter(asking__episode=episode).values_list("pk", flat=True))
        given = [answer for answer in given if answer.pk in seen]
    opened = dict(zip((answer.pk for answer in given), values_of(given), strict=True))
    return [
        Occasion(
            at=met_at or opens_at,
            meeting=meeting,
            answer=answer,
            values=(values := opened.get(answer, {})),
            rating=pulse_rating(values) if key == PULSE else None,
            is_kept=answer is not None and answer not in opened,
        )
        for opens_at, meeting, met_at, _client, answer, _sealed in rows
    ]


def pulse_rating(values: dict[str, Any]) -> float | None:
    """Score a pulse. Its key comes with the program, so this asks the database nothing."""
    return score_of(library()[PULSE], _SCALE, values)


def score_of(form: Instrument, scale: str, values: dict[str, Any]) -> float | None:
    """Score one scale of what the form of now asks; None where that cannot be done."""
    keys = {item.key for item in form.items}
    try:
        scores = score(form, {key: value for key, value in values.items() if key in keys})
    except BadInput:  # answers to an earlier version of the form
        return None
    return next(one.value for one in scores if one.scale == scale)


def ratings(occasions: Sequence[Occasion]) -> list[float | None]:
    """Give the ratings alone, for the core."""
    return [occasion.rating for occasion in occasions]

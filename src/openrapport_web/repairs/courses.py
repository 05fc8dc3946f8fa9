"""One client's own course: what they said after each meeting, and where they said nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from openrapport.measures.instrument import Instrument, library
from openrapport.measures.scoring import score
from openrapport_web.feedback.models import Answer, Asking, Rater

__all__ = [
    "PULSE",
    "PULSE_THERAPIST",
    "Occasion",
    "asked",
    "known_items",
    "pulse_mean",
    "ratings",
    "values_of",
]

PULSE, PULSE_THERAPIST = "pulse", "pulse-therapist"
_SCALE = "alliance"


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
        Mean of the scored items; None where too few were answered. Missing is not low.
    """

    at: datetime
    meeting: UUID | None
    answer: UUID | None
    values: dict[str, Any]
    rating: float | None


def asked(
    episode: UUID, *, until: Asking | None = None, instrument: str = PULSE, rater: Rater = Rater.CLIENT
) -> list[Occasion]:
    """Read how one person was asked and what they answered, in the order of time.

    Parameters
    ----------
    episode : UUID
        Key of the episode.
    until : Asking, optional
        The last one to count. A form that is still open and later than this says nothing yet.
    instrument : str
        Which questionnaire.
    rater : Rater
        Whose.

    Returns
    -------
    occasions : list of Occasion
        Meetings that were called off are left out; forms without an answer are there, as missing.
    """
    held = Asking.objects.filter(episode=episode, instrument=instrument, rater=rater, withdrawn_at=None)
    if until is not None:
        held = held.filter(Q(opens_at__lt=until.opens_at) | Q(pk=until.pk))
    rows = held.select_related("answer", "meeting").order_by("opens_at", "made_at")
    return [_occasion(asking) for asking in rows]


def _occasion(asking: Asking) -> Occasion:
    answer: Answer | None = getattr(asking, "answer", None)
    values = values_of(answer)
    at = asking.meeting.starts_at if asking.meeting else asking.opens_at
    key = answer.key if answer else None
    is_pulse = asking.instrument == PULSE
    return Occasion(at, asking.meeting_id, key, values, pulse_mean(values) if is_pulse else None)


def values_of(answer: Answer | None) -> dict[str, Any]:
    """Open an answer; nothing where there is none."""
    return json.loads(answer.values or "{}") if answer else {}


def pulse_mean(values: dict[str, Any]) -> float | None:
    """Score a pulse as its instrument says."""
    pulse = library()[PULSE]
    scores = score(pulse, known_items(pulse, values))
    return next(one.value for one in scores if one.scale == _SCALE)


def known_items(form: Instrument, values: dict[str, Any]) -> dict[str, Any]:
    """Keep what the form of now asks; an item of an earlier version is not scored."""
    keys = {item.key for item in form.items}
    return {key: value for key, value in values.items() if key in keys}


def ratings(occasions: Sequence[Occasion]) -> list[float | None]:
    """Give the ratings alone, for the core."""
    return [occasion.rating for occasion in occasions]

"""Askings and answers that tests of the web may use."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from openrapport_web.feedback import safety
from openrapport_web.feedback.models import Answer, Asking, Rater, SafetyConcern, Way

__all__ = ["answered", "asked", "open_concern"]


def asked(care: Any, instrument: str = "pulse", *, at: datetime | None = None, **about: Any) -> Asking:
    """A form for a client (``practice.teos``), open from a moment for seven days."""
    at = at or timezone.now() - timedelta(hours=1)
    given = {"meeting": care.meeting, "rater": Rater.CLIENT, "instrument_version": "1", **about}
    return Asking.objects.create(
        client=care.client,
        episode=care.episode,
        instrument=instrument,
        opens_at=at,
        expires_at=at + timedelta(days=7),
        **given,
    )


def answered(asking: Asking, values: dict[str, Any], *, at: datetime | None = None) -> Answer:
    """What somebody answered, kept as it is, without what follows from it."""
    at = at or timezone.now()
    answer = Answer(asking=asking, client=asking.client, submission=uuid4(), way=Way.LINK, given_at=at)
    answer.values = json.dumps(values)
    answer.save(force_insert=True)
    asking.answered_at = at
    asking.save()
    return answer


def open_concern(care: Any) -> SafetyConcern:
    """Something open of a client: item 9 of the PHQ-9 answered above zero."""
    asking = asked(care, "phq-9", meeting=None)
    (concern,) = safety.after_answer(answered(asking, {"q1": 1, "q9": 2}))
    return concern

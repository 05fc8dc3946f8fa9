"""Askings and answers that tests of the web may use."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from openrapport.measures.instrument import FORMAT, TEXTS_FORMAT, library
from openrapport_web.feedback import bringing, safety
from openrapport_web.feedback.models import Answer, Asking, OwnInstrument, Rater, SafetyConcern, Way

__all__ = ["answered", "asked", "form_file", "open_concern", "own_form", "words_file"]


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


def form_file(key: str = "own-form", version: str = "1", **about: Any) -> dict[str, Any]:
    """A small form of a practice's own: two questions, one scale."""
    items = [{"key": "q1", "options": "much"}, {"key": "q2", "options": "much"}]
    given = {
        "format": FORMAT,
        "key": key,
        "version": version,
        "rater": "client",
        "validated": False,
        "licence": {"name": "Our own"},
        "options": {"much": [{"value": 0}, {"value": 1}]},
        "items": items,
        "scales": [
            {
                "key": "total",
                "items": ["q1", "q2"],
                "rule": "sum",
                "most_missing": 0,
                "higher": "better",
            }
        ],
        "sources": ["Written here."],
        "texts": {
            "en": {
                "title": "A form of our own",
                "items": {one["key"]: {"text": "Is it so?", "labels": "much"} for one in items},
                "labels": {"much": {"0": "No", "1": "Yes"}},
                "scales": {"total": "All of it"},
            }
        },
    }
    return {**given, **about}


def words_file(key: str, language: str = "en", **about: Any) -> dict[str, Any]:
    """Invented words for a scoring key that comes along, or for one more language of a form."""
    form = library()[key]
    labels = {f"{value:g}": f"answer {value:g}" for value in form.items[0].values}
    given = {
        "format": TEXTS_FORMAT,
        "instrument": key,
        "version": form.version,
        "language": language,
        "licence": {"name": "Licensed to this practice"},
        "texts": {
            "title": f"Words for {key}",
            "items": {
                item.key: {"text": f"Invented words {item.key}", "labels": "all"} for item in form.items
            },
            "labels": {"all": labels},
            "scales": {scale.key: f"Scale {scale.key}" for scale in form.scales},
        },
    }
    return {**given, **about}


def own_form(actor: Any, document: dict[str, Any] | None = None) -> OwnInstrument:
    """A form that somebody of the practice brought in."""
    brought = bringing.bring(document or form_file())
    return bringing.take(actor=actor, brought=brought, sentence="We may use it.")

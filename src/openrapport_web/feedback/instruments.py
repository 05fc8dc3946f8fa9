"""Which questionnaires there are: those that come along, and those that the practice brought."""

from __future__ import annotations

from openrapport.measures.instrument import Instrument, Item, library
from openrapport_web.feedback.library import NoSuchInstrument, instrument
from openrapport_web.feedback.models import Asking

__all__ = [
    "PULSE",
    "PULSE_THERAPIST",
    "NoSuchInstrument",
    "instrument",
    "items_asked",
    "title_of",
]

PULSE, PULSE_THERAPIST = "pulse", "pulse-therapist"


def title_of(key: str, language: str) -> str:
    """What a questionnaire is called, for lists."""
    shipped = library().get(key)
    if shipped is not None and language in shipped.languages:
        return shipped.texts(language).title  # without a question to the database for each row
    try:
        return instrument(key).texts(language).title
    except NoSuchInstrument:
        return key


def items_asked(form: Instrument, asking: Asking) -> tuple[Item, ...]:
    """Items that make sense on this occasion: sound and picture only after a meeting by video."""
    mode = asking.meeting.mode if asking.meeting is not None else ""
    return tuple(item for item in form.items if item.only is None or item.only == mode)

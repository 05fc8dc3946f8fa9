"""Which questionnaires there are: those that come along, and those that the practice brought."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from openrapport.measures.instrument import (
    TEXTS_FORMAT,
    Instrument,
    Item,
    library,
    read_instrument,
    with_texts,
)
from openrapport_web.feedback.models import Asking, OwnInstrument

__all__ = [
    "PULSE",
    "PULSE_THERAPIST",
    "NoSuchInstrument",
    "instrument",
    "items_asked",
    "title_of",
]

PULSE, PULSE_THERAPIST = "pulse", "pulse-therapist"


class NoSuchInstrument(Exception):
    """A questionnaire that is not here, or not any more."""


def instrument(key: str, version: str | None = None) -> Instrument:
    """Give a questionnaire.

    Parameters
    ----------
    key : str
        Its name, such as ``"pulse"``.
    version : str, optional
        Under which answers were given. Of the practice's own ones the text of that version is given,
        where it is still here; otherwise, and without a version, the newest.

    Raises
    ------
    NoSuchInstrument
        If there is none of that name.
    """
    shipped = library().get(key)
    if shipped is not None and shipped.languages:  # without words it is a key to the practice's own
        return shipped
    texts = [
        _own(own.key, own.number)
        for own in OwnInstrument.objects.filter(name=key).order_by("-number").only("key", "number")
    ]
    if not texts:
        raise NoSuchInstrument(f"there is no questionnaire {key!r} here")
    return next((text for text in texts if text.version == version), texts[0])


@lru_cache(maxsize=64)
def _own(key: UUID, number: int) -> Instrument:
    del number
    own = OwnInstrument.objects.get(pk=key)
    if own.definition.get("format") == TEXTS_FORMAT:
        return with_texts(library()[own.name], own.definition)
    return read_instrument(own.definition)


def title_of(key: str, language: str) -> str:
    """What a questionnaire is called, for lists."""
    try:
        return instrument(key).texts(language).title
    except NoSuchInstrument:
        return key


def items_asked(form: Instrument, asking: Asking) -> tuple[Item, ...]:
    """Items that make sense on this occasion: sound and picture only after a meeting by video."""
    mode = asking.meeting.mode if asking.meeting is not None else ""
    return tuple(item for item in form.items if item.only is None or item.only == mode)

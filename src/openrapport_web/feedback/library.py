"""Which questionnaires there are: those that come along, and those that the practice brought in.

A row of the practice's is a whole questionnaire, the words for a scoring key that comes along, or a
further language of a questionnaire that comes along. Rows are added and withdrawn, never changed:
answers to an earlier text stay readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from openrapport.measures.instrument import (
    TEXTS_FORMAT,
    Instrument,
    library,
    read_instrument,
    with_texts,
)
from openrapport_web.feedback.models import OwnInstrument

__all__ = ["NoSuchInstrument", "instrument", "offered"]


class NoSuchInstrument(Exception):
    """A questionnaire that is not here, or not any more."""


def instrument(key: str, version: str | None = None) -> Instrument:
    """Give a questionnaire, in all languages that are here.

    Parameters
    ----------
    key : str
        Its name, such as ``"pulse"``.
    version : str, optional
        Under which answers were given: the practice's own text of that version is given where it is
        here, withdrawn or not. Otherwise the newest.

    Raises
    ------
    NoSuchInstrument
        If there is none of that name.
    """
    texts = _texts(key, OwnInstrument.objects.filter(name=key).order_by("number"))
    if not texts:
        raise NoSuchInstrument(f"there is no questionnaire {key!r} here")
    return next((text for text in texts if text.version == version), texts[0])


def offered() -> dict[str, Instrument]:
    """Give what can be asked now, by key: with words, and not withdrawn."""
    own: dict[str, list[OwnInstrument]] = {}
    for row in OwnInstrument.objects.filter(withdrawn_at=None).order_by("number"):
        own.setdefault(row.name, []).append(row)
    found = {key: _texts(key, own.get(key, [])) for key in sorted({*library(), *own})}
    return {key: texts[0] for key, texts in found.items() if texts}


def _texts(key: str, rows: Iterable[OwnInstrument]) -> list[Instrument]:
    """All texts of one questionnaire, the one to use first."""
    shipped = library().get(key)
    if shipped is None or not shipped.languages:
        return [_own(row.key) for row in sorted(rows, key=_newest_and_held, reverse=True)]
    for row in rows:
        words = row.definition["format"] == TEXTS_FORMAT
        if words and row.withdrawn_at is None and row.definition["version"] == shipped.version:
            # The words of a further language have terms of their own; those of the form stay.
            shipped = replace(with_texts(shipped, row.definition), licence=shipped.licence)
    return [shipped]


def _newest_and_held(row: OwnInstrument) -> tuple[bool, int]:
    return row.withdrawn_at is None, row.number


@lru_cache(maxsize=64)
def _own(key: UUID) -> Instrument:
    own = OwnInstrument.objects.get(pk=key)
    known = library().get(own.name)
    if known is None:
        return read_instrument(own.definition)
    words = own.definition["format"] == TEXTS_FORMAT
    form = with_texts(known, own.definition) if words else read_instrument(own.definition)
    # Two texts for one scoring key are two versions.
    return replace(form, version=f"{form.version}.{own.number}")

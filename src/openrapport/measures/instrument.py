"""Questionnaires: one engine for all of them, and those that come with OpenRapport.

An instrument is data. :func:`library` has those that may be shipped (:doc:`/measures` lists them
with their licences and sources), :func:`read_instrument` reads one that a practice brings, and
:func:`score` turns answers into scores::

    phq = library()["phq-9"]
    score(phq, {"q1": 2, "q2": 1, ...})
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from openrapport.measures.definition import (
    FORMAT,
    TEXTS_FORMAT,
    read_instrument,
    with_texts,
)
from openrapport.measures.forms import (
    Direction,
    Instrument,
    Item,
    ItemText,
    Kind,
    Licence,
    Option,
    Rule,
    Scale,
    Texts,
)
from openrapport.measures.scoring import (
    Answers,
    ScaleScore,
    Status,
    about_self_harm,
    check_answers,
    score,
)
from openrapport.measures.writing import to_document

__all__ = [
    "FORMAT",
    "TEXTS_FORMAT",
    "Answers",
    "Direction",
    "Instrument",
    "Item",
    "ItemText",
    "Kind",
    "Licence",
    "Option",
    "Rule",
    "Scale",
    "ScaleScore",
    "Status",
    "Texts",
    "about_self_harm",
    "check_answers",
    "library",
    "read_instrument",
    "score",
    "to_document",
    "with_texts",
]


@cache
def library() -> Mapping[str, Instrument]:
    """Give the instruments that come with OpenRapport.

    Returns
    -------
    instruments : mapping of str to Instrument
        By key. Some are scoring keys without words: their ``languages`` are empty, and a practice
        brings the words that it is licensed for (:func:`with_texts`).
    """
    folder = files("openrapport.measures") / "library"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    found: dict[str, Instrument] = {}
    for name in names:
        if not name.endswith(".words.json"):
            instrument = read_instrument((folder / name).read_text("utf-8"))
            found[instrument.key] = instrument
    # Words under a licence of their own stand in a file of their own, as they were published.
    for name in names:
        if name.endswith(".words.json"):
            key = name.partition(".")[0]
            found[key] = with_texts(found[key], (folder / name).read_text("utf-8"))
    return MappingProxyType(found)

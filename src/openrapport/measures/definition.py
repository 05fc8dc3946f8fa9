"""An instrument as a JSON document: read strictly, and joined with words.

The document's shape has a name, ``openrapport.instrument/1``. A later shape gets another number,
and files of this one stay readable. What every field means stands in :doc:`/measures`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from openrapport.errors import BadInput
from openrapport.measures.documents import Node, parsed
from openrapport.measures.forms import (
    Instrument,
    Item,
    ItemText,
    Kind,
    Licence,
    Number,
    Option,
    Scale,
    Texts,
)
from openrapport.measures.scales import read_codes, read_scale

__all__ = ["FORMAT", "TEXTS_FORMAT", "read_instrument", "with_texts"]

FORMAT = "openrapport.instrument/1"
"""Shape of the documents that are read and written."""

TEXTS_FORMAT = "openrapport.texts/1"
"""Shape of a file that brings words alone."""

_KEY = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_MAX_ITEMS = 1_000
_MAX_OPTIONS = 101

_Sets = dict[str, tuple[Kind, tuple[Option, ...]]]


def read_instrument(source: str | Mapping[str, Any]) -> Instrument:
    """Read an instrument.

    Parameters
    ----------
    source : str or mapping
        A JSON document of the shape ``openrapport.instrument/1``, as text or already parsed.

    Returns
    -------
    instrument : Instrument
        All parts of which fit together.

    Raises
    ------
    BadInput
        If they do not: the message names the place in the document. Among what is refused are
        unknown items and fields, keys that stand twice, scales that share items without saying
        so, items turned round that are not in their scale, bands with gaps, and translations
        that lack an item or an option.
    """
    value = parsed(source, "the instrument") if isinstance(source, str) else dict(source)
    root = Node(value, "")
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadInput(f"this is no instrument file; expected an object whose format is {FORMAT}")
    root.fields(
        *("format", "key", "version", "rater", "validated", "licence", "options", "items", "scales"),
        *("sources",),
        may=("recall_days", "texts", "cautions", "codes"),
    )
    sets = _option_sets(root["options"])
    bare = _items(root["items"], sets)
    scales = _scales(root["scales"], bare)
    scored = {key for scale in scales for key in scale.items}
    instrument = Instrument(
        key=_key(root["key"]),
        version=root["version"].text(),
        rater=root["rater"].choice("client", "therapist"),
        validated=root["validated"].truth(),
        recall_days=root["recall_days"].whole(low=1, high=3650) if "recall_days" in root else None,
        licence=_licence(root["licence"]),
        items=tuple(replace(item, scored=key in scored) for key, item in bare.items()),
        scales=scales,
        languages=(),
        cautions=root["cautions"].texts() if "cautions" in root else (),
        sources=root["sources"].texts(),
        codes=read_codes(root),
    )
    if "texts" not in root:
        return instrument
    for language, node in root["texts"].members():
        instrument = _joined(instrument, language, node)
    return instrument


def with_texts(instrument: Instrument, source: str | Mapping[str, Any]) -> Instrument:
    """Join words with a scoring key.

    Parameters
    ----------
    instrument : Instrument
        A scoring key, or an instrument that gets a further language.
    source : str or mapping
        A JSON document of the shape ``openrapport.texts/1``: ``instrument`` and ``version`` for
        which the words are meant, ``language``, ``licence``, and the words as in an instrument.

    Returns
    -------
    instrument : Instrument
        With these words besides those that it had, or in their place where it had that language.
        The licence is that of the words.

    Raises
    ------
    BadInput
        If words are missing, or are meant for another instrument or version.
    """
    value = parsed(source, "the texts") if isinstance(source, str) else dict(source)
    root = Node(value, "")
    if not isinstance(value, dict) or value.get("format") != TEXTS_FORMAT:
        raise BadInput(f"these are no texts; expected an object whose format is {TEXTS_FORMAT}")
    root.fields("format", "instrument", "version", "language", "licence", "texts")
    if (value["instrument"], value["version"]) != (instrument.key, instrument.version):
        raise BadInput(
            f"these texts are for another instrument or version; expected {instrument.key}, "
            f"version {instrument.version}"
        )
    joined = _joined(instrument, root["language"].text(), root["texts"])
    return replace(joined, licence=_licence(root["licence"]))


def _key(node: Node) -> str:
    key = node.text()
    if not _KEY.fullmatch(key) or len(key) > 60:
        node.fail("expected a key of lower-case letters, digits and single hyphens or underscores")
    return key


def _licence(node: Node) -> Licence:
    node.fields("name", may=("attribution", "note"))
    return Licence(
        node["name"].text(),
        node["attribution"].text(empty=True) if "attribution" in node else "",
        node["note"].text(empty=True) if "note" in node else "",
    )


def _option_sets(node: Node) -> _Sets:
    sets: _Sets = {}
    for name, options in node.members():
        _key(Node(name, f"{node.path} (name of a set)"))
        sets[name] = _rating(options) if isinstance(options.value, dict) else _choice(options)
    return sets


def _rating(node: Node) -> tuple[Kind, tuple[Option, ...]]:
    node.fields("from", "to")
    low = node["from"].whole(low=-1000, high=1000)
    high = node["to"].whole(low=-1000, high=1000)
    if not 1 <= high - low < _MAX_OPTIONS:
        node.fail(f"expected from below to, and at most {_MAX_OPTIONS} values")
    return Kind.RATING, tuple(Option(value) for value in range(low, high + 1))


def _choice(node: Node) -> tuple[Kind, tuple[Option, ...]]:
    options = []
    for row in node.rows():
        row.fields("value", may=("codes",))
        options.append(Option(row["value"].number(), read_codes(row)))
    values = [option.value for option in options]
    if not 2 <= len(options) <= _MAX_OPTIONS:
        node.fail(f"expected 2 to {_MAX_OPTIONS} options")
    if len(set(values)) < len(values):
        node.fail("two options have the same value")
    return Kind.CHOICE, tuple(options)


def _items(node: Node, sets: _Sets) -> dict[str, Item]:
    items: dict[str, Item] = {}
    rows = node.rows()
    if not 1 <= len(rows) <= _MAX_ITEMS:
        node.fail(f"expected 1 to {_MAX_ITEMS} items")
    for row in rows:
        item = _item(row, sets)
        if item.key in items:
            row["key"].fail(f"another item is called {item.key} too")
        items[item.key] = item
    return items


def _item(row: Node, sets: _Sets) -> Item:
    row.fields("key", may=("options", "self_harm_from", "only", "codes"))
    key, codes = _key(row["key"]), read_codes(row)
    only = row["only"].choice("video") if "only" in row else None
    if "options" not in row:
        if "self_harm_from" in row:
            row.fail("an item in own words cannot have self_harm_from")
        return Item(key, Kind.TEXT, (), scored=False, only=only, codes=codes)
    name = row["options"].text()
    if name not in sets:
        row["options"].fail(f"there is no such set of options; expected one of {', '.join(sets)}")
    kind, options = sets[name]
    harm = row["self_harm_from"].number() if "self_harm_from" in row else None
    if harm is not None and harm not in [option.value for option in options]:
        row["self_harm_from"].fail("expected one of the item's values")
    return Item(key, kind, options, scored=False, self_harm_from=harm, only=only, codes=codes)


def _scales(node: Node, items: Mapping[str, Item]) -> tuple[Scale, ...]:
    scales: dict[str, Scale] = {}
    for row in node.rows():
        scale = read_scale(row, _key(row["key"]) if "key" in row else "", items)
        if scale.key in scales:
            row["key"].fail(f"another scale is called {scale.key} too")
        scales[scale.key] = scale
    for index, scale in enumerate(scales.values()):
        for name in scale.overlaps:
            if name not in scales or name == scale.key:
                raise BadInput(f"scales[{index}].overlaps: {scale.key} names no other scale there")
        for other in list(scales.values())[:index]:
            _check_shared(index, scale, other)
    return tuple(scales.values())


def _check_shared(index: int, scale: Scale, other: Scale) -> None:
    shared = [key for key in scale.items if key in other.items]
    said = other.key in scale.overlaps or scale.key in other.overlaps
    if shared and not said:
        raise BadInput(
            f"scales[{index}]: {scale.key} and {other.key} share {', '.join(shared)}; if that is meant, "
            f"name one under overlaps of the other"
        )
    if said and not shared:
        raise BadInput(f"scales[{index}]: {scale.key} and {other.key} share no item; take out overlaps")


def _joined(instrument: Instrument, language: str, node: Node) -> Instrument:
    if not _LANGUAGE.fullmatch(language) or len(language) > 35:
        node.fail("expected a language such as en, es or pt-br, in lower case")
    texts = _texts(instrument, language, node)
    languages = tuple(dict.fromkeys((*instrument.languages, language)))
    # The former texts of an instrument are private to it and to its own documents.
    known = {name: instrument.texts(name) for name in instrument.languages} | {language: texts}
    return replace(instrument, languages=languages, _texts=MappingProxyType(known))


def _texts(instrument: Instrument, language: str, node: Node) -> Texts:
    node.fields("title", "items", may=("instructions", "stem", "labels", "scales"))
    _check_names(node["items"], [item.key for item in instrument.items], "items")
    labels = _labels(node)
    by_item: dict[str, ItemText] = {}
    for item in instrument.items:
        by_item[item.key] = _item_text(item, node["items"][item.key], labels)
    scales: dict[str, str] = {}
    if "scales" in node or instrument.scales:
        if "scales" not in node:
            node.fail("scales missing: every scale needs its name in this language")
        _check_names(node["scales"], [scale.key for scale in instrument.scales], "scales")
        scales = {scale.key: node["scales"][scale.key].text() for scale in instrument.scales}
    return Texts(
        language=language,
        title=node["title"].text(),
        instructions=node["instructions"].text(empty=True) if "instructions" in node else "",
        stem=node["stem"].text(empty=True) if "stem" in node else "",
        items=MappingProxyType(by_item),
        scales=MappingProxyType(scales),
    )


def _check_names(node: Node, expected: list[str], what: str) -> None:
    present = dict(node.members())
    missing = [name for name in expected if name not in present]
    if missing:
        node.fail(f"{what} without words in this language: {', '.join(missing)}")
    if strangers := len(present) - len(expected):
        node.fail(f"words for {strangers} {what} that the instrument does not have")


def _labels(node: Node) -> dict[str, Mapping[Number, str]]:
    found: dict[str, Mapping[Number, str]] = {}
    if "labels" in node:
        for name, words in node["labels"].members():
            by_value: dict[Number, str] = {}
            for value, word in words.members():
                try:
                    number = Node(json.loads(value), word.path).number()
                except (ValueError, RecursionError):
                    word.fail("expected the value of an option as the name of this field")
                by_value[number] = word.text()
            if len(by_value) < len(words.value):
                words.fail("the same value has words twice")
            found[name] = MappingProxyType(by_value)
    return found


def _item_text(item: Item, row: Node, sets: Mapping[str, Mapping[Number, str]]) -> ItemText:
    if item.kind is Kind.TEXT:
        row.fields("text")
        return ItemText(row["text"].text(), MappingProxyType({}))
    row.fields("text", "labels")
    name = row["labels"].text()
    if name not in sets:
        row["labels"].fail("there are no such labels in this language")
    labels = sets[name]
    needed = item.values if item.kind is Kind.CHOICE else (min(item.values), max(item.values))
    missing = [value for value in needed if value not in labels]
    if missing:
        row["labels"].fail(f"no words for {', '.join(f'{value:g}' for value in missing)}")
    if any(value not in item.values for value in labels):
        row["labels"].fail("words for a value that the item does not have")
    return ItemText(row["text"].text(), labels)

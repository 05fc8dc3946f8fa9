"""An instrument written as a JSON document that reads back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrapport.measures.definition import FORMAT
from openrapport.measures.forms import Instrument, Item, Kind, Option, Scale, Texts

__all__ = ["to_document"]


def to_document(instrument: Instrument) -> dict[str, Any]:
    """Write an instrument as a document that reads back the same.

    Parameters
    ----------
    instrument : Instrument
        Any.

    Returns
    -------
    document : dict
        Plain values for JSON.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "key": instrument.key,
        "version": instrument.version,
        "rater": instrument.rater,
        "validated": instrument.validated,
    }
    if instrument.recall_days is not None:
        document["recall_days"] = instrument.recall_days
    if instrument.codes:
        document["codes"] = dict(instrument.codes)
    licence = instrument.licence
    document["licence"] = {
        "name": licence.name,
        "attribution": licence.attribution,
        "note": licence.note,
    }
    names, document["options"] = _sets_of(instrument)
    document["items"] = [_item_document(item, names) for item in instrument.items]
    document["scales"] = [_scale_document(scale) for scale in instrument.scales]
    document["cautions"] = list(instrument.cautions)
    document["sources"] = list(instrument.sources)
    if instrument.languages:
        document["texts"] = {
            name: _texts_document(instrument.texts(name), instrument) for name in instrument.languages
        }
    return document


def _sets_of(instrument: Instrument) -> tuple[dict[tuple[Option, ...], str], dict[str, Any]]:
    """Name every different set of options, and write it."""
    names: dict[tuple[Option, ...], str] = {}
    document: dict[str, Any] = {}
    for item in instrument.items:
        if item.kind is Kind.TEXT or item.options in names:
            continue
        name = names[item.options] = f"set{len(names) + 1}"
        if item.kind is Kind.RATING:
            document[name] = {"from": item.values[0], "to": item.values[-1]}
        else:
            document[name] = [
                {"value": option.value} | ({"codes": dict(option.codes)} if option.codes else {})
                for option in item.options
            ]
    return names, document


def _item_document(item: Item, names: Mapping[tuple[Option, ...], str]) -> dict[str, Any]:
    document: dict[str, Any] = {"key": item.key}
    if item.kind is not Kind.TEXT:
        document["options"] = names[item.options]
    if item.self_harm_from is not None:
        document["self_harm_from"] = item.self_harm_from
    if item.only is not None:
        document["only"] = item.only
    if item.codes:
        document["codes"] = dict(item.codes)
    return document


def _scale_document(scale: Scale) -> dict[str, Any]:
    document: dict[str, Any] = {"key": scale.key, "items": list(scale.items)}
    if scale.reverse:
        document["reverse"] = list(scale.reverse)
    document |= {
        "rule": str(scale.rule),
        "multiply": scale.multiply,
        "most_missing": scale.most_missing,
        "higher": str(scale.higher),
    }
    if scale.overlaps:
        document["overlaps"] = list(scale.overlaps)
    for name in ("bands", "cuts", "norms", "constants", "published"):
        rows = getattr(scale, name)
        if rows:
            document[name] = [
                {field: getattr(row, field) for field in type(row).__dataclass_fields__} for row in rows
            ]
    if scale.angle_deg is not None:
        document["angle_deg"] = scale.angle_deg
    if scale.codes:
        document["codes"] = dict(scale.codes)
    return document


def _texts_document(texts: Texts, instrument: Instrument) -> dict[str, Any]:
    labels: dict[str, dict[str, str]] = {}
    items: dict[str, dict[str, str]] = {}
    for item in instrument.items:
        words = texts.items[item.key]
        items[item.key] = {"text": words.text}
        if item.kind is not Kind.TEXT:
            written = {f"{value:g}": word for value, word in words.labels.items()}
            name = next((name for name, known in labels.items() if known == written), None)
            name = name or f"labels{len(labels) + 1}"
            labels[name] = written
            items[item.key]["labels"] = name
    return {
        "title": texts.title,
        "instructions": texts.instructions,
        "stem": texts.stem,
        "items": items,
        "labels": labels,
        "scales": dict(texts.scales),
    }

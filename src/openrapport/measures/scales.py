"""Reading a scale of an instrument's document, with what is known about its scores."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from math import isclose

from openrapport.measures.documents import Node
from openrapport.measures.forms import (
    Band,
    ChangeConstants,
    Coding,
    Cut,
    Direction,
    Item,
    Kind,
    Norm,
    PublishedChange,
    Rule,
    Scale,
)

__all__ = ["read_codes", "read_scale"]

_KNOWN = ("bands", "cuts", "norms", "constants", "published")


def read_codes(row: Node) -> tuple[Coding, ...]:
    """Read the codes of something.

    Parameters
    ----------
    row : Node
        May have a field ``codes``.

    Returns
    -------
    codes : tuple of Coding
        In the document's order; empty where there are none.

    Raises
    ------
    BadInput
        If they are no texts.
    """
    if "codes" not in row:
        return ()
    return tuple(Coding(system, node.text()) for system, node in row["codes"].members())


def read_scale(row: Node, key: str, items: Mapping[str, Item]) -> Scale:
    """Read a scale.

    Parameters
    ----------
    row : Node
        Its object.
    key : str
        Its name.
    items : mapping of str to Item
        All items of the instrument.

    Returns
    -------
    scale : Scale
        Checked by itself; whether it fits with other scales is not.

    Raises
    ------
    BadInput
        If its parts do not fit together.
    """
    row.fields(
        *("key", "items", "rule", "most_missing", "higher"),
        may=(
            "reverse",
            "multiply",
            "overlaps",
            "bands",
            "cuts",
            "norms",
            "constants",
            "published",
            "angle_deg",
            "codes",
        ),
    )
    members = row["items"].texts()
    _check_members(row["items"], members, items)
    reverse = row["reverse"].texts() if "reverse" in row else ()
    if strangers := [name for name in reverse if name not in members]:
        row["reverse"].fail(f"{len(strangers)} of these are not among the items of the scale {key}")
    rule = Rule(row["rule"].choice(*Rule))
    multiply = row["multiply"].number(above=0) if "multiply" in row else 1
    most_missing = row["most_missing"].whole(low=0, high=len(members) - 1)
    if rule is Rule.MEAN or most_missing:
        _check_same_ends(row, members, items)
    low, high = _ends(members, items, rule, multiply)
    scale = Scale(
        key=key,
        items=members,
        reverse=reverse,
        rule=rule,
        multiply=multiply,
        most_missing=most_missing,
        higher=Direction(row["higher"].choice(*Direction)),
        overlaps=row["overlaps"].texts() if "overlaps" in row else (),
        low=low,
        high=high,
        bands=tuple(_band(node) for node in _rows(row, "bands")),
        cuts=tuple(_cut(node, low, high) for node in _rows(row, "cuts")),
        norms=tuple(_norm(node) for node in _rows(row, "norms")),
        constants=tuple(_constants(node) for node in _rows(row, "constants")),
        published=tuple(_published(node) for node in _rows(row, "published")),
        angle_deg=row["angle_deg"].number() % 360 if "angle_deg" in row else None,
        codes=read_codes(row),
    )
    if scale.bands:
        _check_bands(row["bands"], scale, _step(members, items, rule, multiply))
    return scale


def _rows(row: Node, name: str) -> list[Node]:
    return row[name].rows() if name in row else []


def _check_members(node: Node, members: tuple[str, ...], items: Mapping[str, Item]) -> None:
    if not members:
        node.fail("a scale needs at least one item")
    if strangers := [name for name in members if name not in items]:
        node.fail(f"{len(strangers)} of these are no items; expected some of {', '.join(items)}")
    if worded := [name for name in members if items[name].kind is Kind.TEXT]:
        node.fail(f"answers in own words cannot be scored: {', '.join(worded)}")


def _check_same_ends(row: Node, members: tuple[str, ...], items: Mapping[str, Item]) -> None:
    ends = {(min(items[name].values), max(items[name].values)) for name in members}
    if len(ends) > 1:
        row["items"].fail(
            "the items' options differ in their ends; such items can be summed when all are answered, "
            "but neither averaged nor left out"
        )


def _ends(
    members: tuple[str, ...], items: Mapping[str, Item], rule: Rule, multiply: float
) -> tuple[float, float]:
    share = multiply / (len(members) if rule is Rule.MEAN else 1)
    low = sum(min(items[name].values) for name in members) * share
    high = sum(max(items[name].values) for name in members) * share
    return low, high


def _step(members: tuple[str, ...], items: Mapping[str, Item], rule: Rule, multiply: float) -> float:
    """Give the smallest difference between two complete scores."""
    gaps = []
    for name in members:
        values = sorted(items[name].values)
        gaps += [after - before for before, after in itertools.pairwise(values)]
    return min(gaps) * multiply / (len(members) if rule is Rule.MEAN else 1)


def _band(node: Node) -> Band:
    node.fields("low", "high", "name")
    return Band(node["low"].number(), node["high"].number(), node["name"].text())


def _cut(node: Node, low: float, high: float) -> Cut:
    node.fields("at_least", "name", "source")
    at_least = node["at_least"].number()
    if not low < at_least <= high:
        node["at_least"].fail(f"expected a score of the scale, above {low:g} and up to {high:g}")
    return Cut(at_least, node["name"].text(), node["source"].text())


def _norm(node: Node) -> Norm:
    node.fields("group", "n", "mean", "sd", "source")
    return Norm(
        node["group"].text(),
        node["n"].whole(low=2, high=10**9),
        node["mean"].number(),
        node["sd"].number(above=0),
        node["source"].text(),
    )


def _constants(node: Node) -> ChangeConstants:
    node.fields("sd", "reliability", "z", "source")
    reliability = node["reliability"].number()
    if not 0 <= reliability < 1:
        node["reliability"].fail("expected a number from 0 to below 1")
    return ChangeConstants(
        node["sd"].number(above=0), reliability, node["z"].number(above=0), node["source"].text()
    )


def _published(node: Node) -> PublishedChange:
    node.fields("points", "source")
    return PublishedChange(node["points"].number(above=0), node["source"].text())


def _check_bands(node: Node, scale: Scale, step: float) -> None:
    bands = scale.bands
    if any(band.high < band.low for band in bands):
        node.fail("a band ends before it begins")
    if not (isclose(bands[0].low, scale.low) and isclose(bands[-1].high, scale.high)):
        node.fail(f"the bands do not reach from {scale.low:g} to {scale.high:g}")
    for before, after in itertools.pairwise(bands):
        if not isclose(after.low - before.high, step):
            node.fail(
                f"{before.name} ends at {before.high:g} and {after.name} begins at {after.low:g}; "
                f"expected {before.high + step:g}"
            )

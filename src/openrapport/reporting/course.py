"""A client's course over time: as a picture, as a table and in one sentence.

What was said is dots, joined where one answer follows another; a form that was left out is a gap
and never a line. Places along the time are percentages, so that the same drawing fits a phone and a
desk with letters of one size. All words come from the caller, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from openrapport.errors import BadInput
from openrapport.reporting.html import environment
from openrapport.reporting.panels import MARKS, STATES, Mark, Meeting, Panel, Strand, Words

__all__ = ["Drawing", "Mark", "Meeting", "Panel", "Strand", "Words", "draw"]

_LEFT, _WIDTH = 5.0, 90.0
_MARKS_Y = 12.0
_ABOVE, _ABOVE_WITH_MARKS, _BELOW, _BELOW_WITH_MEETINGS = 16.0, 30.0, 24.0, 34.0
_LABELS, _APART = 4, 19.0
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60)
_MONTH_DAYS = 30.4
_EDGE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture with what it says.

    Parameters
    ----------
    html : str
        A ``figure`` with the picture, its sentence, its key and its table; no style of its own.
    summary : str
        What is to be seen, in a sentence or two.
    head : tuple of str
        Names of the table's columns.
    rows : tuple of tuple of str
        The table, the earliest day first; empty texts where there is nothing.
    """

    html: str
    summary: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def draw(
    panel: Panel,
    *,
    span: tuple[date, date],
    name: str,
    words: Words | None = None,
    level: int = 3,
    steps: bool = True,
    bare: bool = False,
) -> Drawing:
    """Draw one panel.

    Parameters
    ----------
    panel : Panel
        What there is.
    span : tuple of date
        First and last day of the axis, the same for panels that stand below each other. What lies
        outside is left out of the picture and stays in the table.
    name : str
        Begins the ids within the page; different for each drawing.
    words : Words, optional
        In the reader's language; English without.
    level : int
        Rank of its heading.
    steps : bool
        With buttons that go from answer to answer. They need a script and are hidden without it.
    bare : bool
        The picture, its sentence and its key alone, for paper.

    Returns
    -------
    drawing : Drawing
        Read it as: dots are answers, a gap is a form that was left out, the band is where this
        client's own answers before let one expect the next (or what ``note`` says of it).

    Raises
    ------
    BadInput
        If a span or scale is turned around, or a state or mark is unknown.
    """
    words = words or Words()
    _check(panel, span)
    plane = _plane(panel, span)
    head, rows, places = _table(panel, plane, words)
    summary = " ".join(_sentence(strand, words) for strand in panel.strands)
    shapes = {
        "bands": [rect for strand in panel.strands for rect in _bands(strand, plane)],
        "band": plane.flat(panel.band) if panel.band else None,
        "grid": _grid(panel.scale, plane, words),
        "lines": [line for strand in panel.strands for line in _lines(strand, plane)],
        "dots": [dot for strand in panel.strands for dot in _dots(strand, plane, words)],
        "gaps": [gap for strand in panel.strands for gap in _gaps(strand, plane)],
        "ticks": _ticks(span, plane, words),
        "meetings": [(plane.x(m.day), m.state) for m in panel.meetings if plane.has(m.day)],
        "marks": _marks(panel, plane, words),
    }
    html = (
        environment()
        .get_template("course.html.j2")
        .render(
            panel=panel,
            name=name,
            words=words,
            level=level,
            steps=steps and not bare,
            bare=bare,
            summary=summary,
            plane=plane,
            head=head,
            rows=list(zip(places, rows, strict=True)),
            newest=max((plane.x(day) for day in _answered_days(panel)), default=-1),
            key=_key(panel, words),
            **shapes,
        )
    )
    return Drawing(html, summary, head, tuple(rows))


def _answered_days(panel: Panel) -> list[date]:
    return [day for strand in panel.strands for day in strand.day[strand.answered].tolist()]


def _check(panel: Panel, span: tuple[date, date]) -> None:
    if span[1] < span[0]:
        raise BadInput("the last day of the axis lies before the first one")
    if not panel.scale[0] < panel.scale[1]:
        raise BadInput(f"the scale goes from {panel.scale[0]} to {panel.scale[1]}; expected low < high")
    for state in {m.state for m in panel.meetings} - set(STATES):
        raise BadInput(f"a meeting is {state!r}; expected one of {', '.join(STATES)}")
    for style in {m.style for m in panel.marks} - set(MARKS):
        raise BadInput(f"a mark is {style!r}; expected one of {', '.join(MARKS)}")


@dataclass(frozen=True, slots=True)
class _Plane:
    """From days and values to places: percent across, pixels down."""

    span: tuple[date, date]
    scale: tuple[float, float]
    top: float
    bottom: float

    @property
    def days(self) -> int:
        return (self.span[1] - self.span[0]).days

    def has(self, day: date) -> bool:
        return self.span[0] <= day <= self.span[1]

    def x(self, day: date, shift: float = 0.0) -> float:
        """Half of the way where the axis is a single day."""
        share = ((day - self.span[0]).days + shift) / self.days if self.days else 0.5
        return round(_LEFT + _WIDTH * min(max(share, 0.0), 1.0), 2)

    def y(self, value: float) -> float:
        low, high = self.scale
        share = (min(max(value, low), high) - low) / (high - low)
        return round(self.bottom - share * (self.bottom - self.top), 1)

    def flat(self, band: tuple[float, float]) -> tuple[float, float]:
        """Top and height of a band across the whole picture."""
        top, bottom = self.y(band[1]), self.y(band[0])
        return top, round(bottom - top, 1)


def _plane(panel: Panel, span: tuple[date, date]) -> _Plane:
    """Leave room for what stands above and below, where something does."""
    top = _ABOVE_WITH_MARKS if panel.marks else _ABOVE
    below = _BELOW_WITH_MEETINGS if panel.meetings else _BELOW
    return _Plane(span, panel.scale, top, panel.height - below)


def _seen(strand: Strand, plane: _Plane) -> list[tuple[int, date]]:
    days: list[date] = strand.day.tolist()
    return [(row, day) for row, day in enumerate(days) if plane.has(day)]


def _bands(strand: Strand, plane: _Plane) -> list[tuple[float, float, float, float]]:
    """One piece for each form, halfway to its neighbours: what was expected then, not since."""
    seen = _seen(strand, plane)
    middles = [one + (other - one) / 2 for (_, one), (_, other) in pairwise(seen)]
    if not seen:
        return []
    ends = [seen[0][1] - _EDGE, *middles, seen[-1][1] + _EDGE]
    pieces = []
    for (row, _), left, right in zip(seen, ends, ends[1:], strict=False):
        if np.isnan(strand.low[row]) or np.isnan(strand.high[row]):
            continue
        top, height = plane.flat((float(strand.low[row]), float(strand.high[row])))
        x = plane.x(left)
        pieces.append((x, top, round(max(plane.x(right) - x, 0.3), 2), max(height, 2.0)))
    return pieces


def _lines(strand: Strand, plane: _Plane) -> list[tuple[str, float, float, float, float]]:
    """From one answer to the next, unless a form was left out between them."""
    pieces = []
    for (row, day), (next_row, next_day) in pairwise(_seen(strand, plane)):
        one, other = float(strand.value[row]), float(strand.value[next_row])
        if not (np.isnan(one) or np.isnan(other)):
            ends = (plane.x(day), plane.y(one), plane.x(next_day), plane.y(other))
            pieces.append((strand.style, *ends))
    return pieces


def _dots(strand: Strand, plane: _Plane, words: Words) -> list[tuple[str, float, float, str]]:
    return [
        (
            strand.style,
            plane.x(day),
            plane.y(float(strand.value[row])),
            f"{words.day(day)}: {strand.name}, {words.number(float(strand.value[row]))}",
        )
        for row, day in _seen(strand, plane)
        if not np.isnan(strand.value[row])
    ]


def _gaps(strand: Strand, plane: _Plane) -> list[tuple[str, float]]:
    """Forms that were left out: a small open ring at the foot, no height of its own."""
    return [
        (strand.style, plane.x(day)) for row, day in _seen(strand, plane) if np.isnan(strand.value[row])
    ]


def _marks(panel: Panel, plane: _Plane, words: Words) -> list[dict[str, Any]]:
    shown = []
    for mark in panel.marks:
        until = mark.until or mark.day
        if until < plane.span[0] or mark.day > plane.span[1]:
            continue
        x, end = plane.x(mark.day), plane.x(until)
        shown.append(
            {
                "style": mark.style,
                "x": x,
                "width": round(max(end - x, 1.2), 2),
                "y": _MARKS_Y,
                "says": f"{words.day(mark.day)}: {mark.text}",
            }
        )
    return shown


def _grid(scale: tuple[float, float], plane: _Plane, words: Words) -> list[tuple[float, str]]:
    """The ends and the middle; a middle that is no whole number has no label."""
    middle = (scale[0] + scale[1]) / 2
    return [
        (plane.y(value), words.number(value) if value != middle or value.is_integer() else "")
        for value in (scale[0], middle, scale[1])
    ]


def _ticks(span: tuple[date, date], plane: _Plane, words: Words) -> list[tuple[float, str, str]]:
    """A few labels: first days of months, or the two ends where it is shorter than that."""
    first, last = span
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((s for s in _MONTH_STEPS if months / s <= _LABELS), _MONTH_STEPS[-1])
    places = [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(1, months + 1)
        if (first.month - 1 + n) % step == 0 or step > 12
    ]
    labels: list[tuple[float, str]] = []
    for x, text in ((plane.x(day), words.month(day)) for day in places):
        if not labels or x - labels[-1][0] >= _APART:
            labels.append((x, text))
    if len(labels) < 2 or plane.days < 2 * _MONTH_DAYS:
        ends = dict.fromkeys((first, last))
        labels = [(plane.x(day), words.day(day)) for day in ends]
    return [(x, _anchor(x), text) for x, text in labels]


def _anchor(x: float) -> str:
    """Letters at the edges stay inside of the picture."""
    if x < 14:
        return "start"
    return "end" if x > 86 else "middle"


def _sentence(strand: Strand, words: Words) -> str:
    rows = strand.answered
    if len(rows) == 0:
        return words.nothing.format(name=strand.name)
    last = int(rows[-1])
    filled = {
        "name": strand.name,
        "n": len(rows),
        "all": len(strand.value),
        "first": words.number(float(strand.value[rows[0]])),
        "last": words.number(float(strand.value[last])),
        "day": words.day(strand.day[last].item()),
        "low": words.number(float(strand.low[last])),
        "high": words.number(float(strand.high[last])),
    }
    said = (words.once if len(strand.value) == 1 else words.course).format(**filled)
    if np.isnan(strand.low[last]) or np.isnan(strand.high[last]):
        return said
    value = strand.value[last]
    place = words.usual
    if value < strand.low[last]:
        place = words.lower
    elif value > strand.high[last]:
        place = words.higher
    return f"{said} {place.format(**filled)}"


def _key(panel: Panel, words: Words) -> list[tuple[str, str]]:
    """What stands for what: only what is there."""
    found = [(f"line {strand.style}", strand.name) for strand in panel.strands]
    if any(not np.all(np.isnan(strand.low)) for strand in panel.strands):
        found.append(("band", words.band))
    if any(np.isnan(strand.value).any() for strand in panel.strands):
        found.append(("gap", words.left_out))
    found += [(f"mark {style}", words.marks[style]) for style in MARKS if _has(panel, style)]
    states = {meeting.state for meeting in panel.meetings}
    found += [
        (f"meeting {state}", f"{words.meeting}: {words.states[state]}")
        for state in STATES
        if state in states
    ]
    return found


def _has(panel: Panel, style: str) -> bool:
    return any(mark.style == style for mark in panel.marks)


def _table(
    panel: Panel, plane: _Plane, words: Words
) -> tuple[tuple[str, ...], list[tuple[str, ...]], list[float]]:
    """Every day on which something is, with its place in the picture."""
    columns: list[tuple[str, dict[date, str]]] = []
    if panel.meetings:
        columns.append((words.meeting, {m.day: words.states[m.state] for m in panel.meetings}))
    for strand in panel.strands:
        columns += _columns_of(strand, words)
    if panel.marks:
        noted: dict[date, str] = {}
        for mark in panel.marks:
            noted[mark.day] = f"{noted[mark.day]}; {mark.text}" if mark.day in noted else mark.text
        columns.append((words.noted, noted))
    days = sorted({day for _, cells in columns for day in cells})
    head = (words.when, *(title for title, _ in columns))
    rows = [(words.day(day), *(cells.get(day, "") for _, cells in columns)) for day in days]
    return head, rows, [plane.x(day) for day in days]


def _columns_of(strand: Strand, words: Words) -> list[tuple[str, dict[date, str]]]:
    days: Sequence[date] = strand.day.tolist()
    values: dict[date, str] = {}
    usual: dict[date, str] = {}
    for row, day in enumerate(days):
        value, low, high = (float(column[row]) for column in (strand.value, strand.low, strand.high))
        values[day] = words.left_out if np.isnan(value) else words.number(value)
        if not (np.isnan(low) or np.isnan(high)):
            usual[day] = words.between.format(low=words.number(low), high=words.number(high))
    columns = [(strand.name, values)]
    if usual:
        columns.append((words.expected.format(name=strand.name), usual))
    return columns

"""What a picture of a client's course shows, and the words that stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput

__all__ = ["MARKS", "STATES", "STYLES", "Mark", "Meeting", "Panel", "Strand", "Words"]

STYLES = ("client", "therapist", "goal", "measure")
MARKS = ("alert", "repair", "reached")
STATES = ("held", "missed")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """What one person said about one thing, form by form.

    Parameters
    ----------
    name : str
        What the reader calls it: "You", or a goal.
    style : str
        One of :data:`STYLES`.
    day : array_like of datetime64[D], shape (n,)
        When each form was asked, in the order of time.
    value : array_like of float, shape (n,)
        What was answered; NaN where the form was left out.
    low, high : array_like of float, shape (n,), optional
        Where the answer was expected from those before it; NaN where nothing can be expected yet.

    Raises
    ------
    BadInput
        If a style is unknown, columns differ in length, or days are not in order.
    """

    name: str
    style: str
    day: NDArray[np.datetime64]
    value: Floats
    low: Floats
    high: Floats

    def __init__(
        self,
        name: str,
        style: str,
        day: ArrayLike,
        value: ArrayLike,
        low: ArrayLike | None = None,
        high: ArrayLike | None = None,
    ) -> None:
        days = np.asarray(day, "datetime64[D]")
        nothing = np.full(len(days), np.nan)
        columns = {
            "day": days,
            "value": np.asarray(value, np.float64),
            "low": nothing if low is None else np.asarray(low, np.float64),
            "high": nothing if high is None else np.asarray(high, np.float64),
        }
        if style not in STYLES:
            raise BadInput(f"style is {style!r}; expected one of {', '.join(STYLES)}")
        lengths = {key: len(column) for key, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"columns of a strand differ in length: {lengths}")
        if np.any(np.diff(days) < np.timedelta64(0, "D")) or np.any(np.isnat(days)):
            raise BadInput("days of a strand are not in the order of time; sort them first")
        for key, given in {"name": name, "style": style, **columns}.items():
            object.__setattr__(self, key, given)

    @property
    def answered(self) -> NDArray[np.int64]:
        """Rows with an answer, shape (m,)."""
        return np.flatnonzero(~np.isnan(self.value))


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, above the picture.

    Parameters
    ----------
    day : date
        When, or from when on.
    style : str
        ``"alert"``, ``"repair"`` or ``"reached"``.
    text : str
        What it was, in a few words.
    until : date, optional
        Its last day, for what took longer than one.
    """

    day: date
    style: str
    text: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """An appointment, at the foot of the picture.

    Parameters
    ----------
    day : date
        When.
    state : str
        ``"held"`` or ``"missed"``.
    """

    day: date
    state: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Parameters
    ----------
    title : str
        What it shows.
    strands : tuple of Strand
        One for each person or thing, with names that differ.
    scale : tuple of float
        Ends of the scale, (low, high).
    meetings : tuple of Meeting
        At its foot; empty for none.
    marks : tuple of Mark
        Above it.
    band : tuple of float, optional
        Between which values a difference means nothing: (low, high).
    note : str
        A sentence about the band or the scale, below it.
    height : float
        Of the drawing, in pixels.
    """

    title: str
    strands: tuple[Strand, ...]
    scale: tuple[float, float] = (0.0, 10.0)
    meetings: tuple[Meeting, ...] = ()
    marks: tuple[Mark, ...] = ()
    band: tuple[float, float] | None = None
    note: str = ""
    height: float = 230.0


def _day_in_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that is said beside a picture; here in English.

    Names in braces are filled in: ``{name}``, ``{n}``, ``{all}``, ``{first}``, ``{last}``, ``{day}``,
    ``{low}``, ``{high}``.
    """

    day: Callable[[date], str] = _day_in_words
    month: Callable[[date], str] = lambda day: f"{_MONTHS[day.month - 1]} {day.year}"
    number: Callable[[float], str] = _number
    nothing: str = "{name}: nothing yet."
    once: str = "{name}: {last} on {day}."
    course: str = "{name}: {n} of {all} forms; {first} at first, {last} on {day}."
    usual: str = "That is within what is usual here ({low} to {high})."
    lower: str = "That is lower than usual here ({low} to {high})."
    higher: str = "That is higher than usual here ({low} to {high})."
    left_out: str = "left out"
    expected: str = "{name}, usual"
    between: str = "{low} to {high}"
    when: str = "Day"
    meeting: str = "Meeting"
    noted: str = "Noted"
    states: dict[str, str] = field(default_factory=lambda: {"held": "held", "missed": "missed"})
    marks: dict[str, str] = field(
        default_factory=lambda: {"alert": "worth a look", "repair": "repair", "reached": "reached"}
    )
    band: str = "usual here"
    as_table: str = "The same as a table"
    before: str = "Earlier"
    after: str = "Later"
    step: str = "Go from answer to answer"

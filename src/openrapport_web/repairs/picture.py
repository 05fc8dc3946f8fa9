"""A small picture of one client's own course: dots for answers, gaps where nothing was said.

Geometry alone; the page's template draws it, so that it follows the reader's light or dark setting
and prints. Beside every picture stands the same as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Dot", "Line", "Picture", "Point", "draw"]

WIDTH, HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 22, 10, 10, 22
_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Point:
    """One occasion of a course; no value where nothing was said."""

    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Dot:
    """Where an answer stands."""

    x: float
    y: float
    is_last: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One person's course.

    Parameters
    ----------
    who : str
        Names its style: ``client``, ``therapist``, ``prediction``.
    dots : tuple of Dot
        Answers.
    path : str
        Lines between neighbouring answers; it breaks where one is missing.
    """

    who: str
    dots: tuple[Dot, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws.

    Parameters
    ----------
    lines : tuple of Line
        One for each person.
    missing : tuple of float
        Places on the axis where nothing was said.
    ticks : tuple of (float, str)
        Heights of the scale's labels.
    band : tuple of float or None
        x, y, width and height of what was expected at the last occasion.
    marks : tuple of float
        Places of a vertical line, such as where a repair began.
    first, last : datetime
        Ends of the axis.
    """

    lines: tuple[Line, ...]
    missing: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    band: tuple[float, float, float, float] | None
    marks: tuple[float, ...]
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT


def draw(
    courses: dict[str, Sequence[Point]],
    *,
    low: float = 0,
    high: float = 10,
    expected: tuple[float, float] | None = None,
    marks: Sequence[datetime] = (),
) -> Picture | None:
    """Lay courses out, the newest occasions at the right.

    Parameters
    ----------
    courses : dict of str to sequence of Point
        One for each person, over the same occasions.
    low, high : float
        Ends of the scale.
    expected : tuple of float, optional
        Between what the last answer was expected.
    marks : sequence of datetime
        Moments to mark between occasions.

    Returns
    -------
    picture : Picture or None
        None where nobody said anything yet.
    """
    shown = {who: list(points)[-_SHOWN:] for who, points in courses.items()}
    longest = max(shown.values(), key=len, default=[])
    if not any(p.value is not None for points in shown.values() for p in points):
        return None
    n = len(longest)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, n - 1)

    def x(place: float) -> float:
        return round(_LEFT + place * step, 1) if n > 1 else WIDTH / 2

    def y(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    lines = tuple(_line(who, points, x, y) for who, points in shown.items())
    silent = [i for i in range(n) if all(points[i].value is None for points in shown.values())]
    band = None
    if expected is not None:
        top, bottom = y(expected[1]), y(expected[0])
        band = (x(n - 1) - 6, top, 12.0, round(bottom - top, 1))
    return Picture(
        lines,
        tuple(x(i) for i in silent),
        tuple((y(value), f"{value:g}") for value in (low, (low + high) / 2, high)),
        band,
        tuple(x(_place(longest, at)) for at in marks),
        longest[0].at,
        longest[-1].at,
    )


def _line(
    who: str, points: Sequence[Point], x: Callable[[float], float], y: Callable[[float], float]
) -> Line:
    places = {i: (x(i), y(p.value)) for i, p in enumerate(points) if p.value is not None}
    last = max(places, default=None)
    path = "".join(f"{'L' if i - 1 in places else 'M'}{px} {py}" for i, (px, py) in places.items())
    return Line(who, tuple(Dot(px, py, i == last) for i, (px, py) in places.items()), path)


def _place(points: Sequence[Point], at: datetime) -> float:
    """Between which occasions a moment lies."""
    before = sum(point.at <= at for point in points)
    return min(max(before - 0.5, 0), len(points) - 1)

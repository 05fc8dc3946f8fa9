"""The session as a picture: geometry for the timeline, drawn as SVG by the page's template.

Shapes are computed here and written by a template rather than by a chart library: the whole process
from a transcript to a page may take 2.5 s, and drawn this way every bar is a link to its words, the
colours follow the reader's light or dark setting, and the same drawing prints. Widths are in
thousandths of a row, so that a row stretches from a phone to a desk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from openrapport.coding.affect import smoothed
from openrapport.finding import Finding, Moment
from openrapport.reporting.wording import clock
from openrapport.session import TIMED_FROM, Role, Session
from openrapport.speech.gaps import silences

__all__ = ["Bar", "Flag", "Row", "Timeline", "interval_plot", "timeline"]

WIDTH = 1000
LANES = ("silence", "therapist", "client", "other", "asks", "reflects", "tells")
_ROW_MS = 12.5 * 60_000
_ROW_WORDS = 2_500
_LONG_SILENCE_MS = 5_000
_FLAG_WIDTH = 120.0
_FLAG_LEVELS = 3
_CODE_LANES = {"question": "asks", "reflection": "reflects", "therapist_input": "tells"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One utterance, code or silence in a row.

    Parameters
    ----------
    x, width : float
        In thousandths of the row.
    lane : str
        One of :data:`LANES`.
    utterance : int
        Index of the utterance that it links to.
    """

    x: float
    width: float
    lane: str
    utterance: int


@dataclass(frozen=True, slots=True)
class Flag:
    """Where a moment stands in a row.

    Parameters
    ----------
    x : float
        In thousandths of the row.
    number : int
        The moment's number on the page.
    level : int
        0 just above the row; 1 and 2 further up, where flags would cover each other.
    """

    x: float
    number: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline, and the same in numbers for those who do not see it.

    Parameters
    ----------
    label : str
        ``"0:00 to 12:00"``.
    bars : dict of str to tuple of Bar
        Utterances, codes and silences, by lane.
    flags : tuple of Flag
        Moments, from left to right.
    ticks : tuple of (float, str)
        Places on the axis with their labels.
    course : str
        SVG path of the client's smoothed sentiment; empty where there is none.
    words : tuple of int
        Words of therapist and client in this row.
    codes : tuple of int
        Questions, reflections and inputs in this row.
    silence_ms : int
        Long silence in this row.
    """

    label: str
    bars: dict[str, tuple[Bar, ...]]
    flags: tuple[Flag, ...]
    ticks: tuple[tuple[float, str], ...]
    course: str
    words: tuple[int, int]
    codes: tuple[int, int, int]
    silence_ms: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole session, a few rows long.

    Parameters
    ----------
    rows : tuple of Row
        In order.
    timed : bool
        True where the axis is time; False where it is words, because the source has no times.
    has_course : bool
        True where the client's sentiment is drawn.
    """

    rows: tuple[Row, ...]
    timed: bool
    has_course: bool


def timeline(session: Session, moments: tuple[Moment, ...]) -> Timeline:
    """Lay a session out in rows.

    Parameters
    ----------
    session : Session
        Prepared, so that it has codes and ratings.
    moments : tuple of Moment
        In the order of their numbers on the page.

    Returns
    -------
    timeline : Timeline
        By time where most utterances have both times (those without are not drawn), else by
        words.
    """
    spoken = session.utterances
    timed = len(spoken) > 0 and float(spoken.has_times.mean()) >= TIMED_FROM
    if timed:
        start, end, size = spoken.start_ms, spoken.end_ms, _ROW_MS
    else:
        end = np.cumsum(np.maximum(spoken.n_words, 1))
        start, size = end - np.maximum(spoken.n_words, 1), float(_ROW_WORDS)
    total = int(end.max()) if len(spoken) else 0
    n_rows = max(1, ceil(total / size))
    # Whole minutes, or whole hundreds of words, so that the ticks of all rows are alike.
    grain = 60_000 if timed else 100
    length = max(grain, ceil(total / n_rows / grain) * grain)
    course = _course(session, (start + end) / 2)
    rows = tuple(
        _row(session, moments, start, end, course, first=i * length, length=length, timed=timed)
        for i in range(max(1, ceil(total / length)))
    )
    return Timeline(rows, timed, has_course=len(course[0]) > 1)


def _course(
    session: Session, middle: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if session.rated("sentiment") is None:
        return np.empty(0), np.empty(0)
    index, values = smoothed(session, Role.CLIENT)
    seen = ~np.isnan(values)
    return middle[index[seen]], values[seen]


def _row(
    session: Session,
    moments: tuple[Moment, ...],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    course: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    first: int,
    length: int,
    timed: bool,
) -> Row:
    last = first + length
    scale = WIDTH / length

    def bar(begin: float, stop: float, lane: str, utterance: int) -> Bar:
        left, right = max(begin, first), min(stop, last)
        return Bar(
            round((left - first) * scale, 1),
            round(max(1.0, (right - left) * scale), 1),
            lane,
            utterance,
        )

    inside = np.flatnonzero((start < last) & (end > first))
    bars = [
        bar(start[i], end[i], str(session.role_of(int(session.utterances.party[i]))), int(i))
        for i in inside
    ]
    begins_here = (start >= first) & (start < last)
    codes, code_bars = _code_lanes(session, begins_here)
    bars += [bar(start[i], end[i], lane, i) for i, lane in code_bars]
    silence_ms = 0
    if timed:
        quiet = silences(session, min_ms=_LONG_SILENCE_MS)
        for begin, stop, after in zip(quiet.start_ms, quiet.end_ms, quiet.after, strict=True):
            if begin < last and stop > first:
                bars.append(bar(begin, stop, "silence", int(after)))
                silence_ms += int(min(stop, last) - max(begin, first))
    words = session.utterances.n_words
    spoken = [
        int(words[begins_here & session.spoken_by(r)].sum()) for r in (Role.THERAPIST, Role.CLIENT)
    ]
    return Row(
        label=f"{_tick(first, timed)} to {_tick(last, timed)}",
        bars={lane: tuple(b for b in bars if b.lane == lane) for lane in LANES},
        flags=_flags(session, moments, start, first=first, length=length),
        ticks=_ticks(first, length, timed),
        course=_path(course, first=first, length=length),
        words=(spoken[0], spoken[1]),
        codes=codes,
        silence_ms=silence_ms,
    )


def _code_lanes(
    session: Session, begins_here: NDArray[np.bool_]
) -> tuple[tuple[int, int, int], list[tuple[int, str]]]:
    codes = session.coded("behaviour")
    if codes is None:
        return (0, 0, 0), []
    found: list[tuple[int, str]] = []
    counts = []
    for label, lane in _CODE_LANES.items():
        here = [int(i) for i in codes.with_label(label) if begins_here[i]]
        counts.append(len(here))
        found += [(i, lane) for i in here]
    return (counts[0], counts[1], counts[2]), found


def _flags(
    session: Session, moments: tuple[Moment, ...], start: NDArray[np.int64], *, first: int, length: int
) -> tuple[Flag, ...]:
    index = {key: i for i, key in enumerate(session.utterances.ids)}
    flags = []
    for number, moment in enumerate(moments, 1):
        place = start[index[moment.utterances[0]]]
        if first <= place < first + length:
            flags.append(Flag(round((place - first) * WIDTH / length, 1), number))
    return _stacked(sorted(flags, key=lambda flag: flag.x))


def _stacked(flags: list[Flag]) -> tuple[Flag, ...]:
    """Lift a flag above those on its left that it would cover on a phone."""
    placed: list[Flag] = []
    for flag in flags:
        taken = {p.level for p in placed if flag.x - p.x < _FLAG_WIDTH}
        free = next((level for level in range(_FLAG_LEVELS) if level not in taken), 0)
        placed.append(replace(flag, level=free))
    return tuple(placed)


def _tick(place: int, timed: bool) -> str:
    return clock(place) if timed else f"{place:,} words"


def _ticks(first: int, length: int, timed: bool) -> tuple[tuple[float, str], ...]:
    wanted = (60_000, 120_000, 180_000, 300_000) if timed else (100, 250, 500, 1_000)
    step = next((s for s in wanted if length / s <= 6), wanted[-1])
    places = range(-(-first // step) * step, first + length, step)
    return tuple(
        (round((p - first) * 100 / length, 2), clock(p) if timed else f"{p:,}") for p in places
    )


def _path(course: tuple[NDArray[np.float64], NDArray[np.float64]], *, first: int, length: int) -> str:
    """Draw the course in a box of WIDTH x 100, -1 at the bottom and +1 at the top."""
    place, value = course
    here = (place >= first) & (place < first + length)
    # One point beyond each edge, so that the line runs on into the next row.
    here[:-1] |= here[1:]
    here[1:] |= here[:-1]
    points = [
        f"{(p - first) * WIDTH / length:.1f},{50 - 50 * v:.1f}"
        for p, v in zip(place[here], value[here], strict=True)
    ]
    return f"M{' L'.join(points)}" if len(points) > 1 else ""


def interval_plot(findings: tuple[Finding, ...]) -> list[dict[str, float | None]]:
    """Place values, intervals and chance bands of like findings on one shared scale.

    Parameters
    ----------
    findings : tuple of Finding
        With one unit.

    Returns
    -------
    plots : list of dict
        For each finding ``value, low, high, chance_low, chance_high, zero`` in percent of the
        scale's width; None where there is none.
    """
    ends = [f.value for f in findings]
    for f in findings:
        ends += list(f.interval or ())
        ends += [f.null.low, f.null.high] if f.null else []
    low, high = (0.0, 1.0) if findings[0].unit == "share" else (min(0.0, *ends), max(0.0, *ends))
    width = (high - low) or 1.0

    def place(value: float | None) -> float | None:
        return None if value is None else round(min(100.0, max(0.0, 100 * (value - low) / width)), 2)

    return [
        {
            "value": place(f.value),
            "low": place(f.interval[0] if f.interval else None),
            "high": place(f.interval[1] if f.interval else None),
            "chance_low": place(f.null.low if f.null else None),
            "chance_high": place(f.null.high if f.null else None),
            "zero": place(0.0) if low < 0 else None,
        }
        for f in findings
    ]

"""Praat's TextGrid as text: a row of numbers and quoted strings, with words around them or not.

Praat itself reads only the numbers and strings that stand free, which is why its long and its short
format are one: ``intervals [3]:`` and ``xmin =`` are there for people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from openrapport.errors import BadAnnotation
from openrapport.io.raw import MAX_UTTERANCES
from openrapport.session import MAX_DURATION_MS

__all__ = ["Interval", "read_tiers", "textgrid_document"]

_NUMBER = r'-?[0-9]++(?:\.[0-9]*+)?(?:[eE][+-]?[0-9]++)?(?![^\s"])'
# Blanks, comments, and words that stand around what counts, all in one go.
_SKIPPED = rf'(?:\s++|![^\n]*+|(?!{_NUMBER})[^\s"!<][^\s"]*+)*+'
# A string with doubled quotes inside, a number, or a flag.
_FREE = re.compile(
    rf'{_SKIPPED}(?:"(?P<string>[^"]*+(?:""[^"]*+)*+)"|(?P<number>{_NUMBER})|(?P<flag><[^\s"]*+))'
)
_MAX_SECONDS = MAX_DURATION_MS // 1000
# Between two utterances stands a silence.
_MAX_INTERVALS = 4 * MAX_UTTERANCES
_HEADS = (("ooTextFile", "TextGrid"), ("ooTextFile short", "TextGrid"))


class Interval(NamedTuple):
    """A labelled stretch of a tier."""

    start_ms: int
    end_ms: int
    text: str
    line: int | None = None


def read_tiers(text: str) -> tuple[list[tuple[str, list[Interval]]], int, int]:
    """Read the tiers of a TextGrid.

    Parameters
    ----------
    text : str
        The file, long or short.

    Returns
    -------
    tiers : list of (str, list of Interval)
        Name and intervals of each interval tier, with those that have no words.
    n_points : int
        How many tiers of points there are besides.
    end_ms : int
        Where the grid ends.

    Raises
    ------
    BadAnnotation
        If it is no TextGrid, breaks off, or holds a time that cannot be. Without the file's name.
    """
    tokens = _Tokens(text)
    try:
        is_grid = (tokens.string(), tokens.string()) in _HEADS
    except BadAnnotation:
        is_grid = False
    if not is_grid:
        raise BadAnnotation("not a TextGrid; expected a file that Praat saved as text")
    _, end_ms = tokens.time_ms(), tokens.time_ms()
    tiers: list[tuple[str, list[Interval]]] = []
    n_points = 0
    for _ in range(tokens.count() if tokens.exists() else 0):
        kind = tokens.string()
        if kind not in ("IntervalTier", "TextTier"):
            raise tokens.wrong("a tier of intervals or of points")
        name, _, _ = tokens.string(), tokens.time_ms(), tokens.time_ms()
        if kind == "IntervalTier":
            tiers.append((name, [tokens.interval() for _ in range(tokens.count())]))
        else:
            n_points += 1
            for _ in range(tokens.count()):
                tokens.time_ms(), tokens.string()
    return tiers, n_points, end_ms


def textgrid_document(tiers: Sequence[tuple[str, Sequence[Interval]]], end_ms: int) -> str:
    """Write tiers in Praat's long format.

    Parameters
    ----------
    tiers : sequence of (str, sequence of Interval)
        Name and intervals, which follow each other and never overlap.
    end_ms : int
        Where the grid ends, > 0.

    Returns
    -------
    document : str
        The text of the file.
    """
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(end_ms)}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for i, (name, intervals) in enumerate(tiers, start=1):
        whole = _with_silence(intervals, end_ms)
        lines += [
            f"    item [{i}]:",
            '        class = "IntervalTier"',
            f"        name = {_quoted(name)}",
            "        xmin = 0",
            f"        xmax = {_seconds(end_ms)}",
            f"        intervals: size = {len(whole)}",
        ]
        for k, interval in enumerate(whole, start=1):
            lines += [
                f"        intervals [{k}]:",
                f"            xmin = {_seconds(interval.start_ms)}",
                f"            xmax = {_seconds(interval.end_ms)}",
                f"            text = {_quoted(interval.text)}",
            ]
    return "\n".join(lines) + "\n"


class _Tokens:
    """The numbers, strings and flags of a TextGrid, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0  # where the last number, string or flag begins
        self._end = 0
        self._n_counted = 0
        # Lines are counted on from the last place, so that cost grows with the file's length alone.
        self._line, self._counted = 1, 0

    def string(self) -> str:
        text = self._next("string")
        if text is None:
            raise self.wrong("a text in quotes")
        return text.replace('""', '"')

    def exists(self) -> bool:
        flag = self._next("flag")
        if flag not in ("<exists>", "<absent>"):
            raise self.wrong("<exists>")
        return flag == "<exists>"

    def count(self) -> int:
        count = self._number("how many follow")
        if not (0 <= count < 10**9 and count == int(count)):
            raise self.wrong("how many follow")
        self._n_counted += int(count)
        if self._n_counted > _MAX_INTERVALS:
            raise BadAnnotation(
                f"there are more than {_MAX_INTERVALS:,} intervals and points, the most that is read; "
                "take out the tiers that are no speech",
                line=self.line,
            )
        return int(count)

    def time_ms(self) -> int:
        seconds = self._number("a time in seconds")
        if not 0 <= seconds <= _MAX_SECONDS:
            raise self.wrong("a time from 0 seconds to 1,000 hours")
        return round(1000 * seconds)

    def interval(self) -> Interval:
        start_ms, line = self.time_ms(), self.line
        end_ms = self.time_ms()
        if end_ms < start_ms:
            raise BadAnnotation("the interval ends before it starts", line=line)
        return Interval(start_ms, end_ms, self.string(), line)

    @property
    def line(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def wrong(self, expected: str) -> BadAnnotation:
        reason = f"the TextGrid is damaged or breaks off; expected {expected}"
        return BadAnnotation(reason, line=self.line)

    def _number(self, expected: str) -> float:
        number = self._next("number")
        if number is None:
            raise self.wrong(expected)
        return float(number)

    def _next(self, kind: str) -> str | None:
        match = _FREE.match(self._text, self._end)
        if match is None:
            self._at = len(self._text)
            return None
        # Messages name the line where it begins, and a string may go over lines.
        self._at, self._end = match.start(match.lastgroup or 0), match.end()
        return match[kind]


def _with_silence(intervals: Sequence[Interval], end_ms: int) -> list[Interval]:
    # A Praat tier is a whole: where nobody speaks stands an interval without words.
    whole: list[Interval] = []
    at = 0
    for interval in intervals:
        if interval.start_ms > at:
            whole.append(Interval(at, interval.start_ms, ""))
        whole.append(interval)
        at = interval.end_ms
    if at < end_ms:
        whole.append(Interval(at, end_ms, ""))
    return whole


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

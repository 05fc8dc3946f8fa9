"""Times as transcripts write them, and the checks that every reader makes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from openrapport.errors import BadTranscript
from openrapport.io.raw import RawUtterance
from openrapport.session import MAX_DURATION_MS

__all__ = [
    "check_times",
    "clock",
    "parse_clock",
    "parse_ms",
    "parse_seconds",
    "without_slips",
]

# Hand-typed tables hold seconds such as ":025": a zero too many changes nothing.
_CLOCK = re.compile(
    r"(?:(?P<h>\d{1,3}):(?P<m>[0-5]?\d)|(?P<minutes>\d{1,4})):(?P<s>0?[0-5]\d)(?:[.,](?P<f>\d{1,6}))?",
    re.ASCII,
)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)

# A stamp that a person typed goes back a few seconds here and there: in 97 published transcripts
# 12 of 7,591 did, by 9 s at most. More than that is another mistake, and is refused.
_SLIP_MS = 10_000


def parse_clock(text: str) -> int | None:
    """Read a time of day or of a recording.

    Parameters
    ----------
    text : str
        ``HH:MM:SS``, ``MM:SS``, each with or without a fraction after a point or a comma.

    Returns
    -------
    ms : int or None
        None where it is no such time.
    """
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    minutes = int(match["h"]) * 60 + int(match["m"]) if match["h"] else int(match["minutes"])
    fraction = round(int(match["f"]) * 10.0 ** (3 - len(match["f"]))) if match["f"] else 0
    return (minutes * 60 + int(match["s"])) * 1000 + fraction


def parse_seconds(text: str) -> int | None:
    """Read a number of seconds.

    Parameters
    ----------
    text : str
        Such as ``12.5``; neither a sign nor an exponent.

    Returns
    -------
    ms : int or None
        None where it is no such number, or longer than any meeting.
    """
    ms = round(float(text) * 1000) if _NUMBER.fullmatch(text) else None
    return ms if ms is not None and ms <= MAX_DURATION_MS else None


def parse_ms(text: str) -> int | None:
    """Read a number of milliseconds.

    Parameters
    ----------
    text : str
        Such as ``1250``.

    Returns
    -------
    ms : int or None
        None where it is no such number, or longer than any meeting.
    """
    ms = round(float(text)) if _NUMBER.fullmatch(text) else None
    return ms if ms is not None and ms <= MAX_DURATION_MS else None


def clock(ms: int, *, point: str = ".") -> str:
    """Write a time.

    Parameters
    ----------
    ms : int
        From the recording's start, >= 0.
    point : str
        What stands before the milliseconds.

    Returns
    -------
    text : str
        ``HH:MM:SS.mmm``.
    """
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"


def check_times(utterances: Iterable[RawUtterance], source: str) -> None:
    """Refuse times that cannot be.

    Parameters
    ----------
    utterances : iterable of RawUtterance
        In the file's order.
    source : str
        The file's name, for messages.

    Raises
    ------
    BadTranscript
        If an utterance ends before it starts, or starts before the one above it.
    """
    latest = 0
    for said in utterances:
        start, end = said.start_ms, said.end_ms
        if start is None:
            continue
        if end is not None and end < start:
            raise BadTranscript(
                f"ends ({clock(end)}) before it starts ({clock(start)}); correct the times",
                source=source,
                line=said.line,
            )
        if start < latest:
            raise BadTranscript(
                f"starts ({clock(start)}) before an utterance above it ({clock(latest)}); "
                "expected utterances in the order of their starts",
                source=source,
                line=said.line,
            )
        latest = start


def without_slips(utterances: list[RawUtterance]) -> tuple[list[RawUtterance], tuple[str, ...]]:
    """Leave out stamps that go back a few seconds, where only starts are known.

    Stamps typed by a person slip now and then. The order of the lines says who spoke after whom,
    so that such a stamp is the one thing that is wrong: its time is unknown, and it is not guessed.

    Parameters
    ----------
    utterances : list of RawUtterance
        In the file's order.

    Returns
    -------
    utterances : list of RawUtterance
        Without the starts that went back by up to 10 s.
    notes : tuple of str
        How many there were, and the first line.
    """
    kept, slipped, latest = [], [], 0
    for said in utterances:
        start = said.start_ms
        if start is not None and said.end_ms is None and latest - _SLIP_MS <= start < latest:
            slipped.append(said.line)
            said = replace(said, start_ms=None)
        elif start is not None:
            latest = start
        kept.append(said)
    if not slipped:
        return kept, ()
    where = f" (first in line {slipped[0]})" if slipped[0] else ""
    times = "1 time goes" if len(slipped) == 1 else f"{len(slipped)} times go"
    return kept, (f"{times} back by {_SLIP_MS // 1000} s or less{where}: left out, not guessed",)

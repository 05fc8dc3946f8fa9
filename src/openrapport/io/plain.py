"""Transcripts as plain text: ``Name: words``, stamped lines, and what Zoom saves as ``.txt``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from openrapport.errors import BadTranscript
from openrapport.io.labels import find_labels, is_remark, take_label
from openrapport.io.raw import RawTranscript, RawUtterance
from openrapport.io.subtitles import read_srt, read_vtt
from openrapport.io.times import check_times, parse_clock, without_slips

__all__ = ["read_plain", "reader_of"]

_TIME = r"(?P<time>\d{1,4}:\d{2}(?::\d{2})?(?:[.,]\d{1,6})?)"
_STAMP_FIRST = re.compile(rf"(?P<open>[\[(])?{_TIME}[\])]?[\s:-]+(?P<rest>.*)", re.ASCII)
_STAMP_AFTER_NAME = re.compile(
    # Possessive: a line of blanks would otherwise be tried from every length of the name.
    rf"(?P<name>[^\[\](:\t]{{1,60}}+)\s*+[\[(]{_TIME}[\])]\s*+:?\s*+(?P<rest>.*)",
    re.ASCII,
)
_ZOOM_TAB = re.compile(r"(?P<name>[^\t]{1,60})\t(?P<time>\d{1,3}:\d{2}:\d{2})[ \t]*", re.ASCII)
_ZOOM_BRACKETS = re.compile(
    r"\[(?P<name>[^\]\t]{1,60})\][ \t]+(?P<time>\d{1,2}:\d{2}:\d{2})[ \t]*", re.ASCII
)
_LOOK_AT_LINES = 12


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    opens: bool
    unlabelled: str
    start_ms: int | None = None


def reader_of(text: str) -> Callable[[str, str], RawTranscript]:
    """Tell by looking which reader a text file needs.

    Parameters
    ----------
    text : str
        All of the file.

    Returns
    -------
    reader : callable
        For WebVTT, SRT, or plain text.
    """
    start = text[:10_000].lstrip()
    if start.startswith("WEBVTT"):
        return read_vtt
    if any("-->" in line for line in start.split("\n", _LOOK_AT_LINES)[:_LOOK_AT_LINES]):
        return read_srt
    return read_plain


def read_plain(text: str, name: str) -> RawTranscript:
    """Read plain text.

    Understood are ``Name: words`` (with ``[00:12:30]`` before the name or ``(12:30)`` after it, or
    without), and headings of their own line, ``Name<TAB>HH:MM:SS`` or ``[Name] HH:MM:SS``, with the
    words below. A line without a label goes on with what was said in the line above.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages.

    Returns
    -------
    raw : RawTranscript
        With starts where the file has stamps. ``[Name] HH:MM:SS`` is the time of day: there, times
        count from the first line.

    Raises
    ------
    BadTranscript
        If words stand before the first speaker, or a time is wrong.
    """
    lines = list(_lines(text))
    heading = next(
        (h for h in (_ZOOM_TAB, _ZOOM_BRACKETS) if lines and h.fullmatch(lines[0].text)), None
    )
    utterances = _under_headings(lines, heading, name) if heading else _labelled(lines, name)
    utterances, notes = without_slips(utterances)
    check_times(utterances, name)
    return RawTranscript(name, tuple(utterances), notes=notes)


def _lines(text: str) -> Iterator[_Line]:
    opens = True
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip(" \t"):
            yield _Line(number, line.strip(" "), opens, line)
        opens = not line.strip(" \t")


def _under_headings(lines: list[_Line], heading: re.Pattern[str], name: str) -> list[RawUtterance]:
    utterances: list[RawUtterance] = []
    words: list[str] = []
    for line in [*lines, None]:
        match = heading.fullmatch(line.text) if line else None
        if utterances and (line is None or match):
            utterances[-1] = replace(utterances[-1], text=" ".join(words))
            words = []
        if line and match:
            start = parse_clock(match["time"])
            utterances.append(RawUtterance("", match["name"].strip(), start, line=line.number))
        elif line:
            words.append(line.text.strip(" \t"))
    if heading is _ZOOM_BRACKETS:
        first = utterances[0].start_ms or 0
        since = [max(-1, (said.start_ms or 0) - first) for said in utterances]
        if min(since) < 0:
            place = utterances[since.index(-1)].line
            raise BadTranscript("the time is before the first one; correct it", source=name, line=place)
        return [replace(said, start_ms=ms) for said, ms in zip(utterances, since, strict=True)]
    return utterances


def _labelled(lines: list[_Line], name: str) -> list[RawUtterance]:
    for line in lines:
        _take_stamp(line)
    labels = find_labels([line.text for line in lines], opens=[line.opens for line in lines])
    utterances: list[RawUtterance] = []
    words: list[list[str]] = []
    for line in lines:
        speaker, text = take_label(line.text, labels)
        if speaker is not None:
            utterances.append(RawUtterance("", speaker, line.start_ms, line=line.number))
            words.append([])
        elif not utterances:
            if is_remark(line.text):
                continue
            raise BadTranscript(
                "words stand before the first speaker; expected 'Name: words' on the first line "
                "(put headings in square brackets)",
                source=name,
                line=line.number,
            )
        else:
            text = line.unlabelled  # "10:30 was when" begins with a time and is no stamp
        if text:
            words[-1].append(text.strip(" \t"))
    said = zip(utterances, words, strict=True)
    return [replace(utterance, text=" ".join(parts)) for utterance, parts in said]


def _take_stamp(line: _Line) -> None:
    match = _STAMP_FIRST.fullmatch(line.text)
    if match:
        line.start_ms, line.text = parse_clock(match["time"]), match["rest"]
        line.unlabelled = match["rest"] if match["open"] else line.unlabelled
        line.opens = True
        return
    match = _STAMP_AFTER_NAME.fullmatch(line.text)
    if match:
        line.start_ms, line.text = (
            parse_clock(match["time"]),
            f"{match['name'].rstrip()}: {match['rest']}",
        )
        line.opens = True

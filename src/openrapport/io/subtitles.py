"""WebVTT and SRT: cues with times, as meeting software and subtitle editors write them.

From WebVTT comes who speaks by voice spans (``<v Name>``), or by ``Name: words`` as Zoom writes it.
Teams cuts one utterance into cues ``id/xxx-y``: they are joined again. Our own WebVTT says in a note
who the parties are, so that it reads back exactly; SRT has no place for that.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from openrapport.errors import BadTranscript
from openrapport.io.headers import NOTE, read_header, read_id
from openrapport.io.labels import find_labels, take_label
from openrapport.io.raw import RawTranscript, RawUtterance
from openrapport.io.times import check_times, parse_clock

__all__ = ["plain_srt_text", "read_srt", "read_vtt"]

_ARROW = "-->"
_TIMING = re.compile(r"\s*([\d:.,]+)\s*-->\s*([\d:.,]+)(?:\s.*)?", re.ASCII)
_TEAMS_ID = re.compile(
    r"(?P<utterance>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/\d+)-\d+", re.IGNORECASE
)
# No pattern runs past the next "<" or "{": many that are never closed would cost quadratic time.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]*)>")
_VTT_TAG = re.compile(r"</?(?:v|c|i|b|u|ruby|rt|lang)(?:[.\s][^<>]*)?>|<\d[\d:.]*>")
# Python refuses to read very long numbers, and no character has one.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")
_SRT_TAG = re.compile(r"</?(?:i|b|u|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Cue:
    id: str | None
    start_ms: int
    end_ms: int
    text: str
    line: int


def read_vtt(text: str, name: str) -> RawTranscript:
    """Read WebVTT.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages; what the transcript is called comes from the file where it
        says so.

    Returns
    -------
    raw : RawTranscript
        Without notes, styles and regions, without tags, and with character references read.

    Raises
    ------
    BadTranscript
        If it is no WebVTT, or a time is wrong.
    """
    blocks = _blocks(text)
    first_line, first = next(blocks, (1, [""]))
    if not re.match(r"WEBVTT(?:[ \t]|$)", first[0]):
        raise BadTranscript("expected 'WEBVTT' at the file's start", source=name, line=first_line)
    header = None
    cues = []
    for line, block in blocks:
        if block[0].startswith(NOTE):
            header = read_header(block[0], name, line)
        elif re.match(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)", block[0]) is None:
            cues.append(_cue(line, block, name))
    if header:
        cues = [replace(cue, id=cue.id and read_id(cue.id)) for cue in cues]
    utterances = [said for cue in cues for said in _voices(cue)]
    if not any("<v" in cue.text for cue in cues):
        utterances = list(_with_labels(utterances))
    if not header:
        utterances = _joined(utterances)
    check_times(utterances, name)
    if header:
        return replace(header, utterances=tuple(utterances))
    return RawTranscript(name, tuple(utterances))


def read_srt(text: str, name: str) -> RawTranscript:
    """Read SRT, with speakers as ``Name: words``.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages.

    Returns
    -------
    raw : RawTranscript
        Without tags; the lines of a cue are joined.

    Raises
    ------
    BadTranscript
        If it is no SRT, or a time is wrong.
    """
    cues = [_cue(line, block, name) for line, block in _blocks(text)]
    said = [
        RawUtterance(plain_srt_text(cue.text), None, cue.start_ms, cue.end_ms, cue.id, cue.line)
        for cue in cues
    ]
    utterances = tuple(_with_labels(said))
    check_times(utterances, name)
    return RawTranscript(name, utterances)


def plain_srt_text(text: str) -> str:
    """Give what SRT can carry of a text.

    Parameters
    ----------
    text : str
        What was said.

    Returns
    -------
    text : str
        On one line, without tags and without blanks around it.
    """
    return _SRT_TAG.sub("", re.sub(r"[\r\n]+", " ", text)).strip(" \t")


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    # Lines end at a newline only: a line separator (U+2028) may stand inside somebody's words.
    block: list[str] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip(" \t"):
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(line: int, block: list[str], name: str) -> _Cue:
    place = next((i for i, text in enumerate(block[:2]) if _ARROW in text), None)
    if place is None:
        raise BadTranscript(
            "expected a cue with a timing line 'HH:MM:SS.mmm --> HH:MM:SS.mmm'", source=name, line=line
        )
    match = _TIMING.fullmatch(block[place])
    times = [parse_clock(match[i]) for i in (1, 2)] if match else [None]
    start, end = times[0], times[-1]
    if start is None or end is None:
        raise BadTranscript(
            "the timing is not 'HH:MM:SS.mmm --> HH:MM:SS.mmm', without a sign; correct it",
            source=name,
            line=line + place,
        )
    text = " ".join(part.strip(" \t") for part in block[place + 1 :]).strip(" \t")
    cue_id = block[0].strip(" \t") if place else None
    return _Cue(cue_id, start, end, text, line + place)


def _voices(cue: _Cue) -> Iterator[RawUtterance]:
    parts = _VOICE.split(cue.text)
    spoken: list[tuple[str | None, str]] = list(zip(parts[1::2], parts[2::2], strict=True))
    if _plain_vtt(parts[0]) or not spoken:
        spoken.insert(0, (None, parts[0]))
    for k, (voice, text) in enumerate(spoken, start=1):
        cue_id = f"{cue.id}.{k}" if cue.id and k > 1 else cue.id
        speaker = _unescaped(voice.strip(" \t")) if voice else None
        yield RawUtterance(
            _plain_vtt(text), speaker or None, cue.start_ms, cue.end_ms, cue_id, cue.line
        )


def _plain_vtt(text: str) -> str:
    return _unescaped(_VTT_TAG.sub("", text).strip(" \t"))


def _unescaped(text: str) -> str:
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))


def _with_labels(utterances: list[RawUtterance]) -> Iterator[RawUtterance]:
    labels = find_labels([said.text for said in utterances if said.text], subtitles=True)
    for said in utterances:
        speaker, text = take_label(said.text, labels)
        if text or speaker:
            yield replace(said, speaker=speaker, text=text)


def _joined(utterances: Iterable[RawUtterance]) -> list[RawUtterance]:
    # Teams: cues whose ids differ only in the number after the last hyphen are one utterance.
    parts: defaultdict[object, list[RawUtterance]] = defaultdict(list)
    for place, said in enumerate(utterances):
        match = _TEAMS_ID.fullmatch(said.id or "")
        parts[(match["utterance"], said.speaker) if match else place].append(said)
    return [_one(cues) if len(cues) > 1 else cues[0] for cues in parts.values()]


def _one(cues: list[RawUtterance]) -> RawUtterance:
    text = " ".join(said.text for said in cues if said.text)
    return replace(cues[0], text=text, end_ms=max(said.end_ms or 0 for said in cues))

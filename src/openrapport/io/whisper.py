"""Whisper's and WhisperX's JSON: segments with times, and speakers where somebody told them apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby, islice
from math import isfinite
from typing import Any, NoReturn

from openrapport.errors import BadTranscript
from openrapport.io.raw import MAX_UTTERANCES, RawTranscript, RawUtterance, too_many_utterances
from openrapport.io.times import check_times
from openrapport.session import MAX_DURATION_MS

__all__ = ["read_whisper"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LONGEST_S = MAX_DURATION_MS // 1000
_MAX_VALUES = 3_000_000


def read_whisper(text: str, name: str) -> RawTranscript:
    """Read the JSON of Whisper or WhisperX.

    Where words carry speakers of their own, a segment is cut where the speaker changes; a word
    without a speaker stays with the word before it, or with its segment's speaker.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages.

    Returns
    -------
    raw : RawTranscript
        One utterance for each segment and speaker, with the language where the file has it.

    Raises
    ------
    BadTranscript
        If it is no such JSON, names no speakers, or a time is wrong.
    """
    if sum(text.count(sign) for sign in ",[{") > _MAX_VALUES:
        _refuse(f"the JSON holds more than {_MAX_VALUES:,} values, the most that is read", name)
    document = _document(text, name)
    segments = document.get("segments") if isinstance(document, dict) else None
    if not isinstance(segments, list) or not all(isinstance(s, dict) for s in segments):
        _refuse("expected JSON of Whisper with a list of 'segments'", name)
    every = (said for place, one in enumerate(segments, start=1) for said in _said(one, place, name))
    utterances = tuple(islice(every, MAX_UTTERANCES + 1))
    if len(utterances) > MAX_UTTERANCES:
        raise too_many_utterances(None, source=name)
    if utterances and not any(said.speaker for said in utterances):
        _refuse(
            "Whisper names no speakers; expected a 'speaker' in every segment, as WhisperX writes "
            "it with diarization",
            name,
        )
    check_times(utterances, name)
    language = document.get("language")
    known = isinstance(language, str) and _LANGUAGE.fullmatch(language) and len(language) <= 35
    return RawTranscript(name, utterances, language=language if known else None)


def _document(text: str, name: str) -> Any:
    def refuse_constant(_: str) -> NoReturn:
        _refuse("a time is NaN or infinite; expected seconds", name)

    try:
        return json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise BadTranscript(
            "the JSON is damaged or not complete; copy the file again", source=name, line=error.lineno
        ) from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadTranscript):
            raise
        _refuse("the JSON is damaged; expected JSON of Whisper", name)


def _said(segment: dict[str, Any], place: int, name: str) -> Iterator[RawUtterance]:
    start = _ms(segment.get("start"), place, name)
    end = _ms(segment.get("end"), place, name)
    text = segment.get("text")
    if not isinstance(text, str):
        _refuse(f"segment {place} has no text; expected 'text'", name)
    if start is not None and end is not None and end < start:
        _refuse(f"segment {place} ends before it starts; correct the times", name)
    speaker = _label(segment.get("speaker"))
    words = segment.get("words")
    runs = _runs(words, speaker) if isinstance(words, list) else []
    if len(runs) < 2:
        label = runs[0][0] if runs else speaker
        if text.strip() or label:
            yield RawUtterance(text.strip(), label, start, end)
        return
    for k, (label, spoken) in enumerate(runs):
        starts = [t for word in spoken if (t := _ms(word.get("start"), place, name)) is not None]
        ends = [t for word in spoken if (t := _ms(word.get("end"), place, name)) is not None]
        first = start if k == 0 else min(starts, default=None)
        last = end if k == len(runs) - 1 else max(ends, default=None)
        yield RawUtterance(" ".join(_word(word) for word in spoken), label, first, last)


def _runs(words: list[Any], speaker: str | None) -> list[tuple[str | None, list[dict[str, Any]]]]:
    labelled, current = [], speaker
    for word in words:
        if isinstance(word, dict) and _word(word):
            current = _label(word.get("speaker")) or current
            labelled.append((current, word))
    return [(label, [word for _, word in run]) for label, run in groupby(labelled, key=lambda w: w[0])]


def _word(word: dict[str, Any]) -> str:
    text = word.get("word", "")
    return text.strip() if isinstance(text, str) else ""


def _label(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _ms(value: object, place: int, name: str) -> int | None:
    if value is None:
        return None
    not_finite = isinstance(value, float) and not isfinite(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not_finite:
        _refuse(f"a time of segment {place} is not a number of seconds; correct it", name)
    if not 0 <= value <= _LONGEST_S:
        _refuse(f"a time of segment {place} is negative or longer than any meeting; correct it", name)
    return round(value * 1000)


def _refuse(message: str, name: str) -> NoReturn:
    raise BadTranscript(message, source=name)

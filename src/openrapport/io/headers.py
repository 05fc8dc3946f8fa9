"""What our own WebVTT says beside the words: a note with the parties, and ids of any form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from openrapport.errors import BadTranscript
from openrapport.io.raw import RawTranscript
from openrapport.session import Party, Role

__all__ = ["NOTE", "read_header", "read_id", "write_header", "write_id"]

NOTE = "NOTE openrapport "


def write_header(raw: RawTranscript) -> str:
    """Say in a note what WebVTT has no place for.

    Parameters
    ----------
    raw : RawTranscript
        Name, language, duration and parties are written.

    Returns
    -------
    note : str
        One line.
    """
    document = {
        "version": 1,
        "name": raw.name,
        "language": raw.language,
        "duration_ms": raw.duration_ms,
        "parties": [{"name": party.name, "role": str(party.role)} for party in raw.parties],
    }
    return NOTE + _json(document)


def read_header(note: str, source: str, line: int) -> RawTranscript:
    """Read the note that :func:`write_header` wrote.

    Parameters
    ----------
    note : str
        One line.
    source : str
        The file's name, for messages.
    line : int
        Where the note stands, for messages.

    Returns
    -------
    raw : RawTranscript
        With what the note says, and without utterances.

    Raises
    ------
    BadTranscript
        If the note is damaged.
    """
    try:
        document: Any = json.loads(note.removeprefix(NOTE))
        parties = tuple(Party(str(p["name"]), Role(p["role"])) for p in document["parties"])
        raw = RawTranscript(str(document["name"]), (), parties=parties)
        language, duration = document["language"], document["duration_ms"]
        if not isinstance(language, str | None) or not isinstance(duration, int | None):
            raise TypeError
        return replace(raw, language=language, duration_ms=duration)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadTranscript(
            "the note of OpenRapport is damaged; take the note out and name therapist and client",
            source=source,
            line=line,
        ) from None


def write_id(utterance_id: str) -> str:
    """Write an id on a line of its own.

    Parameters
    ----------
    utterance_id : str
        Any.

    Returns
    -------
    line : str
        The id as it is; quoted where it could be taken for something else.
    """
    plain = utterance_id.isprintable() and utterance_id == utterance_id.strip()
    starts_like_a_block = utterance_id.startswith(('"', "NOTE", "STYLE", "REGION", "WEBVTT"))
    if plain and utterance_id and "-->" not in utterance_id and not starts_like_a_block:
        return utterance_id
    return _json(utterance_id)


def read_id(line: str) -> str:
    """Read an id that :func:`write_id` wrote.

    Parameters
    ----------
    line : str
        The line.

    Returns
    -------
    utterance_id : str
        Without quotes.
    """
    if not line.startswith('"'):
        return line
    try:
        return str(json.loads(line))
    except ValueError:
        return line


def _json(value: object) -> str:
    # "-->" would end a WebVTT note; ">" has another spelling in JSON.
    return json.dumps(value).replace(">", "\\u003e")

"""What a file says before anybody knows who is therapist and who is client."""

from __future__ import annotations

from dataclasses import dataclass

from openrapport.session import Party

__all__ = ["RawTranscript", "RawUtterance"]


@dataclass(frozen=True, slots=True)
class RawUtterance:
    """One stretch of speech as a file has it.

    Parameters
    ----------
    text : str
        What was said.
    speaker : str or None
        The file's label; None where it has none.
    start_ms, end_ms : int or None
        From the recording's start; None where the file has none.
    id : str or None
        The file's own id.
    line : int or None
        Where it stands in the file, from 1, for messages.
    """

    text: str
    speaker: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    id: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RawTranscript:
    """One transcript as a file has it.

    Parameters
    ----------
    name : str
        The file's name without its ending, or the transcript's id in a table of many.
    utterances : tuple of RawUtterance
        In the file's order.
    language : str, optional
        Where the file says so, as a BCP 47 tag.
    duration_ms : int, optional
        Length of the meeting, where the file says so.
    parties : tuple of Party
        Who is who, where the file itself says so; their names are the labels of the utterances.
    notes : tuple of str
        What was left out while reading, one sentence each, without a word of the transcript.
    """

    name: str
    utterances: tuple[RawUtterance, ...]
    language: str | None = None
    duration_ms: int | None = None
    parties: tuple[Party, ...] = ()
    notes: tuple[str, ...] = ()

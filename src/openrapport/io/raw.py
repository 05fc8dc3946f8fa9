"""What a file says before anybody knows who is therapist and who is client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openrapport.errors import BadTranscript
from openrapport.io.carried import whole_characters
from openrapport.session import Party

__all__ = [
    "MAX_CHARS",
    "MAX_UTTERANCES",
    "RawTranscript",
    "RawUtterance",
    "check_size",
    "too_many_utterances",
    "without_halves",
]

MAX_UTTERANCES = 50_000
"""Of one session. Ten hours have less than 10,000; more is some other file, or many sessions."""

MAX_CHARS = 8 * 2**20
"""Of what is said in one session. Ten hours have less than a million."""


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


def check_size(raw: RawTranscript) -> None:
    """Refuse what is no session by its size.

    Parameters
    ----------
    raw : RawTranscript
        As it was read.

    Raises
    ------
    BadTranscript
        If it holds more than ``MAX_UTTERANCES`` or ``MAX_CHARS``. Without the file's name.
    """
    if len(raw.utterances) > MAX_UTTERANCES:
        raise too_many_utterances(raw.utterances[MAX_UTTERANCES].line)
    n_chars = 0
    for said in raw.utterances:
        n_chars += len(said.text)
        if n_chars > MAX_CHARS:
            raise BadTranscript(
                f"a session holds more than {MAX_CHARS:,} characters, the most that is read; split it",
                line=said.line,
            )


def too_many_utterances(
    line: int | None, *, source: str | None = None, advice: str = "split it"
) -> BadTranscript:
    """Say that a session has more utterances than any.

    Parameters
    ----------
    line : int or None
        Where the first one too many stands.
    source : str, optional
        The file's name.
    advice : str
        What to do.

    Returns
    -------
    error : BadTranscript
        To be raised.
    """
    return BadTranscript(
        f"a session holds more than {MAX_UTTERANCES:,} utterances, the most that is read; {advice}",
        source=source,
        line=line,
    )


def without_halves(raw: RawTranscript) -> RawTranscript:
    """Replace half characters, which some programs write and nothing can print.

    Parameters
    ----------
    raw : RawTranscript
        As it was read.

    Returns
    -------
    raw : RawTranscript
        With U+FFFD for each lone surrogate, and a note where words had one.
    """

    def whole(text: str | None) -> str | None:
        return text and whole_characters(text)

    utterances = tuple(
        replace(said, text=whole_characters(said.text), speaker=whole(said.speaker), id=whole(said.id))
        for said in raw.utterances
    )
    n = sum(a.text != b.text for a, b in zip(raw.utterances, utterances, strict=True))
    return replace(
        raw,
        name=whole_characters(raw.name),
        utterances=utterances,
        parties=tuple(Party(whole_characters(p.name), p.role) for p in raw.parties),
        language=whole(raw.language),
        notes=(*raw.notes, f"Half characters are replaced by “\ufffd” ({n}).") if n else raw.notes,
    )

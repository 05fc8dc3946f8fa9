"""What a file can carry of a session: what is asked before writing, and what is said afterwards.

Control characters are no text, half a surrogate pair has no bytes, and XML has no place for either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from openrapport.errors import BadInput
from openrapport.session import Session

__all__ = ["counted", "left_out", "need_times", "plain_name", "whole_characters", "writable_texts"]

_HALF = re.compile("[\ud800-\udfff]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_A_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def whole_characters(text: str) -> str:
    """Replace half characters.

    Parameters
    ----------
    text : str
        Any, such as a name with bytes that are no text in the system's encoding.

    Returns
    -------
    text : str
        With U+FFFD for each lone surrogate.
    """
    return _HALF.sub("\ufffd", text)


def writable_texts(texts: Iterable[str], one: str = "utterance") -> tuple[list[str], tuple[str, ...]]:
    """Replace what no text file can hold.

    Parameters
    ----------
    texts : iterable of str
        What was said, or ids.
    one : str
        The word for one of them.

    Returns
    -------
    texts : list of str
        With U+FFFD for each control character and each lone surrogate.
    notes : tuple of str
        How many were changed, in one sentence; empty where none was.
    """
    before = list(texts)
    after = [_UNWRITABLE.sub("\ufffd", text) for text in before]
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    note = f"Text holds no control characters: replaced by “\ufffd” in {counted(changed, one)}."
    return after, (note,) if changed else ()


def plain_name(name: str) -> str:
    """Put a name on one line.

    Parameters
    ----------
    name : str
        Of a person.

    Returns
    -------
    name : str
        Without control characters and lone surrogates, and with single spaces.
    """
    return " ".join(_NOT_IN_A_NAME.sub(" ", name).split())


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write how many there are of something.

    Parameters
    ----------
    count : int
        How many.
    one : str
        The word for one.
    many : str, optional
        The word for several, where it is not ``one`` and an s.

    Returns
    -------
    words : str
        ``"1 code"``, ``"2 codes"``.
    """
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


def need_times(session: Session, form: str) -> None:
    """Refuse a session whose times are not all known, for formats that stand on a time line.

    Parameters
    ----------
    session : Session
        To be written.
    form : str
        The format, as a sentence begins with it.

    Raises
    ------
    BadInput
        If an utterance has no start or no end.
    """
    missing = int((~session.utterances.has_times).sum())
    if missing:
        raise BadInput(
            f"{form} needs a start and an end for every utterance; {missing} of "
            f"{len(session.utterances)} lack one; write .csv or .zip instead"
        )


def left_out(session: Session, form: str, path: Path, *, keeps: Iterable[str] = ()) -> tuple[str, ...]:
    """Say what a format does not carry beside the words.

    Parameters
    ----------
    session : Session
        To be written.
    form : str
        The format, as a sentence begins with it.
    path : pathlib.Path
        The file, whose name is read back as the session's where no other stands in it.
    keeps : iterable of str
        What the format does carry of ``codes``, ``silent`` (people who say nothing), ``length``,
        ``language`` and ``name``.

    Returns
    -------
    notes : tuple of str
        One sentence for each.
    """
    kept = frozenset(keeps)
    silent = len(session.parties) - len(set(session.utterances.party.tolist()))
    counts = (
        ("codes", f"{form} keeps no codes", sum(map(len, session.codes)), ("code",)),
        ("ratings", f"{form} keeps no ratings", len(session.ratings), ("set",)),
        ("signals", f"{form} keeps no signals", len(session.signals), ("signal",)),
        ("silent", f"{form} holds only who speaks", silent, ("person", "people")),
    )
    notes = [
        f"{sentence}: {counted(n, *words)} left out."
        for what, sentence, n, words in counts
        if n and what not in kept
    ]
    known = {
        "length": session.duration_ms is not None,
        "language": session.language is not None,
        "name": session.name != path.stem,
    }
    lost = [what for what, is_known in known.items() if is_known and what not in kept]
    if lost:
        notes.append(f"{form} does not keep the session's {', '.join(lost)}.")
    return tuple(notes)

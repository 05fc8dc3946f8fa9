"""The one door from files to sessions and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from openrapport.errors import BadFile, BadInput, BadTranscript
from openrapport.io.labels import same_label
from openrapport.io.plain import reader_of
from openrapport.io.raw import RawTranscript, check_size, without_halves
from openrapport.io.roles import RoleGuess, guess_roles, spoken, to_session
from openrapport.io.subtitles import read_srt, read_vtt
from openrapport.io.tables import read_tables
from openrapport.io.text import check_lines, read_text, source_of
from openrapport.io.whisper import read_whisper
from openrapport.io.writers import write_srt, write_table, write_vtt
from openrapport.session import Session, Source

__all__ = ["READABLE", "WRITABLE", "read_session", "read_sessions", "speakers", "write_session"]

READABLE = (".vtt", ".srt", ".txt", ".csv", ".tsv", ".json", ".docx", ".eaf", ".TextGrid", ".zip")
"""Endings of the files that can be read."""

WRITABLE = (".vtt", ".srt", ".csv", ".tsv", ".eaf", ".TextGrid", ".zip")
"""Endings of the files that can be written."""

Confirm = Callable[[RoleGuess], bool]

_NAME_THEM = "name them with --therapist NAME --client NAME"


def read_sessions(
    path: str | Path,
    *,
    therapist: str | None = None,
    client: str | None = None,
    columns: Mapping[str, str] | None = None,
    session: str | None = None,
    confirm: Confirm | None = None,
    note: Callable[[str], None] | None = None,
) -> Iterator[Session]:
    """Read the sessions of a file, one after the other.

    Parameters
    ----------
    path : str or Path
        A file with an ending from ``READABLE``.
    therapist, client : str, optional
        Labels of the file; without them they are told from the labels or guessed.
    columns : mapping of str to str, optional
        For tables: which column holds what (:func:`openrapport.io.tables.read_tables`).
    session : str, optional
        Read only the session of this name.
    confirm : callable, optional
        Is given every guess that no label makes plain, and says whether it holds. Without it a
        sure guess holds, and one that is not sure is refused.
    note : callable, optional
        Is given what was left out while reading, one sentence each.

    Yields
    ------
    session : Session
        Only one stands in memory beside the file's text.

    Raises
    ------
    BadInput
        If the file cannot be read (most often as :class:`openrapport.errors.BadFile`), or roles
        cannot be told.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in {known.lower() for known in READABLE}:
        raise BadInput(f"{path.name}: the ending is not known; expected one of {', '.join(READABLE)}")
    if columns is not None and ending not in (".csv", ".tsv"):
        raise BadInput(f"{path.name}: columns are for tables; leave them out")
    if not path.exists():
        raise BadTranscript("there is no such file", source=path.name)
    if not path.is_file():
        raise BadTranscript("this is a folder or a device; expected a file", source=path.name)
    found = False
    if ending == ".zip":
        made: Iterable[Session] = [_from_bundle(path, therapist, client)]
    else:
        make = partial(
            _with_roles, path=path, therapist=therapist, client=client, confirm=confirm, note=note
        )
        made = _from_transcripts(path, _raw_transcripts(path, ending, columns, session), session, make)
    for one in made:
        if session is None or one.name == session:
            found = True
            yield one
    if not found:
        what = "no utterances" if session is None else "no session of the name that was given"
        raise BadInput(f"{path.name}: the file holds {what}; expected at least one session")


def read_session(
    path: str | Path,
    *,
    therapist: str | None = None,
    client: str | None = None,
    columns: Mapping[str, str] | None = None,
    session: str | None = None,
    confirm: Confirm | None = None,
    note: Callable[[str], None] | None = None,
) -> Session:
    """Read the one session of a file.

    Parameters
    ----------
    path : str or Path
        A file with an ending from ``READABLE``.
    therapist, client : str, optional
        Labels of the file; without them they are told from the labels or guessed.
    columns : mapping of str to str, optional
        For tables: which column holds what.
    session : str, optional
        Which of several to read.
    confirm : callable, optional
        Is given every guess that no label makes plain, and says whether it holds.
    note : callable, optional
        Is given what was left out while reading.

    Returns
    -------
    session : Session
        The only one, or the one that was named.

    Raises
    ------
    BadInput
        If the file cannot be read, or holds several sessions and none was named.
    """
    sessions = read_sessions(
        path,
        therapist=therapist,
        client=client,
        columns=columns,
        session=session,
        confirm=confirm,
        note=note,
    )
    first = next(sessions)
    if next(sessions, None) is not None:
        raise BadInput(f"{Path(path).name}: the file holds several sessions; name one with --session")
    return first


def speakers(path: str | Path) -> tuple[str, ...]:
    """Name who speaks in a transcript, for whoever has to say who is who.

    Parameters
    ----------
    path : str or Path
        A file with an ending from ``READABLE``; no bundle, which says itself who is who.

    Returns
    -------
    labels : tuple of str
        As the file writes them, in the order in which they first speak. They are often names.

    Raises
    ------
    BadInput
        If the file cannot be read.
    """
    path = Path(path)
    labels: dict[str, str] = {}
    for raw in _raw_transcripts(path, path.suffix.lower(), None, None):
        for utterance in spoken(raw)[0]:
            label = utterance.speaker or ""
            labels.setdefault(same_label(label), label)
    return tuple(labels.values())


def write_session(session: Session, path: str | Path) -> tuple[str, ...]:
    """Write a session, in the format that the ending names.

    The file appears only when it is whole; one that stood there before is replaced then.

    Parameters
    ----------
    session : Session
        What to write.
    path : str or Path
        With an ending from ``WRITABLE``.

    Returns
    -------
    notes : tuple of str
        What the format cannot carry, one sentence each; empty where all is kept.

    Raises
    ------
    BadInput
        If the ending is not known, the format cannot hold the session, or the disk refuses.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in {known.lower() for known in WRITABLE}:
        raise BadInput(f"{path.name}: the ending is not known; expected one of {', '.join(WRITABLE)}")
    try:
        # In the same folder, because only there a file is moved in one step.
        with TemporaryDirectory(prefix=".openrapport-", dir=path.parent) as folder:
            unfinished = Path(folder, path.name)
            notes = _write(session, unfinished, ending)
            unfinished.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(
            f"{path.name}: cannot be written here ({reason}); choose another place"
        ) from None
    return notes


def _write(session: Session, path: Path, ending: str) -> tuple[str, ...]:
    if ending == ".vtt":
        return write_vtt(session, path)
    if ending == ".srt":
        return write_srt(session, path)
    if ending in (".csv", ".tsv"):
        return write_table(session, path, delimiter="," if ending == ".csv" else "\t")
    from openrapport.io import annotations, bundle  # heavy, and not needed for text

    if ending == ".eaf":
        return annotations.write_eaf(session, path)
    if ending == ".textgrid":
        return annotations.write_textgrid(session, path)
    return bundle.write_bundle(session, path)


def _from_transcripts(
    path: Path, raws: Iterable[RawTranscript], session: str | None, make: Callable[..., Session]
) -> Iterator[Session]:
    source: Source | None = None
    for raw in raws:
        if session is None or raw.name == session:
            # Only now is it known that the file is not too large to be read once more.
            source = source or source_of(path)
            yield make(raw, source=source)


def _raw_transcripts(
    path: Path, ending: str, columns: Mapping[str, str] | None, session: str | None
) -> Iterator[RawTranscript]:
    # Readers are given the file's whole name, because their messages need it.
    if ending in (".csv", ".tsv"):
        text = read_text(path)
        check_lines(text, path.name, max_lines=None)
        read = read_tables(text, path.name, columns=columns, session=session)
    else:
        read = iter((_raw_transcript(path, ending),))
    for raw in read:
        if raw.utterances:
            yield replace(raw, name=path.stem) if raw.name == path.name else raw


def _raw_transcript(path: Path, ending: str) -> RawTranscript:
    if ending in (".eaf", ".textgrid"):
        from openrapport.io import annotations  # heavy, and not needed for text

        return annotations.read_eaf(path) if ending == ".eaf" else annotations.read_textgrid(path)
    if ending == ".docx":
        from openrapport.io import word  # heavy, and not needed for text

        text = word.read_docx_lines(path)
    else:
        text = read_text(path)
    if ending == ".json":
        return read_whisper(text, path.name)  # which may stand on one line
    check_lines(text, path.name)
    read = {".vtt": read_vtt, ".srt": read_srt}.get(ending) or reader_of(text)
    return read(text, path.name)


def _with_roles(
    raw: RawTranscript,
    *,
    path: Path,
    source: Source,
    therapist: str | None,
    client: str | None,
    confirm: Confirm | None,
    note: Callable[[str], None] | None,
) -> Session:
    name = " ".join(raw.name.split())[:60]
    where = path.name if raw.name == path.stem else f"{path.name}, session {name}"
    try:
        check_size(raw)
        raw = without_halves(raw)
        if therapist is None and client is None:
            guess = guess_roles(raw)
            if not guess.named:
                _accept(guess, confirm)
                therapist, client = guess.therapist, guess.client
        made = to_session(raw, therapist=therapist, client=client, source=source)
    except BadFile as error:
        raise error.at(where) from None
    except BadInput as error:
        raise BadTranscript(str(error), source=where) from None
    if note is not None:
        n_remarks = spoken(raw)[1]
        if n_remarks:
            note(f"{where}: remarks of the transcriber without a speaker are left out ({n_remarks}).")
        for sentence in raw.notes:
            note(f"{where}: {sentence}")
    return made


def _accept(guess: RoleGuess, confirm: Confirm | None) -> None:
    if confirm is not None and not confirm(guess):
        raise BadTranscript("the guess of who is who was not confirmed; " + _NAME_THEM)
    if confirm is None and not guess.sure:
        raise BadTranscript("who is therapist and who is client is not sure; " + _NAME_THEM)


def _from_bundle(path: Path, therapist: str | None, client: str | None) -> Session:
    from openrapport.io import bundle  # heavy, and not needed for text

    if therapist is not None or client is not None:
        raise BadInput(f"{path.name}: a bundle says itself who is who; leave the names out")
    return bundle.read_bundle(path)

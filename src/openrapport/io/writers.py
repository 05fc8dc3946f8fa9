"""Sessions written as WebVTT, SRT, CSV and TSV, with what each of them cannot carry."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from openrapport.errors import BadInput
from openrapport.io.headers import write_header, write_id
from openrapport.io.labels import could_be_label, party_labels
from openrapport.io.raw import RawTranscript
from openrapport.io.subtitles import plain_srt_text
from openrapport.io.tables import OWN_COLUMNS, guarded
from openrapport.io.times import clock
from openrapport.session import Party, Session

__all__ = ["write_srt", "write_table", "write_vtt"]

# Control characters are no text, and half a surrogate pair has no bytes: neither can be written.
_UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)], "\ufffd")
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;", "\r": "&#13;"}
_VTT_ESCAPES = str.maketrans(_REFERENCES)


def write_vtt(session: Session, path: Path) -> tuple[str, ...]:
    """Write WebVTT that reads back exactly: ids, parties and roles, and every character.

    Parameters
    ----------
    session : Session
        Every utterance needs a start and an end.
    path : Path
        The file.

    Returns
    -------
    notes : tuple of str
        What was left out, one sentence each.

    Raises
    ------
    BadInput
        If a time is missing.
    """
    _need_times(session, "WebVTT")
    texts, notes = _writable(session)
    labels, renamed = party_labels(session.parties)
    parties = tuple(Party(label, p.role) for label, p in zip(labels, session.parties, strict=True))
    about = RawTranscript(
        session.name, (), language=session.language, duration_ms=session.duration_ms, parties=parties
    )
    blocks = ["WEBVTT", write_header(about)]
    for said, text in zip(session.utterances, texts, strict=True):
        timing = f"{clock(said.start_ms or 0)} --> {clock(said.end_ms or 0)}"
        voice = f"<v {_vtt_text(labels[said.party])}>{_vtt_text(text)}</v>"
        blocks.append(f"{write_id(said.id)}\n{timing}\n{voice}")
    _write(path, "\n\n".join(blocks) + "\n")
    return notes + renamed + _left_out(session, "WebVTT")


def write_srt(session: Session, path: Path) -> tuple[str, ...]:
    """Write SRT with ``Name: words``.

    Parameters
    ----------
    session : Session
        Every utterance needs a start and an end.
    path : Path
        The file.

    Returns
    -------
    notes : tuple of str
        What was left out, one sentence each.

    Raises
    ------
    BadInput
        If a time is missing.
    """
    _need_times(session, "SRT")
    texts, notes = _writable(session)
    labels, renamed = _srt_labels(session.parties)
    plain = [plain_srt_text(text) for text in texts]
    changed = sum(a != b for a, b in zip(plain, texts, strict=True))
    blocks = [
        f"{number}\n{clock(said.start_ms or 0, point=',')} --> {clock(said.end_ms or 0, point=',')}\n"
        f"{labels[said.party]}: {text}".rstrip(" ")
        for number, (said, text) in enumerate(zip(session.utterances, plain, strict=True), start=1)
    ]
    _write(path, "\n\n".join(blocks) + "\n")
    other_ids = sum(u.id != str(i) for i, u in enumerate(session.utterances, start=1))
    notes += renamed
    if changed:
        notes += (f"SRT keeps no line breaks and no tags: {_n(changed, 'utterance')} changed.",)
    if other_ids:
        notes += (f"SRT numbers its subtitles: {_n(other_ids, 'id')} left out.",)
    notes += ("SRT keeps no roles: they are told by the names, or must be named again.",)
    return notes + _left_out(session, "SRT", keeps_length=False)


def write_table(session: Session, path: Path, *, delimiter: str) -> tuple[str, ...]:
    """Write a table with the columns ``session,utterance_id,speaker,role,start_ms,end_ms,text``.

    Parameters
    ----------
    session : Session
        With or without times.
    path : Path
        The file.
    delimiter : str
        A comma or a tab.

    Returns
    -------
    notes : tuple of str
        What was left out, one sentence each.
    """
    texts, notes = _writable(session)
    labels, renamed = party_labels(session.parties)
    roles = [str(party.role) for party in session.parties]
    with path.open("w", encoding="utf-8", newline="") as file:
        # Both characters of the line end make a cell quoted, so that either survives in a text.
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(OWN_COLUMNS)
        for said, text in zip(session.utterances, texts, strict=True):
            row = (
                *(session.name, said.id, labels[said.party], roles[said.party]),
                *(said.start_ms, said.end_ms, text),
            )
            writer.writerow([guarded(_clean(cell)) if isinstance(cell, str) else cell for cell in row])
    silent = len(session.parties) - len(set(session.utterances.party.tolist()))
    if silent:
        notes += (f"A table holds only who speaks: {_n(silent, 'person', 'people')} left out.",)
    return notes + renamed + _left_out(session, "A table", keeps_length=False)


def _left_out(session: Session, form: str, *, keeps_length: bool = True) -> tuple[str, ...]:
    notes = []
    n_codes = sum(len(codes) for codes in session.codes)
    if n_codes:
        notes.append(f"{form} keeps no codes: {_n(n_codes, 'code')} left out.")
    if session.ratings:
        notes.append(f"{form} keeps no ratings: {_n(len(session.ratings), 'set')} left out.")
    if session.signals:
        notes.append(f"{form} keeps no signals: {_n(len(session.signals), 'signal')} left out.")
    if not keeps_length and (session.duration_ms is not None or session.language is not None):
        notes.append(f"{form} keeps neither the meeting's length nor its language.")
    return tuple(notes)


def _need_times(session: Session, form: str) -> None:
    missing = int((~session.utterances.has_times).sum())
    if missing:
        raise BadInput(
            f"{form} needs a start and an end for every utterance; {missing} of "
            f"{len(session.utterances)} lack one; write .csv or .zip instead"
        )


def _writable(session: Session) -> tuple[list[str], tuple[str, ...]]:
    texts = [_clean(text) for text in session.utterances.text]
    changed = sum(a != b for a, b in zip(texts, session.utterances.text, strict=True))
    note = f"Text holds no control characters: replaced by “\ufffd” in {_n(changed, 'utterance')}."
    return texts, (note,) if changed else ()


def _clean(text: str) -> str:
    return text.translate(_UNWRITABLE)


def _vtt_text(text: str) -> str:
    # Blanks at either end would be taken for layout.
    inner = text.strip(" \t")
    start = text.index(inner) if inner else len(text)
    ends = (text[:start], text[start + len(inner) :])
    before, after = ("".join(f"&#{ord(c)};" for c in end) for end in ends)
    return before + inner.translate(_VTT_ESCAPES) + after


def _srt_labels(parties: Sequence[Party]) -> tuple[list[str], tuple[str, ...]]:
    labels, notes = party_labels(parties)
    plain = [
        label
        if could_be_label(label) and ":" not in label and "：" not in label
        else f"{str(party.role).capitalize()} {i}"
        if party.role == "other"
        else str(party.role).capitalize()
        for i, (label, party) in enumerate(zip(labels, parties, strict=True), start=1)
    ]
    changed = sum(a != b for a, b in zip(plain, labels, strict=True))
    if changed:
        notes += (f"{_n(changed, 'name')} could not be told from words in SRT: the role stands there.",)
    return plain, notes


def _n(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

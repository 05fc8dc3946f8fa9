"""Sessions written as WebVTT, SRT, CSV and TSV, with what each of them cannot carry."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from openrapport.io.carried import counted, left_out, need_times, writable_texts
from openrapport.io.headers import write_header, write_id
from openrapport.io.labels import could_be_label, party_labels
from openrapport.io.raw import RawTranscript
from openrapport.io.subtitles import plain_srt_text
from openrapport.io.tables import OWN_COLUMNS, guarded
from openrapport.io.times import clock
from openrapport.session import Party, Session

__all__ = ["write_srt", "write_table", "write_vtt"]

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
    need_times(session, "WebVTT")
    texts, notes = writable_texts(session.utterances.text)
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
    return (
        notes
        + renamed
        + left_out(session, "WebVTT", path, keeps=("silent", "length", "language", "name"))
    )


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
    need_times(session, "SRT")
    texts, notes = writable_texts(session.utterances.text)
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
        notes += (f"SRT keeps no line breaks and no tags: {counted(changed, 'utterance')} changed.",)
    if other_ids:
        notes += (f"SRT numbers its subtitles: {counted(other_ids, 'id')} left out.",)
    notes += ("SRT keeps no roles: they are told by the names, or must be named again.",)
    return notes + left_out(session, "SRT", path)


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
    texts, notes = writable_texts(session.utterances.text)
    ids, changed = writable_texts(session.utterances.ids, "id")
    (name,), _ = writable_texts([session.name])
    labels, renamed = party_labels(session.parties)
    roles = [str(party.role) for party in session.parties]
    with path.open("w", encoding="utf-8", newline="") as file:
        # Both characters of the line end make a cell quoted, so that either survives in a text.
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(OWN_COLUMNS)
        for said, own, text in zip(session.utterances, ids, texts, strict=True):
            before = (guarded(name), guarded(own), guarded(labels[said.party]), roles[said.party])
            writer.writerow((*before, said.start_ms, said.end_ms, guarded(text)))
    return notes + changed + renamed + left_out(session, "A table", path, keeps=("name",))


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
        notes += (
            f"{counted(changed, 'name')} could not be told from words in SRT: the role stands there.",
        )
    return plain, notes


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

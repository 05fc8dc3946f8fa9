"""ELAN and Praat files: speech on tiers, one for each speaker.

Both formats hold speech on a time line, so that every utterance needs a start and an end, and both
know only one annotation at a time on a tier. Where one person's utterances overlap, the later one
goes to a further tier of the same person, and comes back from there.
"""

from __future__ import annotations

from heapq import heappop, heappush
from pathlib import Path

from openrapport.errors import BadAnnotation, BadFile, BadInput
from openrapport.io.carried import left_out, need_times, writable_texts
from openrapport.io.elan import Annotation, EafReader, eaf_document
from openrapport.io.labels import party_labels
from openrapport.io.praat import Interval, read_tiers, textgrid_document
from openrapport.io.raw import RawTranscript, RawUtterance
from openrapport.io.text import check_lines, decode, read_bytes
from openrapport.session import Party, Session

__all__ = ["read_eaf", "read_textgrid", "write_eaf", "write_textgrid"]


def read_eaf(path: Path) -> RawTranscript:
    """Read an ELAN file: every tier with times of its own is a speaker.

    Tiers of one participant are one speaker; without a participant the tier's name is the speaker.
    Tiers that depend on another (translations, codes) are left out, which is noted.

    Parameters
    ----------
    path : pathlib.Path
        An ``.eaf`` file.

    Returns
    -------
    transcript : RawTranscript
        In the order of starts, with ELAN's ids. Who is who, name, language and length stand in
        files that :func:`write_eaf` wrote.

    Raises
    ------
    BadAnnotation
        If it is no ELAN file, has a document type (entities), an annotation has no time, or an id
        stands twice.
    """
    reader = EafReader()
    try:
        reader.read(read_bytes(path))
        rows = [_spoken(reader, annotation) for annotation in reader.annotations]
        about = reader.about(path.stem)
    except BadFile as error:
        raise BadAnnotation(error.message, source=path.name, line=error.line) from None
    notes = []
    if reader.n_dependent:
        notes.append(f"Tiers that depend on another tier are left out ({reader.n_dependent}).")
    parties = about.parties
    if parties and {row.speaker for _, row in rows} - {party.name for party in parties}:
        notes.append("Tiers were renamed or added since the file said who is who: name the roles.")
        parties = ()
    # Utterances that start together keep the order of their time slots, which writing gives them.
    rows.sort(key=lambda row: (row[1].start_ms or 0, row[0]))
    utterances = tuple(row for _, row in rows)
    return RawTranscript(
        about.name, utterances, about.language, about.duration_ms, parties, tuple(notes)
    )


def write_eaf(session: Session, path: Path) -> tuple[str, ...]:
    """Write an ELAN file: a tier for each party, and its codes on tiers that depend on it.

    Words, times, ids, their order, who is who, name, language and length come back from
    :func:`read_eaf`. Codes are there to look at in ELAN, and are not read back.

    Parameters
    ----------
    session : Session
        Every utterance needs a start and an end.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    notes : tuple of str
        What was left out or changed, one sentence each.

    Raises
    ------
    BadInput
        If an utterance has no times.
    """
    need_times(session, "ELAN")
    labels, renamed = party_labels(session.parties)
    texts, replaced = writable_texts(session.utterances.text)
    parties = tuple(Party(label, p.role) for label, p in zip(labels, session.parties, strict=True))
    about = RawTranscript(session.name, (), session.language, session.duration_ms, parties)
    # Names of schemes and coders can hold what XML cannot, too.
    (document,), _ = writable_texts([eaf_document(session, texts, about, _lanes(session))])
    path.write_text(document, encoding="utf-8", newline="\n")
    notes = replaced + renamed
    n_instant = int((session.utterances.end_ms == session.utterances.start_ms).sum())
    if n_instant:
        notes += (f"ELAN may not show utterances without length: there are {n_instant}.",)
    n_codes = sum(map(len, session.codes))
    if n_codes:
        notes += (f"ELAN shows codes on tiers of their own: {n_codes} are not read back from there.",)
    return notes + left_out(
        session, "ELAN", path, keeps=("codes", "silent", "length", "language", "name")
    )


def read_textgrid(path: Path) -> RawTranscript:
    """Read a Praat TextGrid, long or short: every interval tier is a speaker.

    Tiers of one name are one speaker. Intervals without words are silence. Tiers of points are left
    out, which is noted.

    Parameters
    ----------
    path : pathlib.Path
        A ``.TextGrid`` file, most often in UTF-8 or UTF-16.

    Returns
    -------
    transcript : RawTranscript
        In the order of starts, without ids.

    Raises
    ------
    BadAnnotation
        If it is no TextGrid, is saved as binary, is damaged, or holds a time that cannot be.
    """
    try:
        data = read_bytes(path)
        if data.startswith(b"ooBinaryFile"):
            raise BadAnnotation("a binary TextGrid; in Praat choose 'Save as text file'")
        text = decode(data, path.name)
        check_lines(text, path.name)
        tiers, n_points, end_ms = read_tiers(text)
    except BadFile as error:
        raise BadAnnotation(error.message, source=path.name, line=error.line) from None
    rows = [
        RawUtterance(i.text, name.strip() or None, i.start_ms, i.end_ms, line=i.line)
        for name, intervals in tiers
        for i in intervals
        if i.text.strip()
    ]
    rows.sort(key=lambda row: row.start_ms or 0)
    last_ms = max((row.end_ms or 0 for row in rows), default=0)
    return RawTranscript(
        path.stem,
        tuple(rows),
        # A grid that ends with the last words may have been made without the recording.
        duration_ms=end_ms if end_ms > last_ms else None,
        notes=(f"Tiers of points are left out ({n_points}).",) if n_points else (),
    )


def write_textgrid(session: Session, path: Path) -> tuple[str, ...]:
    """Write a Praat TextGrid: an interval tier for each party.

    Parameters
    ----------
    session : Session
        Every utterance needs a start and a later end.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    notes : tuple of str
        What was left out or changed, one sentence each.

    Raises
    ------
    BadInput
        If an utterance has no times or no length.
    """
    need_times(session, "a TextGrid")
    spoken = session.utterances
    n_instant = int((spoken.end_ms == spoken.start_ms).sum())
    if n_instant:
        raise BadInput(
            f"a TextGrid needs utterances with a length; {n_instant} of {len(spoken)} end when they "
            "start; write .eaf or .zip instead"
        )
    labels, renamed = party_labels(session.parties)
    texts, replaced = writable_texts(session.utterances.text)
    tiers: dict[tuple[int, int], list[Interval]] = {(k, 0): [] for k in range(len(labels))}
    for said, text, lane in zip(spoken, texts, _lanes(session), strict=True):
        if text.strip():
            interval = Interval(said.start_ms or 0, said.end_ms or 0, text)
            tiers.setdefault((said.party, lane), []).append(interval)
    end_ms = max(int(spoken.end_ms.max(initial=0)), session.duration_ms or 0, 1)
    named = [(labels[party], tiers[party, lane]) for party, lane in sorted(tiers)]
    path.write_text(textgrid_document(named, end_ms), encoding="utf-8", newline="\n")
    n_empty = sum(not text.strip() for text in texts)
    return replaced + renamed + _not_in_textgrid(session, n_empty, path)


def _not_in_textgrid(session: Session, n_empty: int, path: Path) -> tuple[str, ...]:
    n = len(session.utterances)
    spoken = session.utterances
    # Sorting is by start alone: of two people who start together, the first tier comes first.
    together = (spoken.start_ms[1:] == spoken.start_ms[:-1]) & (spoken.party[1:] < spoken.party[:-1])
    notes = {
        f"A TextGrid holds no empty utterances: {n_empty} left out.": n_empty,
        f"A TextGrid keeps no ids: {n} left out.": n,
        "A TextGrid keeps no roles: they are told by the names, or must be named again.": True,
        f"A TextGrid keeps no order of those who start together: {together.sum()} changed.": (
            together.any()
        ),
    }
    last_ms = int(spoken.end_ms.max(initial=0))
    keeps = ("length",) if (session.duration_ms or 0) > last_ms else ()
    own = tuple(note for note, holds in notes.items() if holds)
    return own + left_out(session, "A TextGrid", path, keeps=keeps)


def _spoken(reader: EafReader, annotation: Annotation) -> tuple[int, RawUtterance]:
    place, start_ms = reader.slot(annotation.start, annotation.line)
    _, end_ms = reader.slot(annotation.end, annotation.line)
    if end_ms < start_ms:
        raise BadAnnotation("the annotation ends before it starts", line=annotation.line)
    speaker = annotation.speaker or None
    return place, RawUtterance(
        annotation.text, speaker, start_ms, end_ms, annotation.id, annotation.line
    )


def _lanes(session: Session) -> list[int]:
    """Give each utterance the first tier of its party that is free when it starts."""
    spoken = session.utterances
    busy: list[list[tuple[int, int]]] = [[] for _ in session.parties]  # (free from, lane), a heap
    free: list[list[int]] = [[] for _ in session.parties]
    made = [0] * len(session.parties)
    lanes = []
    columns = zip(spoken.party.tolist(), spoken.start_ms.tolist(), spoken.end_ms.tolist(), strict=True)
    for party, start_ms, end_ms in columns:
        while busy[party] and busy[party][0][0] <= start_ms:
            heappush(free[party], heappop(busy[party])[1])
        if not free[party]:
            heappush(free[party], made[party])
            made[party] += 1
        lane = heappop(free[party])
        heappush(busy[party], (end_ms, lane))
        lanes.append(lane)
    return lanes

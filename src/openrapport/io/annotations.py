"""ELAN and TextGrid files: one tier for each speaker."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.errors import BadAnnotation, BadInput
from openrapport.io.raw import RawTranscript, RawUtterance
from openrapport.io.text import MAX_FILE_BYTES
from openrapport.session import Party, Role, Session

__all__ = ["read_eaf", "read_textgrid", "write_eaf", "write_textgrid"]

_ROLES = {str(role): role for role in Role}


def read_eaf(path: Path) -> RawTranscript:
    """Read an ELAN file: every tier with times of its own is a speaker.

    Parameters
    ----------
    path : pathlib.Path
        An ``.eaf`` file.

    Returns
    -------
    transcript : RawTranscript
        In the order of starts. The tier's participant is the speaker, else its name; tiers that
        depend on another tier are left out.

    Raises
    ------
    BadAnnotation
        If it is no ELAN file, defines entities, or holds a time that cannot be.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    _check_size(path)
    try:
        root = fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException:
        reason = "defines entities, which no ELAN file needs; export it again from ELAN"
        raise BadAnnotation(reason, source=path.name) from None
    # A damaged declaration can also fail as an unknown encoding.
    except (ParseError, ValueError, LookupError) as error:
        raise BadAnnotation(f"not well-formed XML ({type(error).__name__})", source=path.name) from None
    if root.tag != "ANNOTATION_DOCUMENT":
        raise BadAnnotation("not an ELAN file; expected an ANNOTATION_DOCUMENT", source=path.name)
    slots = {s.get("TIME_SLOT_ID"): s.get("TIME_VALUE") for s in root.iter("TIME_SLOT")}
    found, parties, notes = [], [], []
    for tier in root.iter("TIER"):
        if tier.get("PARENT_REF"):
            notes.append("a tier that depends on another tier was left out")
            continue
        label = tier.get("PARTICIPANT") or tier.get("TIER_ID") or ""
        if tier.get("ANNOTATOR") in _ROLES:
            parties.append(Party(label, _ROLES[str(tier.get("ANNOTATOR"))]))
        for mark in tier.iter("ALIGNABLE_ANNOTATION"):
            start, end = (_slot(slots, mark.get(f"TIME_SLOT_REF{k}"), path) for k in (1, 2))
            text = mark.findtext("ANNOTATION_VALUE") or ""
            found.append(RawUtterance(text, label, start, end, mark.get("ANNOTATION_ID")))
    return _transcript(path, found, parties, notes)


def write_eaf(session: Session, path: Path) -> tuple[str, ...]:
    """Write an ELAN file: a tier for each party, with the role as its annotator.

    Parameters
    ----------
    session : Session
        Every utterance needs a start and an end that is later.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    dropped : tuple of str
        What ELAN files of ours do not carry.

    Raises
    ------
    BadInput
        If an utterance has no times, or one of no length.
    """
    from pympi import Elan

    _need_times(session, "ELAN")
    eaf = Elan.Eaf(author="OpenRapport")
    eaf.remove_tier("default")
    tiers = _tier_names(session)
    for tier, party in zip(tiers, session.parties, strict=True):
        eaf.add_tier(tier, part=party.name, ann=str(party.role))
    spoken = session.utterances
    # In pympi's own structure, because its add_annotation refuses overlap within a tier, which
    # ELAN itself can hold.
    for i, row in enumerate(spoken):
        begin, end = eaf.generate_ts_id(row.start_ms), eaf.generate_ts_id(row.end_ms)
        eaf.tiers[tiers[row.party]][0][f"a{i + 1}"] = (begin, end, _xml_text(row.text), None)
    with contextlib.redirect_stdout(io.StringIO()):
        eaf.to_file(str(path))
    kept = all(key == f"a{i}" for i, key in enumerate(spoken.ids, 1))
    return _dropped(session, ids=not kept)


def read_textgrid(path: Path) -> RawTranscript:
    """Read a Praat TextGrid: every interval tier is a speaker.

    Parameters
    ----------
    path : pathlib.Path
        A ``.TextGrid`` file, long or short, UTF-8 or UTF-16.

    Returns
    -------
    transcript : RawTranscript
        In the order of starts; intervals without text are no utterances.

    Raises
    ------
    BadAnnotation
        If it is no TextGrid.
    """
    from pympi import Praat

    _check_size(path)
    data = path.read_bytes()
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        # pympi answers damage with whatever its parsing ran into, which may quote the content.
        text = data.decode(codec)
        if "ooTextFile" not in text[:200]:
            raise BadAnnotation("not a TextGrid; expected a Praat text file", source=path.name)
        grid = Praat.TextGrid(str(path), codec=codec)
        tiers = [
            (t.name, [i for i in t.get_intervals() if i[2]])
            for t in grid.get_tiers()
            if t.tier_type == "IntervalTier"
        ]
    except BadAnnotation:
        raise
    except Exception as error:
        raise BadAnnotation(f"a damaged TextGrid ({type(error).__name__})", source=path.name) from None
    found = []
    for name, intervals in tiers:
        for begin, end, words in intervals:
            if not (np.isfinite(begin) and np.isfinite(end) and 0 <= begin <= end):
                raise BadAnnotation(
                    "an interval ends before it starts, or starts below 0", source=path.name
                )
            found.append(RawUtterance(words, name, round(1000 * begin), round(1000 * end)))
    return _transcript(path, found, [], [])


def write_textgrid(session: Session, path: Path) -> tuple[str, ...]:
    """Write a Praat TextGrid: an interval tier for each party.

    Parameters
    ----------
    session : Session
        Every utterance needs times; no party may overlap with itself.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    dropped : tuple of str
        What a TextGrid does not carry.

    Raises
    ------
    BadInput
        If an utterance has no times or no length, or one party overlaps with itself.
    """
    from pympi import Praat

    _need_times(session, "a TextGrid")
    spoken = session.utterances
    for k in range(len(session.parties)):
        own = spoken.party == k
        if (spoken.end_ms[own][:-1] > spoken.start_ms[own][1:]).any():
            raise BadInput("a TextGrid cannot hold a party that overlaps with itself; use .eaf or .zip")
    end_ms = max(int(spoken.end_ms.max()), session.duration_ms or 0) if len(spoken) else 1
    grid = Praat.TextGrid(xmin=0, xmax=end_ms / 1000)
    tiers = [grid.add_tier(name) for name in _tier_names(session)]
    empty = 0
    for row in spoken:
        empty += not row.text.strip()
        if row.text.strip():
            text = " ".join(row.text.split())
            tiers[row.party].add_interval((row.start_ms or 0) / 1000, (row.end_ms or 0) / 1000, text)
    grid.to_file(str(path), codec="utf-8")
    notes = (f"a TextGrid keeps no empty utterances: {empty} left out",) if empty else ()
    return (*_dropped(session, ids=True), "a TextGrid keeps no line breaks and no roles", *notes)


def _check_size(path: Path) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadAnnotation(
            f"larger than {MAX_FILE_BYTES // 2**20} MiB; expected less", source=path.name
        )


def _slot(slots: dict[str | None, str | None], ref: str | None, path: Path) -> int | None:
    value = slots.get(ref)
    if value is None:
        return None
    if not value.strip().isdecimal() or len(value) > 12:
        raise BadAnnotation("a time slot is not a whole number of milliseconds", source=path.name)
    return int(value)


def _transcript(
    path: Path, found: list[RawUtterance], parties: list[Party], notes: list[str]
) -> RawTranscript:
    for row in found:
        if row.start_ms is not None and row.end_ms is not None and row.end_ms < row.start_ms:
            raise BadAnnotation("an annotation ends before it starts", source=path.name)
    # Annotations without a start cannot be placed among those of another tier.
    placed = [row for row in found if row.start_ms is not None]
    if len(placed) < len(found):
        notes = [*notes, f"{len(found) - len(placed)} annotations without a start were left out"]
    placed.sort(key=lambda row: (row.start_ms, row.end_ms or 0))
    return RawTranscript(
        path.stem, tuple(placed), parties=tuple(parties), notes=tuple(dict.fromkeys(notes))
    )


def _need_times(session: Session, what: str) -> None:
    spoken = session.utterances
    bad = int((~spoken.has_times | (spoken.end_ms <= spoken.start_ms)).sum())
    if bad:
        raise BadInput(
            f"{what} needs a start and a later end for every utterance; {bad} of {len(spoken)} have none: "
            "write .csv or .zip"
        )


def _tier_names(session: Session) -> list[str]:
    names: list[str] = []
    for party in session.parties:
        name = _xml_text(party.name)
        names.append(name if name not in names else f"{name} #{len(names) + 1}")
    return names


def _xml_text(text: str) -> str:
    """Replace what XML cannot carry, control characters and lone surrogates, by U+FFFD."""
    return "".join(
        c
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        else "\ufffd"
        for c in text
    )


def _dropped(session: Session, *, ids: bool) -> tuple[str, ...]:
    lost: dict[str, Any] = {
        "codes": sum(map(len, session.codes)),
        "ratings": len(session.ratings),
        "signals": len(session.signals),
        "ids": len(session.utterances) if ids else 0,
    }
    return tuple(f"this format keeps no {what}: {n} left out" for what, n in lost.items() if n)

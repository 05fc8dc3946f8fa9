"""What people say of the machine's marks: it fits, it does not, or a note.

Whoever codes by hand adds codes of their own at such places, too.

A mark names its place so that it is found again in a corrected transcript: the kind of a moment or
the code, and the utterance, counted from 1 (``moment:repair:u17``, ``code:strategy:advice:u17``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from openrapport.codes import Codes
from openrapport.coding.schemes import SCHEMES, THERAPIST_SCHEMES
from openrapport.finding import Report
from openrapport.reporting import wording
from openrapport.reporting.html import moment_place
from openrapport.session import DYAD, Role, Session
from openrapport_web.audit.chain import record
from openrapport_web.recordings import bundles
from openrapport_web.recordings.models import (
    Mark,
    SessionRecord,
    StoredReport,
    TranscriptVersion,
    Verdict,
)
from openrapport_web.recordings.refusals import Refused

__all__ = [
    "as_codes",
    "carry_over",
    "code_name",
    "code_places",
    "hand_places",
    "is_place",
    "places",
    "set_mark",
]

MAX_NOTE = 4_000


def code_places(session: Session) -> dict[int, list[tuple[str, float]]]:
    """Codes of each utterance: their place and how sure the machine is."""
    found: dict[int, list[tuple[str, float]]] = {}
    for codes in session.codes:
        rows = zip(
            codes.utterance.tolist(), codes.label.tolist(), codes.probability.tolist(), strict=True
        )
        for utterance, label, probability in rows:
            name = codes.labels[label]
            place = f"code:{codes.scheme}:{name}:u{utterance + 1}"
            found.setdefault(utterance, []).append((place, probability))
    return found


def hand_places(session: Session, index: int) -> list[str]:
    """Codes that a person may give an utterance, whether the machine proposed them or not.

    Parameters
    ----------
    session : Session
        With its utterances.
    index : int
        Which utterance, from 0.

    Returns
    -------
    places : list of str
        None where neither the therapist nor the client spoke.
    """
    role = session.role_of(int(session.utterances.party[index]))
    if role not in DYAD:
        return []
    of_therapist = role is Role.THERAPIST
    return [
        f"code:{scheme}:{label}:u{index + 1}"
        for scheme, labels in SCHEMES.items()
        if (scheme in THERAPIST_SCHEMES) == of_therapist
        for label in labels
    ]


def is_place(target: str, report: Report, session: Session) -> bool:
    """Whether this may be marked: a moment, a code of the machine, or one that a person gives."""
    if target in places(report, session):
        return True
    number = target.rpartition(":u")[2]
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:9]) <= len(session.utterances)):
        return False
    return target in hand_places(session, int(number[:9]) - 1)


def code_name(place: str) -> str:
    """What a code is called, from its place."""
    _, scheme, label, _ = place.split(":")
    return wording.code_name(scheme, label)


def places(report: Report, session: Session) -> frozenset[str]:
    """Every place that may be marked."""
    of_codes = {place for rows in code_places(session).values() for place, _ in rows}
    return frozenset(of_codes | {moment_place(moment, session) for moment in report.moments})


@transaction.atomic
def set_mark(
    *,
    actor: Any,
    session: SessionRecord,
    version: TranscriptVersion,
    target: str,
    verdict: str,
    note: str,
    revision: int,
) -> Mark | None:
    """Say what one thinks of a mark of the machine; say nothing again to take it back.

    Parameters
    ----------
    actor : User
        Whose opinion it is; everybody has one of their own.
    session, version : SessionRecord, TranscriptVersion
        What it is about.
    target : str
        A place (:func:`is_place`).
    verdict : str
        One of ``Verdict``, or nothing.
    note : str
        What they want to remember; kept sealed.
    revision : int
        Of the mark that they saw, 0 for none.

    Raises
    ------
    Refused
        If there is no such place, or the same person changed the mark elsewhere in the meantime.
    """
    stored = StoredReport.objects.filter(version=version).first()
    if stored is None or not is_place(target, bundles.load_report(stored), bundles.load(stored)):
        raise Refused("This mark is not there any more. Load the page again.", 404)
    held = Mark.objects.select_for_update().filter(version=version, target=target, by=actor).first()
    if (held.revision if held else 0) != revision:
        raise Refused(
            "You changed this mark in another window in the meantime. Load the page again to see it.",
            409,
        )
    note = note.strip()[:MAX_NOTE]
    if not verdict and not note:
        if held:
            record(actor, "mark.removed", held, client=session.client_id)
            held.delete()
        return None
    mark = held or Mark(
        session=session, client_id=session.client_id, version=version, target=target, by=actor
    )
    mark.verdict = Verdict(verdict or Verdict.NOTED)
    mark.note, mark.revision = note, revision + 1
    mark.save()
    record(actor, "mark.set", mark, client=session.client_id, verdict=str(mark.verdict))
    return mark


def carry_over(session: SessionRecord, version: TranscriptVersion, stored: StoredReport) -> int:
    """Take marks along to a corrected transcript, as far as what they speak of is still there."""
    before = (
        TranscriptVersion.objects.filter(session=session, number__lt=version.number, deleted_at=None)
        .order_by("-number")
        .first()
    )
    old = list(Mark.objects.filter(version=before)) if before else []
    if not old or before is None or Mark.objects.filter(version=version).exists():
        return 0
    now = bundles.load(stored)
    was = bundles.load(before)
    report = bundles.load_report(stored)
    kept = [m for m in old if is_place(m.target, report, now) and _same_words(m.target, was, now)]
    for mark in kept:
        copy = Mark(
            session=session,
            client_id=mark.client_id,
            version=version,
            target=mark.target,
            by_id=mark.by_id,
            verdict=mark.verdict,
        )
        copy.note = mark.note
        copy.save(force_insert=True)
    return len(kept)


def _same_words(target: str, was: Session, now: Session) -> bool:
    i = int(target.rpartition(":u")[2]) - 1
    if target.startswith("moment:"):
        return True  # its kind was found again at the same place
    return i < len(was.utterances) and was.utterances.text[i] == now.utterances.text[i]


def as_codes(session: Session, marks: Iterable[Mark], coder: str) -> tuple[Codes, ...]:
    """Give one person's marks as codes of theirs, for the core and for export.

    Parameters
    ----------
    session : Session
        The one that the marks speak of, with the machine's codes.
    marks : iterable of Mark
        Of one person.
    coder : str
        How to call them; ``"person:<key>"``.

    Returns
    -------
    codes : tuple of Codes
        Of each scheme, and of ``moments``, what they confirmed. What they dismissed stands apart,
        in a scheme of its own (``"strategy dismissed"``), because a code that is not on has no row.
    """
    rows: dict[str, list[tuple[int, str]]] = {}
    for mark in marks:
        what, _, place = mark.target.rpartition(":u")
        kind, _, rest = what.partition(":")
        scheme, _, label = rest.partition(":") if kind == "code" else ("moments", "", rest)
        if mark.verdict == Verdict.NOTED:
            continue
        name = scheme if mark.verdict == Verdict.CONFIRMED else f"{scheme} dismissed"
        rows.setdefault(name, []).append((int(place) - 1, label))
    known = {codes.scheme: codes.labels for codes in session.codes}
    return tuple(_codes(name, coder, sorted(rows[name]), known) for name in sorted(rows))


def _codes(
    name: str, coder: str, rows: list[tuple[int, str]], known: dict[str, tuple[str, ...]]
) -> Codes:
    scheme = name.removesuffix(" dismissed")
    # Whoever codes by hand may give what the machine did not look for.
    labels = tuple(dict.fromkeys([*known.get(scheme, ()), *sorted({label for _, label in rows})]))
    return Codes(
        scheme=name,
        coder=coder,
        labels=labels,
        utterance=np.array([utterance for utterance, _ in rows], dtype=np.int64),
        label=np.array([labels.index(label) for _, label in rows], dtype=np.int64),
        probability=np.ones(len(rows)),
    )


def coder_name(person: UUID) -> str:
    """How a person is called as a coder: by a key, not by a name."""
    return f"person:{person}"

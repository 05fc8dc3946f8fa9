"""Corrections: each makes a new version of the transcript, and the old one stays readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max

from openrapport.session import DYAD, Party, Session
from openrapport_web.access import consented
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Purpose
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.recordings import bundles
from openrapport_web.recordings.actions import cancel
from openrapport_web.recordings.analysis import ACTIVE, ask
from openrapport_web.recordings.models import Analysis, Kind, SessionRecord, TranscriptVersion
from openrapport_web.recordings.refusals import Refused
from openrapport_web.recordings.uploads import lock_client, require_consent

__all__ = ["correct", "newest", "swap_speakers"]


def newest(session: SessionRecord) -> TranscriptVersion | None:
    """The version of a transcript that is read now."""
    return TranscriptVersion.objects.filter(session=session, deleted_at=None).first()


def correct(
    *, actor: Any, session: SessionRecord, based_on: int, index: int, text: str, party: int
) -> TranscriptVersion:
    """Say what was really said, or who said it.

    Parameters
    ----------
    actor : User
        The therapist or the client of this session.
    session : SessionRecord
        Whose transcript it is.
    based_on : int
        Number of the version that they looked at.
    index : int
        Which utterance, from 0.
    text : str
        What it should say.
    party : int
        Who should have said it.

    Returns
    -------
    version : TranscriptVersion
        The new one; the newest where there is nothing to change.

    Raises
    ------
    ChangedMeanwhile
        If somebody else corrected the same utterance after that version.
    Refused
        If there is no such utterance, or nothing may be changed now.
    """
    last, spoken = _newest_session(session)
    if not (0 <= index < len(spoken.utterances) and 0 <= party < len(spoken.parties)):
        raise Refused("There is no such place in this transcript any more.", 404)
    now = (spoken.utterances.text[index], int(spoken.utterances.party[index]))
    if last.number != based_on and now != _was(session, based_on, index):
        raise ChangedMeanwhile(last)
    if now == (text, party):
        return last
    texts, parties = list(spoken.utterances.text), spoken.utterances.party.copy()
    texts[index], parties[index] = text, party
    corrected = _with(spoken, texts, parties)
    what = "word corrected" if now[0] != text else "speaker corrected"
    return _add(actor, session, last, corrected, what)


def swap_speakers(*, actor: Any, session: SessionRecord, based_on: int) -> TranscriptVersion:
    """Say that therapist and client are the other way round.

    Raises
    ------
    ChangedMeanwhile
        If there is a newer version: perhaps somebody else swapped them already.
    """
    last, spoken = _newest_session(session)
    if last.number != based_on:
        raise ChangedMeanwhile(last)
    swapped = tuple(Party(p.name, p.role.partner if p.role in DYAD else p.role) for p in spoken.parties)
    return _add(actor, session, last, replace(spoken, parties=swapped), "speakers swapped")


def _newest_session(session: SessionRecord) -> tuple[TranscriptVersion, Session]:
    last = newest(session)
    if last is None:
        raise Refused("This transcript is deleted.", 410)
    return last, bundles.load(last)


def _was(session: SessionRecord, number: int, index: int) -> tuple[str, int] | None:
    seen = TranscriptVersion.objects.filter(session=session, number=number, deleted_at=None).first()
    if seen is None:
        return None
    spoken = bundles.load(seen).utterances
    return (spoken.text[index], int(spoken.party[index])) if index < len(spoken) else None


def _with(session: Session, texts: Sequence[str], parties: Any) -> Session:
    spoken = replace(session.utterances, text=tuple(texts), party=np.asarray(parties))
    return replace(session, utterances=spoken)


def _add(
    actor: Any, session: SessionRecord, last: TranscriptVersion, corrected: Session, what: str
) -> TranscriptVersion:
    version = TranscriptVersion(
        session=session,
        client_id=session.client_id,
        by=actor,
        what=what,
        n_utterances=len(corrected.utterances),
    )
    bundles.store(version, corrected)
    try:
        _save(actor, session, last, version)
    except BaseException:
        if not TranscriptVersion.objects.filter(pk=version.key).exists():
            version.path.unlink(missing_ok=True)
        raise
    return version


@transaction.atomic
def _save(
    actor: Any, session: SessionRecord, last: TranscriptVersion, version: TranscriptVersion
) -> None:
    lock_client(session.client_id)
    require_consent(session.client_id, Kind.TRANSCRIPT)
    now = newest(session)
    if now is None or now.pk != last.pk:
        raise ChangedMeanwhile(now or last)
    for analysis in Analysis.objects.filter(session=session, state__in=ACTIVE):
        if analysis.version_id is None:
            raise Refused("A new file is being read just now. Try again in a moment.", 409)
        cancel(actor=actor, analysis=analysis)  # what it would find is out of date
    numbers = TranscriptVersion.objects.filter(session=session).aggregate(last=Max("number"))
    version.number = numbers["last"] + 1
    version.save(force_insert=True)
    record(
        actor,
        "transcript.corrected",
        version,
        client=session.client_id,
        version=version.number,
        what=version.what,
    )
    if consented(session.client_id, Purpose.ANALYSE):
        ask(actor=actor, session=session, version=version)

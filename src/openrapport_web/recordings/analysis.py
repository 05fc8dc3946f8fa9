r"""Reading and measuring one transcript, once, whatever happens to the process that does it.

::

    queued --claim--> running --write--> done
      ^  ^               |  \--> asking (who is the therapist?) --answer--> queued
      |  +--lease ran out+  \--> failed --retry--> queued
      +---------------------- cancelled --retry--> queued

A worker claims an analysis by taking its lease, and keeps it alive. Every word that it writes, the
results above all, is written only where the lease is still its own. A worker that was thought dead
and is not therefore writes nothing.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

import openrapport
from openrapport import pipeline
from openrapport.errors import BadInput, OpenRapportError
from openrapport.finding import Report
from openrapport.io.files import read_sessions, speakers
from openrapport.io.roles import RoleGuess
from openrapport.session import Session, Source
from openrapport_web import crypto
from openrapport_web.access import consented
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Purpose
from openrapport_web.crypto import BadKeys, ContentLost, KeyDeleted
from openrapport_web.recordings import bundles, pages
from openrapport_web.recordings.content import ending_of
from openrapport_web.recordings.lease import Lease, Lost, claim, kept_alive
from openrapport_web.recordings.models import (
    Analysis,
    AnalysisState,
    SessionRecord,
    StoredFile,
    StoredReport,
    TranscriptVersion,
)
from openrapport_web.recordings.refusals import Refused, disk_is_full
from openrapport_web.recordings.uploads import lock_client
from openrapport_web.recordings.workroom import workroom
from openrapport_web.sealed_files import opened

__all__ = ["ACTIVE", "MAX_ATTEMPTS", "ask", "claim", "may_ask", "work"]

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
ACTIVE = (AnalysisState.QUEUED, AnalysisState.RUNNING, AnalysisState.ASKING)
_NO_CONSENT = "The client has not agreed to an analysis, so none can be made."
_NO_TRANSCRIPT = (
    "The client has not agreed to writing down what was said, so no transcript can be read."
)


class _Question(Exception):
    """Who is the therapist? Nobody but a person can tell."""

    def __init__(self, labels: tuple[str, ...], guess: RoleGuess | None) -> None:
        super().__init__()
        self.text = json.dumps(
            {
                "speakers": list(labels),
                "therapist": guess.therapist if guess else "",
                "client": guess.client if guess else "",
                "evidence": list(guess.evidence) if guess else [],
            }
        )


def require_consents(client: UUID) -> None:
    """Refuse where the client has not agreed to what an analysis needs.

    Raises
    ------
    Refused
        Naming what is missing.
    """
    if not consented(client, Purpose.ANALYSE):
        raise Refused(_NO_CONSENT, 403)
    if not consented(client, Purpose.TRANSCRIBE):
        raise Refused(_NO_TRANSCRIPT, 403)


def may_ask(session: SessionRecord) -> bool:
    """Whether an analysis may begin: agreed to, and none under way."""
    return (
        consented(session.client_id, Purpose.ANALYSE)
        and not Analysis.objects.filter(session=session, state__in=ACTIVE).exists()
    )


@transaction.atomic
def ask(
    *,
    actor: Any,
    session: SessionRecord,
    file: StoredFile | None = None,
    version: TranscriptVersion | None = None,
) -> Analysis:
    """Put an analysis in the queue: of a file that was brought in, or of a transcript.

    Raises
    ------
    Refused
        If the client has not agreed, or one is under way for this session.
    """
    lock_client(session.client_id)
    require_consents(session.client_id)
    if Analysis.objects.filter(session=session, state__in=ACTIVE).exists():
        raise Refused("An analysis of this session is under way. Wait for it, or cancel it first.", 409)
    analysis = Analysis.objects.create(
        session=session, client_id=session.client_id, file=file, version=version, asked_by=actor
    )
    record(actor, "analysis.asked", analysis, client=session.client_id)
    enqueue(analysis.key)
    return analysis


def enqueue(key: UUID) -> None:
    """Tell the workers. In the transaction of the change: both or neither."""
    from openrapport_web.recordings.tasks import read_and_measure

    read_and_measure.enqueue(str(key))


# -- the work --------------------------------------------------------------------------------------


def work(key: UUID) -> None:
    """Do an analysis that waits. Never raises for what lies in the transcript.

    Raises
    ------
    BadKeys
        If this process has no master key. The analysis stays in the queue.
    """
    _require_key(key)
    lease = claim(key)
    if lease is None:
        return
    try:
        with kept_alive(lease):
            _work(lease)
    except Lost:
        log.info("analysis %s was cancelled or given to another worker", key)
    except Exception as error:
        _end_badly(lease, error)
    except BaseException:  # the worker is asked to stop: somebody else goes on
        _quietly(lease, AnalysisState.QUEUED)
        raise


def _require_key(key: UUID) -> None:
    try:
        crypto.keyring()
    except BadKeys:
        Analysis.objects.filter(pk=key, state=AnalysisState.QUEUED).update(
            stage="waiting for a worker that has the practice's key"
        )
        log.error("this worker has no master key; analysis %s stays in the queue", key)
        raise


def _end_badly(lease: Lease, error: Exception) -> None:
    if isinstance(error, _Question):
        _quietly(lease, AnalysisState.ASKING, sealed_question=_sealed_question(lease, error.text))
        return
    if not isinstance(error, OpenRapportError | Refused):
        # Where and of what type; what it says may be somebody's words (logs.py keeps to that, too).
        log.error("analysis %s failed", lease.analysis, exc_info=error)
    _quietly(lease, AnalysisState.FAILED, problem=words_for(error), finished_at=timezone.now())


def words_for(error: Exception) -> str:
    """Say why an analysis failed, without a word of what was in it."""
    if isinstance(error, Refused):
        return error.words
    if isinstance(error, OpenRapportError):
        return str(error)
    if isinstance(error, KeyDeleted):
        return "The key to this client's records is deleted, so they cannot be read any more."
    if isinstance(error, ContentLost | FileNotFoundError):
        return "The file is damaged or missing on our disk. Please bring it in again."
    if disk_is_full(error):
        return "The practice's disk is full. Make room, then try again."
    return (
        f"A fault of ours ({type(error).__name__}). Try again; if it stays, tell whoever looks "
        "after the machine."
    )


def _quietly(lease: Lease, state: AnalysisState, **values: Any) -> None:
    try:
        with transaction.atomic():
            lease.give_back(state, **values)
            analysis = Analysis.objects.get(pk=lease.analysis)
            record(None, f"analysis.{state}", analysis, client=analysis.client_id)
            if state == AnalysisState.QUEUED:
                enqueue(lease.analysis)
    except Lost:
        pass


def _sealed_question(lease: Lease, text: str) -> bytes:
    analysis = Analysis.objects.get(pk=lease.analysis)
    analysis.question = text
    return bytes(analysis.sealed_question)


def _work(lease: Lease) -> None:
    analysis = Analysis.objects.select_related("file", "version", "session").get(pk=lease.analysis)
    require_consents(analysis.client_id)
    if analysis.file is not None and analysis.version is None:
        session = _read(analysis, analysis.file)
    elif analysis.version is not None and analysis.version.deleted_at is None:
        session = bundles.load(analysis.version)
    else:
        raise Refused("What was to be analysed is deleted.", 410)
    lease.tell("coding", 15)
    prepared = pipeline.prepare(session)
    names = [step.name for step in pipeline.STEPS]

    def before(step: str) -> None:
        lease.tell("measuring", 20 + 70 * names.index(step) // len(names))

    report = pipeline.measure(prepared, before=before)
    lease.tell("writing", 92)
    _write(lease, analysis, session, prepared, report)


def _read(analysis: Analysis, file: StoredFile) -> Session:
    if file.deleted_at is not None:
        raise Refused("What was to be analysed is deleted.", 410)
    key = crypto.keyring().key(file.client_id)
    answer = json.loads(analysis.answer) if analysis.answer else {}
    with workroom() as room:
        # A name of ours: messages of the readers name the file, and its own may be somebody's.
        path = room / f"transcript{ending_of(file.name)}"
        with path.open("wb") as out:
            for chunk in opened(file.path, key, context=file.context):
                out.write(chunk)
        session = _one_session(path, answer)
    # As `openrapport analyze` would have called it.
    own = Path(file.name)
    sources = tuple(replace(s, name=own.name) if s.name == path.name else s for s in session.sources)
    return replace(
        session,
        name=own.stem if session.name == path.stem else session.name,
        sources=sources or (Source(own.name, ""),),
    )


def _one_session(path: Path, answer: dict[str, str]) -> Session:
    unsure: list[RoleGuess] = []

    def confirm(guess: RoleGuess) -> bool:
        if not guess.sure:
            unsure.append(guess)
        return guess.sure

    try:
        found = read_sessions(
            path,
            confirm=confirm,
            therapist=answer.get("therapist"),
            client=answer.get("client"),
        )
        session = next(found)
        several = next(found, None) is not None
    except BadInput:
        if unsure:
            raise _Question((unsure[0].therapist, unsure[0].client), unsure[0]) from None
        if not answer and path.suffix != ".zip" and len(labels := speakers(path)) > 2:
            raise _Question(labels, None) from None
        raise
    if several:
        raise Refused("This file holds several sessions. Bring in a file with this meeting alone.")
    return session


# -- the results -----------------------------------------------------------------------------------


def _write(
    lease: Lease, analysis: Analysis, session: Session, prepared: Session, report: Report
) -> None:
    """Files first, under new keys; then one transaction that speaks of them, or none."""
    version = analysis.version or TranscriptVersion(
        session=analysis.session,
        client_id=analysis.client_id,
        by=analysis.asked_by,
        what="as read",
        n_utterances=len(session.utterances),
    )
    stored = StoredReport(
        session=analysis.session,
        client_id=analysis.client_id,
        engine=openrapport.__version__,
        n_moments=len(report.moments),
    )
    stored.json = bundles.report_text(report)
    try:
        bundles.store(stored, prepared)
        pages.store(stored, report, prepared)
        if not analysis.version:
            bundles.store(version, session)
        _commit(lease, analysis, version, stored)
    except BaseException:
        if not StoredReport.objects.filter(pk=stored.key).exists():
            stored.unlink()
            if not analysis.version:
                version.path.unlink(missing_ok=True)
        raise


@transaction.atomic
def _commit(lease: Lease, analysis: Analysis, version: TranscriptVersion, stored: StoredReport) -> None:
    from openrapport_web.recordings.marks import carry_over

    lock_client(analysis.client_id)
    lease.give_back(AnalysisState.DONE, percent=100, finished_at=timezone.now())
    require_consents(analysis.client_id)
    if analysis.version is None:
        last = analysis.session.versions.aggregate(last=Max("number"))["last"]
        version.number = (last or 0) + 1
        version.save(force_insert=True)
        Analysis.objects.filter(pk=analysis.key).update(version=version)
    elif not TranscriptVersion.objects.filter(pk=version.key, deleted_at=None).exists():
        raise Refused("What was to be analysed is deleted.", 410)
    for old in StoredReport.objects.filter(version=version):
        transaction.on_commit(_unlinker(old))
        old.delete()
    stored.version = version
    stored.save(force_insert=True)
    carry_over(analysis.session, version, stored)
    record(
        analysis.asked_by,
        "report.made",
        stored,
        client=analysis.client_id,
        version=version.number,
        engine=stored.engine,
    )


def _unlinker(old: StoredReport) -> Any:
    key, client = old.pk, old.client_id
    return lambda: StoredReport(key=key, client_id=client).unlink()

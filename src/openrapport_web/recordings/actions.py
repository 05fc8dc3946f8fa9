"""Changes to sessions: analyses stopped and begun again, files deleted, sessions shared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openrapport_web.access import consented
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, Purpose
from openrapport_web.people.models import SupervisionLink, User
from openrapport_web.recordings.analysis import ACTIVE, enqueue, require_consents
from openrapport_web.recordings.models import (
    Analysis,
    AnalysisState,
    Audience,
    Kind,
    Mark,
    SessionRecord,
    Share,
    StoredFile,
    StoredReport,
    TranscriptVersion,
    Upload,
)
from openrapport_web.recordings.refusals import Refused
from openrapport_web.recordings.uploads import drop, lock_client

__all__ = [
    "answer",
    "cancel",
    "delete_file",
    "delete_version",
    "delete_what_rested_on",
    "end_share",
    "retry",
    "share",
]


# -- analyses --------------------------------------------------------------------------------------


@transaction.atomic
def cancel(*, actor: Any, analysis: Analysis) -> bool:
    """Stop an analysis; one that is over already stays as it is. Tells whether it was stopped."""
    stopped = Analysis.objects.filter(pk=analysis.key, state__in=ACTIVE).update(
        state=AnalysisState.CANCELLED,
        lease=None,
        leased_until=None,
        stage="",
        finished_at=timezone.now(),
    )
    if stopped:
        record(actor, "analysis.cancelled", analysis, client=analysis.client_id)
    return bool(stopped)


@transaction.atomic
def retry(*, actor: Any, analysis: Analysis) -> None:
    """Put an analysis that failed or was cancelled into the queue again.

    Raises
    ------
    Refused
        If the client has not agreed, what it is about is deleted, or another one is under way.
    """
    lock_client(analysis.client_id)
    require_consents(analysis.client_id)
    gone = (analysis.file and analysis.file.deleted_at) or (
        analysis.version and analysis.version.deleted_at
    )
    if gone or (analysis.file is None and analysis.version is None):
        raise Refused(_("What was to be analysed is deleted."), 410)
    if Analysis.objects.filter(session=analysis.session_id, state__in=ACTIVE).exists():
        raise Refused(
            _("An analysis of this session is under way. Wait for it, or cancel it first."), 409
        )
    _queue_again(analysis, (AnalysisState.FAILED, AnalysisState.CANCELLED))
    record(actor, "analysis.retried", analysis, client=analysis.client_id)


@transaction.atomic
def answer(*, actor: Any, analysis: Analysis, therapist: str, client: str) -> None:
    """Say who is the therapist and who is the client, and let the analysis go on.

    Raises
    ------
    Refused
        If the two are not two of the speakers, or nobody asks any more.
    """
    speakers = json.loads(analysis.question)["speakers"] if analysis.question else []
    if therapist not in speakers or client not in speakers or therapist == client:
        raise Refused(_("Choose two different people who speak in this transcript."))
    analysis.answer = json.dumps({"therapist": therapist, "client": client})
    _queue_again(analysis, (AnalysisState.ASKING,), sealed_answer=analysis.sealed_answer)
    record(actor, "analysis.answered", analysis, client=analysis.client_id)


def _queue_again(analysis: Analysis, states: Iterable[str], **values: Any) -> None:
    queued = Analysis.objects.filter(pk=analysis.key, state__in=list(states)).update(
        state=AnalysisState.QUEUED,
        stage="",
        percent=0,
        attempts=0,
        problem="",
        finished_at=None,
        **values,
    )
    if not queued:
        raise Refused(_("Somebody else was faster. Load the page again to see where it is."), 409)
    enqueue(analysis.key)


# -- deleting --------------------------------------------------------------------------------------


def _unlink(path: Path) -> None:
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


@transaction.atomic
def delete_file(*, actor: Any, file: StoredFile, why: str) -> None:
    """Delete a recording or a transcript as it was brought in. What was made of it stays."""
    gone = StoredFile.objects.filter(pk=file.key, deleted_at=None).update(deleted_at=timezone.now())
    if not gone:
        return
    for analysis in Analysis.objects.filter(file=file, version=None, state__in=ACTIVE):
        cancel(actor=actor, analysis=analysis)
    _unlink(file.path)
    record(actor, "file.deleted", file, client=file.client_id, kind=file.kind, why=why)


@transaction.atomic
def delete_version(*, actor: Any, version: TranscriptVersion, why: str) -> None:
    """Delete a version of a transcript, with the report and the marks that rest on it."""
    gone = TranscriptVersion.objects.filter(pk=version.key, deleted_at=None).update(
        deleted_at=timezone.now(), sealed_why=b""
    )
    if not gone:
        return
    for analysis in Analysis.objects.filter(version=version, state__in=ACTIVE):
        cancel(actor=actor, analysis=analysis)
    _delete_reports(StoredReport.objects.filter(version=version))
    Mark.objects.filter(version=version).delete()
    _unlink(version.path)
    record(
        actor, "transcript.deleted", version, client=version.client_id, version=version.number, why=why
    )


def _delete_reports(reports: Iterable[StoredReport]) -> int:
    n = 0
    for report in reports:
        for path in (report.path, report.page_path):
            _unlink(path)
        report.delete()
        n += 1
    return n


# -- sharing ---------------------------------------------------------------------------------------


@transaction.atomic
def share(*, actor: Any, session: SessionRecord, audience: str, person: User) -> Share:
    """Let the client, or a supervisor, see a session.

    Raises
    ------
    Refused
        If the person is not the client of this session, or no current supervisor of its therapist
        to whom the client agreed.
    """
    lock_client(session.client_id)
    if audience == Audience.CLIENT:
        if not Client.objects.filter(pk=session.client_id, user=person).exists():
            raise Refused(_("This client has no account here yet, so nothing can be shared with them."))
    else:
        today = timezone.localdate()
        if not SupervisionLink.objects.filter(
            SupervisionLink.current(today), supervisor=person, therapist=session.therapist_id
        ).exists():
            raise Refused(_("This person does not supervise you now."))
        if not consented(session.client_id, Purpose.SUPERVISION):
            raise Refused(_("The client has not agreed to sharing with your supervisor."), 403)
    held, made = Share.objects.get_or_create(
        session=session,
        audience=audience,
        person=person,
        ended_at=None,
        defaults={"client_id": session.client_id, "by": actor},
    )
    if made:
        record(actor, "session.shared", session, client=session.client_id, audience=str(audience))
    return held


@transaction.atomic
def end_share(*, actor: Any, share: Share) -> None:
    """Stop letting somebody see a session."""
    if Share.objects.filter(pk=share.key, ended_at=None).update(ended_at=timezone.now()):
        record(actor, "session.unshared", share, client=share.client_id, audience=share.audience)


# -- what a withdrawn consent takes with it ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went with a consent, and what stays and why."""

    deleted: tuple[str, ...]
    remains: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Say it to the client."""
        gone = (
            _("Deleted: %(what)s.") % {"what": ", ".join(self.deleted)}
            if self.deleted
            else _("There was nothing to delete.")
        )
        return [gone, *(_("What stays: %(what)s") % {"what": words} for words in self.remains)]


@transaction.atomic
def delete_what_rested_on(*, client: Client, purpose: Purpose, actor: Any) -> list[str]:
    """Delete what a client's yes to a purpose was the ground for.

    To be called in the transaction that withdraws the consent, after it is withdrawn. Files leave
    the disk as the transaction ends; an analysis under way can write nothing any more.

    Parameters
    ----------
    client : Client
        Who takes the consent back.
    purpose : Purpose
        To what.
    actor : User
        Who asks for it: the client.

    Returns
    -------
    sentences : list of str
        What was deleted and what stays, and why, for the client.
    """
    lock_client(client.key)
    done: dict[str, Callable[[Client, Any], Deleted]] = {
        Purpose.RECORD: _recordings_go,
        Purpose.TRANSCRIBE: _transcripts_go,
        Purpose.ANALYSE: _analyses_go,
        Purpose.SUPERVISION: _supervision_ends,
    }
    return done.get(purpose, _nothing_goes)(client, actor).sentences()


def _recordings_go(client: Client, actor: Any) -> Deleted:
    n = _files_go(client, actor, Kind.RECORDING)
    return Deleted(
        _counted(n, ngettext("%(n)s recording", "%(n)s recordings", n)),
        _if_any(
            TranscriptVersion.objects.filter(client=client, deleted_at=None).exists(),
            _(
                "what was written down and what was found in it; you agreed to that apart from recordings."
            ),
        )
        + _log_remains(),
    )


def _transcripts_go(client: Client, actor: Any) -> Deleted:
    n_files = _files_go(client, actor, Kind.TRANSCRIPT)
    reports = StoredReport.objects.filter(client=client).count()
    versions = list(TranscriptVersion.objects.filter(client=client, deleted_at=None))
    for version in versions:
        delete_version(actor=actor, version=version, why="consent withdrawn")
    _delete_reports(StoredReport.objects.filter(client=client))
    _stop_all(client, actor)
    return Deleted(
        _counted(n_files, ngettext("%(n)s transcript file", "%(n)s transcript files", n_files))
        + _counted(len(versions), ngettext("%(n)s transcript", "%(n)s transcripts", len(versions)))
        + _counted(reports, ngettext("%(n)s report", "%(n)s reports", reports)),
        _if_any(
            StoredFile.objects.filter(client=client, kind=Kind.RECORDING, deleted_at=None).exists(),
            _("the recordings; you agreed to them apart from what is written down."),
        )
        + _log_remains(),
    )


def _analyses_go(client: Client, actor: Any) -> Deleted:
    _stop_all(client, actor)
    marks, _rows = Mark.objects.filter(client=client).delete()
    n = _delete_reports(StoredReport.objects.filter(client=client))
    record(
        actor, "reports.deleted", client, client=client.key, n=n, marks=marks, why="consent withdrawn"
    )
    return Deleted(
        _counted(n, ngettext("%(n)s report", "%(n)s reports", n))
        + _counted(
            marks, ngettext("%(n)s mark or note on a report", "%(n)s marks and notes on reports", marks)
        ),
        _if_any(
            TranscriptVersion.objects.filter(client=client, deleted_at=None).exists(),
            _("what was written down; you agreed to that apart from the analysis."),
        )
        + _log_remains(),
    )


def _supervision_ends(client: Client, actor: Any) -> Deleted:
    n = 0
    for held in Share.objects.filter(client=client, audience=Audience.SUPERVISOR, ended_at=None):
        end_share(actor=actor, share=held)
        n += 1
    return Deleted(
        _counted(
            n,
            ngettext(
                "%(n)s look of a supervisor into a session",
                "%(n)s looks of supervisors into sessions",
                n,
            ),
        ),
        (_("what a supervisor has seen, they have seen; the list of who looked says what and when."),),
    )


def _nothing_goes(_client: Client, _actor: Any) -> Deleted:
    return Deleted((), _log_remains())


def _files_go(client: Client, actor: Any, kind: Kind) -> int:
    n = 0
    for upload in Upload.objects.filter(client=client, kind=kind, finished_at=None):
        drop(actor=actor, upload=upload, why="consent withdrawn")
        n += 1
    for file in StoredFile.objects.filter(client=client, kind=kind, deleted_at=None):
        delete_file(actor=actor, file=file, why="consent withdrawn")
        n += 1
    return n


def _stop_all(client: Client, actor: Any) -> None:
    for analysis in Analysis.objects.filter(client=client, state__in=ACTIVE):
        cancel(actor=actor, analysis=analysis)
    Analysis.objects.filter(client=client).update(sealed_question=b"", sealed_answer=b"")


def _log_remains() -> tuple[str, ...]:
    return (_("the list of who did what and when, without any content; it is what lets you check us."),)


def _counted(n: int, words: str) -> tuple[str, ...]:
    return (words % {"n": n},) if n else ()


def _if_any(there: bool, words: str) -> tuple[str, ...]:
    return (words,) if there else ()

"""Sessions: what is held of a meeting, brought in, analysed, corrected and deleted, for programs."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import File, Path, Query, Router, Status, UploadedFile

from openrapport_web import access
from openrapport_web.api.scopes import Scope
from openrapport_web.api.v1.caseload import show_person
from openrapport_web.api.v1.door import needs, via
from openrapport_web.api.v1.paging import page_of
from openrapport_web.api.v1.problems import BadRequestBody
from openrapport_web.api.v1.session_shapes import (
    AnalysisIn,
    AnalysisOut,
    AnswerIn,
    CorrectionIn,
    ReportOut,
    SessionDetail,
    SessionPage,
    SessionsAsked,
    SwapIn,
    TranscriptOut,
    VersionOut,
)
from openrapport_web.api.v1.values import Key, checked
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Purpose
from openrapport_web.people.models import User
from openrapport_web.recordings import actions, analysis, bundles, corrections, uploads
from openrapport_web.recordings.forms import TranscriptForm, UtteranceForm
from openrapport_web.recordings.models import (
    Analysis,
    AnalysisState,
    Kind,
    SessionRecord,
    StoredReport,
    TranscriptVersion,
)
from openrapport_web.recordings.views.sessions import may_share

__all__ = ["Number", "in_care", "router", "session_of", "version_of"]

router = Router(tags=["Sessions"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of a version of its transcript.")]


def session_of(request: HttpRequest, key: UUID) -> SessionRecord:
    """Find a session that the token's person may read."""
    held = access.sessions(request.user).select_related("client", "meeting", "therapist")
    return access.found(held, key)


def in_care(request: HttpRequest, key: UUID) -> SessionRecord:
    """Find a session that the token's person held."""
    held = access.sessions_in_care(request.user).select_related("client", "meeting", "therapist")
    return access.found(held, key)


def version_of(session: SessionRecord, number: int) -> TranscriptVersion:
    """Find a version of a session's transcript that is not deleted.

    Raises
    ------
    Http404
        If there is none.
    """
    version = session.versions.filter(number=number, deleted_at=None).select_related("by").first()
    if version is None:
        raise Http404
    return version


def _session(session: Any) -> dict[str, Any]:
    return {
        "key": session.key,
        "meeting": session.meeting_id,
        "client": {"key": session.client_id, "name": session.client.name},
        "therapist": show_person(session.therapist),
        "starts_at": session.meeting.starts_at,
        "has_report": session.has_report,
    }


def _version(version: TranscriptVersion) -> dict[str, Any]:
    names = ("number", "what", "made_at", "n_utterances")
    return {
        **{name: getattr(version, name) for name in names},
        "by": show_person(version.by) if version.by else None,
        "has_report": hasattr(version, "report"),
    }


def _analysis(asked: Analysis) -> dict[str, Any]:
    names = ("key", "state", "stage", "percent", "problem", "made_at", "finished_at")
    asking = asked.state == AnalysisState.ASKING and asked.question
    return {
        **{name: getattr(asked, name) for name in names},
        "session": asked.session_id,
        "question": json.loads(asked.question) if asking else None,
    }


def _care(session: SessionRecord) -> dict[str, Any]:
    names = ("key", "kind", "name", "size_bytes", "made_at")
    files = session.files.filter(deleted_at=None).order_by("made_at")
    newest = Analysis.objects.filter(session=session).order_by("-made_at").first()
    shares = session.shares.filter(ended_at=None).select_related("person")
    return {
        "files": [{name: getattr(file, name) for name in names} for file in files],
        "analysis": _analysis(newest) if newest else None,
        "shares": [
            {"key": share.key, "audience": share.audience, "person": show_person(share.person)}
            for share in shares
        ],
        "may_share_with": [
            {"audience": row["audience"], "person": {"key": row["key"], "name": row["name"]}}
            for row in may_share(session, access.consented(session.client_id, Purpose.SUPERVISION))
        ],
    }


def _detail(session: SessionRecord, user: User) -> dict[str, Any]:
    held = session.versions.filter(deleted_at=None).select_related("by", "report").order_by("-number")
    versions = [_version(version) for version in held]
    session.has_report = any(version["has_report"] for version in versions)  # type: ignore[attr-defined]
    own = session.therapist_id == user.pk and user.is_therapist
    return {**_session(session), "versions": versions, "care": _care(session) if own else None}


# -- reading ---------------------------------------------------------------------------------------


@router.get("/sessions", **needs(Scope.SESSIONS_READ, SessionPage))
def sessions_list(request: HttpRequest, asked: Query[SessionsAsked]) -> dict[str, Any]:
    """Sessions that you may read, the newest meeting first: your own, and those shared with you."""
    said = asked.model_dump(include={"client"}, exclude_none=True)
    found = (
        access.sessions(request.user)
        .filter(**said)
        .select_related("client", "meeting", "therapist")
        .annotate(has_report=Exists(StoredReport.objects.filter(session=OuterRef("pk"))))
    )
    return page_of(found.order_by("-meeting__starts_at", "pk"), asked, _session)


@router.get("/sessions/{key}", **needs(Scope.SESSIONS_READ, SessionDetail))
def sessions_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """What is held of one meeting."""
    user, session = access.me(request), session_of(request, key)
    record(user, "session.opened", session, client=session.client_id, **via(request))
    return _detail(session, user)


@router.get("/sessions/{key}/versions/{number}/transcript", **needs(Scope.SESSIONS_READ, TranscriptOut))
def transcripts_read(request: HttpRequest, key: Key, number: Number) -> dict[str, Any]:
    """What was said, in one version of the transcript."""
    session = session_of(request, key)
    version = version_of(session, number)
    record(
        request.user,
        "transcript.read",
        session,
        client=session.client_id,
        version=number,
        **via(request),
    )
    spoken = bundles.load(version)
    names = ("party", "start_ms", "end_ms", "text")
    return {
        "number": number,
        "parties": [{"name": p.name, "role": str(p.role)} for p in spoken.parties],
        "utterances": [
            {"number": row.index + 1, **{name: getattr(row, name) for name in names}}
            for row in spoken.utterances
        ],
    }


@router.get("/sessions/{key}/versions/{number}/report", **needs(Scope.SESSIONS_READ, ReportOut))
def reports_read(request: HttpRequest, key: Key, number: Number) -> HttpResponse:
    """The report on one version of the transcript, as the engine wrote it."""
    session = session_of(request, key)
    stored = StoredReport.objects.filter(version=version_of(session, number)).first()
    if stored is None:
        raise Http404
    record(
        request.user, "report.read", session, client=session.client_id, version=number, **via(request)
    )
    return HttpResponse(stored.json, content_type="application/json")


# -- bringing in and analysing -----------------------------------------------------------------------


@router.post("/meetings/{key}/transcript", **needs(Scope.SESSIONS_WRITE, SessionDetail, status=201))
def transcripts_add(request: HttpRequest, key: Key, file: File[UploadedFile]) -> Status[dict[str, Any]]:
    """Bring in a transcript of at most 4 MB; it is analysed if the client agreed to that."""
    user = access.me(request)
    meeting = access.found(access.meetings_in_care(user), key)
    sent = checked(TranscriptForm({}, MultiValueDict({"file": [file]})))["file"]
    upload = uploads.begin(actor=user, meeting=meeting, name=sent.name, size=sent.size)
    uploads.receive(upload, sent.read)
    session = access.sessions_in_care(user).get(meeting=meeting)
    return Status(201, _detail(session, user))


@router.post("/sessions/{key}/analyses", **needs(Scope.SESSIONS_WRITE, AnalysisOut, status=201))
def analyses_ask(request: HttpRequest, key: Key, given: AnalysisIn) -> Status[dict[str, Any]]:
    """Have a transcript analysed: one that was brought in, or a version of it."""
    session = in_care(request, key)
    if (given.file is None) == (given.version is None):
        raise BadRequestBody([("", "Name either a file or a version.")])
    file = version = None
    if given.file is not None:
        files = session.files.filter(deleted_at=None, kind=Kind.TRANSCRIPT)
        file = access.found(files, given.file)
    else:
        version = version_of(session, given.version or 0)
    asked = analysis.ask(actor=access.me(request), session=session, file=file, version=version)
    return Status(201, _analysis(asked))


def _found(request: HttpRequest, key: UUID) -> Analysis:
    return access.found(access.analyses(request.user).select_related("session", "file", "version"), key)


@router.get("/analyses/{key}", **needs(Scope.SESSIONS_READ, AnalysisOut))
def analyses_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Where an analysis of one of your sessions is."""
    return _analysis(_found(request, key))


@router.post("/analyses/{key}/cancel", **needs(Scope.SESSIONS_WRITE, AnalysisOut))
def analyses_cancel(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Stop an analysis; one that is over stays as it is."""
    actions.cancel(actor=access.me(request), analysis=_found(request, key))
    return _analysis(_found(request, key))


@router.post("/analyses/{key}/retry", **needs(Scope.SESSIONS_WRITE, AnalysisOut))
def analyses_retry(request: HttpRequest, key: Key) -> dict[str, Any]:
    """Try an analysis again that failed or was cancelled."""
    actions.retry(actor=access.me(request), analysis=_found(request, key))
    return _analysis(_found(request, key))


@router.post("/analyses/{key}/answer", **needs(Scope.SESSIONS_WRITE, AnalysisOut))
def analyses_answer(request: HttpRequest, key: Key, given: AnswerIn) -> dict[str, Any]:
    """Say who of the speakers is the therapist and who the client, where the analysis asks."""
    actions.answer(actor=access.me(request), analysis=_found(request, key), **given.model_dump())
    return _analysis(_found(request, key))


# -- correcting and deleting -------------------------------------------------------------------------


@router.post("/sessions/{key}/corrections", **needs(Scope.SESSIONS_WRITE, VersionOut, status=201))
def transcripts_correct(request: HttpRequest, key: Key, given: CorrectionIn) -> Status[dict[str, Any]]:
    """Say what was really said, or by whom, as the therapist or the client of a session."""
    user, session = access.me(request), session_of(request, key)
    if user.pk not in (session.therapist_id, session.client.user_id):
        raise Http404
    spoken = bundles.load(version_of(session, given.version))
    form = UtteranceForm(spoken.parties, given.model_dump())
    said = checked(form)
    made = corrections.correct(
        actor=user, session=session, based_on=given.version, index=given.number - 1, **said
    )
    return Status(201, _version(made))


@router.post("/sessions/{key}/swap", **needs(Scope.SESSIONS_WRITE, VersionOut, status=201))
def transcripts_swap(request: HttpRequest, key: Key, given: SwapIn) -> Status[dict[str, Any]]:
    """Say that therapist and client are the other way round, in the newest version."""
    made = corrections.swap_speakers(
        actor=access.me(request), session=in_care(request, key), based_on=given.version
    )
    return Status(201, _version(made))


@router.delete("/sessions/{key}/versions/{number}", **needs(Scope.SESSIONS_WRITE, status=204))
def transcripts_delete(request: HttpRequest, key: Key, number: Number) -> Status[None]:
    """Delete a version of a transcript with its report and its marks, for good."""
    version = version_of(in_care(request, key), number)
    actions.delete_version(actor=access.me(request), version=version, why="asked for")
    return Status(204, None)


@router.delete("/sessions/{key}/files/{file}", **needs(Scope.SESSIONS_WRITE, status=204))
def files_delete(request: HttpRequest, key: Key, file: Key) -> Status[None]:
    """Delete a file as it was brought in, for good. What was made of it stays."""
    held = access.found(in_care(request, key).files.filter(deleted_at=None), file)
    actions.delete_file(actor=access.me(request), file=held, why="asked for")
    return Status(204, None)

"""A meeting's files, transcripts and analyses, and the list of sessions."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Consent, Meeting, Purpose
from openrapport_web.people.models import Role, SupervisionLink
from openrapport_web.recordings.analysis import ACTIVE
from openrapport_web.recordings.content import RECORDINGS, TRANSCRIPTS
from openrapport_web.recordings.forms import RolesForm, TranscriptForm
from openrapport_web.recordings.models import (
    Analysis,
    AnalysisState,
    Audience,
    Kind,
    SessionRecord,
    StoredReport,
    Upload,
)

__all__ = ["may_share", "session_list", "session_open", "session_progress"]

_A_PAGE = 25


@login_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Sessions that this person may read: their own, and those shared with them."""
    access.require(request.user, Role.THERAPIST, Role.SUPERVISOR)
    sessions = (
        access.sessions(request.user)
        .select_related("client", "meeting", "therapist")
        .annotate(has_report=Exists(StoredReport.objects.filter(session=OuterRef("pk"))))
        .order_by("-meeting__starts_at")
    )
    page = Paginator(sessions, _A_PAGE).get_page(request.GET.get("page"))
    return render(request, "recordings/session_list.html", {"page": page})


@login_required
@require_safe
def session_open(request: HttpRequest, key: UUID) -> HttpResponse:
    """What is held of one meeting, and where more is brought in."""
    meeting = access.found(
        access.meetings_in_care(request.user).select_related("client", "session"), key
    )
    record(request.user, "session.opened", meeting, client=meeting.client_id)
    session = getattr(meeting, "session", None)
    agreed = frozenset(
        Consent.objects.filter(client=meeting.client_id, withdrawn_at=None).values_list(
            "purpose", flat=True
        )
    )
    values = {
        "meeting": meeting,
        "session": session,
        "may_record": Purpose.RECORD in agreed,
        "may_transcribe": Purpose.TRANSCRIBE in agreed,
        "may_analyse": Purpose.ANALYSE in agreed,
        "endings": ",".join(
            (TRANSCRIPTS if Purpose.TRANSCRIBE in agreed else ())
            + (RECORDINGS if Purpose.RECORD in agreed else ())
        ),
        "form": TranscriptForm(),
        **_progress(meeting, session),
        **(_held(session, Purpose.SUPERVISION in agreed) if session else {}),
    }
    return render(request, "recordings/session_open.html", values)


@login_required
@require_safe
def session_progress(request: HttpRequest, key: UUID) -> HttpResponse:
    """What is under way just now: a part of the page that renews itself."""
    meeting = access.found(access.meetings_in_care(request.user).select_related("session"), key)
    values = _progress(meeting, getattr(meeting, "session", None))
    response = render(request, "recordings/progress.html", {"meeting": meeting, **values})
    if request.headers.get("X-Was-Busy") and not values["busy"]:
        response["HX-Refresh"] = "true"  # it is over: the whole page has something new
    return response


def _progress(meeting: Meeting, session: SessionRecord | None) -> dict[str, Any]:
    uploads = list(
        Upload.objects.filter(meeting=meeting)
        .exclude(finished_at__isnull=False, problem="")
        .order_by("made_at")
    )
    finishing = [u for u in uploads if u.finished_at is None and u.offset == u.size_bytes]
    analysis = (
        Analysis.objects.filter(session=session).order_by("-made_at").first() if session else None
    )
    working = analysis is not None and analysis.state in (
        AnalysisState.QUEUED,
        AnalysisState.RUNNING,
    )
    return {
        "analysis": analysis,
        "state": analysis.state if analysis else "",
        "roles": _roles(analysis),
        "unfinished": [u for u in uploads if u.finished_at is None and u.offset < u.size_bytes],
        "refused": [u for u in uploads if u.finished_at is not None],
        "finishing": finishing,
        "working": working,
        "busy": bool(finishing or working),
    }


def _roles(analysis: Analysis | None) -> dict[str, Any] | None:
    if analysis is None or analysis.state != AnalysisState.ASKING or not analysis.question:
        return None
    question = json.loads(analysis.question)
    guess = {name: question[name] for name in ("therapist", "client")}
    return {"form": RolesForm(question["speakers"], initial=guess), "evidence": question["evidence"]}


def _held(session: SessionRecord, supervision: bool) -> dict[str, Any]:
    files = list(session.files.filter(deleted_at=None).order_by("made_at"))
    versions = list(
        session.versions.filter(deleted_at=None)
        .select_related("by", "report")
        .defer("report__sealed_json")  # a report is large, and only its count is shown
        .order_by("-number")
    )
    shares = list(session.shares.filter(ended_at=None).select_related("person"))
    shared = {(share.audience, share.person_id) for share in shares}
    return {
        "recordings": [f for f in files if f.kind == Kind.RECORDING],
        "transcripts": [f for f in files if f.kind == Kind.TRANSCRIPT],
        "versions": versions,
        "idle": not Analysis.objects.filter(session=session, state__in=ACTIVE).exists(),
        "shares": shares,
        "may_share": [
            person
            for person in may_share(session, supervision)
            if (person["audience"], person["key"]) not in shared
        ],
        "beside": list(
            SessionRecord.objects.filter(
                Exists(StoredReport.objects.filter(session=OuterRef("pk"))),
                client=session.client_id,
                therapist=session.therapist_id,
            )
            .exclude(pk=session.pk)
            .select_related("meeting")
            .order_by("-meeting__starts_at")[:20]
        ),
    }


def may_share(session: SessionRecord, supervision: bool) -> list[dict[str, Any]]:
    """With whom a session may be shared, those with whom it is included."""
    people = []
    client = session.client
    if client.user_id:
        people.append({"audience": Audience.CLIENT, "key": client.user_id, "name": client.name})
    if supervision:
        links = SupervisionLink.objects.filter(
            SupervisionLink.current(timezone.localdate()), therapist=session.therapist_id
        ).select_related("supervisor")
        people += [
            {
                "audience": Audience.SUPERVISOR,
                "key": link.supervisor_id,
                "name": link.supervisor.name,
            }
            for link in links
        ]
    return people

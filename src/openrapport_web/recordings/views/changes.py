"""What somebody does on the page of a session; each leads back to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from openrapport_web import access
from openrapport_web.people.models import User
from openrapport_web.recordings import actions, uploads
from openrapport_web.recordings.analysis import ask
from openrapport_web.recordings.forms import RolesForm, TranscriptForm
from openrapport_web.recordings.models import Analysis, Audience, StoredFile, TranscriptVersion
from openrapport_web.recordings.refusals import Refused, disk_is_full

__all__ = [
    "analysis_answer",
    "analysis_ask",
    "analysis_cancel",
    "analysis_retry",
    "file_delete",
    "session_share",
    "session_unshare",
    "transcript_add",
    "upload_forget",
    "version_delete",
]

View = Callable[..., HttpResponse]


def refusals_are_said(view: View) -> View:
    """Show why something was not done on the page that one comes back to."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            words = refused.words
        except Exception as error:
            if not disk_is_full(error):
                raise
            words = "The practice's disk is full, so nothing was changed. Make room, then try again."
        return render(
            request,
            "error.html",
            {"title": "This was not done", "words": words},
            status=409,
        )

    return answer


def _posted(view: View) -> View:
    return login_required(require_POST(refusals_are_said(view)))


@_posted
def transcript_add(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a transcript in one piece, from a browser that runs no script."""
    meeting = access.found(access.meetings_in_care(request.user), key)
    form = TranscriptForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(str(e) for errors in form.errors.values() for e in errors))
    file = form.cleaned_data["file"]
    upload = uploads.begin(actor=request.user, meeting=meeting, name=file.name, size=file.size)
    uploads.receive(upload, file.read)
    messages.success(request, _("The transcript is here."))
    return redirect("session_open", meeting.key)


@_posted
def upload_forget(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give an upload up, or put away why one was refused."""
    upload = access.found(access.uploads(request.user), key)
    if upload.finished_at is None:
        uploads.drop(actor=request.user, upload=upload, why="given up")
    else:
        uploads.forget(actor=request.user, upload=upload)
    return redirect("session_open", upload.meeting_id)


def _analysis(request: HttpRequest, key: UUID) -> Analysis:
    analyses = access.analyses(request.user).select_related("session", "file", "version")
    return access.found(analyses, key)


@_posted
def analysis_cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    """Stop an analysis."""
    analysis = _analysis(request, key)
    actions.cancel(actor=request.user, analysis=analysis)
    return redirect("session_open", analysis.session.meeting_id)


@_posted
def analysis_retry(request: HttpRequest, key: UUID) -> HttpResponse:
    """Try an analysis again."""
    analysis = _analysis(request, key)
    actions.retry(actor=request.user, analysis=analysis)
    return redirect("session_open", analysis.session.meeting_id)


@_posted
def analysis_answer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say who is the therapist and who is the client."""
    analysis = _analysis(request, key)
    speakers = json.loads(analysis.question)["speakers"] if analysis.question else []
    form = RolesForm(speakers, request.POST)
    if not form.is_valid():
        raise Refused(_("Choose two different people who speak in this transcript."))
    actions.answer(actor=request.user, analysis=analysis, **form.cleaned_data)
    return redirect("session_open", analysis.session.meeting_id)


@_posted
def analysis_ask(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have a transcript analysed: one that was brought in, or one that was corrected."""
    session = access.found(access.sessions_in_care(request.user), key)
    try:
        wanted = UUID(request.POST.get("what", ""))
    except ValueError:
        raise Refused(_("Choose what shall be analysed.")) from None
    file = session.files.filter(pk=wanted, deleted_at=None, kind="transcript").first()
    version = session.versions.filter(pk=wanted, deleted_at=None).first()
    if file is None and version is None:
        raise Refused(_("What was to be analysed is deleted."), 410)
    ask(actor=request.user, session=session, file=file, version=version)
    return redirect("session_open", session.meeting_id)


@login_required
@refusals_are_said
def file_delete(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, then delete a file as it was brought in."""
    files = StoredFile.objects.filter(
        session__in=access.sessions_in_care(request.user), deleted_at=None
    ).select_related("session")
    file = access.found(files, key)
    if request.method == "POST":
        actions.delete_file(actor=request.user, file=file, why="asked for")
        messages.success(request, _("It is deleted."))
        return redirect("session_open", file.session.meeting_id)
    return render(
        request, "recordings/file_delete.html", {"file": file, "meeting": file.session.meeting_id}
    )


@login_required
@refusals_are_said
def version_delete(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """Ask, then delete a version of a transcript with its report and its marks."""
    session = access.found(access.sessions_in_care(request.user), key)
    version = _version(session.pk, number)
    if request.method == "POST":
        actions.delete_version(actor=request.user, version=version, why="asked for")
        messages.success(request, _("This version is deleted."))
        return redirect("session_open", session.meeting_id)
    return render(
        request,
        "recordings/version_delete.html",
        {"version": version, "meeting": session.meeting_id},
    )


def _version(session: UUID, number: int) -> TranscriptVersion:
    from django.shortcuts import get_object_or_404

    return get_object_or_404(TranscriptVersion, session=session, number=number, deleted_at=None)


@_posted
def session_share(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let the client or a supervisor see a session."""
    session = access.found(access.sessions_in_care(request.user), key)
    audience = request.POST.get("audience", "")
    try:
        person = User.objects.filter(pk=UUID(request.POST.get("person", ""))).first()
    except ValueError:
        person = None
    if audience not in Audience.values or person is None:
        raise Refused(_("Choose with whom to share it."))
    actions.share(actor=request.user, session=session, audience=audience, person=person)
    messages.success(request, _("%(name)s can read this session now.") % {"name": person.name})
    return redirect("session_open", session.meeting_id)


@_posted
def session_unshare(request: HttpRequest, key: UUID) -> HttpResponse:
    """Stop sharing a session with somebody."""
    session = access.found(access.sessions_in_care(request.user), key)
    try:
        share = session.shares.filter(pk=UUID(request.POST.get("share", ""))).first()
    except ValueError:
        share = None
    if share is not None:
        actions.end_share(actor=request.user, share=share)
        messages.success(request, _("It is not shared any more."))
    return redirect("session_open", session.meeting_id)

"""Planning meetings, saying what became of them, and notes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload import actions
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.forms import MeetingForm, NoteForm, StateForm
from openrapport_web.caseload.models import MeetingState, Note
from openrapport_web.caseload.views.clients import _form, _values
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.feedback.views.meeting import asked_after

__all__ = [
    "meeting_edit",
    "meeting_new",
    "meeting_page",
    "meeting_state",
    "note_edit",
    "note_new",
    "note_page",
]


@login_required
def meeting_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Plan one meeting or a weekly series in an episode."""
    episode = access.found(_staff_only(access.episodes(request.user), request), key)
    form = MeetingForm(request.POST or None, new=True, initial={"version": 0})
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        try:
            made = actions.plan_meetings(actor=request.user, episode=episode, **values)
            messages.success(
                request,
                ngettext("Planned.", "%(n)s meetings planned.", len(made)) % {"n": len(made)},
            )
            return redirect("client_page", key=episode.client_id)
        except NotPossible as error:
            form.add_error(None, str(error))
    return _form(request, form, _("Plan a meeting"), _("Plan"), "client_page", episode.client_id)


def _staff_only(records: Any, request: HttpRequest) -> Any:
    """Clients see their meetings in their own place; planning is for the people of the practice."""
    return records if access.me(request).is_staff_member else records.none()


@require_safe
@login_required
def meeting_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one meeting: when, how, what became of it, notes, and the way to its session."""
    held = _staff_only(access.meetings(request.user), request)
    meeting = access.found(held.select_related("client", "therapist", "episode"), key)
    return render(
        request,
        "caseload/meeting_page.html",
        {
            "meeting": meeting,
            "states": [s for s in MeetingState if s != meeting.state],
            "in_care": meeting.therapist_id == request.user.pk,
            "notes": access.notes(request.user).filter(meeting=meeting).order_by("-made_at"),
            "session": access.sessions_in_care(request.user).filter(meeting=meeting).first(),
            **asked_after(request, meeting),
        },
    )


@login_required
def meeting_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Move a meeting."""
    held = _staff_only(access.meetings(request.user), request)
    meeting = access.found(held.select_related("episode"), key)
    fields = ("starts_at", "minutes", "mode")
    initial = _values(meeting, *fields, "version")
    initial["starts_at"] = timezone.localtime(meeting.starts_at).replace(tzinfo=None)
    form = MeetingForm(request.POST or None, new=False, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_meeting(actor=request.user, meeting=meeting, **form.cleaned_data)
            return redirect("meeting_page", key=meeting.key)
        except ChangedMeanwhile as changed:
            show_changes(form, _values(changed.record, *fields), changed.record.version)
    return _form(request, form, _("Move this meeting"), _("Save"), "meeting_page", meeting.key)


@require_POST
@login_required
def meeting_state(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say what became of a meeting."""
    held = _staff_only(access.meetings(request.user), request)
    meeting = access.found(held.select_related("episode"), key)
    form = StateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose what became of this meeting."))
    else:
        try:
            actions.say_state(actor=request.user, meeting=meeting, **form.cleaned_data)
        except NotPossible as error:
            messages.error(request, str(error))
        except ChangedMeanwhile as changed:
            now = changed.record.get_state_display().lower()
            messages.error(
                request,
                _("Somebody else changed this meeting meanwhile; it says: %(now)s.") % {"now": now},
            )
    return redirect("meeting_page", key=meeting.key)


@login_required
def note_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write a note on an episode, or on one of its meetings (``?meeting=``)."""
    episode = access.found(access.episodes_in_care(request.user), key)
    meeting = None
    if asked := request.GET.get("meeting"):
        try:
            meeting = access.found(
                access.meetings_in_care(request.user).filter(episode=episode), UUID(asked)
            )
        except ValueError:
            raise Http404 from None
    form = NoteForm(request.POST or None, initial={"version": 0})
    if request.method == "POST" and form.is_valid():
        note = actions.write_note(
            actor=request.user, episode=episode, meeting=meeting, **form.cleaned_data
        )
        return redirect("note_page", key=note.key)
    return _form(request, form, _("A note"), _("Save"), "client_page", episode.client_id)


@require_safe
@login_required
def note_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a note and its earlier versions."""
    note = access.found(_notes(request), key)
    record(request.user, "note.read", note, client=note.client_id)
    versions = list(note.versions.select_related("by"))
    return render(
        request, "caseload/note_page.html", {"note": note, "now": versions[0], "before": versions[1:]}
    )


@login_required
def note_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write a new version of a note."""
    note = access.found(_notes(request), key)
    text = _newest(note)
    form = NoteForm(request.POST or None, initial={"text": text, "version": note.version})
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_note(actor=request.user, episode=note.episode, note=note, **form.cleaned_data)
            return redirect("note_page", key=note.key)
        except ChangedMeanwhile as changed:
            show_changes(form, {"text": _newest(changed.record)}, changed.record.version)
    else:
        record(request.user, "note.read", note, client=note.client_id)
    return _form(request, form, _("A new version of this note"), _("Save"), "note_page", note.key)


def _notes(request: HttpRequest) -> Any:
    return access.notes(request.user).select_related("episode", "client", "meeting")


def _newest(note: Note) -> str:
    newest = note.versions.first()
    return newest.text if newest else ""

"""Repairs: begun, planned, talked about, watched, closed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.recordings.models import Verdict
from openrapport_web.repairs.actions import repairing as actions
from openrapport_web.repairs.forms import BeginForm, CloseForm, RepairForm
from openrapport_web.repairs.guidance import GUIDES, noticed_in
from openrapport_web.repairs.models import Origin, Repair
from openrapport_web.repairs.pictures import picture, strand
from openrapport_web.repairs.reading import OVERDUE_AFTER, with_meetings
from openrapport_web.repairs.views.alerts import posted_version
from openrapport_web.repairs.watching import Watched, watched

__all__ = [
    "alert_act",
    "mark_repair",
    "repair_close",
    "repair_edit",
    "repair_new",
    "repair_page",
    "repair_reopen",
    "word_repair",
]

_WRITTEN = ("noticed", "seen", "next_meeting", "plan", "spoken")


def _repair(request: HttpRequest, key: UUID) -> Repair:
    held = access.repairs(request.user).select_related("client", "episode", "alert", "next_meeting")
    return access.found(with_meetings(held), key)


@require_safe
@login_required
def repair_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one repair on its way."""
    repair = _repair(request, key)
    record(request.user, "repair.read", repair, client=repair.client_id)
    n_meetings: int = repair.n_meetings  # type: ignore[attr-defined]
    seen = watched(request.user, repair)
    values = {
        "repair": repair,
        "guide": GUIDES[repair.noticed],
        "watched": seen,
        "picture": _picture(repair, seen),
        "n_meetings": n_meetings,
        "is_overdue": repair.closed_at is None and n_meetings >= OVERDUE_AFTER,
    }
    return render(request, "repairs/repair_page.html", values)


def _picture(repair: Repair, seen: Watched) -> SafeString | None:
    if not any(occasion.rating is not None for occasion in seen.course):
        return None
    line = strand(repair.client.name, "client", [(o.at, o.rating) for o in seen.course])
    note = _("Dots are means of the four questions, from 0 to 10. What was left out stays empty.")
    return picture(
        _("How your meetings were rated"),
        [line],
        note=note,
        repair=(repair.made_at, repair.closed_at or timezone.now(), _("This repair")),
    )


# -- beginning -------------------------------------------------------------------------------------


@login_required
def repair_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Begin a repair from one's own sense that something is strained."""
    episode = access.found(access.episodes_in_care(request.user).select_related("client"), key)
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        repair = actions.begin_repair(
            actor=request.user, episode=episode, origin=Origin.SENSE, **form.cleaned_data
        )
        return redirect("repair_page", key=repair.key)
    values = {"form": form, "episode": episode}
    status = 422 if form.is_bound else 200
    return render(request, "repairs/repair_new.html", values, status=status)


def _begun(request: HttpRequest, thing: Any, origin: Origin, **cause: Any) -> HttpResponse:
    repair = actions.begin_repair(actor=request.user, episode=thing.episode, origin=origin, **cause)
    return redirect("repair_page", key=repair.key)


@require_POST
@login_required
def alert_act(request: HttpRequest, key: UUID) -> HttpResponse:
    """Begin a repair from an alert."""
    alert = access.found(access.alerts(request.user).select_related("episode"), key)
    return _begun(request, alert, Origin.ALERT, alert=alert)


@require_POST
@login_required
def word_repair(request: HttpRequest, key: UUID) -> HttpResponse:
    """Begin a repair from a private word that the client sent to their therapist."""
    word = access.found(access.words(request.user).select_related("episode"), key)
    return _begun(request, word, Origin.WORD, word=word)


@require_POST
@login_required
def mark_repair(request: HttpRequest, key: UUID) -> HttpResponse:
    """Begin a repair from a strain in a session that its therapist confirmed."""
    mine = access.marks(request.user).filter(by=access.me(request).pk, verdict=Verdict.CONFIRMED)
    mark = access.found(mine.select_related("session__meeting__episode"), key)
    episode, noticed = mark.session.meeting.episode, noticed_in(mark.target)
    if noticed is None or episode.therapist_id != access.me(request).pk:
        raise Http404
    repair = actions.begin_repair(
        actor=request.user, episode=episode, origin=Origin.SESSION, noticed=noticed, mark=mark
    )
    return redirect("repair_page", key=repair.key)


# -- going on --------------------------------------------------------------------------------------


@login_required
def repair_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write down what was noticed, planned and said."""
    repair = _repair(request, key)
    now = {name: getattr(repair, name) for name in (*_WRITTEN, "version")}
    form = RepairForm(request.POST or None, repair=repair, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_repair(actor=request.user, repair=repair, **form.cleaned_data)
        except ChangedMeanwhile as changed:
            held = {name: getattr(changed.record, name) for name in _WRITTEN}
            show_changes(form, held, changed.record.version)
        else:
            messages.success(request, _("Kept."))
            return redirect("repair_page", key=repair.key)
    elif request.method != "POST":
        record(request.user, "repair.read", repair, client=repair.client_id)
    values = {"form": form, "repair": repair, "guide": GUIDES[repair.noticed]}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "repairs/repair_edit.html", values, status=status)


@login_required
def repair_close(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say how it ended."""
    repair = _repair(request, key)
    now = {"outcome": repair.outcome, "learned": repair.learned, "version": repair.version}
    form = CloseForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.close_repair(actor=request.user, repair=repair, **form.cleaned_data)
        except ChangedMeanwhile as changed:
            held = {name: getattr(changed.record, name) for name in ("outcome", "learned")}
            show_changes(form, held, changed.record.version)
        else:
            messages.success(request, _("Closed. You can open it again at any time."))
            return redirect("repair_page", key=repair.key)
    values = {"form": form, "repair": repair}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "repairs/repair_close.html", values, status=status)


@require_POST
@login_required
def repair_reopen(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take it up again."""
    repair = _repair(request, key)
    try:
        actions.reopen_repair(actor=request.user, repair=repair, version=posted_version(request))
    except ChangedMeanwhile:
        messages.warning(request, _("This was changed in another window. Here is how it stands."))
    else:
        messages.success(request, _("It is open again."))
    return redirect("repair_page", key=repair.key)

"""Alerts as their therapist sees them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport.measures.alerts import Rule
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.feedback.actions import skip
from openrapport_web.feedback.models import Answer, Rater
from openrapport_web.repairs.actions.alerts import see_alert, set_aside
from openrapport_web.repairs.forms import SetAsideForm
from openrapport_web.repairs.models import Alert
from openrapport_web.repairs.pictures import picture, strand
from openrapport_web.repairs.reading import useful_so_far
from openrapport_web.repairs.wordings import RULES

__all__ = ["alert_aside", "alert_numbers", "alert_page", "alert_seen", "posted_version"]

_ALERT = ("client", "episode", "answer__asking__meeting")


def _alert(request: HttpRequest, key: UUID) -> Alert:
    return access.found(access.alerts(request.user).select_related(*_ALERT), key)


@require_safe
@login_required
def alert_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say what was seen, on what it rests, and what such an alert has been worth."""
    alert = _alert(request, key)
    record(request.user, "alert.read", alert, client=alert.client_id)
    return _page(request, alert, SetAsideForm(initial={"version": alert.version}))


def _page(request: HttpRequest, alert: Alert, form: SetAsideForm, status: int = 200) -> HttpResponse:
    words = RULES[Rule(alert.rule)]
    may_see = access.answers(request.user).filter(pk=alert.answer_id).exists()
    held_back = not may_see
    values: dict[str, Any] = {
        "alert": alert,
        "meeting": alert.answer.asking.meeting,
        "name": words.name,
        "seen": words.seen % {"name": alert.client.name},
        "how": words.how,
        "useful": useful_so_far(alert.rule),
        "repair": access.repairs(request.user).filter(alert=alert).order_by("-made_at").first(),
        "form": form,
        "held_back": held_back,
    }
    if not held_back:
        values |= _rests_on(request, alert)
    return render(request, "repairs/alert_page.html", values, status=status)


def _rests_on(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    basis = json.loads(alert.basis or "{}")
    kept = _still_kept(request, alert)
    course = [(datetime.fromisoformat(p["at"]), p["rating"]) for p in basis.get("course", ())]
    course = [point for point in course if point[0] not in kept]
    look = basis.get("look") or {}
    interval = look.get("interval")
    values = {
        "look": look,
        "priors": look.get("priors"),
        "strain": basis.get("strain"),
        "worse": basis.get("worse"),
    }
    if course:
        line = strand(
            alert.client.name, "client", course, expected=tuple(interval) if interval else None
        )
        note = _("Dots are means of the four questions, from 0 to 10. What was left out stays empty.")
        values["picture"] = picture(_("How your meetings were rated"), [line], note=note)
    return values


def _still_kept(request: HttpRequest, alert: Alert) -> set[Any]:
    """When the meetings were of which the therapist may not read the client's answers yet."""
    held = Answer.objects.filter(asking__episode=alert.episode_id, asking__meeting__isnull=False)
    kept = held.exclude(pk__in=access.answers(request.user))
    return set(kept.values_list("asking__meeting__starts_at", flat=True))


@require_POST
@login_required
def alert_numbers(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the numbers now, which leaves one's own form out: a guess after them would be none."""
    alert = _alert(request, key)
    own = access.askings(request.user).filter(
        meeting=alert.answer.asking.meeting_id, meeting__isnull=False, rater=Rater.THERAPIST
    )
    for asking in own.select_related("episode"):
        skip(actor=request.user, asking=asking)
    return redirect("alert_page", key=alert.key)


@require_POST
@login_required
def alert_seen(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say that one has seen it."""
    alert = _alert(request, key)
    try:
        see_alert(actor=request.user, alert=alert, version=posted_version(request))
    except ChangedMeanwhile:
        messages.warning(request, _("This was changed in another window. Here is how it stands."))
    else:
        messages.success(request, _("Kept on your list until you do something with it."))
    return redirect("alert_page", key=alert.key)


@require_POST
@login_required
def alert_aside(request: HttpRequest, key: UUID) -> HttpResponse:
    """Set it aside with a reason."""
    alert = _alert(request, key)
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        return _page(request, alert, form, status=422)
    try:
        set_aside(actor=request.user, alert=alert, **form.cleaned_data)
    except ChangedMeanwhile:
        messages.warning(request, _("This was changed in another window. Here is how it stands."))
        return redirect("alert_page", key=alert.key)
    messages.success(request, _("Set aside. Your answer helps to tell what such an alert is worth."))
    return redirect("client_page", key=alert.client_id)


def posted_version(request: HttpRequest) -> int:
    """Version that a form of one button was filled from; one that cannot be, where it is no number."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

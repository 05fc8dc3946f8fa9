"""Help to bring something up: a client chooses what and how, and sends it or does not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.repairs.actions import words as actions
from openrapport_web.repairs.actions.words import NotPossible
from openrapport_web.repairs.forms import BringForm, DraftForm
from openrapport_web.repairs.models import BringingUp
from openrapport_web.repairs.views.words import episodes_to_write_in

__all__ = [
    "bringing_drop",
    "bringing_edit",
    "bringing_list",
    "bringing_new",
    "bringing_own",
    "bringing_send",
    "bringing_show",
    "brought_open",
    "brought_page",
    "brought_talked",
]


def _own(request: HttpRequest, key: UUID) -> BringingUp:
    held = access.own_bringing_up(request.user).select_related("client", "episode__therapist")
    return access.found(held, key)


def _draft(request: HttpRequest, key: UUID) -> BringingUp:
    """A draft of one's own; what was sent stays as it is."""
    draft = _own(request, key)
    if draft.sent_at is not None:
        raise Http404
    return draft


@require_safe
@login_required
def bringing_list(request: HttpRequest) -> HttpResponse:
    """Show a client what they prepared, and the way to prepare something."""
    held = (
        access.own_bringing_up(request.user).select_related("episode__therapist").order_by("-made_at")
    )
    return render(request, "repairs/bringing_list.html", {"held": held})


@login_required
def bringing_new(request: HttpRequest) -> HttpResponse:
    """Choose what to say and how."""
    client = access.own_client(request.user)
    episodes = episodes_to_write_in(client)
    form = BringForm(request.POST or None)
    if request.method == "POST" and episodes and form.is_valid():
        given = form.cleaned_data
        draft = actions.write_draft(
            actor=request.user,
            episode=episodes[0],
            draft=None,
            version=0,
            text=given["text"],
            how=given["how"],
        )
        return redirect("bringing_own", key=draft.key)
    status = 422 if form.is_bound and form.errors else 200
    values = {"form": form, "episodes": episodes}
    return render(request, "repairs/bringing_new.html", values, status=status)


@require_safe
@login_required
def bringing_own(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what one prepared, and what can be done with it."""
    return render(request, "repairs/bringing_own.html", {"held": _own(request, key)})


@require_safe
@login_required
def bringing_show(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show it in big letters, with nothing else, to hand over the phone."""
    return render(request, "repairs/bringing_show.html", {"held": _own(request, key)})


@login_required
def bringing_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Change what one prepared."""
    draft = _draft(request, key)
    now: dict[str, Any] = {name: getattr(draft, name) for name in ("text", "how", "version")}
    form = DraftForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_draft(
                actor=request.user, episode=draft.episode, draft=draft, **form.cleaned_data
            )
        except ChangedMeanwhile as changed:
            held = {name: getattr(changed.record, name) for name in ("text", "how")}
            show_changes(form, held, changed.record.version)
        else:
            return redirect("bringing_own", key=draft.key)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "repairs/bringing_edit.html", {"form": form, "held": draft}, status=status)


@require_POST
@login_required
def bringing_send(request: HttpRequest, key: UUID) -> HttpResponse:
    """Send it to the therapist."""
    draft = _own(request, key)
    try:
        actions.send_draft(actor=request.user, draft=draft)
    except NotPossible:
        messages.info(request, _("It was sent before; it is not sent twice."))
    else:
        name = {"name": draft.episode.therapist.name}
        messages.success(request, _("Sent to %(name)s. You see here when it was read.") % name)
    return redirect("bringing_own", key=draft.key)


@require_POST
@login_required
def bringing_drop(request: HttpRequest, key: UUID) -> HttpResponse:
    """Delete a draft."""
    actions.drop_draft(actor=request.user, draft=_draft(request, key))
    messages.success(request, _("Deleted. Nobody has seen it."))
    return redirect("bringing_list")


# -- the therapist ---------------------------------------------------------------------------------


def _brought(request: HttpRequest, key: UUID) -> BringingUp:
    return access.found(access.brought_up(request.user).select_related("client", "episode"), key)


@require_safe
@login_required
def brought_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what a client wants to bring up; before it is opened, only that there is something."""
    brought = _brought(request, key)
    if brought.read_at is not None:
        record(request.user, "bringing_up.read", brought, client=brought.client_id)
    return render(request, "repairs/brought_page.html", {"brought": brought})


@require_POST
@login_required
def brought_open(request: HttpRequest, key: UUID) -> HttpResponse:
    """Open it; the client sees that it was read."""
    brought = _brought(request, key)
    actions.read_brought(actor=request.user, brought=brought)
    return redirect("brought_page", key=brought.key)


@require_POST
@login_required
def brought_talked(request: HttpRequest, key: UUID) -> HttpResponse:
    """Note that it was talked about."""
    brought = _brought(request, key)
    actions.note_talked(actor=request.user, brought=brought)
    messages.success(request, _("Noted. It is off your list."))
    return redirect("client_page", key=brought.client_id)

"""The caseload, a client's page, and episodes of care."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Max, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload import actions
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.forms import (
    ClientForm,
    EndingForm,
    EpisodeForm,
    FilterForm,
    NewClientForm,
)
from openrapport_web.caseload.models import Client, Episode, MeetingState
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.people.models import Role

__all__ = [
    "client_edit",
    "client_list",
    "client_new",
    "client_page",
    "episode_edit",
    "episode_end",
    "episode_new",
    "filtered",
]

PAGE, MEETINGS_SHOWN = 50, 25


@require_safe
@login_required
def client_list(request: HttpRequest) -> HttpResponse:
    """Show a therapist's own caseload, or everybody's to the manager."""
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    form = FilterForm(request.GET)
    form.is_valid()
    found = filtered(access.clients(request.user), form.cleaned_data, request.user)
    page = Paginator(found.order_by("name", "pk"), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "caseload/client_list.html",
        {"form": form, "page": page, "rows": _rows(list(page), request.user)},
    )


def filtered(clients: QuerySet[Client], asked: dict[str, Any], user: Any) -> QuerySet[Client]:
    """Clients by part of a name, and by whether they are in care."""
    if asked.get("q"):
        clients = clients.filter(name__icontains=asked["q"])
    if asked.get("state") == "all":
        return clients
    mine = Q() if Role.MANAGER in user.roles else Q(therapist=user)
    running = Episode.objects.filter(mine, ends_on=None).values("client")
    return (
        clients.exclude(pk__in=running)
        if asked.get("state") == "ended"
        else clients.filter(pk__in=running)
    )


def _rows(clients: list[Client], user: Any) -> list[dict[str, Any]]:
    """Episodes and meetings of one page of clients, with three questions to the database."""
    now = timezone.now()
    keys = [client.pk for client in clients]
    episodes: dict[UUID, Episode] = {}
    for episode in (
        access.episodes(user).filter(client__in=keys).select_related("therapist").order_by("starts_on")
    ):
        episodes[episode.client_id] = episode
    meetings = access.meetings(user).filter(client__in=keys).order_by().values_list("client")
    held = meetings.filter(state=MeetingState.HELD, starts_at__lt=now)
    planned = meetings.filter(state=MeetingState.PLANNED, starts_at__gte=now)
    before, after = dict(held.annotate(Max("starts_at"))), dict(planned.annotate(Min("starts_at")))
    return [
        {"client": c, "episode": episodes.get(c.pk), "last": before.get(c.pk), "next": after.get(c.pk)}
        for c in clients
    ]


@login_required
def client_new(request: HttpRequest) -> HttpResponse:
    """Add a client and their first episode."""
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    initial = {"starts_on": timezone.localdate(), "version": 0}
    form = NewClientForm(request.POST or None, user=access.me(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        therapist = values.pop("therapist", request.user)
        client = actions.add_client(actor=request.user, therapist=therapist, **values)
        return redirect("client_page", key=client.key)
    return _form(request, form, _("A new client"), _("Add this client"), "client_list")


@require_safe
@login_required
def client_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one client: episodes, meetings, what they agreed to, notes."""
    client = access.found(access.clients(request.user), key)
    record(request.user, "client.read", client, client=client.key)
    mine = access.meetings(request.user).filter(client=client).order_by("-starts_at")
    meetings = Paginator(mine.select_related("session"), MEETINGS_SHOWN)
    return render(
        request,
        "caseload/client_page.html",
        {
            "client": client,
            "episodes": access.episodes(request.user)
            .filter(client=client)
            .select_related("therapist")
            .order_by("-starts_on"),
            "in_care": access.clients_in_care(request.user).filter(pk=client.pk).exists(),
            "meetings": meetings.get_page(request.GET.get("page")),
            "consents": client.consents.filter(withdrawn_at=None),
            "notes": access.notes(request.user).filter(client=client).order_by("-made_at")[:20],
        },
    )


@login_required
def client_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Change how a client is called and reached."""
    client = access.found(access.clients(request.user), key)
    fields = ("name", "email", "phone", "language")
    form = ClientForm(request.POST or None, initial=_values(client, *fields, "version"))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_client(actor=request.user, client=client, **form.cleaned_data)
            return redirect("client_page", key=client.key)
        except ChangedMeanwhile as changed:
            show_changes(form, _values(changed.record, *fields), changed.record.version)
    return _form(
        request,
        form,
        _("%(name)s: name and address") % {"name": client.name},
        _("Save"),
        "client_page",
        client.key,
    )


@login_required
def episode_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Begin a further episode with a client in one's care."""
    client = access.found(access.clients_in_care(request.user), key)
    form = EpisodeForm(request.POST or None, initial={"starts_on": timezone.localdate(), "version": 0})
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        actions.begin_episode(actor=request.user, client=client, therapist=request.user, **values)
        return redirect("client_page", key=client.key)
    return _form(
        request,
        form,
        _("%(name)s: a new episode") % {"name": client.name},
        _("Begin"),
        "client_page",
        client.key,
    )


@login_required
def episode_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Correct how an episode began."""
    episode = access.found(access.episodes_in_care(request.user), key)
    fields = ("starts_on", "format", "referral")
    form = EpisodeForm(request.POST or None, initial=_values(episode, *fields, "version"))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_episode(actor=request.user, episode=episode, **form.cleaned_data)
            return redirect("client_page", key=episode.client_id)
        except NotPossible as error:
            form.add_error("starts_on", str(error))
        except ChangedMeanwhile as changed:
            show_changes(form, _values(changed.record, *fields), changed.record.version)
    return _form(
        request, form, _("How this episode began"), _("Save"), "client_page", episode.client_id
    )


@login_required
def episode_end(request: HttpRequest, key: UUID) -> HttpResponse:
    """End an episode, or correct how it ended."""
    episode = access.found(access.episodes_in_care(request.user), key)
    fields = ("ends_on", "ending", "reason")
    initial = _values(episode, *fields, "version")
    initial["ends_on"] = initial["ends_on"] or timezone.localdate()
    form = EndingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_episode(actor=request.user, episode=episode, **form.cleaned_data)
            messages.success(
                request, _("The episode is ended; meetings planned after it are cancelled.")
            )
            return redirect("client_page", key=episode.client_id)
        except NotPossible as error:
            form.add_error("ends_on", str(error))
        except ChangedMeanwhile as changed:
            show_changes(form, _values(changed.record, *fields), changed.record.version)
    return _form(
        request, form, _("How this episode ended"), _("Save"), "client_page", episode.client_id
    )


def _values(thing: Any, *fields: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in fields}


def _form(
    request: HttpRequest, form: Any, title: str, submit: str, back: str, key: UUID | None = None
) -> HttpResponse:
    context = {"form": form, "title": title, "submit": submit, "back": back, "key": key}
    return render(request, "form_page.html", context, status=422 if form.errors else 200)

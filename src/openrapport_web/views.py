"""The first page of each role, and the sign of life."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from openrapport_web import access
from openrapport_web.caseload.models import Client, Consent, DeletionRequest, MeetingState, Purpose
from openrapport_web.course.today import client_day, therapist_day
from openrapport_web.feedback import safety
from openrapport_web.feedback.views.answering import open_forms
from openrapport_web.goals.views.shared import running_episode
from openrapport_web.people.context import practice_of
from openrapport_web.people.models import User
from openrapport_web.people.setup_code import is_first_visit
from openrapport_web.recordings.models import AnalysisState
from openrapport_web.repairs.reading import open_things

__all__ = ["health", "home"]

SHOWN = 12


def health(request: HttpRequest) -> HttpResponse:
    """Say that the server answers; nothing else."""
    del request
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


def home(request: HttpRequest) -> HttpResponse:
    """Show what this person's day holds; lead the very first person to the set-up."""
    if not request.user.is_authenticated:
        return redirect("first_visit") if is_first_visit() else redirect_to_login(request.path)
    user = access.me(request)
    context: dict[str, Any] = {}
    if user.is_client:
        context |= _for_client(user)
    if user.is_therapist:
        context |= _for_therapist(user)
    if user.is_supervisor:
        shared = access.sessions(user).exclude(therapist=user)
        context["shared"] = shared.select_related("meeting", "therapist").order_by("-made_at")[:SHOWN]
    if user.is_manager:
        context |= _for_manager(user)
        context |= safety.state(practice_of(request))
    if user.is_manager or user.is_therapist:
        open_ones = access.concerns(user).filter(done_at=None).select_related("client")
        context["concerns"] = open_ones.order_by("made_at")[:SHOWN]
    if user.is_researcher:
        yes = Consent.objects.filter(purpose=Purpose.RESEARCH, withdrawn_at=None)
        context["n_consented"] = yes.count()
    return render(request, "home.html", context)


def _for_client(user: User) -> dict[str, Any]:
    client = access.own_client(user)
    episode = running_episode(access.episodes_together(user).filter(client=client))
    given = client.consents.filter(withdrawn_at=None).count()
    ahead = access.meetings(user).filter(client=client, state=MeetingState.PLANNED)
    return {
        **client_day(user, episode),
        "next_meetings": ahead.filter(starts_at__gte=timezone.now()).order_by("starts_at")[:3],
        "n_unanswered": len(Purpose) - given,
        "open_forms": open_forms(user),
        "my_sessions": access.sessions(user)
        .filter(client=client)
        .select_related("meeting")
        .order_by("-made_at")[:5],
    }


def _for_therapist(user: User) -> dict[str, Any]:
    open_work = access.analyses(user).filter(
        state__in=[AnalysisState.QUEUED, AnalysisState.RUNNING, AnalysisState.FAILED]
    )
    return {
        **therapist_day(user),
        "open_work": open_work.select_related("session__meeting", "client").order_by("-made_at")[
            :SHOWN
        ],
    }


def _for_manager(user: User) -> dict[str, Any]:
    access.require(user, *user.roles)
    return {
        "n_in_care": access.episodes(user).filter(ends_on=None).values("client").distinct().count(),
        "n_clients": access.clients(user).count(),
        "n_deletions": DeletionRequest.objects.filter(withdrawn_at=None, done_at=None).count(),
        "n_invited": access.invitations(user)
        .filter(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())
        .count(),
        "n_without_account": Client.objects.filter(user=None, erased_at=None).count(),
        # A therapist has them among all that is open.
        "words_to_me": [] if user.is_therapist else open_things(user),
    }

"""A course to look at: the client's own, and the therapist's of a client."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Episode
from openrapport_web.course.panels import pictures_of
from openrapport_web.course.review import review_of
from openrapport_web.goals.actions import side_of
from openrapport_web.goals.models import By
from openrapport_web.goals.views.shared import current_episode, frame, home_of, not_begun, own_episode

__all__ = ["client_course", "my_course", "review_page"]


@require_safe
@login_required
def my_course(request: HttpRequest) -> HttpResponse:
    """Show a client their own course."""
    episode = own_episode(request)
    return _page(request, episode) if episode else not_begun(request, _("My course"))


@require_safe
@login_required
def client_course(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a therapist the course of a client in their care."""
    client, episode = current_episode(request, key)
    record(request.user, "course.read", client, client=client.key)
    return _page(request, episode)


def _page(request: HttpRequest, episode: Episode) -> HttpResponse:
    pictures = pictures_of(request.user, episode, side_of(request.user, episode))
    return render(request, "course/course_page.html", {**frame(request, episode), "pictures": pictures})


@require_safe
@login_required
def review_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the two one page to look back over together, for the screen and for paper."""
    together = access.episodes_together(request.user).select_related("client", "therapist")
    episode = access.found(together, key)
    side = side_of(request.user, episode)
    if side == By.THERAPIST:
        record(request.user, "review.read", episode, client=episode.client_id)
    context = {
        **frame(request, episode),
        **review_of(request.user, episode),
        "picture": pictures_of(request.user, episode, side, bare=True).pulses,
        "back": home_of(request, episode, "course"),
    }
    return render(request, "course/review_page.html", context)

"""What all of these pages have in common: which episode, which side, one form on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from openrapport_web import access
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Client, Episode
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.goals.actions import side_of
from openrapport_web.goals.models import By

__all__ = [
    "current_episode",
    "do_or_say",
    "form_page",
    "frame",
    "home_of",
    "not_begun",
    "own_episode",
    "running_episode",
]


def own_episode(request: HttpRequest) -> Episode | None:
    """The client's episode that is running, or the last one; ``?episode=`` chooses among several.

    None before the first one began.

    Raises
    ------
    Http404
        If the person is no client, or the chosen episode is not theirs.
    """
    client = access.own_client(request.user)
    own = access.episodes_together(request.user).filter(client=client)
    if asked := request.GET.get("episode"):
        try:
            return access.found(own.select_related("client", "therapist"), UUID(asked))
        except ValueError:
            raise Http404 from None
    return running_episode(own)


def current_episode(request: HttpRequest, key: UUID) -> tuple[Client, Episode]:
    """A client in this therapist's care, and the episode with this therapist that is running, or the last.

    Raises
    ------
    Http404
        If the client is not in their care.
    """
    client = access.found(access.clients_in_care(request.user), key)
    mine = access.episodes_in_care(request.user).filter(client=client)
    episode = running_episode(mine)
    if episode is None:
        raise Http404
    return client, episode


def running_episode(episodes: QuerySet[Episode]) -> Episode | None:
    """The one that runs, or the last that did; None where there is none."""
    found = list(episodes.select_related("client", "therapist").order_by("starts_on"))
    running = [episode for episode in found if episode.ends_on is None]
    chosen = running or found
    return chosen[-1] if chosen else None


def not_begun(request: HttpRequest, title: str) -> HttpResponse:
    """Say to a client that there is nothing to share yet."""
    return render(request, "goals/not_begun.html", {"title": title, "is_client": True})


def frame(request: HttpRequest, episode: Episode) -> dict[str, Any]:
    """What every template of these pages asks for."""
    side = side_of(request.user, episode)
    several = access.episodes_together(request.user).filter(client=episode.client_id, ends_on=None)
    return {
        "episode": episode,
        "client": episode.client,
        "side": side.value,
        "is_client": side == By.CLIENT,
        "has_account": episode.client.user_id is not None,
        "other": episode.therapist.name if side == By.CLIENT else episode.client.name,
        "running": episode.ends_on is None,
        "others": several.exclude(pk=episode.pk).select_related("therapist")
        if side == By.CLIENT
        else [],
    }


def home_of(request: HttpRequest, episode: Episode, page: str) -> str:
    """Where a page of the two stands for this person: ``page`` is ``goals``, ``agenda`` or ``course``."""
    if side_of(request.user, episode) == By.CLIENT:
        return f"{reverse(f'my_{page}')}?episode={episode.pk}"
    return reverse(f"client_{page}", kwargs={"key": episode.client_id})


def form_page(
    request: HttpRequest, episode: Episode, form: Any, *, title: str, submit: str, back: str
) -> HttpResponse:
    """Ask one thing on a page of its own."""
    context = {**frame(request, episode), "form": form, "title": title, "submit": submit, "back": back}
    return render(request, "goals/form.html", context, status=422 if form.errors else 200)


def do_or_say(request: HttpRequest, action: Callable[[], object]) -> None:
    """Do it, or say on the next page why not."""
    try:
        action()
    except NotPossible as error:
        messages.error(request, str(error))
    except ChangedMeanwhile:
        messages.error(
            request,
            _("Somebody changed this while you were looking. Nothing was done: please look again."),
        )

"""Goals: seeing them, wording them, agreeing, saying how far along."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Episode
from openrapport_web.editing import ChangedMeanwhile, VersionedForm, show_changes
from openrapport_web.goals import actions
from openrapport_web.goals.actions import MOST_OPEN, side_of
from openrapport_web.goals.forms import GoalForm, GoalStateForm, RatingForm
from openrapport_web.goals.models import By, Goal, GoalState
from openrapport_web.goals.reading import goals_of
from openrapport_web.goals.views.shared import (
    current_episode,
    do_or_say,
    form_page,
    frame,
    home_of,
    not_begun,
    own_episode,
)

__all__ = [
    "client_goals",
    "goal_agree",
    "goal_edit",
    "goal_move",
    "goal_new",
    "goal_state",
    "goals_rate",
    "my_goals",
]


@require_safe
@login_required
def my_goals(request: HttpRequest) -> HttpResponse:
    """Show a client their goals."""
    episode = own_episode(request)
    return _page(request, episode) if episode else not_begun(request, _("My goals"))


@require_safe
@login_required
def client_goals(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a therapist a client's goals."""
    client, episode = current_episode(request, key)
    record(request.user, "goals.read", client, client=client.key)
    return _page(request, episode)


def _page(request: HttpRequest, episode: Episode) -> HttpResponse:
    rows = goals_of(episode)
    open_ones = [row for row in rows if row.goal.state == GoalState.OPEN]
    context = {
        **frame(request, episode),
        "rows": open_ones,
        "rested": [row for row in rows if row.goal.state != GoalState.OPEN],
        "room": MOST_OPEN - len(open_ones),
    }
    return render(request, "goals/goals_page.html", context)


@login_required
def goal_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write a goal down."""
    episode = access.found(_together(request), key)
    side, back = side_of(request.user, episode), home_of(request, episode, "goals")
    form = GoalForm(
        request.POST or None,
        side=side,
        has_account=episode.client.user_id is not None,
        new=True,
        initial={"version": 0},
    )
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        try:
            actions.write_goal(actor=request.user, episode=episode, **values)
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
    return form_page(request, episode, form, title=_("A new goal"), submit=_("Save"), back=back)


def _together(request: HttpRequest) -> Any:
    return access.episodes_together(request.user).select_related("client", "therapist")


def _goals(request: HttpRequest) -> Any:
    return access.goals(request.user).select_related("episode__client", "episode__therapist")


@login_required
def goal_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Word a goal anew."""
    goal = access.found(_goals(request), key)
    episode, back = goal.episode, home_of(request, goal.episode, "goals")
    form = GoalForm(
        request.POST or None,
        side=side_of(request.user, episode),
        has_account=episode.client.user_id is not None,
        new=False,
        initial={"text": goal.text, "version": goal.version},
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_goal(actor=request.user, goal=goal, **form.cleaned_data)
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
        except ChangedMeanwhile as changed:
            show_changes(form, {"text": changed.record.text}, changed.record.version)
    return form_page(request, episode, form, title=_("Other words"), submit=_("Save"), back=back)


@require_POST
@login_required
def goal_agree(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say yes to a goal."""
    goal = access.found(_goals(request), key)
    form = VersionedForm(request.POST)
    if form.is_valid():
        do_or_say(
            request,
            lambda: actions.agree_to_goal(
                actor=request.user, goal=goal, by_word="by_word" in request.POST, **form.cleaned_data
            ),
        )
    return redirect(home_of(request, goal.episode, "goals"))


@require_POST
@login_required
def goal_state(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say that a goal is reached or let go, or take it up again."""
    goal = access.found(_goals(request), key)
    form = GoalStateForm(request.POST)
    if form.is_valid():
        do_or_say(
            request,
            lambda: actions.say_goal_state(actor=request.user, goal=goal, **form.cleaned_data),
        )
    else:
        messages.error(request, _("Please choose what became of this goal."))
    return redirect(home_of(request, goal.episode, "goals"))


@require_POST
@login_required
def goal_move(request: HttpRequest, key: UUID) -> HttpResponse:
    """Move a goal one place up or down."""
    goal = access.found(_goals(request), key)
    actions.move_goal(actor=request.user, goal=goal, up=request.POST.get("to") == "up")
    return redirect(home_of(request, goal.episode, "goals"))


@login_required
def goals_rate(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say how far along; ``?for=client`` where a therapist types in what a client said."""
    episode = access.found(_together(request), key)
    side, back = side_of(request.user, episode), home_of(request, episode, "goals")
    for_client = request.GET.get("for") == "client" and side == By.THERAPIST
    goals = Goal.objects.filter(episode=episode, state=GoalState.OPEN).order_by("position", "made_at")
    form = RatingForm(request.POST if request.method == "POST" else None, goals=goals)
    if request.method == "POST" and form.is_valid():
        try:
            values = form.values()
            actions.rate_goals(
                actor=request.user, episode=episode, values=values, for_client=for_client
            )
            messages.success(request, _("Kept. Thank you."))
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
    context = {
        **frame(request, episode),
        "form": form,
        "wrong_fields": [
            (form[name], wrong) for name, wrong in form.errors.items() if name in form.fields
        ],
        "back": back,
        "for_client": for_client,
    }
    return render(request, "goals/rate.html", context, status=422 if form.errors else 200)

"""What is asked after which meeting, and when letters go out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrapport.measures.instrument import Instrument
from openrapport_web import access
from openrapport_web.caseload.models import Episode
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.feedback import plans, reminders
from openrapport_web.feedback.models import Plan
from openrapport_web.feedback.plan_forms import LetterTimesForm, PlanForm, how_often
from openrapport_web.people.models import Role

__all__ = [
    "episode_plan",
    "episode_plan_edit",
    "episode_plan_follow",
    "letters_stop",
    "my_letters",
    "plan_edit",
    "plan_page",
]


def _rows(episode: Episode | None) -> list[dict[str, Any]]:
    """What the plan says of each questionnaire, in words."""
    language = translation.get_language() or "en"
    every, habit = plans.habits(episode), plans.habits()
    letter = plans.by_letter(episode.pk if episode is not None else None)
    own = (
        set(Plan.objects.filter(episode=episode).values_list("instrument", flat=True))
        if episode is not None
        else set()
    )
    return [
        {
            "key": key,
            "title": form.texts(language).title,
            "validated": form.validated,
            "rater": form.rater,
            "often": how_often(every.get(key, 0)),
            "asked": bool(every.get(key, 0)),
            "letter": form.rater == "client" and letter.get(key, True),
            "habit": how_often(habit.get(key, 0)),
            "own": key in own,
        }
        for key, form in plans.plannable().items()
    ]


def _form_called(name: str) -> Instrument:
    form = plans.plannable().get(name)
    if form is None:
        raise Http404
    return form


@login_required
def plan_page(request: HttpRequest) -> HttpResponse:
    """The practice's habit: what is asked, how often, and when letters go out."""
    access.require(request.user, Role.MANAGER)
    when = reminders.times()
    fields = ("at_once", "first_after_days", "second_after_days")
    initial = {name: getattr(when, name) for name in (*fields, "version")}
    form = LetterTimesForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            reminders.change_times(actor=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("plan_page")
        except ChangedMeanwhile as changed:
            now = {name: getattr(changed.record, name) for name in fields}
            show_changes(form, now, changed.record.version)
    about = {"rows": _rows(None), "form": form}
    return render(request, "feedback/plan_page.html", about, status=422 if form.errors else 200)


@login_required
def plan_edit(request: HttpRequest, name: str) -> HttpResponse:
    """How often one questionnaire is asked in the practice."""
    access.require(request.user, Role.MANAGER)
    return _edit(request, _form_called(name), None)


@require_safe
@login_required
def episode_plan(request: HttpRequest, key: UUID) -> HttpResponse:
    """What is asked in one episode, and whether letters reach this client."""
    held = access.episodes_in_care(request.user).select_related("client__user")
    episode = access.found(held, key)
    about = {
        "episode": episode,
        "rows": _rows(episode),
        "address": reminders.address_of(episode.client),
        "wanted": reminders.wanted(episode.client),
    }
    return render(request, "feedback/episode_plan.html", about)


@login_required
def episode_plan_edit(request: HttpRequest, key: UUID, name: str) -> HttpResponse:
    """How often one questionnaire is asked in one episode."""
    episode = access.found(access.episodes_in_care(request.user), key)
    return _edit(request, _form_called(name), episode)


@require_POST
@login_required
def episode_plan_follow(request: HttpRequest, key: UUID, name: str) -> HttpResponse:
    """Follow the practice's habit again."""
    episode = access.found(access.episodes_in_care(request.user), key)
    plans.follow_habit(actor=request.user, episode=episode, key=name)
    return redirect("episode_plan", key=key)


def _edit(request: HttpRequest, form: Instrument, episode: Episode | None) -> HttpResponse:
    held = Plan.objects.filter(episode=episode, instrument=form.key).first()
    key = episode.pk if episode is not None else None
    initial = {
        "every": plans.habits(episode).get(form.key, 0),
        "letter": plans.by_letter(key).get(form.key, True),
        "version": held.version if held is not None else 0,
    }
    asked = PlanForm(request.POST or None, form=form, initial=initial)
    back = "plan_page" if key is None else "episode_plan"
    if asked.is_valid():
        said = {"letter": False, **asked.cleaned_data}
        try:
            plans.change(actor=request.user, form=form, episode=episode, **said)
            return redirect(back) if key is None else redirect(back, key=key)
        except ChangedMeanwhile as changed:
            now = {"every": changed.record.every, "letter": changed.record.by_letter}
            now = {name: value for name, value in now.items() if name in asked.fields}
            show_changes(asked, now, changed.record.version)
    title = form.texts(translation.get_language() or "en").title
    about = {"title": title, "form": asked, "submit": _("Save"), "back": back, "key": key}
    return render(request, "form_page.html", about, status=422 if asked.errors else 200)


# -- letters -----------------------------------------------------------------------------------------


@csrf_exempt  # a mail program presses it too; what it holds is the right to stop these letters alone
@require_http_methods(["GET", "HEAD", "POST"])
def letters_stop(request: HttpRequest) -> HttpResponse:
    """Public with a letter: stop such letters. Only a press does; looking at the page does not."""
    token = (request.POST.get("link") or request.GET.get("link") or "")[:200]
    choice = reminders.choice_of(token)
    if choice is None:
        return render(request, "feedback/letters_stop.html", {"unknown": True}, status=404)
    with translation.override(choice.client.language):
        if request.method == "POST":
            reminders.stop_by_letter(token=token)
            return render(request, "feedback/letters_stop.html", {"stopped": True})
        about = {"token": token, "stopped": choice.stopped_at is not None}
        return render(request, "feedback/letters_stop.html", about)


@login_required
def my_letters(request: HttpRequest) -> HttpResponse:
    """Whether a client wants letters that remind them: on or off."""
    client = access.own_client(request.user)
    if request.method == "POST":
        reminders.choose(actor=request.user, client=client, on=request.POST.get("letters") == "on")
        messages.success(request, _("Saved."))
        return redirect("my_letters")
    about = {"wanted": reminders.wanted(client), "address": reminders.address_of(client)}
    return render(request, "feedback/my_letters.html", {**about, "times": reminders.times()})

"""The agenda of the next meeting, tasks between meetings, decisions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.models import Episode, MeetingState
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.goals import together
from openrapport_web.goals.actions import side_of
from openrapport_web.goals.forms import (
    DecisionForm,
    PointForm,
    PointStateForm,
    TaskForm,
    TaskStateForm,
)
from openrapport_web.goals.reading import together_of
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
    "client_agenda",
    "decision_agree",
    "decision_new",
    "decision_take_back",
    "my_agenda",
    "point_edit",
    "point_new",
    "point_state",
    "task_edit",
    "task_new",
    "task_state",
]


@require_safe
@login_required
def my_agenda(request: HttpRequest) -> HttpResponse:
    """Show a client what is to be talked about, what they try out, and what was decided."""
    episode = own_episode(request)
    return _page(request, episode) if episode else not_begun(request, _("Our agenda"))


@require_safe
@login_required
def client_agenda(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a therapist the same of a client."""
    client, episode = current_episode(request, key)
    record(request.user, "agenda.read", client, client=client.key)
    return _page(request, episode)


def _page(request: HttpRequest, episode: Episode, form: PointForm | None = None) -> HttpResponse:
    ahead = access.meetings(request.user).filter(
        episode=episode, state=MeetingState.PLANNED, starts_at__gte=timezone.now()
    )
    context = {
        **frame(request, episode),
        **together_of(episode),
        "form": form or PointForm(initial={"version": 0}),
        "next_meeting": ahead.order_by("starts_at").first(),
    }
    wrong = form is not None and form.errors
    return render(request, "goals/agenda_page.html", context, status=422 if wrong else 200)


def _mine(records: Any) -> Any:
    return records.select_related("episode__client", "episode__therapist")


def _episode(request: HttpRequest, key: UUID) -> Episode:
    mine = access.episodes_together(request.user)
    return access.found(mine.select_related("client", "therapist"), key)


def _sided(request: HttpRequest, episode: Episode) -> dict[str, Any]:
    return {
        "side": side_of(request.user, episode),
        "has_account": episode.client.user_id is not None,
    }


@require_POST
@login_required
def point_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put something on the agenda."""
    episode = _episode(request, key)
    form = PointForm(request.POST)
    if form.is_valid():
        try:
            text = form.cleaned_data["text"]
            together.add_point(actor=request.user, episode=episode, text=text)
            return redirect(home_of(request, episode, "agenda"))
        except NotPossible as error:
            form.add_error(None, str(error))
    return _page(request, episode, form)


@login_required
def point_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Word one's own point anew."""
    point = access.found(_mine(access.agenda(request.user)), key)
    if point.by != side_of(request.user, point.episode):
        raise Http404
    back = home_of(request, point.episode, "agenda")
    form = PointForm(request.POST or None, initial={"text": point.text, "version": point.version})
    if request.method == "POST" and form.is_valid():
        try:
            together.change_point(actor=request.user, point=point, **form.cleaned_data)
            return redirect(back)
        except ChangedMeanwhile as changed:
            show_changes(form, {"text": changed.record.text}, changed.record.version)
    title = _("Other words")
    return form_page(request, point.episode, form, title=title, submit=_("Save"), back=back)


@require_POST
@login_required
def point_state(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say that a point was talked about, is no longer needed, or stands again."""
    point = access.found(_mine(access.agenda(request.user)), key)
    form = PointStateForm(request.POST)
    if form.is_valid():
        do_or_say(
            request,
            lambda: together.say_point_state(actor=request.user, point=point, **form.cleaned_data),
        )
    else:
        messages.error(request, _("Please choose what became of this point."))
    return redirect(home_of(request, point.episode, "agenda"))


@login_required
def task_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write down what the client will try out."""
    episode = _episode(request, key)
    back = home_of(request, episode, "agenda")
    form = TaskForm(request.POST or None, new=True, initial={"version": 0}, **_sided(request, episode))
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        try:
            together.give_task(actor=request.user, episode=episode, **values)
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
    title = _("Something to try")
    return form_page(request, episode, form, title=title, submit=_("Save"), back=back)


@login_required
def task_edit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Word a task anew."""
    task = access.found(_mine(access.tasks(request.user)), key)
    back = home_of(request, task.episode, "agenda")
    initial = {"text": task.text, "until": task.until, "version": task.version}
    sided = _sided(request, task.episode)
    form = TaskForm(request.POST or None, new=False, initial=initial, **sided)
    if request.method == "POST" and form.is_valid():
        try:
            together.change_task(actor=request.user, task=task, **form.cleaned_data)
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
        except ChangedMeanwhile as changed:
            now = changed.record
            show_changes(form, {"text": now.text, "until": now.until}, now.version)
    title = _("Other words")
    return form_page(request, task.episode, form, title=title, submit=_("Save"), back=back)


@login_required
def task_state(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say what became of a task, and how it went."""
    task = access.found(_mine(access.tasks(request.user)), key)
    back = home_of(request, task.episode, "agenda")
    initial = {"state": task.state, "how": task.how, "version": task.version}
    sided = _sided(request, task.episode)
    form = TaskStateForm(request.POST or None, initial=initial, **sided)
    if request.method == "POST" and form.is_valid():
        try:
            together.say_task_state(actor=request.user, task=task, **form.cleaned_data)
            return redirect(back)
        except ChangedMeanwhile as changed:
            now = changed.record
            current: dict[str, Any] = {
                name: getattr(now, name) for name in ("state", "how") if name in form.fields
            }
            show_changes(form, current, now.version)
    return form_page(request, task.episode, form, title=task.text, submit=_("Save"), back=back)


@login_required
def decision_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Write down what was decided."""
    episode = _episode(request, key)
    back = home_of(request, episode, "agenda")
    form = DecisionForm(request.POST or None, initial={"version": 0}, **_sided(request, episode))
    if request.method == "POST" and form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        try:
            together.write_decision(actor=request.user, episode=episode, **values)
            return redirect(back)
        except NotPossible as error:
            form.add_error(None, str(error))
    title = _("Something we decided")
    return form_page(request, episode, form, title=title, submit=_("Save"), back=back)


@require_POST
@login_required
def decision_agree(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say yes to a decision."""
    decision = access.found(_mine(access.decisions(request.user)), key)
    by_word = "by_word" in request.POST
    do_or_say(
        request,
        lambda: together.agree_to_decision(actor=request.user, decision=decision, by_word=by_word),
    )
    return redirect(home_of(request, decision.episode, "agenda"))


@require_POST
@login_required
def decision_take_back(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take back what one wrote."""
    decision = access.found(_mine(access.decisions(request.user)), key)
    do_or_say(request, lambda: together.take_decision_back(actor=request.user, decision=decision))
    return redirect(home_of(request, decision.episode, "agenda"))

"""What is open after an answer about harming oneself, and the numbers that help."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.feedback import help as helping
from openrapport_web.feedback import safety
from openrapport_web.feedback.help_forms import DoneForm, LineForm, SuggestionForm
from openrapport_web.feedback.library import instrument
from openrapport_web.feedback.models import HelpLine, SafetyConcern
from openrapport_web.feedback.scores import said
from openrapport_web.people.context import practice_of
from openrapport_web.people.models import Role

__all__ = [
    "concern_list",
    "concern_page",
    "help_line",
    "help_line_move",
    "help_line_remove",
    "help_lines",
    "help_page",
]


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Public: whom to call in need, in the reader's language."""
    shown = helping.help_for(language=translation.get_language() or "")
    return render(request, "feedback/help_page.html", {"help": shown})


@require_safe
@login_required
def concern_list(request: HttpRequest) -> HttpResponse:
    """What is open, and since when: a therapist's own; for a manager everybody's, without answers."""
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    open_ones = access.concerns(request.user).filter(done_at=None)
    rows = open_ones.select_related("client", "episode__therapist").order_by("made_at")
    about = safety.state(practice_of(request)) if access.me(request).is_manager else {}
    return render(request, "feedback/concern_list.html", {"concerns": rows, **about})


@login_required
def concern_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """One thing that is open: what was answered, for the therapist, and what was done."""
    seen = access.concerns(request.user).select_related("client", "episode__therapist", "done_by")
    concern = access.found(seen, key)
    in_care = access.concerns_in_care(request.user).filter(pk=key).exists()
    form = DoneForm(request.POST or None)
    if form.is_valid():
        try:
            safety.close(actor=access.me(request), concern=concern, done=form.cleaned_data["done"])
        except safety.AlreadyDone:
            # Their words are not lost: the form comes back with them.
            form.add_error("done", _("Somebody else said what was done, a moment ago."))
        else:
            messages.success(request, _("Thank you. It is not open any more."))
            return redirect("concern_list")
    about = {"concern": concern, "form": form, "in_care": in_care}
    if in_care:
        about |= _content(request, concern)
    return render(request, "feedback/concern_page.html", about, status=422 if form.errors else 200)


def _content(request: HttpRequest, concern: SafetyConcern) -> dict[str, Any]:
    """The question and the answer, in words; the look is recorded."""
    record(request.user, "concern.read", concern, client=concern.client_id)
    answer = concern.answer
    form = instrument(answer.asking.instrument, answer.asking.instrument_version)
    texts = form.texts(translation.get_language() or "en")
    return {
        "question": texts.items[concern.item].text,
        "reply": said(answer, form, concern.item, texts),
        "texts": texts,
        "given_at": answer.given_at,
    }


@login_required
def help_lines(request: HttpRequest) -> HttpResponse:
    """The practice's numbers: add, order, take over what is known of a country."""
    access.require(request.user, Role.MANAGER)
    country = helping.country_of(practice_of(request))
    form = LineForm(request.POST if "add" in request.POST else None, initial={"version": 0})
    taking = SuggestionForm(
        request.POST if "take" in request.POST else None,
        initial={"country": country.code if country else None},
    )
    if form.is_valid():
        values = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        helping.add_line(actor=request.user, **values)
        return redirect("help_lines")
    if taking.is_valid():
        chosen = helping.suggestions()[taking.cleaned_data["country"]]
        n = helping.take_suggestions(actor=request.user, country=chosen)
        messages.success(request, _("Numbers taken over: %(n)s. Please check them.") % {"n": n})
        return redirect("help_lines")
    about = {
        "lines": HelpLine.objects.all(),
        "shown": helping.help_for(),
        "form": form,
        "taking": taking,
        **safety.state(practice_of(request)),
    }
    wrong = form.errors or taking.errors
    return render(request, "feedback/help_lines.html", about, status=422 if wrong else 200)


@login_required
def help_line(request: HttpRequest, key: UUID) -> HttpResponse:
    """Correct one number."""
    access.require(request.user, Role.MANAGER)
    line = access.found(HelpLine.objects.all(), key)
    fields = ("name", "number", "hours", "address", "language")
    initial = {name: getattr(line, name) for name in (*fields, "version")}
    form = LineForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            helping.change_line(actor=request.user, line=line, **form.cleaned_data)
            return redirect("help_lines")
        except ChangedMeanwhile as changed:
            now = {name: getattr(changed.record, name) for name in fields}
            show_changes(form, now, changed.record.version)
    about = {"title": _("A number that helps"), "form": form, "submit": _("Save"), "back": "help_lines"}
    return render(request, "form_page.html", about, status=422 if form.errors else 200)


@require_POST
@login_required
def help_line_move(request: HttpRequest, key: UUID) -> HttpResponse:
    """One up or one down."""
    access.require(request.user, Role.MANAGER)
    line = access.found(HelpLine.objects.all(), key)
    helping.move_line(actor=request.user, line=line, up=request.POST.get("way") == "up")
    return redirect("help_lines")


@require_POST
@login_required
def help_line_remove(request: HttpRequest, key: UUID) -> HttpResponse:
    """Off the list."""
    access.require(request.user, Role.MANAGER)
    helping.remove_line(actor=request.user, line=access.found(HelpLine.objects.all(), key))
    return redirect("help_lines")

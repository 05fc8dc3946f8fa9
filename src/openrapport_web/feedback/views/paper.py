"""On paper: printing a form with a code, and entering what was answered on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.feedback import actions
from openrapport_web.feedback.codes import code_of, key_ending
from openrapport_web.feedback.forms import CodeForm
from openrapport_web.feedback.instruments import NoSuchInstrument, instrument, items_asked
from openrapport_web.feedback.models import Asking, Rater, Way
from openrapport_web.feedback.pages import language_of, show_form, show_words
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.people.models import Role

__all__ = ["paper_enter", "paper_find", "paper_sheet"]


def _clients_forms(request: HttpRequest) -> Any:
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    held = access.askings(request.user).filter(rater=Rater.CLIENT)
    if not access.me(request).is_manager:
        held = held.filter(episode__therapist=access.me(request))
    return held.select_related("client", "meeting", "episode__therapist")


@require_safe
@login_required
def paper_sheet(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a form as a sheet to print, with the code by which it is found again."""
    asking = access.found(_clients_forms(request), key)
    language = request.GET.get("language", "")
    if not translation.check_for_language(language):
        language = language_of(asking, None)
    try:
        form = instrument(asking.instrument)
    except NoSuchInstrument:
        return show_words(
            request,
            asking,
            Ticket(asking.key, Way.PAPER),
            language=language,
            status=410,
            title=_("This form is not here any more"),
            lines=[],
        )
    with translation.override(language):
        texts = form.texts(language)
        said = {
            "asking": asking,
            "code": code_of(asking.key),
            "instrument": form,
            "texts": texts,
            "rows": [(item, texts.items[item.key]) for item in items_asked(form, asking)],
        }
        return render(request, "feedback/paper.html", said)


@require_safe
@login_required
def paper_find(request: HttpRequest) -> HttpResponse:
    """Find the form of a sheet by its code."""
    form = CodeForm(request.GET or None)
    if form.is_valid():
        ending = key_ending(form.cleaned_data["code"])
        held = _clients_forms(request).filter(withdrawn_at=None)
        found = held.filter(key__endswith=ending).first() if ending else None
        if found is not None:
            return redirect("paper_enter", key=found.key)
        form.add_error("code", _("There is no sheet with this code. Please compare it once more."))
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    return render(request, "feedback/paper_find.html", {"form": form})


@require_safe
@login_required
def paper_enter(request: HttpRequest, key: UUID) -> HttpResponse:
    """Enter what stands on a sheet."""
    asking = access.found(_clients_forms(request), key)
    ticket = Ticket(asking.key, Way.PAPER, access.me(request).pk)
    language = access.me(request).language
    if (refusal := _own_first(request, asking)) is not None:
        return refusal
    try:
        actions.require_open(asking, given_at=asking.opens_at)
    except actions.NotPossible as error:
        title = _("This sheet cannot be entered")
        return show_words(
            request, asking, ticket, language=language, status=410, title=title, lines=[str(error)]
        )
    day = timezone.localdate(asking.opens_at).isoformat()
    return show_form(
        request,
        asking,
        ticket,
        language=language,
        given_on=day,
        today=timezone.localdate().isoformat(),
        asking_code=code_of(asking.key),
    )


def _own_first(request: HttpRequest, asking: Asking) -> HttpResponse | None:
    """A therapist who types in what the client said could not guess it any more."""
    own = Asking.objects.filter(
        meeting=asking.meeting_id,
        rater=Rater.THERAPIST,
        answered_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
        episode__therapist=access.me(request),
    )
    if asking.meeting_id is None or not own.exists():
        return None
    return render(request, "feedback/own_first.html", {"asking": asking}, status=409)

"""The practice's questionnaires: what there is, under which terms, and bringing more in."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport.errors import BadInput
from openrapport.io.fhir import to_questionnaire
from openrapport.measures.documents import parsed
from openrapport.measures.instrument import Instrument, library
from openrapport_web import access
from openrapport_web.feedback import bringing
from openrapport_web.feedback.bringing import Brought
from openrapport_web.feedback.library import NoSuchInstrument, instrument, offered
from openrapport_web.feedback.library_forms import (
    BringForm,
    TakeForm,
    TranslationForm,
)
from openrapport_web.feedback.models import OwnInstrument
from openrapport_web.feedback.reliability import held_of
from openrapport_web.people.context import practice_of
from openrapport_web.people.models import Role

__all__ = [
    "library_bring",
    "library_fhir",
    "library_form",
    "library_page",
    "library_take",
    "library_translate",
    "library_withdraw",
]


def _language() -> str:
    return translation.get_language() or "en"


@require_safe
@login_required
def library_page(request: HttpRequest) -> HttpResponse:
    """What can be asked, and what could be with words that the practice is licensed for."""
    access.require(request.user, Role.MANAGER)
    here = offered()
    own = OwnInstrument.objects.values_list("name", flat=True).distinct()
    keys = [key for key, form in library().items() if not form.languages and key not in here]
    gone = sorted(set(own) - set(here) - set(library()))
    about = {
        "here": [_card(form, form.key in library()) for form in here.values()],
        "keys": [library()[key] for key in keys],
        "gone": gone,
    }
    return render(request, "feedback/library_page.html", about)


def _card(form: Instrument, shipped: bool) -> dict[str, Any]:
    texts = form.texts(_language())
    return {
        "key": form.key,
        "title": texts.title,
        "validated": form.validated,
        "licence": form.licence.name,
        "languages": form.languages,
        "measures": list(texts.scales.values()),
        "n_items": len(form.items),
        "shipped": shipped,
    }


@require_safe
@login_required
def library_form(request: HttpRequest, name: str) -> HttpResponse:
    """One questionnaire: words, terms, sources, what it measures, and every text of the practice's."""
    access.require(request.user, Role.MANAGER)
    form = _called(name)
    texts = form.texts(_language()) if form.languages else None
    own = OwnInstrument.objects.filter(name=name).select_related("attested_by").order_by("-number")
    rows = [{"own": row, "language": row.definition.get("language", "")} for row in own]
    scales = [
        {"scale": scale, "title": texts.scales[scale.key] if texts else scale.key}
        for scale in form.scales
    ]
    about = {
        "form": form,
        "texts": texts,
        "questions": list(texts.items.values()) if texts else [],
        "scales": scales,
        "rows": rows,
        "shipped": name in library(),
        "own_reliability": held_of(form, _language()),
        "translatable": name in library() and bringing.may_be_translated(form),
    }
    return render(request, "feedback/library_form.html", about)


def _called(name: str) -> Instrument:
    try:
        return instrument(name)
    except NoSuchInstrument:
        if name in library():
            return library()[name]
        raise Http404 from None


@login_required
def library_bring(request: HttpRequest) -> HttpResponse:
    """Look at a file before it is taken: what it is, and in what it differs from what we know."""
    access.require(request.user, Role.MANAGER)
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    form = BringForm(announced=announced)
    if request.method == "POST":
        form = BringForm(request.POST, request.FILES, announced=announced)
        if form.is_valid():
            return _before_taking(request, form.brought)
    about = {"form": form}
    return render(request, "feedback/library_bring.html", about, status=422 if form.errors else 200)


@require_POST
@login_required
def library_take(request: HttpRequest) -> HttpResponse:
    """Keep what was looked at, with the sentence that was agreed to."""
    access.require(request.user, Role.MANAGER)
    try:
        brought = bringing.bring(parsed(request.POST.get("document", ""), _("This file")))
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("library_bring")
    sentence = _sentence(request, brought)
    form = TakeForm(request.POST, sentence=sentence)
    if form.is_valid():
        try:
            own = bringing.take(actor=request.user, brought=brought, sentence=sentence)
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("It is here now. Say under “What is asked” how often it is asked.")
            )
            return redirect("library_form", name=own.name)
    return _before_taking(request, brought, form)


def _sentence(request: HttpRequest, brought: Brought) -> str:
    practice = practice_of(request)
    return bringing.attestation(brought, practice.name if practice else _("This practice"))


def _before_taking(
    request: HttpRequest, brought: Brought, form: TakeForm | None = None
) -> HttpResponse:
    wrong = form is not None
    if form is None:
        document = json.dumps(brought.document, ensure_ascii=False)
        form = TakeForm(initial={"document": document}, sentence=_sentence(request, brought))
    texts = brought.instrument.texts(brought.language or _language())
    about = {
        "form": form,
        "brought": brought,
        "texts": texts,
        "questions": list(texts.items.values()),
        "scales": list(texts.scales.values()),
        "licence": brought.document["licence"],
    }
    return render(request, "feedback/library_take.html", about, status=422 if wrong else 200)


@login_required
def library_translate(request: HttpRequest, name: str) -> HttpResponse:
    """Add the words of one more language, where the licence allows it."""
    access.require(request.user, Role.MANAGER)
    of = _called(name)
    if name not in library() or not bringing.may_be_translated(of):
        raise Http404
    form = TranslationForm(request.POST or None, instrument=of)
    if form.is_valid():
        try:
            return _before_taking(request, bringing.bring(form.document))
        except BadInput as error:
            form.add_error(None, str(error))
    about = {"form": form, "of": of, "texts": of.texts(of.languages[0])}
    return render(request, "feedback/library_translate.html", about, status=422 if form.errors else 200)


@require_POST
@login_required
def library_withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask it no more; answers stay."""
    access.require(request.user, Role.MANAGER)
    own = access.found(OwnInstrument.objects.all(), key)
    bringing.withdraw(actor=request.user, own=own)
    messages.success(request, _("It is not asked any more. What was answered stays readable."))
    return redirect("library_form", name=own.name)


@require_safe
@login_required
def library_fhir(request: HttpRequest, name: str) -> HttpResponse:
    """One questionnaire as a FHIR R4 Questionnaire, to take along."""
    access.require(request.user, Role.MANAGER)
    response = JsonResponse(
        to_questionnaire(_called(name)),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
        content_type="application/fhir+json",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.fhir.json"'
    return response

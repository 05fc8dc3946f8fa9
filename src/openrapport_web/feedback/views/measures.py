"""What a client's questionnaires say over time, and taking answers along as FHIR."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.feedback.instruments import title_of
from openrapport_web.feedback.library import NoSuchInstrument, instrument
from openrapport_web.feedback.models import Rater
from openrapport_web.feedback.scores import as_fhir, occasions, thresholds

__all__ = ["client_answers_fhir", "measure_list", "measure_page", "my_answers_fhir"]


def _language() -> str:
    return translation.get_language() or "en"


@require_safe
@login_required
def measure_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """Which questionnaires a client was asked, and how often they answered."""
    client = access.found(access.clients_in_care(request.user), key)
    asked = access.askings(request.user).filter(client=client, rater=Rater.CLIENT, withdrawn_at=None)
    rows = (
        asked.values("instrument")
        .annotate(n=Count("key"), n_answered=Count("key", filter=Q(answered_at__isnull=False)))
        .annotate(last=Max("answered_at"))
        .order_by("instrument")
    )
    forms = [{**row, "title": title_of(row["instrument"], _language())} for row in rows]
    episodes = access.episodes_in_care(request.user).filter(client=client).order_by("-starts_on")
    about = {"client": client, "forms": forms, "episodes": episodes}
    return render(request, "feedback/measure_list.html", about)


@require_safe
@login_required
def measure_page(request: HttpRequest, key: UUID, name: str) -> HttpResponse:
    """One questionnaire over time: scores, what they rest on, and change against the first."""
    client = access.found(access.clients_in_care(request.user), key)
    try:
        form = instrument(name)
    except NoSuchInstrument:
        raise Http404 from None
    asked = access.askings(request.user).filter(
        client=client, rater=Rater.CLIENT, instrument=name, withdrawn_at=None
    )
    answers = access.answers(request.user).filter(asking__in=asked).select_related("asking")
    record(request.user, "measure.read", client, client=client.key, instrument=name)
    rows = occasions(
        asked.select_related("meeting").order_by("opens_at", "made_at"),
        answers.order_by("asking__opens_at"),
        _language(),
    )
    about = {
        "client": client,
        "form": form,
        "texts": form.texts(_language()),
        "rows": rows,
        "now": timezone.now(),
        "n_answered": sum(row.answer is not None for row in rows),
        "thresholds": thresholds(form, _language()),
    }
    return render(request, "feedback/measure_page.html", about)


def _download(bundle: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(
        bundle,
        json_dumps_params={"ensure_ascii": False, "indent": 1},
        content_type="application/fhir+json",
    )
    response.headers["Content-Disposition"] = 'attachment; filename="answers.fhir.json"'
    return response


@require_POST
@login_required
def my_answers_fhir(request: HttpRequest) -> HttpResponse:
    """All that the client answered, to take along as FHIR."""
    client = access.own_client(request.user)
    mine = access.answers(request.user).filter(client=client, asking__rater=Rater.CLIENT)
    record(request.user, "answers.taken", client, client=client.key)
    return _download(as_fhir(mine.select_related("asking").order_by("given_at"), client))


@require_POST
@login_required
def client_answers_fhir(request: HttpRequest, key: UUID) -> HttpResponse:
    """What a client in care answered, to take along as FHIR."""
    client = access.found(access.clients_in_care(request.user), key)
    seen = access.answers(request.user).filter(client=client, asking__rater=Rater.CLIENT)
    record(request.user, "answers.taken", client, client=client.key)
    return _download(as_fhir(seen.select_related("asking").order_by("given_at"), client))

"""What strained with one client and what became of it, for their therapist."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport.measures.alerts import Rule
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.repairs.reading import OVERDUE_AFTER, with_meetings
from openrapport_web.repairs.wordings import RULES

__all__ = ["client_repairs"]

_PAGE = 20


@require_safe
@login_required
def client_repairs(request: HttpRequest, key: UUID) -> HttpResponse:
    """List repairs, alerts, words and what was brought up, and the way to the gap."""
    client = access.found(access.clients_in_care(request.user), key)
    record(request.user, "repairs.read", client, client=client.key)
    repairs = with_meetings(access.repairs(request.user).filter(client=client))
    alerts = access.alerts(request.user).filter(client=client).select_related("answer__asking__meeting")
    page = Paginator(alerts.order_by("-made_at"), _PAGE).get_page(request.GET.get("page"))
    values = {
        "client": client,
        "episodes": access.episodes_in_care(request.user).filter(client=client).order_by("-starts_on"),
        "repairs": repairs.order_by("closed_at", "-made_at"),
        "overdue_after": OVERDUE_AFTER,
        "page": page,
        "alerts": [(alert, RULES[Rule(alert.rule)].name) for alert in page],
        "words": access.words(request.user).filter(client=client).order_by("-made_at"),
        "brought": access.brought_up(request.user).filter(client=client).order_by("-sent_at"),
    }
    return render(request, "repairs/client_repairs.html", values)

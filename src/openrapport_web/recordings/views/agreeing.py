"""Codes by hand beside those of the machine: for whoever coded, and as numbers for research."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from openrapport.reporting.wording import code_name
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client
from openrapport_web.people.models import Role
from openrapport_web.recordings.agreeing import COLUMNS, agreements, numbers

__all__ = ["hand_agreement", "research_codes"]


@login_required
@require_safe
def hand_agreement(request: HttpRequest) -> HttpResponse:
    """Say how far the machine agrees with the person who reads this, over all they coded."""
    access.require(request.user, Role.THERAPIST, Role.SUPERVISOR)
    marks = access.marks(request.user).filter(by=access.me(request))
    rows = [(code_name(row.scheme, row.code), row) for row in agreements(marks)]
    record(request.user, "agreement.read", rows=len(rows))
    return render(request, "recordings/hand_agreement.html", {"rows": rows})


@login_required
@require_POST
def research_codes(request: HttpRequest) -> HttpResponse:
    """Hand out what people said of the machine's codes, as numbers, where clients agreed."""
    access.require(request.user, Role.RESEARCHER)
    with transaction.atomic():
        marks = list(access.marks_for_research(request.user))
        rows = numbers(marks)
        of_client = Counter(mark.client_id for mark in marks)
        for client in Client.objects.filter(pk__in=of_client):
            record(request.user, "codes.handed_out", client=client.key, marks=of_client[client.pk])
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="codes-by-hand.csv"'
    return response

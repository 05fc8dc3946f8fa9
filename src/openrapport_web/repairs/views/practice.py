"""Alerts in numbers, for the manager."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.people.models import Role
from openrapport_web.repairs.figures import FEW_THERAPISTS, figures

__all__ = ["alert_figures"]


@require_safe
@login_required
def alert_figures(request: HttpRequest) -> HttpResponse:
    """Show how many alerts there are and how many were worth a look."""
    access.require(request.user, Role.MANAGER)
    values = {"figures": figures(), "few": FEW_THERAPISTS}
    return render(request, "repairs/alert_figures.html", values)

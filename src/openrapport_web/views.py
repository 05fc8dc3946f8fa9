"""The first page of each role, and the sign of life."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from openrapport_web.people.setup_code import is_first_visit

__all__ = ["health", "home"]


def health(request: HttpRequest) -> HttpResponse:
    """Say that the server answers; nothing else."""
    del request
    return HttpResponse("ok", content_type="text/plain")


def home(request: HttpRequest) -> HttpResponse:
    """Lead to what this person's roles have; the very first person to the set-up."""
    if not request.user.is_authenticated:
        return redirect("first_visit") if is_first_visit() else redirect_to_login(request.path)
    return render(request, "home.html")

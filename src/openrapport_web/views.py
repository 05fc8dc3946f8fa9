"""The first page of each role, and the sign of life."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

__all__ = ["health", "home"]


def health(request: HttpRequest) -> HttpResponse:
    """Say that the server answers; nothing else."""
    del request
    return HttpResponse("ok", content_type="text/plain")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead to what this person's roles have."""
    return render(request, "home.html")

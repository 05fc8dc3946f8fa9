"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from openrapport_web.people.models import Practice

__all__ = ["practice", "practice_of"]


def practice_of(request: HttpRequest) -> Practice | None:
    """The practice, asked for once in a request."""
    if not hasattr(request, "_practice"):
        request._practice = Practice.get()  # type: ignore[attr-defined]
    held: Practice | None = request._practice  # type: ignore[attr-defined]
    return held


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice's name, and whether all of it is fictional."""
    held = practice_of(request)
    return {"practice": held, "fictional": settings.DEMO or bool(held and held.fictional)}

"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from openrapport_web.people.models import Practice

__all__ = ["practice"]


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice's name, and whether all of it is fictional."""
    held = getattr(request, "practice", None) or Practice.get()
    return {"practice": held, "fictional": settings.DEMO or bool(held and held.fictional)}

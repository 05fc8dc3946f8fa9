"""What a meeting's page says about its forms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from openrapport_web import access
from openrapport_web.caseload.models import Meeting
from openrapport_web.feedback.instruments import title_of
from openrapport_web.feedback.models import Asking, Rater

__all__ = ["asked_after"]


def asked_after(request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
    """Give the forms of a meeting: the therapist's own, and the client's as far as handing them out."""
    held = list(access.askings(request.user).filter(meeting=meeting).order_by("made_at"))
    language, now = access.me(request).language, timezone.now()
    return {
        "own_form": next((a for a in held if a.rater == Rater.THERAPIST), None),
        "client_forms": [
            (a, title_of(a.instrument, language), _is_open(a, now))
            for a in held
            if a.rater == Rater.CLIENT and a.withdrawn_at is None
        ],
    }


def _is_open(asking: Asking, now: Any) -> bool:
    return asking.answered_at is None and asking.expires_at > now

"""The log of who saw and did what, for the manager."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport_web import access
from openrapport_web.audit.chain import verify
from openrapport_web.audit.wording import WORDS, lines
from openrapport_web.people.models import Role

__all__ = ["audit_check", "audit_page"]

PAGE = 60


@require_safe
@login_required
def audit_page(request: HttpRequest) -> HttpResponse:
    """Show the newest entries first."""
    access.require(request.user, Role.MANAGER)
    found = access.entries(request.user).order_by("-number")
    action = request.GET.get("action", "")
    if action in WORDS:
        found = found.filter(action=action)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": lines(page, reader=access.me(request)),
        "actions": sorted(WORDS.items(), key=lambda pair: pair[1]),
        "action": action,
        # To a therapist a missing number would say that a client wrote to the practice's contact.
        "numbered": not access.me(request).is_therapist,
    }
    return render(request, "audit/audit_page.html", context)


@login_required
def audit_check(request: HttpRequest) -> HttpResponse:
    """Check the chain and say where it breaks, if it does."""
    access.require(request.user, Role.MANAGER)
    broken = next(verify(), None) if request.method == "POST" else None
    return render(
        request, "audit/audit_check.html", {"checked": request.method == "POST", "broken": broken}
    )

"""A client's consents: each purpose on its own, given and taken back by the client alone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.caseload.actions import NotPossible
from openrapport_web.caseload.consent import give_consent, withdraw_consent
from openrapport_web.caseload.models import Purpose
from openrapport_web.caseload.wordings import wording_of

__all__ = ["consent_give", "consent_page", "consent_withdraw"]

# What goes when a yes is taken back, said before it is.
CONSEQUENCES = {
    Purpose.RECORD: gettext_lazy(
        "Recordings of your meetings are deleted at once. Written words and results stay."
    ),
    Purpose.TRANSCRIBE: gettext_lazy(
        "The written words of your meetings, and all results made from them, are deleted at once."
    ),
    Purpose.ANALYSE: gettext_lazy(
        "All results of looking at your meetings are deleted at once. Written words stay."
    ),
    Purpose.SUPERVISION: gettext_lazy(
        "No supervisor can see your sessions any more. What they saw stays in your list."
    ),
    Purpose.RESEARCH: gettext_lazy("Nothing more is handed out for research."),
}


@require_safe
@login_required
def consent_page(request: HttpRequest) -> HttpResponse:
    """Show every purpose with its text, and what this client said to it."""
    client = access.own_client(request.user)
    given = {c.purpose: c for c in client.consents.filter(withdrawn_at=None).select_related("wording")}
    rows = [
        {
            "purpose": purpose,
            "consent": given.get(purpose),
            "wording": given[purpose].wording
            if purpose in given
            else wording_of(purpose, client.language),
        }
        for purpose in Purpose
    ]
    earlier = client.consents.exclude(withdrawn_at=None).order_by("-withdrawn_at")
    return render(request, "caseload/consent_page.html", {"rows": rows, "earlier": earlier})


def _purpose(name: str) -> Purpose:
    if name not in Purpose.values:
        raise Http404
    return Purpose(name)


@require_POST
@login_required
def consent_give(request: HttpRequest, purpose: str) -> HttpResponse:
    """Keep a yes."""
    client = access.own_client(request.user)
    try:
        wording = UUID(request.POST.get("wording", ""))
        give_consent(actor=request.user, client=client, purpose=_purpose(purpose), wording=wording)
        messages.success(request, _("Thank you. You can take this back at any time, here."))
    except ValueError:
        messages.error(request, _("The page was incomplete. Please try once more."))
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("consent_page")


@login_required
def consent_withdraw(request: HttpRequest, purpose: str) -> HttpResponse:
    """Say what will happen; then take a yes back."""
    client, which = access.own_client(request.user), _purpose(purpose)
    if request.method != "POST":
        context = {"purpose": which, "consequence": CONSEQUENCES[which]}
        return render(request, "caseload/consent_withdraw.html", context)
    words = withdraw_consent(actor=request.user, client=client, purpose=which)
    return render(request, "caseload/consent_withdrawn.html", {"purpose": which, "words": words})

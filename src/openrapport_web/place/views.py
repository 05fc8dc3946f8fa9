"""What a client sees of themselves, and the manager's list of wishes for deletion."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access, erasure
from openrapport_web.audit.chain import record
from openrapport_web.audit.wording import lines
from openrapport_web.caseload.models import DeletionRequest
from openrapport_web.crypto import BadKeys
from openrapport_web.people.models import Role
from openrapport_web.place import actions
from openrapport_web.place.export import everything

__all__ = ["deletion_do", "deletion_list", "my_data", "my_deletion", "my_log", "my_place"]

PAGE = 40


@require_safe
@login_required
def my_place(request: HttpRequest) -> HttpResponse:
    """Say what is held about this client."""
    client = access.own_client(request.user)
    return render(
        request,
        "place/my_place.html",
        {
            "client": client,
            "meetings": access.meetings(request.user).order_by("-starts_at")[:10],
            "n_meetings": access.meetings(request.user).count(),
            "n_notes": client.notes.count(),
            "n_words": access.own_words(request.user).count(),
            "consents": client.consents.filter(withdrawn_at=None),
            "sessions": access.sessions(request.user).select_related("meeting").order_by("-made_at"),
            "n_sessions": client.session_records.count(),
            "asked": _open_requests().filter(client=client).first(),
        },
    )


def _open_requests() -> QuerySet[DeletionRequest]:
    return DeletionRequest.objects.filter(withdrawn_at=None, done_at=None)


@require_safe
@login_required
def my_log(request: HttpRequest) -> HttpResponse:
    """Say who saw and did what with this client's data."""
    access.own_client(request.user)
    found = access.entries(request.user).order_by("-number")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request, "place/my_log.html", {"page": page, "lines": lines(page, reader=access.me(request))}
    )


@require_POST
@login_required
def my_data(request: HttpRequest) -> HttpResponse:
    """Hand over everything as one file."""
    client = access.own_client(request.user)
    record(request.user, "data.taken", client, client=client.key)
    return HttpResponse(
        everything(access.me(request), client),
        content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="my-data.zip"'},
    )


@login_required
def my_deletion(request: HttpRequest) -> HttpResponse:
    """Ask for deletion, or take the wish back."""
    client = access.own_client(request.user)
    asked = _open_requests().filter(client=client).first()
    if request.method != "POST":
        return render(request, "place/my_deletion.html", {"asked": asked})
    if "back" in request.POST:
        actions.take_deletion_back(actor=request.user, client=client)
        messages.success(request, _("Your wish is taken back. Nothing was deleted."))
    else:
        actions.ask_for_deletion(actor=request.user, client=client)
        messages.success(request, _("Your wish has reached the practice."))
    return redirect("my_place")


@require_safe
@login_required
def deletion_list(request: HttpRequest) -> HttpResponse:
    """Show the manager who asked for deletion."""
    access.require(request.user, Role.MANAGER)
    asked = _open_requests().select_related("client").order_by("asked_at")
    return render(request, "place/deletion_list.html", {"asked": asked})


@login_required
def deletion_do(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say what will happen; then delete a client for good."""
    access.require(request.user, Role.MANAGER)
    client = access.found(access.clients(request.user), key)
    wrong = ""
    if request.method == "POST":
        if request.POST.get("name", "").strip() != client.name:
            wrong = _("This is not the name above. Nothing was deleted.")
        else:
            try:
                erasure.erase_client(actor=access.me(request), client=client)
            except BadKeys:
                wrong = _(
                    "The second folder of the keys is out of reach, so a key would survive there. "
                    "Nothing was deleted. Connect its disk and try again."
                )
            else:
                messages.success(request, _("Deleted, here and in every backup."))
                return redirect("deletion_list")
    return render(request, "place/deletion_do.html", {"client": client, "wrong": wrong})

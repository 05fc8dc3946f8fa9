"""The practice's tablet: setting it up, typing a code, answering, leaving."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrapport_web import access
from openrapport_web.feedback import actions, kiosk
from openrapport_web.feedback.forms import CodeForm
from openrapport_web.feedback.models import Asking, Rater, Way
from openrapport_web.feedback.pages import language_of, show_form
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.feedback.views.answering import open_now
from openrapport_web.people.models import Role

__all__ = ["kiosk_begin", "kiosk_codes", "kiosk_leave", "kiosk_page", "kiosk_start"]

_BARE = {"kiosk": True, "alone": True}
_RECENT, _SHOWN = timedelta(days=3), 60


def _offered(request: HttpRequest) -> Any:
    """Open client forms of the last days that this person of the practice may hand out."""
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    held = open_now(access.askings(request.user).filter(rater=Rater.CLIENT))
    recent = held.filter(opens_at__gte=timezone.now() - _RECENT, meeting__isnull=False)
    return recent.select_related("client", "meeting", "episode__therapist")


@require_safe
@login_required
def kiosk_start(request: HttpRequest) -> HttpResponse:
    """List today's open forms, to make codes for them and set up the tablet."""
    rows = _offered(request).order_by("-meeting__starts_at", "instrument")[:_SHOWN]
    return render(request, "feedback/kiosk_start.html", {"rows": _one_each(rows)})


def _one_each(askings: Any) -> list[Asking]:
    """One form of each meeting: the others follow it."""
    first: dict[Any, Asking] = {}
    for asking in askings:
        first.setdefault(asking.meeting_id, asking)
    return list(first.values())


@require_POST
@login_required
def kiosk_codes(request: HttpRequest) -> HttpResponse:
    """Make codes, and show them once."""
    offered = {str(asking.key): asking for asking in _offered(request)}
    chosen = [offered[key] for key in request.POST.getlist("asking") if key in offered]
    rows = [(a, actions.make_code(actor=request.user, asking=a)) for a in chosen]
    return render(request, "feedback/kiosk_codes.html", {"rows": rows})


@require_POST
@login_required
def kiosk_begin(request: HttpRequest) -> HttpResponse:
    """Sign out here and make this browser the tablet; with ``asking`` its form lies open already."""
    asking = None
    if request.POST.get("asking"):
        asking = {str(a.key): a for a in _offered(request)}.get(request.POST["asking"])
    access.require(request.user, Role.THERAPIST, Role.MANAGER)
    kiosk.begin(request, asking)
    return redirect("kiosk")


@require_http_methods(["GET", "HEAD", "POST"])
def kiosk_page(request: HttpRequest) -> HttpResponse:
    """Public on the practice's tablet: type a code, and answer the form that it opens."""
    if not kiosk.is_kiosk(request):
        return redirect("kiosk_start" if request.user.is_authenticated else "account_login")
    if request.method == "POST":
        return _opened(request)
    key = kiosk.lies_open(request)
    if key is None:
        return render(request, "feedback/kiosk.html", {"form": CodeForm(), **_BARE})
    held = Asking.objects.select_related("client", "meeting", "episode__therapist")
    asking = held.filter(pk=key, answered_at=None).first()
    if asking is None:
        kiosk.close(request)
        return redirect("kiosk")
    language = language_of(asking, request.user)
    return show_form(request, asking, Ticket(asking.key, Way.KIOSK), language=language)


def _opened(request: HttpRequest) -> HttpResponse:
    if "clear" in request.POST:
        kiosk.close(request)
        return redirect("kiosk")
    form = CodeForm(request.POST)
    if kiosk.must_wait(request):
        form.add_error(
            "code", _("That was tried too often. Please wait a minute, or ask the front desk.")
        )
    elif form.is_valid():
        link = actions.link_of(form.cleaned_data["code"], Way.KIOSK)
        if link is not None and link.used_at is None and link.expires_at > timezone.now():
            kiosk.lay_open(request, link.asking)
            return redirect("kiosk")
        kiosk.wrong_code(request)
        form.add_error(
            "code", _("There is no form with this code. Please look at it again, or ask for a new one.")
        )
    return render(request, "feedback/kiosk.html", {"form": form, **_BARE}, status=422)


@require_safe
def kiosk_leave(request: HttpRequest) -> HttpResponse:
    """Public on the practice's tablet: lead to the sign-in that ends it."""
    if not kiosk.is_kiosk(request):
        raise Http404
    kiosk.close(request)
    return redirect(f"{reverse('account_login')}?next={reverse('home')}")

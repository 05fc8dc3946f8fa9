"""A person's tokens, and the description of the API to read."""

from __future__ import annotations

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.api import actions
from openrapport_web.api.forms import TokenForm
from openrapport_web.api.models import Token
from openrapport_web.api.reference import areas
from openrapport_web.api.scopes import scopes_of
from openrapport_web.api.v1 import api

__all__ = ["api_reference", "token_list", "token_new", "token_revoke"]

_OVER_SHOWN = 20


@require_safe
@login_required
def token_list(request: HttpRequest) -> HttpResponse:
    """Show one's own tokens: those that work, and those that are over."""
    works = Token.valid(timezone.now())
    mine = access.tokens(request.user).order_by("-made_at")
    context = {
        "tokens": mine.filter(works),
        "over": mine.exclude(works)[:_OVER_SHOWN],
        "may_make": bool(scopes_of(access.me(request))),
    }
    return render(request, "api/token_list.html", context)


@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, once."""
    user = access.me(request)
    form = TokenForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = actions.make(actor=user, **form.cleaned_data)
            return render(request, "api/token_made.html", {"token": token, "secret": secret})
        except actions.NotPossible as error:
            form.add_error(None, str(error))
    return render(request, "api/token_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
def token_revoke(request: HttpRequest, key: UUID) -> HttpResponse:
    """End a token."""
    actions.revoke(actor=access.me(request), token=access.found(access.tokens(request.user), key))
    messages.success(request, "The token has ended. A program that shows it gets no answer any more.")
    return redirect("token_list")


@require_safe
@login_required
def api_reference(request: HttpRequest) -> HttpResponse:
    """Describe the API to people; its OpenAPI document does it for programs."""
    described = areas(api.get_openapi_schema())
    return render(request, "api/reference.html", {"areas": described, "about": api.description})

"""How somebody comes in: the first visit, an invitation, and the second factor after it."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.models import Login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from openrapport_web.people import actions, setup_code
from openrapport_web.people.adapters import too_often
from openrapport_web.people.forms import AcceptForm, FirstVisitForm
from openrapport_web.people.models import Invitation, InvitationState, Practice, User

__all__ = ["first_visit", "safely", "welcome"]

_INVITATION = "invitation"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_visit(request: HttpRequest) -> HttpResponse:
    """Public until there is a practice: make it, and the manager's account."""
    if not setup_code.is_first_visit():
        raise Http404
    if slow_down := too_often(request, "first_visit"):
        return slow_down
    path = setup_code.ensure()
    form = FirstVisitForm(request.POST or None, initial={"time_zone": settings.TIME_ZONE})
    if form.is_valid():
        said = form.cleaned_data
        practice = Practice(
            name=said["practice_name"], time_zone=said["time_zone"], contact_email=said["email"]
        )
        try:
            user = actions.open_practice(
                practice=practice, name=said["name"], email=said["email"], password=said["password"]
            )
        except actions.NotPossible:
            return redirect("account_login")
        setup_code.forget()
        return _sign_in(request, user)
    return render(request, "people/first_visit.html", {"form": form, "path": path})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Public with a link: what somebody was invited to, and their account."""
    if slow_down := too_often(request, "welcome"):
        return slow_down
    if "link" in request.GET:
        # The secret goes out of the address at once; only which invitation it was stays.
        invitation = actions.found(request.GET["link"][:200])
        if invitation is None:
            return _unusable(request, None)
        request.session[_INVITATION] = str(invitation.key)
        return redirect("welcome")
    key = request.session.get(_INVITATION)
    invitation = Invitation.objects.filter(pk=key).first() if key else None
    if invitation is None or invitation.state(timezone.now()) is not InvitationState.OPEN:
        return _unusable(request, invitation)
    if request.user.is_authenticated:
        return _join(request, request.user, invitation)
    return _accept(request, invitation)


def _unusable(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    request.session.pop(_INVITATION, None)
    state = invitation.state(timezone.now()) if invitation is not None else None
    status = 404 if invitation is None else 410
    return render(request, "people/unusable.html", {"state": state}, status=status)


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    first = {"name": invitation.name, "language": getattr(request, "LANGUAGE_CODE", "en")}
    form = AcceptForm(request.POST or None, initial=first, email=invitation.email)
    if form.is_valid():
        said = form.cleaned_data
        try:
            user = actions.accept(
                invitation=invitation,
                name=said["name"],
                password=None if said["passkey"] else said["password"],
                language=said["language"],
            )
        except actions.AddressTaken:
            form.add_error(
                None,
                "This invitation cannot make a new account. If you have one here, sign in and open "
                "the link again; if not, ask for a new invitation.",
            )
        except actions.NotPossible:
            return _unusable(request, invitation)
        else:
            request.session.pop(_INVITATION, None)
            return _sign_in(request, user)
    about = {"form": form, "invitation": invitation, "by": invitation.invited_by}
    return render(request, "people/welcome.html", about)


def _join(request: HttpRequest, user: User, invitation: Invitation) -> HttpResponse:
    """Somebody who is signed in: theirs is added to their account; another's they leave alone."""
    if user.email != invitation.email:
        return render(request, "people/welcome_other.html", status=409)
    if request.method == "POST":
        try:
            actions.join(actor=user, invitation=invitation)
        except actions.NotPossible:
            return _unusable(request, invitation)
        request.session.pop(_INVITATION, None)
        return redirect("home")
    return render(request, "people/welcome_join.html", {"by": invitation.invited_by})


def _sign_in(request: HttpRequest, user: User) -> HttpResponse:
    """Sign a new account in, in a new session, and go on to the second factor."""
    login = Login(user=user, redirect_url=reverse("people_safely"), signal_kwargs={"new_account": True})
    response: HttpResponse = perform_login(request, login)
    # They have just chosen a password; asking for it again before the second factor proves nothing.
    if request.user.is_authenticated and user.has_usable_password():
        reauthenticate_by_password(request)
    return response


@login_required
@require_safe
def safely(request: HttpRequest) -> HttpResponse:
    """Choose a second factor: needed for everybody but clients, offered to them."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (login_required)
    about = {
        "has_factor": is_mfa_enabled(user),
        "is_needed": user.is_staff_member or not user.has_usable_password(),
        "has_password": user.has_usable_password(),
    }
    return render(request, "people/safely.html", about)

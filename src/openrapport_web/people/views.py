"""Pages about people: who there is, invitations, roles, leaving, supervision, the practice, oneself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from openrapport_web import access
from openrapport_web.caseload.models import Client
from openrapport_web.editing import ChangedMeanwhile, show_changes
from openrapport_web.people import actions, letters
from openrapport_web.people.actions import NotPossible
from openrapport_web.people.adapters import too_often
from openrapport_web.people.forms import (
    ClientInvitationForm,
    EndSupervisionForm,
    OwnForm,
    PracticeForm,
    RolesForm,
    StaffInvitationForm,
    SupervisionForm,
)
from openrapport_web.people.models import Invitation, Practice, Role, SupervisionLink, User

__all__ = [
    "client_invite",
    "invitation_again",
    "invitation_withdraw",
    "me",
    "people_list",
    "person_factor_reset",
    "person_leave",
    "person_page",
    "person_return",
    "practice_settings",
    "staff_invite",
    "supervision",
    "supervision_end",
]

_PAGE = 50


# -- oneself ---------------------------------------------------------------------------------------


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """One's own name, language and time zone, and the ways to everything about signing in."""
    user: User = request.user  # type: ignore[assignment]
    now = {"name": user.name, "language": user.language}
    now["time_zone"] = user.time_zone or timezone.get_current_timezone_name()
    form = OwnForm(request.POST or None, initial=now)
    if form.is_valid():
        actions.change_own(actor=user, **form.cleaned_data)
        messages.success(request, _("Your details are saved."))
        return redirect("people_me")
    about = {
        "form": form,
        "has_factor": is_mfa_enabled(user),
        "sessions": UserSession.objects.filter(user=user).count(),
        "links": _links_of(request, user) if user.roles & {Role.SUPERVISOR, Role.THERAPIST} else None,
    }
    return render(request, "people/me.html", about)


# -- people ----------------------------------------------------------------------------------------


@login_required
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody who works here, those who left, and open invitations."""
    access.require(request.user, Role.MANAGER)
    staff = access.people(request.user).exclude(
        is_therapist=False, is_supervisor=False, is_manager=False, is_researcher=False
    )
    left = request.GET.get("left") == "yes"
    shown = staff.filter(left_on__isnull=not left).order_by("name", "key")
    waiting = access.invitations(request.user).filter(used_at=None, withdrawn_at=None)
    about = {
        "page": Paginator(shown, _PAGE).get_page(request.GET.get("page")),
        "left": left,
        "invitations": waiting.select_related("client").order_by("-made_at")[:_PAGE],
        "now": timezone.now(),
    }
    return render(request, "people/list.html", about)


@login_required
def person_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """One person who works here: roles, supervision, leaving."""
    access.require(request.user, Role.MANAGER)
    person = access.found(access.people(request.user), key)
    now = {"roles": sorted(person.roles), "version": person.version}
    form = RolesForm(request.POST or None, initial=now, is_client=person.is_client)
    if form.is_valid():
        try:
            actions.change_roles(actor=_user(request), person=person, **form.cleaned_data)
        except ChangedMeanwhile as changed:
            current = {"roles": sorted(changed.record.roles - {Role.CLIENT})}
            show_changes(form, current, changed.record.version)
        except NotPossible as why:
            form.add_error(None, _sentence(why))
        else:
            messages.success(request, _("The roles are changed."))
            return redirect("person_page", key=key)
    about = {
        "person": person,
        "form": form,
        "has_factor": is_mfa_enabled(person),
        "links": _links_of(request, person),
    }
    return render(request, "people/person.html", about)


@login_required
def person_leave(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, and then end somebody's access."""
    access.require(request.user, Role.MANAGER)
    person = access.found(access.people(request.user), key)
    if request.method == "POST":
        return _done(
            request,
            lambda: actions.leave(actor=_user(request), person=person),
            _("%(name)s has left. Nobody can sign in with this account any more.")
            % {"name": person.name},
            redirect("person_page", key=key),
        )
    open_episodes = access.episodes(request.user).filter(therapist=person, ends_on=None).count()
    return render(request, "people/leave.html", {"person": person, "open_episodes": open_episodes})


@login_required
@require_POST
def person_return(request: HttpRequest, key: UUID) -> HttpResponse:
    """Somebody works here again."""
    access.require(request.user, Role.MANAGER)
    person = access.found(access.people(request.user), key)
    return _done(
        request,
        lambda: actions.come_back(actor=_user(request), person=person),
        _("%(name)s can sign in again.") % {"name": person.name},
        redirect("person_page", key=key),
    )


@login_required
@require_POST
def person_factor_reset(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take the second factors off somebody who lost them."""
    access.require(request.user, Role.MANAGER)
    person = access.found(access.people(request.user), key)
    done = _done(
        request,
        lambda: actions.reset_second_factors(actor=_user(request), person=person),
        _("Second factors are taken off; at the next sign-in new ones are set up."),
        redirect("person_page", key=key),
    )
    if not is_mfa_enabled(person):
        letters.factor_reset(person)
    return done


# -- invitations -----------------------------------------------------------------------------------


@login_required
def staff_invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody who shall work here."""
    access.require(request.user, Role.MANAGER)
    if slow_down := too_often(request, "invite"):
        return slow_down
    form = StaffInvitationForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        roles = [Role(name) for name in said["roles"]]
        made = actions.invite(actor=_user(request), email=said["email"], name=said["name"], roles=roles)
        return _invited(request, *made)
    return render(request, "people/invite.html", {"form": form})


@login_required
def client_invite(request: HttpRequest, key: UUID) -> HttpResponse:
    """Invite a client to their own place."""
    client: Client = access.found(access.clients(request.user), key)
    if slow_down := too_often(request, "invite"):
        return slow_down
    form = ClientInvitationForm(request.POST or None, initial={"email": client.email})
    if client.user_id is None and form.is_valid():
        try:
            made = actions.invite(
                actor=_user(request),
                email=form.cleaned_data["email"],
                name=client.name,
                roles=[Role.CLIENT],
                client=client,
            )
        except NotPossible as why:
            form.add_error(None, _sentence(why))
        else:
            return _invited(request, *made)
    sent = access.invitations(request.user).filter(client=client, used_at=None, withdrawn_at=None)
    about = {"form": form, "client": client, "invitations": sent.order_by("-made_at")[:5]}
    return render(request, "people/invite_client.html", {**about, "now": timezone.now()})


@login_required
@require_POST
def invitation_again(request: HttpRequest, key: UUID) -> HttpResponse:
    """A new link and seven more days."""
    access.require(request.user, Role.MANAGER, Role.THERAPIST)
    invitation = access.found(access.invitations(request.user), key)
    if slow_down := too_often(request, "invite"):
        return slow_down
    try:
        made = actions.invite_again(actor=_user(request), invitation=invitation)
    except NotPossible as why:
        messages.error(request, _sentence(why))
        return _back(request, invitation)
    return _invited(request, *made)


@login_required
@require_POST
def invitation_withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """The link ends."""
    access.require(request.user, Role.MANAGER, Role.THERAPIST)
    invitation = access.found(access.invitations(request.user), key)
    actions.withdraw_invitation(actor=_user(request), invitation=invitation)
    messages.success(request, _("The invitation is withdrawn. Its link does not work any more."))
    return _back(request, invitation)


def _invited(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    # Shown on the answer itself and this once: nothing keeps the link.
    link = f"{settings.ORIGIN}{reverse('welcome')}?link={token}"
    language = invitation.client.language if invitation.client else "en"
    sent = letters.invited(invitation, link, language=language)
    about = {"invitation": invitation, "link": link, "sent": sent, "back": _origin(invitation)}
    return render(request, "people/invited.html", about)


def _origin(invitation: Invitation) -> str:
    if invitation.client_id is not None:
        return reverse("client_invite", kwargs={"key": invitation.client_id})
    return reverse("people_list")


def _back(_request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return redirect(_origin(invitation))


# -- supervision -----------------------------------------------------------------------------------


@login_required
def supervision(request: HttpRequest) -> HttpResponse:
    """Who supervises whom: a manager all, others their own."""
    access.require(request.user, Role.MANAGER, Role.SUPERVISOR, Role.THERAPIST)
    user = _user(request)
    form = None
    if user.is_manager:
        people = access.people(user)
        form = SupervisionForm(
            request.POST or None, people=people, initial={"starts_on": timezone.localdate()}
        )
        if form.is_valid():
            try:
                actions.start_supervision(actor=user, **form.cleaned_data)
            except NotPossible as why:
                form.add_error(None, _sentence(why))
            else:
                messages.success(request, _("The supervision is set up; both see it."))
                return redirect("supervision")
    links = access.supervision_links(user).select_related("supervisor", "therapist")
    page = Paginator(links.order_by("-starts_on", "key"), _PAGE).get_page(request.GET.get("page"))
    about = {"form": form, "page": page, "today": timezone.localdate()}
    return render(request, "people/supervision.html", about)


@login_required
def supervision_end(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for the last day, and set it."""
    access.require(request.user, Role.MANAGER)
    link = access.found(access.supervision_links(request.user), key)
    form = EndSupervisionForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    if form.is_valid():
        return _done(
            request,
            lambda: actions.end_supervision(actor=_user(request), link=link, **form.cleaned_data),
            _("The last day is set."),
            redirect("supervision"),
        )
    return render(request, "people/supervision_end.html", {"form": form, "link": link})


# -- the practice ----------------------------------------------------------------------------------


@login_required
def practice_settings(request: HttpRequest) -> HttpResponse:
    """The practice's name, contact, time zone, and how long recordings are kept."""
    access.require(request.user, Role.MANAGER)
    practice = Practice.get() or Practice()
    now = {name: getattr(practice, name) for name in PracticeForm.base_fields}
    form = PracticeForm(request.POST or None, initial=now)
    if form.is_valid():
        try:
            actions.change_practice(actor=_user(request), practice=practice, **form.cleaned_data)
        except ChangedMeanwhile as changed:
            current = {name: getattr(changed.record, name) for name in now if name != "version"}
            show_changes(form, current, changed.record.version)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("practice_settings")
    return render(request, "people/practice.html", {"form": form})


# -- small things ----------------------------------------------------------------------------------


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (login_required)
    return request.user


def _links_of(request: HttpRequest, person: User) -> QuerySet[SupervisionLink]:
    links = access.supervision_links(request.user).select_related("supervisor", "therapist")
    return links.filter(Q(supervisor=person) | Q(therapist=person)).order_by("-starts_on", "key")


def _sentence(why: NotPossible) -> str:
    text = _(str(why))
    return f"{text[:1].upper()}{text[1:]}."


def _done(request: HttpRequest, act: Any, said: str, then: HttpResponse) -> HttpResponse:
    try:
        act()
    except NotPossible as why:
        messages.error(request, _sentence(why))
    else:
        messages.success(request, said)
    return then

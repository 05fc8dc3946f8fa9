"""Changes to people, roles, invitations and the practice: each is checked, done and recorded at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client
from openrapport_web.editing import latest
from openrapport_web.people.models import (
    STAFF,
    Invitation,
    InvitationState,
    Practice,
    Role,
    SupervisionLink,
    User,
)
from openrapport_web.people.signing_in import end_sessions

__all__ = [
    "INVITATION_DAYS",
    "AddressTaken",
    "LastManager",
    "NotPossible",
    "accept",
    "change_own",
    "change_practice",
    "change_roles",
    "come_back",
    "end_supervision",
    "found",
    "invite",
    "invite_again",
    "join",
    "leave",
    "open_practice",
    "reset_second_factors",
    "start_supervision",
    "take_factors_off",
    "token_hash",
    "withdraw_invitation",
]

INVITATION_DAYS = 7


class NotPossible(Exception):
    """What was asked for cannot be done as things stand; the text says why, for a person to read."""


class AddressTaken(NotPossible):
    """The address of an invitation has an account already."""


class LastManager(NotPossible):
    """Nobody would be left to manage the practice."""


def _require(actor: User, *roles: Role) -> None:
    # As things stand now, not as they stood when the request began.
    now = User.objects.filter(pk=actor.pk, is_active=True, left_on=None).first()
    if now is None or not now.roles & set(roles):
        raise PermissionDenied


# -- the first visit -------------------------------------------------------------------------------


@transaction.atomic
def open_practice(*, practice: Practice, name: str, email: str, password: str | None) -> User:
    """Make the practice and its first manager.

    Raises
    ------
    NotPossible
        If there is a practice or somebody in it already; of two at once, one is first.
    """
    if User.objects.exists():
        raise NotPossible("the practice is set up already")
    try:
        with transaction.atomic():
            practice.save(force_insert=True)
    except IntegrityError:
        raise NotPossible("the practice is set up already") from None
    user = User.objects.create_user(email, name, {Role.MANAGER}, password)
    record(user, "practice.opened", user)
    return user


# -- invitations -----------------------------------------------------------------------------------


def token_hash(token: str) -> str:
    """What is kept of a link."""
    return sha256(token.encode()).hexdigest()


def found(token: str) -> Invitation | None:
    """The invitation that a link belongs to, whatever became of it."""
    return Invitation.objects.filter(token_hash=token_hash(token)).first() if token else None


@transaction.atomic
def invite(
    *, actor: User, email: str, name: str, roles: Iterable[Role], client: Client | None = None
) -> tuple[Invitation, str]:
    """Invite somebody; an earlier open invitation of the same address or client ends.

    Returns
    -------
    invitation : Invitation
        Kept, without the link.
    token : str
        What the link holds; 32 random bytes, kept nowhere.
    """
    roles = frozenset(roles)
    _require(actor, Role.MANAGER, *([Role.THERAPIST] if roles == {Role.CLIENT} else []))
    if (Role.CLIENT in roles) != (client is not None):
        raise NotPossible("a client's account belongs to a client's record, and no other account does")
    if client is not None and (client.user_id is not None or client.erased_at is not None):
        raise NotPossible("this client has an account already")
    same = Q(email=email) if client is None else Q(email=email) | Q(client=client)
    for earlier in _open_invitations().filter(same):
        _withdraw(actor, earlier)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        token_hash=token_hash(token),
        email=email,
        name=name,
        roles=",".join(sorted(roles)),
        client=client,
        invited_by=actor,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    record(actor, "invitation.made", invitation, client=invitation.client_id, roles=invitation.roles)
    return invitation, token


def _open_invitations() -> Any:
    return Invitation.objects.filter(used_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


def _locked(invitation: Invitation) -> Invitation:
    return Invitation.objects.select_for_update().select_related("client").get(pk=invitation.pk)


@transaction.atomic
def invite_again(*, actor: User, invitation: Invitation) -> tuple[Invitation, str]:
    """Give an invitation a new link and seven more days; the old link ends."""
    invitation = _locked(invitation)
    if invitation.state(timezone.now()) is InvitationState.USED:
        raise NotPossible("this invitation was accepted")
    if invitation.client is not None and invitation.client.user_id is not None:
        raise NotPossible("this client has an account already")
    token = secrets.token_urlsafe(32)
    invitation.token_hash, invitation.withdrawn_at = token_hash(token), None
    invitation.expires_at = timezone.now() + timedelta(days=INVITATION_DAYS)
    invitation.save()
    record(actor, "invitation.made_again", invitation, client=invitation.client_id)
    return invitation, token


@transaction.atomic
def withdraw_invitation(*, actor: User, invitation: Invitation) -> None:
    """End an invitation; one that was used or withdrawn stays as it is."""
    invitation = _locked(invitation)
    if invitation.used_at is None and invitation.withdrawn_at is None:
        _withdraw(actor, invitation)


def _withdraw(actor: User, invitation: Invitation) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(actor, "invitation.withdrawn", invitation, client=invitation.client_id)


@transaction.atomic
def accept(*, invitation: Invitation, name: str, password: str | None, language: str) -> User:
    """Make the account that an invitation is for.

    Parameters
    ----------
    invitation : Invitation
        Found by its link.
    name, language : str
        As the person wants them.
    password : str or None
        None where they will sign in with a passkey.

    Raises
    ------
    NotPossible
        If it was used, withdrawn or is too old.
    AddressTaken
        If the address has an account; who has it signs in first (:func:`join`).
    """
    invitation = _usable(invitation)
    if User.objects.filter(email=invitation.email).exists():
        raise AddressTaken("this invitation cannot make a new account")
    user = User.objects.create_user(invitation.email, name, set(invitation.role_set), password)
    user.language = language
    user.save(update_fields=["language"])
    _use(user, invitation)
    return user


@transaction.atomic
def join(*, actor: User, invitation: Invitation) -> None:
    """Give the account of the invited address what the invitation is for."""
    invitation = _usable(invitation)
    if actor.email != invitation.email:
        raise PermissionDenied
    actor = User.objects.select_for_update().get(pk=actor.pk)
    actor.roles |= invitation.role_set
    actor.version += 1
    actor.save()
    _use(actor, invitation)


def _usable(invitation: Invitation) -> Invitation:
    invitation = _locked(invitation)
    if invitation.state(timezone.now()) is not InvitationState.OPEN:
        raise NotPossible("this invitation cannot be used any more")
    return invitation


def _use(user: User, invitation: Invitation) -> None:
    if invitation.client_id is not None:
        free = Client.objects.filter(pk=invitation.client_id, user=None, erased_at=None)
        if Client.objects.filter(user=user).exists() or not free.update(user=user):
            raise NotPossible("this invitation cannot be used any more")
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    record(user, "invitation.accepted", invitation, client=invitation.client_id, roles=invitation.roles)


# -- people ----------------------------------------------------------------------------------------


def _person(person: User) -> User:
    return User.objects.select_for_update().get(pk=person.pk)


def _keep_a_manager(person: User) -> None:
    others = User.objects.here(Role.MANAGER).select_for_update().exclude(pk=person.pk)
    if person.is_manager and not others.exists():
        raise LastManager(
            "this is the last manager; make somebody else a manager first, so that the practice "
            "is not left without one"
        )


@transaction.atomic
def change_roles(*, actor: User, person: User, roles: Iterable[Role], version: int) -> None:
    """Change what somebody is in the practice; whether they are a client stays."""
    _require(actor, Role.MANAGER)
    person = latest(person, version)
    roles = frozenset(roles) & STAFF | person.roles & {Role.CLIENT}
    if not roles:
        raise NotPossible("somebody without any role could do nothing; let them leave instead")
    if Role.MANAGER not in roles:
        _keep_a_manager(person)
    before, person.roles = ",".join(sorted(person.roles)), roles
    person.save()
    record(actor, "roles.changed", person, before=before, after=",".join(sorted(roles)))


@transaction.atomic
def leave(*, actor: User, person: User) -> None:
    """Somebody leaves: no access from now on, everything that they did stays."""
    _require(actor, Role.MANAGER)
    person = _person(person)
    if person.left_on is not None:
        return
    if not person.is_staff_member:
        raise NotPossible("a client's account belongs to the client")
    _keep_a_manager(person)
    today = timezone.localdate()
    person.left_on, person.is_active, person.version = today, False, person.version + 1
    person.save()
    for invitation in _open_invitations().filter(Q(invited_by=person) | Q(email=person.email)):
        _withdraw(actor, invitation)
    links = SupervisionLink.objects.filter(Q(supervisor=person) | Q(therapist=person))
    for link in links.filter(Q(ends_on=None) | Q(ends_on__gt=today)):
        _end(actor, link, today)
    sessions = end_sessions(person)
    record(actor, "person.left", person, sessions_ended=sessions)


@transaction.atomic
def come_back(*, actor: User, person: User) -> None:
    """Somebody who left works here again, with the roles and ways to sign in that they had."""
    _require(actor, Role.MANAGER)
    person = _person(person)
    if person.left_on is not None:
        person.left_on, person.is_active, person.version = None, True, person.version + 1
        person.save()
        record(actor, "person.came_back", person)


@transaction.atomic
def reset_second_factors(*, actor: User, person: User) -> None:
    """Take somebody's second factors off, who lost them; they set up new ones at their next sign-in."""
    _require(actor, Role.MANAGER)
    if actor.pk == person.pk:
        raise NotPossible("your own second factors you change in your account")
    take_factors_off(actor=actor, person=person)


@transaction.atomic
def take_factors_off(*, actor: User | None, person: User) -> int:
    """Take second factors off an account and end its sign-ins; tells how many factors it were.

    Without an actor it is done on the machine itself (``openrapport reset-factor``).
    """
    person = _person(person)
    factors = list(Authenticator.objects.filter(user=person))
    for factor in factors:
        factor.delete()
    end_sessions(person)
    record(actor, "second_factor.reset", person)
    return len(factors)


@transaction.atomic
def change_own(*, actor: User, name: str, language: str, time_zone: str) -> None:
    """Change one's own name, language and time zone."""
    person = _person(actor)
    person.name, person.language, person.time_zone = name, language, time_zone
    person.save(update_fields=["name", "language", "time_zone"])
    record(actor, "account.changed", person)


# -- supervision -----------------------------------------------------------------------------------


@transaction.atomic
def start_supervision(
    *, actor: User, supervisor: User, therapist: User, starts_on: date, ends_on: date | None
) -> SupervisionLink:
    """Let somebody supervise a therapist from one day on.

    Raises
    ------
    NotPossible
        If one of them lacks the role, they are the same person, or days overlap with another link.
    """
    _require(actor, Role.MANAGER)
    for person, role in ((supervisor, Role.SUPERVISOR), (therapist, Role.THERAPIST)):
        if person.left_on is not None or role not in person.roles:
            raise NotPossible("one of them does not have the role for it (any more)")
    if supervisor.pk == therapist.pk:
        raise NotPossible("nobody supervises themselves")
    if ends_on is not None and ends_on < starts_on:
        raise NotPossible("the last day is before the first")
    other = SupervisionLink.objects.select_for_update().filter(
        supervisor=supervisor, therapist=therapist
    )
    overlap = Q(ends_on=None) | Q(ends_on__gte=starts_on)
    if ends_on is not None:
        overlap &= Q(starts_on__lte=ends_on)
    if other.filter(overlap).exists():
        raise NotPossible("these two have a supervision at that time already")
    link = SupervisionLink.objects.create(
        supervisor=supervisor, therapist=therapist, starts_on=starts_on, ends_on=ends_on
    )
    record(actor, "supervision.started", link)
    return link


@transaction.atomic
def end_supervision(*, actor: User, link: SupervisionLink, ends_on: date) -> None:
    """Set the last day of a supervision; one that would not have begun by then never takes place."""
    _require(actor, Role.MANAGER)
    link = SupervisionLink.objects.select_for_update().get(pk=link.pk)
    if link.ends_on is not None and link.ends_on < timezone.localdate():
        raise NotPossible("this supervision has ended already")
    _end(actor, link, ends_on)


def _end(actor: User, link: SupervisionLink, on: date) -> None:
    record(actor, "supervision.ended", link)
    if link.starts_on > on:
        link.delete()
    else:
        link.ends_on = on
        link.save(update_fields=["ends_on"])


# -- the practice ----------------------------------------------------------------------------------


@transaction.atomic
def change_practice(*, actor: User, practice: Practice, version: int, **values: Any) -> None:
    """Change the practice's name, contact, time zone, or how long recordings are kept."""
    _require(actor, Role.MANAGER)
    practice = latest(practice, version)
    changed = sorted(name for name, value in values.items() if getattr(practice, name) != value)
    for name, value in values.items():
        setattr(practice, name, value)
    practice.save()
    record(actor, "practice.changed", fields=",".join(changed))

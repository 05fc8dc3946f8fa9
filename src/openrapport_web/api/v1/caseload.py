"""Clients and their episodes, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from openrapport_web import access
from openrapport_web.api.scopes import Scope
from openrapport_web.api.v1.door import needs, via
from openrapport_web.api.v1.paging import Paging, page_of
from openrapport_web.api.v1.problems import BadRequestBody
from openrapport_web.api.v1.values import Day, Given, Key, Line, Version, changes, checked
from openrapport_web.audit.chain import record
from openrapport_web.caseload import actions
from openrapport_web.caseload.forms import (
    ClientForm,
    EndingForm,
    EpisodeForm,
    FilterForm,
    NewClientForm,
)
from openrapport_web.caseload.models import Client, Ending, Episode, Format, Purpose
from openrapport_web.caseload.views.clients import filtered
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.people.models import User

__all__ = ["Person", "episodes_of_staff", "require_version", "router", "show_person"]

router = Router(tags=["Clients and episodes"])


class Person(BaseModel):
    """Somebody of the practice."""

    key: UUID
    name: str


class TherapistList(BaseModel):
    """Who could take a client."""

    items: list[Person]


class ClientOut(BaseModel):
    """How somebody in care is called and reached."""

    key: UUID
    name: str
    email: str
    phone: str
    language: str
    has_account: bool
    made_at: datetime
    version: int


class ClientPage(BaseModel):
    """Some of the clients, and how many there are."""

    items: list[ClientOut]
    count: int


class EpisodeOut(BaseModel):
    """A course of care. What was written about it is null for everybody but its therapist."""

    key: UUID
    client: UUID
    therapist: Person
    starts_on: date
    ends_on: date | None
    format: Format
    ending: Ending | None
    referral: str | None
    reason: str | None
    version: int


class ClientDetail(ClientOut):
    """A client with their episodes and what they agreed to."""

    episodes: list[EpisodeOut]
    agreed_to: list[Purpose]


class EpisodeIn(Given):
    """How an episode begins."""

    starts_on: Day
    format: Format = Format.INDIVIDUAL
    referral: str = Field("", max_length=4_000, description="How they came to you.")


class ClientIn(EpisodeIn):
    """A new client and their first episode."""

    name: Line = Field(min_length=1)
    email: str = Field("", max_length=254)
    phone: str = Field("", max_length=40)
    language: str = Field("en", max_length=8)
    therapist: Key | None = Field(None, description="For managers: who takes the client.")


class ClientChange(Given):
    """What shall be different; what is left out or null stays."""

    version: Version
    name: Line | None = Field(None, min_length=1)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    language: str | None = Field(None, max_length=8)


class EpisodeChange(Given):
    """What shall be different; what is left out or null stays."""

    version: Version
    starts_on: Day | None = None
    format: Format | None = None
    referral: str | None = Field(None, max_length=4_000)


class EndingIn(Given):
    """How an episode ended."""

    version: Version
    ends_on: Day
    ending: Ending
    reason: str = Field(
        "", max_length=4_000, description="What led to it; read by its therapist alone."
    )


class ClientsAsked(Paging):
    """Which clients a list shows."""

    q: Line = Field("", description="Part of a name.")
    state: Literal["in_care", "ended", "all"] = "in_care"


def show_person(user: User) -> dict[str, Any]:
    """Give somebody's key and name."""
    return {"key": user.key, "name": user.name}


def require_version(thing: Any, version: int) -> None:
    """Refuse what was written from another version, before it is put over what stands.

    Raises
    ------
    ChangedMeanwhile
        If it was. The action compares once more, under its lock.
    """
    if thing.version != version:
        raise ChangedMeanwhile(thing)


def episodes_of_staff(user: User) -> QuerySet[Episode]:
    """Episodes that somebody works with: one's own; for a manager all."""
    held = access.episodes(user) if user.is_manager else access.episodes_in_care(user)
    return held.select_related("therapist")


def _client(client: Client) -> dict[str, Any]:
    names = ("key", "name", "email", "phone", "language", "made_at", "version")
    return {
        **{name: getattr(client, name) for name in names},
        "has_account": client.user_id is not None,
    }


def _episode(episode: Episode, user: User) -> dict[str, Any]:
    own = episode.therapist_id == user.pk and user.is_therapist
    names = ("key", "starts_on", "ends_on", "format", "version")
    return {
        **{name: getattr(episode, name) for name in names},
        "client": episode.client_id,
        "therapist": show_person(episode.therapist),
        "ending": episode.ending or None,
        "referral": episode.referral if own else None,
        "reason": episode.reason if own else None,
    }


def _detail(client: Client, user: User) -> dict[str, Any]:
    held = episodes_of_staff(user).filter(client=client).order_by("-starts_on", "key")
    agreed = client.consents.filter(withdrawn_at=None).values_list("purpose", flat=True)
    return {
        **_client(client),
        "episodes": [_episode(episode, user) for episode in held],
        "agreed_to": list(agreed),
    }


@router.get("/clients", **needs(Scope.CLIENTS_READ, ClientPage))
def clients_list(request: HttpRequest, asked: Query[ClientsAsked]) -> dict[str, Any]:
    """Clients in your care by name; for a manager everybody."""
    user = access.me(request)
    state = "" if asked.state == "in_care" else asked.state
    wanted = checked(FilterForm({"q": asked.q, "state": state}))
    found = filtered(access.clients(user), wanted, user)
    return page_of(found.order_by("name", "pk"), asked, _client)


@router.post("/clients", **needs(Scope.CLIENTS_WRITE, ClientDetail, status=201))
def clients_add(request: HttpRequest, given: ClientIn) -> Status[dict[str, Any]]:
    """Add a client and their first episode. A manager says with which therapist."""
    user = access.me(request)
    said = {"therapist": user.pk, "version": 0, **given.model_dump(exclude_none=True)}
    if not user.is_manager and said["therapist"] != user.pk:
        raise BadRequestBody([("therapist", "Only a manager chooses another therapist.")])
    if not user.is_therapist and said["referral"]:
        raise BadRequestBody([("referral", "Only therapists write how somebody came to them.")])
    values = checked(NewClientForm(said, user=user))
    client = actions.add_client(actor=user, **{"therapist": user, **values})
    return Status(201, _detail(client, user))


@router.get("/clients/{key}", **needs(Scope.CLIENTS_READ, ClientDetail))
def clients_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One client, their episodes and what they agreed to."""
    user = access.me(request)
    client = access.found(access.clients(user), key)
    record(user, "client.read", client, client=client.key, **via(request))
    return _detail(client, user)


@router.patch("/clients/{key}", **needs(Scope.CLIENTS_WRITE, ClientOut))
def clients_change(request: HttpRequest, key: Key, given: ClientChange) -> dict[str, Any]:
    """Change how a client is called and reached."""
    user = access.me(request)
    client = access.found(access.clients(user), key)
    require_version(client, given.version)
    values = checked(ClientForm(changes(client, given, "name", "email", "phone", "language")))
    changed = actions.change_client(actor=user, client=client, version=given.version, **values)
    return _client(changed)


@router.post("/clients/{key}/episodes", **needs(Scope.CLIENTS_WRITE, EpisodeOut, status=201))
def episodes_begin(request: HttpRequest, key: Key, given: EpisodeIn) -> Status[dict[str, Any]]:
    """Begin a further episode with a client in your care."""
    user = access.me(request)
    client = access.found(access.clients_in_care(user), key)
    values = checked(EpisodeForm({**given.model_dump(), "version": 0}))
    episode = actions.begin_episode(actor=user, client=client, therapist=user, **values)
    return Status(201, _episode(episode, user))


@router.get("/episodes/{key}", **needs(Scope.CLIENTS_READ, EpisodeOut))
def episodes_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One episode."""
    user = access.me(request)
    episode = access.found(episodes_of_staff(user), key)
    record(user, "client.read", episode, client=episode.client_id, **via(request))
    return _episode(episode, user)


@router.patch("/episodes/{key}", **needs(Scope.CLIENTS_WRITE, EpisodeOut))
def episodes_change(request: HttpRequest, key: Key, given: EpisodeChange) -> dict[str, Any]:
    """Correct how an episode of yours began."""
    user = access.me(request)
    episode = access.found(access.episodes_in_care(user), key)
    require_version(episode, given.version)
    values = checked(EpisodeForm(changes(episode, given, "starts_on", "format", "referral")))
    changed = actions.change_episode(actor=user, episode=episode, version=given.version, **values)
    return _episode(changed, user)


@router.post("/episodes/{key}/end", **needs(Scope.CLIENTS_WRITE, EpisodeOut))
def episodes_end(request: HttpRequest, key: Key, given: EndingIn) -> dict[str, Any]:
    """End an episode of yours; meetings planned after its last day are cancelled."""
    user = access.me(request)
    episode = access.found(access.episodes_in_care(user), key)
    values = checked(EndingForm(given.model_dump()))
    ended = actions.end_episode(actor=user, episode=episode, version=given.version, **values)
    return _episode(ended, user)


@router.get("/therapists", **needs(Scope.CLIENTS_READ, TherapistList))
def therapists_list(request: HttpRequest) -> dict[str, Any]:
    """Therapists who could take a client: for a manager everybody, else yourself."""
    here = access.people(request.user).filter(is_therapist=True, is_active=True, left_on=None)
    return {"items": [show_person(user) for user in here.order_by("name")]}

"""Whose token it is, a client's own place, and the manager's log, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from openrapport_web import access
from openrapport_web.api.scopes import Scope, scopes_of
from openrapport_web.api.v1.door import needs, token_of, via
from openrapport_web.api.v1.paging import Paging
from openrapport_web.api.v1.values import Given, Key
from openrapport_web.audit.chain import record
from openrapport_web.audit.models import Entry
from openrapport_web.audit.wording import WORDS, lines
from openrapport_web.caseload.consent import give_consent, withdraw_consent
from openrapport_web.caseload.models import Consent, Purpose
from openrapport_web.caseload.wordings import wording_of
from openrapport_web.people.models import Role
from openrapport_web.place import actions
from openrapport_web.place.export import everything

__all__ = ["audit", "consents", "me", "place"]

me = Router(tags=["You"])
consents = Router(tags=["What you agree to"])
place = Router(tags=["Your data"])
audit = Router(tags=["Who did what"])


class TokenOut(BaseModel):
    """The token that this request came with."""

    name: str
    scopes: list[Scope] = Field(description="Those of it that your roles allow today.")
    expires_at: datetime


class Me(BaseModel):
    """Whose token this is."""

    key: UUID
    name: str
    roles: list[Role]
    token: TokenOut


@me.get("/me", **needs(None, Me))
def me_read(request: HttpRequest) -> dict[str, Any]:
    """Say whose token this is and what it opens."""
    user, token = access.me(request), token_of(request)
    opens = [scope for scope in scopes_of(user) if scope in token.scope_list]
    return {
        "key": user.key,
        "name": user.name,
        "roles": sorted(user.roles),
        "token": {"name": token.name, "scopes": opens, "expires_at": token.expires_at},
    }


# -- consents --------------------------------------------------------------------------------------


class Wording(BaseModel):
    """The text that is agreed to."""

    key: UUID
    number: int
    language: str
    text: str


class ConsentOut(BaseModel):
    """A purpose, and since when it is agreed to, if it is."""

    purpose: Purpose
    words: str
    given_at: datetime | None
    wording: Wording


class ConsentList(BaseModel):
    """Every purpose."""

    items: list[ConsentOut]


class ConsentIn(Given):
    """A yes to a text."""

    wording: Key = Field(description="The key of the text that the client was shown.")


class Withdrawn(BaseModel):
    """What was deleted and what remains, and why, in sentences for the client."""

    words: list[str]


def _consent(purpose: Purpose, given: Consent | None, language: str) -> dict[str, Any]:
    wording = given.wording if given else wording_of(purpose, language)
    names = ("key", "number", "language", "text")
    return {
        "purpose": purpose,
        "words": str(purpose.label),
        "given_at": given.given_at if given else None,
        "wording": {name: getattr(wording, name) for name in names},
    }


@consents.get("/consents", **needs(Scope.CONSENTS_READ, ConsentList))
def consents_list(request: HttpRequest) -> dict[str, Any]:
    """Every purpose with its text, and whether you agree to it now."""
    client = access.own_client(request.user)
    given = {c.purpose: c for c in client.consents.filter(withdrawn_at=None).select_related("wording")}
    return {"items": [_consent(p, given.get(p), client.language) for p in Purpose]}


@consents.post("/consents/{purpose}", **needs(Scope.CONSENTS_WRITE, ConsentOut, status=201))
def consents_give(request: HttpRequest, purpose: Purpose, given: ConsentIn) -> Status[dict[str, Any]]:
    """Agree to a purpose, in the text that was shown. To agree twice is to agree once."""
    user, client = access.me(request), access.own_client(request.user)
    consent = give_consent(actor=user, client=client, purpose=purpose, wording=given.wording)
    return Status(201, _consent(purpose, consent, client.language))


@consents.post("/consents/{purpose}/withdraw", **needs(Scope.CONSENTS_WRITE, Withdrawn))
def consents_withdraw(request: HttpRequest, purpose: Purpose) -> dict[str, Any]:
    """Take a yes back. What rested on it is deleted at once, for good."""
    client = access.own_client(request.user)
    return {"words": withdraw_consent(actor=access.me(request), client=client, purpose=purpose)}


# -- data ------------------------------------------------------------------------------------------


class LineOut(BaseModel):
    """Who did what, in words. A therapist gets no numbers: one that is missing would say something."""

    number: int | None
    at: datetime
    who: str
    what: str
    more: str


class LogPage(BaseModel):
    """Some lines of the log, the newest first, and how many there are."""

    items: list[LineOut]
    count: int


class DeletionOut(BaseModel):
    """A wish for everything to be deleted."""

    asked_at: datetime


class AuditAsked(Paging):
    """Which entries a list shows."""

    action: str = Field("", max_length=60, description="One action, such as note.read.")


def _log(request: HttpRequest, found: QuerySet[Entry], asked: Paging) -> dict[str, Any]:
    names = ("number", "at", "who", "what", "more")
    user = access.me(request)
    said = lines(found.order_by("-number")[asked.rows], reader=user)
    items = [{name: getattr(line, name) for name in names} for line in said]
    if user.is_therapist:  # as on the page: see audit_page
        items = [{**item, "number": None} for item in items]
    return {"items": items, "count": found.count()}


@place.get("/log", **needs(Scope.DATA_READ, LogPage))
def log_read(request: HttpRequest, asked: Query[Paging]) -> dict[str, Any]:
    """Who saw and did what with your data."""
    client = access.own_client(request.user)
    return _log(request, access.entries(request.user).filter(client=client.key), asked)


_A_ZIP = {200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


@place.post("/export", **needs(Scope.DATA_READ, openapi_extra={"responses": _A_ZIP}))
def export(request: HttpRequest) -> HttpResponse:
    """Take everything along: a zip file of JSON, CSV and HTML."""
    user, client = access.me(request), access.own_client(request.user)
    record(user, "data.taken", client, client=client.key, **via(request))
    named = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
    return HttpResponse(everything(user, client), content_type="application/zip", headers=named)


@place.post("/deletion", **needs(Scope.DATA_WRITE, DeletionOut, status=201))
def deletion_ask(request: HttpRequest) -> Status[dict[str, Any]]:
    """Ask the practice to delete everything. To ask twice is to ask once."""
    client = access.own_client(request.user)
    return Status(
        201, {"asked_at": actions.ask_for_deletion(actor=access.me(request), client=client).asked_at}
    )


@place.post("/deletion/withdraw", **needs(Scope.DATA_WRITE, status=204))
def deletion_take_back(request: HttpRequest) -> Status[None]:
    """Take the wish for deletion back."""
    actions.take_deletion_back(actor=access.me(request), client=access.own_client(request.user))
    return Status(204, None)


@audit.get("/audit", **needs(Scope.AUDIT_READ, LogPage))
def audit_list(request: HttpRequest, asked: Query[AuditAsked]) -> dict[str, Any]:
    """Who did what in the practice. It holds no content."""
    access.require(request.user, Role.MANAGER)
    found = access.entries(request.user)
    if asked.action:
        found = found.filter(action=asked.action) if asked.action in WORDS else found.none()
    return _log(request, found, asked)

"""What people say of the machine's marks, and with whom a session is shared, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, Field

from openrapport_web import access
from openrapport_web.api.scopes import Scope
from openrapport_web.api.v1.caseload import Person, show_person
from openrapport_web.api.v1.door import needs, via
from openrapport_web.api.v1.problems import BadRequestBody
from openrapport_web.api.v1.session_shapes import ShareOut
from openrapport_web.api.v1.sessions import Number, in_care, session_of, version_of
from openrapport_web.api.v1.values import Given, Key, Line, Version, checked
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Purpose
from openrapport_web.people.models import User
from openrapport_web.recordings import actions, bundles
from openrapport_web.recordings.forms import MarkForm
from openrapport_web.recordings.marks import places, set_mark
from openrapport_web.recordings.models import Audience, Mark, StoredReport, Verdict
from openrapport_web.recordings.views.sessions import may_share

__all__ = ["marks", "shares"]

marks = Router(tags=["Marks on reports"])
shares = Router(tags=["Sharing"])


class MarkOut(BaseModel):
    """What one person says of one place of a report."""

    target: str
    verdict: Verdict
    note: str
    revision: int
    by: Person
    made_at: datetime


class MarkList(BaseModel):
    """What was said of a report, and every place of which something can be said."""

    items: list[MarkOut]
    places: list[str]


class MarkIn(Given):
    """What you say of a place; neither a verdict nor a note takes back what you said."""

    target: Line = Field(min_length=1, description="One of the report's places.")
    revision: Version = Field(description="Of your mark that you saw; 0 for none.")
    verdict: Verdict | None = None
    note: str = Field("", max_length=4_000)


class ShareIn(Given):
    """Who shall see a session."""

    audience: Audience
    person: Key


def _mark(mark: Mark) -> dict[str, Any]:
    names = ("target", "verdict", "note", "revision", "made_at")
    return {**{name: getattr(mark, name) for name in names}, "by": show_person(mark.by)}


@marks.get("/sessions/{key}/versions/{number}/marks", **needs(Scope.MARKS_READ, MarkList))
def marks_list(request: HttpRequest, key: Key, number: Number) -> dict[str, Any]:
    """What you said of a report; on a session that you held, what everybody said."""
    session = session_of(request, key)
    version = version_of(session, number)
    stored = StoredReport.objects.filter(version=version).first()
    if stored is None:
        raise Http404
    record(
        request.user, "report.read", session, client=session.client_id, version=number, **via(request)
    )
    said = access.marks(request.user).filter(version=version).select_related("by")
    return {
        "items": [_mark(mark) for mark in said.order_by("target", "by")],
        "places": sorted(places(bundles.load_report(stored), bundles.load(stored))),
    }


@marks.put(
    "/sessions/{key}/versions/{number}/marks", **needs(Scope.MARKS_WRITE, MarkOut, or_nothing=True)
)
def marks_set(request: HttpRequest, key: Key, number: Number, given: MarkIn) -> Status[Any]:
    """Say of a place that it fits, does not fit, or a note; the answer to taking it back is empty."""
    session = session_of(request, key)
    said = checked(MarkForm(given.model_dump(exclude_none=True)))
    mark = set_mark(
        actor=access.me(request), session=session, version=version_of(session, number), **said
    )
    return Status(204, None) if mark is None else Status(200, _mark(mark))


@shares.post("/sessions/{key}/shares", **needs(Scope.SESSIONS_WRITE, ShareOut, status=201))
def shares_add(request: HttpRequest, key: Key, given: ShareIn) -> Status[dict[str, Any]]:
    """Let the client, or a supervisor to whom the client agreed, see a session of yours."""
    session = in_care(request, key)
    agreed = access.consented(session.client_id, Purpose.SUPERVISION)
    possible = {(row["audience"], row["key"]) for row in may_share(session, agreed)}
    if (given.audience, given.person) not in possible:
        raise BadRequestBody([("person", "This session cannot be shared with this person now.")])
    person = User.objects.get(pk=given.person)
    share = actions.share(
        actor=access.me(request), session=session, audience=given.audience, person=person
    )
    shown = {"key": share.key, "audience": share.audience, "person": show_person(person)}
    return Status(201, shown)


@shares.delete("/sessions/{key}/shares/{share}", **needs(Scope.SESSIONS_WRITE, status=204))
def shares_end(request: HttpRequest, key: Key, share: Key) -> Status[None]:
    """Stop letting somebody see a session."""
    held = access.found(in_care(request, key).shares.filter(ended_at=None), share)
    actions.end_share(actor=access.me(request), share=held)
    return Status(204, None)

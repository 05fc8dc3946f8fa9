"""Meetings and notes, for programs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from openrapport_web import access
from openrapport_web.api.scopes import Scope
from openrapport_web.api.v1.caseload import Person, episodes_of_staff, require_version, show_person
from openrapport_web.api.v1.door import needs, via
from openrapport_web.api.v1.paging import Paging, page_of
from openrapport_web.api.v1.values import Day, Given, Key, Moment, Version, changes, checked
from openrapport_web.audit.chain import record
from openrapport_web.caseload import actions
from openrapport_web.caseload.forms import MeetingForm, NoteForm, StateForm
from openrapport_web.caseload.models import Meeting, MeetingState, Mode, Note
from openrapport_web.people.models import User

__all__ = ["meetings", "notes"]

meetings = Router(tags=["Meetings"])
notes = Router(tags=["Notes"])

Minutes = Annotated[int, Field(strict=True, ge=5, le=600)]


class MeetingOut(BaseModel):
    """An appointment, and what became of it."""

    key: UUID
    client: UUID
    episode: UUID
    therapist: Person
    starts_at: datetime
    minutes: int
    mode: Mode
    state: MeetingState
    version: int


class MeetingPage(BaseModel):
    """Some of the meetings, and how many there are."""

    items: list[MeetingOut]
    count: int


class MeetingList(BaseModel):
    """What was planned."""

    items: list[MeetingOut]


class MeetingsAsked(Paging):
    """Which meetings a list shows, by days on the clock of the token's person."""

    from_day: Day | None = Field(None, description="The first day.")
    to_day: Day | None = Field(None, description="The last day, itself included.")
    client: Key | None = None
    state: MeetingState | None = None


class MeetingIn(Given):
    """A meeting, or one a week at the same time of the clock."""

    starts_at: Moment
    minutes: Minutes = 50
    mode: Mode = Mode.IN_PERSON
    weeks: Annotated[int, Field(strict=True, ge=1, le=52)] = 1


class MeetingChange(Given):
    """What shall be different; what is left out or null stays."""

    version: Version
    starts_at: Moment | None = None
    minutes: Minutes | None = None
    mode: Mode | None = None


class StateIn(Given):
    """What became of a meeting."""

    version: Version
    state: MeetingState


def _meeting(meeting: Meeting, therapist: User | None = None) -> dict[str, Any]:
    names = ("key", "starts_at", "minutes", "mode", "state", "version")
    return {
        **{name: getattr(meeting, name) for name in names},
        "client": meeting.client_id,
        "episode": meeting.episode_id,
        "therapist": show_person(therapist or meeting.therapist),
    }


def _of_staff(user: User) -> QuerySet[Meeting]:
    held = access.meetings(user) if user.is_manager else access.meetings_in_care(user)
    return held.select_related("episode")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@meetings.get("/meetings", **needs(Scope.MEETINGS_READ, MeetingPage))
def meetings_list(request: HttpRequest, asked: Query[MeetingsAsked]) -> dict[str, Any]:
    """Meetings by time: your own; for a manager all."""
    found = access.meetings(request.user).select_related("therapist")
    if asked.from_day:
        found = found.filter(starts_at__gte=_midnight(asked.from_day))
    if asked.to_day:
        found = found.filter(starts_at__lt=_midnight(asked.to_day + timedelta(days=1)))
    said = asked.model_dump(include={"client", "state"}, exclude_none=True)
    return page_of(found.filter(**said).order_by("starts_at", "pk"), asked, _meeting)


@meetings.post("/episodes/{key}/meetings", **needs(Scope.MEETINGS_WRITE, MeetingList, status=201))
def meetings_plan(request: HttpRequest, key: Key, given: MeetingIn) -> Status[dict[str, Any]]:
    """Plan one meeting or a weekly series in an episode."""
    user = access.me(request)
    episode = access.found(episodes_of_staff(user), key)
    values = checked(MeetingForm({**given.model_dump(), "version": 0}, new=True))
    made = actions.plan_meetings(actor=user, episode=episode, **values)
    return Status(201, {"items": [_meeting(meeting, episode.therapist) for meeting in made]})


@meetings.get("/meetings/{key}", **needs(Scope.MEETINGS_READ, MeetingOut))
def meetings_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One meeting."""
    return _meeting(access.found(access.meetings(request.user), key))


@meetings.patch("/meetings/{key}", **needs(Scope.MEETINGS_WRITE, MeetingOut))
def meetings_change(request: HttpRequest, key: Key, given: MeetingChange) -> dict[str, Any]:
    """Move a meeting, or change how people meet."""
    user = access.me(request)
    meeting = access.found(_of_staff(user), key)
    require_version(meeting, given.version)
    values = checked(MeetingForm(changes(meeting, given, "starts_at", "minutes", "mode"), new=False))
    changed = actions.change_meeting(actor=user, meeting=meeting, version=given.version, **values)
    return _meeting(changed)


@meetings.post("/meetings/{key}/state", **needs(Scope.MEETINGS_WRITE, MeetingOut))
def meetings_say_state(request: HttpRequest, key: Key, given: StateIn) -> dict[str, Any]:
    """Say what became of a meeting."""
    user = access.me(request)
    meeting = access.found(_of_staff(user), key)
    values = checked(StateForm(given.model_dump()))
    return _meeting(actions.say_state(actor=user, meeting=meeting, version=given.version, **values))


# -- notes -----------------------------------------------------------------------------------------


class NoteOut(BaseModel):
    """A note, without its text."""

    key: UUID
    client: UUID
    episode: UUID
    meeting: UUID | None
    author: Person
    made_at: datetime
    version: int


class NotePage(BaseModel):
    """Some of the notes, and how many there are."""

    items: list[NoteOut]
    count: int


class NoteVersionOut(BaseModel):
    """What a note said at some time."""

    number: int
    by: Person
    made_at: datetime
    text: str


class NoteDetail(NoteOut):
    """A note with everything that it says and ever said, the newest first."""

    versions: list[NoteVersionOut]


class NotesAsked(Paging):
    """Which notes a list shows."""

    client: Key | None = None
    episode: Key | None = None
    meeting: Key | None = None


class NoteIn(Given):
    """A note, on an episode or on one of its meetings."""

    text: str = Field(min_length=1, max_length=20_000)
    meeting: Key | None = None


class NoteChange(Given):
    """A new version of a note; the old ones stay."""

    version: Version
    text: str = Field(min_length=1, max_length=20_000)


def _note(note: Note) -> dict[str, Any]:
    return {
        "key": note.key,
        "client": note.client_id,
        "episode": note.episode_id,
        "meeting": note.meeting_id,
        "author": show_person(note.author),
        "made_at": note.made_at,
        "version": note.version,
    }


def _with_text(note: Note) -> dict[str, Any]:
    versions = [
        {"number": v.number, "by": show_person(v.by), "made_at": v.made_at, "text": v.text}
        for v in note.versions.select_related("by")
    ]
    return {**_note(note), "versions": versions}


@notes.get("/notes", **needs(Scope.NOTES_READ, NotePage))
def notes_list(request: HttpRequest, asked: Query[NotesAsked]) -> dict[str, Any]:
    """Notes on your own episodes, the newest first, without their texts."""
    said = asked.model_dump(include={"client", "episode", "meeting"}, exclude_none=True)
    found = access.notes(request.user).filter(**said).select_related("author")
    return page_of(found.order_by("-made_at", "pk"), asked, _note)


@notes.post("/episodes/{key}/notes", **needs(Scope.NOTES_WRITE, NoteDetail, status=201))
def notes_write(request: HttpRequest, key: Key, given: NoteIn) -> Status[dict[str, Any]]:
    """Write a note on an episode of yours, or on one of its meetings."""
    user = access.me(request)
    episode = access.found(access.episodes_in_care(user), key)
    meeting = None
    if given.meeting is not None:
        meeting = access.found(access.meetings_in_care(user).filter(episode=episode), given.meeting)
    values = checked(NoteForm({"text": given.text, "version": 0}))
    note = actions.write_note(actor=user, episode=episode, meeting=meeting, version=0, **values)
    return Status(201, _with_text(note))


@notes.get("/notes/{key}", **needs(Scope.NOTES_READ, NoteDetail))
def notes_read(request: HttpRequest, key: Key) -> dict[str, Any]:
    """One note with its text and its earlier versions."""
    note = access.found(access.notes(request.user).select_related("author"), key)
    record(request.user, "note.read", note, client=note.client_id, **via(request))
    return _with_text(note)


@notes.post("/notes/{key}/versions", **needs(Scope.NOTES_WRITE, NoteDetail, status=201))
def notes_rewrite(request: HttpRequest, key: Key, given: NoteChange) -> Status[dict[str, Any]]:
    """Write a new version of a note."""
    user = access.me(request)
    note = access.found(access.notes(user).select_related("episode"), key)
    values = checked(NoteForm(given.model_dump()))
    written = actions.write_note(
        actor=user, episode=note.episode, note=note, version=given.version, **values
    )
    return Status(201, _with_text(written))

"""Changes to clients, episodes, meetings and notes: checked, made and recorded in one transaction."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport_web import crypto
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import (
    CalendarFeed,
    Client,
    Episode,
    Meeting,
    MeetingState,
    Note,
    NoteVersion,
)
from openrapport_web.editing import ChangedMeanwhile, latest
from openrapport_web.feedback import actions as asking

__all__ = [
    "NotPossible",
    "add_client",
    "begin_episode",
    "change_client",
    "change_episode",
    "change_meeting",
    "end_episode",
    "feed_hash",
    "new_feed",
    "plan_meetings",
    "say_state",
    "write_note",
]


class NotPossible(Exception):
    """Something that cannot be done now; its words say why and what to do."""


def _require_therapist(actor: Any, episode: Episode) -> None:
    if episode.therapist_id != actor.pk:
        raise PermissionDenied


def _require_staff(actor: Any, episode: Episode) -> None:
    if episode.therapist_id != actor.pk and not actor.is_manager:
        raise PermissionDenied


@transaction.atomic
def add_client(*, actor: Any, therapist: Any, name: str, starts_on: date, **about: str) -> Client:
    """Add a client, their data key and their first episode."""
    if not actor.is_manager and therapist.pk != actor.pk:
        raise PermissionDenied
    client = Client(name=name, email=about["email"], phone=about["phone"], language=about["language"])
    # The key first: without its row it harms nobody, while a row without its key could hold nothing.
    crypto.keyring().make(client.key)
    client.save(force_insert=True)
    record(actor, "client.added", client, client=client.key)
    begin_episode(
        actor=actor,
        client=client,
        therapist=therapist,
        starts_on=starts_on,
        format=about["format"],
        referral=about.get("referral", ""),
    )
    return client


@transaction.atomic
def change_client(*, actor: Any, client: Client, version: int, **values: str) -> Client:
    """Change how somebody is called and reached."""
    client = latest(client, version)
    for name, value in values.items():
        setattr(client, name, value)
    client.save()
    record(actor, "client.changed", client, client=client.key)
    return client


@transaction.atomic
def begin_episode(
    *, actor: Any, client: Client, therapist: Any, starts_on: date, referral: str = "", **about: str
) -> Episode:
    """Begin a course of care with one therapist."""
    episode = Episode(client=client, therapist=therapist, starts_on=starts_on, **about)
    _require_staff(actor, episode)
    episode.referral = referral
    episode.save(force_insert=True)
    record(actor, "episode.begun", episode, client=client.key)
    return episode


@transaction.atomic
def change_episode(*, actor: Any, episode: Episode, version: int, **values: Any) -> Episode:
    """Correct how an episode began."""
    _require_therapist(actor, episode)
    episode = latest(episode, version)
    if episode.ends_on is not None and values["starts_on"] > episode.ends_on:
        raise NotPossible(_("This episode would begin after its last day."))
    for name, value in values.items():
        setattr(episode, name, value)
    episode.save()
    record(actor, "episode.changed", episode, client=episode.client_id)
    return episode


@transaction.atomic
def end_episode(
    *, actor: Any, episode: Episode, version: int, ends_on: date, ending: str, reason: str
) -> Episode:
    """End a course of care. Meetings that were planned after its last day are cancelled."""
    _require_therapist(actor, episode)
    episode = latest(episode, version)
    if ends_on < episode.starts_on:
        raise NotPossible(_("The last day lies before the first one."))
    episode.ends_on, episode.ending, episode.reason = ends_on, ending, reason
    episode.save()
    left = Meeting.objects.filter(
        episode=episode, state=MeetingState.PLANNED, starts_at__date__gt=ends_on
    )
    n_cancelled = left.update(state=MeetingState.CANCELLED)
    record(
        actor, "episode.ended", episode, client=episode.client_id, ending=ending, cancelled=n_cancelled
    )
    return episode


@transaction.atomic
def plan_meetings(
    *, actor: Any, episode: Episode, starts_at: datetime, minutes: int, mode: str, weeks: int = 1
) -> list[Meeting]:
    """Plan one meeting, or one a week at the same time of the clock, across its changes too."""
    _require_staff(actor, episode)
    if episode.ends_on is not None:
        raise NotPossible(_("This episode has ended; begin a new one to meet again."))
    zone = timezone.get_current_timezone()
    at = starts_at.astimezone(zone).replace(tzinfo=None)
    made = []
    for week in range(weeks):
        meeting = Meeting(
            episode=episode,
            client_id=episode.client_id,
            therapist_id=episode.therapist_id,
            starts_at=_on_the_clock(at + timedelta(weeks=week), zone),
            minutes=minutes,
            mode=mode,
        )
        meeting.save(force_insert=True)
        record(actor, "meeting.planned", meeting, client=episode.client_id)
        made.append(meeting)
    return made


def _on_the_clock(at: datetime, zone: Any) -> datetime:
    # Through UTC and back: an hour that the clock skips becomes the one after it.
    return at.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))


@transaction.atomic
def change_meeting(*, actor: Any, meeting: Meeting, version: int, **values: Any) -> Meeting:
    """Move a meeting, or change how people meet."""
    _require_staff(actor, meeting.episode)
    meeting = latest(meeting, version)
    for name, value in values.items():
        setattr(meeting, name, value)
    meeting.save()
    record(actor, "meeting.changed", meeting, client=meeting.client_id)
    return meeting


@transaction.atomic
def say_state(*, actor: Any, meeting: Meeting, version: int, state: str) -> Meeting:
    """Say what became of a meeting."""
    _require_staff(actor, meeting.episode)
    meeting = latest(meeting, version)
    if state == MeetingState.HELD and meeting.starts_at > timezone.now() + timedelta(hours=1):
        raise NotPossible(_("This meeting lies ahead; it can be held once its time has come."))
    meeting.state = state
    meeting.save()
    record(actor, "meeting.state", meeting, client=meeting.client_id, state=state)
    if state == MeetingState.HELD:
        asking.ask_after_meeting(actor=actor, meeting=meeting)
    else:
        asking.take_back(actor=actor, meeting=meeting)
    return meeting


@transaction.atomic
def write_note(
    *,
    actor: Any,
    episode: Episode,
    text: str,
    version: int,
    note: Note | None = None,
    meeting: Any = None,
) -> Note:
    """Write a note, or a new version of one."""
    _require_therapist(actor, episode)
    if note is None:
        note = Note(
            client_id=episode.client_id, episode=episode, meeting=meeting, author=actor, version=1
        )
        note.save(force_insert=True)
    else:
        try:
            note = latest(note, version)
        except ChangedMeanwhile as changed:
            record(actor, "note.read", note, client=note.client_id)
            raise changed from None
        note.save()
    said = NoteVersion(note=note, client_id=episode.client_id, number=note.version, by=actor)
    said.text = text
    said.save(force_insert=True)
    record(actor, "note.written", note, client=episode.client_id, version=note.version)
    return note


def feed_hash(token: str) -> str:
    """What is kept of a calendar's token."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def new_feed(*, actor: Any) -> str:
    """Make a new secret address for somebody's calendar; the one before stops to work."""
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.filter(user=actor).delete()
    feed = CalendarFeed.objects.create(user=actor, token_hash=feed_hash(token))
    record(actor, "calendar.address", feed)
    return token

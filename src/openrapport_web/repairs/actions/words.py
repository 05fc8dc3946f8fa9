"""Private words of clients, and what they prepare to bring up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, Episode
from openrapport_web.editing import latest
from openrapport_web.repairs.contact import contact_for
from openrapport_web.repairs.letters import something_waits
from openrapport_web.repairs.models import BringingUp, PrivateWord, To

__all__ = [
    "NotPossible",
    "answer_word",
    "drop_draft",
    "note_in_log",
    "note_talked",
    "read_brought",
    "read_word",
    "send_draft",
    "send_word",
    "take_word_back",
    "write_draft",
]


class NotPossible(Exception):
    """Something that cannot be done now; its words say why and what to do."""


def note_in_log(actor: Any, word: PrivateWord, what: str) -> None:
    """Record what was done with a word; with one to the contact so that it stays between the two."""
    if word.to == To.CONTACT:
        record(actor, f"contact_word.{what}", word, client=word.client_id)
    else:
        record(actor, f"word.{what}", word, client=word.client_id)


@transaction.atomic
def send_word(
    *,
    actor: Any,
    client: Client,
    episode: Episode,
    contact: Any,
    text: str,
    wants_answer: bool,
    key: UUID,
) -> PrivateWord:
    """Send a private word, once.

    Parameters
    ----------
    actor : User
        The client.
    client : Client
        Themselves.
    episode : Episode
        To whose therapist, or in whose course.
    contact : User or None
        The practice's contact as the client was told, if it goes to them alone.
    text : str
        Sealed.
    wants_answer : bool
        Whether the client hopes for one.
    key : UUID
        Made by the page: pressed twice, it is sent once.

    Raises
    ------
    NotPossible
        If the practice's contact changed since the page was opened.
    """
    if client.user_id != actor.pk or episode.client_id != client.pk:
        raise PermissionDenied
    if held := PrivateWord.objects.filter(pk=key).first():
        if held.client_id != client.pk:
            raise PermissionDenied
        return held
    if contact is not None and contact_for(client).person != contact:
        raise NotPossible
    to = To.THERAPIST if contact is None else To.CONTACT
    word = PrivateWord(
        key=key, client=client, episode=episode, to=to, contact=contact, wants_answer=wants_answer
    )
    word.text = text
    word.save(force_insert=True)
    note_in_log(actor, word, "sent")
    something_waits(contact or episode.therapist)
    return word


@transaction.atomic
def take_word_back(*, actor: Any, word: PrivateWord) -> None:
    """Take a word back that nobody has read; it is deleted.

    Raises
    ------
    NotPossible
        If it was read meanwhile.
    """
    if word.client.user_id != actor.pk:
        raise PermissionDenied
    word = PrivateWord.objects.select_for_update().get(pk=word.pk)
    if word.read_at is not None:
        raise NotPossible
    note_in_log(actor, word, "taken_back")
    word.delete()


def _take(actor: Any, word: PrivateWord) -> PrivateWord:
    reader = word.contact_id if word.to == To.CONTACT else word.episode.therapist_id
    if reader != actor.pk:
        raise PermissionDenied
    return PrivateWord.objects.select_for_update().get(pk=word.pk)


@transaction.atomic
def read_word(*, actor: Any, word: PrivateWord) -> None:
    """Open a word. From now on the client sees that it was read."""
    word = _take(actor, word)
    if word.read_at is None:
        word.read_at, word.read_by = timezone.now(), actor
        word.save(update_fields=["read_at", "read_by"])
        note_in_log(actor, word, "opened")


@transaction.atomic
def answer_word(*, actor: Any, word: PrivateWord, done: str) -> None:
    """Write to the client what was done, or what one answers. That closes it; the first answer stays.

    Raises
    ------
    NotPossible
        If it was answered already, or not read yet.
    """
    word = _take(actor, word)
    if word.read_at is None or word.closed_at is not None:
        raise NotPossible
    word.done, word.closed_at = done, timezone.now()
    word.save(update_fields=["sealed_done", "closed_at"])
    note_in_log(actor, word, "answered")


# -- bringing something up -------------------------------------------------------------------------


@transaction.atomic
def write_draft(
    *, actor: Any, episode: Episode, draft: BringingUp | None, version: int, text: str, how: str
) -> BringingUp:
    """Keep what a client wants to say. Nobody else sees it, and the log shows it to nobody else.

    Raises
    ------
    ChangedMeanwhile
        If the same person changed it in another window.
    NotPossible
        If it was sent already.
    """
    if episode.client.user_id != actor.pk:
        raise PermissionDenied
    if draft is not None:
        draft = latest(draft, version)
        if draft.client_id != episode.client_id:
            raise PermissionDenied
        if draft.sent_at is not None:
            raise NotPossible
    held = draft or BringingUp(client=episode.client, episode=episode)
    held.text, held.how = text, how
    held.save()
    record(actor, "own_words.written", held, client=held.client_id)
    return held


@transaction.atomic
def drop_draft(*, actor: Any, draft: BringingUp) -> None:
    """Delete a draft."""
    draft = _own(actor, draft)
    record(actor, "own_words.dropped", draft, client=draft.client_id)
    draft.delete()


@transaction.atomic
def send_draft(*, actor: Any, draft: BringingUp) -> None:
    """Send a draft to the therapist, at the client's press and never without."""
    draft = _own(actor, draft)
    draft.sent_at = timezone.now()
    draft.save(update_fields=["sent_at"])
    record(actor, "bringing_up.sent", draft, client=draft.client_id)
    something_waits(draft.episode.therapist)


def _own(actor: Any, draft: BringingUp) -> BringingUp:
    if draft.client.user_id != actor.pk:
        raise PermissionDenied
    draft = BringingUp.objects.select_for_update().get(pk=draft.pk)
    if draft.sent_at is not None:
        raise NotPossible
    return draft


def _brought(actor: Any, brought: BringingUp) -> BringingUp:
    if brought.episode.therapist_id != actor.pk or brought.sent_at is None:
        raise PermissionDenied
    return BringingUp.objects.select_for_update().get(pk=brought.pk)


@transaction.atomic
def read_brought(*, actor: Any, brought: BringingUp) -> None:
    """Open what a client sent. From now on they see that it was read."""
    brought = _brought(actor, brought)
    if brought.read_at is None:
        brought.read_at = timezone.now()
        brought.save(update_fields=["read_at"])
        record(actor, "bringing_up.opened", brought, client=brought.client_id)


@transaction.atomic
def note_talked(*, actor: Any, brought: BringingUp) -> None:
    """Note that it was talked about; it leaves the list of what is open."""
    brought = _brought(actor, brought)
    if brought.talked_at is None:
        brought.talked_at = timezone.now()
        brought.save(update_fields=["talked_at"])
        record(actor, "bringing_up.talked", brought, client=brought.client_id)

"""An answer about harming oneself: it is kept as open, and people are told until somebody acted.

A page with help is shown at once, and letters go out; neither is what keeps anybody safe. What was
begun here ends only when a person says what was done.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks import task

from openrapport.measures.instrument import about_self_harm
from openrapport_web.audit.chain import record
from openrapport_web.feedback import letters
from openrapport_web.feedback.library import instrument
from openrapport_web.feedback.models import Answer, ConcernLetter, Rater, SafetyConcern
from openrapport_web.people.models import Practice, Role, User

__all__ = [
    "AlreadyDone",
    "after_answer",
    "close",
    "needs_help",
    "send_letters",
    "state",
    "unsent",
]

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=2)
"""After this long a letter that did not go out, or whose sender died, is tried again."""
LATE = timedelta(minutes=10)
"""After this long without a letter the manager's page says so."""


class AlreadyDone(Exception):
    """Somebody else said what was done, meanwhile."""


def after_answer(answer: Answer) -> list[SafetyConcern]:
    """Look at an answer, in the transaction that keeps it.

    Parameters
    ----------
    answer : Answer
        Just kept, with its asking.

    Returns
    -------
    concerns : list of SafetyConcern
        One for each item; empty where there is none, which does not say that somebody is safe.
    """
    asking = answer.asking
    if asking.rater != Rater.CLIENT:
        return []
    form = instrument(asking.instrument, asking.instrument_version)
    items = about_self_harm(form, json.loads(answer.values))
    with transaction.atomic():
        return [_open(answer, item) for item in items]


def needs_help(answer: Answer) -> bool:
    """Whether the page after this answer shows help; also where the same answer came twice."""
    return SafetyConcern.objects.filter(answer=answer).exists()


def _open(answer: Answer, item: str) -> SafetyConcern:
    asking = answer.asking
    concern, new = SafetyConcern.objects.get_or_create(
        answer=answer,
        item=item,
        defaults={"client_id": answer.client_id, "episode_id": asking.episode_id},
    )
    if new:
        record(None, "concern.opened", concern, client=answer.client_id)
        for address, language in _told(asking.episode.therapist).items():
            ConcernLetter.objects.create(concern=concern, address=address, language=language)
        # After the commit: nobody is told of what was not kept. What fails here is tried again.
        transaction.on_commit(partial(_queue, concern.key), robust=True)
    return concern


def _told(therapist: User) -> dict[str, str]:
    """Addresses to their languages: the therapist, and the practice's contact or else every manager."""
    told = {}
    if therapist.is_active and therapist.left_on is None:
        told[therapist.email] = therapist.language
    practice = Practice.get()
    if practice is not None and practice.contact_email:
        told.setdefault(practice.contact_email.lower(), "en")
    else:
        for manager in User.objects.here(Role.MANAGER):
            told.setdefault(manager.email, manager.language)
    return told


def _queue(key: UUID) -> None:
    send_concern_letters.enqueue(str(key))


@task()
def send_concern_letters(concern_key: str) -> None:
    """Send the letters about one concern; what does not go out is tried again every two minutes."""
    _send(ConcernLetter.objects.filter(concern=UUID(concern_key)), timezone.now())


def send_letters(now: datetime | None = None) -> int:
    """Send what did not go out so far. The worker calls this every minute; tells how many went out."""
    return _send(ConcernLetter.objects.all(), now or timezone.now())


def _send(which: Any, now: datetime) -> int:
    waiting = which.filter(Q(tried_at=None) | Q(tried_at__lt=now - AGAIN_AFTER), sent_at=None)
    n = 0
    for letter in waiting.filter(concern__done_at=None).order_by("made_at"):
        # Of two workers one gets a row here. One that dies now leaves the letter to be tried again:
        # a second letter does less harm than none.
        mine = ConcernLetter.objects.filter(pk=letter.pk, tries=letter.tries, sent_at=None)
        if not mine.update(tries=F("tries") + 1, tried_at=now):
            continue
        if letters.concern(letter.address, letter.concern_id, language=letter.language):
            _sent(letter)
            n += 1
        else:
            log.warning("a letter about an open concern did not go out; it is tried again")
    return n


@transaction.atomic
def _sent(letter: ConcernLetter) -> None:
    now = timezone.now()
    ConcernLetter.objects.filter(pk=letter.pk).update(sent_at=now)
    if not ConcernLetter.objects.filter(concern=letter.concern_id, sent_at=None).exists():
        SafetyConcern.objects.filter(pk=letter.concern_id).update(letters_sent_at=now)


def unsent() -> int:
    """How many letters about open concerns should have gone out by now, and did not."""
    late = Q(tries__gt=0) | Q(made_at__lt=timezone.now() - LATE)
    return ConcernLetter.objects.filter(late, sent_at=None, concern__done_at=None).count()


def state(practice: Practice | None) -> dict[str, Any]:
    """What a manager has to know: whether letters can go out at all, to whom, and which did not."""
    return {
        "no_mail": settings.EMAIL_BACKEND.endswith("console.EmailBackend"),
        "nobody": practice is None or not practice.contact_email,
        "n_unsent": unsent(),
    }


@transaction.atomic
def close(*, actor: User, concern: SafetyConcern, done: str) -> SafetyConcern:
    """Say what was done. The words are sealed; therapists of the client read them.

    Raises
    ------
    AlreadyDone
        If somebody else said it first; their words stay.
    """
    concern = SafetyConcern.objects.select_for_update().select_related("episode").get(pk=concern.pk)
    if concern.episode.therapist_id != actor.pk and not actor.is_manager:
        raise PermissionDenied
    if concern.done_at is not None:
        raise AlreadyDone
    concern.done, concern.done_at, concern.done_by = done, timezone.now(), actor
    concern.save(update_fields=["sealed_done", "done_at", "done_by"])
    record(actor, "concern.closed", concern, client=concern.client_id)
    return concern

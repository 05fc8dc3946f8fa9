"""Asking, answering, and the ways to a form: checked, made and recorded in one transaction."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openrapport.measures.scoring import check_answers
from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Episode, Meeting, MeetingState
from openrapport_web.feedback import safety
from openrapport_web.feedback.instruments import PULSE, instrument, items_asked
from openrapport_web.feedback.models import Answer, Asking, AskLink, Rater, Way
from openrapport_web.feedback.plans import due
from openrapport_web.feedback.tasks import look_again
from openrapport_web.repairs import noticing

__all__ = [
    "ANSWER_DAYS",
    "AlreadyAnswered",
    "Empty",
    "NotPossible",
    "OtherVersion",
    "Over",
    "ask",
    "ask_after_meeting",
    "keep_answer",
    "link_of",
    "make_code",
    "make_link",
    "require_open",
    "skip",
    "take_back",
    "token_hash",
]

_log = logging.getLogger(__name__)
_IN_LINE = threading.Lock()

ANSWER_DAYS = 7
"""How long a form is open after the meeting."""
_LATE = timedelta(days=2)  # a form that closed while it lay open on a table still counts
_ON_ITS_WAY = timedelta(days=30)  # given in time, and kept by a telephone without a connection
_CLOCK_SLACK = timedelta(minutes=5)
_TOO_LONG_AGO = timedelta(days=14)
_CODE_HOURS, _CODE_DIGITS = 12, 6


class NotPossible(Exception):
    """Something that cannot be done now; its words say why and what to do."""


class AlreadyAnswered(NotPossible):
    """This form was answered before. What was said then stays."""


class Over(NotPossible):
    """This form is closed."""


class Empty(NotPossible):
    """Every item was left out."""


class OtherVersion(NotPossible):
    """The questions were changed after this form was opened."""


# -- asking ----------------------------------------------------------------------------------------


@transaction.atomic
def ask(
    *,
    actor: Any,
    episode: Episode,
    instrument_key: str,
    rater: Rater = Rater.CLIENT,
    meeting: Meeting | None = None,
    days: int = ANSWER_DAYS,
) -> Asking:
    """Open one form for one person. After a meeting each form is asked once; asked again, it opens again.

    Parameters
    ----------
    actor : User or None
        The episode's therapist, a manager, or None where the plan asks by itself.
    episode : Episode
        Whose course it belongs to.
    instrument_key : str
        Which questionnaire.
    rater : Rater
        Who answers.
    meeting : Meeting, optional
        After which it is asked; without one it is asked between meetings.
    days : int
        How long it stays open.

    Returns
    -------
    asking : Asking
        Open from the end of the meeting, or from now.
    """
    if actor is not None and not (actor.is_manager or episode.therapist_id == actor.pk):
        raise PermissionDenied
    form, now = instrument(instrument_key), timezone.now()
    ended = now if meeting is None else meeting.starts_at + timedelta(minutes=meeting.minutes)
    about = {"meeting": meeting, "instrument": form.key, "rater": rater}
    asking = Asking.objects.filter(**about).first() if meeting is not None else None
    if asking is not None and asking.withdrawn_at is None:
        return asking
    asking = asking or Asking(client_id=episode.client_id, episode=episode, **about)
    asking.instrument_version = form.version
    asking.opens_at, asking.expires_at = min(now, ended), max(now, ended) + timedelta(days=days)
    asking.withdrawn_at = None
    asking.save()
    record(actor, "asking.made", asking, client=asking.client_id, instrument=form.key)
    return asking


@transaction.atomic
def ask_after_meeting(*, actor: Any, meeting: Meeting) -> list[Asking]:
    """Ask what is planned after a meeting that was held: the client, and the therapist beside them."""
    if meeting.state != MeetingState.HELD or timezone.now() - meeting.starts_at > _TOO_LONG_AGO:
        return []
    made = []
    for key in due(meeting):
        rater = Rater(instrument(key).rater)
        if rater == Rater.THERAPIST and _was_answered(meeting):
            continue
        made.append(
            ask(
                actor=actor,
                episode=meeting.episode,
                instrument_key=key,
                rater=rater,
                meeting=meeting,
            )
        )
    return made


def _was_answered(meeting: Meeting) -> bool:
    """Whether the client's pulse is in: a guess that is asked from now on would be none.

    Saying that a meeting was not held, and then that it was, opens no second way to it.
    """
    said = Asking.objects.filter(meeting=meeting, instrument=PULSE, answered_at__isnull=False)
    return said.exists()


@transaction.atomic
def take_back(*, actor: Any, meeting: Meeting) -> None:
    """Close the open forms of a meeting that was not held after all."""
    for asking in Asking.objects.filter(meeting=meeting, answered_at=None, withdrawn_at=None):
        _withdraw(actor, asking)


@transaction.atomic
def skip(*, actor: Any, asking: Asking) -> None:
    """Leave one's own form out: a therapist who will not answer reads what the client said."""
    if asking.rater != Rater.THERAPIST or asking.episode.therapist_id != actor.pk:
        raise PermissionDenied
    asking = Asking.objects.select_for_update().get(pk=asking.pk)
    if asking.answered_at is None and asking.withdrawn_at is None:
        _withdraw(actor, asking)


def _withdraw(actor: Any, asking: Asking) -> None:
    asking.withdrawn_at = timezone.now()
    asking.save(update_fields=["withdrawn_at"])
    record(actor, "asking.withdrawn", asking, client=asking.client_id, instrument=asking.instrument)


# -- ways to a form ----------------------------------------------------------------------------------


def token_hash(token: str) -> str:
    """What is kept of a link or a code."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def make_link(*, asking: Asking) -> str:
    """Make a secret for an address that opens one form without sign-in.

    Returns
    -------
    token : str
        32 random bytes for ``questions/link?link=``; kept nowhere.
    """
    token = secrets.token_urlsafe(32)
    AskLink.objects.create(
        asking=asking,
        token_hash=token_hash(token),
        way=Way.LINK,
        expires_at=asking.expires_at + _LATE,
    )
    return token


@transaction.atomic
def make_code(*, actor: Any, asking: Asking) -> str:
    """Make a code that opens one form on the practice's tablet today; an earlier one ends.

    It is short, so it counts only on a tablet that a person of the practice has set up for this.
    """
    now = timezone.now()
    codes = AskLink.objects.filter(way=Way.KIOSK, used_at=None)
    (codes.filter(expires_at__lte=now) | codes.filter(asking=asking)).delete()
    while True:
        code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
        if not AskLink.objects.filter(token_hash=token_hash(code)).exists():
            break
    AskLink.objects.create(
        asking=asking,
        token_hash=token_hash(code),
        way=Way.KIOSK,
        expires_at=now + timedelta(hours=_CODE_HOURS),
    )
    record(actor, "asking.code", asking, client=asking.client_id)
    return code


def link_of(token: str, way: Way) -> AskLink | None:
    """The link that a token or a code belongs to, whatever became of it."""
    found = AskLink.objects.filter(token_hash=token_hash(token), way=way)
    return found.select_related("asking__client", "asking__meeting").first() if token else None


# -- answering ---------------------------------------------------------------------------------------


def keep_answer(
    *,
    asking: Asking,
    values: Mapping[str, int | float | str | None],
    submission: UUID,
    way: Way,
    given_at: datetime,
    actor: Any,
    entered_by: Any = None,
    version: str | None = None,
) -> Answer:
    """Keep what somebody answered, once.

    Parameters
    ----------
    asking : Asking
        The form.
    values : mapping of str to int, float, str or None
        Item to value; what was left out is None or not there.
    submission : UUID
        Made by the page. The same one again gives the answer that is kept already.
    way : Way
        How it came in.
    given_at : datetime
        As the device says. Kept within what is possible: after the form was opened, before now.
    actor : User or None
        Who answered, as far as they have an account.
    entered_by : User, optional
        Who typed in what was answered on paper.
    version : str, optional
        Of the questions that were shown.

    Returns
    -------
    answer : Answer
        As kept now or before.

    Raises
    ------
    AlreadyAnswered, Over, Empty, OtherVersion
        Each says what to do. Nothing is kept, and what was kept before stays as it is.
    openrapport.errors.BadInput
        If a value does not belong to the form.
    """
    # SQLite lets writers wait by sleeping ever longer, and the unlucky ones fall behind when a whole
    # practice answers at the end of the hour. Here they stand in line.
    with _IN_LINE, transaction.atomic():
        return _keep(
            asking, values, submission, way, given_at, actor, entered_by=entered_by, version=version
        )


def _keep(
    asking: Asking,
    values: Mapping[str, int | float | str | None],
    submission: UUID,
    way: Way,
    given_at: datetime,
    actor: Any,
    *,
    entered_by: Any,
    version: str | None,
) -> Answer:
    now = timezone.now()
    asking = (
        Asking.objects.select_for_update(of=("self",))
        .select_related("client", "meeting", "episode")
        .get(pk=asking.pk)
    )
    _require(asking, way, actor, entered_by)
    earlier = Answer.objects.filter(asking=asking).first()
    if earlier is not None and earlier.submission == submission:
        return earlier
    require_open(asking, given_at=given_at, answered=earlier is not None)
    if Answer.objects.filter(submission=submission).exists():
        raise NotPossible(_("This page belongs to another form. Please open this one again."))
    form = instrument(asking.instrument)
    if version is not None and version != form.version:
        raise OtherVersion(_("These questions were changed since you opened the page."))
    shown = {item.key for item in items_asked(form, asking)}
    given = check_answers(form, {k: v for k, v in values.items() if k in shown or v is not None})
    if not given:
        raise Empty(_("Nothing was answered yet."))
    at = min(max(given_at, asking.opens_at), now)
    answer = Answer(
        asking=asking,
        client_id=asking.client_id,
        submission=submission,
        way=way,
        given_at=at,
        entered_by=entered_by,
    )
    answer.values = json.dumps(given, ensure_ascii=False)
    answer.save(force_insert=True)
    asking.answered_at, asking.instrument_version = now, form.version
    asking.save(update_fields=["answered_at", "instrument_version"])
    asking.links.filter(used_at=None).update(used_at=now)
    _record(answer, actor or entered_by, _clock(given_at, at))
    _tell(answer)
    return answer


def _require(asking: Asking, way: Way, actor: Any, entered_by: Any) -> None:
    """Let only the right person answer: who holds a link is right for a client's form."""
    if asking.client.erased_at is not None:
        raise Over(_("This form is closed."))
    if asking.rater == Rater.THERAPIST:
        right = actor is not None and actor.pk == asking.episode.therapist_id and way == Way.PLACE
    elif way == Way.PAPER:
        right = entered_by is not None and (
            entered_by.is_manager or entered_by.pk == asking.episode.therapist_id
        )
    elif way == Way.PLACE:
        right = actor is not None and actor.pk == asking.client.user_id
    else:
        right = actor is None or actor.pk == asking.client.user_id
    if not right:
        raise PermissionDenied


def require_open(
    asking: Asking, *, given_at: datetime | None = None, answered: bool | None = None
) -> None:
    """Let a form be answered that is open, or closed so lately that it still counts.

    Parameters
    ----------
    asking : Asking
        The form.
    given_at : datetime, optional
        When it was answered: an answer that was given in time may arrive late.
    answered : bool, optional
        Whether it was answered already, where that is known better than the row says.

    Raises
    ------
    AlreadyAnswered, Over
        Each says why.
    """
    now = timezone.now()
    if asking.answered_at is not None if answered is None else answered:
        raise AlreadyAnswered(_("What was said then is kept."))
    if asking.withdrawn_at is not None:
        raise Over(
            _("It was taken back: the meeting did not take place after all, or it was left out.")
        )
    if now >= asking.expires_at and not _still_counts(asking, given_at, now):
        raise Over(_("The meeting lies some time back, and by now memory mixes it with others."))


def _still_counts(asking: Asking, given_at: datetime | None, now: datetime) -> bool:
    if asking.rater == Rater.THERAPIST:
        # From its end on they may read what the client said, whatever their clock says.
        return False
    in_time = given_at is not None and given_at <= asking.expires_at
    return now <= asking.expires_at + (_ON_ITS_WAY if in_time else _LATE)


def _clock(said: datetime, kept: datetime) -> str | None:
    """How the clock of the device disagrees with ours, where it does."""
    if abs(said - kept) <= _CLOCK_SLACK:
        return None
    return "ahead" if said > kept else "behind"


def _record(answer: Answer, actor: Any, clock: str | None) -> None:
    about = {"instrument": answer.asking.instrument, "way": str(answer.way), "clock": clock}
    client = answer.client_id
    if answer.way == Way.PAPER:
        record(actor, "answer.entered", answer, client=client, **about)
    elif actor is not None:
        record(actor, "answer.given", answer, client=client, **about)
    else:
        record(None, "answer.came", answer, client=client, **about)


def _tell(answer: Answer) -> None:
    """Let those look who notice something in an answer, before it is acknowledged."""
    try:
        with transaction.atomic():
            noticing.after_answer(answer)
    except Exception:
        # What somebody said is kept, whatever is wrong with what compares it; a worker looks again.
        _log.exception("answer %s could not be looked at", answer.key)
        look_again.enqueue(str(answer.key))
    safety.after_answer(answer)

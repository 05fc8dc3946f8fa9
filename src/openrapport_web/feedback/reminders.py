"""Letters that bring a form to a client: after the meeting, and at most two reminders.

Each goes out once, however many workers there are: who counts a letter, in one statement of the
database, sends it. A letter that cannot be sent is counted back and tried again. A client stops them
with one press, in the letter or in their own place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from openrapport_web.audit.chain import record
from openrapport_web.caseload.models import Client, MeetingState
from openrapport_web.editing import latest
from openrapport_web.feedback import letters
from openrapport_web.feedback.actions import make_link
from openrapport_web.feedback.models import (
    Asking,
    AskLink,
    LetterTimes,
    Plan,
    Rater,
    ReminderChoice,
)
from openrapport_web.people.models import Practice

__all__ = [
    "address_of",
    "change_times",
    "choice_of",
    "choose",
    "moments",
    "send_due",
    "stop_by_letter",
    "stop_token",
    "times",
    "wanted",
]

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
AT_ONCE = 200
"""How many forms one round looks at; the next round is a minute later."""
_MORNING, _EVENING = time(8), time(20)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A letter that this worker counted, and therefore sends."""

    client: Client
    askings: tuple[Asking, ...]
    before: tuple[int, ...]  # letters until now, to count back
    tokens: tuple[str, ...]
    links: tuple[AskLink, ...]


# -- when --------------------------------------------------------------------------------------------


def times() -> LetterTimes:
    """When letters go out: as the manager said, or as we suggest."""
    return LetterTimes.objects.filter(pk=1).first() or LetterTimes(version=0)


def moments(opens_at: datetime, when: LetterTimes, zone: ZoneInfo) -> list[datetime]:
    """Give when the letters about one form are due.

    Parameters
    ----------
    opens_at : datetime
        When the form opened: the end of the meeting.
    when : LetterTimes
        The practice's choice.
    zone : ZoneInfo
        Where the practice is. A reminder comes at the meeting's time of the clock, whether or not
        the clocks changed meanwhile, and never before eight or after twenty.

    Returns
    -------
    due : list of datetime
        At most three, in order.
    """
    due = [opens_at] if when.at_once else []
    local = opens_at.astimezone(zone)
    at = min(max(local.time().replace(tzinfo=None), _MORNING), _EVENING)
    for days in (when.first_after_days, when.second_after_days):
        if days:
            day = local.date() + timedelta(days=days)
            # Through UTC and back: an hour that the clock skips becomes the one after it.
            moment = datetime.combine(day, at, zone).astimezone(ZoneInfo("UTC"))
            due.append(moment.astimezone(zone))
    return due


# -- to whom -----------------------------------------------------------------------------------------


def address_of(client: Client) -> str:
    """Where letters to a client go; empty where there is no address."""
    return client.email or (client.user.email if client.user is not None else "")


def wanted(client: Client) -> bool:
    """Whether a client takes letters."""
    return not ReminderChoice.objects.filter(client=client, stopped_at__isnull=False).exists()


def _waiting(now: datetime) -> QuerySet[Asking]:
    """Open forms of clients who take letters."""
    today = timezone.localdate(now)
    return (
        Asking.objects.filter(
            Q(meeting=None) | Q(meeting__state=MeetingState.HELD),
            Q(episode__ends_on=None) | Q(episode__ends_on__gte=today),
            Q(last_letter_at=None) | Q(last_letter_at__lt=now - AGAIN_AFTER),
            rater=Rater.CLIENT,
            answered_at=None,
            withdrawn_at=None,
            opens_at__lte=now,
            expires_at__gt=now,
            client__erased_at=None,
        )
        .exclude(client__reminder_choice__stopped_at__isnull=False)
        .exclude(client__email="", client__user=None)
        .select_related("client__user", "client__reminder_choice")
        .order_by("opens_at")
    )


# -- sending -----------------------------------------------------------------------------------------


def send_due(now: datetime | None = None) -> int:
    """Send the letters that are due. The worker calls this every minute.

    Parameters
    ----------
    now : datetime, optional
        For tests.

    Returns
    -------
    n : int
        Letters that went out; one letter brings all forms after one meeting.
    """
    now = now or timezone.now()
    practice, when = Practice.get(), times()
    zone = ZoneInfo((practice.time_zone if practice else "") or settings.TIME_ZONE)
    groups: dict[tuple[Any, Any], list[tuple[Asking, int]]] = {}
    for asking, number in _due(now, when, zone):
        groups.setdefault((asking.client_id, asking.meeting_id), []).append((asking, number))
    return sum(_send(group, now) for group in groups.values())


def _due(now: datetime, when: LetterTimes, zone: ZoneInfo) -> list[tuple[Asking, int]]:
    """Forms whose next letter is due, with how many letters it then was.

    After a pause several moments may have passed; they are one letter.
    """
    latest_count = when.at_once + bool(when.first_after_days) + bool(when.second_after_days)
    waiting = list(_waiting(now).filter(letters__lt=latest_count)[:AT_ONCE])
    plans = _plans(waiting)
    due = []
    for asking in waiting:
        passed = sum(moment <= now for moment in moments(asking.opens_at, when, zone))
        if passed > asking.letters and plans(asking):
            due.append((asking, passed))
    return due


def _plans(askings: list[Asking]) -> Callable[[Asking], bool]:
    """Tell of a form whether letters bring it: as its episode says, or else the practice."""
    episodes = {asking.episode_id for asking in askings}
    rows = Plan.objects.filter(Q(episode=None) | Q(episode__in=episodes))
    said = {(row.episode_id, row.instrument): row.by_letter for row in rows}

    def brings(asking: Asking) -> bool:
        name = asking.instrument
        return said.get((asking.episode_id, name), said.get((None, name), True))

    return brings


def _send(group: list[tuple[Asking, int]], now: datetime) -> bool:
    claimed = _claim(group, now)
    if claimed is None:
        return False
    client = claimed.client
    went = letters.form(
        address_of(client),
        claimed.tokens,
        language=client.language,
        again=any(claimed.before),
        until=min(asking.expires_at for asking in claimed.askings),
        stop=stop_token(client),
    )
    if not went:
        _count_back(claimed, now)
    return went


@transaction.atomic
def _claim(group: list[tuple[Asking, int]], now: datetime) -> _Claimed | None:
    """Count a letter before it is sent: of two workers one gets it."""
    mine, before, tokens = [], [], []
    for asking, number in group:
        # As things stand now, not as they stood when the round began.
        still = Asking.objects.filter(
            pk=asking.pk, letters=asking.letters, answered_at=None, withdrawn_at=None
        )
        if still.update(letters=number, last_letter_at=now):
            mine.append(asking)
            before.append(asking.letters)
            tokens.append(make_link(asking=asking))
            record(None, "letter.sent", asking, client=asking.client_id, number=number)
    if not mine:
        return None
    hashes = [sha256(token.encode()).hexdigest() for token in tokens]
    links = AskLink.objects.filter(token_hash__in=hashes)
    return _Claimed(mine[0].client, tuple(mine), tuple(before), tuple(tokens), tuple(links))


@transaction.atomic
def _count_back(claimed: _Claimed, now: datetime) -> None:
    log.warning("a letter with a form did not go out; it is tried again")
    for link in claimed.links:
        link.delete()
    for asking, before in zip(claimed.askings, claimed.before, strict=True):
        if Asking.objects.filter(pk=asking.pk, last_letter_at=now).update(letters=before):
            record(None, "letter.failed", asking, client=asking.client_id)


# -- stopping ----------------------------------------------------------------------------------------


def stop_token(client: Client) -> str:
    """Give what stands in every letter to a client, and stops them; only its hash is kept."""
    token = salted_hmac("openrapport.letters", client.key.hex, algorithm="sha256").hexdigest()
    held = sha256(token.encode()).hexdigest()
    ReminderChoice.objects.update_or_create(client=client, defaults={"stop_hash": held})
    return token


def choice_of(token: str) -> ReminderChoice | None:
    """Whose letters a token stops; None where it is not one of ours."""
    held = sha256(token[:200].encode()).hexdigest()
    return ReminderChoice.objects.filter(stop_hash=held, client__erased_at=None).first()


@transaction.atomic
def stop_by_letter(*, token: str) -> ReminderChoice | None:
    """Stop letters for whoever holds one of them. Pressed again, it stays as it is."""
    choice = choice_of(token)
    if choice is not None and choice.stopped_at is None:
        _set(None, choice, on=False)
    return choice


@transaction.atomic
def choose(*, actor: Any, client: Client, on: bool) -> None:
    """Let a client switch letters on or off in their own place."""
    stop_token(client)
    choice = ReminderChoice.objects.get(client=client)
    if (choice.stopped_at is None) != on:
        _set(actor, choice, on=on)


def _set(actor: Any, choice: ReminderChoice, *, on: bool) -> None:
    choice.stopped_at = None if on else timezone.now()
    choice.save(update_fields=["stopped_at"])
    if on:
        record(actor, "letters.wanted", choice, client=choice.client_id)
    else:
        record(actor, "letters.stopped", choice, client=choice.client_id)


@transaction.atomic
def change_times(*, actor: Any, version: int, **values: Any) -> LetterTimes:
    """Say when letters go out.

    Raises
    ------
    ChangedMeanwhile
        If somebody else saved in between.
    """
    LetterTimes.objects.get_or_create(pk=1, defaults={"version": 0})
    when = latest(times(), version)
    for name, value in values.items():
        setattr(when, name, value)
    when.save()
    record(actor, "letters.changed", None)
    return when

"""Reading alerts, private words and repairs: how useful a rule has been, and what is open for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from openrapport.coding.counts import wilson_interval
from openrapport.measures.alerts import Rule
from openrapport_web import access
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.feedback.models import Answer, Rater
from openrapport_web.repairs.models import Alert, AlertState, Repair
from openrapport_web.repairs.wordings import RULES

__all__ = [
    "ENOUGH",
    "OVERDUE_AFTER",
    "OpenThing",
    "Useful",
    "open_things",
    "useful_so_far",
    "with_meetings",
]

ENOUGH = 10
"""How many judged alerts of a rule there must be before a share is said."""


@dataclass(frozen=True, slots=True)
class Useful:
    """How many of the judged alerts of one rule were worth a look, in the whole practice.

    Parameters
    ----------
    k, n : int
        Useful ones, and judged ones.
    low, high : float
        Wilson's 95 % interval of the share, in percent.
    """

    k: int
    n: int
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there are enough of them to say anything."""
        return self.n >= ENOUGH

    @classmethod
    def of(cls, k: int, n: int) -> Useful:
        """Work out the interval."""
        low, high = wilson_interval(k, n) if n else (0.0, 1.0)
        return cls(k, n, 100 * low, 100 * high)


def useful_so_far(rule: str) -> Useful:
    """Count how often alerts of one rule were judged, and judged worth a look, in the practice."""
    judged = Alert.objects.filter(rule=rule, useful__isnull=False)
    counts = judged.aggregate(k=Count("pk", filter=Q(useful=True)), n=Count("pk"))
    return Useful.of(counts["k"], counts["n"])


# -- what is open ----------------------------------------------------------------------------------

OVERDUE_AFTER = 2
"""After how many meetings an open repair is said to wait for long."""


@dataclass(frozen=True, slots=True)
class OpenThing:
    """Something between two people that waits for a therapist, or for the practice's contact.

    Parameters
    ----------
    kind : str
        ``"word"``, ``"bringing_up"``, ``"repair"``, ``"alert"`` or ``"watch"`` (to keep in mind).
    client : str
        Name.
    client_key : UUID
        Whose page it belongs to.
    words : str
        One sentence.
    url : str
        Where it is looked at.
    since : datetime
        From when on.
    is_overdue : bool
        A repair after which two meetings were held.
    """

    kind: str
    client: str
    client_key: Any
    words: str
    url: str
    since: datetime
    is_overdue: bool = False


def open_things(user: Any) -> list[OpenThing]:
    """Give what is open between a therapist and their clients, the weightiest first.

    Parameters
    ----------
    user : User
        Who asks. For anybody but a therapist or the practice's contact there is nothing.

    Returns
    -------
    things : list of OpenThing
        Words that wait to be read first, then repairs, alerts, and what to keep in mind. It takes
        the same four questions to the database whatever their number.
    """
    return [*_words(user), *_brought_up(user), *_repairs(user), *_alerts(user)]


def _thing(record: Any, kind: str, words: str, address: str, **more: Any) -> OpenThing:
    url = reverse(address, kwargs={"key": record.pk})
    return OpenThing(kind, record.client.name, record.client_id, words, url, record.made_at, **more)


def _words(user: Any) -> Iterator[OpenThing]:
    held = access.words(user) | access.contact_words(user)
    for word in held.filter(closed_at=None).select_related("client").order_by("made_at"):
        if word.read_at is None:
            words = _("%(name)s wrote you a private word.") % {"name": word.client.name}
        else:
            words = _("A private word that you read waits for an answer.")
        yield _thing(word, "word", words, "word_page")


def _brought_up(user: Any) -> Iterator[OpenThing]:
    held = access.brought_up(user).filter(talked_at=None).select_related("client")
    for brought in held.order_by("sent_at"):
        words = _("%(name)s wants to bring something up.") % {"name": brought.client.name}
        yield _thing(brought, "bringing_up", words, "brought_page")


def with_meetings(repairs: QuerySet[Repair]) -> QuerySet[Repair]:
    """Add how many meetings were held since each repair began, as ``n_meetings``."""
    held = Meeting.objects.filter(
        episode=OuterRef("episode"), state=MeetingState.HELD, starts_at__gt=OuterRef("made_at")
    )
    count = held.order_by().values("episode").annotate(n=Count("pk")).values("n")
    return repairs.annotate(n_meetings=Coalesce(Subquery(count), 0))


def _repairs(user: Any) -> Iterator[OpenThing]:
    held = with_meetings(access.repairs(user).filter(closed_at=None)).select_related("client")
    for repair in held.order_by("made_at"):
        n: int = repair.n_meetings  # type: ignore[attr-defined]
        late = n >= OVERDUE_AFTER
        if late:
            words = _("A repair has been open for %(n)d meetings. Where does it stand?") % {"n": n}
        elif repair.spoken_at:
            words = _("You talked about it; the next answers will show more.")
        else:
            words = _("A repair is open.")
        yield _thing(repair, "repair", words, "repair_page", is_overdue=late)


def _alerts(user: Any) -> Iterator[OpenThing]:
    """Alerts to talk about; those to keep in mind only while they are about the newest answer."""
    newest = Answer.objects.filter(
        asking__episode=OuterRef("episode"),
        asking__instrument=OuterRef("answer__asking__instrument"),
        asking__rater=Rater.CLIENT,
    ).order_by("-asking__opens_at")
    held = (
        access.alerts(user)
        .filter(state__in=[AlertState.OPEN, AlertState.SEEN])
        .annotate(newest=Subquery(newest.values("pk")[:1]))
        .filter(Q(status="talk") | Q(newest=F("answer"), state=AlertState.OPEN))
        .select_related("client")
        .order_by("status", "-made_at")  # "talk" comes before "watch"
    )
    for alert in held:
        words = RULES[Rule(alert.rule)].seen % {"name": alert.client.name}
        yield _thing(alert, "alert" if alert.status == "talk" else "watch", words, "alert_page")

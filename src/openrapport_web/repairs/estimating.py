"""What the practice's own answers say about how ratings vary; worked out by the worker now and then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from openrapport.measures.alerts import STATED_PRIORS
from openrapport.measures.congruence import Pooled, pool
from openrapport.measures.estimation import estimate_priors
from openrapport_web.audit.chain import record
from openrapport_web.crypto import KeyDeleted
from openrapport_web.feedback.instruments import PULSE, PULSE_THERAPIST
from openrapport_web.feedback.models import Answer
from openrapport_web.feedback.reading import values_of
from openrapport_web.repairs.courses import pulse_rating
from openrapport_web.repairs.models import StoredPriors

__all__ = ["GAP", "GUESS", "THREE", "mean_of_three", "pooled", "renew"]

GAP, GUESS = "pulse: own beside client's", "pulse: guess beside client's"
"""Under which names the practice's gaps are kept beside the priors of the pulse."""

THREE = ("bond", "goal", "task")
"""What both people are asked."""

_EVERY = timedelta(hours=20)
_GROWN = 1.1  # anew when there are a tenth more answers than last time


@dataclass(frozen=True, slots=True)
class _Row:
    """What was said after one meeting; None where somebody said nothing."""

    dyad: Any
    meeting: Any
    rating: float | None
    client: float | None
    own: float | None
    guess: float | None


def renew() -> bool:
    """Estimate anew how ratings vary, where that is due and there are answers enough.

    Returns
    -------
    done : bool
        Whether something was kept. What is kept before stays, so that an alert can be understood
        later on by the numbers that held when it was raised.
    """
    last = StoredPriors.objects.filter(instrument=PULSE).first()
    n = Answer.objects.filter(asking__instrument=PULSE, client__erased_at=None).count()
    if not n:
        return False
    if last is not None and (last.made_at > timezone.now() - _EVERY or n < _GROWN * last.n_answers):
        return False
    rows = list(_rows())
    priors = estimate_priors(
        [str(row.dyad) for row in rows],
        list(range(len(rows))),
        [row.rating or 0.0 for row in rows],
        answered=[row.rating is not None for row in rows],
        low=STATED_PRIORS.low,
        high=STATED_PRIORS.high,
    )
    if not priors.n_clients:
        return False
    with transaction.atomic():
        kept = _keep(PULSE, priors.to_json(), priors.n_clients, n)
        for name, others in ((GAP, [r.own for r in rows]), (GUESS, [r.guess for r in rows])):
            found = pool([r.dyad for r in rows], [r.client for r in rows], others, low=0.0, high=10.0)
            if found is not None:
                _keep(name, asdict(found), found.n_dyads, found.n_meetings)
        record(None, "priors.renewed", kept, clients=priors.n_clients, answers=n)
    return True


def _keep(name: str, numbers: dict[str, Any], n_clients: int, n_answers: int) -> StoredPriors:
    return StoredPriors.objects.create(
        instrument=name, numbers=numbers, n_clients=n_clients, n_answers=n_answers
    )


def pooled(name: str) -> Pooled | None:
    """Give what gaps are like in this practice: ``GAP`` or ``GUESS``; None while that is not known."""
    held = StoredPriors.objects.filter(instrument=name).first()
    return Pooled.from_json(held.numbers) if held else None


def mean_of_three(values: dict[str, Any], *, prefix: str = "") -> float | None:
    """Mean of what both are asked; None where one of the three was left out."""
    given = [values.get(prefix + item) for item in THREE]
    return None if None in given else sum(given) / len(THREE)  # type: ignore[arg-type]


def _rows() -> Iterator[_Row]:
    """Every meeting that somebody was asked about, client by client, in the order of time."""
    held = (
        Answer.objects.filter(
            asking__instrument__in=(PULSE, PULSE_THERAPIST),
            asking__meeting__isnull=False,
            client__erased_at=None,
        )
        .select_related("asking")
        .order_by("client", "asking__episode", "asking__meeting__starts_at")
    )
    for _client, answers in groupby(held.iterator(chunk_size=2_000), lambda a: a.client_id):
        yield from _of_client(list(answers))


def _of_client(answers: list[Answer]) -> Iterator[_Row]:
    try:
        opened = values_of(answers)
    except KeyDeleted:  # erased while this runs
        return
    both = zip(answers, opened, strict=True)
    for meeting, group in groupby(both, lambda pair: pair[0].asking.meeting_id):
        said = {answer.asking.instrument: (answer, values) for answer, values in group}
        client = said.get(PULSE, (None, {}))[1]
        own = said.get(PULSE_THERAPIST, (None, {}))[1]
        episode = next(iter(said.values()))[0].asking.episode_id
        yield _Row(
            dyad=episode,
            meeting=meeting,
            rating=pulse_rating(client),
            client=mean_of_three(client),
            own=mean_of_three(own),
            guess=mean_of_three(own, prefix="predicted_"),
        )

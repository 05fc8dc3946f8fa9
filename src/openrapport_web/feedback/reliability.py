"""How reliable a questionnaire is in this practice's own answers; worked out by the worker now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from openrapport.finding import Finding
from openrapport.measures.instrument import Instrument
from openrapport.measures.reliability import (
    FEWEST_FORMS,
    answers_table,
    omega_total,
    within_person_reliability,
)
from openrapport_web.audit.chain import record
from openrapport_web.crypto import KeyDeleted
from openrapport_web.feedback.library import NoSuchInstrument, instrument
from openrapport_web.feedback.models import Answer, OwnReliability, Rater
from openrapport_web.feedback.reading import values_of

__all__ = ["held_of", "renew_reliability"]

_EVERY = timedelta(days=6)
_GROWN = 1.1  # anew when there are a tenth more answers than last time
_SEED = 20261125  # of the intervals: the same answers give the same ones


def renew_reliability() -> int:
    """Estimate anew how reliable each questionnaire is, where that is due and there are answers enough.

    Returns
    -------
    n : int
        For how many questionnaires something was kept.
    """
    counted = _given().values("asking__instrument").annotate(n=Count("pk")).filter(n__gte=FEWEST_FORMS)
    return sum(_renew(row["asking__instrument"], row["n"]) for row in counted)


def _given() -> Any:
    return Answer.objects.filter(asking__rater=Rater.CLIENT, client__erased_at=None)


def _renew(name: str, n: int) -> bool:
    last = OwnReliability.objects.filter(instrument=name).first()
    if last is not None and (last.made_at > timezone.now() - _EVERY or n < _GROWN * last.n_answers):
        return False
    try:
        form = instrument(name)
    except NoSuchInstrument:  # withdrawn since
        return False
    numbers = _numbers(form)
    if not numbers:
        return False
    with transaction.atomic():
        kept = OwnReliability.objects.create(instrument=name, numbers=numbers, n_answers=n)
        record(None, "reliability.renewed", kept, instrument=name, answers=n)
    return True


def _numbers(form: Instrument) -> dict[str, Any]:
    """By scale and name: value, interval and n of what could be estimated."""
    opened = list(_opened(form.key))
    people = np.unique([client.hex for client, _ in opened], return_inverse=True)[1]
    numbers: dict[str, Any] = {}
    for scale in form.scales:
        if len(scale.items) < 3:
            continue
        table = answers_table(form, scale.key, [values for _, values in opened])
        for estimate in (omega_total, within_person_reliability):
            found = estimate(table, people, rng=np.random.default_rng(_SEED))
            if isinstance(found, Finding):
                numbers.setdefault(scale.key, {})[found.name] = {
                    "value": found.value,
                    "interval": found.interval,
                    "n": found.n,
                }
    return numbers


def _opened(name: str) -> Iterator[tuple[UUID, dict[str, Any]]]:
    held = _given().filter(asking__instrument=name).order_by("client")
    for client, answers in groupby(held.iterator(chunk_size=2_000), lambda a: a.client_id):
        try:
            for values in values_of(list(answers)):
                yield client, values
        except KeyDeleted:  # erased while this runs
            continue


def held_of(form: Instrument, language: str) -> dict[str, Any]:
    """Give what is known of a questionnaire's reliability here, and from how many answers it can be.

    Returns
    -------
    about : dict
        ``scales``: those with numbers; ``n``: client's answers so far; ``needed``: from how many on.
    """
    last = OwnReliability.objects.filter(instrument=form.key).first()
    numbers = last.numbers if last else {}
    texts = form.texts(language).scales if form.languages else {}
    return {
        "scales": [{"title": texts.get(key, key), "of": numbers[key]} for key in numbers],
        "at": last.made_at if last else None,
        "n": _given().filter(asking__instrument=form.key).count(),
        "needed": FEWEST_FORMS,
    }

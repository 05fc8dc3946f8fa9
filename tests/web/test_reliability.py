"""The practice's own answers say how reliable a questionnaire is, once there are enough."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
from django.urls import reverse
from django.utils import timezone

from openrapport.measures.reliability import omega_total
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Client, Episode
from openrapport_web.feedback.models import Asking, OwnReliability
from openrapport_web.feedback.reliability import renew_reliability
from openrapport_web.people.models import User
from tests.web.answers import answered, asked
from tests.web.conftest import make_client, signed_in

ITEMS = ("bond", "goal", "task", "voice")


def _many(therapist: User, n_clients: int, n_forms: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers of people who differ, and whose four answers go up and down together."""
    rng = np.random.default_rng(1)
    table, people = [], []
    for number in range(n_clients):
        client = make_client(f"Somebody {number}")
        episode = Episode.objects.create(
            client=client, therapist=therapist, starts_on=timezone.localdate() - timedelta(days=200)
        )
        care = SimpleNamespace(client=client, episode=episode, meeting=None)
        level = rng.normal(6, 1)
        for _ in range(n_forms):
            day = level + rng.normal(0, 1)
            values = [int(v) for v in np.clip(np.round(day + rng.normal(0, 0.7, 4)), 0, 10)]
            answered(asked(care), dict(zip(ITEMS, values, strict=True)))
            table.append(values)
            people.append(number)
    return np.array(table, float), np.array(people)


def _page(practice: SimpleNamespace) -> str:
    url = reverse("library_form", kwargs={"name": "pulse"})
    return signed_in(practice.mara).get(url).content.decode()


def test_two_hundred_forms_of_twenty_people_are_enough(practice: SimpleNamespace) -> None:
    table, people = _many(practice.alba, 20, 10)
    assert renew_reliability() == 1
    kept = OwnReliability.objects.get().numbers["alliance"]
    assert round(kept["omega_total"]["value"], 6) == round(
        omega_total(table, people, rng=np.random.default_rng(0)).value, 6
    )
    assert kept["omega_total"]["n"] == kept["within_person_reliability"]["n"] == 200
    low, high = kept["within_person_reliability"]["interval"]
    # By how it was made: 1 / (1 + (.7² + 1/12) / 4), the twelfth from rounding.
    assert low < 0.875 < high
    page = _page(practice)
    assert f"omega {kept['omega_total']['value']:.2f}" in page
    assert "200 forms" in page
    assert Entry.objects.get(action="reliability.renewed").details["answers"] == 200
    assert renew_reliability() == 0  # nothing new was said


def test_fewer_are_too_few_and_the_page_says_how_many_there_are(practice: SimpleNamespace) -> None:
    _many(practice.alba, 20, 9)
    assert renew_reliability() == 0
    assert not OwnReliability.objects.exists()
    assert "180 answers so far" in _page(practice)
    assert "Unvalidated" in _page(practice)


def test_answers_of_somebody_who_was_erased_do_not_count(practice: SimpleNamespace) -> None:
    _many(practice.alba, 20, 10)
    Client.objects.filter(name="Somebody 0").update(erased_at=timezone.now())
    assert Asking.objects.count() == 200
    assert renew_reliability() == 0

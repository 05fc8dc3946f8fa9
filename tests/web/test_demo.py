"""The fictional practice of the demonstration, and the doors into it."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from openrapport.simulation import PracticeParameters
from openrapport_web.caseload.models import Client, Meeting, MeetingState, Note
from openrapport_web.demo import fill, fill_demo
from openrapport_web.people.models import Practice, Role
from openrapport_web.recordings.models import Share, StoredReport
from openrapport_web.repairs.figures import figures
from openrapport_web.repairs.models import Alert, Repair, StoredPriors
from openrapport_web.repairs.reading import open_things


@pytest.mark.django_db
def test_the_demonstration_has_people_of_every_role_and_three_reports() -> None:
    filled = fill_demo()
    assert set(filled.one_of_each) == set(Role)
    assert (len(filled.therapists), len(filled.clients)) == (4, 30)
    assert Practice.objects.get().fictional
    assert StoredReport.objects.count() == 3
    assert set(Share.objects.values_list("audience", flat=True)) == {"client", "supervisor"}
    therapist = filled.one_of_each[Role.THERAPIST]
    assert Meeting.objects.filter(therapist=therapist, state=MeetingState.HELD).count() > 30
    assert all(version.text.startswith("(Fictional.)") for version in _versions())
    # One alert to look at, one repair under way, one closed; all from the code that looks at answers.
    kinds = [thing.kind for thing in open_things(therapist)]
    assert (kinds.count("alert"), kinds.count("repair")) == (1, 1)
    closed = Repair.objects.filter(therapist=therapist, closed_at__isnull=False).get()
    assert closed.alert is not None
    assert json.loads(closed.alert.basis)["look"]["n"] > 0
    assert closed.seen.startswith("(Fictional.)")
    assert closed.made_at < closed.closed_at
    assert StoredPriors.objects.filter(instrument="pulse").exists()
    assert figures().whole.n_alerts == Alert.objects.count() > 10


def _versions() -> list[Any]:
    return [note.versions.get() for note in Note.objects.all()]


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_practice() -> None:
    parameters = PracticeParameters(therapists=2, clients=5, months=4)
    first = fill(parameters, seed=3, today=date(2026, 6, 1))
    names = sorted(Client.objects.values_list("name", flat=True))
    assert len(names) == len(first.clients) == 5
    assert all(m.starts_at.weekday() < 5 for m in Meeting.objects.all())


def test_the_doors_are_closed_in_a_real_practice(practice: SimpleNamespace, settings: Any) -> None:
    for demo, fictional in ((False, True), (True, False)):
        settings.DEMO = demo
        Practice.objects.update(fictional=fictional)
        assert Browser().get(reverse("demo_doors")).status_code == 404
        assert Browser().post(reverse("demo_doors"), {"role": "manager"}).status_code == 404


def test_the_doors_of_a_demonstration_let_in_from_this_machine_alone(
    practice: SimpleNamespace, settings: Any
) -> None:
    settings.DEMO = True
    Practice.objects.update(fictional=True)
    away = Browser(REMOTE_ADDR="192.0.2.7")
    assert away.post(reverse("demo_doors"), {"role": "manager"}).status_code == 404
    browser = Browser()
    assert "Mara" in browser.get(reverse("demo_doors")).content.decode()
    assert browser.post(reverse("demo_doors"), {"role": "emperor"}).status_code == 200
    assert browser.post(reverse("demo_doors"), {"role": "manager"}).status_code == 302
    page = browser.get(reverse("home")).content.decode()
    assert "Mara" in page
    assert "All of this is fictional" in page

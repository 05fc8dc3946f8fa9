"""What therapist and client see first in the morning."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Episode, Meeting
from openrapport_web.feedback.models import Asking, Rater
from openrapport_web.goals import actions, together
from openrapport_web.people.models import User
from tests.web.conftest import InCare, make_client, signed_in
from tests.web.coursed import with_course


def _planned(care: InCare, **later: float) -> Meeting:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return Meeting.objects.create(
        episode=care.episode,
        client=care.client,
        therapist=care.episode.therapist,
        starts_at=noon + timedelta(**later),
    )


def _home(user: User) -> str:
    return str(signed_in(user).get(reverse("home")).content.decode())


def _remembered(practice: SimpleNamespace) -> None:
    episode = practice.teos.episode
    together.add_point(actor=practice.teo, episode=episode, text="What to do about the summer")
    together.give_task(actor=practice.alba, episode=episode, text="A walk at noon", until=None)
    together.write_decision(actor=practice.alba, episode=episode, text="Every two weeks")


def test_what_to_remember_stands_beside_who_comes_today(practice: SimpleNamespace) -> None:
    with_course(practice.teos)
    _planned(practice.teos)
    _remembered(practice)
    page = _home(practice.alba)
    for words in ("What to do about the summer", "A walk at noon", "Every two weeks", "Talk slower"):
        assert words in page
    assert "Teo rated your last meeting much lower" in page
    assert "A repair is open" in page


def test_a_wish_waits_until_the_therapist_gave_their_own_view(practice: SimpleNamespace) -> None:
    meetings = with_course(practice.teos)
    own = Asking.objects.get(meeting=meetings[-1], rater=Rater.THERAPIST)
    own.answer.delete()
    later = timezone.now() + timedelta(days=1)
    Asking.objects.filter(pk=own.pk).update(answered_at=None, expires_at=later)
    _planned(practice.teos)
    page = _home(practice.alba)
    assert "Talk slower" not in page
    assert reverse("pulse_own", kwargs={"key": meetings[-1].key}) in page
    assert "their answer is in" in page


def test_of_the_week_there_are_no_words(practice: SimpleNamespace) -> None:
    _planned(practice.teos, days=2)
    _remembered(practice)
    page = _home(practice.alba)
    assert "1 point" in page
    assert "the summer" not in page
    assert not Entry.objects.filter(action="today.read").exists()


def test_a_day_is_one_look_at_each_client(practice: SimpleNamespace) -> None:
    _planned(practice.teos)
    _remembered(practice)
    for _ in range(3):
        _home(practice.alba)
    seen = Entry.objects.filter(action="today.read")
    assert [(e.actor, e.client) for e in seen] == [(practice.alba.key, practice.teos.client.key)]


def test_nobody_sees_the_day_of_another_therapist(practice: SimpleNamespace) -> None:
    with_course(practice.teos)
    _planned(practice.teos)
    _remembered(practice)
    for who in ("nell", "sami", "mara", "cleo"):
        page = _home(getattr(practice, who))
        assert "the summer" not in page
        assert "Talk slower" not in page
        assert "much lower" not in page


def test_a_client_finds_meeting_agenda_tasks_and_goals(practice: SimpleNamespace) -> None:
    _planned(practice.teos, days=1)
    _remembered(practice)
    episode = practice.teos.episode
    goal = actions.write_goal(actor=practice.teo, episode=episode, text="Sleep at night")
    actions.rate_goals(actor=practice.teo, episode=episode, values={goal.pk: 4})
    page = _home(practice.teo)
    for words in ("What to do about the summer", "A walk at noon", "Sleep at night", "4 of 10"):
        assert words in page
    assert "Every two weeks" not in page


def test_a_client_who_has_not_begun_has_a_first_page(practice: SimpleNamespace) -> None:
    practice.teos.client.user = None
    practice.teos.client.save()
    make_client("Teo", practice.teo)
    assert "Your next meeting" in _home(practice.teo)


def _busy(practice: SimpleNamespace, n: int) -> None:
    for number in range(n):
        client = make_client(f"Somebody {number}")
        episode = Episode.objects.create(
            client=client, therapist=practice.alba, starts_on=timezone.localdate()
        )
        care = InCare(client, episode, practice.teos.meeting, practice.teos.note)
        with_course(care, 6)
        _planned(care)
        together.add_point(actor=practice.alba, episode=episode, text="Something")
        together.write_decision(actor=practice.alba, episode=episode, text="Something")


@pytest.mark.parametrize("n", [1, 12])
def test_a_full_day_asks_no_more_than_a_quiet_one(
    practice: SimpleNamespace, n: int, django_assert_max_num_queries: Any
) -> None:
    _busy(practice, n)
    browser = signed_in(practice.alba)
    browser.get(reverse("home"))  # the look of the day is recorded once
    with django_assert_max_num_queries(23):
        assert browser.get(reverse("home")).status_code == 200

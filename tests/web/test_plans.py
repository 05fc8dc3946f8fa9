"""What is asked after which meeting: habits, exceptions, and forms that look back a month."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.editing import ChangedMeanwhile
from openrapport_web.feedback import plans
from openrapport_web.feedback.models import Plan
from tests.web.answers import asked
from tests.web.conftest import signed_in

START = datetime(2026, 4, 6, 10, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def care(practice: SimpleNamespace) -> Any:
    practice.teos.meeting.delete()
    return practice.teos


def met(care: Any, day: int, state: MeetingState = MeetingState.HELD) -> Meeting:
    at = START + timedelta(days=day)
    meeting = Meeting.objects.create(
        episode=care.episode,
        client=care.client,
        therapist=care.episode.therapist,
        starts_at=at,
        state=state,
    )
    care.meeting = meeting
    return meeting


def ask_what_is_due(care: Any, day: int) -> set[str]:
    meeting = met(care, day)
    due = plans.due(meeting)
    for key in due:
        asked(care, key, at=meeting.starts_at)
    return set(due)


def test_by_habit_the_pulse_is_asked_of_both_after_each_meeting(care: Any) -> None:
    for day in (0, 7, 14):
        assert ask_what_is_due(care, day) == {"pulse", "pulse-therapist"}


def test_every_fourth_meeting_counts_held_ones_from_when_it_was_asked(care: Any) -> None:
    Plan.objects.create(instrument="phq-9", every=4)
    met(care, -7)
    seen = [("phq-9" in ask_what_is_due(care, 7 * week)) for week in range(9)]
    assert seen == [True, False, False, False, True, False, False, False, True]


def test_a_missed_meeting_does_not_count(care: Any) -> None:
    Plan.objects.create(instrument="gad-7", every=2)
    assert "gad-7" in ask_what_is_due(care, 0)
    met(care, 7, MeetingState.MISSED)
    assert "gad-7" not in ask_what_is_due(care, 14)
    assert "gad-7" in ask_what_is_due(care, 21)


def test_asked_again_for_the_same_meeting_the_answer_is_the_same(care: Any) -> None:
    Plan.objects.create(instrument="phq-9", every=4)
    first = ask_what_is_due(care, 0)
    assert set(plans.due(care.meeting)) == first


def test_an_episode_may_differ_from_the_habit(care: Any) -> None:
    Plan.objects.create(instrument="pulse", every=1)
    Plan.objects.create(instrument="pulse", every=0, episode=care.episode)
    Plan.objects.create(instrument="gad-7", every=1, episode=care.episode)
    assert ask_what_is_due(care, 0) == {"gad-7"}


def test_what_looks_back_a_month_waits_until_the_month_is_over(care: Any) -> None:
    """Two meetings a week: five meetings are not yet 30 days."""
    Plan.objects.create(instrument="k6", every=5)
    days = [0, 3, 7, 10, 14, 17, 21, 24, 28, 31, 35]
    assert [day for day in days if "k6" in ask_what_is_due(care, day)] == [0, 31]


def test_a_form_about_a_month_is_not_planned_weekly(practice: SimpleNamespace) -> None:
    url = reverse("plan_edit", kwargs={"name": "k6"})
    mara = signed_in(practice.mara)
    page = mara.get(url).content.decode()
    assert "last 30 days" in page
    assert mara.post(url, {"every": "1", "letter": "on", "version": 0}).status_code == 422
    assert not Plan.objects.exists()
    form = plans.plannable()["k6"]
    with pytest.raises(plans.TooOften):
        plans.change(actor=practice.mara, form=form, episode=None, every=1, letter=True, version=0)
    assert mara.post(url, {"every": "5", "letter": "on", "version": 0}).status_code == 302
    assert Plan.objects.get().every == 5


def test_an_instrument_that_is_not_here_any_more_is_not_asked(care: Any) -> None:
    Plan.objects.create(instrument="wai-sr", every=1)
    assert ask_what_is_due(care, 0) == {"pulse", "pulse-therapist"}


def test_what_is_due_takes_the_same_questions_for_long_courses(
    care: Any, django_assert_max_num_queries: Any
) -> None:
    Plan.objects.create(instrument="phq-9", every=4)
    for week in range(20):
        ask_what_is_due(care, 7 * week)
    meeting = met(care, 141)
    with django_assert_max_num_queries(6):
        plans.due(meeting)


def test_a_therapist_plans_for_their_own_and_follows_the_habit_again(
    practice: SimpleNamespace,
) -> None:
    episode = practice.teos.episode
    alba = signed_in(practice.alba)
    key = {"key": episode.key, "name": "phq-9"}
    url = reverse("episode_plan_edit", kwargs=key)
    assert alba.post(url, {"every": "4", "version": 0}).status_code == 302
    plan = Plan.objects.get()
    assert (plan.episode, plan.every, plan.by_letter) == (episode, 4, False)
    page = alba.get(reverse("episode_plan", kwargs={"key": episode.key})).content.decode()
    assert "After every 4 meetings" in page
    assert "Otherwise than the practice's habit" in page.replace("&#x27;", "'")
    alba.post(reverse("episode_plan_follow", kwargs=key))
    assert not Plan.objects.exists()
    assert Entry.objects.filter(action="plan.changed", client=practice.teos.client.key).count() == 2


def test_of_two_who_plan_the_later_is_shown_what_changed(practice: SimpleNamespace) -> None:
    form = plans.plannable()["phq-9"]
    said: dict[str, Any] = {"form": form, "episode": None, "letter": True}
    plans.change(actor=practice.mara, every=2, version=0, **said)
    with pytest.raises(ChangedMeanwhile):
        plans.change(actor=practice.mara, every=3, version=0, **said)
    url = reverse("plan_edit", kwargs={"name": "phq-9"})
    late = signed_in(practice.mara).post(url, {"every": "3", "letter": "on", "version": 0})
    assert late.status_code == 422
    assert "Now it says: After every 2 meetings" in late.content.decode()


def test_nobody_plans_for_anothers_client(practice: SimpleNamespace) -> None:
    form = plans.plannable()["phq-9"]
    with pytest.raises(PermissionDenied):
        plans.change(
            actor=practice.nell,
            form=form,
            episode=practice.teos.episode,
            every=1,
            letter=True,
            version=0,
        )


@pytest.mark.parametrize("every", ["-1", "7", "many", "", "1000000"])
def test_a_wrong_number_is_not_kept(practice: SimpleNamespace, every: str) -> None:
    url = reverse("plan_edit", kwargs={"name": "phq-9"})
    assert signed_in(practice.mara).post(url, {"every": every, "version": 0}).status_code == 422
    assert not Plan.objects.exists()


def test_the_page_of_plans_asks_a_constant_number_of_questions(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for key in plans.plannable():
        Plan.objects.create(instrument=key, every=6, episode=practice.teos.episode)
    alba = signed_in(practice.alba)
    url = reverse("episode_plan", kwargs={"key": practice.teos.episode.key})
    alba.get(url)
    with django_assert_max_num_queries(16):
        alba.get(url)

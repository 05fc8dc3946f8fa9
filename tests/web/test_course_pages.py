"""The course of a client, for each of the two."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from openrapport_web.audit.models import Entry
from openrapport_web.course.words import number
from openrapport_web.feedback.models import Asking, Rater
from tests.web.conftest import signed_in
from tests.web.coursed import answered, with_course


def _url(practice: SimpleNamespace, who: str) -> str:
    key = {"key": practice.teos.client.key}
    return reverse("my_course") if who == "teo" else reverse("client_course", kwargs=key)


def _course(practice: SimpleNamespace, who: str) -> str:
    response = signed_in(getattr(practice, who)).get(_url(practice, who))
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_client_sees_their_own_course_and_nothing_of_the_therapists(
    practice: SimpleNamespace,
) -> None:
    with_course(practice.teos, 12)
    page = _course(practice, "teo")
    assert "You answered 10 of 11 times: 7 at first, 3 on" in page
    assert "lower than your answers usually are" in page
    assert "c-dot client" in page
    assert "therapist" not in page.partition("<main")[2].replace("your therapist", "")
    assert "c-mark" not in page
    assert "Goal number 1" in page


def test_a_therapist_sees_both_courses_alerts_and_repairs(practice: SimpleNamespace) -> None:
    with_course(practice.teos, 12)
    page = _course(practice, "alba")
    assert "Teo answered 10 of 11 times" in page
    assert "c-dot therapist" in page
    assert "c-mark alert" in page
    assert "c-mark repair" in page
    assert "Much lower than usual" in page


def test_what_is_still_to_be_guessed_is_not_in_the_course_and_not_called_left_out(
    practice: SimpleNamespace,
) -> None:
    meetings = with_course(practice.teos, 12)
    own = Asking.objects.get(meeting=meetings[-1], rater=Rater.THERAPIST)
    own.answer.delete()
    Asking.objects.filter(pk=own.pk).update(answered_at=None, expires_at="2999-01-01T00:00Z")
    page = _course(practice, "alba")
    assert "Teo answered 9 of 10 times" in page
    assert "You answered 10 of 11 times" not in page
    assert "You answered 10 of 11 times" in _course(practice, "teo")


def test_a_course_that_has_not_begun_says_so(practice: SimpleNamespace) -> None:
    assert "It begins with your first answer" in _course(practice, "teo")
    assert "no answer yet" in _course(practice, "alba")


def test_a_questionnaire_shows_its_band_and_where_it_comes_from(practice: SimpleNamespace) -> None:
    with_course(practice.teos, 12)
    page = _course(practice, "alba")
    assert "c-flat" in page
    assert "may be chance alone" in page


def test_a_questionnaire_that_was_left_out_is_a_gap_in_its_course(practice: SimpleNamespace) -> None:
    meetings = with_course(practice.teos, 12)
    assert "Teo answered 3 of 3 times: 13 at first" in _course(practice, "alba")
    answered(meetings[2], "phq-9", None)
    page = _course(practice, "alba")
    assert "Teo answered 3 of 4 times: 13 at first" in page
    assert "c-gap measure" in page


def test_a_look_at_a_course_is_recorded(practice: SimpleNamespace) -> None:
    _course(practice, "alba")
    assert Entry.objects.filter(action="course.read", client=practice.teos.client.key).exists()


@pytest.mark.parametrize("who", ["teo", "alba"])
def test_a_long_course_asks_no_more_than_a_short_one(
    practice: SimpleNamespace, who: str, django_assert_max_num_queries: Any
) -> None:
    with_course(practice.teos, 60, n_goals=5)
    browser = signed_in(getattr(practice, who))
    with django_assert_max_num_queries(21):
        browser.get(_url(practice, who))


def test_a_picture_rounds_as_the_page_around_it_does():
    # Halves go up on pages; Python alone would make 2.2 of the first.
    assert [number(value) for value in (2.25, 2.35, 8.0, 0.0, 9.96)] == ["2.3", "2.4", "8", "0", "10"]

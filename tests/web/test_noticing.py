"""Claims about what an answer gives to notice."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.urls import reverse

from openrapport.measures.alerts import Rule
from openrapport_web.audit.models import Entry
from openrapport_web.feedback.models import Answer, Asking, Rater
from openrapport_web.repairs import courses, noticing
from openrapport_web.repairs.models import Alert, AlertKind, AlertState
from tests.web.conftest import signed_in
from tests.web.pulses import STEADY, ask, give, meet, pulse, with_alert, with_pulses


def test_a_steady_course_raises_nothing(practice: SimpleNamespace) -> None:
    assert with_pulses(practice.teos, (8, 7, 8, 9, 8, 7, 8)) == []


def test_a_clear_drop_against_the_own_course_is_one_alert(practice: SimpleNamespace) -> None:
    with_pulses(practice.teos)
    (alert,) = pulse(practice.teos, 2, days_ago=1)
    assert (alert.kind, alert.rule, alert.status) == (AlertKind.COURSE, Rule.FAR_BELOW, "talk")
    assert alert.state == AlertState.OPEN
    entry = Entry.objects.get(action="alert.raised")
    assert (entry.actor, entry.client, entry.details) == (None, practice.teos.client.key, {})


def test_the_same_rating_is_no_alert_where_it_is_usual(practice: SimpleNamespace) -> None:
    assert with_pulses(practice.teos, (4, 5, 4, 5, 4)) == []


def test_what_it_rests_on_is_kept_sealed(practice: SimpleNamespace) -> None:
    alert = with_alert(practice.teos)
    basis = json.loads(alert.basis)
    assert [point["rating"] for point in basis["course"]] == [*STEADY, 2]
    look = basis["look"]
    assert look["n"] == 5
    assert look["interval"][0] < look["expected"] < look["interval"][1]
    assert 7 < look["expected"] < 9
    assert look["priors"]["source"].startswith("stated")
    assert b"rating" not in bytes(alert.sealed_basis)


def test_the_clients_own_word_needs_no_earlier_answers(practice: SimpleNamespace) -> None:
    (alert,) = pulse(practice.teos, 9, days_ago=1, strain=2)
    assert (alert.kind, alert.rule, alert.status) == (AlertKind.STRAIN, Rule.FELT_OFF, "talk")


def test_a_little_is_something_to_keep_in_mind(practice: SimpleNamespace) -> None:
    (alert,) = pulse(practice.teos, 9, days_ago=1, strain=1)
    assert (alert.kind, alert.status) == (AlertKind.STRAIN, "watch")


def test_one_answer_makes_one_alert_the_weightier_one(practice: SimpleNamespace) -> None:
    with_pulses(practice.teos)
    (alert,) = pulse(practice.teos, 2, days_ago=2, strain=2)
    assert alert.kind == AlertKind.STRAIN
    assert json.loads(alert.basis)["look"]["rule"] == Rule.FAR_BELOW
    with_pulses(practice.cleos)
    (alert,) = pulse(practice.cleos, 2, days_ago=1, strain=1)
    assert (alert.kind, alert.status) == (AlertKind.COURSE, "talk")


def test_looking_twice_makes_no_second_alert(practice: SimpleNamespace) -> None:
    alert = with_alert(practice.teos)
    assert noticing.after_answer(Answer.objects.get(pk=alert.answer_id)) == []
    assert Alert.objects.count() == 1


def test_missing_is_missing_and_not_low(practice: SimpleNamespace) -> None:
    assert with_pulses(practice.teos, (8, None, 8, 7, None, 8, None, 8)) == []
    (alert,) = pulse(practice.teos, 2, days_ago=1)
    look = json.loads(alert.basis)["look"]
    assert (look["n"], look["missed"]) == (5, 3)


def test_half_a_form_is_no_rating(practice: SimpleNamespace) -> None:
    with_pulses(practice.teos)
    asking = ask(practice.teos, meet(practice.teos, days_ago=1))
    assert noticing.after_answer(give(asking, bond=0, goal=0)) == []


def test_a_late_answer_is_compared_with_what_lay_before_its_meeting(practice: SimpleNamespace) -> None:
    care = practice.teos
    with_pulses(care)
    late = ask(care, meet(care, days_ago=3))
    assert pulse(care, 8, days_ago=1) == []
    (alert,) = noticing.after_answer(give(late, bond=2, goal=2, task=2, voice=2))
    assert [p["rating"] for p in json.loads(alert.basis)["course"]] == [*STEADY, 2]


@pytest.mark.parametrize(
    ("ratings", "rule"), [((10,) * 5, Rule.ALWAYS_TOP), ((6,) * 5, Rule.NEVER_VARIES)]
)
def test_what_cannot_show_a_change_is_named_so_and_no_alert(
    practice: SimpleNamespace, ratings: tuple[float, ...], rule: Rule
) -> None:
    assert with_pulses(practice.teos, ratings) == []
    looks = noticing.look_back(courses.asked(practice.teos.episode.key))
    assert noticing.flat_rule(looks) is rule


def test_reliably_worse_than_at_the_start_is_said_when_it_happens(practice: SimpleNamespace) -> None:
    care = practice.teos
    found = []
    for i, value in enumerate((1, 1, 3, 3)):
        asking = ask(care, meet(care, days_ago=30 - 7 * i), "phq-9")
        found.append(noticing.after_answer(give(asking, **{f"q{n}": value for n in range(1, 9)}, q9=0)))
    assert [len(alerts) for alerts in found] == [0, 0, 1, 0]
    worse = json.loads(found[2][0].basis)["worse"]
    assert (worse["before"], worse["after"]) == (8, 24)
    assert worse["threshold"] > 0
    assert worse["source"]


# -- the page --------------------------------------------------------------------------------------


def test_the_page_says_what_was_seen_and_on_what_it_rests(practice: SimpleNamespace) -> None:
    alert = with_alert(practice.teos)
    page = signed_in(practice.alba).get(reverse("alert_page", kwargs={"key": alert.key}))
    text = page.content.decode()
    assert "Teo rated your last meeting much lower" in text
    assert "Not yet known: 0 of this kind" in text
    assert "No study has tested this rule" in text
    assert "course-figure" in text
    assert Entry.objects.filter(action="alert.read", client=practice.teos.client.key).count() == 1


def test_setting_it_aside_needs_a_reason_and_feeds_how_useful_it_is(practice: SimpleNamespace) -> None:
    alert, browser = with_alert(practice.teos), signed_in(practice.alba)
    url = reverse("alert_aside", kwargs={"key": alert.key})
    assert browser.post(url, {"version": 1, "useful": "no"}).status_code == 422
    said = {"version": 1, "useful": "no", "why": "outside", "said": "The bus was late."}
    assert browser.post(url, said).status_code == 302
    alert.refresh_from_db()
    assert (alert.state, alert.useful, alert.why) == (AlertState.DISMISSED, False, "outside")
    assert alert.said == "The bus was late."
    assert b"bus" not in bytes(alert.sealed_said)
    text = browser.get(reverse("alert_page", kwargs={"key": alert.key})).content.decode()
    assert "Not yet known: 1 of this kind" in text


def test_of_two_windows_the_later_one_is_told(practice: SimpleNamespace) -> None:
    alert, browser = with_alert(practice.teos), signed_in(practice.alba)
    browser.post(reverse("alert_seen", kwargs={"key": alert.key}), {"version": 1})
    said = {"version": 1, "useful": "no", "why": "usual"}
    page = browser.post(reverse("alert_aside", kwargs={"key": alert.key}), said, follow=True)
    assert "changed in another window" in page.content.decode()
    alert.refresh_from_db()
    assert (alert.state, alert.useful) == (AlertState.SEEN, None)


def test_numbers_wait_while_the_therapists_own_guess_may_still_be_made(
    practice: SimpleNamespace,
) -> None:
    alert = with_alert(practice.teos)
    meeting = alert.answer.asking.meeting
    assert meeting is not None
    ask(practice.teos, meeting, "pulse-therapist", Rater.THERAPIST)
    assert Asking.objects.filter(rater=Rater.THERAPIST).count() == 1
    browser, url = signed_in(practice.alba), reverse("alert_page", kwargs={"key": alert.key})
    assert "course-figure" not in browser.get(url).content.decode()
    assert "course-figure" not in browser.get(url + "?numbers=now").content.decode()
    numbers = reverse("alert_numbers", kwargs={"key": alert.key})
    assert "course-figure" in browser.post(numbers, follow=True).content.decode()
    # Now their own form is left out: there is no guess after the numbers.
    assert Asking.objects.get(rater=Rater.THERAPIST).withdrawn_at is not None

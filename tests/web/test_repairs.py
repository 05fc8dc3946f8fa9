"""Claims about repairs: where they begin, what is written, what is watched, how they end."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Meeting
from openrapport_web.recordings.models import Verdict
from openrapport_web.recordings.views.reports import _repairable
from openrapport_web.repairs.actions.repairing import begin_repair
from openrapport_web.repairs.guidance import GUIDES, noticed_in
from openrapport_web.repairs.models import Alert, AlertState, Noticed, Origin, Outcome, Repair
from openrapport_web.repairs.reading import open_things
from openrapport_web.repairs.watching import watched
from tests.web.conftest import signed_in
from tests.web.pulses import (
    meet,
    pulse,
    therapist_pulse,
    with_alert,
    with_draft,
    with_pulses,
    with_repair,
    with_strain,
    with_word,
)
from tests.web.recorded import with_session


def _ago(repair: Repair, days: float) -> Repair:
    Repair.objects.filter(pk=repair.pk).update(made_at=timezone.now() - timedelta(days=days))
    repair.refresh_from_db()
    return repair


def _url(name: str, thing: Any) -> str:
    return reverse(name, kwargs={"key": thing.key})


# -- beginning -------------------------------------------------------------------------------------


def test_a_repair_from_an_alert_makes_it_useful_and_is_one_however_often_pressed(
    practice: SimpleNamespace,
) -> None:
    alert, browser = with_alert(practice.teos), signed_in(practice.alba)
    first = browser.post(_url("alert_act", alert))
    second = browser.post(_url("alert_act", alert))
    repair = Repair.objects.get()
    assert first["Location"] == second["Location"] == _url("repair_page", repair)
    assert (repair.alert, repair.origin) == (alert, Origin.ALERT)
    alert.refresh_from_db()
    assert (alert.state, alert.useful, alert.handled_by) == (AlertState.ACTED, True, practice.alba)
    assert Entry.objects.filter(action="repair.begun").count() == 1


def test_it_begins_from_ones_own_sense_from_a_word_and_from_a_confirmed_strain(
    practice: SimpleNamespace,
) -> None:
    browser = signed_in(practice.alba)
    said = {"noticed": "confrontation", "seen": "She said it leads nowhere."}
    browser.post(_url("repair_new", practice.teos.episode), said)
    repair = Repair.objects.get(origin=Origin.SENSE)
    assert (repair.noticed, repair.seen) == ("confrontation", "She said it leads nowhere.")
    assert b"nowhere" not in bytes(repair.sealed_seen)
    word = with_word(practice.teos)
    browser.post(_url("word_repair", word))
    assert Repair.objects.get(origin=Origin.WORD).word == word
    mark = with_strain(with_session(practice, "teos"))
    browser.post(_url("mark_repair", mark))
    repair = Repair.objects.get(origin=Origin.SESSION)
    assert (repair.mark, repair.noticed) == (mark, Noticed.WITHDRAWAL)


def test_a_mark_that_was_not_confirmed_begins_nothing(practice: SimpleNamespace) -> None:
    mark = with_strain(with_session(practice, "teos"), Verdict.DISMISSED)
    assert signed_in(practice.alba).post(_url("mark_repair", mark)).status_code == 404
    assert not Repair.objects.exists()


def test_only_a_confirmed_strain_offers_a_repair_on_the_report(practice: SimpleNamespace) -> None:
    session = with_session(practice, "teos")
    mark = with_strain(session)

    def offers() -> bool:
        shown = {"session": session, "version": mark.version, "target": mark.target, "mine": mark}
        shown["repairable"] = _repairable(session, mark)
        return _url("mark_repair", mark) in render_to_string("recordings/mark.html", shown)

    assert offers()
    mark.verdict = Verdict.NOTED
    assert not offers()
    mark.verdict, mark.target = Verdict.CONFIRMED, "moment:opened_up:u6"
    assert not offers()
    mark.target, mark.by = "moment:withdrawal_after_input:u6", practice.sami
    assert not offers()


@pytest.mark.parametrize(
    ("target", "noticed"),
    [
        ("moment:withdrawal_after_input:u17", Noticed.WITHDRAWAL),
        ("code:confrontation:complaint:u9", Noticed.CONFRONTATION),
        ("moment:strong_affect_unmet:u2", Noticed.UNSURE),
        ("code:strategy:advice:u3", None),
        ("moment:opened_up:u3", None),
        ("", None),
    ],
)
def test_a_mark_tells_how_a_strain_showed(target: str, noticed: str | None) -> None:
    assert noticed_in(target) == noticed


def test_nobody_begins_a_repair_with_somebody_elses_client_or_cause(practice: SimpleNamespace) -> None:
    for actor, episode, cause in (
        (practice.nell, practice.teos.episode, {}),
        (practice.mara, practice.teos.episode, {}),
        (practice.alba, practice.teos.episode, {"alert": with_alert(practice.cleos)}),
    ):
        with pytest.raises(PermissionDenied):
            begin_repair(actor=actor, episode=episode, origin=Origin.SENSE, **cause)
    assert not Repair.objects.exists()
    assert Alert.objects.get().state == AlertState.OPEN


def test_there_is_guidance_with_words_for_every_way_of_showing() -> None:
    assert set(GUIDES) == set(Noticed)
    for guide in GUIDES.values():
        assert len(guide.steps) >= 4
        assert all(str(step.words).startswith("“") for step in guide.steps)


# -- writing ---------------------------------------------------------------------------------------


def test_what_is_written_is_sealed_and_what_was_said_gets_its_moment(practice: SimpleNamespace) -> None:
    repair, browser = with_repair(practice.teos), signed_in(practice.alba)
    meeting = meet(practice.teos, days_ago=-3)
    Meeting.objects.filter(pk=meeting.pk).update(state="planned")
    said = {
        "version": 1,
        "noticed": "withdrawal",
        "seen": "x",
        "next_meeting": str(meeting.key),
        "plan": "Ask about the ending.",
        "spoken": "",
    }
    assert browser.post(_url("repair_edit", repair), said).status_code == 302
    repair.refresh_from_db()
    assert (repair.plan, repair.next_meeting, repair.spoken_at) == (
        "Ask about the ending.",
        meeting,
        None,
    )
    assert b"ending" not in bytes(repair.sealed_plan)
    browser.post(_url("repair_edit", repair), {**said, "version": 2, "spoken": "We did."})
    repair.refresh_from_db()
    assert repair.spoken_at is not None
    text = browser.get(_url("repair_page", repair)).content.decode()
    assert "We did." in text
    assert "When somebody moves away" in text


def test_the_later_of_two_windows_sees_what_the_earlier_one_wrote(practice: SimpleNamespace) -> None:
    repair, browser = with_repair(practice.teos), signed_in(practice.alba)
    said = {"version": 1, "noticed": "unsure", "seen": "", "plan": "First.", "spoken": ""}
    browser.post(_url("repair_edit", repair), said)
    page = browser.post(_url("repair_edit", repair), {**said, "plan": "Second."})
    text = page.content.decode()
    assert "Now it says: First." in text
    assert "Second." in text
    repair.refresh_from_db()
    assert repair.plan == "First."


def test_a_meeting_of_somebody_else_cannot_be_chosen(practice: SimpleNamespace) -> None:
    repair, browser = with_repair(practice.teos), signed_in(practice.alba)
    said = {"version": 1, "noticed": "unsure", "next_meeting": str(practice.cleos.meeting.key)}
    assert browser.post(_url("repair_edit", repair), said).status_code == 422


def test_closing_needs_an_outcome_and_opening_again_keeps_the_words(practice: SimpleNamespace) -> None:
    repair, browser = with_repair(practice.teos), signed_in(practice.alba)
    assert browser.post(_url("repair_close", repair), {"version": 1}).status_code == 422
    said = {"version": 1, "outcome": "repaired", "learned": "Slower is faster."}
    assert browser.post(_url("repair_close", repair), said).status_code == 302
    repair.refresh_from_db()
    assert (repair.outcome, repair.learned) == (Outcome.REPAIRED, "Slower is faster.")
    assert repair.closed_at is not None
    browser.post(_url("repair_reopen", repair), {"version": 2})
    repair.refresh_from_db()
    assert (repair.outcome, repair.closed_at) == ("", None)
    assert repair.learned == "Slower is faster."


# -- watching --------------------------------------------------------------------------------------


def test_the_answers_after_it_began_are_counted_against_what_was_expected(
    practice: SimpleNamespace,
) -> None:
    care = practice.teos
    with_pulses(care, (8, 7, 8, 9, 8, 8))
    (alert,) = pulse(care, 2, days_ago=4)
    repair = begin_repair(actor=practice.alba, episode=care.episode, origin=Origin.ALERT, alert=alert)
    _ago(repair, 3.5)
    pulse(care, 4, days_ago=3)
    pulse(care, 8, days_ago=2)
    pulse(care, None, days_ago=1)
    seen = watched(practice.alba, repair)
    assert [o.rating for o in seen.after] == [4, 8, None]
    assert (seen.n_answered, seen.n_back) == (2, 1)
    page = signed_in(practice.alba).get(_url("repair_page", repair)).content.decode()
    assert "This repair" in page
    assert "1 of these" in page


def test_an_answer_is_kept_back_while_the_therapists_own_is_still_open(
    practice: SimpleNamespace,
) -> None:
    care = practice.teos
    repair = _ago(with_repair(care), 5)
    pulse(care, 3, days_ago=1)
    meeting = Meeting.objects.latest("starts_at")
    own = therapist_pulse(care, meeting, 7, 7)
    assert [o.rating for o in watched(practice.alba, repair).after] == [3]
    asking = own.asking
    own.delete()
    type(asking).objects.filter(pk=asking.pk).update(answered_at=None)
    seen = watched(practice.alba, repair)
    assert [o.rating for o in seen.after] == [None]
    assert seen.n_kept == 1


# -- what is open ----------------------------------------------------------------------------------


def test_what_is_open_stays_until_it_is_closed(practice: SimpleNamespace) -> None:
    alert, browser = with_alert(practice.teos), signed_in(practice.alba)
    assert [thing.kind for thing in open_things(practice.alba)] == ["alert"]
    browser.post(_url("alert_seen", alert), {"version": 1})
    assert [thing.kind for thing in open_things(practice.alba)] == ["alert"]
    browser.post(_url("alert_act", alert))
    (thing,) = open_things(practice.alba)
    assert (thing.kind, thing.client, thing.is_overdue) == ("repair", "Teo", False)
    browser.post(_url("repair_close", Repair.objects.get()), {"version": 1, "outcome": "repaired"})
    assert open_things(practice.alba) == []


def test_after_two_meetings_an_open_repair_is_overdue(practice: SimpleNamespace) -> None:
    repair = _ago(with_repair(practice.teos), 10)
    meet(practice.teos, days_ago=8)
    assert not open_things(practice.alba)[0].is_overdue
    meet(practice.teos, days_ago=1)
    (thing,) = open_things(practice.alba)
    assert thing.is_overdue
    page = signed_in(practice.alba).get(_url("repair_page", repair)).content.decode()
    assert "You have met 2 times" in page


def test_something_to_keep_in_mind_goes_with_the_next_answer(practice: SimpleNamespace) -> None:
    pulse(practice.teos, 9, days_ago=2, strain=1)
    assert [thing.kind for thing in open_things(practice.alba)] == ["watch"]
    pulse(practice.teos, 9, days_ago=1)
    assert open_things(practice.alba) == []


def test_what_is_open_is_nobody_elses(practice: SimpleNamespace) -> None:
    with_alert(practice.teos)
    with_repair(practice.teos)
    for who in ("nell", "sami", "mara", "rui", "teo", "gone"):
        assert open_things(getattr(practice, who)) == [], who


def test_what_is_open_takes_as_many_questions_for_twenty_as_for_one(
    practice: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with_repair(practice.teos)
    with_alert(practice.teos)
    with django_assert_num_queries(4):
        open_things(practice.alba)
    for _ in range(20):
        with_repair(practice.teos)
    with django_assert_num_queries(4):
        assert len(open_things(practice.alba)) == 22


def test_pages_ask_as_often_for_twenty_things_as_for_one(
    practice: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    care, therapist, client = practice.teos, signed_in(practice.alba), signed_in(practice.teo)
    alert, repair = with_alert(care), with_repair(care)
    for n in (1, 20):
        for i in range(n):
            pulse(care, 8, days_ago=300 - i, strain=i % 3)
            with_repair(care)
            with_word(care)
            with_draft(care)
            with_draft(care, sent=True)
        for browser, url, at_most in (
            (therapist, _url("client_repairs", care.client), 26),
            (therapist, _url("alert_page", alert), 24),
            (therapist, _url("repair_page", repair), 22),
            (client, reverse("my_words"), 16),
            (client, reverse("bringing_list"), 14),
        ):
            with django_assert_max_num_queries(at_most):
                assert browser.get(url).status_code == 200

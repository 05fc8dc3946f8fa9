"""Answers of people who do not exist: as the simulation says, and open where a visitor answers."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from openrapport.measures.instrument import library, score
from openrapport.simulation import PracticeParameters, simulate_practice
from openrapport_web.caseload.models import Episode, MeetingState
from openrapport_web.demo import fill
from openrapport_web.feedback.models import Answer, Asking, Rater
from openrapport_web.feedback.reading import pulse_course
from openrapport_web.people.models import Role

PARAMETERS = PracticeParameters(therapists=2, clients=12, months=6)
TODAY = timezone.localdate()


@pytest.mark.django_db
def test_what_is_stored_is_what_was_simulated() -> None:
    filled = fill(PARAMETERS, seed=3, today=TODAY)
    made = simulate_practice(PARAMETERS, rng=np.random.default_rng(3), end=TODAY)
    own = filled.one_of_each[Role.CLIENT].client
    told = np.column_stack(
        [made.ratings.bond, made.ratings.goal, made.ratings.task, made.ratings.voice]
    )
    stored = [pulse_course(episode) for episode in Episode.objects.exclude(client=own)]
    simulated = np.isin(
        made.meetings.episode[made.ratings.meeting],
        [i for i, c in enumerate(made.episodes.client.tolist()) if filled.clients[c] != own.key],
    )
    for code, used in enumerate((4, 3, 3)):
        mine = np.concatenate([course.values[course.rater == code] for course in stored])
        theirs = told[simulated & (made.ratings.rater == code)].copy()
        theirs[:, used:] = np.nan
        # A form in which nothing at all was answered is no answer.
        theirs = theirs[~np.isnan(theirs).all(axis=1)]
        assert len(mine) > 20
        assert sorted(map(str, mine.tolist())) == sorted(map(str, theirs.tolist()))


@pytest.mark.django_db
def test_every_held_meeting_was_asked_about_whether_answered_or_not() -> None:
    fill(PARAMETERS, seed=3, today=TODAY)
    pulses = Asking.objects.filter(instrument="pulse")
    assert not pulses.exclude(meeting__state=MeetingState.HELD).exists()
    assert pulses.filter(answered_at=None).exists()
    assert pulses.filter(rater=Rater.CLIENT).count() == pulses.count()
    assert Asking.objects.filter(instrument="pulse-therapist").count() == pulses.count()
    assert Answer.objects.filter(asking__answered_at=None).count() == 0
    late = [a for a in Answer.objects.select_related("asking") if a.given_at > a.asking.expires_at]
    assert late == []


@pytest.mark.django_db
def test_totals_are_made_of_items_and_nobody_is_in_danger() -> None:
    fill(PARAMETERS, seed=3, today=TODAY)
    made = simulate_practice(PARAMETERS, rng=np.random.default_rng(3), end=TODAY)
    for key, column in (("phq-9", made.distress.depression), ("gad-7", made.distress.anxiety)):
        form = library()[key]
        answers = Answer.objects.filter(asking__instrument=key)
        totals = [score(form, json.loads(answer.values))[0].value for answer in answers]
        wanted = np.minimum(column, 24).tolist()
        assert len(totals) > 5
        assert len(wanted) - 1 <= len(totals) <= len(wanted)
        assert set(totals) <= set(wanted)
    phq = Answer.objects.filter(asking__instrument="phq-9")
    assert {json.loads(answer.values)["q9"] for answer in phq} == {0}


@pytest.mark.django_db
def test_a_visitor_finds_one_form_for_each_of_the_two() -> None:
    filled = fill(PARAMETERS, seed=3, today=TODAY)
    own = Asking.objects.filter(client=filled.one_of_each[Role.CLIENT].client, answered_at=None)
    open_ones = own.filter(expires_at__gt=timezone.now() + timedelta(days=6))
    assert {a.instrument for a in open_ones} == {"pulse", "pulse-therapist"}
    assert len({a.meeting_id for a in open_ones}) == 1

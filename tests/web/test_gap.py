"""Claims about the gap between two people's answers, and about what the practice's answers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from openrapport.measures.alerts import STATED_PRIORS
from openrapport.measures.congruence import Estimate, TooLittle
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Episode
from openrapport_web.feedback.models import Rater
from openrapport_web.repairs.estimating import renew
from openrapport_web.repairs.figures import figures
from openrapport_web.repairs.gap import State, gap_of
from openrapport_web.repairs.models import Alert, AlertState, StoredPriors
from openrapport_web.repairs.noticing import current_priors
from openrapport_web.repairs.reading import Useful, useful_so_far
from tests.web.conftest import InCare, make_client, signed_in
from tests.web.pulses import ask, give, meet, pulse, therapist_pulse, with_alert, with_pulses


def _both(care: InCare, client: int, own: int, guess: int, *, days_ago: float) -> None:
    meeting = meet(care, days_ago=days_ago)
    give(ask(care, meeting), bond=client, goal=client, task=client, voice=0, strain=0)
    therapist_pulse(care, meeting, own, guess)


def test_both_sides_stand_together_only_when_both_are_in(practice: SimpleNamespace) -> None:
    care = practice.teos
    meeting = meet(care, days_ago=1)
    theirs = ask(care, meeting)
    ours = ask(care, meeting, "pulse-therapist", Rater.THERAPIST)
    browser, url = signed_in(practice.alba), reverse("gap_page", kwargs={"key": care.episode.key})

    def states() -> list[State]:
        return [one.state for one in gap_of(practice.alba, care.episode).meetings]

    assert states() == [State.OWN_MISSING]
    give(theirs, bond=3, goal=4, task=7, voice=7)
    # Nothing on the page tells that the client has answered, let alone what.
    assert states() == [State.OWN_MISSING]
    page = browser.get(url).content.decode()
    assert "Yours is missing" in page
    assert ">7<" not in page
    give(ours, bond=8, goal=8, task=8, predicted_bond=9, predicted_goal=9, predicted_task=9)
    (one,) = gap_of(practice.alba, care.episode).meetings
    assert (one.state, one.rows[0]) == (State.BOTH, ("bond", 3, 9, 8))
    assert round(one.client or 0, 3) == round(14 / 3, 3)
    assert "Both sides" in browser.get(url).content.decode()
    assert Entry.objects.filter(action="gap.read").count() == 2


def test_a_missing_client_is_said_gently_and_a_skipped_own_form_too(practice: SimpleNamespace) -> None:
    care = practice.teos
    meeting = meet(care, days_ago=9)
    ask(care, meeting)
    therapist_pulse(care, meeting, 8, 8)
    skipped = meet(care, days_ago=2)
    give(ask(care, skipped), bond=3, goal=3, task=3)
    own = ask(care, skipped, "pulse-therapist", Rater.THERAPIST)
    own.withdrawn_at = timezone.now()
    own.save()
    gap = gap_of(practice.alba, care.episode)
    assert [one.state for one in gap.meetings] == [State.OWN_LEFT_OUT, State.CLIENT_MISSING]
    assert all(one.rows == () and one.client is None for one in gap.meetings)


def test_the_gap_and_how_guesses_follow_come_from_the_core(practice: SimpleNamespace) -> None:
    care = practice.teos
    ratings = (8, 6, 9, 5, 8, 7, 9, 4)
    for i, rating in enumerate(ratings):
        _both(care, rating, rating - 1, rating, days_ago=60 - 7 * i)
    gap = gap_of(practice.alba, care.episode)
    assert isinstance(gap.own.gap, Estimate)
    assert isinstance(gap.guess.tracking, Estimate)
    assert round(gap.own.gap.value, 6) == -1
    assert (round(gap.guess.gap.value, 6), round(gap.guess.tracking.value, 6)) == (0, 1)  # type: ignore[union-attr]
    page = signed_in(practice.alba).get(reverse("gap_page", kwargs={"key": care.episode.key}))
    text = page.content.decode()
    assert "You rate your meetings 1.0 points lower" in text
    assert "it is no fault" in text
    assert "from 8 meetings" in text


def test_few_meetings_say_nothing(practice: SimpleNamespace) -> None:
    _both(practice.teos, 8, 7, 8, days_ago=5)
    gap = gap_of(practice.alba, practice.teos.episode)
    assert isinstance(gap.own.gap, TooLittle)
    page = signed_in(practice.alba).get(reverse("gap_page", kwargs={"key": practice.teos.episode.key}))
    assert "Not yet known: 1 meetings that both of you rated" in page.content.decode()


def test_a_course_always_at_the_top_is_named(practice: SimpleNamespace) -> None:
    with_pulses(practice.teos, (10,) * 5)
    page = signed_in(practice.alba).get(reverse("gap_page", kwargs={"key": practice.teos.episode.key}))
    assert "The scale cannot say more" in page.content.decode()


def test_the_page_asks_as_often_for_twenty_meetings_as_for_one(
    practice: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser, url = (
        signed_in(practice.alba),
        reverse("gap_page", kwargs={"key": practice.teos.episode.key}),
    )
    for n in (1, 20):
        for i in range(n):
            _both(practice.teos, 8 - i % 3, 7, 8, days_ago=200 - i)
        with django_assert_max_num_queries(22):
            browser.get(url)


# -- what the practice's own answers say ---------------------------------------------------------------


def _more_clients(practice: SimpleNamespace, n: int, n_ratings: int = 6) -> None:
    for number in range(n):
        client = make_client(f"Client {number}")
        started = timezone.localdate() - timedelta(days=100)
        episode = Episode.objects.create(client=client, therapist=practice.nell, starts_on=started)
        care = replace(practice.cleos, client=client, episode=episode)
        for i in range(n_ratings):
            rating = 5 + number % 4 + (i * 7 + number) % 3 - 1
            _both(care, rating, rating, rating, days_ago=90 - 7 * i)


def test_a_practice_without_answers_is_left_alone(practice: SimpleNamespace) -> None:
    del practice
    assert not renew()
    assert not StoredPriors.objects.exists()


def test_few_answers_leave_the_stated_priors(practice: SimpleNamespace) -> None:
    with_pulses(practice.teos)
    assert not renew()
    assert current_priors() == STATED_PRIORS
    assert not StoredPriors.objects.exists()


def test_priors_are_estimated_once_there_are_answers_enough_and_not_again_at_once(
    practice: SimpleNamespace,
) -> None:
    _more_clients(practice, 24)
    assert renew()
    priors = current_priors()
    assert priors != STATED_PRIORS
    assert (priors.n_clients, priors.n_ratings) == (24, 144)
    assert 4.5 < priors.mean < 5.5  # (6.5 + 6.5 + 6.5 + 0) / 4
    assert Entry.objects.get(action="priors.renewed").details == {"clients": 24, "answers": 144}
    assert not renew()
    StoredPriors.objects.update(made_at=timezone.now() - timedelta(days=2))
    assert not renew()  # nothing new was said
    assert gap_of(practice.nell, Episode.objects.latest("made_at")).own.pooled is not None


# -- numbers for the manager ---------------------------------------------------------------------------


def test_an_interval_goes_with_every_share_and_few_say_nothing() -> None:
    nine, ten = Useful.of(6, 9), Useful.of(7, 10)
    assert not nine.is_known
    assert ten.is_known
    assert (round(ten.low), round(ten.high)) == (40, 89)
    assert (Useful.of(0, 0).low, Useful.of(0, 0).high) == (0, 100)


def _judged(care: InCare, n: int, useful: int) -> None:
    for i in range(n):
        (alert,) = pulse(care, 8, days_ago=3 + i, strain=2)
        Alert.objects.filter(pk=alert.pk).update(useful=i < useful, state=AlertState.ACTED)


def test_alerts_in_100_meetings_by_rule_and_month(practice: SimpleNamespace) -> None:
    _judged(practice.teos, 12, useful=9)
    with_pulses(practice.cleos, (8,) * 8)
    assert (useful_so_far("felt_off").k, useful_so_far("felt_off").n) == (9, 12)
    found = figures()
    n = found.whole.n_meetings
    assert (found.whole.n_alerts, n) == (12, sum(line.n_meetings for line in found.by_month))
    assert found.whole.rate == 100 * 12 / n
    assert found.whole.low is not None
    assert found.whole.low < found.whole.rate < (found.whole.high or 0)
    assert [str(line.name) for line in found.by_rule] == ["Said that something felt off"]
    assert sum(line.n_alerts for line in found.by_month) == 12


def test_what_fewer_than_three_therapists_judged_is_left_out(practice: SimpleNamespace) -> None:
    _judged(practice.teos, 12, useful=9)
    page = signed_in(practice.mara).get(reverse("alert_figures")).content.decode()
    assert "fewer than 3 therapists" in page
    assert "9 of 12" not in page
    for i in range(2):
        other = practice.nell if i else practice.sami
        client = make_client(f"Client {i}")
        episode = Episode.objects.create(client=client, therapist=other, starts_on="2026-01-05")
        pulse(replace(practice.cleos, client=client, episode=episode), 8, days_ago=2, strain=2)
    page = signed_in(practice.mara).get(reverse("alert_figures")).content.decode()
    assert "9 of 12" in page
    for name in ("Teo", "Cleo", "Alba", "Nell", "Client 0"):
        assert name not in page


def test_numbers_for_the_manager_take_as_many_questions_for_many_alerts(
    practice: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with_alert(practice.teos)
    with django_assert_num_queries(2):
        figures()
    _judged(practice.cleos, 15, useful=3)
    with django_assert_num_queries(2):
        figures()

"""A fictional practice keeps the rules of a real one, and gives back the numbers put in."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.simulation import (
    Ending,
    MeetingStatus,
    Practice,
    PracticeParameters,
    Rater,
    Reason,
    simulate_practice,
)
from openrapport.simulation.layout import laid_out

END = date(2025, 6, 18)
PLANNED, HELD, MISSED, CANCELLED = range(4)


def practice(seed: int = 1, end: date = END, **changes: float) -> Practice:
    parameters = PracticeParameters(**changes)  # type: ignore[arg-type]
    return simulate_practice(parameters, rng=np.random.default_rng(seed), end=end)


@cache
def large() -> Practice:
    """Four years of a large practice: those who began in the first two have all ended."""
    return practice(3, clients=8_000, therapists=1_100, months=48)


@cache
def followed() -> NDArray[np.bool_]:
    return large().episodes.start < np.datetime64(END) - 2 * 365


def days(found: Practice) -> NDArray[np.datetime64]:
    return found.meetings.starts_at.astype("datetime64[D]")


def number_in_episode(found: Practice) -> NDArray[np.int64]:
    """Count held meetings within an episode from 1; 0 where nobody met."""
    meetings = found.meetings
    number = np.zeros(len(meetings), dtype=int)
    held = np.flatnonzero(meetings.status == HELD)
    held = held[np.argsort(meetings.episode[held], kind="stable")]
    _, first, count = np.unique(meetings.episode[held], return_index=True, return_counts=True)
    number[held] = 1 + np.arange(len(held)) - np.repeat(first, count)
    return number


# The same and not the same


def test_a_seed_gives_the_same_practice_again() -> None:
    assert practice(7) == practice(7)


def test_another_seed_gives_another_practice() -> None:
    one, other = practice(7), practice(8)
    assert one.clients != other.clients
    assert one.meetings != other.meetings


def test_nothing_outside_the_generator_matters() -> None:
    first = practice(7)
    np.random.default_rng(7).random(10)
    np.random.seed(99)
    assert practice(7) == first


def test_other_answers_do_not_change_who_came_when() -> None:
    one, other = practice(7), practice(7, client_answers_share=0.9, distress_every=1)
    assert one.meetings == other.meetings
    assert one.strains == other.strains
    assert len(one.ratings) < len(other.ratings)


# Rules of a practice

SIZES = {
    "seed": st.integers(0, 2**32),
    "clients": st.integers(1, 60),
    "therapists": st.integers(1, 6),
    "months": st.integers(1, 30),
    "end": st.dates(date(1990, 1, 1), date(2060, 12, 31)),
}
any_practice = settings(max_examples=25, deadline=None)


@any_practice
@given(**SIZES)
def test_meetings_lie_between_start_and_end_on_weekdays(**sizes: int) -> None:
    found = practice(**sizes)
    day, at = days(found), found.meetings.episode
    assert np.is_busday(day).all()
    assert (found.episodes.start[at] <= day).all()
    end = found.episodes.end[at]
    assert (np.isnat(end) | (day <= end)).all()


@any_practice
@given(**SIZES)
def test_what_lies_before_today_has_happened_and_the_rest_is_planned(**sizes: int) -> None:
    found = practice(**sizes)
    planned = found.meetings.status == PLANNED
    assert (planned == (days(found) >= np.datetime64(found.end))).all()
    assert (found.clients.asked_on < np.datetime64(found.end)).all()


@any_practice
@given(**SIZES)
def test_an_episode_begins_with_a_meeting_and_ends_with_its_last_appointment(**sizes: int) -> None:
    found = practice(**sizes)
    at, day = found.meetings.episode, days(found)
    first = np.unique(at, return_index=True)[1]
    assert np.unique(at).tolist() == list(range(len(found.episodes)))
    assert (day[first] == found.episodes.start).all()
    assert np.isin(found.meetings.status[first], [HELD, PLANNED]).all()
    last = len(at) - 1 - np.unique(at[::-1], return_index=True)[1]
    over = ~np.isnat(found.episodes.end)
    assert (day[last][over] == found.episodes.end[over]).all()
    assert (over == (found.episodes.ending >= 0)).all()
    assert (over == (found.episodes.reason >= 0)).all()


@any_practice
@given(**SIZES)
def test_a_client_has_at_most_one_open_episode(**sizes: int) -> None:
    episodes = practice(**sizes).episodes
    order = np.lexsort((episodes.start, episodes.client))
    same = np.diff(episodes.client[order]) == 0
    # NaT compares as False: only a client's last episode may be open.
    assert (episodes.end[order][:-1][same] < episodes.start[order][1:][same]).all()
    assert (episodes.asked_on < episodes.start).all()


@any_practice
@given(**SIZES)
def test_a_therapist_is_in_one_place_and_within_capacity(**sizes: int) -> None:
    found = practice(**sizes)
    who = found.episodes.therapist[found.meetings.episode]
    times = set(zip(who.tolist(), found.meetings.starts_at.tolist(), strict=True))
    assert len(times) == len(found.meetings)
    for monday in np.unique(found.episodes.start):
        is_open = (found.episodes.start <= monday) & ~(found.episodes.end < monday)
        load = np.bincount(found.episodes.therapist[is_open], minlength=len(found.therapists))
        assert (load <= found.therapists.capacity).all()


@any_practice
@given(**SIZES)
def test_answers_belong_to_held_meetings_and_stay_on_their_scales(**sizes: int) -> None:
    found = practice(**sizes)
    ratings, distress = found.ratings, found.distress
    for rows in (ratings.meeting, distress.meeting, found.goal_ratings.meeting):
        assert (found.meetings.status[rows] == HELD).all()
    items = np.stack([ratings.bond, ratings.goal, ratings.task, ratings.voice])
    said = items[~np.isnan(items)]
    assert np.isin(said, range(11)).all()
    assert not np.isnan(items).all(axis=0).any()
    assert np.isnan(ratings.felt_off[ratings.rater != 0]).all()
    assert (0 <= distress.depression).all()
    assert (distress.depression <= 27).all()
    assert (0 <= distress.anxiety).all()
    assert (distress.anxiety <= 21).all()
    progress = found.goal_ratings.progress
    assert ((0 <= progress) & (progress <= 10)).all()


@any_practice
@given(**SIZES)
def test_nobody_answers_twice_and_goals_are_rated_in_their_own_episode(**sizes: int) -> None:
    found = practice(**sizes)
    forms = set(zip(found.ratings.meeting.tolist(), found.ratings.rater.tolist(), strict=True))
    assert len(forms) == len(found.ratings)
    rated = found.goal_ratings
    assert (found.goals.episode[rated.goal] == found.meetings.episode[rated.meeting]).all()
    assert (found.goals.set_on[rated.goal] <= days(found)[rated.meeting]).all()
    texts = list(zip(found.goals.episode.tolist(), found.goals.text, strict=True))
    assert len(texts) == len(set(texts))


@any_practice
@given(**SIZES)
def test_occasions_count_a_clients_held_meetings(**sizes: int) -> None:
    found = practice(**sizes)
    held = found.meetings.status == HELD
    assert ((found.meetings.occasion > 0) == held).all()
    client = found.episodes.client[found.meetings.episode]
    for one in np.unique(client[held]):
        mine = found.meetings.occasion[held & (client == one)]  # in the order of time
        assert mine.tolist() == list(range(1, len(mine) + 1))


@any_practice
@given(**SIZES)
def test_a_strain_begins_and_is_repaired_in_its_own_episode(**sizes: int) -> None:
    found = practice(**sizes)
    strains, meetings = found.strains, found.meetings
    assert (meetings.episode[strains.meeting] == strains.episode).all()
    np.testing.assert_allclose(meetings.strain[strains.meeting], strains.drop)
    repaired = strains.repaired_at >= 0
    at = strains.repaired_at[repaired]
    assert (meetings.episode[at] == strains.episode[repaired]).all()
    assert (at > strains.meeting[repaired]).all()
    assert (meetings.strain[at] == 0).all()


def test_reasons_go_with_their_kind_of_ending() -> None:
    planned_reasons = set(list(Reason)[:4])
    rows = [row for row in large().episodes.rows() if row["ending"] is not None]
    assert {row["reason"] in planned_reasons for row in rows if row["ending"] is Ending.PLANNED} == {
        True
    }
    assert {row["reason"] in planned_reasons for row in rows if row["ending"] is Ending.UNPLANNED} == {
        False
    }


def test_the_practice_is_closed_at_the_turn_of_the_year() -> None:
    day = days(large())
    month_day = np.char.lstrip(day.astype(str).astype("U10"), "0123456789")
    assert not {"-12-24", "-12-31", "-01-01", "-05-01"} & set(month_day.tolist())


# Numbers put in come out


def test_as_many_episodes_end_unplanned_as_was_asked_for() -> None:
    ended = large().episodes.ending[followed()]
    assert (ended >= 0).all()
    assert (ended == 1).mean() == pytest.approx(0.197, abs=0.02)


@pytest.mark.parametrize("share", [0.35, 0.5])
def test_another_share_of_unplanned_endings_comes_out_too(share: float) -> None:
    found = practice(5, clients=3_000, therapists=600, months=36, dropout_share=share)
    ended = found.episodes.ending[found.episodes.start < np.datetime64(END) - 550]
    assert (ended == 1).mean() == pytest.approx(share, abs=0.035)


def test_a_strain_that_is_not_repaired_makes_leaving_likelier() -> None:
    strains, ending = large().strains, large().episodes.ending
    at = followed()[strains.episode]
    repaired = strains.repaired_at >= 0
    left = ending[strains.episode] == 1
    assert left[at & ~repaired].mean() > 2 * left[at & repaired].mean()


def test_appointments_are_missed_and_cancelled_as_often_as_asked() -> None:
    found = large()
    number, meetings = number_in_episode(found), found.meetings
    last = np.zeros(len(found.episodes), dtype=int)
    np.maximum.at(last, meetings.episode[number > 0], np.flatnonzero(number > 0))
    # Between an episode's first and last held meeting; the first is always held.
    inside = (np.arange(len(meetings)) <= last[meetings.episode]) & (number != 1)
    assert (meetings.status[inside] == MISSED).mean() == pytest.approx(0.06, abs=0.005)
    assert (meetings.status[inside] == CANCELLED).mean() == pytest.approx(0.10, abs=0.008)


def test_the_alliance_has_the_mean_and_the_spread_that_were_asked_for() -> None:
    found = large()
    calm = (number_in_episode(found) >= 10) & (found.meetings.strain == 0)
    at, value = found.meetings.episode[calm], found.meetings.alliance[calm]
    count = np.bincount(at, minlength=len(found.episodes))
    mean = np.bincount(at, value, minlength=len(found.episodes)) / np.maximum(count, 1)
    enough = count >= 6
    within = ((value - mean[at]) ** 2)[enough[at]].sum() / (count[enough] - 1).sum()
    assert mean[enough].mean() == pytest.approx(8.2, abs=0.06)
    assert np.sqrt(within) == pytest.approx(0.7, abs=0.05)
    between = mean[enough].var() - within / count[enough].mean()
    assert np.sqrt(between) == pytest.approx(1.2, abs=0.05)


def test_therapists_differ_as_much_as_was_asked_for() -> None:
    found = practice(2, clients=6_000, therapists=300, months=30, therapist_share=0.3)
    calm = (number_in_episode(found) >= 8) & (found.meetings.strain == 0)
    at, value = found.meetings.episode[calm], found.meetings.alliance[calm]
    count = np.bincount(at, minlength=len(found.episodes))
    seen = count >= 5
    mean = np.bincount(at, value, minlength=len(found.episodes))[seen] / count[seen]
    who = found.episodes.therapist[seen]
    n = np.bincount(who)
    of_therapist = np.bincount(who, mean) / np.maximum(n, 1)
    inside = ((mean - of_therapist[who]) ** 2).sum() / (n - 1)[n > 0].sum()
    between = of_therapist[n > 0].var() - inside * (1 / n[n > 0]).mean()
    assert between / (between + inside) == pytest.approx(0.3, abs=0.08)


def test_strains_begin_and_are_repaired_as_often_as_asked() -> None:
    found = practice(4, clients=4_000, therapists=700, months=36, leaves_share=0)
    number, strains = number_in_episode(found), found.strains
    agreed = found.episodes.agreed_meetings[found.meetings.episode]
    reach = (number >= 3) & (number <= agreed - 2)
    begins = np.zeros(len(found.meetings), dtype=bool)
    begins[strains.meeting] = True
    repairs = np.isin(np.arange(len(found.meetings)), strains.repaired_at)
    # At risk: a strain begins, or nothing is open and nothing was just repaired or faded away.
    open_before = np.zeros(len(found.meetings), dtype=bool)
    order = np.lexsort((np.arange(len(number)), found.meetings.episode))
    held = order[number[order] > 0]
    follows = np.diff(found.meetings.episode[held]) == 0
    open_before[held[1:]] = follows & (found.meetings.strain[held[:-1]] > 0)
    at_risk = reach & ~open_before & ~repairs
    assert begins[at_risk].sum() == begins.sum()
    assert begins[at_risk].mean() == pytest.approx(0.05, abs=0.004)
    last = np.zeros(len(found.episodes), dtype=int)
    np.maximum.at(last, found.meetings.episode, number)
    seen_through = last[strains.episode] - number[strains.meeting] >= 6
    assert (strains.repaired_at[seen_through] >= 0).mean() == pytest.approx(0.43, abs=0.03)


def test_forms_come_back_as_often_as_asked_and_more_rarely_in_a_strain() -> None:
    found = large()
    held, strained = found.meetings.status == HELD, found.meetings.strain > 0
    for rater, share in ((Rater.CLIENT, 0.54), (Rater.THERAPIST, 0.8), (Rater.PREDICTION, 0.8 * 0.9)):
        code = list(Rater).index(rater)
        answered = np.isin(np.arange(len(held)), found.ratings.meeting[found.ratings.rater == code])
        assert answered[held & ~strained].mean() == pytest.approx(share, abs=0.02)
        if rater is Rater.CLIENT:
            assert answered[strained].mean() == pytest.approx(0.8 * share, abs=0.03)


def test_therapists_rate_lower_and_sense_some_strains_only() -> None:
    found = large()
    items = np.stack([getattr(found.ratings, name) for name in ("bond", "goal", "task", "voice")])
    said = np.full((3, len(found.meetings)), np.nan)
    said[found.ratings.rater, found.ratings.meeting] = np.nanmean(items, axis=0)
    gap, calm = said[1] - said[0], found.meetings.strain == 0
    assert -0.6 < np.nanmean(gap[calm]) < -0.3  # -0.55, and the scale's end cuts off the client's
    missed = found.strains.meeting[found.strains.noticed == 0]
    sensed = found.strains.meeting[found.strains.noticed == 1]
    assert np.nanmean(gap[missed]) > 1 > np.nanmean(gap[sensed])
    assert found.strains.noticed.mean() == pytest.approx(0.5, abs=0.02)


def test_distress_starts_and_ends_where_it_was_said_to() -> None:
    found = large()
    number = number_in_episode(found)[found.distress.meeting]
    agreed = found.episodes.agreed_meetings[found.meetings.episode[found.distress.meeting]]
    first, last = number == 1, number == agreed
    assert found.distress.depression[first].mean() == pytest.approx(15.4, abs=0.3)
    assert found.distress.depression[first].std() == pytest.approx(5.5, abs=0.3)
    assert found.distress.depression[last].mean() == pytest.approx(9.4, abs=0.5)
    assert found.distress.anxiety[first].mean() == pytest.approx(14.0, abs=0.3)
    assert found.distress.anxiety[last].mean() == pytest.approx(8.4, abs=0.5)


def test_a_better_alliance_goes_with_less_distress_at_the_end() -> None:
    found = large()
    number = number_in_episode(found)
    calm = (number >= 5) & (found.meetings.strain == 0)
    at = found.meetings.episode[calm]
    count = np.bincount(at, minlength=len(found.episodes))
    alliance = np.bincount(at, found.meetings.alliance[calm], minlength=len(found.episodes))
    alliance = alliance / np.maximum(count, 1)
    change: dict[int, list[int]] = {}
    for meeting, score in zip(found.distress.meeting, found.distress.depression, strict=True):
        change.setdefault(int(found.meetings.episode[meeting]), []).append(int(score))
    rows = [(alliance[e], s[0] - s[-1]) for e, s in change.items() if len(s) >= 5 and count[e] >= 8]
    r = np.corrcoef(np.array(rows).T)[0, 1]
    assert r == pytest.approx(0.278, abs=0.08)


# Edges


def test_without_strains_and_leavers_every_ending_is_planned() -> None:
    found = practice(1, clients=200, therapists=30, months=24, dropout_share=0, strain_rate=0)
    assert len(found.strains) == 0
    assert set(found.episodes.ending.tolist()) <= {-1, 0}
    assert (found.meetings.strain[found.meetings.status == HELD] == 0).all()


def test_everybody_may_answer_or_nobody() -> None:
    everything = practice(1, client_answers_share=1, strain_answers_ratio=1, item_missing_share=0)
    clients = everything.ratings.rater == 0
    assert clients.sum() == (everything.meetings.status == HELD).sum()
    silent = practice(1, client_answers_share=0, therapist_answers_share=0, distress_answered_share=0)
    assert len(silent.ratings) == len(silent.distress) == len(silent.goal_ratings) == 0
    assert len(practice(1, item_missing_share=1).ratings) == 0


def test_too_few_places_leave_clients_waiting() -> None:
    found = practice(1, clients=60, therapists=1, capacity_low=2, capacity_high=2)
    waiting = 60 - len(np.unique(found.episodes.client))
    assert waiting > 20
    # Two at a time, and a place that becomes free goes to the next.
    assert len(found.episodes) > 2
    # First come, first served.
    assert np.unique(found.episodes.client).max() == len(np.unique(found.episodes.client)) - 1


def test_a_practice_where_nobody_has_met_has_tables_with_heads_and_no_rows() -> None:
    found = next(
        one
        for one in (practice(seed, clients=1, months=1, waiting_share=0) for seed in range(100))
        if len(one.meetings) == 0
    )
    files = laid_out(found)
    assert len(found.episodes) == len(found.ratings) == 0
    assert list(files["meetings.csv"])[:3] == ["meeting", "client", "occasion"]
    assert len(files["clients.csv"]["name"]) == 1
    assert not any(files["forms.csv"].values())


def test_strains_that_would_make_more_clients_leave_than_asked_are_refused() -> None:
    with pytest.raises(BadInput, match=r"strains alone make .* leave; raise it"):
        practice(dropout_share=0.05)


def test_a_day_that_no_calendar_reaches_is_refused() -> None:
    with pytest.raises(BadInput, match="expected a date from 1971"):
        practice(end=date(1900, 1, 1))


def test_statuses_are_those_that_the_codes_say() -> None:
    assert [*MeetingStatus][PLANNED] is MeetingStatus.PLANNED
    assert [*MeetingStatus][CANCELLED] is MeetingStatus.CANCELLED

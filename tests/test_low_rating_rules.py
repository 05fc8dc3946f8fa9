"""Published rules, reasons without a course, and how rules are judged: by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.alerts import Sample, judge
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.measures.alerts import Priors, Rule, Status, look_at_one
from openrapport.measures.change import Change, ScaleChange
from openrapport.measures.reasons import of_change, of_look, of_private_word, of_strain
from openrapport.measures.rules import Limit, Published, look_by

PRIORS = Priors(mean=7, between_sd=1, within_sd=0.5, low=0, high=10, source="by hand")
LIMIT = Limit(cutoff=7, drop=1)


def low(rule: Published, ratings: list[float], **options: Any) -> list[int]:
    """Give the places of the ratings that a rule calls low, counted from 1."""
    n = len(ratings)
    found = look_by(rule, [1] * n, range(n), ratings, priors=PRIORS, **options)
    return (1 + np.flatnonzero(found)).tolist()


def test_a_cutoff_or_a_drop() -> None:
    assert low(Published.CUTOFF_OR_DROP, [6.9, 7, 9, 8, 7.5], limit=LIMIT) == [1, 4]


def test_the_last_drop_is_measured_against_the_error_of_two_ratings() -> None:
    # 1.96 * sqrt(2) * 0.5 is 1.386 points.
    assert low(Published.LAST_DROP, [8, 6.7, 8, 6.6, 6.6]) == [4]


def test_a_control_chart_takes_its_limits_from_the_ratings_before() -> None:
    # Mean 8, moving ranges 1 and 1: the limit is 8.33 - 2.66 * 1 for the fourth rating.
    assert low(Published.CONTROL_CHART, [8, 9, 8, 5.7]) == []
    assert low(Published.CONTROL_CHART, [8, 9, 8, 5.6]) == [4]
    assert low(Published.CONTROL_CHART, [8, 9, 2]) == []


def test_standard_deviations_below_the_highest_of_six() -> None:
    # Spread between clients is 1, and the own spread is smaller.
    assert low(Published.ONE_SD, [8, 8, 7.1, 7]) == [4]
    assert low(Published.TWO_SD, [8, 8, 7, 6.1, 6]) == [5]
    # The high one lies seven ratings back.
    assert low(Published.ONE_SD, [9, 8, 8, 8, 8, 8, 8, 7.5]) == [2, 3, 4, 5, 6, 7]


def test_the_stricter_of_two_spreads_counts() -> None:
    # Own ratings 4 and 8: a spread of 2.83, more than 1 between clients.
    assert low(Published.ONE_SD, [4, 8, 5.3]) == []
    assert low(Published.ONE_SD, [4, 8, 5.1]) == [3]


def test_a_sudden_loss_is_known_at_the_third_rating_after_it() -> None:
    assert low(Published.SUDDEN_LOSS, [8, 8.5, 8, 5, 5.5, 5, 5]) == [6]
    # No quarter of the rating before is lost; it does not last.
    assert low(Published.SUDDEN_LOSS, [9, 9, 9, 7, 7, 7]) == []
    assert low(Published.SUDDEN_LOSS, [8, 8.5, 8, 5, 8, 8.5, 8]) == []


def test_two_ratings_before_a_sudden_loss_are_enough_if_it_is_clear() -> None:
    assert low(Published.SUDDEN_LOSS, [8, 8.2, 4, 4.2, 4]) == [5]
    assert low(Published.SUDDEN_LOSS, [8.2, 4, 4.2, 4]) == []


def test_a_missing_rating_is_left_out_of_every_rule() -> None:
    for rule in Published:
        gaps = look_by(
            rule,
            [1] * 9,
            range(9),
            [8, 8, np.nan, 8, 8, np.nan, 5, 5, 5],
            answered=np.array([1, 1, 0, 1, 1, 0, 1, 1, 1], dtype=bool),
            priors=PRIORS,
            limit=LIMIT,
        )
        assert not gaps[[2, 5]].any()
        assert (1 + np.flatnonzero(gaps[[0, 1, 3, 4, 6, 7, 8]])).tolist() == low(
            rule, [8, 8, 8, 8, 5, 5, 5], limit=LIMIT
        )


@given(st.permutations(range(10)), st.sampled_from(list(Published)))
def test_rows_and_other_clients_do_not_matter(order: list[int], rule: Published) -> None:
    columns = {
        "client": np.repeat(["a", "b"], [6, 4]),
        "occasion": np.array([1, 2, 3, 4, 5, 6, 1, 2, 3, 4]),
        "rating": np.array([8, 8.5, 8, 5, 5.5, 5, 9, 8, 9, 5]),
    }
    whole = look_by(rule, **columns, priors=PRIORS, limit=LIMIT)
    shuffled = {name: column[order] for name, column in columns.items()}
    assert look_by(rule, **shuffled, priors=PRIORS, limit=LIMIT).tolist() == whole[order].tolist()
    assert (1 + np.flatnonzero(whole[:6])).tolist() == low(rule, [8, 8.5, 8, 5, 5.5, 5], limit=LIMIT)


@pytest.mark.parametrize("rule", list(Published))
def test_a_stricter_rule_calls_no_more_low(rule: Published) -> None:
    ratings = np.random.default_rng(2).uniform(0, 10, 40).round(1).tolist()
    usual = set(low(rule, ratings, limit=LIMIT))
    assert set(low(rule, ratings, limit=LIMIT, strictness=2)) <= usual
    assert set(low(rule, ratings, limit=LIMIT, strictness=0.5)) >= usual


def test_nothing_gives_nothing() -> None:
    for rule in Published:
        assert low(rule, [], limit=LIMIT) == []


def test_a_cutoff_has_no_default() -> None:
    with pytest.raises(BadInput, match="cutoff_or_drop needs a limit"):
        low(Published.CUTOFF_OR_DROP, [8, 7])
    with pytest.raises(BadInput, match="the drop above 0"):
        Limit(cutoff=7, drop=0)
    with pytest.raises(BadInput, match="expected a number above 0"):
        low(Published.LAST_DROP, [8, 7], strictness=0)


# -- reasons that need no course -------------------------------------------------------------------


def test_the_clients_own_word_is_a_reason_at_once() -> None:
    clearly, little = of_strain(2), of_strain(1)
    assert clearly is not None
    assert little is not None
    assert (clearly.rule, clearly.status) == (Rule.FELT_OFF, Status.TALK)
    assert (little.rule, little.status) == (Rule.FELT_OFF, Status.WATCH)
    assert (of_strain(0), of_strain(None)) == (None, None)
    assert (of_private_word().rule, of_private_word().status) == (Rule.PRIVATE_WORD, Status.TALK)


@pytest.mark.parametrize("strain", [3, -1, True])
def test_an_answer_about_strain_out_of_range_is_refused(strain: int) -> None:
    with pytest.raises(BadInput, match="expected 0, 1, 2 or nothing"):
        of_strain(strain)


def test_a_low_rating_is_a_reason_and_says_what_it_rests_on() -> None:
    *_, steady, far = look_at_one([8, 8.2, 8, 4], PRIORS)
    assert of_look(steady) is None
    reason = of_look(far)
    assert reason is not None
    assert (reason.rule, reason.status, reason.basis["n"]) == (Rule.FAR_BELOW, Status.TALK, 3)


def test_only_reliable_deterioration_of_an_outcome_is_a_reason() -> None:
    change = ScaleChange(
        points=8,
        threshold=6,
        interval=(2, 14),
        index=2.6,
        z=1.96,
        cut_off=10,
        verdict=Change.WORSE,
        source="by hand",
    )
    reason = of_change("total", change)
    assert reason is not None
    assert (reason.rule, reason.status) == (Rule.WORSE, Status.TALK)
    assert (reason.basis["scale"], reason.basis["points"], reason.basis["source"]) == (
        "total",
        8,
        "by hand",
    )
    same = ScaleChange(2, 6, (-4, 8), 0.6, 1.96, 10, Change.SAME, "by hand")
    assert of_change("total", same) is None
    assert of_change("total", None) is None


# -- how rules are judged --------------------------------------------------------------------------


def test_false_alarms_and_catches_are_counted_as_they_are_described() -> None:
    # One client with a strain at the fourth meeting, one without; the third rating is the first seen.
    sample = Sample(
        client=np.repeat([1, 2], [7, 5]),
        occasion=np.array([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5]),
        rating=np.full(12, 8.0),
        answered=np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1], dtype=bool),
        began=np.repeat([4, 0], [7, 5]),
    )
    flagged = np.array([1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1], dtype=bool)
    judged = judge(sample, flagged)
    # Stable: meeting 3 of the first client; 4 and 5 of the second (3 was not rated).
    assert judged.stable.tolist() == [1, 0, 1]
    assert (judged.within_1.tolist(), judged.within_3.tolist()) == ([0], [1])
    half = judged.mixed(judge(sample, np.zeros(12, dtype=bool)), 0.5)
    assert (half.stable.tolist(), half.within_3.tolist()) == ([0.5, 0, 0.5], [0.5])

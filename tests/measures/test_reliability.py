"""Reliability from a practice's own forms, where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured
from openrapport.measures.change import Change, read_change
from openrapport.measures.forms import ChangeConstants
from openrapport.measures.instrument import library
from openrapport.measures.reliability import (
    alpha,
    answers_table,
    omega_of_covariance,
    omega_total,
    own_constants,
    within_person_reliability,
)

LOADINGS = np.array([0.8, 0.7, 0.6, 0.5])
ONE_FACTOR = np.outer(LOADINGS, LOADINGS) + np.diag(1 - LOADINGS**2)


def forms(rng: np.random.Generator, *, people: int, each: int, person: float, occasion: float):  # type: ignore[no-untyped-def]
    who = np.repeat(np.arange(people), each)
    level = rng.normal(0, person, people)[who] + rng.normal(0, occasion, len(who))
    return level[:, None] + rng.normal(0, 1, (len(who), 4)), who


def test_omega_of_one_factor_is_its_loadings_squared_over_all() -> None:
    # (.8 + .7 + .6 + .5)^2 = 6.76, over 6.76 + .36 + .51 + .64 + .75
    assert omega_of_covariance(ONE_FACTOR) == pytest.approx(6.76 / 9.02, abs=1e-6)


def test_omega_is_of_the_sum_as_it_is_added_up() -> None:
    wide = np.diag([1.0, 2, 3, 4])
    scaled = wide @ ONE_FACTOR @ wide
    # Loadings .8, 1.4, 1.8, 2: 36 over all covariances together.
    assert omega_of_covariance(scaled) == pytest.approx(36 / scaled.sum(), abs=1e-6)


def test_many_matrices_give_what_each_gives() -> None:
    two = np.stack([ONE_FACTOR, np.eye(4) * 0.5 + 0.5])
    assert omega_of_covariance(two) == pytest.approx([6.76 / 9.02, 0.8], abs=1e-6)


def test_an_item_that_never_varies_has_no_omega() -> None:
    still = ONE_FACTOR.copy()
    still[0] = still[:, 0] = 0
    assert np.isnan(omega_of_covariance(still))


def test_alpha_and_omega_find_the_truth_within_their_interval() -> None:
    # Shared variance 1 + 1, own variance 1 per item: 2 / (2 + 1/4).
    table, who = forms(np.random.default_rng(1), people=80, each=6, person=1, occasion=1)
    for estimate in (alpha, omega_total):
        found = estimate(table, who, rng=np.random.default_rng(2))
        assert isinstance(found, Finding)
        assert found.interval is not None
        assert found.interval[0] < 2 / 2.25 < found.interval[1]
        assert found.n == 480


def test_alpha_is_what_its_formula_gives_by_hand() -> None:
    # Two items, each answered 0 or 1; they agree three times out of four.
    table = np.array([[0, 0], [1, 1], [0, 0], [1, 1], [0, 0], [1, 1], [0, 1], [1, 0]] * 25)
    found = alpha(table, np.arange(200) % 25, rng=np.random.default_rng(1))
    assert isinstance(found, Finding)
    # r = 1/2 and equal variances: alpha = 2 * .5 / 1.5
    assert found.value == pytest.approx(2 / 3)


def test_following_a_person_is_not_telling_people_apart() -> None:
    table, who = forms(np.random.default_rng(3), people=80, each=6, person=3, occasion=0.5)
    within = within_person_reliability(table, who, rng=np.random.default_rng(2))
    overall = alpha(table, who, rng=np.random.default_rng(2))
    assert isinstance(within, Finding)
    assert isinstance(overall, Finding)
    assert within.interval is not None
    # .25 / (.25 + 1/4) = .5, while alpha is 9.25 / 9.5.
    assert within.interval[0] < 0.5 < within.interval[1]
    assert overall.value > 0.95


def test_people_with_one_form_say_nothing_about_change() -> None:
    table, who = forms(np.random.default_rng(3), people=80, each=6, person=3, occasion=1)
    lone = np.random.default_rng(4).normal(0, 9, (50, 4))
    more, whose = np.vstack([table, lone]), np.concatenate([who, np.arange(1000, 1050)])
    both = [
        within_person_reliability(*one, rng=np.random.default_rng(1))
        for one in ((table, who), (more, whose))
    ]
    assert both[0] == both[1]


def test_forms_with_a_gap_are_left_out() -> None:
    table, who = forms(np.random.default_rng(5), people=60, each=6, person=1, occasion=1)
    gaps = np.vstack([table, [[np.nan, 1, 1, 1]]])
    whose = np.append(who, 0)
    seeds = [np.random.default_rng(1), np.random.default_rng(1)]
    assert omega_total(gaps, whose, rng=seeds[0]) == omega_total(table, who, rng=seeds[1])


def test_too_little_is_said_in_words() -> None:
    table, who = forms(np.random.default_rng(1), people=30, each=6, person=1, occasion=1)
    for estimate in (alpha, omega_total, within_person_reliability):
        found = estimate(table, who, rng=np.random.default_rng(1))
        assert isinstance(found, NotMeasured)
        assert "needs 200 complete forms of 20 people; there are 180 of 30" in found.reason


def test_answers_that_never_vary_have_no_reliability() -> None:
    table, who = np.full((300, 4), 10.0), np.repeat(np.arange(50), 6)
    for estimate in (alpha, omega_total, within_person_reliability):
        assert isinstance(estimate(table, who, rng=np.random.default_rng(1)), NotMeasured)


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in length"):
        alpha(np.zeros((3, 2)), [1, 2], rng=np.random.default_rng(1))
    with pytest.raises(BadInput, match="at least two items"):
        alpha(np.zeros(3), [1, 2, 3], rng=np.random.default_rng(1))


def test_answers_are_laid_out_with_items_turned_round() -> None:
    core = library()["core-10"]
    forms = [{f"q{number}": 1 for number in range(1, 11)}, {"q1": 4, "q2": 4}]
    table = answers_table(core, "total", forms)
    assert table[0].tolist() == [1, 3, 3, 1, 1, 1, 1, 1, 1, 1]
    assert table[1][:2].tolist() == [4, 0]
    assert np.isnan(table[1][2:]).all()
    assert answers_table(core, "total", []).shape == (0, 10)


def test_own_constants_say_on_what_they_rest() -> None:
    reliability = Finding(
        "omega_total", 0.9, "share", 480, "forms", "reliability.v1", interval=(0.88, 0.92)
    )
    scores = [*([10.0] * 15), *([20.0] * 15), float("nan")]
    found = own_constants(scores, reliability, z=1.96)
    assert isinstance(found, ChangeConstants)
    # Thirty scores, each 5 from their mean: sqrt(30 * 25 / 29)
    assert found.sd == pytest.approx((750 / 29) ** 0.5)
    assert found.source == "own data: standard deviation of 30 first scores, omega_total of 480 forms"
    # 1.96 * sqrt(2) * 5.085 * sqrt(.1) = 4.46 points
    scale = library()["pulse"].scale("alliance")
    changes = [read_change(scale, 9, after, constants=found) for after in (5, 4)]
    assert [one and one.verdict for one in changes] == [Change.SAME, Change.WORSE]
    few = own_constants(scores[:19], reliability, z=1.96)
    assert isinstance(few, NotMeasured)
    assert "20 clients; there are 19" in few.reason
    assert isinstance(own_constants([3.0] * 30, reliability, z=1.96), NotMeasured)
    with pytest.raises(BadInput, match="z is not above 0"):
        own_constants(scores, reliability, z=0)

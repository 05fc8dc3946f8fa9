"""Groups side by side: warned where it is more than chance, silent where a group is small."""

from __future__ import annotations

import numpy as np
import pytest

from openrapport.errors import BadInput
from openrapport.fit.fairness import compare_groups, excluding_wishes
from openrapport.fit.preferences import Preferences, Strength, Wish, WishKind


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_it_gives_means_shares_and_intervals_of_each_group() -> None:
    groups = ["a"] * 10 + ["b"] * 10
    met = np.array([1] * 5 + [0] * 5 + [1] * 10, dtype=float)
    weeks = np.arange(20.0)
    found = compare_groups(groups, {"first_wish": met, "weeks": weeks}, rng=rng())
    shares = {f.group: f for f in found.figures if f.measure == "first_wish"}
    assert (shares["a"].mean, shares["b"].mean, shares["a"].n) == (0.5, 1.0, 10)
    assert shares["a"].interval == pytest.approx((0.2366, 0.7634), abs=1e-4)  # Wilson, 5 of 10
    mean = {f.group: f for f in found.figures if f.measure == "weeks"}
    assert mean["a"].mean == 4.5
    assert mean["a"].interval[0] < 4.5 < mean["a"].interval[1]


def test_it_warns_beyond_chance_and_says_in_which_direction() -> None:
    groups = ["a"] * 40 + ["b"] * 40 + ["c"] * 40
    weeks = rng().normal(5, 2, 120) + 4 * np.array([g == "c" for g in groups])
    score = rng().normal(0, 1, 120)
    found = compare_groups(groups, {"weeks": weeks, "score": score}, rng=rng())
    warned = {(d.measure, d.group): d.difference for d in found.differences if d.warn}
    assert ("weeks", "c") in warned
    assert warned["weeks", "c"] == pytest.approx(weeks[80:].mean() - weeks[:80].mean())
    assert not any(measure == "score" for measure, _ in warned)


def test_many_groups_and_measures_do_not_make_false_warnings() -> None:
    draw = np.random.default_rng(8)
    wrong = 0
    for _ in range(20):
        groups = [f"g{x}" for x in draw.integers(0, 5, 100)]
        measures = {f"m{i}": draw.normal(0, 1, 100) for i in range(4)}
        found = compare_groups(groups, measures, rng=draw)
        wrong += any(difference.warn for difference in found.differences)
    assert wrong <= 4  # 1 expected; 20 comparisons each at 0.05 would give 13


def test_small_groups_are_not_shown_nor_counted_among_the_others() -> None:
    groups = ["a"] * 10 + ["b"] * 10 + ["few"] * 9 + [None] * 3
    weeks = np.concatenate((np.zeros(10), np.ones(10), np.full(12, 99.0)))
    found = compare_groups(groups, {"weeks": weeks}, rng=rng())
    assert {figure.group for figure in found.figures} == {"a", "b"}
    assert [difference.difference for difference in found.differences] == [-1.0, 1.0]
    assert (found.not_shown, found.not_recorded) == (1, 3)


def test_a_measure_that_few_of_a_group_have_is_not_shown() -> None:
    weeks = np.concatenate((np.arange(12.0), np.full(3, np.nan), np.arange(9.0), np.full(6, np.nan)))
    found = compare_groups(["a"] * 15 + ["b"] * 15, {"weeks": weeks}, rng=rng())
    assert [(figure.group, figure.n) for figure in found.figures] == [("a", 12)]
    assert found.differences == ()


def test_one_group_or_nobody_has_nothing_to_compare() -> None:
    assert compare_groups(["a"] * 20, {"weeks": np.ones(20)}, rng=rng()).differences == ()
    assert compare_groups([], {"weeks": []}, rng=rng()).figures == ()


def test_equal_values_are_no_difference() -> None:
    found = compare_groups(["a"] * 10 + ["b"] * 10, {"weeks": np.ones(20)}, rng=rng())
    assert [(d.difference, d.p, d.warn) for d in found.differences] == [(0, 1, False)] * 2


def test_wishes_that_leave_no_choice_are_counted_apart() -> None:
    def wish(strength: Strength) -> Preferences:
        return Preferences(wishes=(Wish(WishKind.GENDER, frozenset({"woman"}), strength),))

    found = excluding_wishes([wish(Strength.MUST)] * 12 + [wish(Strength.WOULD_LIKE)] * 30)
    assert found[WishKind.GENDER] == 12
    assert found[WishKind.FAITH] == 0
    assert excluding_wishes([wish(Strength.MUST)] * 3)[WishKind.GENDER] is None


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(BadInput, match="weeks is not one number for each of 2 people"):
        compare_groups(["a", "b"], {"weeks": [1.0]}, rng=rng())
    with pytest.raises(BadInput, match="smallest group is below 2"):
        compare_groups([], {}, rng=rng(), smallest=1)

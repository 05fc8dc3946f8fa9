"""Change beyond measurement error, by hand from stated constants."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.measures.change import (
    Change,
    classify,
    cut_off_of,
    cut_offs,
    read_change,
    regressed_change_index,
    reliable_change_index,
    reliable_change_threshold,
    standard_error_of_measurement,
)
from openrapport.measures.forms import ChangeConstants, Direction, Norm
from openrapport.measures.instrument import library

CORE = library()["core-10"].scale("total")
PHQ = library()["phq-9"].scale("total")


def test_the_error_of_measurement_is_the_spread_that_reliability_leaves() -> None:
    # 10 * sqrt(1 - 0.84) = 10 * 0.4
    assert standard_error_of_measurement(sd=10, reliability=0.84) == pytest.approx(4.0)
    assert reliable_change_threshold(sd=10, reliability=0.84, z=1.96) == pytest.approx(
        1.96 * sqrt(2) * 4
    )
    assert reliable_change_index(20, 12, sd=10, reliability=0.84) == pytest.approx(-8 / (4 * sqrt(2)))


def test_core_10_gives_back_what_was_recomputed_from_its_norms() -> None:
    ninety_five, ninety = CORE.constants
    thresholds = [
        reliable_change_threshold(sd=one.sd, reliability=one.reliability, z=one.z)
        for one in (ninety_five, ninety)
    ]
    assert [round(value, 1) for value in thresholds] == [6.7, 5.7]
    # (7.7 * 4.7 + 4.8 * 19.7) / 12.5
    assert cut_off_of(CORE) == pytest.approx(10.46, abs=0.01)


def test_three_borders_lie_where_the_formulas_say() -> None:
    clinical, general = (
        Norm("clinical", 100, 20, 6, "stated"),
        Norm("general", 100, 5, 3, "stated"),
    )
    borders = cut_offs(clinical, general, higher=Direction.WORSE)
    assert (borders.a, borders.b, borders.c) == (8, 11, 10)  # c = (6*5 + 3*20) / 9
    turned = cut_offs(
        Norm("clinical", 100, -20, 6, "stated"),
        Norm("general", 100, -5, 3, "stated"),
        higher=Direction.BETTER,
    )
    assert (turned.a, turned.b, turned.c) == (-8, -11, -10)


def test_groups_that_are_swapped_are_refused() -> None:
    with pytest.raises(BadInput, match="swapped"):
        cut_offs(
            Norm("clinical", 9, 5, 3, "stated"),
            Norm("general", 9, 20, 6, "stated"),
            higher=Direction.WORSE,
        )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (20, 8, Change.RECOVERED),
        (20, 13, Change.IMPROVED),  # reliably better, still over the border
        (9, 2, Change.IMPROVED),  # was never over it
        (12, 9, Change.SAME),  # over the border, but within error
        (12, 18, Change.WORSE),
        (12, 17, Change.SAME),
    ],
)
def test_a_score_recovers_only_reliably_and_over_the_border(
    before: float, after: float, verdict: Change
) -> None:
    given = {"threshold": 6.0, "cut_off": 10.0, "higher": Direction.WORSE}
    assert classify(before, after, **given) is verdict  # type: ignore[arg-type]
    # The same on a scale that runs the other way.
    given["higher"] = Direction.BETTER
    given["cut_off"] = -10.0
    assert classify(-before, -after, **given) is verdict  # type: ignore[arg-type]


def test_the_first_score_of_the_clinical_side_belongs_to_it() -> None:
    options = {"threshold": 5.0, "higher": Direction.WORSE}
    assert classify(15, 10, cut_off=10, **options) is Change.IMPROVED  # type: ignore[arg-type]
    assert classify(10, 4, cut_off=10, **options) is Change.RECOVERED  # type: ignore[arg-type]


def test_without_a_border_nobody_is_called_recovered() -> None:
    assert classify(20, 0, threshold=6, cut_off=None, higher=Direction.WORSE) is Change.IMPROVED


def test_core_10_is_read_with_interval_index_and_source() -> None:
    change = read_change(CORE, 21, 9)
    assert change is not None
    assert change.points == -12
    assert change.threshold == pytest.approx(1.96 * sqrt(2) * 7.7 * sqrt(0.1))
    assert change.interval == pytest.approx((-12 - change.threshold, -12 + change.threshold))
    assert change.index == pytest.approx(-12 / (sqrt(2) * 7.7 * sqrt(0.1)))
    assert change.verdict is Change.RECOVERED
    assert "Barkham" in change.source


def test_phq_9_has_only_a_published_number_and_says_so() -> None:
    change = read_change(PHQ, 15, 9)
    assert change is not None
    assert (change.threshold, change.interval, change.index, change.cut_off) == (6, None, None, 10)
    assert change.verdict is Change.RECOVERED
    assert "IAPT" in change.source


def test_a_practice_s_own_numbers_come_first() -> None:
    own = ChangeConstants(sd=6, reliability=0.9, z=1.96, source="this practice, n = 300")
    change = read_change(PHQ, 15, 9, constants=own)
    assert change is not None
    assert change.threshold == pytest.approx(1.96 * sqrt(2) * 6 * sqrt(0.1))
    assert change.source == "this practice, n = 300"


def test_a_trait_and_a_form_without_constants_have_no_reliable_change() -> None:
    assert read_change(library()["mini-ipip"].scale("extraversion"), 2, 4) is None
    assert read_change(library()["pulse"].scale("alliance"), 2, 9) is None


def test_regression_to_the_mean_is_no_change() -> None:
    # From 30, with mean 20 and reliability .8, the next score is expected at 28.
    assert regressed_change_index(30, 28, mean=20, sd=5, reliability=0.8) == 0
    # (22 - 28) / (5 * sqrt(1 - .64)) = -6 / 3
    assert regressed_change_index(30, 22, mean=20, sd=5, reliability=0.8) == pytest.approx(-2)


@pytest.mark.parametrize(
    ("sd", "reliability"),
    [(0, 0.8), (-1, 0.8), (float("nan"), 0.8), (1, 1), (1, -0.1), (1, float("nan"))],
)
def test_constants_out_of_range_are_refused(sd: float, reliability: float) -> None:
    with pytest.raises(BadInput, match=r"sd is not above 0|reliability is not in"):
        reliable_change_threshold(sd=sd, reliability=reliability, z=1.96)


@given(
    before=st.floats(0, 40), after=st.floats(0, 40), threshold=st.floats(0.1, 20), cut=st.floats(0, 40)
)
def test_improvement_one_way_is_deterioration_the_other(
    before: float, after: float, threshold: float, cut: float
) -> None:
    there = classify(before, after, threshold=threshold, cut_off=cut, higher=Direction.WORSE)
    back = classify(after, before, threshold=threshold, cut_off=cut, higher=Direction.WORSE)
    better = {Change.RECOVERED, Change.IMPROVED}
    assert (there in better) == (back is Change.WORSE)
    assert (there is Change.SAME) == (back is Change.SAME)

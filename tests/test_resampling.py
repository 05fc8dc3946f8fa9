"""Intervals by block bootstrap: how they behave where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.resampling import (
    block_length,
    mean_interval,
    middle,
    ratio_interval,
    resampled_sums,
    statistic_interval,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def medians(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.median(draws, axis=1))


def test_blocks_grow_with_the_cube_root() -> None:
    assert [block_length(n) for n in (1, 2, 8, 9, 27, 1000)] == [1, 2, 2, 3, 3, 10]


def test_the_same_generator_gives_the_same_interval() -> None:
    values = rng(5).normal(size=60)
    assert mean_interval(values, rng=rng(1)) == mean_interval(values, rng=rng(1))
    assert mean_interval(values, rng=rng(1)) != mean_interval(values, rng=rng(2))


def test_values_that_are_all_equal_have_an_interval_of_no_width() -> None:
    assert mean_interval([3.0] * 20, rng=rng()) == (3.0, 3.0)
    assert statistic_interval(medians, [3.0] * 20, rng=rng()) == (3.0, 3.0)


def test_resampled_sums_keep_what_every_row_has_in_common() -> None:
    columns = np.column_stack([np.arange(27.0), np.ones(27)])
    sums = resampled_sums(columns, rng=rng(), draws=500)
    assert (sums[:, 1] == 27).all()
    assert sums[:, 0].mean() == pytest.approx(np.arange(27).sum(), rel=0.03)


def test_draws_without_a_value_are_left_out_of_the_middle() -> None:
    assert middle(np.array([*range(101), np.nan])) == (2.5, 97.5)
    assert np.isnan(middle(np.array([np.nan]))).all()


def test_one_observation_is_its_own_interval() -> None:
    assert mean_interval([4.0], rng=rng()) == (4.0, 4.0)
    assert ratio_interval([1.0], [4.0], rng=rng()) == (0.25, 0.25)
    assert statistic_interval(medians, [4.0], rng=rng()) == (4.0, 4.0)


def test_nothing_has_no_interval() -> None:
    with pytest.raises(BadInput, match="expected at least one observation"):
        mean_interval([], rng=rng())
    with pytest.raises(BadInput, match="expected at least one observation"):
        statistic_interval(medians, [], rng=rng())


def test_a_ratio_leaves_out_resamples_without_a_denominator() -> None:
    low, high = ratio_interval([0.0, 0.0, 1.0], [0.0, 0.0, 2.0], rng=rng())
    assert (low, high) == (0.5, 0.5)
    with pytest.raises(BadInput, match="denominator of 0"):
        ratio_interval([1.0, 2.0], [0.0, 0.0], rng=rng())


def covered(make: str, sessions: int = 200, n: int = 80) -> float:
    """Share of invented sessions whose interval holds the true mean of 0."""
    source = rng(7)
    hits = 0
    for _ in range(sessions):
        noise = source.normal(size=n + 1)
        # Neighbours that share half of their noise: a moving average, correlation 0.5.
        values = noise[1:] if make == "independent" else noise[1:] + noise[:-1]
        low, high = mean_interval(values, rng=source, draws=300)
        hits += low <= 0 <= high
    return hits / sessions


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    assert 0.88 <= covered("independent") <= 0.99


def test_neighbours_that_resemble_each_other_do_not_make_it_overconfident() -> None:
    # Resampling single values would hold the truth in about 83 % of such sessions.
    assert covered("alike") >= 0.87


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    slack = 1e-6 + 1e-9 * max(abs(v) for v in values)
    for low, high in (
        mean_interval(values, rng=rng(), draws=50),
        statistic_interval(medians, values, rng=rng(), draws=50),
    ):
        assert min(values) - slack <= low <= high <= max(values) + slack

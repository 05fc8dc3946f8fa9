"""Gap and tracking of two raters, computed by hand."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.measures.congruence import (
    Congruence,
    Estimate,
    Pooled,
    TooLittle,
    congruence,
    pool,
)

SCALE: dict[str, float] = {"low": 0, "high": 10}
POOLED = Pooled(
    gap_mean=-0.5,
    gap_error=0.1,
    gap_sd=1.0,
    tracking_mean=0.5,
    tracking_error=0.05,
    tracking_sd=0.2,
    residual_sd=1.0,
    freedom=200,
    n_dyads=20,
    n_meetings=240,
)


def of(found: Congruence) -> tuple[Estimate, Estimate]:
    assert isinstance(found.gap, Estimate)
    assert isinstance(found.tracking, Estimate)
    return found.gap, found.tracking


def test_gap_and_tracking_of_one_dyad_by_hand() -> None:
    # Both have a mean of 5, so the gap is 0. Each point of the client goes with one of the other:
    # what is left over is 1 in each of eight meetings, with 8 - 2 degrees of freedom.
    gap, tracking = of(congruence([4, 4, 6, 6] * 2, [3, 5, 5, 7] * 2, **SCALE))
    reach = 2.4469 * math.sqrt(8 / 6 / 8)
    assert (gap.value, gap.n, gap.own_share) == (0, 8, 1)
    assert gap.interval == pytest.approx((-reach, reach), abs=1e-3)
    assert tracking.value == pytest.approx(1)
    assert tracking.interval == pytest.approx((1 - reach, 1 + reach), abs=1e-3)


def test_somebody_who_rates_lower_has_a_gap_below_0_and_may_follow_fully() -> None:
    client = [5, 6, 7, 8, 9, 8, 7, 6]
    gap, tracking = of(congruence(client, [one - 2 for one in client], **SCALE))
    assert gap.value == pytest.approx(-2)
    assert tracking.value == pytest.approx(1)


def test_few_meetings_lean_on_the_practice() -> None:
    gap, tracking = of(congruence([4, 4, 6, 6] * 2, [3, 5, 5, 7] * 2, **SCALE, pooled=POOLED))
    # Variance of the dyad's own number: 1 / 8 for both. Between dyads: 1 for gaps, 0.04 for tracking.
    share = 1 / (1 + 1 / 8)
    assert (gap.own, gap.own_share) == (0, pytest.approx(share))
    assert gap.value == pytest.approx((1 - share) * -0.5)
    error = math.sqrt(share / 8 + ((1 - share) * 0.1) ** 2)
    assert gap.interval[1] - gap.value == pytest.approx(1.9719 * error, abs=1e-4)
    share = 0.04 / (0.04 + 1 / 8)
    assert tracking.value == pytest.approx(share * 1 + (1 - share) * 0.5)


def test_only_meetings_that_both_rated_count() -> None:
    client = [4, None, 4, 6, 6, 9, 4, 4, 6, 6]
    other = [3, 9, 5, 5, 7, None, 3, 5, 5, 7]
    assert of(congruence(client, other, **SCALE)) == of(
        congruence([4, 4, 6, 6] * 2, [3, 5, 5, 7] * 2, **SCALE)
    )


def test_too_little_is_said_not_guessed() -> None:
    found = congruence([7, 8, 9], [6, 7, 8], **SCALE, pooled=POOLED)
    assert found.gap == TooLittle(n=3, needed=4, reason="few_meetings")
    assert found.tracking == TooLittle(n=3, needed=8, reason="few_meetings")
    nothing = congruence([], [], **SCALE)
    assert nothing.gap == TooLittle(n=0, needed=4, reason="few_meetings")


def test_nobody_can_follow_what_does_not_move() -> None:
    found = congruence([9] * 10, [7, 8] * 5, **SCALE, pooled=POOLED)
    assert isinstance(found.gap, Estimate)
    assert found.tracking == TooLittle(n=10, needed=8, reason="client_never_varies")


def dyads(gaps: list[float]) -> dict[str, Any]:
    """The client swings by 1; the other follows, and the rest of 0.1 goes with neither."""
    rows = [
        (who, one, one + gap + rest)
        for who, gap in enumerate(gaps)
        for one, rest in zip([4, 6, 4, 6], [0.1, 0.1, -0.1, -0.1], strict=True)
    ]
    return dict(zip(("dyad", "client", "other"), zip(*rows, strict=True), strict=True))


def test_a_practices_mean_and_spread_by_hand() -> None:
    pooled = pool(**dyads([-1.0, 1.0] * 5), **SCALE)
    assert pooled is not None
    # Left over: 4 * 0.01 in each of ten dyads, with two degrees of freedom each.
    assert pooled.residual_sd**2 == pytest.approx(0.4 / 20)
    assert (pooled.freedom, pooled.n_dyads, pooled.n_meetings) == (20, 10, 40)
    # With equal weights: the variance of the gaps, less what chance adds.
    assert pooled.gap_mean == pytest.approx(0)
    assert pooled.gap_sd**2 == pytest.approx(10 / 9 - 0.02 / 4)
    assert (pooled.tracking_mean, pooled.tracking_sd) == (pytest.approx(1), 0)


def test_a_practice_with_few_dyads_has_no_mean() -> None:
    assert pool(**dyads([-1.0, 1.0, 0.5] * 3), **SCALE) is None
    assert pool([], [], [], **SCALE) is None


def test_what_went_in_is_found_again() -> None:
    rng = np.random.default_rng(5)
    dyad, client, other = [], [], []
    for who in range(150):
        gap, tracking = rng.normal(-0.6, 0.5), rng.normal(0.5, 0.2)
        for moved in rng.normal(0, 1, 15):
            dyad.append(who)
            client.append(float(np.clip(5 + moved, 0, 10)))
            other.append(float(np.clip(5 + gap + tracking * moved + rng.normal(0, 0.6), 0, 10)))
    pooled = pool(dyad, client, other, **SCALE)
    assert pooled is not None
    assert pooled.gap_mean == pytest.approx(-0.6, abs=0.12)
    assert pooled.gap_sd == pytest.approx(0.5, abs=0.1)
    assert pooled.tracking_mean == pytest.approx(0.5, abs=0.06)
    assert pooled.tracking_sd == pytest.approx(0.2, abs=0.06)
    assert pooled.residual_sd == pytest.approx(0.6, abs=0.03)


def test_pooled_values_survive_json() -> None:
    assert Pooled.from_json(asdict(POOLED)) == POOLED
    found = congruence([4, 4, 6, 6] * 2, [3, 5, 5, 7] * 2, **SCALE, pooled=POOLED)
    assert found.to_json()["gap"]["n"] == 8


pairs = st.lists(
    st.tuples(st.integers(0, 20).map(lambda n: n / 2), st.integers(0, 20).map(lambda n: n / 2)),
    min_size=8,
    max_size=15,
)


@given(pairs, st.sampled_from([4.0, 0.5]), st.sampled_from([0.0, 3.0]))
def test_another_scale_stretches_the_gap_and_leaves_the_tracking(
    rated: list[tuple[float, float]], times: float, plus: float
) -> None:
    one = [[pair[i] for pair in rated] for i in (0, 1)]
    two = [[pair[i] * times + plus for pair in rated] for i in (0, 1)]
    here = congruence(*one, low=0, high=10)
    there = congruence(*two, low=plus, high=plus + 10 * times)
    assert isinstance(here.gap, Estimate)
    assert isinstance(there.gap, Estimate)
    assert there.gap.value == pytest.approx(here.gap.value * times, abs=1e-9)
    assert there.gap.interval == pytest.approx(tuple(e * times for e in here.gap.interval), abs=1e-6)
    if isinstance(here.tracking, Estimate) and isinstance(there.tracking, Estimate):
        assert there.tracking.value == pytest.approx(here.tracking.value, abs=1e-9)


@given(pairs)
def test_a_number_that_leans_lies_between_its_own_and_the_practices(
    rated: list[tuple[float, float]],
) -> None:
    found = congruence([a for a, _ in rated], [b for _, b in rated], **SCALE, pooled=POOLED)
    assert isinstance(found.gap, Estimate)
    low, high = sorted((found.gap.own, POOLED.gap_mean))
    assert low - 1e-9 <= found.gap.value <= high + 1e-9
    assert found.gap.interval[0] < found.gap.value < found.gap.interval[1]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1, 11, "eight", True])
def test_a_rating_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(BadInput, match="row 2 is off the scale or no number"):
        congruence([8, bad], [7, 7], **SCALE)
    with pytest.raises(BadInput, match="row 2 is off the scale or no number"):
        congruence([8, 8], [7, bad], **SCALE)


def test_columns_that_differ_in_length_are_refused() -> None:
    with pytest.raises(BadInput, match="2 ratings by one and 1 by the other"):
        congruence([8, 8], [7], **SCALE)
    with pytest.raises(BadInput, match="expected one length"):
        pool([1], [8, 8], [7, 7], **SCALE)


@pytest.mark.parametrize(
    "change", [{"gap_sd": -1}, {"residual_sd": 0}, {"freedom": 0}, {"gap_mean": math.nan}, {"more": 1}]
)
def test_pooled_values_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="expected"):
        Pooled.from_json(asdict(POOLED) | change)

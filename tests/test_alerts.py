"""What it means that a rating is low for this client, on courses small enough to follow by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.measures.alerts import (
    STATED_PRIORS,
    Limits,
    Look,
    Priors,
    Rule,
    Status,
    estimate_priors,
    look,
    look_at_one,
    stated_priors,
)

HAND = Priors(mean=7, between_sd=2, within_sd=1, low=0, high=10, source="by hand", within_n=None)
"""Every client scatters alike, so that a course is the usual shrinkage."""


def rules(ratings: list[float | None], priors: Priors = STATED_PRIORS) -> list[str]:
    return [str(seen.rule) for seen in look_at_one(ratings, priors)]


# -- the prediction, by hand -----------------------------------------------------------------------


def test_the_expected_rating_lies_between_own_ratings_and_the_practices_mean() -> None:
    seen = look_at_one([8, 9, 5], HAND)[-1]
    # Two ratings with a mean of 8.5 weigh 2 / 1**2, the practice's mean of 7 weighs 1 / 2**2.
    precision = 2 / 1 + 1 / 4
    expected = (2 * 8.5 + 7 / 4) / precision
    sd = math.sqrt(1 + 1 / precision)
    assert seen.expected == pytest.approx(expected)
    assert seen.z == pytest.approx((5 - expected) / sd)
    assert seen.interval == pytest.approx((expected - 1.96 * sd, 10))
    assert (seen.status, seen.rule, seen.n, seen.priors) == (Status.TALK, Rule.FAR_BELOW, 2, HAND)


def test_a_rating_at_the_top_says_at_least_that_much() -> None:
    # One rating at the top, expected at 7 with a variance of 4 + 1: the sum of level and noise lies
    # above 10, which is 3 / sqrt(5) standard deviations up.
    a = 3 / math.sqrt(5)
    density = math.exp(-a * a / 2) / math.sqrt(2 * math.pi)
    mills = density / (math.erfc(a / math.sqrt(2)) / 2)
    mean = 7 + 4 / 5 * math.sqrt(5) * mills
    variance = 4 * (1 - 4 / 5 * mills * (mills - a))
    # The second rating is 8, within the scale: the usual update.
    gain = variance / (variance + 1)
    expected, left = mean + gain * (8 - mean), variance * (1 - gain)
    seen = look_at_one([10, 8, 5], HAND)[-1]
    assert seen.expected == pytest.approx(expected)
    assert seen.z == pytest.approx((5 - expected) / math.sqrt(left + 1))


def test_a_clients_own_scatter_counts_the_more_they_rated() -> None:
    priors = Priors(mean=7, between_sd=2, within_sd=1, low=-100, high=100, source="by hand", within_n=4)
    first, second = 8.0, 4.0
    # First rating: expected 7, variance 4 + 1. Of its squared difference a fifth is the rating's own.
    level, left = 7 + 4 / 5 * (first - 7), 4 * (1 - 4 / 5)
    scatter = (first - 7) ** 2 / 5
    within = (4 * 1 + scatter) / 5
    gain = left / (left + within)
    scatter += (second - level) ** 2 * within / (left + within)
    level, left = level + gain * (second - level), left * (1 - gain)
    within = (4 * 1 + scatter) / 6
    seen = look_at_one([first, second, 3], priors)[-1]
    t = (3 - level) / math.sqrt(left + within)
    z = -math.sqrt(6 * math.log1p(t * t / 6)) * (8 * 6 + 1) / (8 * 6 + 3)
    assert seen.expected == pytest.approx(level)
    assert seen.z == pytest.approx(z)
    assert abs(z) < abs(t)


def test_somebody_whose_ratings_always_swing_needs_a_larger_drop() -> None:
    calm, swinging = [7.0, 7.2] * 6, [9.0, 5.2] * 6
    assert rules([*calm, 5])[-1] == "far_below"
    z, z_swinging = (look_at_one([*course, 5], STATED_PRIORS)[-1].z for course in (calm, swinging))
    assert z is not None
    assert z_swinging is not None
    assert z < -1.96 < z_swinging


# -- rules -----------------------------------------------------------------------------------------


def test_a_first_and_a_second_rating_are_too_early() -> None:
    seen = look_at_one([1, 1.5], STATED_PRIORS)
    assert [(one.status, one.rule, one.z, one.expected) for one in seen] == [
        (Status.STEADY, Rule.TOO_EARLY, None, None)
    ] * 2


def test_a_rating_somewhat_below_is_to_watch_and_far_below_to_talk_about() -> None:
    assert rules([8, 8.5, 8, 8.5, 6.9])[-1] == "below"
    assert rules([8, 8.5, 8, 8.5, 5])[-1] == "far_below"


def test_two_low_ratings_within_three_are_to_talk_about() -> None:
    assert rules([8, 8.5, 8, 8.5, 8, 6.8, 8, 6.7])[-3:] == ["below", "", "below_twice"]
    assert rules([8, 8.5, 8, 8.5, 8, 6.8, 8, 8, 6.7])[-4:] == ["below", "", "", "below"]


def test_a_slow_decline_adds_up() -> None:
    limits = Limits(watch=1.9)  # no single rating is low
    course = [8.0, 8.2, 8.0, 8.2, 8.0, 7.5, 7.2, 6.8, 6.5, 6.2, 5.9]
    found = [seen.rule for seen in look_at_one(course, STATED_PRIORS, limits=limits)]
    assert found[2:-2] == [Rule.NONE] * 7
    assert found[-2:] == [Rule.DRIFTING] * 2


def test_a_good_rating_after_low_ones_raises_nothing() -> None:
    seen = look_at_one([8, 8.5, 8, 4, 4, 4, 9.5], STATED_PRIORS)[-1]
    assert (seen.status, seen.rule) == (Status.STEADY, Rule.NONE)


def test_ratings_always_at_the_top_are_named_and_no_alert() -> None:
    seen = look_at_one([10] * 6, STATED_PRIORS)
    assert {(one.status, one.rule) for one in seen[2:]} == {(Status.STEADY, Rule.ALWAYS_TOP)}
    assert all(one.z is not None and one.z > 0 for one in seen[2:])


@pytest.mark.parametrize("rating", [1.0, 5.0, 9.0, 0.0])
def test_ratings_that_never_vary_are_named_and_no_alert(rating: float) -> None:
    seen = look_at_one([rating] * 6, STATED_PRIORS)
    assert {(one.status, one.rule) for one in seen[2:]} == {(Status.STEADY, Rule.NEVER_VARIES)}


def test_a_drop_after_always_the_top_is_seen() -> None:
    assert rules([10, 10, 10, 10, 7])[-2:] == ["always_top", "far_below"]


def test_a_missing_rating_is_missing_and_changes_nothing() -> None:
    with_gaps = look_at_one([8, None, 9, None, None, 5], HAND)
    without = look_at_one([8, 9, 5], HAND)
    gap = with_gaps[1]
    assert (gap.status, gap.rule, gap.rating, gap.z, gap.expected) == (None, Rule.MISSING, *[None] * 3)
    assert [one.missed for one in with_gaps] == [0, 0, 1, 1, 2, 3]
    assert with_gaps[-1].z == without[-1].z
    assert with_gaps[-1].rule == without[-1].rule
    assert with_gaps[-1].n == 2


def test_nobody_and_nothing_answered_give_nothing() -> None:
    assert look_at_one([], STATED_PRIORS) == ()
    assert rules([None, None]) == ["missing", "missing"]
    assert len(look([], np.array([], dtype=int), [], priors=STATED_PRIORS)) == 0


def test_limits_are_the_readers_choice() -> None:
    course = [8, 8.5, 8, 8.5, 6.9]
    assert look_at_one(course, STATED_PRIORS, limits=Limits(talk=1.3))[-1].rule == Rule.FAR_BELOW
    assert look_at_one(course, STATED_PRIORS, limits=Limits(watch=1.9))[-1].rule == Rule.NONE
    assert look_at_one(course, STATED_PRIORS, limits=Limits(first=6))[-1].rule == Rule.TOO_EARLY


def test_a_look_says_in_json_what_it_rests_on() -> None:
    document = look_at_one([8, None, 9, 5], HAND)[-1].to_json()
    assert (document["status"], document["rule"], document["n"]) == ("talk", "far_below", 2)
    assert document["missed"] == 1
    assert Priors.from_json(document["priors"]) == HAND
    assert len(document["interval"]) == 2
    assert look_at_one([None], HAND)[0].to_json()["interval"] is None


# -- what does not matter --------------------------------------------------------------------------

half_points = st.integers(0, 20).map(lambda twice: twice / 2)
courses = st.lists(st.one_of(st.none(), half_points), max_size=12)
many = st.dictionaries(st.integers(0, 50), courses, max_size=5)


def columns(clients: dict[int, list[float | None]]) -> dict[str, Any]:
    rows = [(who, at, one) for who, course in clients.items() for at, one in enumerate(course)]
    return {
        "client": np.array([row[0] for row in rows], dtype=int),
        "occasion": np.array([row[1] for row in rows], dtype=int),
        "rating": np.array([0.0 if row[2] is None else row[2] for row in rows]),
        "answered": np.array([row[2] is not None for row in rows], dtype=bool),
    }


@given(many)
def test_many_clients_at_once_are_looked_at_as_each_alone(
    clients: dict[int, list[float | None]],
) -> None:
    together = iter(look(**columns(clients), priors=STATED_PRIORS))
    for course in clients.values():
        for alone in look_at_one(course, STATED_PRIORS):
            assert next(together) == alone


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(clients: dict[int, list[float | None]], random: Any) -> None:
    table = columns(clients)
    order = list(range(len(table["client"])))
    random.shuffle(order)
    whole = list(look(**table, priors=STATED_PRIORS))
    shuffled = {name: column[order] for name, column in table.items()}
    assert list(look(**shuffled, priors=STATED_PRIORS)) == [whole[row] for row in order]


@given(many, courses)
def test_another_client_changes_nobodys_course(
    clients: dict[int, list[float | None]], other: list[float | None]
) -> None:
    before = list(look(**columns(clients), priors=STATED_PRIORS))
    after = look(**columns({**clients, 99: other}), priors=STATED_PRIORS)
    assert [seen for _, seen in zip(before, after, strict=False)] == before


@given(courses, st.sampled_from([4.0, 0.5, 10.0]), st.sampled_from([0.0, 1.0, -20.0]))
def test_the_same_course_on_another_scale_is_the_same(
    course: list[float | None], times: float, plus: float
) -> None:
    def moved(seen: Look) -> tuple[Any, ...]:
        return seen.status, seen.rule, seen.n, seen.missed, seen.z is None

    other = stated_priors(plus, plus + 10 * times)
    there = look_at_one([None if one is None else one * times + plus for one in course], other)
    here = look_at_one(course, STATED_PRIORS)
    near = [min(abs(abs(one.z) - limit) for limit in (1.28, 1.96)) for one in here if one.z]
    if not near or min(near) > 1e-9:  # rounding must not decide
        assert list(map(moved, there)) == list(map(moved, here))
    for one, other_one in zip(here, there, strict=True):
        if one.z is not None and one.expected is not None:
            assert other_one.z == pytest.approx(one.z, abs=1e-9)
            assert other_one.expected == pytest.approx(one.expected * times + plus)


@given(courses)
def test_later_ratings_do_not_change_an_earlier_look(course: list[float | None]) -> None:
    whole = look_at_one(course, STATED_PRIORS)
    for n in range(len(course)):
        assert look_at_one(course[:n], STATED_PRIORS) == whole[:n]


@given(courses)
def test_what_is_expected_lies_on_the_scale(course: list[float | None]) -> None:
    for seen in look_at_one(course, STATED_PRIORS):
        if seen.expected is not None and seen.interval is not None:
            assert 0 <= seen.interval[0] <= seen.expected <= seen.interval[1] <= 10


@given(st.lists(half_points, min_size=3, max_size=10), st.floats(0.1, 3))
def test_a_lower_rating_is_never_less_of_a_surprise(course: list[float], by: float) -> None:
    lower = max(course[-1] - by, 0)
    z, z_lower = (
        look_at_one([*course[:-1], last], STATED_PRIORS)[-1].z for last in (course[-1], lower)
    )
    assert z is not None
    assert z_lower is not None
    assert z_lower <= z


def test_occasions_may_be_dates() -> None:
    days = np.array(["2025-03-01", "2025-01-01", "2025-02-01"], dtype="datetime64[D]")
    seen = look(["a"] * 3, days, [5, 8, 9], priors=HAND)
    assert seen[0] == look_at_one([8, 9, 5], HAND)[-1]


# -- priors ----------------------------------------------------------------------------------------


def practice(
    n: int, *, mean: float, between: float, within: float, seed: int = 1, meetings: int = 12
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    level = mean + between * rng.standard_normal((n, 1))
    rating = np.clip(level + within * rng.standard_normal((n, meetings)), 0, 10)
    return {
        "client": np.repeat(np.arange(n), meetings),
        "occasion": np.tile(np.arange(meetings), n),
        "rating": rating.ravel(),
    }


def test_priors_are_found_again_though_half_of_the_ratings_are_at_the_top() -> None:
    table = practice(400, mean=9.8, between=1.5, within=0.9)
    assert (table["rating"] == 10).mean() > 0.4
    priors = estimate_priors(**table, low=0, high=10)
    assert priors.mean == pytest.approx(9.8, abs=0.25)
    assert priors.between_sd == pytest.approx(1.5, abs=0.25)
    assert priors.within_sd == pytest.approx(0.9, abs=0.06)
    assert (priors.n_clients, priors.n_ratings) == (400, 4800)
    assert priors.source == "estimated from 400 clients and 4800 ratings of this practice"


def test_too_few_clients_leave_the_stated_priors_and_say_so() -> None:
    priors = estimate_priors(**practice(19, mean=7, between=1, within=1), low=0, high=10)
    assert (priors.mean, priors.within_sd, priors.n_clients) == (8.2, 0.8, 0)
    assert priors.source.endswith("(clients with 3 ratings: 19, of 20 needed)")
    assert "stated" in priors.source


def test_missing_ratings_are_not_counted_for_priors() -> None:
    table = practice(30, mean=7, between=1, within=1)
    answered = np.arange(len(table["rating"])) % 3 > 0
    table["rating"][~answered] = np.nan
    priors = estimate_priors(**table, answered=answered, low=0, high=10)
    assert (priors.n_clients, priors.n_ratings) == (30, 240)


@pytest.mark.parametrize("rating", [10.0, 0.0, 6.5])
def test_a_practice_whose_ratings_are_all_the_same_has_priors_too(rating: float) -> None:
    table = practice(30, mean=7, between=1, within=1)
    table["rating"][:] = rating
    priors = estimate_priors(**table, low=0, high=10)
    assert priors.between_sd > 0
    assert priors.within_sd > 0
    assert -5 <= priors.mean <= 15


def test_an_even_selection_of_many_clients_is_enough() -> None:
    table = practice(3000, mean=7, between=1, within=1, meetings=4)
    answered = np.arange(len(table["rating"])) % 4 != 1
    priors = estimate_priors(**table, answered=answered, low=0, high=10)
    assert (priors.n_clients, priors.n_ratings) == (2000, 6000)
    assert priors.mean == pytest.approx(7, abs=0.1)


def test_the_order_of_clients_does_not_matter_for_priors() -> None:
    table = practice(25, mean=8, between=1, within=1)
    order = np.random.default_rng(3).permutation(len(table["rating"]))
    shuffled = {name: column[order] for name, column in table.items()}
    one, other = (estimate_priors(**rows, low=0, high=10) for rows in (table, shuffled))
    assert one == other


def test_stated_priors_fit_any_scale() -> None:
    priors = stated_priors(0, 40)
    assert (priors.mean, priors.between_sd, priors.within_sd) == pytest.approx((32.8, 4.8, 3.2))
    assert stated_priors() == STATED_PRIORS


def test_priors_survive_json() -> None:
    assert Priors.from_json(HAND.to_json()) == HAND
    assert Priors.from_json(STATED_PRIORS.to_json()) == STATED_PRIORS


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rating", [math.nan, math.inf, -math.inf, -0.1, 10.1, "much"])
def test_a_rating_that_is_none_is_refused(rating: Any) -> None:
    with pytest.raises(BadInput, match=r"from 0 to 10|no numbers"):
        look_at_one([8, rating, 9], STATED_PRIORS)


def test_an_error_says_in_which_row() -> None:
    with pytest.raises(BadInput, match=r"rating in row 3 is 12; expected a number from 0 to 10"):
        look([1, 1, 1], [1, 2, 3], [8, 9, 12], priors=STATED_PRIORS)


def test_two_ratings_of_one_occasion_are_refused() -> None:
    with pytest.raises(BadInput, match="rows 1 and 3 are of the same client and occasion"):
        look(["a", "b", "a"], [1, 1, 1], [8, 9, 7], priors=STATED_PRIORS)


@pytest.mark.parametrize(
    ("client", "occasion", "rating", "answered", "match"),
    [
        (["a"], [1, 2], [8], None, "expected one length"),
        (["a", "a"], [1, 2], [8], None, "expected one length"),
        (["a", "a"], [1, 2], [8, 9], [True], "expected two columns of one length"),
        (["a", "a"], [1, 2], [8, 9], [1, 0], "True or False"),
        (["a", "a"], [1, math.nan], [8, 9], None, "an occasion is missing"),
        (["a", "a"], ["1", "2"], [8, 9], None, "neither a number nor a date"),
        ([1.5, 2.5], [1, 2], [8, 9], None, "expected text or whole numbers"),
        ([["a"]], [[1]], [[8]], None, "expected"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    client: Any, occasion: Any, rating: Any, answered: Any, match: str
) -> None:
    with pytest.raises(BadInput, match=match):
        look(client, occasion, rating, answered=answered, priors=STATED_PRIORS)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"within_sd": 0}, "expected a number above 0"),
        ({"between_sd": -1}, "expected a number above 0"),
        ({"mean": math.nan}, "expected one"),
        ({"mean": "eight"}, "expected one"),
        ({"mean": None}, "expected one"),
        ({"low": 10}, "expected low below high"),
        ({"within_n": 0}, "expected a number above 0"),
        ({"n_clients": -1}, "expected a whole number"),
        ({"source": " "}, "expected words"),
        ({"colour": "blue"}, "1 unknown entries"),
    ],
)
def test_priors_that_make_no_sense_are_refused(change: dict[str, Any], match: str) -> None:
    with pytest.raises(BadInput, match=match):
        Priors.from_json(HAND.to_json() | change)


def test_priors_that_lack_something_are_refused() -> None:
    with pytest.raises(BadInput, match="priors lack mean"):
        Priors.from_json({"between_sd": 1, "within_sd": 1, "low": 0, "high": 10, "source": "x"})


@pytest.mark.parametrize(("low", "high"), [(10, 0), (0, 0), (0, math.inf)])
def test_a_scale_without_length_is_refused(low: float, high: float) -> None:
    with pytest.raises(BadInput, match="low below high"):
        stated_priors(low, high)


@pytest.mark.parametrize(
    "limits", [{"watch": 2.5}, {"watch": 0}, {"weight": 0}, {"drift": 0}, {"window": 0}, {"first": 1}]
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="expected"):
        Limits(**limits)

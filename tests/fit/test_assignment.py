"""The best proposal for a waiting list, checked against trying out all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.fit.assignment import (
    NOBODY,
    Assignment,
    Lists,
    Slots,
    Why,
    assign,
    certify,
    reassign,
)

NO = -np.inf


def tried_out(
    scores: np.ndarray, capacity: np.ndarray, waiting: np.ndarray, slots: Slots | None = None
) -> tuple[int, float]:
    """Try every proposal: how many can be placed, and the best sum among those."""
    n, m = scores.shape
    hours = range(slots.therapists.shape[1]) if slots else range(1)
    options = [(NOBODY, 0), *product(range(m), hours)]
    best = (0, 0.0)
    for chosen in product(options, repeat=n):
        load = np.zeros((m, len(hours)), dtype=int)
        value, placed = 0.0, 0
        for client, (therapist, hour) in enumerate(chosen):
            if therapist != NOBODY:
                fits = not slots or (slots.clients[client, hour] and slots.therapists[therapist, hour])
                value += scores[client, therapist] + waiting[client] if fits else NO
                load[therapist, hour] += 1
                placed += 1
        full = (load.sum(axis=1) > capacity).any() or (slots is not None and (load > 1).any())
        if not full and value > NO:
            best = max(best, (placed, value))
    return best


def reached(assignment: Assignment, waiting: np.ndarray) -> tuple[int, float]:
    placed = assignment.therapist != NOBODY
    return int(placed.sum()), float(assignment.objective + waiting[placed].sum())


@st.composite
def waiting_lists(draw: st.DrawFn, slots: bool = False) -> tuple[np.ndarray, ...]:
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    score = st.one_of(st.integers(-4, 4).map(lambda x: x / 4), st.just(NO))
    scores = np.array(draw(st.lists(score, min_size=n * m, max_size=n * m))).reshape(n, m)
    capacity = np.array(draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)))
    waiting = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))) / 2
    if not slots:
        return scores, capacity, waiting
    free = st.lists(st.booleans(), min_size=2, max_size=2)
    clients = np.array(draw(st.lists(free, min_size=n, max_size=n)))
    therapists = np.array(draw(st.lists(free, min_size=m, max_size=m)))
    return scores, capacity, waiting, clients, therapists


def as_lists(scores: np.ndarray) -> Lists:
    therapist = np.where(scores > NO, np.arange(scores.shape[1]), NOBODY)
    return Lists(therapist[:, ::-1], np.where(scores > NO, scores, 0.0)[:, ::-1])


@given(waiting_lists())
def test_it_finds_the_best_of_all_proposals(case: tuple[np.ndarray, ...]) -> None:
    scores, capacity, waiting = case
    for table in (scores, as_lists(scores), Lists.of(scores)):
        found = assign(table, capacity, waiting=waiting)
        assert reached(found, waiting) == pytest.approx(tried_out(scores, capacity, waiting))
        assert certify(found).optimal


@given(waiting_lists(slots=True))
def test_it_finds_the_best_of_all_proposals_with_hours(case: tuple[np.ndarray, ...]) -> None:
    scores, capacity, waiting, clients, therapists = case
    slots = Slots(clients, therapists)
    for table in (scores, as_lists(scores)):
        found = assign(table, capacity, waiting=waiting, slots=slots)
        expected = tried_out(scores, capacity, waiting, slots)
        assert reached(found, waiting) == pytest.approx(expected)
        assert certify(found).optimal
        for client, (who, hour) in enumerate(zip(found.therapist, found.slot, strict=True)):
            assert (who == NOBODY) == (hour == NOBODY)
            assert who == NOBODY or (clients[client, hour] and therapists[who, hour])


@given(waiting_lists(slots=True), st.data())
def test_a_proposal_after_a_change_is_as_good_as_a_new_one(
    case: tuple[np.ndarray, ...], data: st.DataObject
) -> None:
    scores, capacity, waiting, clients, therapists = case
    n, m = scores.shape
    later = np.array(data.draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)))
    gone = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    left = [client for client in range(n) if client not in gone]
    for slots, part in (
        (None, None),
        (Slots(clients, therapists), Slots(clients[left], therapists)),
    ):
        before = assign(scores, capacity, waiting=waiting, slots=slots)
        kept = before.therapist.copy()
        after = reassign(before, capacity=later, gone=gone)
        new = assign(scores[left], later, waiting=waiting[left], slots=part)
        assert reached(after, waiting) == pytest.approx(reached(new, waiting[left]))
        assert certify(after).optimal
        assert {after.unassigned()[client] for client in gone} <= {Why.GONE}
        np.testing.assert_array_equal(before.therapist, kept)
        warm = assign(scores, later, waiting=waiting, slots=slots, start=before)
        cold = assign(scores, later, waiting=waiting, slots=slots)
        assert reached(warm, waiting) == pytest.approx(reached(cold, waiting))


def test_people_who_wait_longer_come_first_where_places_are_short() -> None:
    scores = np.array([[0.9], [0.8], [0.7]])
    assert assign(scores, [1]).therapist.tolist() == [0, NOBODY, NOBODY]
    found = assign(scores, [1], waiting=[0.0, 0.0, 0.3])
    assert found.therapist.tolist() == [NOBODY, NOBODY, 0]
    assert found.objective == 0.7  # what waiting counts is no fit


def test_a_place_for_one_more_counts_more_than_any_scores() -> None:
    scores = np.array([[1.0, 0.0], [0.9, NO]])
    assert assign(scores, [1, 1]).therapist.tolist() == [1, 0]


def test_it_says_why_somebody_has_no_place() -> None:
    scores = np.array([[1.0, 1.0], [NO, NO], [0.5, 0.5], [1.0, NO]])
    slots = Slots(
        np.array([[True, False], [True, True], [False, True], [True, False]]),
        np.array([[True, False], [True, False]]),
    )
    found = assign(scores, [1, 0], slots=slots)
    why = found.unassigned()
    assert why[1] is Why.NOBODY_FITS
    assert why[2] is Why.NO_COMMON_SLOT
    assert sorted(why) in ([0, 1, 2], [1, 2, 3])
    assert {why[client] for client in why if client in (0, 3)} == {Why.ALL_FULL}


def test_an_earlier_proposal_is_kept_unless_the_gain_is_worth_it() -> None:
    scores = np.array([[0.5, 0.55], [0.55, 0.5]])
    assert assign(scores, [1, 1]).therapist.tolist() == [1, 0]
    kept = assign(scores, [1, 1], before=[0, 1], before_bonus=0.1)
    assert kept.therapist.tolist() == [0, 1]
    assert kept.score.tolist() == [0.5, 0.5]
    assert certify(kept).optimal
    moved = assign(scores, [1, 1], before=[0, NOBODY], before_bonus=0.01)
    assert moved.therapist.tolist() == [1, 0]


def test_starting_from_a_proposal_moves_nobody_without_a_gain() -> None:
    scores = np.ones((4, 2))
    first = assign(scores, [2, 2])
    other = first.therapist[::-1].copy()
    again = assign(scores, [2, 2], start=reassign(first))
    np.testing.assert_array_equal(again.therapist, first.therapist)
    assert sorted(other) == [0, 0, 1, 1]


@given(waiting_lists(), st.randoms())
def test_the_order_of_people_does_not_change_what_is_reached(
    case: tuple[np.ndarray, ...], random: object
) -> None:
    scores, capacity, waiting = case
    n, m = scores.shape
    rows, columns = random.sample(range(n), n), random.sample(range(m), m)  # type: ignore[attr-defined]
    once = assign(scores, capacity, waiting=waiting)
    moved = assign(scores[np.ix_(rows, columns)], capacity[columns], waiting=waiting[rows])
    assert reached(moved, waiting[rows]) == pytest.approx(reached(once, waiting))


def test_a_certificate_does_not_believe_wrong_prices_or_a_worse_proposal() -> None:
    found = assign(np.array([[1.0, 0.4], [0.9, 0.2]]), [1, 1])
    assert certify(found).optimal
    dear = replace(found, therapist_price=found.therapist_price + 0.1)
    assert certify(dear).bound == pytest.approx(certify(found).bound)  # both are full
    wrong = replace(found, therapist_price=found.therapist_price[::-1])
    assert not certify(wrong).optimal
    worse = replace(found, therapist=found.therapist[::-1])
    assert not certify(worse).optimal
    with pytest.raises(BadInput, match="a price is below 0"):
        certify(replace(found, therapist_price=found.therapist_price - 2))
    with pytest.raises(BadInput, match="goes beyond a capacity"):
        certify(replace(found, therapist=np.array([0, 0])))


def test_larger_cases_are_proved_too() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random((200, 30))
    found = assign(scores, np.full(30, 8))
    assert certify(found).optimal
    assert np.bincount(found.therapist, minlength=30).max() <= 8
    popular = 0.5 * scores + 0.5 * rng.random(30)
    short = assign(popular, np.full(30, 5), waiting=rng.random(200))
    assert certify(short).optimal
    assert len(short.unassigned()) == 50
    same = assign(np.ones((200, 30)), np.full(30, 8))
    assert same.objective == 200


@pytest.mark.parametrize("capacity", [[0, 0], []])
def test_without_any_place_everybody_stays_on_the_list(capacity: list[int]) -> None:
    found = assign(np.zeros((3, len(capacity))), np.array(capacity, dtype=int))
    assert found.therapist.tolist() == [NOBODY] * 3
    assert found.objective == 0
    assert certify(found).optimal


def test_nobody_on_the_list_is_a_proposal_too() -> None:
    found = assign(np.zeros((0, 2)), [1, 1])
    assert found.therapist.tolist() == []
    assert certify(found).optimal


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: assign([[1.0]], [-1]), "therapist 0 has capacity -1; expected 0 or more"),
        (lambda: assign([[1.0]], [1.5]), "not one whole number for each therapist"),
        (lambda: assign([[1.0]], [1, 1]), "expected a column for each of 2 therapists"),
        (lambda: assign([[np.nan]], [1]), "not a finite number"),
        (lambda: assign([[np.inf]], [1]), "not a finite number"),
        (lambda: assign([[1.0]], [1], waiting=[-1.0]), "one number of 0 or more for each of 1"),
        (lambda: assign([[1.0]], [1], before=[1], before_bonus=1), "earlier therapists"),
        (lambda: assign([[1.0]], [1], before=[0], before_bonus=-1), "the bonus"),
        (lambda: assign(Lists(np.array([[0, 0]]), np.ones((1, 2))), [1]), "names a therapist twice"),
        (lambda: assign(Lists(np.array([[1]]), np.ones((1, 1))), [1]), "beyond the 1"),
        (lambda: assign(Lists(np.array([[0]]), np.ones((1, 2))), [1]), "differ in shape"),
        (
            lambda: assign([[1.0]], [1], slots=Slots(np.ones((1, 2), bool), np.ones((1, 3), bool))),
            "different grids",
        ),
        (lambda: assign([[1.0]], [1], start=assign([[1.0, 1.0]], [1, 1])), "for other people"),
        (lambda: reassign(assign([[1.0]], [1]), gone=[1]), "client 1 is not on this waiting list"),
        (lambda: reassign(assign([[1.0]], [1]), capacity=[1, 1]), "2 capacities for 1"),
    ],
)
def test_what_cannot_be_solved_is_refused(make: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make()  # type: ignore[operator]

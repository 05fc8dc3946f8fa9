"""The best proposal for a waiting list, checked against trying out all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    for table in (scores, as_lists(scores)):
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

"""Who could begin with whom: the best proposal for a whole waiting list, with a proof.

As many people as possible get a place; among all ways to do that, the sum of scores, of what the
waiting counts and of what an earlier proposal counts is the largest there is. The prices that come
with it prove that, and :func:`certify` checks them without trusting the way they were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.fit.layout import NOBODY, Layout, Lists, Slots, lay_out, read_capacity
from openrapport.fit.places import State, warm_prices

__all__ = [
    "NOBODY",
    "Assignment",
    "Certificate",
    "Lists",
    "Slots",
    "Why",
    "assign",
    "certify",
    "reassign",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDING = 1e-13


class Why(StrEnum):
    """Why somebody has no place in a proposal."""

    NOBODY_FITS = "nobody_fits"
    NO_COMMON_SLOT = "no_common_slot"
    ALL_FULL = "all_full"
    GONE = "gone"


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """A proposal, and the prices that prove it.

    Parameters
    ----------
    therapist : ndarray of int, shape (n,)
        Whose client each would be; -1 without a place.
    slot : ndarray of int, shape (n,)
        Which weekly hour; -1 without a place or where no slots were given.
    score : ndarray of float, shape (n,)
        Of the pair; NaN without a place.
    therapist_price : ndarray of float, shape (m,)
        What one more place of a therapist would add; 0 where one is free.
    slot_price : ndarray of float, shape (m, s)
        What a second client in this hour would add, beyond the therapist's price.
    """

    therapist: Ints
    slot: Ints
    score: Floats
    therapist_price: Floats
    slot_price: Floats
    _layout: Layout = field(repr=False)
    _state: State = field(repr=False)

    @property
    def objective(self) -> float:
        """The sum of scores.

        Returns
        -------
        objective : float
            In score points, of all who have a place.
        """
        return float(np.nansum(self.score))

    def unassigned(self) -> dict[int, Why]:
        """Say who has no place, and why.

        Returns
        -------
        why : dict of int to Why
            By client.
        """
        without = np.flatnonzero(self.therapist == NOBODY)
        return {int(client): _why(self._layout, int(client)) for client in without}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the prices prove.

    Parameters
    ----------
    value : float
        What was made as large as possible: scores, waiting and earlier proposals of all who have
        a place, less a large amount for everybody who has none.
    bound : float
        No proposal can be worth more, whichever way it was found.
    tolerance : float
        What rounding may make of sums of this size.
    """

    value: float
    bound: float
    tolerance: float

    @property
    def optimal(self) -> bool:
        """Whether nothing better exists.

        Returns
        -------
        optimal : bool
            True where value and bound meet.
        """
        return abs(self.bound - self.value) <= self.tolerance


def assign(
    scores: ArrayLike | Lists,
    capacity: ArrayLike,
    *,
    slots: Slots | None = None,
    waiting: ArrayLike | None = None,
    before: ArrayLike | None = None,
    before_bonus: float = 0.0,
    start: Assignment | None = None,
) -> Assignment:
    """Propose a therapist for everybody on a waiting list.

    Parameters
    ----------
    scores : array_like, shape (n, m), or Lists
        In score points, the higher the better; -inf where a pair is not possible.
    capacity : array_like of int, shape (m,)
        How many new clients each therapist can take, >= 0.
    slots : Slots, optional
        When people have time; without it, time does not count.
    waiting : array_like, shape (n,), optional
        What the waiting counts, in score points, >= 0: where places are short, it decides
        together with the scores who gets one. It does not change whom anybody fits.
    before : array_like of int, shape (n,), optional
        The therapist that each had in an earlier proposal; -1 for nobody.
    before_bonus : float
        What staying with that counts, in score points, >= 0: smaller gains move nobody.
    start : Assignment, optional
        A proposal for the same clients, therapists and slots in the same order, with other
        scores or capacities: it is begun from, which is faster and moves fewer people on ties.

    Returns
    -------
    assignment : Assignment
        With everybody who can have a place in one.

    Raises
    ------
    BadInput
        If shapes do not fit, a capacity is below 0, or a score is not a number.

    References
    ----------
    AhujaEtAl1993
    """
    layout = lay_out(scores, capacity, slots, waiting, before, before_bonus)
    network = layout.network
    if start is None:
        price, keep = layout.begin()
    else:
        if start._layout.shape != layout.shape or len(start.therapist) != len(network.stay):
            raise BadInput("the proposal to start from is for other people or slots; start without it")
        price = layout.price(start.therapist_price, start.slot_price)
        price = warm_prices(network, price, layout.spread)
        keep = layout.nodes(start.therapist, start.slot)
    state = State(network, price, keep, tolerance=_ROUNDING * layout.large)
    state.repair()
    return _assignment(layout, state)


def reassign(
    assignment: Assignment, *, capacity: ArrayLike | None = None, gone: Sequence[int] = ()
) -> Assignment:
    """Propose anew after a small change, from where the last proposal stood.

    Only those move who must for the best proposal, and it takes about as long as their way.

    Parameters
    ----------
    assignment : Assignment
        The last proposal.
    capacity : array_like of int, shape (m,), optional
        How many each therapist can take now; without it, as before.
    gone : sequence of int
        Clients who no longer look for a place: they chose, or left.

    Returns
    -------
    assignment : Assignment
        As :func:`assign` would find it, up to ties.

    Raises
    ------
    BadInput
        If the capacities do not fit, or a client is unknown or already gone.
    """
    layout, state = assignment._layout, assignment._state
    network = layout.network
    for client in gone:
        if not 0 <= client < len(network.stay) or np.isposinf(network.stay[client]):
            raise BadInput(f"client {client} is not on this waiting list; expected one who is")
    room = network.room
    if capacity is not None:
        places = read_capacity(capacity)
        if len(places) != len(assignment.therapist_price):
            raise BadInput(f"{len(places)} capacities for {len(assignment.therapist_price)} therapists")
        room = layout.room(places)
    state = state.changed(room=room, gone=list(dict.fromkeys(gone)))
    state.repair()
    return _assignment(replace(layout, network=state.network), state)


def certify(assignment: Assignment) -> Certificate:
    """Check that no better proposal exists, from the prices alone.

    For any prices, nobody can be worth more than their best place at these prices, plus what all
    places together cost: that bounds every proposal. Prices are right where the bound is reached.

    Parameters
    ----------
    assignment : Assignment
        A proposal.

    Returns
    -------
    certificate : Certificate
        ``optimal`` where nothing better exists.

    Raises
    ------
    BadInput
        If the proposal puts more people into a place than it can take, or where they cannot go, or a
        price is below 0.
    """
    layout = assignment._layout
    network = layout.network
    here = ~np.isposinf(network.stay)
    nodes = layout.nodes(assignment.therapist, assignment.slot)
    load = np.bincount(nodes[here], minlength=network.outside + 1)[:-1]
    for therapist in range(network.places, network.outside):
        load[therapist] = load[: network.places][network.parent[: network.places] == therapist].sum()
    values = np.array([network.value_in(i, int(nodes[i])) for i in np.flatnonzero(here).tolist()])
    if (load > network.room).any() or np.isneginf(values).any():
        raise BadInput("a proposal goes beyond a capacity, a need or a slot; assign anew")
    price = layout.price(assignment.therapist_price, assignment.slot_price)
    _at, worth = network.best(price)
    above = price[:-1] - price[network.parent]
    if not (above >= 0).all():
        raise BadInput("a price is below 0, which proves nothing; assign anew")
    cost = network.room * above
    terms = np.abs(worth[here]).sum() + np.abs(cost).sum() + np.abs(values).sum()
    return Certificate(
        value=float(values.sum()),
        bound=float(worth[here].sum() + cost.sum()),
        tolerance=float(64 * np.finfo(float).eps * (terms + layout.large)),
    )


def _assignment(layout: Layout, state: State) -> Assignment:
    outside, places = layout.network.outside, layout.network.places
    therapist_price, slot_price = layout.prices_of(state)
    node = np.where(state.at == outside, places, state.at)
    therapist = np.append(layout.owner, NOBODY)[node]
    stayed = 0.0 if layout.before is None else layout.bonus * (therapist == layout.before)
    return Assignment(
        therapist=therapist,
        slot=np.append(layout.hour, NOBODY)[node],
        score=np.where(therapist == NOBODY, np.nan, state.value_at - stayed),
        therapist_price=therapist_price,
        slot_price=slot_price,
        _layout=layout,
        _state=state,
    )


def _why(layout: Layout, client: int) -> Why:
    network = layout.network
    if np.isposinf(network.stay[client]):
        return Why.GONE
    if not layout.any_option[client]:
        return Why.NOBODY_FITS
    return Why.NO_COMMON_SLOT if np.isneginf(network.value[client]).all() else Why.ALL_FULL

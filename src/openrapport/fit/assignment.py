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
from openrapport.fit.places import Network, State, warm_prices

__all__ = ["Assignment", "Certificate", "Lists", "Slots", "Why", "assign", "certify", "reassign"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOBODY = -1
"""Stands for no therapist and for no slot."""

_ROUNDING = 1e-13
_CHUNK = 1024


class Why(StrEnum):
    """Why somebody has no place in a proposal."""

    NOBODY_FITS = "nobody_fits"
    NO_COMMON_SLOT = "no_common_slot"
    ALL_FULL = "all_full"
    GONE = "gone"


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Scores of the therapists whom each client could see at all.

    Parameters
    ----------
    therapist : ndarray of int, shape (n, w)
        Therapists of each client, each at most once, -1 where the list is shorter.
    score : ndarray of float, shape (n, w)
        In score points; ignored where there is no therapist.
    """

    therapist: Ints
    score: Floats

    @classmethod
    def of(cls, scores: ArrayLike) -> Lists:
        """Keep only the pairs that are possible.

        Parameters
        ----------
        scores : array_like, shape (n, m)
            -inf where a pair is not possible.

        Returns
        -------
        lists : Lists
            As wide as the longest; worth while where needs leave few therapists to most.
        """
        table = np.asarray(scores, dtype=float)
        row, column = np.nonzero(~np.isneginf(table))
        counts = np.bincount(row, minlength=len(table))
        place = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
        therapist = np.full((len(table), counts.max(initial=0)), NOBODY)
        score = np.zeros(therapist.shape)
        therapist[row, place], score[row, place] = column, table[row, column]
        return cls(therapist, score)


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """When people have time, on one grid of weekly hours. A therapist's hour takes one client.

    Parameters
    ----------
    clients : ndarray of bool, shape (n, s)
        When a client could come.
    therapists : ndarray of bool, shape (m, s)
        When a therapist has an hour free.
    """

    clients: NDArray[np.bool_]
    therapists: NDArray[np.bool_]


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
    _problem: _Problem = field(repr=False)
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
        return {int(client): self._problem.why(int(client)) for client in without}


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
    problem = _problem(scores, capacity, slots, waiting, before, before_bonus)
    network = problem.network
    if start is None:
        price, keep = problem.begin()
    else:
        if start._problem.shape != problem.shape or len(start.therapist) != len(network.stay):
            raise BadInput("the proposal to start from is for other people or slots; start without it")
        price = problem.price(start.therapist_price, start.slot_price)
        price = warm_prices(network, price, problem.spread)
        keep = problem.nodes(start.therapist, start.slot)
    state = State(network, price, keep, tolerance=_ROUNDING * problem.large)
    state.repair()
    return problem.assignment(state)


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
    problem, state = assignment._problem, assignment._state
    network = problem.network
    for client in gone:
        if not 0 <= client < len(network.stay) or np.isposinf(network.stay[client]):
            raise BadInput(f"client {client} is not on this waiting list; expected one who is")
    room = network.room
    if capacity is not None:
        places = _capacity(capacity)
        if len(places) != len(assignment.therapist_price):
            raise BadInput(f"{len(places)} capacities for {len(assignment.therapist_price)} therapists")
        room = problem.room(places)
    state = state.changed(room=room, gone=list(dict.fromkeys(gone)))
    state.repair()
    return replace(problem, network=state.network).assignment(state)


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
        If the proposal puts more people into a place than it can take, or where they cannot go.
    """
    problem = assignment._problem
    network = problem.network
    here = ~np.isposinf(network.stay)
    nodes = problem.nodes(assignment.therapist, assignment.slot)
    load = np.bincount(nodes[here], minlength=network.outside + 1)[:-1]
    for therapist in range(network.places, network.outside):
        load[therapist] = load[: network.places][network.parent[: network.places] == therapist].sum()
    values = np.array([network.value_in(i, int(nodes[i])) for i in np.flatnonzero(here).tolist()])
    if (load > network.room).any() or np.isneginf(values).any():
        raise BadInput("a proposal goes beyond a capacity, a need or a slot; assign anew")
    price = problem.price(assignment.therapist_price, assignment.slot_price)
    _at, worth = network.best(price)
    above = price[:-1] - price[network.parent]
    cost = network.room * above
    terms = np.abs(worth[here]).sum() + np.abs(cost).sum() + np.abs(values).sum()
    return Certificate(
        value=float(values.sum()),
        bound=float(worth[here].sum() + cost.sum()),
        tolerance=float(64 * np.finfo(float).eps * (terms + problem.large)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """A network, and which therapist and hour each of its places is."""

    network: Network
    owner: Ints  # therapist of each place
    hour: Ints  # slot of each place; -1 without slots
    shape: tuple[int, int]  # therapists, slots
    spread: float  # how far scores lie apart
    large: float  # what being placed counts: more than any chain of moves could gain
    any_option: NDArray[np.bool_]  # whether needs leave anybody, slots aside
    before: Ints | None
    bonus: float
    without_hours: Network | None  # the same as if a therapist could see people at any time

    def begin(self) -> tuple[Floats, Ints | None]:
        """Give prices and places to begin with: with hours, those of the proposal without them."""
        network = self.without_hours
        if network is None:
            return warm_prices(self.network, self.first_prices(), self.spread), None
        easier = replace(self, network=network, without_hours=None)
        state = State(network, easier.begin()[0])
        state.repair()
        at = np.append(np.arange(self.shape[0]), NOBODY)[state.at]
        price = state.price[:-1].clip(min=0)
        keep = np.full(len(at), self.network.outside)
        options = self.network.option
        if options is not None and options.size:
            theirs = (np.append(self.owner, NOBODY)[options] == at[:, None]) & (
                self.network.value > -np.inf
            )
            column = theirs.argmax(axis=1)
            rows = np.flatnonzero(theirs.any(axis=1))
            keep[rows] = options[rows, column[rows]]
        return np.concatenate((price[self.owner], price, [0.0])), keep

    def first_prices(self) -> Floats:
        """Begin with one price for all places, at which as many want one as there are."""
        network = self.network
        price = np.zeros(network.outside + 1)
        seats = network.room[network.parent == network.outside].sum()
        if seats < self.any_option.sum():
            gain = np.sort(network.best(price)[1] - network.stay)[::-1]
            price[:-1] = gain[seats]
        return price

    def room(self, capacity: Ints) -> Ints:
        if self.shape[1] == 0:
            return capacity
        # More than there are free hours is no room, and would look like places that stand empty.
        hours = np.bincount(self.owner, minlength=self.shape[0])
        return np.concatenate((np.ones(len(self.owner), np.int64), np.minimum(capacity, hours)))

    def nodes(self, therapist: Ints, slot: Ints) -> Ints:
        """Give the node of each client's place; the waiting list's for nobody."""
        index = np.full((self.shape[0] + 1, self.shape[1] + 1), self.network.outside)
        index[self.owner, self.hour] = np.arange(len(self.owner))
        index[NOBODY] = self.network.outside
        return index[therapist, slot]

    def price(self, therapist_price: Floats, slot_price: Floats) -> Floats:
        if self.shape[1] == 0:
            return np.append(therapist_price, 0.0)
        places = therapist_price[self.owner] + slot_price[self.owner, self.hour]
        return np.concatenate((places, therapist_price, [0.0]))

    def assignment(self, state: State) -> Assignment:
        outside, places = self.network.outside, self.network.places
        price = state.price.clip(min=0)
        # An hour that nobody has may stand below its therapist's price: raising it hurts nobody.
        price[:-1] = np.maximum(price[:-1], price[self.network.parent])
        therapist_price = price[places:outside] if self.shape[1] else price[:places]
        slot_price = np.zeros(self.shape)
        if self.shape[1]:
            slot_price[self.owner, self.hour] = price[:places] - therapist_price[self.owner]
        node = np.where(state.at == outside, places, state.at)
        therapist = np.append(self.owner, NOBODY)[node]
        stayed = 0.0 if self.before is None else self.bonus * (therapist == self.before)
        return Assignment(
            therapist=therapist,
            slot=np.append(self.hour, NOBODY)[node],
            score=np.where(therapist == NOBODY, np.nan, state.value_at - stayed),
            therapist_price=therapist_price,
            slot_price=slot_price,
            _problem=self,
            _state=state,
        )

    def why(self, client: int) -> Why:
        if np.isposinf(self.network.stay[client]):
            return Why.GONE
        if not self.any_option[client]:
            return Why.NOBODY_FITS
        return Why.NO_COMMON_SLOT if np.isneginf(self.network.value[client]).all() else Why.ALL_FULL


def _problem(
    scores: ArrayLike | Lists,
    capacity: ArrayLike,
    slots: Slots | None,
    waiting: ArrayLike | None,
    before: ArrayLike | None,
    bonus: float,
) -> _Problem:
    places = _capacity(capacity)
    value, option = _table(scores, len(places))
    n, m = len(value), len(places)
    low, high = _range(value)
    most = value.max(axis=1, initial=-np.inf)
    earlier = None
    if before is not None and bonus != 0:
        earlier = _before(before, bonus, n, m)
        value = value.copy()
        value[(np.arange(m) if option is None else option) == earlier[:, None]] += bonus
    owner, hour = np.arange(m), np.full(m, NOBODY)
    parent, easier = np.full(m, m), None
    waits = _waiting(waiting, n)
    span = high - low + bonus or 1.0
    if slots is not None:
        owner, hour = _hours(slots, n, m)
        large = (len(owner) + m + 2) * span
        room = np.minimum(places, slots.therapists.sum(axis=1))
        easier = Network(value, option, low - large - waits, room, parent, m)
        value, option = _by_hour(value, option, slots, owner, hour)
        parent = np.append(len(owner) + owner, np.full(m, len(owner) + m))
    large = (len(parent) + 2) * span
    network = Network(value, option, low - large - waits, places, parent, len(owner))
    problem = _Problem(
        network=network,
        owner=owner,
        hour=hour,
        shape=(m, 0 if slots is None else slots.therapists.shape[1]),
        spread=float(span + waits.max(initial=0.0)),
        large=float(large),
        any_option=most > -np.inf,
        before=earlier,
        bonus=bonus,
        without_hours=easier,
    )
    return replace(problem, network=replace(network, room=problem.room(places)))


def _by_hour(
    value: Floats, option: Ints | None, slots: Slots, owner: Ints, hour: Ints
) -> tuple[Floats, Ints]:
    """Spread therapists over their hours, and keep those in which the client has time."""
    counts = np.bincount(owner, minlength=len(slots.therapists))
    first, step = counts.cumsum() - counts, np.arange(counts.max(initial=0))
    hour = np.append(hour, 0)
    parts = []
    for start in range(0, len(value), _CHUNK):
        rows = slice(start, start + _CHUNK)
        theirs = np.arange(value.shape[1])[None] if option is None else option[rows]
        theirs = np.broadcast_to(theirs, value[rows].shape)
        places = first[theirs][:, :, None] + step
        real = (step < counts[theirs][:, :, None]) & (value[rows] > -np.inf)[:, :, None]
        places = np.where(real, places, len(owner)).reshape(len(theirs), -1)
        row = np.arange(len(theirs))[:, None]
        free = (places < len(owner)) & slots.clients[rows][row, hour[places]]
        order = np.argsort(~free, axis=1, kind="stable")[:, : free.sum(axis=1).max(initial=0)]
        worth = np.repeat(value[rows], len(step), axis=1)
        worth = np.where(free[row, order], worth[row, order], -np.inf)
        parts.append((worth, np.where(free[row, order], places[row, order], 0)))
    width = max((worth.shape[1] for worth, _places in parts), default=0)
    by_hour, at = np.full((len(value), width), -np.inf), np.zeros((len(value), width), dtype=np.int64)
    for start, (worth, places) in zip(range(0, len(value), _CHUNK), parts, strict=True):
        by_hour[start : start + _CHUNK, : worth.shape[1]] = worth
        at[start : start + _CHUNK, : worth.shape[1]] = places
    return by_hour, at


def _table(scores: ArrayLike | Lists, m: int) -> tuple[Floats, Ints | None]:
    if not isinstance(scores, Lists):
        value = np.asarray(scores, dtype=float)
        if value.ndim != 2 or value.shape[1] != m:
            raise BadInput(
                f"scores have shape {value.shape}; expected a column for each of {m} therapists"
            )
        return value, None
    therapist, score = np.asarray(scores.therapist), np.asarray(scores.score, dtype=float)
    if therapist.shape != score.shape or therapist.ndim != 2:
        raise BadInput("lists of therapists and of scores differ in shape; expected the same two")
    if therapist.size and not -1 <= therapist.min() <= therapist.max() < m:
        raise BadInput(f"a list names a therapist beyond the {m} that have a capacity")
    ordered = np.sort(therapist, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NOBODY)).any():
        raise BadInput("a list names a therapist twice; expected each at most once")
    if m == 0:
        return np.empty((len(score), 0)), None
    return np.where(therapist == NOBODY, -np.inf, score), therapist.clip(min=0)


def _range(value: Floats) -> tuple[float, float]:
    if not value.size:
        return 0.0, 0.0
    low, high = float(value.min()), float(value.max())
    if np.isnan(high) or high == np.inf:
        raise BadInput(
            "a score is not a finite number; expected one, or -inf where a pair is not possible"
        )
    if low == -np.inf:
        low = float(value.min(where=value > -np.inf, initial=np.inf))
    return (low, high) if high > -np.inf else (0.0, 0.0)


def _capacity(capacity: ArrayLike) -> Ints:
    places = np.asarray(capacity)
    if places.ndim != 1 or (places.size and not np.issubdtype(places.dtype, np.integer)):
        raise BadInput("capacities are not one whole number for each therapist")
    if (places < 0).any():
        who = int(np.flatnonzero(places < 0)[0])
        raise BadInput(f"therapist {who} has capacity {places[who]}; expected 0 or more")
    return places.astype(np.int64)


def _waiting(waiting: ArrayLike | None, n: int) -> Floats:
    waits = np.zeros(n) if waiting is None else np.asarray(waiting, dtype=float)
    if waits.shape != (n,) or not np.isfinite(waits).all() or (waits < 0).any():
        raise BadInput(f"waiting is not one number of 0 or more for each of {n} clients")
    return waits


def _before(before: ArrayLike, bonus: float, n: int, m: int) -> Ints:
    earlier = np.asarray(before)
    if earlier.shape != (n,) or (n and not -1 <= earlier.min() <= earlier.max() < m):
        raise BadInput(f"earlier therapists are not one of {m}, or -1, for each of {n} clients")
    if not bonus >= 0 or bonus == np.inf:
        raise BadInput(f"the bonus for an earlier therapist is {bonus}; expected 0 or more")
    # Without an earlier therapist nothing is favoured, not even the end of a shorter list.
    return np.where(earlier == NOBODY, -2, earlier)


def _hours(slots: Slots, n: int, m: int) -> tuple[Ints, Ints]:
    if slots.clients.shape[:1] != (n,) or slots.therapists.shape[:1] != (m,):
        raise BadInput(f"slots are not for {n} clients and {m} therapists")
    if slots.clients.shape[1:] != slots.therapists.shape[1:] or slots.clients.ndim != 2:
        raise BadInput("clients and therapists have different grids of slots; expected one")
    owner, hour = np.nonzero(slots.therapists)
    return owner, hour

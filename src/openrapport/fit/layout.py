"""What a proposal is made from: scores, capacities and hours, checked and laid out as places."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.fit.places import Network, State, warm_prices

__all__ = ["NOBODY", "Layout", "Lists", "Slots", "lay_out", "read_capacity"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOBODY = -1
"""Stands for no therapist and for no slot."""

_CHUNK = 1024


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
class Layout:
    """A network, and which therapist and hour each of its places is.

    Parameters
    ----------
    network : Network
        Who could sit where.
    owner, hour : ndarray of int, shape (places,)
        Therapist and slot of each place; -1 without slots.
    shape : tuple of int
        Number of therapists and of slots.
    spread : float
        How far scores lie apart.
    large : float
        What being placed counts: more than any chain of moves could gain.
    any_option : ndarray of bool, shape (n,)
        Whether needs leave anybody, slots aside.
    before : ndarray of int, shape (n,), or None
        The therapist of an earlier proposal, where staying counts.
    bonus : float
        What that counts.
    without_hours : Network or None
        The same as if a therapist could see people at any time.
    """

    network: Network
    owner: Ints
    hour: Ints
    shape: tuple[int, int]
    spread: float
    large: float
    any_option: NDArray[np.bool_]
    before: Ints | None
    bonus: float
    without_hours: Network | None

    def begin(self) -> tuple[Floats, Ints | None]:
        """Give prices and places to begin with: with hours, those of the proposal without them.

        Returns
        -------
        price : ndarray, shape (outside + 1,)
            Of each node.
        keep : ndarray of int, shape (n,), or None
            The node of each client.
        """
        network = self.without_hours
        if network is None:
            return warm_prices(self.network, self._first_prices(), self.spread), None
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

    def _first_prices(self) -> Floats:
        """Begin with one price for all places, at which as many want one as there are."""
        network = self.network
        price = np.zeros(network.outside + 1)
        seats = network.room[network.parent == network.outside].sum()
        if seats < self.any_option.sum():
            gain = np.sort(network.best(price)[1] - network.stay)[::-1]
            price[:-1] = gain[seats]
        return price

    def room(self, capacity: Ints) -> Ints:
        """Give the room of each node.

        Parameters
        ----------
        capacity : ndarray of int, shape (m,)
            Of each therapist.

        Returns
        -------
        room : ndarray of int, shape (outside,)
            Places first.
        """
        if self.shape[1] == 0:
            return capacity
        # More than there are free hours is no room, and would look like places that stand empty.
        hours = np.bincount(self.owner, minlength=self.shape[0])
        return np.concatenate((np.ones(len(self.owner), np.int64), np.minimum(capacity, hours)))

    def nodes(self, therapist: Ints, slot: Ints) -> Ints:
        """Give the node of each client's place.

        Parameters
        ----------
        therapist, slot : ndarray of int, shape (n,)
            As in a proposal.

        Returns
        -------
        nodes : ndarray of int, shape (n,)
            The waiting list's for nobody.
        """
        index = np.full((self.shape[0] + 1, self.shape[1] + 1), self.network.outside)
        index[self.owner, self.hour] = np.arange(len(self.owner))
        index[NOBODY] = self.network.outside
        return index[therapist, slot]

    def price(self, therapist_price: Floats, slot_price: Floats) -> Floats:
        """Give the price of each node.

        Parameters
        ----------
        therapist_price : ndarray, shape (m,)
            Of each therapist.
        slot_price : ndarray, shape (m, s)
            What an hour costs beyond it.

        Returns
        -------
        price : ndarray, shape (outside + 1,)
            0 for the waiting list.
        """
        if self.shape[1] == 0:
            return np.append(therapist_price, 0.0)
        places = therapist_price[self.owner] + slot_price[self.owner, self.hour]
        return np.concatenate((places, therapist_price, [0.0]))

    def prices_of(self, state: State) -> tuple[Floats, Floats]:
        """Give the prices of therapists and of their hours.

        Parameters
        ----------
        state : State
            Repaired.

        Returns
        -------
        therapist_price : ndarray, shape (m,)
            Of each therapist.
        slot_price : ndarray, shape (m, s)
            What an hour costs beyond it.
        """
        outside, places = self.network.outside, self.network.places
        price = state.price.clip(min=0)
        # An hour that nobody has may stand below its therapist's price: raising it hurts nobody.
        price[:-1] = np.maximum(price[:-1], price[self.network.parent])
        slot_price = np.zeros(self.shape)
        if not self.shape[1]:
            return price[:places], slot_price
        therapist_price = price[places:outside]
        slot_price[self.owner, self.hour] = price[:places] - therapist_price[self.owner]
        return therapist_price, slot_price


def lay_out(
    scores: ArrayLike | Lists,
    capacity: ArrayLike,
    slots: Slots | None,
    waiting: ArrayLike | None,
    before: ArrayLike | None,
    bonus: float,
) -> Layout:
    """Check what was given, and lay it out as places.

    Parameters
    ----------
    scores, capacity, slots, waiting, before, bonus
        As in :func:`openrapport.fit.assignment.assign`.

    Returns
    -------
    layout : Layout
        Without prices yet.

    Raises
    ------
    BadInput
        If shapes do not fit, a capacity is below 0, or a score is not a number.
    """
    places = read_capacity(capacity)
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
    layout = Layout(
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
    return replace(layout, network=replace(network, room=layout.room(places)))


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


def read_capacity(capacity: ArrayLike) -> Ints:
    """Check capacities.

    Parameters
    ----------
    capacity : array_like of int, shape (m,)
        One for each therapist.

    Returns
    -------
    capacity : ndarray of int, shape (m,)
        Each 0 or more.

    Raises
    ------
    BadInput
        If one is below 0 or no whole number.
    """
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

"""Clients in places at prices: the state that an optimal assignment is worked out on.

A place is a therapist, or one weekly hour of a therapist. Everybody always sits where they are best
off at the current prices. A place that holds too many hands somebody on along the way that loses
least, and prices rise by that loss; a place that is empty although it has a price takes somebody
over the same way, and prices fall. When no place is wrong, the prices prove that nothing better
exists: this is the primal-dual method of min-cost flow, on places instead of on pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Network", "State", "warm_prices"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS, _FIRST_STEP, _SHRINK = 150, 0.1, 0.97
_EASY, _GOOD_ENOUGH = 0.1, 0.01
_CHUNK = 1024
_INDEX_FROM = 20


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Who could sit where, at what value.

    Nodes are the places ``0..places - 1``, then therapists that have several places, then the
    waiting list, which takes everybody at price 0.

    Parameters
    ----------
    value : ndarray, shape (n, w)
        Value of a client in each of their options; -inf where there is none.
    option : ndarray, shape (n, w), or None
        The place of each option, each at most once; None where option ``j`` is place ``j``.
    stay : ndarray, shape (n,)
        Value of staying on the waiting list.
    room : ndarray, shape (places + g,)
        How many a place, and a therapist with several places, can take.
    parent : ndarray, shape (places + g,)
        The node of a place's therapist; ``outside`` where there is nothing between.
    places : int
        How many places there are.
    """

    value: Floats
    option: Ints | None
    stay: Floats
    room: Ints
    parent: Ints
    places: int

    @property
    def outside(self) -> int:
        """The node of the waiting list.

        Returns
        -------
        node : int
            The last one.
        """
        return len(self.room)

    def best(self, price: Floats) -> tuple[Ints, Floats]:
        """Find where everybody is best off.

        Parameters
        ----------
        price : ndarray, shape (outside + 1,)
            Of each node.

        Returns
        -------
        at : ndarray, shape (n,)
            Node.
        worth : ndarray, shape (n,)
            Value there, less its price.
        """
        at = np.full(len(self.stay), self.outside)
        worth = self.stay.copy()
        for start in range(0, len(at) if self.value.shape[1] else 0, _CHUNK):
            part = slice(start, start + _CHUNK)
            options = None if self.option is None else self.option[part]
            net = self.value[part] - (price[: self.places] if options is None else price[options])
            column = net.argmax(axis=1)
            rows = np.arange(len(net))
            better = net[rows, column] > worth[part]
            place = column if options is None else options[rows, column]
            at[part] = np.where(better, place, at[part])
            worth[part] = np.where(better, net[rows, column], worth[part])
        return at, worth

    def value_in(self, client: int, node: int) -> float:
        """Look up one value.

        Parameters
        ----------
        client, node : int
            Who, and where.

        Returns
        -------
        value : float
            -inf where the client has no such option.
        """
        if node == self.outside:
            return float(self.stay[client])
        if self.option is None:
            return float(self.value[client, node])
        return float(self.value[client].max(where=self.option[client] == node, initial=-np.inf))


def warm_prices(network: Network, start: Floats, scale: float) -> Floats:
    """Move prices up where too many want to go and down where too few do.

    It saves most of the exact work where everybody wants the same few, and decides nothing: any
    prices are a valid start.

    Parameters
    ----------
    network : Network
        Who could sit where.
    start : ndarray, shape (outside + 1,)
        Prices to begin with.
    scale : float
        How far values of one client lie apart: steps begin at a tenth of it.

    Returns
    -------
    price : ndarray, shape (outside + 1,)
        The best seen: those that leave the fewest people too many or missing.
    """
    k, parent, room = network.places, network.parent, network.room
    best, best_wrong = start, np.inf
    price, step = start.copy(), _FIRST_STEP * scale
    for number in range(_ROUNDS):
        over = _over(network, network.best(price)[0])
        extra = price[:-1] - price[parent]
        wrong = int(np.where(extra > 0, np.abs(over), np.maximum(over, 0)).sum())
        if wrong < best_wrong:
            best, best_wrong = price.copy(), wrong
        if wrong <= (_EASY if number == 0 else _GOOD_ENOUGH) * len(network.stay):
            break
        extra = np.maximum(extra + step * np.clip(over / np.maximum(room, 1), -1, 3), 0)
        price[k:-1] = extra[k:]
        price[:k] = extra[:k] + price[parent[:k]]
        step *= _SHRINK
    return best


def _over(network: Network, at: Ints) -> Ints:
    """Count who is too many (below 0: how many more could come) in places, then at therapists."""
    k = network.places
    holds = np.bincount(at, minlength=network.outside + 1)[:-1]
    passed_on = np.minimum(holds, network.room)[:k]
    holds += np.bincount(network.parent[:k], passed_on, network.outside + 1)[:-1].astype(np.int64)
    return holds - network.room


def _spread_ties(network: Network, price: Floats, at: Ints, worth: Floats) -> None:
    """Let people who are as well off elsewhere go where there is room, instead of all to the first."""
    load = np.bincount(at, minlength=network.outside + 1)
    room = np.append(network.room, len(at))
    for client in np.flatnonzero(load[at] > room[at]).tolist():
        if load[at[client]] <= room[at[client]]:
            continue
        options = slice(network.places) if network.option is None else network.option[client]
        tied = network.value[client] - price[options] >= worth[client]
        places = np.flatnonzero(tied) if network.option is None else network.option[client][tied]
        free = places[load[places] < room[places]]
        if len(free):
            load[at[client]] -= 1
            load[free[0]] += 1
            at[client] = free[0]


class State:
    """Clients in places, prices, and where there are too many or too few.

    Parameters
    ----------
    network : Network
        Who could sit where.
    price : ndarray, shape (outside + 1,)
        Of each node, >= 0, not below that of its parent, and 0 for the waiting list. Changed.
    keep : ndarray, shape (n,), optional
        The node that each client had: kept where they are as well off as anywhere.
    tolerance : float
        Differences up to it are none.
    """

    def __init__(
        self, network: Network, price: Floats, keep: Ints | None = None, *, tolerance: float = 0.0
    ) -> None:
        self.network, self.price = network, price
        at, worth = network.best(price)
        if keep is not None:
            for client in np.flatnonzero(keep != at).tolist():
                node = int(keep[client])
                if network.value_in(client, node) - price[node] >= worth[client] - tolerance:
                    at[client], worth[client] = node, network.value_in(client, node) - price[node]
        _spread_ties(network, price, at, worth)
        self.at, self.value_at = at, worth + price[at]
        self._members: list[dict[int, None]] = [{} for _ in range(network.outside + 1)]
        for client, node in enumerate(at.tolist()):
            self._members[node][client] = None
        self._children: list[list[int]] = [[] for _ in range(network.outside + 1)]
        for node in np.flatnonzero(network.parent != network.outside).tolist():
            self._children[network.parent[node]].append(node)
        self._index: tuple[Ints, Ints] | None = None
        self._send()

    def changed(self, *, room: Ints, gone: Sequence[int]) -> State:
        """Give the same state under other capacities, without some clients; it needs repair.

        Parameters
        ----------
        room : ndarray, shape (outside,)
            How many a node can take now.
        gone : sequence of int
            Clients who no longer look for a place.

        Returns
        -------
        state : State
            A new one; this one stays as it is.
        """
        new = copy(self)
        stay = self.network.stay.copy()
        stay[list(gone)] = np.inf
        new.network = replace(self.network, room=room, stay=stay)
        new.price, new.at, new.value_at = self.price.copy(), self.at.copy(), self.value_at.copy()
        new._members = [members.copy() for members in self._members]
        for client in gone:
            del new._members[new.at[client]][client]
            new.at[client], new.value_at[client] = self.network.outside, np.inf
        new._send()
        return new

    def _send(self) -> None:
        """Send on what every node holds. What has a price counts as full: that is what a price says."""
        network = self.network
        holds = np.array([len(members) for members in self._members[:-1]], dtype=np.int64)
        full = self.price[:-1] > self.price[network.parent]
        self._up = np.where(full, network.room, np.minimum(network.room, holds))
        for therapist in range(network.places, network.outside):
            holds[therapist] = self._up[self._children[therapist]].sum()
            if not full[therapist]:
                self._up[therapist] = min(network.room[therapist], holds[therapist])
        self._over = holds - self._up
        # Where a way may end: at the waiting list, at a place with room, at one that lacks somebody.
        self._ends = np.append((network.parent == network.outside) & (self._up < network.room), True)

    def repair(self) -> int:
        """Hand people on until no node holds too many or too few.

        Returns
        -------
        ways : int
            How many ways were walked.
        """
        ways = 0
        for node in np.flatnonzero(self._over > 0).tolist():
            while self._over[node] > 0:
                self._over[node] -= 1
                self._hand_on(node)
                ways += 1
        lacking = np.flatnonzero(self._over < 0).tolist()
        if self.network.option is not None and len(lacking) > _INDEX_FROM:
            option = self.network.option.ravel()
            counts = np.bincount(option, minlength=self.network.places)
            self._index = option.argsort(kind="stable"), np.append(0, counts.cumsum())
        for node in lacking:
            while self._over[node] < 0:
                self._over[node] += 1
                self._take_over(node)
                ways += 1
        return ways

    def _hand_on(self, crowded: int) -> None:
        """Walk the way that loses least from a node with too many to one with room."""
        ends = self._ends | np.append(self._over < 0, False)
        search = _Search(crowded, self._steps_from, ends)
        self.price += np.maximum(search.nearest - search.loss, 0.0)
        if search.end != self.network.outside:
            if self._over[search.end] < 0:
                self._over[search.end] += 1
            else:
                self._up[search.end] += 1
                self._ends[search.end] = self._up[search.end] < self.network.room[search.end]
        for node in search.way():
            self._move(int(search.via[node]), node, int(search.who[node]))

    def _take_over(self, lacking: int) -> None:
        """Walk the way that loses least backwards, from a node that lacks somebody to the waiting list."""
        outside = self.network.outside
        search = _Search(lacking, self._steps_into, np.arange(outside + 1) == outside)
        self.price -= np.maximum(search.nearest - search.loss, 0.0)
        for node in search.way():
            self._move(node, int(search.via[node]), int(search.who[node]))

    def _steps_from(self, node: int) -> Steps:
        """Where a node could hand on to."""
        network, price = self.network, self.price
        to = [int(network.parent[node])] if self._up[node] < network.room[node] else []
        to += [child for child in self._children[node] if self._up[child] > 0]
        passing = _passing(to, price[to] - price[node])
        if not self._members[node]:
            return passing
        ids = np.fromiter(self._members[node], dtype=np.int64)
        worth = self.value_at[ids] - price[node]
        leave = worth - network.stay[ids]
        first = leave.argmin(keepdims=True)
        leaving = np.array([network.outside]), leave[first], ids[first]
        return _joined(passing, leaving, self._moves(ids, worth))

    def _moves(self, ids: Ints, worth: Floats) -> Steps:
        """For each place, who of ``ids`` would lose least by going there."""
        network = self.network
        values = network.value[ids]
        if network.option is None:
            loss = worth[:, None] - values + self.price[: network.places]
            who = loss.argmin(axis=0) if values.shape[1] else np.empty(0, dtype=np.int64)
            places = np.arange(network.places)
            return places, loss[who, places], ids[who]
        options = network.option[ids]
        losses = (worth[:, None] - values + self.price[options]).ravel()
        return _least(options.ravel(), losses, np.repeat(ids, values.shape[1]))

    def _steps_into(self, node: int) -> Steps:
        """Which nodes could hand on to a node."""
        network, price = self.network, self.price
        back = [int(network.parent[node])] if self._up[node] > 0 else []
        back += [child for child in self._children[node] if self._up[child] < network.room[child]]
        passing = _passing(back, price[node] - price[back])
        if node >= network.places:
            return passing
        if network.option is None:
            ids, value = np.arange(len(self.at)), network.value[:, node]
        else:
            cells = self._cells_of(network.option, node)
            ids, value = cells // network.option.shape[1], network.value.ravel()[cells]
        loss = self.value_at[ids] - price[self.at[ids]] - value + price[node]
        return _joined(passing, _least(self.at[ids], loss, ids))

    def _cells_of(self, option: Ints, node: int) -> Ints:
        """Find who has a place among their options: by looking, or in an index if it is worth one."""
        if self._index is None:
            return np.flatnonzero(option == node)
        order, start = self._index
        return order[start[node] : start[node + 1]]

    def _move(self, before: int, node: int, client: int) -> None:
        """Let a client go from one node to another, or only count one on between place and therapist."""
        network = self.network
        if client >= 0:
            del self._members[before][client]
            self._members[node][client] = None
            self.at[client], self.value_at[client] = node, network.value_in(client, node)
        elif before != network.outside and network.parent[before] == node:
            self._up[before] += 1
            self._ends[before] &= self._up[before] < network.room[before]
        else:
            self._up[node] -= 1
            self._ends[node] = network.parent[node] == network.outside


Steps = tuple[Ints, Floats, Ints]
"""Nodes, the loss on the way there, and who would go (-1: nobody, only a count moves)."""


def _passing(nodes: list[int], loss: Floats) -> Steps:
    return np.array(nodes, dtype=np.int64), loss, np.full(len(nodes), -1)


def _joined(*steps: Steps) -> Steps:
    nodes, loss, who = zip(*steps, strict=True)
    return np.concatenate(nodes), np.concatenate(loss), np.concatenate(who)


def _least(nodes: Ints, loss: Floats, who: Ints) -> Steps:
    """Keep one step for each node: the one that loses least."""
    order = loss.argsort(kind="stable")
    found, first = np.unique(nodes[order], return_index=True)
    return found, loss[order][first], who[order][first]


class _Search:
    """The way that loses least from one node to the nearest end (Dijkstra on arrays).

    Nodes farther than the end keep a loss that is not below it, which is all that prices need.
    """

    def __init__(self, start: int, steps: Callable[[int], Steps], ends: NDArray[np.bool_]) -> None:
        size = len(ends)
        self.loss = np.full(size, np.inf)
        self.via, self.who = np.full(size, -1), np.full(size, -1)
        self.start, self.end, self.nearest = start, -1, np.inf
        self.loss[start] = 0.0
        open_loss = self.loss.copy()  # inf again once a node is settled
        while True:
            node = int(open_loss.argmin())
            if self.nearest <= open_loss[node]:
                break
            open_loss[node] = np.inf
            to, loss, who = steps(node)
            loss = np.maximum(loss, 0.0) + self.loss[node]  # rounding may leave -1e-16
            closer = loss < np.minimum(self.loss[to], self.nearest)
            to, loss = to[closer], loss[closer]
            self.loss[to] = open_loss[to] = loss
            self.via[to], self.who[to] = node, who[closer]
            reached = to[ends[to]]
            if len(reached):
                self.end = int(reached[self.loss[reached].argmin()])
                self.nearest = float(self.loss[self.end])

    def way(self) -> Iterator[int]:
        """Give the nodes of the way, from its end to the one after its start."""
        node = self.end
        while node != self.start:
            yield node
            node = int(self.via[node])

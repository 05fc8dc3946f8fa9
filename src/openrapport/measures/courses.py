"""Ratings of many clients as courses: in order, checked, and walked through side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput

__all__ = ["Courses", "checked_ratings"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


def checked_ratings(
    rating: ArrayLike, *, answered: ArrayLike | None, low: float, high: float
) -> tuple[Floats, Flags]:
    """Check that ratings are numbers on the scale.

    Parameters
    ----------
    rating : array_like of float, shape (n,)
        In points.
    answered : array_like of bool, shape (n,), optional
        False where there is no rating; what stands there in ``rating`` is not looked at. None says
        that all are there.
    low, high : float
        Ends of the scale.

    Returns
    -------
    rating : ndarray of float64, shape (n,)
        NaN where there is none.
    answered : ndarray of bool, shape (n,)
        Where there is one.

    Raises
    ------
    BadInput
        If a rating is no number, not finite or off the scale, or the columns differ in length.
    """
    try:
        values = np.array(rating, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(
            "ratings are no numbers; expected numbers, and answered=False where one is missing"
        ) from None
    flags = np.ones(values.shape, dtype=bool) if answered is None else np.array(answered)
    if flags.dtype != bool or values.ndim != 1 or flags.shape != values.shape:
        raise BadInput(
            "rating and answered: expected two columns of one length, numbers and True or False"
        )
    values[~flags] = np.nan
    bad = flags & ~((values >= low) & (values <= high))  # also where it is not a number
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise BadInput(
            f"rating in row {row + 1} is {values[row]:g}; expected a number from {low:g} to {high:g}, "
            "or answered=False where it is missing"
        )
    return values, flags


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Which rows belong to whom, and in which order.

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        Rows of the input, client by client, in the order of time.
    start : ndarray of int, shape (c,)
        Where each client begins in ``order``, clients with most rows first.
    count : ndarray of int, shape (c,)
        How many rows each has, falling.
    """

    order: Rows
    start: Rows
    count: Rows

    @classmethod
    def of(cls, client: ArrayLike, occasion: ArrayLike) -> Courses:
        """Sort rows.

        Parameters
        ----------
        client : array_like, shape (n,)
            Ids: text or whole numbers.
        occasion : array_like, shape (n,)
            Numbers or dates that grow with time.

        Returns
        -------
        courses : Courses
            The same, whatever the order of rows was.

        Raises
        ------
        BadInput
            If columns differ in length, an occasion is missing, or one stands twice.
        """
        ids, times = np.asarray(client), np.asarray(occasion)
        if ids.ndim != 1 or ids.shape != times.shape:
            raise BadInput(
                f"client and occasion have shapes {ids.shape} and {times.shape}; expected one length"
            )
        if (
            times.dtype.kind not in "iufM" or (times != times).any()
        ):  # NaN and NaT differ from themselves
            raise BadInput(
                "an occasion is missing or neither a number nor a date; expected one in each row"
            )
        if len(ids) and ids.dtype.kind not in "iuUO":
            raise BadInput(f"client ids are {ids.dtype}; expected text or whole numbers")
        code = _codes(ids)
        order = np.lexsort((times, code))
        codes, at = code[order], times[order]
        again = (codes[1:] == codes[:-1]) & (at[1:] == at[:-1])
        if again.any():
            rows = sorted(order[int(np.flatnonzero(again)[0]) :][:2].tolist())
            raise BadInput(
                f"rows {rows[0] + 1} and {rows[1] + 1} are of the same client and occasion; "
                "expected one rating for each occasion"
            )
        first = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])[: len(codes)])
        count = np.diff(np.append(first, len(codes)))
        longest = np.argsort(-count, kind="stable")
        return cls(order, first[longest], count[longest])

    def only(self, keep: Flags) -> Courses:
        """Leave rows out.

        Parameters
        ----------
        keep : ndarray of bool, shape (n,)
            By row of the input.

        Returns
        -------
        courses : Courses
            Without clients who have no row left.
        """
        kept = keep[self.order]
        before = np.concatenate([[0], np.cumsum(kept)])
        start, end = before[self.start], before[self.start + self.count]
        count = end - start
        longest = np.argsort(-count, kind="stable")
        longest = longest[count[longest] > 0]
        return Courses(self.order[kept], start[longest], count[longest])

    def some(self, most: int) -> Courses:
        """Choose clients evenly from the order of their ids.

        Parameters
        ----------
        most : int
            How many at most.

        Returns
        -------
        courses : Courses
            All, where there are no more.
        """
        if len(self.count) <= most:
            return self
        chosen = np.sort(np.argsort(self.start)[np.linspace(0, len(self.count) - 1, most).astype(int)])
        keep = np.zeros(self.order.max() + 1, dtype=bool)
        start, count = self.start[chosen], self.count[chosen]
        for first, n in zip(start.tolist(), count.tolist(), strict=True):
            keep[self.order[first : first + n]] = True
        return self.only(keep)

    def sizes(self) -> list[slice]:
        """Cut what stands step by step into its steps.

        Returns
        -------
        parts : list of slice
            Everybody's first row, then the second, and so on. Row j of each part is of the same
            client; who has no row left has dropped out at the end.
        """
        longest = int(self.count[0]) if len(self.count) else 0
        # Counts fall: so many clients have more than 0, 1, 2, ... rows.
        going = np.searchsorted(-self.count, -np.arange(longest))
        ends = np.cumsum(going)
        return [slice(int(end - k), int(end)) for end, k in zip(ends, going, strict=True)]

    def by_step(self) -> Rows:
        """Put rows step by step.

        Returns
        -------
        rows : ndarray of int, shape (n,)
            Of the input: everybody's first, then everybody's second, and so on.
        """
        rows = np.empty(len(self.order), dtype=np.int64)
        for step, part in enumerate(self.sizes()):
            rows[part] = self.order[self.start[: part.stop - part.start] + step]
        return rows

    def count_before(self, there: Flags) -> Rows:
        """Count the same client's earlier rows where something holds.

        Parameters
        ----------
        there : ndarray of bool, shape (n,)
            By row of the input.

        Returns
        -------
        before : ndarray of int, shape (n,)
            By row of the input.
        """
        counted = there[self.order]
        up_to: Rows = np.cumsum(counted) - counted
        by_start = np.argsort(self.start)
        start, count = self.start[by_start], self.count[by_start]
        before = np.zeros(len(there), dtype=np.int64)
        before[self.order] = up_to - np.repeat(up_to[start], count)
        return before

    def places(self) -> Rows:
        """Count each client's rows from 0, client by client.

        Returns
        -------
        places : ndarray of int, shape (n,)
            In the order of ``order``.
        """
        by_start = np.argsort(self.start)
        start, count = self.start[by_start], self.count[by_start]
        return np.asarray(np.arange(len(self.order)) - np.repeat(start, count))


def _codes(ids: NDArray[Any]) -> Rows:
    """Number clients in the order of their ids."""
    if ids.dtype.kind in "iu":
        return np.asarray(np.unique(ids, return_inverse=True)[1])
    # Sorting a set of names takes a tenth of the time of sorting all rows by name.
    names = list(map(str, ids.tolist()))
    place = {name: at for at, name in enumerate(sorted(set(names)))}
    return np.fromiter(map(place.__getitem__, names), dtype=np.int64, count=len(names))

"""What was said, by whom and when: columns to compute with, rows to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.signal import frozen_column, made_again
from openrapport.words import is_backchannel_wording, tokens

__all__ = ["MISSING_MS", "Turns", "Utterance", "Utterances"]

MISSING_MS = -1
"""Stands in a time column where no time is known. A time is never guessed."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One party's stretch of speech, as a row to read.

    Parameters
    ----------
    index : int
        Place in the session, from 0.
    id : str
        The source's own id, or one made from the place.
    party : int
        Index of who spoke in ``session.parties``.
    start_ms, end_ms : int or None
        From the session's start; None where the source has no time.
    text : str
        What was said.
    """

    index: int
    id: str
    party: int
    start_ms: int | None
    end_ms: int | None
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Turns of a session: one party's utterances until another party takes the floor.

    Parameters
    ----------
    party : ndarray of int64, shape (n_turns,)
        Who holds the floor.
    first, last : ndarray of int64, shape (n_turns,)
        First and last utterance of the turn. The other party's backchannels may lie between them.
    of_utterance : ndarray of int64, shape (n_utterances,)
        The turn that each utterance belongs to; -1 for a backchannel, which takes no turn.
    """

    party: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    of_utterance: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.party)


@dataclass(frozen=True, eq=False)
class Utterances(Sequence[Utterance]):
    """What was said in a session, in order, as read-only columns.

    Parameters
    ----------
    ids : tuple of str, length n
        Unique within the session.
    party : array_like of int, shape (n,)
        Index into ``session.parties``.
    text : tuple of str, length n
        What was said.
    start_ms, end_ms : array_like of int, shape (n,)
        Milliseconds from the session's start; ``MISSING_MS`` where unknown.

    Raises
    ------
    BadInput
        If lengths differ, an id stands twice, a time is negative, starts go backwards, or an
        utterance ends before it starts.
    """

    ids: tuple[str, ...]
    party: NDArray[np.int64]
    text: tuple[str, ...]
    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(self.ids))
        object.__setattr__(self, "text", tuple(self.text))
        for name in ("party", "start_ms", "end_ms"):
            object.__setattr__(self, name, frozen_column(getattr(self, name), np.int64))
        lengths = {len(c) for c in (self.ids, self.party, self.text, self.start_ms, self.end_ms)}
        if len(lengths) != 1:
            raise BadInput(f"columns of utterances have lengths {sorted(lengths)}; expected one length")
        if len(set(self.ids)) != len(self.ids):
            raise BadInput("an utterance id stands twice; expected every id once")
        self._check_times()

    def _check_times(self) -> None:
        if len(self) and min(self.start_ms.min(), self.end_ms.min()) < MISSING_MS:
            raise BadInput("a time is negative; expected milliseconds from the session's start")
        backwards = self.has_times & (self.end_ms < self.start_ms)
        if backwards.any():
            raise BadInput(f"utterance {int(backwards.argmax()) + 1} ends before it starts")
        starts = self.start_ms[self.has_start]
        if (np.diff(starts) < 0).any():
            raise BadInput("utterances start out of order; sort them by start first")

    __reduce__ = made_again

    @classmethod
    def without_times(cls, *, party: Sequence[int], text: Sequence[str]) -> Utterances:
        """Make utterances from speakers and words alone.

        Parameters
        ----------
        party : sequence of int, length n
            Index of who spoke.
        text : sequence of str, length n
            What was said.

        Returns
        -------
        utterances : Utterances
            With ids ``u1, u2, ...`` and every time missing.
        """
        missing = np.full(len(text), MISSING_MS)
        ids = tuple(f"u{i}" for i in range(1, len(text) + 1))
        return cls(ids, np.asarray(party), tuple(text), missing, missing)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # rows or a slice of rows
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        start, end = int(self.start_ms[i]), int(self.end_ms[i])
        return Utterance(
            index=i,
            id=self.ids[i],
            party=int(self.party[i]),
            start_ms=None if start == MISSING_MS else start,
            end_ms=None if end == MISSING_MS else end,
            text=self.text[i],
        )

    def __iter__(self) -> Iterator[Utterance]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Utterances):
            return NotImplemented
        return (self.ids, self.text) == (other.ids, other.text) and all(
            np.array_equal(getattr(self, c), getattr(other, c)) for c in ("party", "start_ms", "end_ms")
        )

    __hash__ = None  # type: ignore[assignment]  # columns compare by content

    def ids_of(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> tuple[str, ...]:
        """Ids of some utterances: the evidence of a finding.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n,), or of int
            A mask, or indices.

        Returns
        -------
        ids : tuple of str
            In the session's order, each once.
        """
        indices = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else np.unique(chosen)
        return tuple(self.ids[i] for i in indices.tolist())

    @property
    def has_start(self) -> NDArray[np.bool_]:
        """True where the start is known, shape (n,)."""
        known: NDArray[np.bool_] = self.start_ms != MISSING_MS
        return known

    @property
    def has_times(self) -> NDArray[np.bool_]:
        """True where both start and end are known, shape (n,)."""
        known: NDArray[np.bool_] = (self.start_ms != MISSING_MS) & (self.end_ms != MISSING_MS)
        return known

    @cached_property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """Words of each utterance, lower case (:func:`openrapport.words.tokens`)."""
        return tuple(tokens(text) for text in self.text)

    @cached_property
    def n_words(self) -> NDArray[np.int64]:
        """Number of words of each utterance, shape (n,)."""
        return frozen_column([len(words) for words in self.words], np.int64)

    @cached_property
    def is_question(self) -> NDArray[np.bool_]:
        """True where the utterance ends in a question mark, shape (n,)."""
        return frozen_column(
            [t.rstrip(" \"')]\u201d\u2019").endswith("?") for t in self.text], np.bool_
        )

    @cached_property
    def is_backchannel(self) -> NDArray[np.bool_]:
        """True where a listener says "I follow" and leaves the floor to the other, shape (n,).

        One to three listening words ("mm-hm", "right", "I see"), after an utterance of the other
        party that asks nothing, and before the other party goes on. "Yes." after a question is an
        answer, and "Okay." at the end of a session takes the floor. English wording only.
        """
        could_be = [is_backchannel_wording(words) for words in self.words]
        n = len(self)
        # The last utterance that somebody else spoke before a run of one party's listening words.
        before = list(range(-1, n - 1))
        for i in range(1, n):
            if could_be[i - 1] and self.party[i - 1] == self.party[i]:
                before[i] = before[i - 1]
        result = np.zeros(n, dtype=bool)
        floor_after = -1  # who takes the floor next, seen from the end
        for i in range(n - 1, -1, -1):
            j = before[i]
            goes_on = j >= 0 and floor_after == self.party[j] != self.party[i]
            if could_be[i] and goes_on and not self.is_question[j]:
                result[i] = True
            else:
                floor_after = int(self.party[i])
        return frozen_column(result, np.bool_)

    @cached_property
    def turns(self) -> Turns:
        """One party's utterances until another takes the floor (a backchannel does not)."""
        floor = np.flatnonzero(~self.is_backchannel)
        party = self.party[floor]
        starts = np.ones(len(floor), dtype=bool)
        starts[1:] = party[1:] != party[:-1]
        of_utterance = np.full(len(self), -1)
        of_utterance[floor] = np.cumsum(starts) - 1
        ends = np.ones(len(floor), dtype=bool)
        ends[:-1] = starts[1:]
        columns = (party[starts], floor[starts], floor[ends], of_utterance)
        return Turns(*(frozen_column(column, np.int64) for column in columns))

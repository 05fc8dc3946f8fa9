"""Where nobody speaks, and how soon one of the two follows the other."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.session import Role, Session
from openrapport.signal import frozen_column
from openrapport.span import Span
from openrapport.speech.lengths import turn_columns

__all__ = ["Latencies", "Silences", "response_latencies", "silences"]


class _Columns:
    """Columns that share one length and are read-only."""

    __slots__ = ()

    def __post_init__(self) -> None:
        names = [f.name for f in fields(self)]  # type: ignore[arg-type]
        for name in names:
            object.__setattr__(self, name, frozen_column(getattr(self, name), np.int64))
        lengths = sorted({len(getattr(self, name)) for name in names})
        if len(lengths) > 1:
            raise BadInput(f"columns have lengths {lengths}; expected one length")

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Silences(_Columns):
    """Stretches in which nobody speaks.

    Parameters
    ----------
    before, after : array_like of int, shape (n,)
        Indices of the utterance that was the last one to end before, and the next one to start.
    start_ms, end_ms : array_like of int, shape (n,)
        From that end to that start.

    Raises
    ------
    BadInput
        If lengths differ.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]

    def spans(self) -> tuple[Span, ...]:
        """Give the silences as spans.

        Returns
        -------
        spans : tuple of Span
            In the session's order.
        """
        return tuple(map(Span, self.start_ms.tolist(), self.end_ms.tolist()))

    def where(self, chosen: NDArray[np.bool_]) -> Silences:
        """Choose some of the silences.

        Parameters
        ----------
        chosen : ndarray of bool, shape (n,)
            True for those to keep.

        Returns
        -------
        silences : Silences
            A new value.
        """
        return Silences(
            self.before[chosen], self.after[chosen], self.start_ms[chosen], self.end_ms[chosen]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Latencies(_Columns):
    """How soon a turn of one of the two follows a turn of the other.

    Parameters
    ----------
    party : array_like of int, shape (n,)
        Who takes the floor, as an index into ``session.parties``.
    before, after : array_like of int, shape (n,)
        Last utterance of the turn before, first utterance of the turn that follows.
    latency_ms : array_like of int, shape (n,)
        From the end of the turn before to the start of the next; negative where they overlap.
    turn : array_like of int, shape (n,)
        Index of the turn that follows, in ``session.utterances.turns``.

    Raises
    ------
    BadInput
        If lengths differ.
    """

    party: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    latency_ms: NDArray[np.int64]
    turn: NDArray[np.int64]


def silences(session: Session, *, min_ms: int) -> Silences:
    """Find the stretches in which nobody speaks.

    Parameters
    ----------
    session : Session
        Utterances without times are passed over, and where one stands between two others nobody
        knows whether they were silent: that stretch is left out.
    min_ms : int
        Shortest silence to give, > 0.

    Returns
    -------
    silences : Silences
        In the session's order; none where there are no times.

    Raises
    ------
    BadInput
        If ``min_ms`` is not above 0.
    """
    if min_ms <= 0:
        raise BadInput(f"min_ms is {min_ms}; expected milliseconds above 0")
    spoken = session.utterances
    timed = np.flatnonzero(spoken.has_times)
    start, end = spoken.start_ms[timed], spoken.end_ms[timed]
    # The last to end may be a long utterance that began well before its neighbours.
    covered = np.maximum.accumulate(end)
    last_to_end = np.maximum.accumulate(np.where(end == covered, np.arange(len(timed)), 0))
    found = np.flatnonzero((start[1:] - covered[:-1] >= min_ms) & (np.diff(timed) == 1))
    return Silences(timed[last_to_end[found]], timed[found + 1], covered[found], start[found + 1])


def response_latencies(session: Session) -> Latencies:
    """Measure how soon each of the two follows the other.

    Parameters
    ----------
    session : Session
        Only turns of the therapist and the client that follow each other, with times for every
        utterance of the turn before and for the first of the next.

    Returns
    -------
    latencies : Latencies
        One row for each such change of turn.
    """
    spoken = session.utterances
    turns, columns = spoken.turns, turn_columns(spoken)
    dyad = np.isin(turns.party, [session.party_of(role) for role in (Role.THERAPIST, Role.CLIENT)])
    starts = spoken.has_times[turns.first]
    chosen = 1 + np.flatnonzero(dyad[:-1] & dyad[1:] & columns.timed[:-1] & starts[1:])
    return Latencies(
        party=turns.party[chosen],
        before=turns.last[chosen - 1],
        after=turns.first[chosen],
        latency_ms=spoken.start_ms[turns.first[chosen]] - columns.end_ms[chosen - 1],
        turn=chosen,
    )

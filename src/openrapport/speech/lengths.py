"""How long people speak and how long their turns are: columns that steps compute with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.signal import frozen_column
from openrapport.utterances import Utterances

__all__ = ["TurnColumns", "new_speech_ms", "talk_share", "talk_time_ms", "turn_columns"]


@dataclass(frozen=True, slots=True, eq=False)
class TurnColumns:
    """How long each turn is; rows as in ``session.utterances.turns``.

    Parameters
    ----------
    words : ndarray of int64, shape (n_turns,)
        Words of the turn, without the listener's backchannels.
    start_ms, end_ms : ndarray of int64, shape (n_turns,)
        First start and last end of its utterances, meaningless where not ``timed``.
    timed : ndarray of bool, shape (n_turns,)
        True where every utterance of the turn has both times.
    """

    words: NDArray[np.int64]
    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]
    timed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.words)


def new_speech_ms(utterances: Utterances) -> NDArray[np.int64]:
    """Speech that each utterance adds to what its own party had already covered.

    ::

        T  |------|            600 -> 600
        T      |-----|         500 -> 300     the first 200 ms were counted already
        C    |------|          600 -> 600     another party's speech counts for itself

    Parameters
    ----------
    utterances : Utterances
        What was said.

    Returns
    -------
    new_ms : ndarray of int64, shape (n,)
        Milliseconds; 0 where a start or an end is missing.
    """
    new_ms = np.zeros(len(utterances), dtype=np.int64)
    for party in np.unique(utterances.party):
        own = np.flatnonzero((utterances.party == party) & utterances.has_times)
        if len(own):
            start, end = utterances.start_ms[own], utterances.end_ms[own]
            covered = np.concatenate([start[:1], np.maximum.accumulate(end)[:-1]])
            new_ms[own] = np.maximum(0, end - np.maximum(start, covered))
    return new_ms


def talk_time_ms(utterances: Utterances, n_parties: int) -> NDArray[np.int64]:
    """Time that each party spoke.

    Parameters
    ----------
    utterances : Utterances
        What was said; utterances without times add nothing.
    n_parties : int
        How many parties there are.

    Returns
    -------
    talk_ms : ndarray of int64, shape (n_parties,)
        Overlapped speech counts for both parties; overlapping utterances of one party count once.

    Raises
    ------
    BadInput
        If an utterance belongs to none of the parties.
    """
    if len(utterances) and not (0 <= utterances.party.min() and utterances.party.max() < n_parties):
        raise BadInput(f"an utterance belongs to none of the {n_parties} parties")
    talk_ms = np.zeros(n_parties, dtype=np.int64)
    np.add.at(talk_ms, utterances.party, new_speech_ms(utterances))
    return talk_ms


def talk_share(utterances: Utterances, n_parties: int) -> NDArray[np.float64]:
    """Share of each party in the summed talk time.

    Parameters
    ----------
    utterances : Utterances
        What was said.
    n_parties : int
        How many parties there are.

    Returns
    -------
    share : ndarray of float64, shape (n_parties,)
        In [0, 1]; they sum to 1.

    Raises
    ------
    BadInput
        If nothing has both times, or an utterance belongs to none of the parties.
    """
    talk_ms = talk_time_ms(utterances, n_parties)
    if not talk_ms.sum():
        raise BadInput("talk time is 0 ms; expected utterances with a start and an end")
    return np.asarray(talk_ms / talk_ms.sum(), dtype=np.float64)


def turn_columns(utterances: Utterances) -> TurnColumns:
    """Measure the turns.

    Parameters
    ----------
    utterances : Utterances
        What was said.

    Returns
    -------
    columns : TurnColumns
        One row for each turn.
    """
    turns = utterances.turns
    floor = np.flatnonzero(turns.of_utterance >= 0)
    if not len(floor):
        none = frozen_column([], np.int64)
        return TurnColumns(none, none, none, frozen_column([], np.bool_))
    first = np.searchsorted(floor, turns.first)
    return TurnColumns(
        words=frozen_column(np.add.reduceat(utterances.n_words[floor], first), np.int64),
        start_ms=frozen_column(utterances.start_ms[turns.first], np.int64),
        end_ms=frozen_column(np.maximum.reduceat(utterances.end_ms[floor], first), np.int64),
        timed=frozen_column(np.logical_and.reduceat(utterances.has_times[floor], first), np.bool_),
    )

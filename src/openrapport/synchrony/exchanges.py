"""Turns as the measures of language see them: who answers whom, and what is in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.session import Role, Session

__all__ = ["Exchanges", "exchanges", "over_turns"]


@dataclass(frozen=True, slots=True, eq=False)
class Exchanges:
    """Turns of one party that answer the other's turn just before.

    Parameters
    ----------
    before, reply : ndarray of int64, shape (n,)
        Indices of turns.
    """

    before: NDArray[np.int64]
    reply: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.reply)


def exchanges(session: Session, replying: Role) -> Exchanges:
    """Find where one person of the dyad answers the other.

    Parameters
    ----------
    session : Session
        Any.
    replying : Role
        Therapist or client: who answers.

    Returns
    -------
    exchanges : Exchanges
        In order; turns of anybody else make none.
    """
    party = session.utterances.turns.party
    mine, other = session.party_of(replying), session.party_of(replying.partner)
    reply = np.flatnonzero((party[1:] == mine) & (party[:-1] == other)) + 1
    return Exchanges(reply - 1, reply)


def over_turns(session: Session, columns: NDArray[np.generic]) -> NDArray[np.float64]:
    """Add up columns over the utterances of each turn.

    Parameters
    ----------
    session : Session
        Whose turns.
    columns : ndarray, shape (n_utterances,) or (n_utterances, k)
        What is added up; a backchannel belongs to no turn, so it adds nothing.

    Returns
    -------
    sums : ndarray of float64, shape (n_turns,) or (n_turns, k)
        One row for each of ``session.utterances.turns``.
    """
    turns = session.utterances.turns
    inside = turns.of_utterance >= 0
    turn, n = turns.of_utterance[inside], len(turns)
    table = columns[inside].astype(np.float64)
    if table.ndim == 1:
        return np.bincount(turn, table, minlength=n).astype(np.float64)
    sums = np.zeros((n, table.shape[1]))
    for k, column in enumerate(table.T):
        sums[:, k] = np.bincount(turn, column, minlength=n)
    return sums

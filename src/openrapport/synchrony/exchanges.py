"""Pairs of a turn and the other's answer to it, and answers dealt out anew as chance would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Null
from openrapport.session import Role, Session

__all__ = ["DRAWS", "Exchanges", "exchanges", "null_of", "shuffles"]

DRAWS = 200
"""Surrogates behind a chance band."""


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


def shuffles(n: int, rng: np.random.Generator, *, draws: int = DRAWS) -> NDArray[np.int64]:
    """Deal n answers out anew, many times (segment shuffle).

    Parameters
    ----------
    n : int
        How many there are.
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Surrogates.

    Returns
    -------
    order : ndarray of int64, shape (draws, n)
        Each row holds 0 to n - 1 once: who spoke and what was said stay, only the order goes.
    """
    return np.argsort(rng.random((draws, n)), axis=1)


def null_of(draws: NDArray[np.float64]) -> Null:
    """Sum surrogates up.

    Parameters
    ----------
    draws : ndarray of float64, shape (draws,)
        The statistic of each surrogate; NaN where it could not be computed.

    Returns
    -------
    null : Null
        Of the kind ``segment_shuffle``.
    """
    known = draws[np.isfinite(draws)]
    low, high = np.percentile(known, (2.5, 97.5))
    return Null(
        "segment_shuffle", float(known.mean()), float(known.std()), float(low), float(high), len(known)
    )

"""A session seen turn by turn, as the search for moments needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.finding import Evidence, NotMeasured
from openrapport.session import Role, Session
from openrapport.synchrony.exchanges import over_turns
from openrapport.utterances import Turns

__all__ = ["STEP", "Candidate", "Scene", "measured_for", "not_looked_for", "plain_number"]

STEP = "moments.v1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that stood out, before it is decided which of them are shown.

    Parameters
    ----------
    kind : str
        What made it stand out.
    favourable : bool
        True where it seems to have gone well.
    title, reason : str
        As in :class:`openrapport.finding.Moment`.
    first, last : int
        First and last utterance of what happened, both inclusive.
    evidence : tuple of str or Span
        What made it stand out.
    strength : float
        In [0, 1], how far it stands out among its kind.
    measured : tuple of MeasuredError
        How often the codes behind it are right.
    """

    kind: str
    favourable: bool
    title: str
    reason: str
    first: int
    last: int
    evidence: tuple[Evidence, ...]
    strength: float
    measured: tuple[MeasuredError, ...] = ()


@dataclass(frozen=True, eq=False)
class Scene:
    """A session's turns with their words, sentiment and codes, as columns over turns.

    Parameters
    ----------
    session : Session
        With its codes and ratings, where it has any.
    """

    session: Session

    @property
    def turns(self) -> Turns:
        """Turns of the session."""
        return self.session.utterances.turns

    @cached_property
    def of_therapist(self) -> NDArray[np.bool_]:
        """True for the therapist's turns, shape (n_turns,)."""
        return np.equal(self.turns.party, self.session.party_of(Role.THERAPIST))

    @cached_property
    def of_client(self) -> NDArray[np.bool_]:
        """True for the client's turns, shape (n_turns,)."""
        return np.equal(self.turns.party, self.session.party_of(Role.CLIENT))

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """Words of each turn, shape (n_turns,)."""
        return over_turns(self.session, self.session.utterances.n_words).astype(np.int64)

    @cached_property
    def usual_words(self) -> float:
        """Median words of the client's turns: what this client usually says at a time."""
        return float(np.median(self.words[self.of_client])) if self.of_client.any() else 0.0

    @cached_property
    def sentiment(self) -> NDArray[np.float64]:
        """Mean sentiment of each turn, weighted by words; NaN where none was rated."""
        ratings = self.session.rated("sentiment")
        if ratings is None:
            return np.full(len(self.turns), np.nan)
        rated = np.isfinite(ratings.values)
        weight = np.where(rated, self.session.utterances.n_words, 0)
        total = over_turns(self.session, np.where(rated, ratings.values, 0.0) * weight)
        weights = over_turns(self.session, weight)
        mean = np.full(len(total), np.nan)
        np.divide(total, weights, out=mean, where=weights > 0)
        return mean

    def codes(self, scheme: str, labels: Sequence[str]) -> Codes | None:
        """Codes of a scheme, if its coder can give any of these labels.

        Parameters
        ----------
        scheme : str
            ``"strategy"``, ``"withdrawal"``.
        labels : sequence of str
            What is looked for.

        Returns
        -------
        codes : Codes or None
            None where nobody could have given them: then their absence means nothing.
        """
        codes = self.session.coded(scheme)
        return codes if codes is not None and set(labels) & set(codes.labels) else None

    def first_codes(self, *wanted: tuple[str, Sequence[str]]) -> Codes | None:
        """Codes of the first of some schemes whose coder can give what is looked for.

        Parameters
        ----------
        *wanted : tuple of str and sequence of str
            Schemes with their labels, the finer before the coarser.

        Returns
        -------
        codes : Codes or None
            None where nobody could have given any of them.
        """
        found = (self.codes(scheme, labels) for scheme, labels in wanted)
        return next((codes for codes in found if codes is not None), None)

    def turns_with(self, codes: Codes | None, labels: Sequence[str]) -> NDArray[np.float64]:
        """How surely each turn has one of these codes.

        Parameters
        ----------
        codes : Codes or None
            As from :meth:`codes`.
        labels : sequence of str
            Any of them counts.

        Returns
        -------
        probability : ndarray of float64, shape (n_turns,)
            The highest probability among the turn's codes that are on; 0 where there is none.
        """
        result = np.zeros(len(self.turns))
        if codes is None:
            return result
        wanted = [i for i, label in enumerate(codes.labels) if label in labels]
        turn = self.turns.of_utterance[codes.utterance]
        rows = np.isin(codes.label, wanted) & (turn >= 0)
        # A code that is on counts, however unsure its coder: 0 is kept for "not on".
        np.maximum.at(result, turn[rows], np.maximum(codes.probability[rows], 0.01))
        return result

    def ids(self, turns: Sequence[int]) -> tuple[str, ...]:
        """Ids of all utterances of some turns.

        Parameters
        ----------
        turns : sequence of int
            Indices of turns.

        Returns
        -------
        ids : tuple of str
            In the session's order, without the other's backchannels between them.
        """
        spoken, turn = self.session.utterances, self.turns.of_utterance
        stretches = [
            range(int(self.turns.first[t]), int(self.turns.last[t]) + 1) for t in sorted(turns)
        ]
        wanted = set(turns)
        return tuple(spoken.ids[i] for stretch in stretches for i in stretch if turn[i] in wanted)

    def surest(self, codes: Codes | None, turn: int, labels: Sequence[str]) -> str:
        """Pick the surest of some codes that a turn has.

        Parameters
        ----------
        codes : Codes or None
            As from :meth:`codes`.
        turn : int
            Index of the turn.
        labels : sequence of str
            What is looked for; the first of them is given where the turn has none.

        Returns
        -------
        label : str
            One of ``labels``.
        """
        if codes is None:
            return labels[0]
        span = (self.turns.first[turn], self.turns.last[turn] + 1)
        start, end = np.searchsorted(codes.utterance, span)
        found = [
            (float(codes.probability[row]), codes.labels[codes.label[row]])
            for row in range(int(start), int(end))
            if self.turns.of_utterance[codes.utterance[row]] == turn
        ]
        return max((pair for pair in found if pair[1] in labels), default=(0.0, labels[0]))[1]


def not_looked_for(kind: str, what: str, why: str) -> NotMeasured:
    """Say that a kind of moment could not be looked for, which is not that there was none.

    Parameters
    ----------
    kind : str
        As in :class:`Candidate`.
    what : str
        The kind in words, many of them: "Long silences after a question".
    why : str
        What it needs and what there is.

    Returns
    -------
    missing : NotMeasured
        Its reason stands for itself.
    """
    return NotMeasured(STEP, f"{what} were not looked for: {why}", name=kind)


def measured_for(codes: Codes | None, labels: Sequence[str], metric: str) -> tuple[MeasuredError, ...]:
    """Pick what is known of some codes' errors.

    Parameters
    ----------
    codes : Codes or None
        Whose errors.
    labels : sequence of str
        Which codes.
    metric : str
        ``"precision"`` where a code made the moment, ``"recall"`` where its absence did.

    Returns
    -------
    measured : tuple of MeasuredError
        In the coder's order.
    """
    known = () if codes is None else codes.measured
    return tuple(m for m in known if m.code in labels and m.metric == metric)


def plain_number(value: float) -> str:
    """Write a number as a person would: without a needless ``.0``.

    Parameters
    ----------
    value : float
        Words, seconds.

    Returns
    -------
    text : str
        At most one decimal.
    """
    return f"{value:.1f}".removesuffix(".0")

"""Linguistic coordination: does a reply take up the kind of small word that was just used?

For one marker (a class of function words) and one direction it is ::

    P(reply has the marker | what it replies to has it)  -  P(reply has the marker)

Above 0: a reply uses such words more often right after the other used them. The markers carry no
topic, so that it is wording that is followed rather than what is spoken of. :func:`coordination`
gives what ConvoKit's ``Coordination`` gives on the same utterances with the same markers.

In a session a reply is a turn, and it replies to the other's turn right before it. Chance is the
same measure with the other's turns put in another order (:mod:`openrapport.synchrony.surrogates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import middle, resampled_sums
from openrapport.session import DYAD, Role, Session
from openrapport.synchrony.exchanges import Exchanges, exchanges, over_turns
from openrapport.synchrony.function_words import FUNCTION_WORDS, class_counts
from openrapport.synchrony.surrogates import segment_shuffle, shuffle_null

__all__ = [
    "GIVES",
    "STEP",
    "PairCoordination",
    "aggregate",
    "coordinate_corpus",
    "coordination",
    "findings",
]

STEP = "coordination.v1"

GIVES = (Gives("coordination", DYAD, (*FUNCTION_WORDS, None)),)

# Below this a single reply moves a share by more than 5 points.
_MIN_REPLIES = 20

# ConvoKit asks for 3. With so few, one reply decides between "follows" and "avoids"; and a marker
# that stands before nearly every reply leaves nothing to compare with.
_MIN_AFTER_MARKER = 5
_MIN_AFTER_OTHERS = 5

_UNIT = "difference in probability"


@dataclass(frozen=True, slots=True, eq=False)
class PairCoordination:
    """How far each speaker follows each person they reply to, by marker.

    Parameters
    ----------
    speaker, target : ndarray of int64, shape (n_pairs,)
        Who replies, and to whom; sorted.
    value : ndarray of float64, shape (n_pairs, n_markers)
        In [-1, 1]; NaN below the minimums.
    n_replies : ndarray of int64, shape (n_pairs,)
        Replies of the speaker to the target.
    n_after_marker, n_with_marker, n_both : ndarray of int64, shape (n_pairs, n_markers)
        Replies to something with the marker, replies with the marker, and both.
    """

    speaker: NDArray[np.int64]
    target: NDArray[np.int64]
    value: NDArray[np.float64]
    n_replies: NDArray[np.int64]
    n_after_marker: NDArray[np.int64]
    n_with_marker: NDArray[np.int64]
    n_both: NDArray[np.int64]


def coordination(
    has_marker: ArrayLike,
    speaker: ArrayLike,
    reply_to: ArrayLike | None = None,
    *,
    min_after_marker: int,
    min_with_marker: int = 0,
    min_replies: int = 1,
) -> PairCoordination:
    """Measure how far speakers follow those they reply to.

    Parameters
    ----------
    has_marker : array_like of bool, shape (n, n_markers)
        Whether each utterance has each marker.
    speaker : array_like of int, shape (n,)
        Who spoke.
    reply_to : array_like of int, shape (n,), optional
        Row of the utterance that each one replies to, -1 for none. Without it each utterance
        replies to the one before it. A reply to oneself is left out.
    min_after_marker : int
        Replies to something with the marker that a value needs (ConvoKit: ``target_thresh``, 3 by
        default there). At least 1 is always needed.
    min_with_marker : int
        Replies with the marker that a value needs (ConvoKit: ``speaker_thresh``).
    min_replies : int
        Replies that a value needs (ConvoKit: ``utterances_thresh``).

    Returns
    -------
    coordination : PairCoordination
        One row for each pair of a speaker and somebody whom they reply to.

    Raises
    ------
    BadInput
        If the shapes do not fit, or a reply points outside the table.

    References
    ----------
    DanescuEtAl2011, DanescuEtAl2012
    """
    marked = np.asarray(has_marker, dtype=bool)
    who = np.asarray(speaker, dtype=np.int64)
    if marked.ndim != 2 or who.shape != marked.shape[:1]:
        raise BadInput(
            f"markers have shape {marked.shape} and speakers {who.shape}; expected (n, markers) and (n,)"
        )
    n = len(who)
    to = np.arange(n) - 1 if reply_to is None else np.asarray(reply_to, dtype=np.int64)
    if to.shape != who.shape or (n and (to.min() < -1 or to.max() >= n)):
        raise BadInput(f"reply_to is not one row number below {n}, or -1, for each utterance")
    reply = np.flatnonzero(to >= 0)
    reply = reply[who[to[reply]] != who[reply]]
    pairs, pair = np.unique(np.stack([who[reply], who[to[reply]]], axis=1), axis=0, return_inverse=True)
    before, after, n_pairs = marked[to[reply]], marked[reply], len(pairs)
    pair = pair.reshape(-1)
    n_replies = np.bincount(pair, minlength=n_pairs)
    n_after, n_with, n_both = (
        _tally(pair, cells, n_pairs) for cells in (before, after, before & after)
    )
    enough = (n_after >= max(min_after_marker, 1)) & (n_with >= min_with_marker)
    enough &= (n_replies >= min_replies)[:, None]
    value = np.where(enough, _above_base(n_both, n_after, n_with, n_replies[:, None]), np.nan)
    return PairCoordination(pairs[:, 0], pairs[:, 1], value, n_replies, n_after, n_with, n_both)


def coordinate_corpus(
    has_marker: Sequence[ArrayLike],
    speaker: Sequence[ArrayLike],
    reply_to: Sequence[ArrayLike] | None = None,
    *,
    min_after_marker: int,
    min_with_marker: int = 0,
    min_replies: int = 1,
) -> PairCoordination:
    """Measure coordination over many sessions at once.

    Parameters
    ----------
    has_marker : sequence of array_like of bool, shape (n_i, n_markers)
        One table for each session.
    speaker : sequence of array_like of int, shape (n_i,)
        Who spoke, numbered across the corpus: a therapist with the same number in two sessions is
        the same therapist, and their replies to the same person are counted together.
    reply_to : sequence of array_like of int, shape (n_i,), optional
        Rows within each session, as for :func:`coordination`.
    min_after_marker, min_with_marker, min_replies : int
        As for :func:`coordination`.

    Returns
    -------
    coordination : PairCoordination
        One row for each pair; no utterance replies to one of another session.

    Raises
    ------
    BadInput
        If the sessions are not one table each, or one does not fit.
    """
    tables = [np.asarray(table, dtype=bool) for table in has_marker]
    who = [np.asarray(column, dtype=np.int64) for column in speaker]
    to = (
        [np.arange(len(column)) - 1 for column in who]
        if reply_to is None
        else [np.asarray(column, dtype=np.int64) for column in reply_to]
    )
    lengths = [len(column) for column in who]
    if not tables or not lengths == [len(t) for t in tables] == [len(t) for t in to]:
        raise BadInput("sessions of a corpus do not have one row for each utterance in every table")
    for rows, n in zip(to, lengths, strict=True):
        if (rows >= n).any():
            raise BadInput(f"an utterance replies to a row outside its session of {n}")
    shifts = np.cumsum([0, *lengths[:-1]])
    shifted = [np.where(rows >= 0, rows + shift, rows) for rows, shift in zip(to, shifts, strict=True)]
    return coordination(
        np.concatenate(tables),
        np.concatenate(who),
        np.concatenate(shifted),
        min_after_marker=min_after_marker,
        min_with_marker=min_with_marker,
        min_replies=min_replies,
    )


def aggregate(value: ArrayLike, *, method: Literal[1, 2, 3]) -> float:
    """Average coordination over speakers and markers, where some values are missing.

    Parameters
    ----------
    value : array_like, shape (n_pairs, n_markers)
        As in :class:`PairCoordination`, NaN where missing.
    method : {1, 2, 3}
        1: only those with a value for every marker. 2: a missing value is the average of the others
        on that marker. 3: a missing value is one's own average over the other markers.

    Returns
    -------
    mean : float
        NaN where nothing is left to average; with 2 also where nobody has a value on some marker.

    Raises
    ------
    BadInput
        If the method is not one of the three.

    References
    ----------
    DanescuEtAl2012
    """
    if method not in (1, 2, 3):
        raise BadInput(f"method is {method}; expected 1, 2 or 3")
    table = np.asarray(value, dtype=float)
    known = np.isfinite(table)
    table, known = table[known.any(axis=1)], known[known.any(axis=1)]
    if method == 1:
        table, known = table[known.all(axis=1)], known[known.all(axis=1)]
    if not len(table) or (method == 2 and not known.any(axis=0).all()):
        return float("nan")
    if method == 2:
        table = np.where(known, table, np.nanmean(table, axis=0))
    return float(np.nanmean(table, axis=1).mean())


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure how far therapist and client take up each other's small words.

    Parameters
    ----------
    session : Session
        English.
    rng : numpy.random.Generator
        For intervals and chance bands.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``coordination`` of each party with each marker as its aspect, and the mean over markers
        without an aspect.
    """
    counts = class_counts(session.utterances.words)
    results: list[Result] = []
    for role in DYAD:
        found = exchanges(session, role)
        if len(found) < _MIN_REPLIES:
            reason = (
                f"needs at least {_MIN_REPLIES} replies of the {role} to the {role.partner}, "
                f"and there are {len(found)}"
            )
            results.append(NotMeasured(STEP, reason, name="coordination", party=role))
        else:
            results.extend(_direction(session, role, found, counts, rng))
    return results


def _tally(pair: NDArray[np.int64], cells: NDArray[np.bool_], n_pairs: int) -> NDArray[np.int64]:
    """Rows of each pair that are marked, by marker."""
    columns = [np.bincount(pair[column], minlength=n_pairs) for column in cells.T]
    return np.array(columns, dtype=np.int64).reshape(cells.shape[1], n_pairs).T


def _above_base(
    both: ArrayLike, after: ArrayLike, with_it: ArrayLike, n: ArrayLike
) -> NDArray[np.float64]:
    """P(marker | the other's marker) - P(marker); NaN where the other never used it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(both, after) - np.true_divide(with_it, n))


def _direction(
    session: Session,
    role: Role,
    found: Exchanges,
    counts: NDArray[np.int64],
    rng: np.random.Generator,
) -> Iterator[Result]:
    marked = over_turns(session, counts) > 0
    before, after = marked[found.before], marked[found.reply]
    n, n_after = len(found), before.sum(axis=0)
    usable = np.flatnonzero((n_after >= _MIN_AFTER_MARKER) & (n - n_after >= _MIN_AFTER_OTHERS))
    names = list(FUNCTION_WORDS)
    for k in sorted(set(range(len(names))) - set(usable.tolist())):
        reason = _why_not(role, names[k], int(n_after[k]), n)
        yield NotMeasured(STEP, reason, "coordination", role, names[k])
    if not len(usable):
        yield NotMeasured(STEP, "needs a kind of small word to average", "coordination", role)
        return
    before, after = before[:, usable], after[:, usable]
    n_both, n_with = (before & after).sum(axis=0), after.sum(axis=0)
    value = _above_base(n_both, n_after[usable], n_with, np.array(n))
    resampled, shuffled = _resampled(before, after, rng), _shuffled(before, after, rng)
    # A turn's utterances that hold the marker, where the turn took it up.
    taken = np.zeros((len(marked), len(usable)), dtype=bool)
    taken[found.reply] = before & after
    turn = session.utterances.turns.of_utterance
    evidence = (counts[:, usable] > 0) & taken[turn] & (turn >= 0)[:, None]

    def finding(aspect: str | None, at: NDArray[np.bool_]) -> Finding:
        return Finding(
            name="coordination",
            party=role,
            aspect=aspect,
            value=float(value[at].mean()),
            unit=_UNIT,
            n=n,
            counted="replies",
            interval=middle(resampled[:, at].mean(axis=1)),
            null=shuffle_null(shuffled[:, at].mean(axis=1)),
            step=STEP,
            evidence=session.utterances.ids_of(np.asarray(evidence[:, at].any(axis=1))),
        )

    for place, k in enumerate(usable.tolist()):
        yield finding(names[k], np.arange(len(usable)) == place)
    yield finding(None, np.full(len(usable), True))


def _resampled(
    before: NDArray[np.bool_], after: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    columns = np.concatenate(
        [before & after, before, after, np.ones((len(before), 1), dtype=bool)], axis=1
    )
    sums = resampled_sums(columns, rng=rng)
    both, n_after, n_with = np.split(sums[:, :-1], 3, axis=1)
    return _above_base(both, n_after, n_with, sums[:, -1:])


def _shuffled(
    before: NDArray[np.bool_], after: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    n, n_after, n_with = len(before), before.sum(axis=0), after.sum(axis=0)

    def statistic(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        both = np.count_nonzero(before[orders] & after, axis=1)
        return _above_base(both, n_after, n_with, np.array(n))

    return segment_shuffle(statistic, n, width=before.shape[1], rng=rng)


def _why_not(role: Role, marker: str, n_after: int, n: int) -> str:
    plain = marker.replace("_", " ")
    return (
        f"{plain}: needs at least {_MIN_AFTER_MARKER} replies of the {role} to turns with them and "
        f"{_MIN_AFTER_OTHERS} to turns without, and there are {n_after} and {n - n_after}"
    )

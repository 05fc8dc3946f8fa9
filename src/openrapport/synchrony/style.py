"""Style matching: how alike two people use each class of function words.

For one class it is ``1 - |a - b| / (a + b + 0.0001)``, where a and b are how many of 100 words of
each person are of that class; 1 is alike. It is measured twice: over the whole session class by
class, and over all classes within short windows of turns, beside what chance gives there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Finding, NotMeasured, Result
from openrapport.resampling import mean_interval, middle, resampled_sums
from openrapport.session import DYAD, Role, Session
from openrapport.synchrony.exchanges import over_turns
from openrapport.synchrony.function_words import FUNCTION_WORDS, class_counts
from openrapport.synchrony.surrogates import segment_shuffle, shuffle_null

__all__ = ["by_class", "class_matching", "matching_course", "style_matching", "within_windows"]

# Below this a rate of function words per person jumps with every sentence.
_MIN_WORDS_WINDOW = 30
_WINDOW_TURNS = 16
_MIN_WINDOWS = 4
# Of the rarer classes a person has some two in 100 words.
_MIN_WORDS_SESSION = 300
# With fewer words of a class one more or less moves its match by more than a tenth.
_MIN_OF_CLASS = 10
_SMALL = 0.0001

_Counts = NDArray[np.int64] | NDArray[np.float64]


def class_matching(
    counts_a: _Counts,
    words_a: _Counts,
    counts_b: _Counts,
    words_b: _Counts,
) -> NDArray[np.float64]:
    """Compare how often two people use each class of function words.

    Parameters
    ----------
    counts_a, counts_b : ndarray, shape (..., n_classes)
        Words of each class.
    words_a, words_b : ndarray, shape (...)
        All words.

    Returns
    -------
    matching : ndarray of float64, shape (..., n_classes)
        In [0, 1]; 1 where the shares are equal, as where neither uses the class at all. NaN where
        somebody has no words.

    References
    ----------
    NiederhofferPennebaker2002
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        # Per 100 words, as published: the small number is small beside those rates only.
        a, b = 100 * counts_a / words_a[..., None], 100 * counts_b / words_b[..., None]
        alike: NDArray[np.float64] = 1 - np.abs(a - b) / (a + b + _SMALL)
    return alike


def style_matching(
    counts_a: _Counts,
    words_a: _Counts,
    counts_b: _Counts,
    words_b: _Counts,
) -> NDArray[np.float64]:
    """Average the matching over classes.

    Parameters
    ----------
    counts_a, counts_b : ndarray, shape (..., n_classes)
        Words of each class.
    words_a, words_b : ndarray, shape (...)
        All words.

    Returns
    -------
    matching : ndarray of float64, shape (...)
        Mean of :func:`class_matching`.

    References
    ----------
    IrelandPennebaker2010
    """
    return np.asarray(class_matching(counts_a, words_a, counts_b, words_b).mean(axis=-1))


def matching_course(
    session: Session, *, width: int, step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Style matching in sliding windows of utterances.

    Parameters
    ----------
    session : Session
        English.
    width, step : int
        In utterances.

    Returns
    -------
    first, last : ndarray of int64, shape (n_windows,)
        First and last utterance of each window.
    value : ndarray of float64, shape (n_windows,)
        In [0, 1]; NaN where a person has fewer than 30 words.
    """
    spoken = session.utterances
    first = np.arange(0, max(0, len(spoken) - width) + 1, step)
    end = np.minimum(first + width, len(spoken))
    table = _with_totals(session)
    therapist, client = (
        _sums_between(table * session.spoken_by(role)[:, None], first, end) for role in DYAD
    )
    return first, end - 1, _of_windows(therapist, client)


def within_windows(session: Session, rng: np.random.Generator, step: str) -> Result:
    """Measure how closely the two match within short stretches of turns.

    Parameters
    ----------
    session : Session
        English.
    rng : numpy.random.Generator
        For the interval and the surrogates.
    step : str
        Name and version of the step that asks.

    Returns
    -------
    result : Finding or NotMeasured
        ``style_matching``, with its chance band: the client's turns in another order.

    References
    ----------
    IrelandPennebaker2010
    """
    name = "style_matching"
    turns, party = over_turns(session, _with_totals(session)), session.utterances.turns.party
    of_client = np.flatnonzero(party == session.party_of(Role.CLIENT))
    first = np.arange(0, max(0, len(turns) - _WINDOW_TURNS) + 1, _WINDOW_TURNS // 2)
    end = np.minimum(first + _WINDOW_TURNS, len(turns))
    therapist = turns * (party == session.party_of(Role.THERAPIST))[:, None]
    of_therapist = _sums_between(therapist, first, end)

    def windows(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        client = np.zeros((len(orders), *turns.shape))
        client[:, of_client] = turns[of_client][orders]
        return _of_windows(of_therapist, _sums_between(client, first, end))

    def average(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        values = windows(orders)
        known = np.isfinite(values)
        total, n = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
        return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))

    seen = windows(np.arange(len(of_client))[None])[0]
    seen = seen[np.isfinite(seen)]
    if len(seen) < _MIN_WINDOWS:
        reason = (
            f"needs {_MIN_WINDOWS} windows of {_WINDOW_TURNS} turns with {_MIN_WORDS_WINDOW} words from each; "
            f"this session has {len(seen)}"
        )
        return NotMeasured(step, reason, name=name)
    width = -(-turns.size // len(of_client))
    null = shuffle_null(segment_shuffle(average, len(of_client), width=width, rng=rng))
    if null is None:
        reason = (
            "has no chance band to be read beside: with the client's turns in another order, fewer than "
            f"half of the sessions had a window with {_MIN_WORDS_WINDOW} words from each"
        )
        return NotMeasured(step, reason, name=name)
    return Finding(
        name=name,
        value=float(seen.mean()),
        unit="similarity",
        n=len(seen),
        counted="windows",
        step=step,
        interval=mean_interval(seen, rng=rng),
        null=null,
        evidence=session.utterances.ids_of(session.utterances.turns.of_utterance >= 0),
    )


def by_class(session: Session, rng: np.random.Generator, step: str) -> Iterator[Result]:
    """Measure how alike the two use each class of function words over the whole session.

    Parameters
    ----------
    session : Session
        English.
    rng : numpy.random.Generator
        For the intervals: resamples of neighbouring turns of both.
    step : str
        Name and version of the step that asks.

    Yields
    ------
    result : Finding or NotMeasured
        ``style_matching_by_class`` with each class as its aspect, and the mean over all classes
        without an aspect. There is no chance band: over a whole session the order of turns, which
        a shuffle takes away, plays no part.

    References
    ----------
    NiederhofferPennebaker2002, IrelandPennebaker2010
    """
    name = "style_matching_by_class"
    turns, party = over_turns(session, _with_totals(session)), session.utterances.turns.party
    of_each = [turns * (party == session.party_of(role))[:, None] for role in DYAD]
    totals = [own.sum(axis=0) for own in of_each]
    fewest, n_words = (int(f(total[-1] for total in totals)) for f in (min, sum))
    if fewest < _MIN_WORDS_SESSION:
        reason = f"needs {_MIN_WORDS_SESSION} words of each person; one of them has {fewest}"
        yield NotMeasured(step, reason, name=name)
        return
    value = _classes_of(*totals)
    resampled = _classes_of(*np.split(resampled_sums(np.hstack(of_each), rng=rng), 2, axis=1))
    used = (totals[0] + totals[1])[:-1]
    holds = class_counts(session.utterances.words) > 0
    holds &= (np.isin(session.utterances.turns.of_utterance, np.flatnonzero(turns[:, -1] > 0)))[:, None]

    def finding(aspect: str | None, at: NDArray[np.bool_]) -> Finding:
        return Finding(
            name=name,
            aspect=aspect,
            value=float(value[at].mean()),
            unit="similarity",
            n=n_words,
            counted="words",
            step=step,
            interval=middle(resampled[:, at].mean(axis=1)),
            evidence=session.utterances.ids_of(np.asarray(holds[:, at].any(axis=1))),
        )

    for k, label in enumerate(FUNCTION_WORDS):
        if used[k] < _MIN_OF_CLASS:
            reason = (
                f"{label.replace('_', ' ')}: needs {_MIN_OF_CLASS} such words of the two together; "
                f"there are {int(used[k])}"
            )
            yield NotMeasured(step, reason, name=name, aspect=label)
        else:
            yield finding(label, np.arange(len(used)) == k)
    if (used < _MIN_OF_CLASS).any():
        yield NotMeasured(step, "needs all kinds of small words for their mean", name=name)
    else:
        yield finding(None, np.full(len(used), True))


def _with_totals(session: Session) -> NDArray[np.int64]:
    """Words of each class, and all words in the last column, by utterance."""
    return np.column_stack([class_counts(session.utterances.words), session.utterances.n_words])


def _sums_between(
    table: _Counts, first: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sums over rows (the last axis but one) from ``first`` until before ``end``."""
    none = np.zeros((*table.shape[:-2], 1, table.shape[-1]))
    running = np.cumsum(np.concatenate([none, table], axis=-2), axis=-2)
    return np.asarray(running[..., end, :] - running[..., first, :])


def _classes_of(a: _Counts, b: _Counts) -> NDArray[np.float64]:
    return class_matching(a[..., :-1], a[..., -1], b[..., :-1], b[..., -1])


def _of_windows(a: _Counts, b: _Counts) -> NDArray[np.float64]:
    value = style_matching(a[..., :-1], a[..., -1], b[..., :-1], b[..., -1])
    return np.where(np.minimum(a[..., -1], b[..., -1]) < _MIN_WORDS_WINDOW, np.nan, value)

"""How alike two people word things, beside what chance would give.

Findings of ``language.v1``: ``style_matching``, ``lexical_alignment``, ``we_rate``, ``we_taken_up``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Finding, NotMeasured, Result
from openrapport.resampling import mean_interval, ratio_interval
from openrapport.session import Role, Session
from openrapport.synchrony.exchanges import Exchanges, exchanges, null_of, shuffles
from openrapport.synchrony.function_words import WE_WORDS, class_counts, is_function_word
from openrapport.words import BACKCHANNELS

__all__ = ["STEP", "findings", "matching_course", "style_matching"]

STEP = "language.v1"

# Below this a rate of function words per person jumps with every sentence.
_MIN_WORDS_WINDOW = 30
_WINDOW_TURNS = 16
_MIN_WINDOWS = 4
_MIN_EXCHANGES = 20
_MIN_WE_TURNS = 5
_SMALL = 0.0001

# Sounds of hesitation: they carry no content and are no function words either.
_FILLERS = frozenset("ah eh er erm huh uh um umm".split())


def style_matching(
    counts_a: NDArray[np.float64],
    words_a: NDArray[np.float64],
    counts_b: NDArray[np.float64],
    words_b: NDArray[np.float64],
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
    matching : ndarray, shape (...)
        In [0, 1]; 1 where all shares are equal. NaN where somebody has no words.

    References
    ----------
    IrelandPennebaker2010
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        # Per 100 words, as published: the small number is small beside those rates only.
        a, b = 100 * counts_a / words_a[..., None], 100 * counts_b / words_b[..., None]
        alike: NDArray[np.float64] = (1 - np.abs(a - b) / (a + b + _SMALL)).mean(axis=-1)
    return alike


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
    last = np.minimum(first + width, len(spoken)) - 1
    counts = class_counts(spoken.words)
    columns = []
    for role in (Role.THERAPIST, Role.CLIENT):
        own = session.spoken_by(role)
        classes = _running(counts * own[:, None])
        words = _running((spoken.n_words * own)[:, None])[:, 0]
        columns.append((classes[last + 1] - classes[first], words[last + 1] - words[first]))
    (counts_t, words_t), (counts_c, words_c) = columns
    value = style_matching(counts_t, words_t, counts_c, words_c)
    value[np.minimum(words_t, words_c) < _MIN_WORDS_WINDOW] = np.nan
    return first, last, value


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure whether the two come to word things alike.

    Parameters
    ----------
    session : Session
        English.
    rng : numpy.random.Generator
        For intervals and surrogates.

    Returns
    -------
    results : list of Finding or NotMeasured
        Each with its chance band: one person's turns dealt out anew among themselves.
    """
    results: list[Result] = [_matching(session, rng)]
    for role in (Role.THERAPIST, Role.CLIENT):
        results.append(_alignment(session, role, rng))
        results.extend(_we(session, role, rng))
    return results


def _running(columns: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.cumsum(np.concatenate([np.zeros((1, columns.shape[1])), columns]), axis=0)


def _of_turns(session: Session, columns: NDArray[np.int64]) -> NDArray[np.int64]:
    turn = session.utterances.turns.of_utterance
    sums = np.zeros((len(session.utterances.turns), columns.shape[1]), dtype=np.int64)
    np.add.at(sums, turn[turn >= 0], columns[turn >= 0])
    return sums


def _ids(session: Session, turns: NDArray[np.int64]) -> tuple[str, ...]:
    inside = np.isin(session.utterances.turns.of_utterance, turns)
    return tuple(session.utterances.ids[i] for i in np.flatnonzero(inside))


def _matching(session: Session, rng: np.random.Generator) -> Result:
    spoken = session.utterances
    both = np.column_stack([class_counts(spoken.words), spoken.n_words])
    turns = _of_turns(session, both)
    party = spoken.turns.party
    therapist = turns * (party == session.party_of(Role.THERAPIST))[:, None]
    of_client = np.flatnonzero(party == session.party_of(Role.CLIENT))
    starts = np.arange(0, max(0, len(turns) - _WINDOW_TURNS) + 1, _WINDOW_TURNS // 2)
    running_t = _running(therapist)
    fixed = running_t[np.minimum(starts + _WINDOW_TURNS, len(turns))] - running_t[starts]

    def windows(order: NDArray[np.int64]) -> NDArray[np.float64]:
        client = np.zeros_like(turns)
        client[of_client] = turns[of_client][order]
        running = _running(client)
        moving = running[np.minimum(starts + _WINDOW_TURNS, len(turns))] - running[starts]
        values = style_matching(fixed[:, :-1], fixed[:, -1], moving[:, :-1], moving[:, -1])
        values[np.minimum(fixed[:, -1], moving[:, -1]) < _MIN_WORDS_WINDOW] = np.nan
        return values

    seen = windows(np.arange(len(of_client)))
    known = seen[np.isfinite(seen)]
    if len(known) < _MIN_WINDOWS:
        reason = (
            f"needs {_MIN_WINDOWS} windows of {_WINDOW_TURNS} turns with {_MIN_WORDS_WINDOW} words from each; "
            f"this session has {len(known)}"
        )
        return NotMeasured(STEP, reason, name="style_matching")
    drawn = []
    for order in shuffles(len(of_client), rng):
        values = windows(order)
        drawn.append(values[np.isfinite(values)].mean() if np.isfinite(values).any() else np.nan)
    return Finding(
        name="style_matching",
        value=float(known.mean()),
        unit="similarity",
        n=len(known),
        counted="windows",
        step=STEP,
        interval=mean_interval(known, rng=rng),
        null=null_of(np.array(drawn)),
        evidence=_ids(session, np.arange(len(turns))),
    )


def _alignment(session: Session, role: Role, rng: np.random.Generator) -> Result:
    pairs = exchanges(session, role)
    if len(pairs) < _MIN_EXCHANGES:
        return _too_few(pairs, "lexical_alignment", role)
    said, owner = _content(session)
    said, n_shared = _shared(said, session.utterances.turns.party[owner], session, role)
    # The last column stands for words that only one of the two says: nothing is ever found there.
    table = np.zeros((len(session.utterances.turns), n_shared + 1), dtype=bool)
    table[owner, said] = said < n_shared
    place = np.full(len(table), -1)
    place[pairs.reply] = np.arange(len(pairs))
    own = place[owner] >= 0
    reply, word = place[owner[own]], said[own]
    if len(word) < _MIN_EXCHANGES:
        return _too_few(pairs, "lexical_alignment", role)
    hits = table[pairs.before[reply], word]
    n = len(pairs)
    per_reply = np.bincount(reply, hits, n), np.bincount(reply, minlength=n)
    drawn = [float(table[pairs.before[order][reply], word].mean()) for order in shuffles(n, rng)]
    taken = np.unique(reply[hits])
    return Finding(
        name="lexical_alignment",
        value=float(hits.mean()),
        unit="share",
        n=n,
        counted="replies",
        step=STEP,
        party=role,
        interval=ratio_interval(*per_reply, rng=rng),
        null=null_of(np.array(drawn)),
        evidence=_ids(session, pairs.reply[taken]),
    )


def _content(session: Session) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Content words of all turns, by number, and the turn of each."""
    types: dict[str, int] = {}
    said: list[int] = []
    owner: list[int] = []
    known: dict[str, bool] = {}
    turn_of = session.utterances.turns.of_utterance.tolist()
    for turn, words in zip(turn_of, session.utterances.words, strict=True):
        if turn < 0:
            continue
        for word in words:
            if word not in known:
                known[word] = not (is_function_word(word) or word in BACKCHANNELS or word in _FILLERS)
            if known[word]:
                said.append(types.setdefault(word, len(types)))
                owner.append(turn)
    return np.array(said, dtype=np.int64), np.array(owner, dtype=np.int64)


def _shared(
    said: NDArray[np.int64], party: NDArray[np.int64], session: Session, role: Role
) -> tuple[NDArray[np.int64], int]:
    """Number the words anew: first those that both say, then one number for all others.

    A table of turns and words would grow with every word that only one of them ever says.
    """
    own, others = (said[party == session.party_of(r)] for r in (role, role.partner))
    shared = np.intersect1d(own, others)
    place = np.full(said.max(initial=-1) + 1, len(shared))
    place[shared] = np.arange(len(shared))
    return place[said], len(shared)


def _we(session: Session, role: Role, rng: np.random.Generator) -> Iterator[Result]:
    spoken = session.utterances
    counts = class_counts(spoken.words, {"we": WE_WORDS})[:, 0]
    own = np.flatnonzero(session.spoken_by(role) & (spoken.n_words > 0))
    if len(own) >= _MIN_EXCHANGES:
        low, high = ratio_interval(100 * counts[own], spoken.n_words[own], rng=rng)
        yield Finding(
            name="we_rate",
            value=float(100 * counts[own].sum() / spoken.n_words[own].sum()),
            unit="per 100 words",
            n=int(spoken.n_words[own].sum()),
            counted="words",
            step=STEP,
            party=role,
            interval=(low, high),
            evidence=tuple(spoken.ids[i] for i in own if counts[i]),
        )
    pairs = exchanges(session, role)
    has = _of_turns(session, counts[:, None])[:, 0] > 0
    before, reply = has[pairs.before], has[pairs.reply]
    if before.sum() < _MIN_WE_TURNS or len(pairs) < _MIN_EXCHANGES:
        n = int(before.sum())
        reason = f"needs {_MIN_WE_TURNS} turns of the other that hold a “we”; there are {n}"
        yield NotMeasured(STEP, reason, name="we_taken_up", party=role)
        return
    drawn = reply[shuffles(len(pairs), rng)][:, before].mean(axis=1)
    yield Finding(
        name="we_taken_up",
        value=float(reply[before].mean()),
        unit="share",
        n=int(before.sum()),
        counted="turns with “we” before",
        step=STEP,
        party=role,
        null=null_of(drawn),
        evidence=_ids(session, pairs.reply[before & reply]),
    )


def _too_few(pairs: Exchanges, name: str, role: Role) -> NotMeasured:
    reason = f"needs {_MIN_EXCHANGES} replies with content words; this session has {len(pairs)} replies"
    return NotMeasured(STEP, reason, name=name, party=role)

"""How alike two people word things, beside what chance would give (step ``language.v1``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import rate_interval, ratio_interval
from openrapport.session import DYAD, Role, Session
from openrapport.synchrony import style
from openrapport.synchrony.exchanges import exchanges, over_turns
from openrapport.synchrony.function_words import (
    FUNCTION_WORDS,
    WE_WORDS,
    class_counts,
    is_function_word,
)
from openrapport.synchrony.surrogates import segment_shuffle, shuffle_null
from openrapport.words import BACKCHANNELS

__all__ = ["GIVES", "STEP", "findings"]

STEP = "language.v1"

GIVES = (
    Gives("style_matching"),
    Gives("style_matching_by_class", aspects=(*FUNCTION_WORDS, None)),
    Gives("lexical_alignment", DYAD),
    Gives("we_rate", DYAD),
    Gives("we_taken_up", DYAD),
)

# Below this a single reply moves a share by more than 5 points.
_MIN_EXCHANGES = 20
_MIN_WE_TURNS = 5

# Sounds of hesitation: they carry no content and are no function words either.
_FILLERS = frozenset("ah eh er erm huh uh um umm".split())


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
        ``style_matching`` and ``style_matching_by_class`` of the two, ``lexical_alignment``,
        ``we_rate`` and ``we_taken_up`` of each. Where order plays a part there is a chance band: one
        person's turns dealt out anew among themselves.
    """
    results: list[Result] = [style.within_windows(session, rng, STEP)]
    results += style.by_class(session, rng, STEP)
    uses_we = class_counts(session.utterances.words, {"we": WE_WORDS})[:, 0]
    for role in DYAD:
        results.append(_alignment(session, role, rng))
        results.append(_we_rate(session, role, uses_we, rng))
        results.append(_we_taken_up(session, role, uses_we, rng))
    return results


def _ids(session: Session, turns: NDArray[np.int64]) -> tuple[str, ...]:
    spoken = session.utterances
    return spoken.ids_of(np.isin(spoken.turns.of_utterance, turns))


def _alignment(session: Session, role: Role, rng: np.random.Generator) -> Result:
    name = "lexical_alignment"
    pairs = exchanges(session, role)
    said, owner = _content(session)
    said, n_shared = _shared(said, session.utterances.turns.party[owner], session, role)
    # The last column stands for words that only one of the two says: nothing is ever found there.
    table = np.zeros((len(session.utterances.turns), n_shared + 1), dtype=bool)
    table[owner, said] = said < n_shared
    place = np.full(len(table), -1)
    place[pairs.reply] = np.arange(len(pairs))
    own = place[owner] >= 0
    reply, word = place[owner[own]], said[own]
    n, n_with_content = len(pairs), len(np.unique(reply))
    if n_with_content < _MIN_EXCHANGES:
        reason = f"needs {_MIN_EXCHANGES} replies with content words; there are {n_with_content}"
        return NotMeasured(STEP, reason, name=name, party=role)
    hits = table[pairs.before[reply], word]

    def share_found(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(table[pairs.before[orders][:, reply], word].mean(axis=1))

    width = -(-len(word) // n)
    return Finding(
        name=name,
        value=float(hits.mean()),
        unit="share",
        n=n_with_content,
        counted="replies",
        step=STEP,
        party=role,
        interval=ratio_interval(np.bincount(reply, hits, n), np.bincount(reply, minlength=n), rng=rng),
        null=shuffle_null(segment_shuffle(share_found, n, width=width, rng=rng)),
        evidence=_ids(session, pairs.reply[np.unique(reply[hits])]),
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


def _we_rate(
    session: Session, role: Role, uses_we: NDArray[np.int64], rng: np.random.Generator
) -> Result:
    spoken = session.utterances
    own = np.flatnonzero(session.spoken_by(role) & (spoken.n_words > 0))
    if len(own) < _MIN_EXCHANGES:
        reason = f"needs {_MIN_EXCHANGES} utterances of the {role} with words; there are {len(own)}"
        return NotMeasured(STEP, reason, name="we_rate", party=role)
    n_words = spoken.n_words[own]
    return Finding(
        name="we_rate",
        value=float(100 * uses_we[own].sum() / n_words.sum()),
        unit="per 100 words",
        n=int(n_words.sum()),
        counted="words",
        step=STEP,
        party=role,
        interval=rate_interval(uses_we[own], n_words / 100, rng=rng),
        evidence=spoken.ids_of(own[uses_we[own] > 0]),
    )


def _we_taken_up(
    session: Session, role: Role, uses_we: NDArray[np.int64], rng: np.random.Generator
) -> Result:
    pairs = exchanges(session, role)
    has = over_turns(session, uses_we) > 0
    before, reply = has[pairs.before], has[pairs.reply]
    n = int(before.sum())
    if n < _MIN_WE_TURNS or len(pairs) < _MIN_EXCHANGES:
        reason = (
            f"needs {_MIN_EXCHANGES} replies of the {role}, {_MIN_WE_TURNS} of them to a turn that holds "
            f"a “we”; there are {len(pairs)}, {n} of them to such a turn"
        )
        return NotMeasured(STEP, reason, name="we_taken_up", party=role)

    def share_taken_up(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(reply[orders][:, before].mean(axis=1))

    return Finding(
        name="we_taken_up",
        value=float(reply[before].mean()),
        unit="share",
        n=n,
        counted="turns with “we” before",
        step=STEP,
        party=role,
        null=shuffle_null(segment_shuffle(share_taken_up, len(pairs), width=1, rng=rng)),
        evidence=_ids(session, pairs.reply[before & reply]),
    )

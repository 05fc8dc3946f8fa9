"""Feeling in words: a word list's view of how warm or heavy they are (step ``affect.v1``).

A word list sees words. It knows no irony, no context and no feeling: "I am not sad any more" is
turned round only where a rule knows the turn, and a warm silence is nothing to it. How often it is
wrong on therapy talk has not been measured here. It serves to find stretches to read again.

Four things differ from the list's use on written posts, each because this is transcribed talk:

- Words that mostly answer or keep talk going ("yeah", "okay", "like", "well") are taken off the
  list: they are half of all its hits in counselling talk, and nearly all count as favourable.
- A listener's "mm-hm" or "great" is not rated.
- Capitals are how a transcript spells, not how loudly somebody spoke.
- Long utterances are rated by sentence and averaged: the sum over a long one drifts to either end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Ratings
from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import mean_interval, rate_interval
from openrapport.session import DYAD, Role, Session
from openrapport.signal import frozen_column

__all__ = ["GIVES", "STEP", "findings", "rate", "smoothed"]

STEP = "affect.v1"

GIVES = (
    Gives("sentiment_mean", DYAD),
    Gives("sentiment_shift", DYAD),
    Gives("strong_sentiment", DYAD, ("negative", "positive")),
)

_SCHEME = "sentiment"
_RATER = "vader.v1"
_UNIT = "compound, from -1 (heavy) to 1 (warm)"

_TALK_WORDS = frozenset(
    """alright kind like likes no nope ok okay okey pretty sure well yea yeah yep yes yup""".split()
)
# The list's rules look three words back, and its cost grows with the square of a piece's length.
_LONGEST_PIECE = 40
# Beyond this an utterance is no speech but a document; its beginning is rated.
_LONGEST_CHARS = 40_000

_SENTENCE_END = re.compile(r"(?<=[.!?;\u2026])\s+")
_REMARK = re.compile(r"\[[^\]]*\]")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
# What the list strips from words before it looks them up.
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

# A mean of fewer is decided by single words.
_MIN_RATED = 20
_MIN_RATED_IN_THIRD = 8
# Halfway to the end of the scale: one strong word ("terrible") or two plain ones in a sentence.
_STRONG = 0.5
# Some half a minute to a minute of one party's talk, in an odd number to have a middle.
_WINDOW = 9
_MIN_RATED_IN_WINDOW = 3


def rate(session: Session) -> Ratings:
    """Rate every utterance by a word list made for sentiment (VADER).

    Parameters
    ----------
    session : Session
        English. The lexicon and its rules are those of the installed vaderSentiment, with the
        changes that this module's text names.

    Returns
    -------
    ratings : Ratings
        Scheme ``sentiment``, from -1 (heavy) to 1 (warm). NaN where no word of the list stands in
        the utterance, and for backchannels: nothing was seen, which is not the same as neutral.

    References
    ----------
    HuttoGilbert2014
    """
    spoken = session.utterances
    values = [
        np.nan if listening else _rating(text)
        for text, listening in zip(spoken.text, spoken.is_backchannel.tolist(), strict=True)
    ]
    return Ratings(_SCHEME, _RATER, np.array(values, dtype=np.float64), _UNIT)


def smoothed(session: Session, role: Role) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the course of one party's sentiment: a running mean over their utterances.

    Parameters
    ----------
    session : Session
        With ratings of sentiment; without them every value is NaN.
    role : Role
        Whose course.

    Returns
    -------
    utterance : ndarray of int64, shape (n,)
        Indices of that party's utterances that are no backchannels.
    value : ndarray of float64, shape (n,)
        Mean of what was rated among the nine utterances around each one (fewer at the ends). NaN
        where fewer than three of them were rated: a gap in the course is left a gap.
    """
    chosen = session.spoken_by(role) & ~session.utterances.is_backchannel
    utterance = frozen_column(np.flatnonzero(chosen), np.int64)
    ratings = session.rated(_SCHEME)
    if ratings is None:
        return utterance, np.full(len(utterance), np.nan)
    own = ratings.values[utterance]
    seen = ~np.isnan(own)
    count = np.concatenate([[0], np.cumsum(seen)])
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, own, 0.0))])
    place = np.arange(len(own))
    low = np.maximum(0, place - _WINDOW // 2)
    high = np.minimum(len(own), place + _WINDOW // 2 + 1)
    n = count[high] - count[low]
    value = np.full(len(own), np.nan)
    enough = n >= _MIN_RATED_IN_WINDOW
    value[enough] = (total[high] - total[low])[enough] / n[enough]
    # Running sums leave a rounding error behind, never more than this removes.
    return utterance, np.clip(value, -1.0, 1.0)


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure the sentiment of each party's words.

    Parameters
    ----------
    session : Session
        With ratings of sentiment.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``sentiment_mean``, ``sentiment_shift`` (last third of the session less the first) and
        ``strong_sentiment`` (aspects ``negative`` and ``positive``) for the therapist and the
        client.
    """
    ratings = session.rated(_SCHEME)
    if ratings is None:
        return [NotMeasured(STEP, "needs ratings of sentiment, and this session has none")]
    results: list[Result] = []
    for role in DYAD:
        own = session.spoken_by(role) & ~np.isnan(ratings.values)
        n = int(own.sum())
        if n < _MIN_RATED:
            reason = (
                f"needs {_MIN_RATED} utterances of the {role} with a word of the list; there are {n}"
            )
            results += [NotMeasured(STEP, reason, name=given.name, party=role) for given in GIVES]
            continue
        results.append(_mean(session, role, ratings.values, own, rng))
        results.append(_shift(session, role, ratings.values, own, rng))
        results += _strong(session, role, ratings.values, rng)
    return results


@cache
def _analyzer() -> tuple[Any, frozenset[str], dict[int, str]]:
    """Load the word list once. It holds its own words, never a client's."""
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    for word in _TALK_WORDS:
        analyzer.lexicon.pop(word, None)
    emoji = {ord(e): f" {words} " for e, words in analyzer.emojis.items() if len(e) == 1}
    # We put words for emoji ourselves; its own way looks every single character up.
    analyzer.emojis = {}
    return analyzer, frozenset(analyzer.lexicon) - BOOSTER_DICT.keys(), emoji


def _rating(text: str) -> float:
    analyzer, lexicon, emoji = _analyzer()
    plain = text[:_LONGEST_CHARS].translate(_APOSTROPHES).lower()
    if "[" in plain:
        plain = _REMARK.sub(" ", plain)
    if not plain.isascii():
        plain = plain.translate(emoji)[:_LONGEST_CHARS]
    values = []
    for sentence in _SENTENCE_END.split(plain):
        words = sentence.split()
        for i in range(0, len(words), _LONGEST_PIECE):
            piece = words[i : i + _LONGEST_PIECE]
            # Most sentences hold no word of the list: asking first spares them its rules.
            if not lexicon.isdisjoint(piece) or any(w.strip(_PUNCTUATION) in lexicon for w in piece):
                values.append(analyzer.polarity_scores(" ".join(piece))["compound"])
    return float(np.mean(values)) if values else float("nan")


def _mean(
    session: Session,
    role: Role,
    values: NDArray[np.float64],
    own: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Finding:
    return Finding(
        name="sentiment_mean",
        party=role,
        value=float(values[own].mean()),
        unit="compound",
        n=int(own.sum()),
        counted="rated utterances",
        interval=mean_interval(values[own], rng=rng),
        step=STEP,
        evidence=session.utterances.ids_of(own),
    )


def _shift(
    session: Session,
    role: Role,
    values: NDArray[np.float64],
    own: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Result:
    third = len(values) // 3
    place = np.arange(len(values))
    ends = own & (place < third), own & (place >= len(values) - third)
    fewest = min(int(end.sum()) for end in ends)
    if fewest < _MIN_RATED_IN_THIRD:
        reason = (
            f"needs {_MIN_RATED_IN_THIRD} utterances of the {role} with a word of the list in the "
            f"first and in the last third; one of them has {fewest}"
        )
        return NotMeasured(STEP, reason, name="sentiment_shift", party=role)
    first, last = (values[end] for end in ends)
    first_low, first_high = mean_interval(first, rng=rng)
    last_low, last_high = mean_interval(last, rng=rng)
    shift = float(last.mean() - first.mean())
    # An interval of a difference from those of its parts, which need not be symmetric (MOVER,
    # ZouDonner2008).
    down = np.hypot(last.mean() - last_low, first_high - first.mean())
    up = np.hypot(last_high - last.mean(), first.mean() - first_low)
    return Finding(
        name="sentiment_shift",
        party=role,
        value=shift,
        unit="compound",
        n=len(first) + len(last),
        counted="rated utterances",
        interval=(float(shift - down), float(shift + up)),
        step=STEP,
        evidence=session.utterances.ids_of(ends[0] | ends[1]),
    )


def _strong(
    session: Session, role: Role, values: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[Finding]:
    spoken = session.utterances
    base = session.spoken_by(role) & ~spoken.is_backchannel & (spoken.n_words > 0)
    base |= session.spoken_by(role) & ~np.isnan(values)
    n = int(base.sum())
    for aspect, sign in (("negative", -1), ("positive", 1)):
        # A comparison with NaN is False: where nothing was seen, nothing strong was seen.
        strong = base & (sign * values >= _STRONG)
        low, high = rate_interval(strong[base], np.ones(n), rng=rng)
        yield Finding(
            name="strong_sentiment",
            party=role,
            aspect=aspect,
            value=100 * float(strong.sum() / n),
            unit="per 100 utterances",
            n=n,
            counted="utterances",
            interval=(100 * low, 100 * min(1.0, high)),
            step=STEP,
            evidence=session.utterances.ids_of(strong),
        )

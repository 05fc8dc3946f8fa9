"""How a session ran in codes: openness, the therapist's mix, and how it follows the client.

Step ``course.v1``. A third is a third of the session's utterances. Whether the therapist responds to
the client is seen in this: is what the therapist does right after a low moment of the client another
mix than what they do otherwise, by more than chance gives?
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.counts import wilson_interval
from openrapport.coding.ruptures import ANSWERS, answers, marks
from openrapport.coding.schemes import SCHEMES
from openrapport.finding import Finding, Gives, NotMeasured, Null, Result
from openrapport.resampling import mean_interval, middle, rate_interval, resampled_sums
from openrapport.session import Role, Session

__all__ = ["GIVES", "STEP", "THIRDS", "findings", "low_moments"]

STEP = "course.v1"

THIRDS = ("beginning", "middle", "end")
_MIX = tuple(f"{label}, {third}" for label in SCHEMES["behaviour"] for third in THIRDS)

GIVES = (
    Gives("disclosure_level", (Role.CLIENT,), THIRDS),
    Gives("disclosure_change", (Role.CLIENT,)),
    Gives("behaviour_share", (Role.THERAPIST,), _MIX),
    Gives("feeling_answered_share", (Role.THERAPIST,)),
    Gives("responsiveness", (Role.THERAPIST,)),
)

_MIN_OF_A_THIRD = 10
_MIN_MOMENTS = 5
_DRAWS = 500
# A level of disclosure and a rating of words that count as strong feeling.
_VULNERABLE = "3"
_STRONG = 0.5
_STRONG_WORDS = 8

Indices = NDArray[np.int64]


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure how openness and the therapist's mix ran, and what followed low moments.

    Parameters
    ----------
    session : Session
        With codes of ``disclosure``, ``behaviour`` and ``strategy``, as far as there are.
    rng : numpy.random.Generator
        For intervals and chance bands.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``disclosure_level`` and ``behaviour_share`` by third, ``disclosure_change``,
        ``feeling_answered_share``, ``responsiveness``.
    """
    return [
        *_disclosure(session, rng),
        *_mix(session, session.coded("behaviour"), rng),
        _feeling_answered(session),
        _responsiveness(session, rng),
    ]


def _disclosure(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    codes, name = session.coded("disclosure"), "disclosure_level"
    change = "disclosure_change"
    if codes is None or codes.labels != SCHEMES["disclosure"]:
        reason = "needs a coder who looks for how personal an utterance is"
        yield NotMeasured(STEP, reason, name, Role.CLIENT)
        yield NotMeasured(STEP, reason, change, Role.CLIENT)
        return
    spoken = session.utterances.n_words[codes.utterance] > 0
    rows, level = codes.utterance[spoken], codes.label[spoken].astype(float)
    third = _third_of(session, rows)
    parts = [level[third == k] for k in range(len(THIRDS))]
    for label, part, k in zip(THIRDS, parts, range(3), strict=True):
        if len(part) < _MIN_OF_A_THIRD:
            yield NotMeasured(
                STEP, _few("client utterances in a third", part), name, Role.CLIENT, label
            )
            continue
        yield Finding(
            name=name,
            aspect=label,
            party=Role.CLIENT,
            value=float(part.mean()),
            unit="level, 0 to 3",
            n=len(part),
            counted="utterances",
            step=STEP,
            interval=mean_interval(part, rng=rng),
            evidence=session.utterances.ids_of(rows[third == k]),
            measured=_macro(codes),
        )
    if min(len(parts[0]), len(parts[2])) < _MIN_OF_A_THIRD:
        fewest = min(parts[0], parts[2], key=len)
        yield NotMeasured(STEP, _few("client utterances in a third", fewest), change, Role.CLIENT)
        return
    yield _change(session, rows, parts, third, codes, rng)


def _change(
    session: Session,
    rows: Indices,
    parts: list[NDArray[np.float64]],
    third: Indices,
    codes: Codes,
    rng: np.random.Generator,
) -> Finding:
    draws = []
    for part in (parts[2], parts[0]):
        sums = resampled_sums(np.stack([part, np.ones_like(part)], axis=1), rng=rng)
        draws.append(sums[:, 0] / sums[:, 1])
    return Finding(
        name="disclosure_change",
        party=Role.CLIENT,
        value=float(parts[2].mean() - parts[0].mean()),
        unit="levels",
        n=len(parts[0]) + len(parts[2]),
        counted="utterances",
        step=STEP,
        interval=middle(draws[0] - draws[1]),
        evidence=session.utterances.ids_of(rows[third != 1]),
        measured=_macro(codes),
    )


def _mix(session: Session, codes: Codes | None, rng: np.random.Generator) -> Iterator[Result]:
    name = "behaviour_share"
    if codes is None or codes.labels != SCHEMES["behaviour"]:
        reason = "needs a coder who says what each utterance of the therapist mainly does"
        yield NotMeasured(STEP, reason, name, Role.THERAPIST)
        return
    spoken = session.utterances.n_words[codes.utterance] > 0
    rows, does = codes.utterance[spoken], codes.label[spoken]
    third = _third_of(session, rows)
    for k, label in enumerate(THIRDS):
        part = does[third == k]
        for j, behaviour in enumerate(codes.labels):
            aspect = f"{behaviour}, {label}"
            if len(part) < _MIN_OF_A_THIRD:
                reason = _few("therapist utterances in a third", part)
                yield NotMeasured(STEP, reason, name, Role.THERAPIST, aspect)
                continue
            low, high = rate_interval(part == j, np.ones(len(part)), rng=rng)
            yield Finding(
                name=name,
                aspect=aspect,
                party=Role.THERAPIST,
                value=float((part == j).mean()),
                unit="share",
                n=len(part),
                counted="utterances",
                step=STEP,
                interval=(low, min(1.0, high)),
                evidence=session.utterances.ids_of(rows[third == k][part == j]),
                measured=tuple(
                    m for m in codes.measured if m.code == behaviour and m.metric == "precision"
                ),
            )


def low_moments(session: Session) -> Indices | None:
    """Find the client's low moments: strain, strongly heavy words, or something vulnerable.

    Parameters
    ----------
    session : Session
        With codes and ratings.

    Returns
    -------
    utterance : ndarray of int64 or None
        In order; None where nobody looked for any of them.
    """
    found = list(marks(session).values())
    found += _vulnerable(session)
    sentiment = session.rated("sentiment")
    if sentiment is not None:
        heavy = session.spoken_by(Role.CLIENT) & (np.nan_to_num(sentiment.values) <= -_STRONG)
        found.append(np.flatnonzero(heavy & (session.utterances.n_words >= _STRONG_WORDS)))
    return np.unique(np.concatenate(found)) if found else None


def _vulnerable(session: Session) -> list[Indices]:
    codes = session.coded("disclosure")
    return [] if codes is None or _VULNERABLE not in codes.labels else [codes.with_label(_VULNERABLE)]


def _strong_feeling(session: Session) -> Indices | None:
    found = _vulnerable(session)
    sentiment = session.rated("sentiment")
    if sentiment is not None:
        strong = session.spoken_by(Role.CLIENT) & (np.abs(np.nan_to_num(sentiment.values)) >= _STRONG)
        found.append(np.flatnonzero(strong & (session.utterances.n_words >= _STRONG_WORDS)))
    return np.unique(np.concatenate(found)) if found else None


def _feeling_answered(session: Session) -> Result:
    name = "feeling_answered_share"
    met, strong = answers(session, "received"), _strong_feeling(session)
    if met is None or strong is None:
        reason = "needs codes of what the therapist does, and a rating of the client's words"
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    next_ = _next_by_therapist(session, strong)
    strong, next_ = strong[next_ >= 0], next_[next_ >= 0]
    if len(next_) < _MIN_MOMENTS:
        reason = f"needs at least {_MIN_MOMENTS} answers to strong words; here are {len(next_)}"
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    received = np.isin(next_, met)
    codes = [c for c in (session.coded("strategy"), session.coded("behaviour")) if c is not None]
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=float(received.mean()),
        unit="share",
        n=len(next_),
        counted="answers",
        step=STEP,
        interval=wilson_interval(int(received.sum()), len(received)),
        evidence=session.utterances.ids_of(np.union1d(strong, next_)),
        measured=tuple(
            m
            for of_one in codes
            for m in of_one.measured
            if m.metric == "recall" and m.code in ("reflection", *ANSWERS["received"])
        ),
    )


def _responsiveness(session: Session, rng: np.random.Generator) -> Result:
    name, codes, low = "responsiveness", session.coded("behaviour"), low_moments(session)
    if codes is None or low is None:
        reason = "needs codes of what the therapist mainly does, and of the client's low moments"
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    client = np.flatnonzero(session.spoken_by(Role.CLIENT) & (session.utterances.n_words > 0))
    next_ = _next_by_therapist(session, client)
    does = np.full(len(session.utterances), -1)
    does[codes.utterance] = codes.label
    usable = (next_ >= 0) & (does[next_] >= 0)
    after_low, kind = np.isin(client[usable], low), does[next_[usable]]
    if min(after_low.sum(), (~after_low).sum()) < _MIN_MOMENTS:
        reason = (
            f"needs {_MIN_MOMENTS} answers after low moments and as many after others; here are "
            f"{int(after_low.sum())} and {int((~after_low).sum())}"
        )
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    k = len(codes.labels)
    draws = np.array([_distance(kind, _shifted(after_low, rng), k) for _ in range(_DRAWS)])
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=_distance(kind, after_low, k),
        unit="share",
        n=int(after_low.sum()),
        counted="answers after low moments",
        step=STEP,
        null=Null(
            "shifted_moments", float(draws.mean()), float(draws.std()), *middle(draws), len(draws)
        ),
        evidence=session.utterances.ids_of(client[usable][after_low]),
        measured=_macro(codes),
    )


def _distance(kind: Indices, chosen: NDArray[np.bool_], k: int) -> float:
    """How much of one mix would have to change to become the other."""
    one = np.bincount(kind[chosen], minlength=k) / chosen.sum()
    other = np.bincount(kind[~chosen], minlength=k) / (~chosen).sum()
    return float(np.abs(one - other).sum() / 2)


def _shifted(chosen: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    # A shift keeps low moments as near to each other as they were; a shuffle would spread them.
    return np.roll(chosen, int(rng.integers(1, len(chosen))))


def _next_by_therapist(session: Session, rows: Indices) -> Indices:
    """The therapist's next utterance with words after each row, before the client speaks again; or -1."""
    spoken = session.utterances.n_words > 0
    therapist = np.flatnonzero(session.spoken_by(Role.THERAPIST) & spoken)
    client = np.flatnonzero(session.spoken_by(Role.CLIENT) & spoken)
    none = np.append(therapist, len(session.utterances))
    answer = none[np.searchsorted(therapist, rows, side="right")]
    again = np.append(client, len(session.utterances))[np.searchsorted(client, rows, side="right")]
    return np.where((answer < again) & (answer < len(session.utterances)), answer, -1)


def _third_of(session: Session, rows: Indices) -> Indices:
    return rows * len(THIRDS) // max(1, len(session.utterances))


def _macro(codes: Codes) -> tuple[MeasuredError, ...]:
    return tuple(m for m in codes.measured if m.code == "macro")


def _few(what: str, found: NDArray[np.generic]) -> str:
    return f"needs at least {_MIN_OF_A_THIRD} {what}; here are {len(found)}"

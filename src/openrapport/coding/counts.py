"""How often a therapist does what, counted from codes of any coder.

Nothing here knows which coder gave the codes: labels come from the codes' own scheme, and what the
codes are worth travels with each finding.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.finding import Finding, NotMeasured, Result
from openrapport.resampling import ratio_interval
from openrapport.session import Role, Session

__all__ = ["STEP", "findings", "wilson_interval"]

STEP = "codes.v1"

# Below 20 utterances one code more or less moves a rate by more than 5 in 100.
MIN_UTTERANCES = 20
# Below 5 questions or reflections one of them moves a share by more than 20 in 100.
MIN_OF_A_KIND = 5
# With fewer hits (or misses) than this the bootstrap sees too few different resamples, and with none
# it claims to be certain: then the interval is Wilson's.
FEW = 5

_Z = 1.96

QUESTIONS = ("open_question", "closed_question")
REFLECTIONS = ("simple_reflection", "complex_reflection")


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Count codes: rates of each strategy, and what the mix of questions and reflections is.

    Parameters
    ----------
    session : Session
        With codes of the scheme ``strategy``; also ``behaviour`` and ``withdrawal`` where there are.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``code_rate`` for each label; ``open_question_share``, ``complex_reflection_share``,
        ``reflection_question_ratio``, ``minimal_response_rate``.
    """
    strategy = session.coded("strategy")
    results: list[Result] = []
    if strategy is not None:
        results += _rates(session, strategy, rng)
        results.append(_share(session, strategy, QUESTIONS, "open_question_share", rng))
        results.append(_share(session, strategy, REFLECTIONS, "complex_reflection_share", rng))
    behaviour = session.coded("behaviour")
    if behaviour is not None:
        results.append(_reflections_per_question(session, behaviour, rng))
    withdrawal = session.coded("withdrawal")
    if withdrawal is not None and "minimal_response" in withdrawal.labels:
        results.append(_minimal_responses(session, withdrawal, rng))
    return results


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Interval of a share that stays honest for few hits, or none.

    Parameters
    ----------
    hits, n : int
        Hits among ``n`` >= 1.

    Returns
    -------
    low, high : float
        95 % interval in [0, 1]. Neighbours count as independent here, so it is a little narrow.

    References
    ----------
    Wilson1927
    """
    share = hits / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == n else min(1.0, middle + half)


def _rates(session: Session, codes: Codes, rng: np.random.Generator) -> list[Result]:
    spoken = _with_words(session, Role.THERAPIST)
    if len(spoken) < MIN_UTTERANCES:
        reason = _too_few("therapist utterances", MIN_UTTERANCES, len(spoken))
        return [NotMeasured(STEP, reason, name="code_rate", party=Role.THERAPIST)]
    results: list[Result] = []
    for label in codes.labels:
        has_code = np.isin(spoken, codes.with_label(label))
        low, high = _share_interval(has_code, rng)
        finding = Finding(
            name="code_rate",
            aspect=label,
            party=Role.THERAPIST,
            value=100 * float(has_code.mean()),
            unit="per 100 therapist utterances",
            n=len(spoken),
            counted="utterances",
            step=STEP,
            interval=(100 * low, 100 * high),
            evidence=_ids(session, spoken[has_code]),
            measured=_worth(codes, label),
        )
        results.append(finding)
    return results


def _share(
    session: Session, codes: Codes, pair: tuple[str, str], name: str, rng: np.random.Generator
) -> Finding | NotMeasured:
    """Share of the pair's first (open) or last (complex) kind, as the finding's name says."""
    counted = "questions" if pair is QUESTIONS else "reflections"
    label = name.removesuffix("_share")
    if not set(pair) <= set(codes.labels):
        reason = f"the coder does not tell two kinds of {counted} apart"
        return NotMeasured(STEP, reason, name=name, party=Role.THERAPIST)
    of_pair = np.flatnonzero(np.isin(codes.label, [codes.labels.index(kind) for kind in pair]))
    if len(of_pair) < MIN_OF_A_KIND:
        reason = _too_few(counted, MIN_OF_A_KIND, len(of_pair))
        return NotMeasured(STEP, reason, name=name, party=Role.THERAPIST)
    # One row for each code: an utterance that asks both kinds of question counts for both.
    is_kind = codes.label[of_pair] == codes.labels.index(label)
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=float(is_kind.mean()),
        unit="share",
        n=len(of_pair),
        counted=counted,
        step=STEP,
        interval=_share_interval(is_kind, rng),
        evidence=_ids(session, np.unique(codes.utterance[of_pair])),
        measured=_worth(codes, *pair),
    )


def _reflections_per_question(
    session: Session, codes: Codes, rng: np.random.Generator
) -> Finding | NotMeasured:
    name = "reflection_question_ratio"
    if not {"reflection", "question"} <= set(codes.labels):
        return NotMeasured(STEP, "the coder does not code both", name=name, party=Role.THERAPIST)
    reflections, questions = codes.with_label("reflection"), codes.with_label("question")
    if len(questions) < MIN_OF_A_KIND:
        reason = _too_few("questions", MIN_OF_A_KIND, len(questions))
        return NotMeasured(STEP, reason, name=name, party=Role.THERAPIST)
    either = np.union1d(reflections, questions)
    reflects, asks = np.isin(either, reflections), np.isin(either, questions)
    if min(len(reflections), len(questions)) < FEW:
        # A ratio a:b of two kinds is the odds of a share, so the share's interval carries over.
        low, high = wilson_interval(len(reflections), len(reflections) + len(questions))
        interval = (low / (1 - low), high / (1 - high))
    else:
        interval = ratio_interval(reflects, asks, rng=rng)
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=len(reflections) / len(questions),
        unit="reflections per question",
        n=len(either),
        counted="utterances",
        step=STEP,
        interval=interval,
        evidence=_ids(session, either),
        measured=_worth(codes, "reflection", "question"),
    )


def _minimal_responses(
    session: Session, codes: Codes, rng: np.random.Generator
) -> Finding | NotMeasured:
    name = "minimal_response_rate"
    spoken = _with_words(session, Role.CLIENT)
    if len(spoken) < MIN_UTTERANCES:
        reason = _too_few("client utterances", MIN_UTTERANCES, len(spoken))
        return NotMeasured(STEP, reason, name=name, party=Role.CLIENT)
    has_code = np.isin(spoken, codes.with_label("minimal_response"))
    low, high = _share_interval(has_code, rng)
    return Finding(
        name=name,
        party=Role.CLIENT,
        value=100 * float(has_code.mean()),
        unit="per 100 client utterances",
        n=len(spoken),
        counted="utterances",
        step=STEP,
        interval=(100 * low, 100 * high),
        evidence=_ids(session, spoken[has_code]),
        measured=_worth(codes, "minimal_response"),
    )


def _share_interval(hits: NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    n_hits, n = int(hits.sum()), len(hits)
    if min(n_hits, n - n_hits) < FEW:
        return wilson_interval(n_hits, n)
    return ratio_interval(hits, np.ones(n), rng=rng)


def _with_words(session: Session, role: Role) -> NDArray[np.int64]:
    """Utterances of a role in which anything was said."""
    return np.flatnonzero(session.spoken_by(role) & (session.utterances.n_words > 0))


def _ids(session: Session, utterances: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(session.utterances.ids[i] for i in utterances)


def _worth(codes: Codes, *labels: str) -> tuple[MeasuredError, ...]:
    """How often these codes are right: the coder's precision."""
    return tuple(m for m in codes.measured if m.code in labels and m.metric == "precision")


def _too_few(what: str, least: int, n: int) -> str:
    return f"needs at least {least} {what}; this session has {n}"

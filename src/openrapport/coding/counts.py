"""How often a therapist does what, counted from codes of any coder.

Nothing here knows which coder gave the codes: labels come from the codes' own scheme, and what the
codes are worth travels with each finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.schemes import SCHEMES
from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import ratio_interval
from openrapport.session import Role, Session

__all__ = ["GIVES", "STEP", "findings", "wilson_interval"]

STEP = "codes.v1"

GIVES = (
    Gives("code_rate", (Role.THERAPIST,), SCHEMES["strategy"]),
    Gives("open_question_share", (Role.THERAPIST,)),
    Gives("complex_reflection_share", (Role.THERAPIST,)),
    Gives("reflection_question_ratio", (Role.THERAPIST,)),
    Gives("minimal_response_rate", (Role.CLIENT,)),
)

# Below 20 utterances one code more or less moves a rate by more than 5 in 100.
MIN_UTTERANCES = 20
# Below 5 questions or reflections one of them moves a share by more than 20 in 100.
MIN_OF_A_KIND = 5
# With fewer hits (or misses) than this the bootstrap sees too few different resamples, and with none
# it claims to be certain: then the interval is Wilson's.
FEW = 5

_Z = 1.96

QUESTIONS = ("open_question", "closed_question")
REFLECTIONS = ("complex_reflection", "simple_reflection")


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
    return [
        *_rates(session, strategy, rng),
        _share(session, strategy, QUESTIONS, rng),
        _share(session, strategy, REFLECTIONS, rng),
        _reflections_per_question(session, session.coded("behaviour"), rng),
        _minimal_responses(session, session.coded("withdrawal"), rng),
    ]


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


def _rates(session: Session, codes: Codes | None, rng: np.random.Generator) -> Iterator[Result]:
    if codes is None:
        yield _missing("code_rate", Role.THERAPIST, "needs a coder who looks for strategies")
        return
    spoken = _with_words(session, Role.THERAPIST)
    if len(spoken) < MIN_UTTERANCES:
        reason = _too_few("therapist utterances", MIN_UTTERANCES, len(spoken))
        yield _missing("code_rate", Role.THERAPIST, reason)
        return
    for label in codes.labels:
        yield _rate(session, codes, label, spoken, "code_rate", rng)
    for label in SCHEMES["strategy"]:
        if label not in codes.labels:
            reason = f"{codes.coder} does not look for this, or not well enough to show it"
            yield NotMeasured(STEP, reason, "code_rate", Role.THERAPIST, label)


def _minimal_responses(session: Session, codes: Codes | None, rng: np.random.Generator) -> Result:
    name, label = "minimal_response_rate", "minimal_response"
    if codes is None or label not in codes.labels:
        return _missing(name, Role.CLIENT, "needs a coder who looks for minimal responses")
    spoken = _with_words(session, Role.CLIENT)
    if len(spoken) < MIN_UTTERANCES:
        reason = _too_few("client utterances", MIN_UTTERANCES, len(spoken))
        return _missing(name, Role.CLIENT, reason)
    return _rate(session, codes, label, spoken, name, rng)


def _rate(
    session: Session,
    codes: Codes,
    label: str,
    spoken: NDArray[np.int64],
    name: str,
    rng: np.random.Generator,
) -> Finding:
    """How many of 100 utterances of one person have a code."""
    role = session.role_of(int(session.utterances.party[spoken[0]]))
    has_code = np.isin(spoken, codes.with_label(label))
    low, high = _share_interval(has_code, rng)
    return Finding(
        name=name,
        aspect=label if name == "code_rate" else None,
        party=role,
        value=100 * float(has_code.mean()),
        unit=f"per 100 {role} utterances",
        n=len(spoken),
        counted="utterances",
        step=STEP,
        interval=(100 * low, 100 * high),
        evidence=session.utterances.ids_of(spoken[has_code]),
        measured=_worth(codes, label),
    )


def _share(
    session: Session, codes: Codes | None, pair: tuple[str, str], rng: np.random.Generator
) -> Result:
    """Share of the pair's first kind in both: open questions, complex reflections."""
    name, counted = f"{pair[0]}_share", pair[0].split("_")[1] + "s"
    if codes is None or not set(pair) <= set(codes.labels):
        reason = f"needs a coder who tells two kinds of {counted} apart"
        return _missing(name, Role.THERAPIST, reason)
    of_pair = np.flatnonzero(np.isin(codes.label, [codes.labels.index(kind) for kind in pair]))
    if len(of_pair) < MIN_OF_A_KIND:
        return _missing(name, Role.THERAPIST, _too_few(counted, MIN_OF_A_KIND, len(of_pair)))
    # One row for each code: an utterance that asks both kinds of question counts for both.
    is_first = codes.label[of_pair] == codes.labels.index(pair[0])
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=float(is_first.mean()),
        unit="share",
        n=len(of_pair),
        counted=counted,
        step=STEP,
        interval=_share_interval(is_first, rng),
        evidence=session.utterances.ids_of(codes.utterance[of_pair]),
        measured=_worth(codes, *pair),
    )


def _reflections_per_question(
    session: Session, codes: Codes | None, rng: np.random.Generator
) -> Result:
    name = "reflection_question_ratio"
    if codes is None or not {"reflection", "question"} <= set(codes.labels):
        return _missing(name, Role.THERAPIST, "needs a coder who tells reflections from questions")
    reflections, questions = codes.with_label("reflection"), codes.with_label("question")
    if len(questions) < MIN_OF_A_KIND:
        reason = _too_few("questions", MIN_OF_A_KIND, len(questions))
        return _missing(name, Role.THERAPIST, reason)
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
        evidence=session.utterances.ids_of(either),
        measured=_worth(codes, "reflection", "question"),
    )


def _share_interval(hits: NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    n_hits, n = int(hits.sum()), len(hits)
    if min(n_hits, n - n_hits) < FEW:
        return wilson_interval(n_hits, n)
    return ratio_interval(hits, np.ones(n), rng=rng)


def _with_words(session: Session, role: Role) -> NDArray[np.int64]:
    """Utterances of a role in which anything was said."""
    return np.flatnonzero(session.spoken_by(role) & (session.utterances.n_words > 0))


def _worth(codes: Codes, *labels: str) -> tuple[MeasuredError, ...]:
    """How often these codes are right: the coder's precision."""
    return tuple(m for m in codes.measured if m.code in labels and m.metric == "precision")


def _missing(name: str, role: Role, reason: str) -> NotMeasured:
    return NotMeasured(STEP, reason, name=name, party=role)


def _too_few(what: str, least: int, n: int) -> str:
    return f"needs at least {least} {what}; this session has {n}"

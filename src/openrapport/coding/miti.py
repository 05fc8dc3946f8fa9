"""Counts of the MITI 4.2.1, for sessions that are declared as motivational interviewing (``miti.v1``).

The manual counts behaviours by hand, from a recording; these counts come from codes of utterances, so
they are an approximation with the coder's error. Two things the manual asks for are not here: global
ratings, which somebody gives who has heard the session, and the difference between seeking
collaboration and emphasising autonomy, which the codes do not make.

    MITI                          codes of the scheme ``strategy``
    GI                            information
    PERSUADE                      advice
    PERSUADE_WITH                 advice_with_leave
    Q                             open_question, closed_question (one for an utterance)
    SR                            simple_reflection, where the utterance is no complex one
    CR                            complex_reflection, summary
    AF                            affirmation
    SEEK_OR_EMPHASIZE             collaboration
    CONFRONT                      confrontation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.counts import wilson_interval
from openrapport.coding.ruptures import with_any
from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import rate_interval, ratio_interval
from openrapport.session import Role, Session

__all__ = ["COUNTS", "GIVES", "STEP", "findings"]

STEP = "miti.v1"

COUNTS: Mapping[str, tuple[str, ...]] = {
    "GI": ("information",),
    "PERSUADE": ("advice",),
    "PERSUADE_WITH": ("advice_with_leave",),
    "Q": ("open_question", "closed_question"),
    "SR": ("simple_reflection",),
    "CR": ("complex_reflection", "summary"),
    "AF": ("affirmation",),
    "SEEK_OR_EMPHASIZE": ("collaboration",),
    "CONFRONT": ("confrontation",),
    "MIA": ("affirmation", "collaboration"),
    "MINA": ("advice", "confrontation"),
}
"""Behaviours and the two sums (MI-adherent, MI-non-adherent), with the codes they are counted from."""

_GLOBALS = ("technical", "relational")
_MIN_OF_A_KIND = 5
_MIN_UTTERANCES = 20

GIVES = (
    Gives("miti_count", (Role.THERAPIST,), tuple(COUNTS)),
    Gives("miti_complex_share", (Role.THERAPIST,)),
    Gives("miti_reflection_question_ratio", (Role.THERAPIST,)),
    Gives("miti_global", (Role.THERAPIST,), _GLOBALS),
)


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Count MITI behaviours and their ratios.

    Parameters
    ----------
    session : Session
        Declared as motivational interviewing, with codes of ``strategy``.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``miti_count`` for each of :data:`COUNTS`, ``miti_complex_share`` (%CR),
        ``miti_reflection_question_ratio`` (R:Q); globals are never measured.

    References
    ----------
    MoyersEtAl2016
    """
    strategy = session.coded("strategy")
    spoken = np.flatnonzero(session.spoken_by(Role.THERAPIST) & (session.utterances.n_words > 0))
    if strategy is None or len(spoken) < _MIN_UTTERANCES:
        reason = f"needs codes of {_MIN_UTTERANCES} therapist utterances at least"
        return [NotMeasured(STEP, reason)]
    has = _behaviours(strategy, spoken)
    return [
        *(_count(session, strategy, spoken, name, has, rng) for name in COUNTS),
        _complex_share(session, strategy, spoken, has),
        _ratio(session, strategy, spoken, has, rng),
        *_globals(),
    ]


def _behaviours(codes: Codes, spoken: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """How often each utterance counts for each behaviour; a behaviour no coder looks for is missing."""
    has = {
        name: np.isin(spoken, with_any(codes, labels)).astype(float)
        for name, labels in COUNTS.items()
        if set(labels) <= set(codes.labels)
    }
    if {"SR", "CR"} <= has.keys():
        # One utterance is one reflection, and a complex one takes precedence.
        has["SR"] = np.where(has["CR"] > 0, 0.0, has["SR"])
    for name, parts in (("MIA", ("AF", "SEEK_OR_EMPHASIZE")), ("MINA", ("PERSUADE", "CONFRONT"))):
        if name in has:
            has[name] = has[parts[0]] + has[parts[1]]
    return has


def _count(
    session: Session,
    codes: Codes,
    spoken: NDArray[np.int64],
    name: str,
    has: Mapping[str, NDArray[np.float64]],
    rng: np.random.Generator,
) -> Result:
    if name not in has:
        missing = " or ".join(x.replace("_", " ") for x in COUNTS[name] if x not in codes.labels)
        reason = f"{codes.coder} does not look for {missing}, or not well enough to show it"
        return NotMeasured(STEP, reason, "miti_count", Role.THERAPIST, name)
    low, high = rate_interval(has[name], np.ones(len(spoken)), rng=rng)
    return Finding(
        name="miti_count",
        aspect=name,
        party=Role.THERAPIST,
        value=float(has[name].sum()),
        unit="count",
        n=len(spoken),
        counted="utterances",
        step=STEP,
        interval=(low * len(spoken), high * len(spoken)),
        evidence=session.utterances.ids_of(spoken[has[name] > 0]),
        measured=_worth(codes, *COUNTS[name]),
    )


def _complex_share(
    session: Session,
    codes: Codes,
    spoken: NDArray[np.int64],
    has: Mapping[str, NDArray[np.float64]],
) -> Result:
    name = "miti_complex_share"
    if not {"SR", "CR"} <= has.keys():
        return NotMeasured(STEP, _needs(codes, "two kinds of reflection"), name, Role.THERAPIST)
    n_complex, n = int(has["CR"].sum()), int((has["CR"] + has["SR"]).sum())
    if n < _MIN_OF_A_KIND:
        reason = f"needs at least {_MIN_OF_A_KIND} reflections; this session has {n}"
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=n_complex / n,
        unit="share",
        n=n,
        counted="reflections",
        step=STEP,
        interval=wilson_interval(n_complex, n),
        evidence=session.utterances.ids_of(spoken[has["CR"] + has["SR"] > 0]),
        measured=_worth(codes, "simple_reflection", "complex_reflection"),
    )


def _ratio(
    session: Session,
    codes: Codes,
    spoken: NDArray[np.int64],
    has: Mapping[str, NDArray[np.float64]],
    rng: np.random.Generator,
) -> Result:
    name = "miti_reflection_question_ratio"
    if not {"SR", "CR", "Q"} <= has.keys():
        return NotMeasured(STEP, _needs(codes, "reflections and questions"), name, Role.THERAPIST)
    reflects, asks = has["SR"] + has["CR"], has["Q"]
    if min(reflects.sum(), asks.sum()) < _MIN_OF_A_KIND:
        reason = (
            f"needs at least {_MIN_OF_A_KIND} reflections and {_MIN_OF_A_KIND} questions; this session "
            f"has {int(reflects.sum())} and {int(asks.sum())}"
        )
        return NotMeasured(STEP, reason, name, Role.THERAPIST)
    either = reflects + asks > 0
    return Finding(
        name=name,
        party=Role.THERAPIST,
        value=float(reflects.sum() / asks.sum()),
        unit="reflections per question",
        n=int(either.sum()),
        counted="utterances",
        step=STEP,
        interval=ratio_interval(reflects[either], asks[either], rng=rng),
        evidence=session.utterances.ids_of(spoken[either]),
        measured=_worth(codes, *COUNTS["Q"], *COUNTS["SR"], *COUNTS["CR"]),
    )


def _globals() -> Iterator[NotMeasured]:
    for aspect in _GLOBALS:
        reason = "the manual's global ratings are given by a person who has heard the session"
        yield NotMeasured(STEP, reason, "miti_global", Role.THERAPIST, aspect)


def _needs(codes: Codes, what: str) -> str:
    return f"{codes.coder} does not tell {what} apart well enough"


def _worth(codes: Codes, *labels: str) -> tuple[MeasuredError, ...]:
    return tuple(m for m in codes.measured if m.code in labels and m.metric == "precision")

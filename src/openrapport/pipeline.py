"""From a session to a report: the steps, what each needs, and how they run.

The table ``STEPS`` is written by hand: reading it tells what a report can hold. A step is a pure
function from a session (and a random generator) to results; it never calls another step and never
writes to the session. What a step needs and a session lacks is reported, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zlib import crc32

import numpy as np

import openrapport
from openrapport import moments
from openrapport.coding import affect, counts, courses, miti, ruptures
from openrapport.coding.coder import Coder
from openrapport.coding.rules import RuleCoder
from openrapport.coding.trained import TrainedCoder
from openrapport.errors import BadInput
from openrapport.finding import Finding, Gives, Moment, NotMeasured, Report, Result
from openrapport.session import Session
from openrapport.speech import latency, talk
from openrapport.synchrony import coordination, language

__all__ = ["CODERS", "STEPS", "Step", "measure", "prepare", "run"]


@dataclass(frozen=True, slots=True)
class Step:
    """One method, with its version and what it needs.

    Parameters
    ----------
    name : str
        With a version, ``"floor.v1"``; a changed method gets a new one.
    compute : callable
        Takes a session and a random generator and gives results.
    needs : frozenset of str
        Of what a session can provide: ``utterances``, ``times``, ``english``,
        ``codes:<scheme>``, ``ratings:<scheme>`` or a signal's name.
    gives : tuple of Gives
        What it promises: each is measured, or it is said why not.
    """

    name: str
    compute: Callable[[Session, np.random.Generator], Iterable[Result]]
    needs: frozenset[str]
    gives: tuple[Gives, ...]


_WORDS = frozenset({"utterances", "english"})
_MI = "approach:motivational_interviewing"

STEPS: tuple[Step, ...] = (
    Step(talk.STEP, talk.findings, frozenset({"utterances"}), talk.GIVES),
    Step(latency.STEP, latency.findings, frozenset({"utterances", "times"}), latency.GIVES),
    Step(counts.STEP, counts.findings, _WORDS | {"codes:strategy"}, counts.GIVES),
    Step(ruptures.STEP, ruptures.findings, _WORDS | {"codes:withdrawal"}, ruptures.GIVES),
    Step(courses.STEP, courses.findings, _WORDS | {"codes:behaviour"}, courses.GIVES),
    Step(miti.STEP, miti.findings, _WORDS | {"codes:strategy", _MI}, miti.GIVES),
    Step(language.STEP, language.findings, _WORDS, language.GIVES),
    Step(coordination.STEP, coordination.findings, _WORDS, coordination.GIVES),
    Step(affect.STEP, affect.findings, _WORDS | {"ratings:sentiment"}, affect.GIVES),
    Step(moments.STEP, moments.findings, frozenset({"utterances"}), moments.GIVES),
)


CODERS: Mapping[str, Callable[[], Coder]] = MappingProxyType(
    {"trained": TrainedCoder, "rules": RuleCoder}
)
"""Coders that ship: the first is used where none is named."""


def prepare(session: Session, *, coder: Coder | None = None) -> Session:
    """Give a session the codes and ratings that steps rest on.

    Parameters
    ----------
    session : Session
        As it was read.
    coder : Coder, optional
        Who codes; the trained coder where none is given.

    Returns
    -------
    session : Session
        A new one; the same where the language is not English.
    """
    if "english" not in _provided(session):
        return session
    coder = coder or CODERS["trained"]()
    return session.with_codes(*coder.code(session)).with_ratings(affect.rate(session))


def measure(
    session: Session,
    *,
    seed: int = 0,
    only: Collection[str] | None = None,
    before: Callable[[str], object] | None = None,
) -> Report:
    """Run the steps on a session that is prepared.

    Parameters
    ----------
    session : Session
        With its codes and ratings (see :func:`prepare`).
    seed : int
        For intervals and chance bands. Each step draws from its own stream, so that the same
        session gives the same numbers whichever other steps run.
    only : collection of str, optional
        Names of the steps to run; all where none is given.
    before : callable, optional
        Is called with the name of each step before it runs, for whoever shows progress. What it
        raises ends the work.

    Returns
    -------
    report : Report
        Findings, what was not measured and why, and moments, the most talkworthy first.

    Raises
    ------
    BadInput
        If ``only`` names a step that does not exist.
    """
    known = [step.name for step in STEPS]
    unknown = sorted(set(only or ()) - set(known))
    if unknown:
        raise BadInput(f"no step is called {unknown[0]!r}; expected one of {', '.join(known)}")
    steps = [step for step in STEPS if only is None or step.name in only]
    provided = _provided(session)
    results: list[Result] = []
    for step in steps:
        if before is not None:
            before(step.name)
        missing = sorted(step.needs - provided)
        if missing:
            reason = "; ".join(_why_missing(session, need) for need in missing)
            results.append(NotMeasured(step.name, reason))
        else:
            rng = np.random.default_rng([seed, crc32(step.name.encode())])
            results.extend(step.compute(session, rng))
    return Report(
        version=openrapport.__version__,
        session=session.name,
        parties=session.parties,
        sources=session.sources,
        steps=tuple(step.name for step in steps),
        findings=tuple(r for r in results if isinstance(r, Finding)),
        not_measured=tuple(r for r in results if isinstance(r, NotMeasured)),
        moments=tuple(r for r in results if isinstance(r, Moment)),
    )


def run(session: Session, *, seed: int = 0, coder: Coder | None = None) -> Report:
    """Prepare a session and measure it: :func:`prepare`, then :func:`measure`.

    Parameters
    ----------
    session : Session
        As it was read.
    seed : int
        For intervals and chance bands.
    coder : Coder, optional
        Who codes; the trained coder where none is given.

    Returns
    -------
    report : Report
        Findings, what was not measured and why, and moments.
    """
    return measure(prepare(session, coder=coder), seed=seed)


def _provided(session: Session) -> frozenset[str]:
    provided = {f"codes:{codes.scheme}" for codes in session.codes}
    provided |= {f"ratings:{ratings.scheme}" for ratings in session.ratings}
    provided |= set(session.signals)
    if len(session.utterances):
        provided.add("utterances")
        if session.is_timed:
            provided.add("times")
        if session.is_english:
            provided.add("english")
    if session.approach is not None:
        provided.add(f"approach:{session.approach}")
    return frozenset(provided)


def _why_missing(session: Session, need: str) -> str:
    if need == "utterances":
        return "needs utterances, and this session has none"
    if need == "times":
        return talk.why_untimed(session)
    if need == "english":
        return "works for English only, and this session does not look English"
    if need.startswith("approach:"):
        approach = need.partition(":")[2].replace("_", " ")
        return f"is for {approach}, and this session is not declared as that"
    return f"needs {need}, and this session has none"

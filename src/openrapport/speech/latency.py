"""How the two take turns in time: answers, pauses, overlap, silences (step ``timing.v1``).

::

    T  |-------| a |-----|                 |------|
    C                        b |------|---------|
                                           |<-c>|

    a   a pause of T: silence within one turn
    b   C's response latency, from the end of T's turn; a gap, since nobody speaks in it
    c   T starts before C ends: overlap, and a response latency below 0

A listener's "mm-hm" takes no turn: it neither ends the other's turn nor interrupts it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Evidence, Finding, Gives, NotMeasured, Result
from openrapport.resampling import rate_interval, ratio_interval, statistic_interval
from openrapport.session import DYAD, Role, Session
from openrapport.speech.gaps import response_latencies, silences
from openrapport.speech.lengths import new_speech_ms, turn_columns
from openrapport.utterances import Utterances

__all__ = ["GIVES", "STEP", "findings"]

STEP = "timing.v1"

GIVES = (
    Gives("response_latency", DYAD),
    Gives("gap"),
    Gives("pause", DYAD),
    Gives("overlap_time"),
    Gives("overlap_share"),
    Gives("interruption_rate", DYAD),
    Gives("backchannel_rate", DYAD),
    Gives("long_silence_rate"),
    Gives("long_silence_ended_share", DYAD),
    Gives("silence_after_question_share"),
)

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000

# Below a quarter of a second a break belongs to articulation (a stop consonant), not to pausing.
_PAUSE_MS = 250
# Silences in therapy are commonly studied from 3 to 5 s on; at 5 s ordinary turn-taking, where
# one second is already long, has clearly stopped.
_LONG_SILENCE_MS = 5_000
# Anticipating the end of a turn by up to half a second is ordinary turn-taking, no interruption.
_INTERRUPTION_MS = 500
# Turn-taking happens within tenths of a second: coarser clocks cannot see it.
_FINE_MS = 100
# Where most utterances start exactly where the last one ended, a tool has filled the pauses.
_GAPLESS_FROM = 0.5
_MIN_TURN_CHANGES = 8
_MIN_PAUSES = 8
_MIN_QUESTIONS = 8
# Of fewer silences, who ended them is an anecdote, better read in the transcript.
_MIN_SILENCES = 5
_MIN_LENGTH_MS = 300_000
_MIN_SPEECH_MS = 60_000
_SHORT_FINDINGS = (
    "response_latency",
    "gap",
    "pause",
    "overlap_time",
    "overlap_share",
    "interruption_rate",
)


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure how the two take turns in time.

    Parameters
    ----------
    session : Session
        With times.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``response_latency``, ``gap``, ``pause``, ``overlap_time``, ``overlap_share``,
        ``interruption_rate``, ``backchannel_rate``, ``long_silence_rate``,
        ``long_silence_ended_share`` and ``silence_after_question_share``. What is shorter than
        the clock of the source can see is not measured.
    """
    coarse = _too_coarse(session.utterances)
    results: list[Result] = []
    if coarse:
        results += [NotMeasured(STEP, coarse, name=name) for name in _SHORT_FINDINGS]
    else:
        results += _latencies(session, rng)
        results += _breaks(session, rng)
        results += _overlap(session, rng)
        results += _interruptions(session, rng)
    results += [_backchannels(session, role, rng) for role in DYAD]
    results += _long_silences(session, rng)
    results.append(_after_questions(session, rng))
    return results


def _too_coarse(spoken: Utterances) -> str:
    timed = spoken.has_times
    start, end = spoken.start_ms[timed], spoken.end_ms[timed]
    step_ms = int(np.gcd.reduce(np.concatenate([start, end]))) if len(start) else 0
    if step_ms > _FINE_MS:
        return (
            f"the times of this transcript are multiples of {step_ms / 1000:g} s, "
            "and people take turns within tenths of a second"
        )
    if len(start) > 1 and (start[1:] == end[:-1]).mean() > _GAPLESS_FROM:
        return (
            "most utterances start exactly where the one before ends: whoever or whatever wrote "
            "these times did not mark the pauses"
        )
    return ""


def _median(
    name: str,
    values: NDArray[np.int64],
    *,
    counted: str,
    evidence: tuple[Evidence, ...],
    rng: np.random.Generator,
    party: Role | None = None,
) -> Finding:
    return Finding(
        name=name,
        party=party,
        value=float(np.median(values)),
        unit="ms",
        n=len(values),
        counted=counted,
        interval=statistic_interval(lambda draws: np.median(draws, axis=1), values, rng=rng),
        step=STEP,
        evidence=evidence,
    )


def _latencies(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    found = response_latencies(session)
    for role in DYAD:
        own = found.party == session.party_of(role)
        n = int(own.sum())
        if n < _MIN_TURN_CHANGES:
            reason = (
                f"needs {_MIN_TURN_CHANGES} turns of the {role} after the {role.partner}; there are {n}"
            )
            yield NotMeasured(STEP, reason, name="response_latency", party=role)
            continue
        ids = session.utterances.ids_of(np.concatenate([found.before[own], found.after[own]]))
        values = found.latency_ms[own]
        yield _median(
            "response_latency", values, counted="turn changes", evidence=ids, rng=rng, party=role
        )


def _breaks(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    found = silences(session, min_ms=_PAUSE_MS)
    turns = session.utterances.turns
    # A backchannel stands in the turn that it leaves with the other.
    of_utterance = np.maximum.accumulate(turns.of_utterance)
    same = of_utterance[found.before] == of_utterance[found.after]
    holder = turns.party[of_utterance[found.after]]
    dyad = np.isin(holder, [session.party_of(role) for role in DYAD])
    gaps = found.where(~same & dyad)
    if len(gaps) < _MIN_PAUSES:
        reason = f"needs {_MIN_PAUSES} silences between turns; there are {len(gaps)}"
        yield NotMeasured(STEP, reason, name="gap")
    else:
        length_ms = gaps.end_ms - gaps.start_ms
        yield _median("gap", length_ms, counted="gaps", evidence=gaps.spans(), rng=rng)
    for role in DYAD:
        pauses = found.where(same & (holder == session.party_of(role)))
        if len(pauses) < _MIN_PAUSES:
            reason = f"needs {_MIN_PAUSES} pauses within turns of the {role}; there are {len(pauses)}"
            yield NotMeasured(STEP, reason, name="pause", party=role)
        else:
            length_ms = pauses.end_ms - pauses.start_ms
            yield _median(
                "pause", length_ms, counted="pauses", evidence=pauses.spans(), rng=rng, party=role
            )


def _covered_before(session: Session, role: Role, at_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Speech of a role up to each time: linear between the edges of its merged utterances."""
    spoken = session.utterances
    own = session.spoken_by(role) & (new_speech_ms(spoken) > 0)
    if not own.any():
        return np.zeros(len(at_ms))
    new_ms = new_speech_ms(spoken)[own]
    end = spoken.end_ms[own]
    edges = np.stack([end - new_ms, end], axis=1).ravel()
    total = np.cumsum(new_ms)
    covered = np.stack([total - new_ms, total], axis=1).ravel()
    return np.interp(at_ms, edges, covered)


def _overlap(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    spoken = session.utterances
    new_ms = new_speech_ms(spoken)
    dyad = session.spoken_by(Role.THERAPIST) | session.spoken_by(Role.CLIENT)
    client = session.spoken_by(Role.CLIENT)
    if new_ms[dyad].sum() < _MIN_SPEECH_MS:
        for name in ("overlap_time", "overlap_share"):
            yield NotMeasured(STEP, "needs a minute of speech", name=name)
        return
    until, since = (
        _covered_before(session, Role.THERAPIST, at) for at in (spoken.end_ms, spoken.end_ms - new_ms)
    )
    both_ms = np.where(client & (new_ms > 0), until - since, 0.0)
    chosen = np.flatnonzero(dyad & spoken.has_times)
    # Time in which anybody of the two speaks: overlapped time counts once here.
    anybody_ms = (new_ms - both_ms)[chosen]
    total_ms = float(anybody_ms.sum())
    low, high = ratio_interval(both_ms[chosen], anybody_ms, rng=rng)
    evidence = session.utterances.ids_of(np.flatnonzero(both_ms > 0))
    for name, scale, unit in (
        ("overlap_time", total_ms, "ms"),
        ("overlap_share", 1.0, "share"),
    ):
        yield Finding(
            name=name,
            value=float(both_ms.sum() / total_ms * scale),
            unit=unit,
            n=len(chosen),
            counted="utterances",
            interval=(low * scale, high * scale),
            step=STEP,
            evidence=evidence,
        )


def _stretch_start_ms(spoken: Utterances) -> NDArray[np.int64]:
    """When the speech that each utterance continues without a pause began."""
    began = spoken.start_ms.copy()
    for party in np.unique(spoken.party):
        own = np.flatnonzero((spoken.party == party) & spoken.has_times)
        start, end = spoken.start_ms[own], np.maximum.accumulate(spoken.end_ms[own])
        begins = np.ones(len(own), dtype=bool)
        begins[1:] = start[1:] - end[:-1] >= _PAUSE_MS
        began[own] = np.maximum.accumulate(np.where(begins, start, 0))
    return began


def _interruptions(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    """Turns that begin while the other has more than half a second still to say, and outlast it.

    Both must hold, and the other must have been speaking for as long before: two people who start
    together interrupt nobody, and words that the other talks past have not taken the floor.
    """
    spoken, columns = session.utterances, turn_columns(session.utterances)
    found = response_latencies(session)
    other_end = spoken.start_ms[found.after] - found.latency_ms
    other_start = _stretch_start_ms(spoken)[found.before]
    is_one = found.latency_ms < -_INTERRUPTION_MS
    is_one &= spoken.start_ms[found.after] - other_start > _INTERRUPTION_MS
    is_one &= columns.end_ms[found.turn] > other_end
    for role in DYAD:
        own = found.party == session.party_of(role)
        n = int(own.sum())
        reason = (
            ""
            if session.is_english
            else "listening words, which interrupt nobody, are known in English only"
        )
        if n < _MIN_TURN_CHANGES:
            reason = (
                f"needs {_MIN_TURN_CHANGES} turns of the {role} after the {role.partner}; there are {n}"
            )
        if reason:
            yield NotMeasured(STEP, reason, name="interruption_rate", party=role)
            continue
        low, high = rate_interval(is_one[own], np.ones(n), rng=rng)
        yield Finding(
            name="interruption_rate",
            party=role,
            value=100 * float(is_one[own].mean()),
            unit="per 100 turns",
            n=n,
            counted="turns after the other's",
            interval=(100 * low, 100 * min(1.0, high)),
            step=STEP,
            evidence=session.utterances.ids_of(found.after[own & is_one]),
        )


def _backchannels(session: Session, role: Role, rng: np.random.Generator) -> Result:
    spoken = session.utterances
    own = session.spoken_by(role) & spoken.is_backchannel
    new_ms = np.where(
        session.spoken_by(role.partner) & ~spoken.is_backchannel, new_speech_ms(spoken), 0
    )
    reason = "" if session.is_english else "listening words are known in English only"
    if new_ms.sum() < _MIN_SPEECH_MS:
        seconds = new_ms.sum() / 1000
        reason = f"needs a minute of the {role.partner}'s speech; there are {seconds:.0f} seconds"
    if reason:
        return NotMeasured(STEP, reason, name="backchannel_rate", party=role)
    chosen = own | (new_ms > 0)
    minutes = new_ms[chosen] / _MINUTE_MS
    return Finding(
        name="backchannel_rate",
        party=role,
        value=float(own.sum() / minutes.sum()),
        unit="per minute of the other's speech",
        n=int((new_ms > 0).sum()),
        counted="utterances of the other",
        interval=rate_interval(own[chosen], minutes, rng=rng),
        step=STEP,
        evidence=session.utterances.ids_of(np.flatnonzero(own)),
    )


def _long_silences(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    spoken = session.utterances
    found = silences(session, min_ms=_LONG_SILENCE_MS)
    timed = np.flatnonzero(spoken.has_times)
    elapsed_ms = np.diff(spoken.start_ms[timed], append=spoken.end_ms[timed].max(initial=0))
    if elapsed_ms.sum() < _MIN_LENGTH_MS:
        reason = f"needs {_MIN_LENGTH_MS // _MINUTE_MS} minutes with times"
        for name in ("long_silence_rate", "long_silence_ended_share"):
            yield NotMeasured(STEP, reason, name=name)
        return
    events, hours = np.isin(timed, found.after), elapsed_ms / _HOUR_MS
    yield Finding(
        name="long_silence_rate",
        value=float(len(found) / hours.sum()),
        unit="per hour",
        n=len(timed),
        counted="utterances",
        interval=rate_interval(events, hours, rng=rng),
        step=STEP,
        evidence=found.spans(),
    )
    for role in DYAD:
        if len(found) < _MIN_SILENCES:
            reason = f"needs {_MIN_SILENCES} silences of 5 seconds or more; there are {len(found)}"
            yield NotMeasured(STEP, reason, name="long_silence_ended_share", party=role)
            continue
        ended = session.spoken_by(role)[found.after]
        yield _share("long_silence_ended_share", ended, found.spans(), "long silences", rng, party=role)


def _after_questions(session: Session, rng: np.random.Generator) -> Result:
    spoken = session.utterances
    found = silences(session, min_ms=_LONG_SILENCE_MS)
    asks = session.spoken_by(Role.THERAPIST) & spoken.is_question & spoken.has_times
    questions, name = np.flatnonzero(asks), "silence_after_question_share"
    if len(questions) < _MIN_QUESTIONS:
        reason = f"needs {_MIN_QUESTIONS} questions of the therapist; there are {len(questions)}"
        return NotMeasured(STEP, reason, name=name)
    spans = found.where(asks[found.before]).spans()
    return _share(name, np.isin(questions, found.before), spans, "questions of the therapist", rng)


def _share(
    name: str,
    chosen: NDArray[np.bool_],
    evidence: tuple[Evidence, ...],
    counted: str,
    rng: np.random.Generator,
    *,
    party: Role | None = None,
) -> Finding:
    low, high = rate_interval(chosen, np.ones(len(chosen)), rng=rng)
    if chosen.all():
        # All of them: as uncertain as none of them, seen from the other side.
        low = 1 - rate_interval(~chosen, np.ones(len(chosen)), rng=rng)[1]
    return Finding(
        name=name,
        party=party,
        value=float(chosen.mean()),
        unit="share",
        n=len(chosen),
        counted=counted,
        interval=(max(0.0, low), min(1.0, high)),
        step=STEP,
        evidence=evidence,
    )

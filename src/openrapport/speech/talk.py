"""Who held the floor, and how much: talk time, turns, words (step ``floor.v1``).

Every number is a count. None of them says that somebody spoke too much or too little: that depends
on the approach, the session and the person.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import mean_interval, rate_interval, ratio_interval, statistic_interval
from openrapport.session import DYAD, TIMED_FROM, Role, Session
from openrapport.speech.lengths import new_speech_ms, turn_columns

__all__ = ["GIVES", "STEP", "findings", "why_untimed"]

STEP = "floor.v1"

GIVES = (
    Gives("talk_time", DYAD),
    Gives("talk_share", DYAD),
    Gives("word_share", DYAD),
    Gives("turn_rate"),
    Gives("turn_count", DYAD),
    Gives("turn_length", DYAD),
    Gives("turn_duration", DYAD),
    Gives("speech_rate", DYAD),
)

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000

# With fewer utterances of one person a share is decided by one or two of them.
_MIN_UTTERANCES = 10
# The interval of a median of fewer turns spans nearly all of them.
_MIN_TURNS = 8
# Speech rate swings from phrase to phrase; a minute holds some thirty phrases.
_MIN_SPEECH_MS = 60_000
_TIMED_FINDINGS = ("talk_time", "turn_rate", "turn_duration", "speech_rate")


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure who held the floor.

    Parameters
    ----------
    session : Session
        With utterances; where times are missing, the share of the words stands for that of the time.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``talk_time``, ``talk_share``, ``word_share``, ``turn_count``, ``turn_rate``,
        ``turn_length``, ``turn_duration`` and ``speech_rate``. People other than the therapist and
        the client are left out of all of them, and a result says how many utterances that were.
    """
    spoken = session.utterances
    masks = {role: session.spoken_by(role) for role in DYAD}
    results: list[Result] = []
    others = int(session.spoken_by(Role.OTHER).sum())
    if others:
        reason = f"{others} utterances of other people present are left out of all shares and counts"
        results.append(NotMeasured(STEP, reason, party=Role.OTHER))
    few = [role for role, mask in masks.items() if mask.sum() < _MIN_UTTERANCES]
    if few:
        count = int(masks[few[0]].sum())
        reason = f"needs {_MIN_UTTERANCES} utterances of each person; the {few[0]} has {count}"
        return [*results, NotMeasured(STEP, reason)]
    timed = session.is_timed and bool(new_speech_ms(spoken)[masks[DYAD[0]] | masks[DYAD[1]]].any())
    if timed:
        results += _time_and_share(session, rng)
        results += _turn_rate(session, rng)
    else:
        reason = why_untimed(session)
        results += [NotMeasured(STEP, reason, name=name) for name in _TIMED_FINDINGS]
        instead = f"{reason}. The share of the words stands in its place"
        results.append(NotMeasured(STEP, instead, name="talk_share"))
    results += _word_share(session, rng)
    for role in DYAD:
        results += _turns(session, role, rng, timed=timed)
        if timed:
            results.append(_speech_rate(session, role, rng))
    return results


def why_untimed(session: Session) -> str:
    """Say why nothing that needs times can be measured.

    Parameters
    ----------
    session : Session
        One that is not timed, or whose utterances all have no length.

    Returns
    -------
    reason : str
        In words a therapist reads.
    """
    if session.is_timed:
        return "every utterance ends when it starts: these times do not say how long anybody spoke"
    n = int(session.utterances.has_times.sum())
    return (
        f"needs a start and an end for at least {TIMED_FROM:.0%} of each person's utterances; "
        f"{n} of {len(session.utterances)} have both"
    )


def _time_and_share(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    spoken = session.utterances
    new_ms = new_speech_ms(spoken)
    timed = [session.spoken_by(role) & spoken.has_times for role in DYAD]
    both = timed[0] | timed[1]
    for role, mask in zip(DYAD, timed, strict=True):
        n, own = int(mask.sum()), np.where(mask, new_ms, 0)[both]
        low, high = mean_interval(own, rng=rng)
        yield Finding(
            name="talk_time",
            party=role,
            value=float(own.sum()),
            unit="ms",
            n=n,
            counted="utterances",
            # Of a total: the mean of one utterance of either, times how many there are.
            interval=(low * len(own), high * len(own)),
            step=STEP,
            evidence=session.utterances.ids_of(mask),
        )
        yield Finding(
            name="talk_share",
            party=role,
            value=float(own.sum() / new_ms[both].sum()),
            unit="share",
            n=len(own),
            counted="utterances",
            interval=ratio_interval(own, new_ms[both], rng=rng),
            step=STEP,
            evidence=session.utterances.ids_of(both),
        )


def _word_share(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    masks = [session.spoken_by(role) for role in DYAD]
    both = masks[0] | masks[1]
    words = session.utterances.n_words[both]
    if not words.sum():
        yield NotMeasured(STEP, "needs words, and no utterance has any", name="word_share")
        return
    for role, mask in zip(DYAD, masks, strict=True):
        own = np.where(mask[both], words, 0)
        yield Finding(
            name="word_share",
            party=role,
            value=float(own.sum() / words.sum()),
            unit="share",
            n=len(words),
            counted="utterances",
            interval=ratio_interval(own, words, rng=rng),
            step=STEP,
            evidence=session.utterances.ids_of(both),
        )


def _turn_rate(session: Session, rng: np.random.Generator) -> Iterator[Result]:
    spoken = session.utterances
    timed = np.flatnonzero(spoken.has_times)
    begins = np.zeros(len(spoken), dtype=bool)
    begins[spoken.turns.first] = True
    begins &= spoken.has_times & ~session.spoken_by(Role.OTHER)
    # From the start of one utterance to the start of the next; the last one until all is said.
    elapsed_ms = np.diff(spoken.start_ms[timed], append=spoken.end_ms[timed].max())
    if elapsed_ms.sum() < _MIN_SPEECH_MS or begins.sum() < _MIN_TURNS:
        reason = (
            f"needs {_MIN_TURNS} turns and a minute; there are {int(begins.sum())} turns with times"
        )
        yield NotMeasured(STEP, reason, name="turn_rate")
        return
    hours = elapsed_ms / _HOUR_MS
    yield Finding(
        name="turn_rate",
        value=float(begins.sum() / hours.sum()),
        unit="per hour",
        n=int(begins.sum()),
        counted="turns",
        interval=rate_interval(begins[timed], hours, rng=rng),
        step=STEP,
        evidence=session.utterances.ids_of(begins),
    )


def _turns(session: Session, role: Role, rng: np.random.Generator, *, timed: bool) -> Iterator[Result]:
    spoken, columns = session.utterances, turn_columns(session.utterances)
    own = spoken.turns.party == session.party_of(role)
    n = int(own.sum())
    begins = np.zeros(len(spoken), dtype=bool)
    begins[spoken.turns.first[own]] = True
    low, high = rate_interval(begins, np.ones(len(spoken)), rng=rng)
    if n:
        yield Finding(
            name="turn_count",
            party=role,
            value=float(n),
            unit="turns",
            n=len(spoken),
            counted="utterances",
            interval=(low * len(spoken), high * len(spoken)),
            step=STEP,
            evidence=session.utterances.ids_of(begins),
        )
    else:
        yield NotMeasured(STEP, f"the {role} takes no turn", name="turn_count", party=role)
    yield _median(session, "turn_length", role, columns.words, own, "words", rng)
    if timed:
        length_ms = columns.end_ms - columns.start_ms
        yield _median(session, "turn_duration", role, length_ms, own & columns.timed, "ms", rng)


def _median(
    session: Session,
    name: str,
    role: Role,
    column: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    unit: str,
    rng: np.random.Generator,
) -> Result:
    values = column[chosen]
    if len(values) < _MIN_TURNS:
        reason = f"needs {_MIN_TURNS} turns of the {role}; there are {len(values)}"
        return NotMeasured(STEP, reason, name=name, party=role)
    rows = np.isin(session.utterances.turns.of_utterance, np.flatnonzero(chosen))
    return Finding(
        name=name,
        party=role,
        value=float(np.median(values)),
        unit=unit,
        n=len(values),
        counted="turns",
        interval=statistic_interval(lambda draws: np.median(draws, axis=1), values, rng=rng),
        step=STEP,
        evidence=session.utterances.ids_of(rows),
    )


def _speech_rate(session: Session, role: Role, rng: np.random.Generator) -> Result:
    spoken = session.utterances
    # A backchannel's length is the transcriber's choice more than the listener's.
    chosen = session.spoken_by(role) & spoken.has_times & ~spoken.is_backchannel
    chosen &= (spoken.end_ms > spoken.start_ms) & (spoken.n_words > 0)
    length_ms = (spoken.end_ms - spoken.start_ms)[chosen]
    if length_ms.sum() < _MIN_SPEECH_MS:
        reason = (
            f"needs a minute of the {role}'s speech; there are {length_ms.sum() / 1000:.0f} seconds"
        )
        return NotMeasured(STEP, reason, name="speech_rate", party=role)
    words, minutes = spoken.n_words[chosen], length_ms / _MINUTE_MS
    return Finding(
        name="speech_rate",
        party=role,
        value=float(words.sum() / minutes.sum()),
        unit="words per minute",
        n=len(words),
        counted="utterances",
        interval=ratio_interval(words, minutes, rng=rng),
        step=STEP,
        evidence=session.utterances.ids_of(chosen),
    )

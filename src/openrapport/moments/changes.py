"""Moments seen in how the talk runs: long silences, and sudden changes from one stretch to the next.

They need no codes. A change is compared with the session's own ups and downs, never with others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openrapport.finding import Evidence, NotMeasured
from openrapport.moments.scene import Candidate, Scene, not_looked_for
from openrapport.session import Role
from openrapport.span import Span
from openrapport.speech.gaps import silences
from openrapport.synchrony.style import matching_course
from openrapport.synchrony.surrogates import SHUFFLES, segment_shuffle

__all__ = ["matching_changes", "silences_after_questions", "turn_balance_shifts"]

# Five seconds is where a pause in a session begins to be felt and to be coded as a silence.
_SILENCE_MS = 5_000
_FULL_SILENCE_MS = 20_000

# Stretches that are compared: twelve exchanges are about two to four minutes of talk.
_WINDOW_EXCHANGES = 12
_WINDOW_WORDS = 120
_BY_CHANCE = 0.05
_SHIFT_FROM = 0.2

_WIDTH, _STEP = 60, 10
_MATCHING_WINDOWS = 10
_MATCHING_FROM = 0.08
_MATCHING_DEVIATIONS = 3.0

# How much of what surrounds a change is shown as the place where it happened.
_AROUND = 4


def silences_after_questions(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find long silences after a question of the therapist.

    Parameters
    ----------
    scene : Scene
        Only where times are known.

    Yields
    ------
    candidate : Candidate
        Of the kind ``silence_after_question``.
    """
    spoken = scene.session.utterances
    if not spoken.has_times.any():
        why = "this transcript has no times."
        yield not_looked_for("silence_after_question", "Long silences after a question", why)
        return
    therapist = scene.session.party_of(Role.THERAPIST)
    found = silences(scene.session, min_ms=_SILENCE_MS)
    for k in range(len(found)):
        before, after = int(found.before[k]), int(found.after[k])
        span = Span(int(found.start_ms[k]), int(found.end_ms[k]))
        if spoken.party[before] != therapist or not spoken.is_question[before]:
            continue
        role = scene.session.role_of(int(spoken.party[after]))
        who = {Role.OTHER: "somebody else"}.get(role, f"the {role}")
        evidence: tuple[Evidence, ...] = (spoken.ids[before], span, spoken.ids[after])
        yield Candidate(
            kind="silence_after_question",
            favourable=False,
            title="A long silence after a question",
            reason=(
                f"After a question of the therapist nobody spoke for {span.duration_ms / 1000:.0f} "
                f"seconds; then {who} spoke first. A silence can be thinking, feeling or not knowing "
                "what to say: what was it here?"
            ),
            first=min(before, after),
            last=max(before, after),
            evidence=evidence,
            strength=min(1.0, span.duration_ms / _FULL_SILENCE_MS),
        )


def turn_balance_shifts(scene: Scene, rng: np.random.Generator) -> Iterator[Candidate | NotMeasured]:
    """Find where the client's share of the words changes more suddenly than chance would make it.

    The largest change between neighbouring stretches is compared with the largest one after the
    session's exchanges are shuffled: a session whose balance always goes up and down has none.

    Parameters
    ----------
    scene : Scene
        The session.
    rng : numpy.random.Generator
        For the shuffles.

    Yields
    ------
    candidate : Candidate
        Of the kind ``turn_balance_shift``.
    """
    exchange = np.cumsum(scene.of_therapist)
    n = int(exchange[-1]) + 1 if len(exchange) else 0
    if n < 3 * _WINDOW_EXCHANGES:
        why = f"that needs {3 * _WINDOW_EXCHANGES} exchanges, and there are {n}."
        yield not_looked_for("turn_balance_shift", "Changes in who speaks more", why)
        return
    client, therapist = (
        np.bincount(exchange, scene.words * own, minlength=n).astype(float)
        for own in (scene.of_client, scene.of_therapist)
    )
    before, after = _neighbouring_shares(client[None], therapist[None])
    change = np.nan_to_num(after - before)[0]

    def largest_change(orders: NDArray[np.int64]) -> NDArray[np.float64]:
        earlier, later = _neighbouring_shares(client[orders], therapist[orders])
        return np.asarray(np.abs(np.nan_to_num(later - earlier)).max(axis=1))

    largest = segment_shuffle(largest_change, n, width=2, rng=rng)
    for k in _peaks(np.abs(change), apart=_WINDOW_EXCHANGES):
        size = abs(float(change[k]))
        as_large = int((largest >= size - 1e-12).sum())
        if size < _SHIFT_FROM or as_large > _BY_CHANCE * SHUFFLES:
            continue
        boundary = k + _WINDOW_EXCHANGES
        inside = np.flatnonzero((exchange >= boundary) & (exchange < boundary + _WINDOW_EXCHANGES))
        yield _shift(scene, inside, float(before[0, k]), float(after[0, k]), as_large)


def _neighbouring_shares(
    client: NDArray[np.float64], therapist: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Client's share of the words before and after each boundary; NaN where there are too few."""
    clients, totals = (_moving_sums(column) for column in (client, client + therapist))
    share = np.full(totals.shape, np.nan)
    np.divide(clients, totals, out=share, where=totals >= _WINDOW_WORDS)
    return share[:, :-_WINDOW_EXCHANGES], share[:, _WINDOW_EXCHANGES:]


def _moving_sums(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    running = np.cumsum(np.pad(columns, ((0, 0), (1, 0))), axis=1)
    return running[:, _WINDOW_EXCHANGES:] - running[:, :-_WINDOW_EXCHANGES]


def _shift(
    scene: Scene, turns: NDArray[np.int64], before: float, after: float, as_large: int
) -> Candidate:
    more = after > before
    start = int(scene.turns.first[turns[0]])
    return Candidate(
        kind="turn_balance_shift",
        favourable=False,
        title=f"From here on the client speaks {'more' if more else 'less'}",
        reason=(
            f"The client's share of the words went from {before:.0%} to {after:.0%} between two "
            f"stretches of {_WINDOW_EXCHANGES} exchanges. When the session's exchanges were shuffled, "
            f"{as_large} of {SHUFFLES} orders had a change as large."
        ),
        first=max(0, start - _AROUND),
        last=min(len(scene.session.utterances) - 1, start + _AROUND),
        evidence=scene.ids(turns.tolist()),
        strength=min(1.0, abs(after - before) / 0.5),
    )


def matching_changes(scene: Scene) -> Iterator[Candidate | NotMeasured]:
    """Find where the two persons' ways of speaking suddenly match less, or more.

    Parameters
    ----------
    scene : Scene
        English: the function words of other languages are not known.

    Yields
    ------
    candidate : Candidate
        Of the kinds ``style_matching_drop`` and ``style_matching_rise``.
    """
    if len(scene.session.utterances) < 3 * _WIDTH:
        n = len(scene.session.utterances)
        yield _no_course(f"that needs {3 * _WIDTH} utterances, and there are {n}.")
        return
    if not scene.session.is_english:
        yield _no_course("small words are known in English only.")
        return
    first, last, value = matching_course(scene.session, width=_WIDTH, step=_STEP)
    lag = _WIDTH // _STEP
    change = value[lag:] - value[:-lag]
    known = np.isfinite(change)
    if known.sum() < _MATCHING_WINDOWS:
        yield _no_course("in most stretches one of the two says too little to compare.")
        return
    # The median deviation, so that the sudden changes do not widen the band they must leave.
    spread = 1.4826 * float(np.median(np.abs(change[known])))
    limit = max(_MATCHING_FROM, _MATCHING_DEVIATIONS * spread)
    size = np.where(known, np.abs(change), 0.0)
    for k in _peaks(size, apart=lag):
        if size[k] >= limit:
            yield _matching(scene, int(first[k + lag]), int(last[k + lag]), value[k], value[k + lag])


def _no_course(why: str) -> NotMeasured:
    return not_looked_for("style_matching_change", "Changes in style matching", why)


def _matching(scene: Scene, first: int, last: int, before: float, after: float) -> Candidate:
    rise = after > before
    return Candidate(
        kind="style_matching_rise" if rise else "style_matching_drop",
        # More alike is not better: two people who argue can match each other closely.
        favourable=False,
        title=f"Ways of speaking {'come closer' if rise else 'move apart'}",
        reason=(
            f"Between two stretches of {_WIDTH} utterances the matching of small words (pronouns, "
            f"articles, conjunctions) went from {before:.2f} to {after:.2f}, where 1 is alike: more "
            "than this session's usual ups and downs. It says nothing about why."
        ),
        first=max(0, first - _AROUND),
        last=min(last, first + _AROUND),
        evidence=scene.session.utterances.ids[first : last + 1],
        strength=min(1.0, abs(float(after - before)) / 0.3),
    )


def _peaks(size: NDArray[np.float64], *, apart: int) -> list[int]:
    """Places of the two largest values that lie at least so far apart, the larger one first."""
    left = size.copy()
    peaks: list[int] = []
    for _ in range(min(2, len(left))):
        k = int(left.argmax())
        if left[k] <= 0:
            break
        peaks.append(k)
        left[max(0, k - apart + 1) : k + apart] = 0
    return peaks

"""Which of all that stood out are shown, and in what order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from openrapport.finding import Moment
from openrapport.moments.scene import Candidate, Scene

__all__ = ["choose", "to_moment", "weight"]

# As many as two people can talk about; three open the report.
_AT_MOST = 7
_OF_A_KIND = 2
_OPENING = 3

# How much a kind gives to talk about, beside how far the moment stands out. What was said and
# answered comes before how the talk ran, and a repair before everything.
_WORTH = {
    "repair": 1.0,
    "strain_eased": 0.95,
    "withdrawal_after_input": 0.95,
    "strain_marked": 0.9,
    "opened_up": 0.8,
    "feedback_asked": 0.8,
    "strong_affect_unmet": 0.75,
    "silence_after_question": 0.75,
    "turn_balance_shift": 0.6,
    "style_matching_drop": 0.5,
    "style_matching_rise": 0.5,
}

# Two turns before and two after make a stretch readable; what is longer is not read.
_TURNS_AROUND = 2
_LONGEST = 30


def weight(candidate: Candidate) -> float:
    """Weigh a candidate for the order among moments.

    Parameters
    ----------
    candidate : Candidate
        What stood out.

    Returns
    -------
    weight : float
        In [0, 1]; half of it is the kind's worth, half how far the moment stands out.
    """
    return _WORTH[candidate.kind] * (0.5 + 0.5 * candidate.strength)


def choose(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Choose at most seven that do not tell the same thing twice, the most talkworthy first.

    At most two are of a kind. Where one is favourable, one of the first three is. The first three
    are of different kinds where there are as many.

    Parameters
    ----------
    candidates : iterable of Candidate
        All that stood out.

    Returns
    -------
    chosen : list of Candidate
        In the order to show them.
    """
    ranked = sorted(candidates, key=lambda c: (-weight(c), c.first, c.kind))
    best_good = next((c for c in ranked if c.favourable), None)
    kept: list[Candidate] = []
    # The best favourable one is taken first, so that no strain can push it out.
    for candidate in ([best_good] if best_good else []) + ranked:
        same = any(_tells_the_same(candidate, other) for other in kept)
        of_kind = Counter(c.kind for c in kept)[candidate.kind]
        if not same and of_kind < _OF_A_KIND and len(kept) < _AT_MOST:
            kept.append(candidate)
    kept.sort(key=ranked.index)
    return _ordered(kept)


def _ordered(kept: list[Candidate]) -> list[Candidate]:
    opening: list[Candidate] = []
    for candidate in kept:
        if len(opening) < _OPENING and candidate.kind not in {c.kind for c in opening}:
            opening.append(candidate)
    good = next((c for c in kept if c.favourable), None)
    if good and len(opening) == _OPENING and not any(c.favourable for c in opening):
        opening[-1] = good
    return opening + [c for c in kept if not any(c is o for o in opening)]


def _tells_the_same(one: Candidate, other: Candidate) -> bool:
    """Tell whether they share more than half of the shorter one's utterances."""
    shared = min(one.last, other.last) - max(one.first, other.first) + 1
    shorter = min(one.last - one.first, other.last - other.first) + 1
    return 2 * shared > shorter


def to_moment(scene: Scene, candidate: Candidate, *, step: str) -> Moment:
    """Make the moment that a report shows, with a few turns around it to read.

    Parameters
    ----------
    scene : Scene
        The session.
    candidate : Candidate
        One that was chosen.
    step : str
        Name and version of the step.

    Returns
    -------
    moment : Moment
        Its stretch is whole turns where they are not too long.
    """
    ids = scene.session.utterances.ids
    first, last = candidate.first, candidate.last
    for _ in range(_TURNS_AROUND):
        earlier, later = _start_of_turn(scene, first - 1), _end_of_turn(scene, last + 1)
        if last - earlier < _LONGEST:
            first = earlier
        if later - first < _LONGEST:
            last = later
    return Moment(
        kind=candidate.kind,
        favourable=candidate.favourable,
        title=candidate.title,
        reason=candidate.reason,
        utterances=ids[first : last + 1],
        evidence=candidate.evidence,
        weight=weight(candidate),
        step=step,
        measured=candidate.measured,
    )


def _start_of_turn(scene: Scene, i: int) -> int:
    i = max(0, i)
    turn = int(scene.turns.of_utterance[i])
    return i if turn < 0 else int(scene.turns.first[turn])


def _end_of_turn(scene: Scene, i: int) -> int:
    i = min(len(scene.session.utterances) - 1, i)
    turn = int(scene.turns.of_utterance[i])
    return i if turn < 0 else int(scene.turns.last[turn])

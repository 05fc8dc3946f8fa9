"""Stretches of a session that may be worth talking about: at most seven, each with what was seen.

A moment points at a place and says what was seen there, in numbers. It never says what it means,
and it never judges a person: the two who were there know.

    scene       a session turn by turn, and a candidate for a moment
    changes     silences after questions, sudden changes of turn balance and style matching
    replies     feelings unmet, openings, feedback asked for
    marks       strain that was marked by turn, and ways back
    strain      short replies after input, and their repair
    choice      which are shown, and in what order
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from openrapport.finding import Gives, NotMeasured, Result
from openrapport.moments import changes, choice, marks, replies, strain
from openrapport.moments.scene import STEP, Candidate, Scene
from openrapport.session import Session

__all__ = ["GIVES", "STEP", "findings"]

GIVES = (Gives("moments"),)

# Every kind compares with what is usual in the session: with fewer turns nothing is usual yet.
MIN_TURNS = 10


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Find the stretches of a session that may be worth talking about.

    Parameters
    ----------
    session : Session
        What its codes, ratings or times do not allow to look for is said.
    rng : numpy.random.Generator
        For the shuffles that a change of turn balance is compared with.

    Returns
    -------
    results : list of Moment or NotMeasured
        At most seven moments, the most talkworthy first, or why there are none; then the kinds that
        could not be looked for.
    """
    scene = Scene(session)
    fewest = int(min(scene.of_therapist.sum(), scene.of_client.sum()))
    if fewest < MIN_TURNS:
        reason = (
            f"To know what is usual, this needs {MIN_TURNS} turns of each person; one has {fewest}."
        )
        return [NotMeasured(STEP, reason, name="moments")]
    runs = strain.runs_of_short_replies(scene)
    found: list[Candidate | NotMeasured] = list(
        chain(
            strain.withdrawals(scene, runs),
            marks.strains(scene),
            replies.unmet_feelings(scene),
            replies.openings(scene),
            replies.feedback_answered(scene),
            changes.silences_after_questions(scene),
            changes.turn_balance_shifts(scene, rng),
            changes.matching_changes(scene),
        )
    )
    missing = [one for one in found if isinstance(one, NotMeasured)]
    chosen = choice.choose(one for one in found if isinstance(one, Candidate))
    if not chosen:
        reason = "Nothing stood out from the rest of this session in the ways that were looked for."
        return [NotMeasured(STEP, reason, name="moments"), *missing]
    return [*(choice.to_moment(scene, candidate, step=STEP) for candidate in chosen), *missing]

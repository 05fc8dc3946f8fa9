"""Moments of strain: a client who draws back after input, and a repair that follows.

What is seen is only that replies become short, for this client, soon after the therapist advised,
explained or argued. Whether somebody drew back, and from what, the two who were there know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes
from openrapport.finding import NotMeasured
from openrapport.moments.replies import ASKS, asked
from openrapport.moments.scene import Candidate, Scene, measured_for, not_looked_for, plain_number

__all__ = ["Run", "runs_of_short_replies", "withdrawals"]

# What a client may draw back from, in the words of the reason.
_INPUT = {
    "confrontation": ("argued or contradicted", "an argument"),
    "advice": ("gave advice", "advice"),
    "advice_with_leave": ("gave advice", "advice"),
    "information": ("explained something", "information"),
    # A coder who does not tell these apart well enough still tells giving from asking.
    "therapist_input": ("advised or explained", "advice or information"),
}

# One or two short answers are ordinary; three in a row, soon after, are a change.
_RUN_FROM = 3
_FULL_RUN = 8
_SHORT_SHARE = 1 / 3
_SHORT_AT_LEAST, _SHORT_AT_MOST = 3, 10

# A strain may last; it counts as long as replies have not grown again by themselves.
_EXCHANGES_TO_REPAIR = 30
_STILL_SHORT = 2 / 3
_REPLIES_AFTER_REPAIR = 3
_LONGER = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """Short replies of the client, one after another.

    Parameters
    ----------
    turns : tuple of int
        The client's turns, in order.
    cause : int
        The therapist's turn with advice or argument just before; -1 where there was none.
    """

    turns: tuple[int, ...]
    cause: int


def runs_of_short_replies(scene: Scene) -> list[Run]:
    """Find runs of the client's replies that are short for this client.

    A short answer to a closed question is ordinary, unless it is coded a minimal response. One
    longer reply, still below what the client usually says, does not end a run.

    Parameters
    ----------
    scene : Scene
        With strategy codes.

    Returns
    -------
    runs : list of Run
        In the session's order.
    """
    client = np.flatnonzero(scene.of_client)
    words, minimal = scene.words[client], _minimal(scene)[client]
    limit = min(max(scene.usual_words * _SHORT_SHARE, _SHORT_AT_LEAST), _SHORT_AT_MOST)
    closed = scene.turns_with(scene.codes("strategy", ["closed_question"]), ["closed_question"]) > 0
    asked = np.where(client > 0, closed[client - 1], False)
    short = minimal | ((words <= limit) & (words < scene.usual_words) & ~asked)
    bridged = np.zeros_like(short)
    bridged[1:-1] = ~short[1:-1] & short[:-2] & short[2:] & (words[1:-1] < scene.usual_words)
    cause = _input_turns(scene)
    runs = []
    for start, end in _stretches(short | bridged):
        if int(short[start:end].sum()) < _RUN_FROM:
            continue
        # What came just before the run, or before its second reply.
        since = int(client[start - 2]) if start >= 2 else -1
        until = int(client[start + 1])
        causes = since + 1 + np.flatnonzero(cause[since + 1 : until] > 0)
        runs.append(Run(tuple(client[start:end].tolist()), int(causes[-1]) if len(causes) else -1))
    return runs


def _minimal(scene: Scene) -> NDArray[np.bool_]:
    codes = scene.codes("withdrawal", ["minimal_response"])
    return scene.turns_with(codes, ["minimal_response"]) > 0


def _input_turns(scene: Scene) -> NDArray[np.float64]:
    return scene.turns_with(_inputs(scene), tuple(_INPUT)) * scene.of_therapist


def _inputs(scene: Scene) -> Codes | None:
    fine = ("advice", "information")
    return scene.first_codes(("strategy", fine), ("behaviour", ("therapist_input",)))


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Starts and ends (exclusive) of the stretches where a mask is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def withdrawals(scene: Scene, runs: list[Run]) -> Iterator[Candidate | NotMeasured]:
    """Find runs of short replies after advice, explanation or argument, and what followed them.

    Parameters
    ----------
    scene : Scene
        With strategy codes.
    runs : list of Run
        As from :func:`runs_of_short_replies`.

    Yields
    ------
    candidate : Candidate
        Of the kinds ``withdrawal_after_input`` and ``repair``.
    """
    inputs = _inputs(scene)
    if inputs is None:
        why = "no coder looked for advice, information or confrontation here."
        yield not_looked_for(
            "withdrawal_after_input",
            "Short replies after advice, information or an argument, and repairs",
            why,
        )
        return
    for run in runs:
        if run.cause < 0:
            continue
        yield _withdrawal(scene, run, inputs)
        repair = _repair(scene, run)
        if repair is not None:
            yield repair


def _withdrawal(scene: Scene, run: Run, inputs: Codes) -> Candidate:
    label = scene.surest(inputs, run.cause, tuple(_INPUT))
    words = float(np.median(scene.words[list(run.turns)]))
    minimal = scene.codes("withdrawal", ["minimal_response"])
    coded = int(_minimal(scene)[list(run.turns)].sum())
    fall = 1 - words / max(scene.usual_words, 1.0)
    did, what = _INPUT[label]
    return Candidate(
        kind="withdrawal_after_input",
        favourable=False,
        title=f"Short replies after {what}",
        reason=(
            f"The therapist {did}; the client's next {len(run.turns)} replies had a median "
            f"of {plain_number(words)} words; in this session {plain_number(scene.usual_words)} are usual. "
            "It may be worth asking how it landed."
        ),
        first=int(scene.turns.first[run.cause]),
        last=int(scene.turns.last[run.turns[-1]]),
        evidence=scene.ids((run.cause, *run.turns)),
        strength=max(0.0, fall) * min(1.0, len(run.turns) / _FULL_RUN),
        measured=measured_for(inputs, [label], "precision")
        + (measured_for(minimal, ["minimal_response"], "precision") if coded else ()),
    )


def _repair(scene: Scene, run: Run) -> Candidate | None:
    """Find the surest mark of a talk about it, with replies still short before and long after."""
    codes = scene.codes("strategy", ASKS)
    surely = scene.turns_with(codes, ASKS) * scene.of_therapist
    client = np.flatnonzero(scene.of_client)
    end = int(np.searchsorted(client, run.turns[-1]))
    until = client[min(end + _EXCHANGES_TO_REPAIR, len(client) - 1)]
    asks = np.flatnonzero(surely)
    asks = asks[(asks > run.turns[1]) & (asks <= until)]
    repairs = [ask for ask in asks.tolist() if _grows(scene, client, run, ask)]
    if not repairs:
        return None
    ask = max(repairs, key=lambda turn: float(surely[turn]))
    before, replies = _around(client, run, ask)
    during, after = (float(np.median(scene.words[turns])) for turns in (before, replies))
    label = scene.surest(codes, ask, ASKS)
    return Candidate(
        kind="repair",
        favourable=True,
        title="Short replies, then a talk about it",
        reason=(
            f"For {len(before)} replies the client's median was {plain_number(during)} words, in a session "
            f"where it is {plain_number(scene.usual_words)}. Then the therapist {asked(label)}; the "
            f"client's next {len(replies)} replies had a median of {plain_number(after)} words. What made "
            "it possible to say more?"
        ),
        first=int(scene.turns.first[ask]),
        last=int(scene.turns.last[replies[-1]]),
        evidence=scene.ids((ask, *replies.tolist())),
        strength=min(1.0, 0.5 + after / (4 * max(scene.usual_words, 1.0))),
        measured=measured_for(codes, [label], "precision"),
    )


def _around(
    client: NDArray[np.int64], run: Run, ask: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The client's turns from the start of a run until the therapist asks, and the next ones."""
    before = client[(client >= run.turns[0]) & (client < ask)]
    return before, client[client > ask][:_REPLIES_AFTER_REPAIR]


def _grows(scene: Scene, client: NDArray[np.int64], run: Run, ask: int) -> bool:
    before, replies = _around(client, run, ask)
    if len(replies) < _REPLIES_AFTER_REPAIR:
        return False
    during, after = np.median(scene.words[before]), np.median(scene.words[replies])
    still_short = during <= _STILL_SHORT * scene.usual_words
    return bool(still_short and after >= max(scene.usual_words, _LONGER * during))

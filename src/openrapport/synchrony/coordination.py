"""Linguistic coordination: small words taken up from the other's last turn.

Findings of ``coordination.v1``: ``coordination``, one for each class of function words and direction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured, Result
from openrapport.session import Role, Session
from openrapport.synchrony.exchanges import exchanges, null_of, shuffles
from openrapport.synchrony.function_words import FUNCTION_WORDS, class_counts

__all__ = ["STEP", "coordination", "findings"]

STEP = "coordination.v1"

# With fewer turns that show a marker, one reply more or less moves the value by a tenth.
_MIN_WITH_MARKER = 10
_MIN_WITHOUT = 3


def coordination(before: NDArray[np.bool_], reply: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much likelier a marker is in a reply when the turn before it showed the marker.

    Parameters
    ----------
    before, reply : ndarray of bool, shape (n, n_markers)
        Whether each turn, and the reply to it, show each marker.

    Returns
    -------
    difference : ndarray of float64, shape (n_markers,)
        ``P(reply | before) - P(reply)``, in [-1, 1]. 0: no coordination; NaN where no turn before
        showed the marker.

    Raises
    ------
    BadInput
        If the shapes differ.

    References
    ----------
    DanescuNiculescuMizil2012
    """
    if before.shape != reply.shape or before.ndim != 2:
        raise BadInput(
            f"markers have shapes {before.shape} and {reply.shape}; expected one (n, n_markers)"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        joint = (before & reply).sum(axis=0) / before.sum(axis=0)
        base = reply.sum(axis=0) / np.float64(len(reply))
    difference: NDArray[np.float64] = joint - base
    return difference


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Measure coordination per class of function words, in both directions.

    Parameters
    ----------
    session : Session
        English.
    rng : numpy.random.Generator
        For the surrogates.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``party`` is who adapts. Chance: the replies dealt out anew among themselves.
    """
    spoken = session.utterances
    turn = spoken.turns.of_utterance
    has = np.zeros((len(spoken.turns), len(FUNCTION_WORDS)), dtype=bool)
    shown, marker = np.nonzero(class_counts(spoken.words) * (turn >= 0)[:, None])
    has[turn[shown], marker] = True
    results: list[Result] = []
    for role in (Role.THERAPIST, Role.CLIENT):
        pairs = exchanges(session, role)
        before, reply = has[pairs.before], has[pairs.reply]
        shown_before = before.sum(axis=0)
        enough = (shown_before >= _MIN_WITH_MARKER) & (len(pairs) - shown_before >= _MIN_WITHOUT)
        value = coordination(before, reply)
        orders = shuffles(len(pairs), rng) if enough.any() else None
        for k, name in enumerate(FUNCTION_WORDS):
            if orders is None or not enough[k]:
                reason = (
                    f"needs {_MIN_WITH_MARKER} turns of the other with such words and {_MIN_WITHOUT} without; "
                    f"there are {int(shown_before[k])} and {int(len(pairs) - shown_before[k])}"
                )
                results.append(NotMeasured(STEP, reason, name="coordination", party=role))
                continue
            drawn = reply[:, k][orders][:, before[:, k]].mean(axis=1) - reply[:, k].mean()
            both = np.isin(turn, pairs.reply[before[:, k] & reply[:, k]])
            results.append(
                Finding(
                    name="coordination",
                    value=float(value[k]),
                    unit="difference in probability",
                    n=int(shown_before[k]),
                    counted="turns with such words before",
                    step=STEP,
                    party=role,
                    aspect=name,
                    null=null_of(drawn),
                    evidence=tuple(spoken.ids[i] for i in np.flatnonzero(both)),
                )
            )
    return results

"""Three to five therapists to choose from: the best fit, others that differ, not always the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.fit.needs import possible
from openrapport.fit.preferences import LEANING_END, Preferences
from openrapport.fit.profiles import Directory
from openrapport.fit.scoring import Parts

__all__ = ["SMALLEST", "Shortlist", "shortlist"]

SMALLEST, _LARGEST = 3, 5
_SHARE_OF_DIFFERENCE = 0.5


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Whom to show one client.

    Parameters
    ----------
    therapists : tuple of int
        Positions in the directory, the best fit first.
    possible : int
        How many meet all needs and have a place.
    alike : int
        How many of those fit as well as the best, as far as anybody can tell.
    """

    therapists: tuple[int, ...]
    possible: int
    alike: int


def shortlist(
    preferences: Preferences,
    directory: Directory,
    parts: Parts,
    *,
    shown: ArrayLike | None = None,
    size: int = SMALLEST,
) -> Shortlist:
    """Choose whom to show.

    The best fit is always shown. The others come from those whose score cannot be told from the
    best one: among them whoever differs from those already chosen, and has been shown less often
    lately, goes first. Where too few are as good, the next best follow.

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.
    parts : Parts
        Of this client with the same directory.
    shown : array_like of int, shape (m,), optional
        How often each was on a short list lately.
    size : int
        3 to 5.

    Returns
    -------
    shortlist : Shortlist
        Shorter where fewer are possible; the same for the same input.

    Raises
    ------
    BadInput
        If the size is not 3 to 5, or ``shown`` is not one number of 0 or more for each.
    """
    if not SMALLEST <= size <= _LARGEST:
        raise BadInput(f"a short list has {SMALLEST} to {_LARGEST} people; {size} were asked for")
    seen = np.zeros(len(directory)) if shown is None else np.asarray(shown, dtype=float)
    if seen.shape != (len(directory),) or not (seen >= 0).all():
        raise BadInput("how often people were shown is not one number of 0 or more for each therapist")
    open_to = np.flatnonzero(possible(preferences, directory) & (directory.capacity > 0))
    if not len(open_to):
        return Shortlist((), 0, 0)
    score, low = parts.score[open_to], parts.interval[0][open_to]
    first = int(np.lexsort((seen[open_to], -score))[0])
    # The best one's own interval, not theirs: whoever says little has a wide one for no merit.
    alike = score >= low[first]
    often = seen[open_to] / max(seen[open_to].max(), 1.0)
    chosen = [first]
    nearest = _difference(directory, open_to, first)
    while len(chosen) < min(size, len(open_to)):
        worth = _SHARE_OF_DIFFERENCE * nearest + (1 - _SHARE_OF_DIFFERENCE) * (1 - often)
        # The next best in place of the most different where nobody is left who fits as well.
        rank = np.where(alike, 2 + worth + score, score)
        rank[chosen] = -np.inf
        chosen.append(int(rank.argmax()))
        nearest = np.minimum(nearest, _difference(directory, open_to, chosen[-1]))
    ordered = sorted(chosen, key=lambda row: -score[row])
    return Shortlist(tuple(int(open_to[row]) for row in ordered), len(open_to), int(alike.sum()))


def _difference(directory: Directory, rows: NDArray[np.int64], one: int) -> NDArray[np.float64]:
    """How differently people work from one of them: 0 alike or unknown, 1 opposite."""
    leaning = directory.leaning[rows]
    apart = np.abs(leaning - leaning[one]) / (2 * LEANING_END)
    known = ~np.isnan(apart)
    return np.asarray(np.where(known, apart, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))

"""Whether groups fare alike on the way to a therapist: waiting, first wishes, scores.

Only groups that a practice records with consent. Small groups are not shown. A warning means more
than chance would give over all that is looked at together; it does not say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.fit.preferences import Preferences, Strength, WishKind
from openrapport.resampling import middle

__all__ = [
    "SMALLEST_GROUP",
    "Difference",
    "Fairness",
    "GroupFigure",
    "compare_groups",
    "excluding_wishes",
]

Floats = NDArray[np.float64]

SMALLEST_GROUP = 10
"""Groups below it are not shown: their figures would be about persons."""

_DRAWS, _AT_ONCE = 2000, 50
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """One measure in one group.

    Parameters
    ----------
    measure, group : str
        What, and of whom.
    n : int
        People of the group with this measure.
    mean : float
        In the measure's unit; a share for what is yes or no.
    interval : tuple of float
        95 %: of Wilson for shares, of the bootstrap otherwise.
    """

    measure: str
    group: str
    n: int
    mean: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one group is from all others together.

    Parameters
    ----------
    measure, group : str
        What, and of whom.
    difference : float
        Mean of the group less the mean of the others that are shown, in the measure's unit.
    p : float
        How often chance alone gives a difference as large anywhere among all groups and measures.
    warn : bool
        True where that is rarer than the stated error.
    """

    measure: str
    group: str
    difference: float
    p: float
    warn: bool


@dataclass(frozen=True, slots=True)
class Fairness:
    """All groups side by side.

    Parameters
    ----------
    figures : tuple of GroupFigure
        For every measure and every group that is large enough.
    differences : tuple of Difference
        Where there are at least two such groups.
    not_shown : int
        How many groups are too small.
    not_recorded : int
        People without a group: not asked, or no consent.
    """

    figures: tuple[GroupFigure, ...]
    differences: tuple[Difference, ...]
    not_shown: int
    not_recorded: int


def compare_groups(
    groups: Sequence[str | None],
    measures: Mapping[str, ArrayLike],
    *,
    rng: np.random.Generator,
    smallest: int = SMALLEST_GROUP,
    error: float = 0.05,
) -> Fairness:
    """Compare groups in several measures at once.

    Each measure is compared by the largest standardised difference over groups and measures, against
    the same after people are dealt to groups at random (Westfall and Young): that keeps the chance
    of any false warning at ``error``, and takes into account that measures go together.

    Parameters
    ----------
    groups : sequence of str or None, length n
        Of each person; None where there is none or no consent.
    measures : mapping of str to array_like, shape (n,)
        Numbers, or 0 and 1; NaN where there is none.
    rng : numpy.random.Generator
        Where the draws come from.
    smallest : int
        Smaller groups are not shown, >= 2.
    error : float
        How often there may be a warning by chance.

    Returns
    -------
    fairness : Fairness
        Figures, differences, and how many are not shown.

    Raises
    ------
    BadInput
        If lengths differ or an option is out of range.

    References
    ----------
    WestfallYoung1993, Wilson1927
    """
    if smallest < 2 or not 0 < error < 1:
        raise BadInput("the smallest group is below 2, or the error is not between 0 and 1")
    columns = {name: np.asarray(values, dtype=float) for name, values in measures.items()}
    wrong = next((name for name, values in columns.items() if values.shape != (len(groups),)), None)
    if wrong is not None:
        raise BadInput(f"{wrong} is not one number for each of {len(groups)} people")
    sizes = Counter(group for group in groups if group is not None)
    names = sorted(group for group, n in sizes.items() if n >= smallest)
    rows = np.array([row for row, group in enumerate(groups) if group in names], dtype=np.int64)
    member = np.array([[groups[row] == name for row in rows] for name in names], dtype=float)
    member = member.reshape(len(names), len(rows))
    shown = {name: values[rows] for name, values in columns.items()}
    return Fairness(
        figures=_figures(shown, names, member, smallest, rng),
        differences=_differences(shown, names, member, smallest, rng, error),
        not_shown=len(sizes) - len(names),
        not_recorded=sum(group is None for group in groups),
    )


def excluding_wishes(
    wishes: Iterable[Preferences], *, smallest: int = SMALLEST_GROUP
) -> dict[WishKind, int | None]:
    """Count wishes that leave no choice about who the therapist is.

    They are honoured, and counted apart: where many of them meet few therapists, waiting differs
    although nobody treats anybody differently.

    Parameters
    ----------
    wishes : iterable of Preferences
        Of all who wait.
    smallest : int
        Smaller counts are not shown.

    Returns
    -------
    counts : dict of WishKind to int or None
        None where there are some, but too few to show.
    """
    found = Counter(
        wish.kind
        for preferences in wishes
        for wish in preferences.wishes
        if wish.strength is Strength.MUST
    )
    return {kind: None if 0 < found[kind] < smallest else found[kind] for kind in WishKind}


def _figures(
    measures: Mapping[str, Floats],
    names: Sequence[str],
    member: Floats,
    smallest: int,
    rng: np.random.Generator,
) -> tuple[GroupFigure, ...]:
    found = []
    for measure, values in measures.items():
        for name, marks in zip(names, member, strict=True):
            own = values[(marks > 0) & ~np.isnan(values)]
            if len(own) >= smallest:
                figure = GroupFigure(measure, name, len(own), float(own.mean()), _interval(own, rng))
                found.append(figure)
    return tuple(found)


def _interval(values: Floats, rng: np.random.Generator) -> tuple[float, float]:
    n, mean = len(values), float(values.mean())
    if np.isin(values, (0.0, 1.0)).all():
        centre = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * np.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
        return float(centre - half), float(centre + half)
    return middle(rng.choice(values, size=(_DRAWS, n)).mean(axis=1))


def _differences(
    measures: Mapping[str, Floats],
    names: Sequence[str],
    member: Floats,
    smallest: int,
    rng: np.random.Generator,
    error: float,
) -> tuple[Difference, ...]:
    if len(names) < 2 or not measures:
        return ()
    table = np.stack(list(measures.values()), axis=1)
    difference, seen = _standardised(table[None], member, smallest)
    largest = np.zeros(_DRAWS)
    for start in range(0, _DRAWS, _AT_ONCE):
        order = rng.permuted(np.tile(np.arange(len(table)), (_AT_ONCE, 1)), axis=1)
        dealt = np.abs(_standardised(table[order], member, 1)[1])
        largest[start : start + _AT_ONCE] = np.nanmax(dealt, axis=(1, 2), initial=0.0)
    found = []
    for column, measure in enumerate(measures):
        for row, name in enumerate(names):
            size = abs(seen[0, row, column])
            if not np.isnan(size):
                # The sample itself is one of the ways to deal: a p of 0 would claim too much.
                p = float((1 + (largest >= size - 1e-12).sum()) / (1 + _DRAWS))
                found.append(Difference(measure, name, float(difference[0, row, column]), p, p < error))
    return tuple(found)


def _standardised(tables: Floats, member: Floats, smallest: int) -> tuple[Floats, Floats]:
    """Each group against all others: difference of means, and that over its standard error.

    Tables are (draws, people, measures), both results (draws, groups, measures).
    """
    known = (~np.isnan(tables)).astype(float)
    values = np.where(known > 0, tables, 0.0)
    own, total = member @ known, member @ values
    n, everything = known.sum(axis=1, keepdims=True), values.sum(axis=1, keepdims=True)
    enough = (own >= smallest) & (n - own >= smallest)
    own = np.where(enough, own, np.nan)
    difference = total / own - (everything - total) / (n - own)
    mean = everything / np.maximum(n, 1)
    spread = np.sqrt(
        (known * (values - mean[:, :1]) ** 2).sum(axis=1, keepdims=True) / np.maximum(n, 1)
    )
    error = spread * np.sqrt(1 / own + 1 / (n - own))
    return difference, np.where(error > 0, difference / np.where(error > 0, error, 1.0), 0.0 * own)

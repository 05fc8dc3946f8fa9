"""How much of a score is the person, how much is chance: computed from a practice's own forms.

Alpha and omega ask how well the items of a form agree, over all forms. Within-person reliability
asks how well a form follows the ups and downs of one person, which is what alerts rest on; a form
can have much of the one and little of the other.

Every number comes with its n and an interval from drawing people again with replacement; people,
not forms, because forms of one person are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured
from openrapport.measures.forms import ChangeConstants, Instrument
from openrapport.measures.scoring import Answers, check_answers, turned

__all__ = [
    "FEWEST_FORMS",
    "FEWEST_PEOPLE",
    "STEP",
    "alpha",
    "answers_table",
    "omega_of_covariance",
    "omega_total",
    "own_constants",
    "within_person_reliability",
]

STEP = "reliability.v1"
FEWEST_FORMS = 200
"""Below so many complete forms nothing is computed."""
FEWEST_PEOPLE = 20
"""Below so many people nothing is computed: the interval would be a guess."""

_DRAWS = 1_000
_ROUNDS = 2_000
_CLOSE_ENOUGH = 1e-9

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def answers_table(instrument: Instrument, scale: str, forms: Iterable[Answers]) -> Floats:
    """Lay out the answers to a scale's items, as the functions below take them.

    Parameters
    ----------
    instrument : Instrument
        The questionnaire.
    scale : str
        Key of the scale.
    forms : iterable of mapping
        Answers of each form, item key to answer.

    Returns
    -------
    table : ndarray of float, shape (forms, items)
        Items that count the other way are turned round; NaN for what was left out.

    Raises
    ------
    BadInput
        If there is no such scale, or an answer is none that its item has.
    """
    wanted = instrument.scale(scale)
    items = [instrument.item(key) for key in wanted.items]
    rows = []
    for answers in forms:
        given = check_answers(instrument, answers)
        row = []
        for item in items:
            answer = given.get(item.key)
            number = answer if isinstance(answer, (int, float)) else np.nan
            row.append(turned(item, number) if item.key in wanted.reverse else number)
        rows.append(row)
    return np.array(rows, float).reshape(len(rows), len(items))


def own_constants(
    first_scores: ArrayLike, reliability: Finding, *, z: float
) -> ChangeConstants | NotMeasured:
    """Take what a smallest reliable change is computed from out of a practice's own forms.

    Parameters
    ----------
    first_scores : array_like of float, shape (clients,)
        Each client's first score of the scale, in points; NaN is left out.
    reliability : Finding
        Of the same scale, as from :func:`omega_total` or :func:`alpha`.
    z : float
        1.96 for 95 %, 1.645 for 90 %; > 0.

    Returns
    -------
    constants : ChangeConstants or NotMeasured
        With the numbers of clients and forms in its source; NotMeasured below ``FEWEST_PEOPLE``
        clients, or where scores do not vary or are not reliable at all.

    Raises
    ------
    BadInput
        If ``z`` is not above 0.
    """
    if not z > 0:
        raise BadInput("z is not above 0; expected for instance 1.96")
    scores = np.asarray(first_scores, float)
    scores = scores[np.isfinite(scores)]
    if len(scores) < FEWEST_PEOPLE:
        reason = f"needs first scores of {FEWEST_PEOPLE} clients; there are {len(scores)}"
        return NotMeasured(STEP, reason, name="reliable_change")
    sd = float(scores.std(ddof=1))
    if sd == 0 or not 0 <= reliability.value < 1:
        reason = "first scores do not vary, or the reliability is not in [0, 1)"
        return NotMeasured(STEP, reason, name="reliable_change")
    source = (
        f"own data: standard deviation of {len(scores)} first scores, {reliability.name} of "
        f"{reliability.n} forms"
    )
    return ChangeConstants(sd, reliability.value, z, source)


def alpha(answers: ArrayLike, people: ArrayLike, *, rng: np.random.Generator) -> Finding | NotMeasured:
    """Estimate Cronbach's alpha: reliability if all items measured the same thing equally well.

    Parameters
    ----------
    answers : array_like of float, shape (forms, items)
        Turned round where an item counts the other way; NaN for what was left out. Forms with a
        missing answer are left out.
    people : array_like of int, shape (forms,)
        Who filled in each form.
    rng : numpy.random.Generator
        For the interval.

    Returns
    -------
    finding : Finding or NotMeasured
        Name ``alpha``, with a 95 % interval and n forms; NotMeasured where there is too little.

    Raises
    ------
    BadInput
        If shapes do not fit.
    """
    table, who = _complete(answers, people)
    return _estimated("alpha", table, who, _alpha_of, rng=rng)


def omega_total(
    answers: ArrayLike, people: ArrayLike, *, rng: np.random.Generator
) -> Finding | NotMeasured:
    """Estimate omega total: the share of a sum's variance that one common factor explains.

    Parameters
    ----------
    answers : array_like of float, shape (forms, items)
        As for :func:`alpha`; at least three items.
    people : array_like of int, shape (forms,)
        Who filled in each form.
    rng : numpy.random.Generator
        For the interval.

    Returns
    -------
    finding : Finding or NotMeasured
        Name ``omega_total``, with a 95 % interval and n forms; NotMeasured where there is too
        little, or no factor that the items share.

    Raises
    ------
    BadInput
        If shapes do not fit.

    References
    ----------
    McDonald1999
    """
    table, who = _complete(answers, people)
    if table.shape[1] < 3:
        return NotMeasured(STEP, "one factor needs at least three items", name="omega_total")
    return _estimated("omega_total", table, who, omega_of_covariance, rng=rng)


def omega_of_covariance(covariance: ArrayLike) -> Floats:
    """Compute omega total from covariances, by a one-factor solution of least squares.

    Principal axes, repeated until the communalities stand still: the first eigenvector of the
    covariances, with communalities in the diagonal, gives loadings, and these give communalities.

    Parameters
    ----------
    covariance : array_like of float, shape (..., items, items)
        One matrix or many; at least three items.

    Returns
    -------
    omega : ndarray of float, shape (...)
        In [0, 1]; NaN where an item does not vary or no common factor was found.

    Raises
    ------
    BadInput
        If it is no square matrix of at least three items.

    References
    ----------
    McDonald1999
    """
    matrix = np.asarray(covariance, float)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] < 3:
        raise BadInput("covariance is no square matrix of at least three items")
    variances = np.diagonal(matrix, axis1=-2, axis2=-1)
    # Items are put on one footing first: least squares would otherwise follow the widest of them.
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(variances)
        correlation = matrix / (scale[..., :, None] * scale[..., None, :])
    usable = np.isfinite(correlation).all(axis=(-2, -1))
    safe = np.where(usable[..., None, None], correlation, np.eye(matrix.shape[-1]))
    loadings, settled = _one_factor(safe)
    loadings = loadings * np.where(usable[..., None], scale, 1.0)
    common = loadings.sum(axis=-1) ** 2
    left = np.where(usable[..., None], variances, 1.0) - loadings**2
    with np.errstate(invalid="ignore"):
        omega = common / (common + left.sum(axis=-1))
    return np.where(usable & settled, omega, np.nan)


def within_person_reliability(
    answers: ArrayLike, people: ArrayLike, *, rng: np.random.Generator
) -> Finding | NotMeasured:
    """Estimate how reliably a form follows one person's ups and downs.

    Forms are nested in people: the variance of occasions within people, over itself plus the
    items' disagreement within an occasion, divided by the number of items (the generalisability of
    change, nested: R_CN).

    Parameters
    ----------
    answers : array_like of float, shape (forms, items)
        As for :func:`alpha`; at least two items.
    people : array_like of int, shape (forms,)
        Who filled in each form. People with one form say nothing about change and are left out.
    rng : numpy.random.Generator
        For the interval.

    Returns
    -------
    finding : Finding or NotMeasured
        Name ``within_person_reliability``, with a 95 % interval and n forms. Below 0 the items move
        less together than chance would have it: the form does not follow change.

    Raises
    ------
    BadInput
        If shapes do not fit.

    References
    ----------
    Cranford2006, ShroutLane2012
    """
    name = "within_person_reliability"
    table, who = _complete(answers, people)
    _, index, counts = np.unique(who, return_inverse=True, return_counts=True)
    several = counts[index] > 1
    table, who = table[several], who[several]
    if (too_little := _too_little(name, table, who)) is not None:
        return too_little
    _, index, counts = np.unique(who, return_inverse=True, return_counts=True)
    between, within = _change_squares(table, index, counts)
    picks = _draws(len(counts), rng)
    k = table.shape[1]
    weights = (counts - 1)[picks].sum(axis=1)
    drawn = _change_ratio(between[picks].sum(axis=1), within[picks].sum(axis=1), weights, k)
    value = _change_ratio(between.sum(), within.sum(), (counts - 1).sum(), k)
    return _finding(name, float(value), drawn, len(table))


def _complete(answers: ArrayLike, people: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    table, who = np.asarray(answers, float), np.asarray(people)
    if table.ndim != 2 or table.shape[1] < 2:
        raise BadInput("answers are no table of forms by at least two items")
    if who.shape != (len(table),):
        raise BadInput("people and answers differ in length; expected a person for each form")
    whole = np.isfinite(table).all(axis=1)
    return table[whole], np.unique(who[whole], return_inverse=True)[1].astype(np.int64)


def _too_little(name: str, table: Floats, who: Numbers) -> NotMeasured | None:
    people = len(np.unique(who))
    if len(table) >= FEWEST_FORMS and people >= FEWEST_PEOPLE:
        return None
    return NotMeasured(
        STEP,
        f"needs {FEWEST_FORMS} complete forms of {FEWEST_PEOPLE} people; there are {len(table)} of {people}",
        name=name,
    )


def _estimated(
    name: str,
    table: Floats,
    who: Numbers,
    statistic: Callable[[Floats], Floats],
    *,
    rng: np.random.Generator,
) -> Finding | NotMeasured:
    """Compute a statistic of the covariances, and its interval from people drawn again."""
    if (too_little := _too_little(name, table, who)) is not None:
        return too_little
    # Sums and products by person: a draw of people is then a sum of rows.
    centred = table - table.mean(axis=0)
    people, k = int(who.max()) + 1, table.shape[1]
    n = np.bincount(who, minlength=people).astype(float)
    sums = np.zeros((people, k))
    np.add.at(sums, who, centred)
    products = np.zeros((people, k, k))
    np.add.at(products, who, centred[:, :, None] * centred[:, None, :])
    times = np.zeros((_DRAWS, people))
    np.add.at(times, (np.arange(_DRAWS)[:, None], _draws(people, rng)), 1)
    every = np.vstack([np.ones(people), times])
    forms, total = every @ n, every @ sums
    squares = np.einsum("dp,pij->dij", every, products)
    means = total / forms[:, None]
    covariance = squares - forms[:, None, None] * means[:, :, None] * means[:, None, :]
    values = statistic(covariance / (forms - 1)[:, None, None])
    return _finding(name, float(values[0]), values[1:], len(table))


def _draws(people: int, rng: np.random.Generator) -> Numbers:
    return rng.integers(people, size=(_DRAWS, people))


def _finding(name: str, value: float, drawn: Floats, n: int) -> Finding | NotMeasured:
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or len(known) < _DRAWS * 0.9:
        return NotMeasured(STEP, "the items have no common part that could be estimated", name=name)
    low, high = np.quantile(known, (0.025, 0.975))
    interval = (float(min(low, value)), float(max(high, value)))
    return Finding(name, value, "share", n, "forms", STEP, interval=interval)


def _alpha_of(covariance: Floats) -> Floats:
    k = covariance.shape[-1]
    total = covariance.sum(axis=(-2, -1))
    own = np.trace(covariance, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(k / (k - 1) * (1 - own / total), float)


def _one_factor(correlation: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    k = correlation.shape[-1]
    diagonal = np.arange(k)
    reduced = correlation.copy()
    # Start: the strongest correlation of each item with any other.
    communality = np.abs(correlation - np.eye(k)).max(axis=-1)
    loadings = np.zeros(communality.shape)
    settled = np.zeros(communality.shape[:-1], bool)
    for _round in range(_ROUNDS):
        reduced[..., diagonal, diagonal] = communality
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[..., -1] * np.sqrt(np.maximum(values[..., -1:], 0))
        # An item cannot share more than all of its variance (a Heywood case).
        after = np.minimum(loadings**2, 1.0)
        settled = np.abs(after - communality).max(axis=-1) < _CLOSE_ENOUGH
        communality = after
        if settled.all():
            break
    return np.clip(loadings, -1.0, 1.0), settled


def _change_squares(table: Floats, index: Numbers, counts: Numbers) -> tuple[Floats, Floats]:
    """Sum squares within each person: of occasions, and of what occasions and items leave over."""
    people = len(counts)
    by_item = np.zeros((people, table.shape[1]))
    np.add.at(by_item, index, table)
    own = table - (by_item / counts[:, None])[index]  # each person's own level of each item is out
    occasion = own.mean(axis=1)
    between = np.bincount(index, table.shape[1] * occasion**2, people)
    within = np.bincount(index, ((own - occasion[:, None]) ** 2).sum(axis=1), people)
    return np.asarray(between, float), np.asarray(within, float)


def _change_ratio(between: ArrayLike, within: ArrayLike, occasions: ArrayLike, items: int) -> Floats:
    free = np.asarray(occasions, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_between = np.asarray(between, float) / free
        mean_within = np.asarray(within, float) / (free * (items - 1))
        return np.asarray(1 - mean_within / mean_between, float)

"""How right the coder is, how sure it may be, and where its thresholds lie.

Everything counts per transcript first, because sessions and not utterances are independent:
intervals resample transcripts. Two raters count half each: an utterance that one of them marked is
half a hit. What is fitted (calibration, thresholds) is fitted on other folds than it is judged on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = [
    "Counts",
    "balanced_choice",
    "best_weights",
    "calibrated",
    "counts_of",
    "expected_calibration_error",
    "f1_interval",
    "fit_calibration",
    "interval_of",
    "pick_threshold",
    "quadratic_kappa",
]

Floats = NDArray[np.float64]
DRAWS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Hits, false marks and misses per transcript and label, each (n_transcripts, n_labels)."""

    hit: Floats
    false: Floats
    missed: Floats

    def f1(self) -> Floats:
        """F1 of each label over all transcripts."""
        return _f1(self.hit.sum(0), self.false.sum(0), self.missed.sum(0))

    def precision(self) -> Floats:
        """Share of marks that are right; NaN without marks."""
        return _ratio(self.hit.sum(0), (self.hit + self.false).sum(0))

    def recall(self) -> Floats:
        """Share of what was there that was marked; NaN where nothing was."""
        return _ratio(self.hit.sum(0), (self.hit + self.missed).sum(0))


def _ratio(above: Floats, below: Floats) -> Floats:
    result = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result


def _f1(hit: Floats, false: Floats, missed: Floats) -> Floats:
    return np.nan_to_num(_ratio(2 * hit, 2 * hit + false + missed))


def counts_of(marked: list[NDArray[np.bool_]], target: list[Floats]) -> Counts:
    """Count per transcript; rows whose target is NaN do not count.

    Parameters
    ----------
    marked : list of ndarray of bool, each (n, n_labels)
        What the coder gave, for each transcript.
    target : list of ndarray of float, each (n, n_labels)
        Share of raters who gave the label.
    """
    rows = []
    for given, truth in zip(marked, target, strict=True):
        known = ~np.isnan(truth[:, 0])
        m, t = given[known].astype(float), truth[known].astype(float)
        rows.append(((m * t).sum(0), (m * (1 - t)).sum(0), ((1 - m) * t).sum(0)))
    hit, false, missed = (np.array(column) for column in zip(*rows, strict=True))
    return Counts(hit, false, missed)


def interval_of(
    counts: Counts, statistic: str, labels: NDArray[np.int64] | None = None, seed: int = 0
) -> tuple[Floats, Floats]:
    """95 % interval of ``f1``, ``precision`` or ``recall`` per label, resampling transcripts.

    With ``labels``, of the mean over those labels instead.
    """
    rng = np.random.default_rng(seed)
    n = len(counts.hit)
    draws = []
    for _ in range(DRAWS):
        some = rng.integers(n, size=n)
        drawn = Counts(counts.hit[some], counts.false[some], counts.missed[some])
        value = getattr(drawn, statistic)()
        draws.append(np.nanmean(value[labels]) if labels is not None else value)
    low, high = np.nanquantile(np.array(draws), [0.025, 0.975], axis=0)
    return low, high


def f1_interval(counts: Counts) -> tuple[float, float, float]:
    """Macro F1 with its interval."""
    everything = np.arange(counts.hit.shape[1])
    low, high = interval_of(counts, "f1", everything)
    return float(counts.f1().mean()), float(low), float(high)


def quadratic_kappa(given: NDArray[np.int64], truth: Floats) -> float:
    """Weighted kappa of levels against the raters' shares of levels."""
    k = truth.shape[1]
    observed = np.zeros((k, k))
    np.add.at(observed, given, truth)
    observed /= observed.sum()
    expected = np.outer(observed.sum(1), observed.sum(0))
    weight = (np.arange(k)[:, None] - np.arange(k)[None]) ** 2
    return float(1 - (weight * observed).sum() / (weight * expected).sum())


def fit_calibration(members: Floats, target: Floats, *, one_of: bool) -> Floats:
    """Fit how much each member counts, and a shift: scales for all labels together, or for each.

    Parameters
    ----------
    members : ndarray, shape (n_members, n, n_labels)
        Logits of each member.
    target : ndarray, shape (n, n_labels)
        Shares of raters.
    one_of : bool
        Whether exactly one label holds.

    Returns
    -------
    fitted : ndarray, shape (n_members + 1, n_labels)
        Scales of each member, then shifts.
    """
    m, _, k = members.shape
    if one_of:

        def loss(p: Floats) -> float:
            z = np.tensordot(p[:m], members, 1) + p[m:]
            z = z - z.max(1, keepdims=True)
            log = z - np.log(np.exp(z).sum(1, keepdims=True))
            return float(-(target * log).sum(1).mean() + 1e-4 * (p[m:] ** 2).sum())

        begin = np.r_[np.full(m, 1 / m), np.zeros(k)]
        bounds = [(0.0, 5.0)] * m + [(-8.0, 8.0)] * k
        best = minimize(loss, begin, method="L-BFGS-B", bounds=bounds).x
        return np.concatenate([np.repeat(best[:m, None], k, axis=1), best[None, m:]])
    fitted = np.empty((m + 1, k))
    for j in range(k):
        fitted[:, j] = _fit_label(members[:, :, j], target[:, j])
    return fitted


def _fit_label(members: Floats, target: Floats) -> Floats:
    m, n = members.shape

    def loss(p: Floats) -> float:
        s = p[:m] @ members + p[m]
        # A weak pull to the mean: a label with a handful of cases must not get a wild scale.
        pull = (((p[:m] - 1 / m) ** 2).sum() + 0.02 * p[m] ** 2) / n
        return float((np.logaddexp(0, s) - target * s).mean() + pull)

    bounds = [(0.0, 5.0)] * m + [(-12.0, 12.0)]
    best: Floats = minimize(loss, np.r_[np.full(m, 1 / m), 0.0], method="L-BFGS-B", bounds=bounds).x
    return best


def calibrated(members: Floats, fitted: Floats, *, one_of: bool) -> Floats:
    """Probabilities, (n, n_labels), from the members' logits."""
    z = (members * fitted[:-1, None]).sum(axis=0) + fitted[-1]
    if not one_of:
        return 1 / (1 + np.exp(-z))
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def best_weights(probability: Floats, target: Floats) -> Floats:
    """Weights of classes whose weighted argmax has the highest macro F1."""
    k = probability.shape[1]
    truth = target.argmax(1)
    weights = np.ones(k)

    def score(w: Floats) -> float:
        given = (probability * w).argmax(1)
        hit = np.bincount(truth[given == truth], minlength=k)
        total = np.bincount(truth, minlength=k) + np.bincount(given, minlength=k)
        return float(np.nan_to_num(2 * hit / np.maximum(total, 1)).mean())

    for _ in range(2):
        for j in range(k):
            trials = [
                np.where(np.arange(k) == j, weights * f, weights) for f in np.linspace(0.6, 1.8, 25)
            ]
            # Half-way to the best: the peak of a noisy curve is not where the next data peaks.
            best = trials[int(np.argmax([score(t) for t in trials]))]
            weights = (weights + best) / 2
    return weights / weights.max()


def balanced_choice(probability: Floats, weights: Floats) -> NDArray[np.int64]:
    """The label that is chosen for each row."""
    return (probability * weights).argmax(1)


def pick_threshold(probability: Floats, target: Floats, precision: float) -> float:
    """The threshold of best F1 among those whose precision reaches the stated one.

    Returns
    -------
    threshold : float
        2 where no threshold reaches it with at least five marks: such a label is never given.
    """
    order = np.argsort(-probability, kind="stable")
    p, t = probability[order], target[order]
    hit = np.cumsum(t)
    n = np.arange(1, len(p) + 1)
    allowed = (hit / n >= precision) & (n >= 5) & np.r_[p[:-1] > p[1:], True]
    if not allowed.any():
        return 2.0
    f1 = np.where(allowed, 2 * hit / (n + t.sum()), -1)
    at = int(f1.argmax())
    below = p[at + 1] if at + 1 < len(p) else 0.0
    return float((p[at] + below) / 2)


def expected_calibration_error(probability: Floats, target: Floats, bins: int = 10) -> float:
    """Mean distance between stated and observed shares, in bins of equal size.

    Parameters
    ----------
    probability, target : ndarray, shape (n,)
        Of single statements: "this label is on".
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(part) * abs(probability[part].mean() - target[part].mean()) for part in parts]
    return float(sum(gaps) / len(probability))

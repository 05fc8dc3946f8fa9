"""The second member: logistic regression on an utterance's wordings alone, in seconds.

What words say by themselves ("what", "so you", a question mark) a small network with a thousand
cases of each code does not learn as surely as a linear model does; each corrects the other.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from openrapport.coding.model import WORDINGS
from training.corpus import HEADS, Head, Transcript
from training.network import Wordings, inputs_of
from training.recipe import Recipe

__all__ = ["fit_wordings", "wordings_logits"]

_FEWEST = 4  # with fewer cases a code has no weights, and its logit is the same everywhere


def fit_wordings(transcripts: list[Transcript], tokenizer: Tokenizer, recipe: Recipe) -> Wordings:
    """Fit every head.

    Parameters
    ----------
    transcripts : list of Transcript
        To learn from.
    tokenizer : Tokenizer
        Of the encoder.
    recipe : Recipe
        How much of an utterance is read, and how far weights are held back.
    """
    read = np.concatenate([inputs_of(tokenizer, t.text, recipe).wordings for t in transcripts])
    seen = np.bincount(read[read > 0], minlength=WORDINGS)
    rarity = np.log((1 + len(read)) / (1 + seen)) + 1
    rarity[seen < 2] = 0  # what was said once teaches nothing about anybody else
    rarity[0] = 0
    x = _as_matrix(read, rarity)
    weights, shift = [], []
    for head in HEADS:
        target = np.concatenate([t.targets[head.name] for t in transcripts])
        known = ~np.isnan(target[:, 0])
        w, b = _fit_head(x[known], target[known], head, recipe.wordings_freedom)
        weights.append(w)
        shift.append(b)
    return Wordings(
        torch.tensor(rarity, dtype=torch.float32),
        torch.tensor(np.concatenate(weights).T, dtype=torch.float32),
        torch.tensor(np.concatenate(shift), dtype=torch.float32),
    )


def _as_matrix(read: NDArray[np.int64], rarity: NDArray[np.float64]) -> csr_matrix:
    row, column = np.nonzero(read)
    bucket = read[row, column]
    x = csr_matrix((rarity[bucket], (row, bucket)), shape=(len(read), WORDINGS))
    size = np.sqrt(x.multiply(x).sum(axis=1)).A1 + 1e-6
    return csr_matrix(x.multiply(1 / size[:, None]))


def _fit_head(
    x: csr_matrix, target: NDArray[np.float32], head: Head, freedom: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    def model() -> LogisticRegression:
        return LogisticRegression(C=freedom, class_weight="balanced", max_iter=300)

    n = target.shape[1]
    weights, shift = np.zeros((n, WORDINGS)), np.zeros(n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if head.one_of:
            fitted = model().fit(x, target.argmax(1))
            weights[fitted.classes_], shift[fitted.classes_] = fitted.coef_, fitted.intercept_
            return weights, shift
        for j in range(n):
            on = target[:, j] >= 0.5
            if on.sum() >= _FEWEST:
                fitted = model().fit(x, on)
                weights[j], shift[j] = fitted.coef_[0], fitted.intercept_[0]
    return weights, shift


@torch.no_grad()
def wordings_logits(
    member: Wordings, transcript: Transcript, tokenizer: Tokenizer, recipe: Recipe
) -> dict[str, NDArray[np.float32]]:
    """Logits of every head for a transcript (``"wordings:talk"``)."""
    read = torch.from_numpy(inputs_of(tokenizer, transcript.text, recipe).wordings)
    parts = torch.split(member(read), [len(head.labels) for head in HEADS], dim=1)
    return {f"wordings:{h.name}": part.numpy() for h, part in zip(HEADS, parts, strict=True)}

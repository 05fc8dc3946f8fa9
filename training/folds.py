"""Trainings that are judged: five folds by transcript, a learning curve, and single trials.

Each training writes its checkpoint after every epoch and its predictions when done; a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.corpus import HEADS, Transcript, folds_of, read_corpus
from training.fitting import Log, predict, train
from training.network import Coder, base_folder, load_tokenizer
from training.recipe import Recipe
from training.scores import counts_of
from training.wordings import fit_wordings, wordings_logits

__all__ = [
    "FOLDS",
    "Job",
    "Place",
    "out_of_fold",
    "quick_scores",
    "run_jobs",
    "train_final",
    "try_recipe",
]

FOLDS = 5
FOLD_SEED = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where data come from and where a run leaves its files."""

    annomi: Path
    rapport_codes: Path
    work: Path

    def corpus(self) -> list[Transcript]:
        """The transcripts."""
        return read_corpus(self.annomi, self.rapport_codes)

    def logger(self, name: str) -> Log:
        """Write lines to ``log.txt`` and to the terminal."""
        path = self.work / "log.txt"

        def log(line: str) -> None:
            text = f"{time.strftime('%H:%M:%S')} {name}: {line}"
            sys.stderr.write(text + "\n")
            with path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")

        return log


@dataclass(frozen=True, slots=True)
class Job:
    """One training on all transcripts outside a fold, or on a share of them."""

    recipe: Recipe
    fold: int
    share: float = 1.0

    def name(self) -> str:
        """Name of its files."""
        part = "" if self.share == 1 else f"-share{int(100 * self.share)}"
        return f"{self.recipe.key()}-fold{self.fold}{part}"


def run_jobs(place: Place, jobs: list[Job], processes: int) -> None:
    """Train what is not trained yet, each in a process with one thread.

    Two processes with one thread each are several times as fast as one with two where other
    programs share the cores: threads of one training wait for each other at every product.
    """
    missing = [job for job in jobs if not (place.work / f"{job.name()}.npz").exists()]
    if not missing:
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_one, place, job) for job in missing]:
            done.result()


def _one(place: Place, job: Job) -> None:
    torch.set_num_threads(1)
    log = place.logger(job.name())
    transcripts = place.corpus()
    fold = folds_of(transcripts, FOLDS, FOLD_SEED)
    base = base_folder()
    tokenizer = load_tokenizer(base)
    training = [t for t, k in zip(transcripts, fold, strict=True) if k != job.fold]
    if job.share < 1:
        rng = np.random.default_rng(FOLD_SEED)
        keep = rng.permutation(len(training))[: max(2, round(job.share * len(training)))]
        training = [training[i] for i in sorted(keep)]
    test = [t for t, k in zip(transcripts, fold, strict=True) if k == job.fold]
    checkpoint = place.work / f"{job.name()}.pt"
    coder = train(
        training, job.recipe, tokenizer, base, checkpoint=checkpoint, cache=place.work, log=log
    )
    found = predict(coder, test, tokenizer, place.work)
    member = fit_wordings(training, tokenizer, job.recipe)
    for t, one in zip(test, found, strict=True):
        one.update(wordings_logits(member, t, tokenizer, job.recipe))
    _save_logits(place.work / f"{job.name()}.npz", test, found)
    checkpoint.unlink(missing_ok=True)
    log(f"done {json.dumps(quick_scores(test, found))}")


def _save_logits(
    path: Path, test: list[Transcript], found: list[dict[str, NDArray[np.float32]]]
) -> None:
    columns = {f"{t.id}|{h}": v for t, one in zip(test, found, strict=True) for h, v in one.items()}
    partial = path.with_name(path.name + ".partial.npz")
    np.savez(partial, **columns)
    partial.replace(path)


def quick_scores(
    test: list[Transcript], found: list[dict[str, NDArray[np.float32]]]
) -> dict[str, float]:
    """Macro F1 of each view and head at the maximum (or one half), labels with five cases or more."""
    scores = {}
    views = sorted({name.partition(":")[0] for name in found[0]})
    for head, view in product(HEADS, views):
        target = [t.targets[head.name].astype(float) for t in test]
        marked = []
        for one in found:
            z = one[f"{view}:{head.name}"]
            marked.append(z == z.max(1, keepdims=True) if head.one_of else z > 0)
        counts = counts_of(marked, [_hard(t) if head.one_of else t for t in target])
        enough = (counts.hit + counts.missed).sum(0) >= 5
        scores[f"{view}:{head.name}"] = round(float(counts.f1()[enough].mean()), 3)
    return scores


def _hard(target: NDArray[np.float64]) -> NDArray[np.float64]:
    hard = (target == target.max(1, keepdims=True)).astype(float)
    hard[np.isnan(target[:, 0])] = np.nan
    return hard


def try_recipe(place: Place, recipe: Recipe, fold: int, note: str) -> None:
    """Train once and judge on one fold; the result is added to ``tried.jsonl``."""
    torch.set_num_threads(1)
    transcripts = place.corpus()
    of = folds_of(transcripts, FOLDS, FOLD_SEED)
    base = base_folder()
    tokenizer = load_tokenizer(base)
    training = [t for t, k in zip(transcripts, of, strict=True) if k != fold]
    test = [t for t, k in zip(transcripts, of, strict=True) if k == fold]
    log = place.logger(f"try {recipe.key()}")
    by_epoch: dict[int, dict[str, float]] = {}

    def judge(coder: Coder, epoch: int) -> None:
        if epoch % 2 == 0 or epoch == recipe.epochs:
            by_epoch[epoch] = quick_scores(test, predict(coder, test, tokenizer, place.work))
            log(f"{note} epoch {epoch} {by_epoch[epoch]}")

    began = time.monotonic()
    train(
        training,
        recipe,
        tokenizer,
        base,
        checkpoint=None,
        cache=place.work,
        log=log,
        after_epoch=judge,
    )
    row = {
        "note": note,
        "fold": fold,
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - began),
        "by_epoch": by_epoch,
    }
    with (place.work / "tried.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def train_final(place: Place, recipe: Recipe) -> Path:
    """Train on every transcript; gives the file of its weights."""
    path = place.work / f"{recipe.key()}-final.pt"
    log = place.logger("final")
    base = base_folder()
    torch.set_num_threads(1)
    checkpoint = place.work / f"{recipe.key()}-final-checkpoint.pt"
    if not path.exists():
        coder = train(
            place.corpus(),
            recipe,
            load_tokenizer(base),
            base,
            checkpoint=checkpoint,
            cache=place.work,
            log=log,
        )
        member = fit_wordings(place.corpus(), load_tokenizer(base), recipe)
        partial = path.with_suffix(".partial")
        torch.save({"coder": coder.state_dict(), "wordings": member.state_dict()}, partial)
        partial.replace(path)
        checkpoint.unlink(missing_ok=True)
    return path


def curve_jobs(recipe: Recipe) -> list[Job]:
    """Trainings on a part of the transcripts, judged on one fold: what more data would give."""
    return [Job(recipe, 0, share) for share in (0.25, 0.5)]


def quick_scores_of(place: Place, job: Job) -> dict[str, float]:
    """Scores of a finished training on its fold."""
    transcripts = place.corpus()
    fold = folds_of(transcripts, FOLDS, FOLD_SEED)
    test = [t for t, k in zip(transcripts, fold, strict=True) if k == job.fold]
    found: dict[int, dict[str, NDArray[np.float32]]] = {}
    with np.load(place.work / f"{job.name()}.npz") as file:
        for key in file.files:
            number, _, head = key.partition("|")
            found.setdefault(int(number), {})[head] = file[key]
    return quick_scores(test, [found[t.id] for t in test])


def out_of_fold(
    place: Place, recipe: Recipe, transcripts: list[Transcript]
) -> list[Mapping[str, NDArray[np.float64]]]:
    """Logits for every transcript from the training that never saw it."""
    found: dict[int, dict[str, NDArray[np.float64]]] = {}
    for fold in range(FOLDS):
        with np.load(place.work / f"{Job(recipe, fold).name()}.npz") as file:
            for key in file.files:
                number, _, head = key.partition("|")
                found.setdefault(int(number), {})[head] = file[key].astype(float)
    return [found[t.id] for t in transcripts]

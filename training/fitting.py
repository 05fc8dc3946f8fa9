"""One training: chunks of sessions, soft targets, masks; saved after each epoch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.corpus import HEADS, Transcript
from training.network import Coder, Inputs, inputs_of
from training.quantised import read_by
from training.recipe import Recipe

__all__ = ["predict", "train"]

Log = Callable[[str], None]
Logits = dict[str, NDArray[np.float32]]


def train(
    transcripts: list[Transcript],
    recipe: Recipe,
    tokenizer: Tokenizer,
    base: Path,
    *,
    checkpoint: Path | None,
    cache: Path | None,
    log: Log,
    after_epoch: Callable[[Coder, int], None] | None = None,
) -> Coder:
    """Train on transcripts; picks up after the last whole epoch of an interrupted run."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    coder = Coder(recipe, base)
    inputs = [inputs_of(tokenizer, t.text, recipe) for t in transcripts]
    coder.train()
    trunks = [trunk_of(coder, one, t.id, cache) for one, t in zip(inputs, transcripts, strict=True)]
    first_sight = (
        trunks
        if not coder.upper
        else [
            embedded_of(coder, trunk, t.id, cache) for trunk, t in zip(trunks, transcripts, strict=True)
        ]
    )
    n = sum(len(t) for t in transcripts)
    steps = recipe.epochs * int(np.ceil(n / (recipe.chunk * recipe.chunks_per_step)))
    optimiser, schedule = _optimiser(coder, recipe, steps)
    weights = _label_weights(transcripts, recipe)
    first = _resume(checkpoint, coder, optimiser, schedule, rng)
    for epoch in range(first, recipe.epochs):
        began, losses = time.monotonic(), []
        coder.train()
        for batch in _batches(transcripts, recipe, rng):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                warm = epoch < recipe.warm_epochs
                flat = _flat(coder, batch, first_sight if warm else trunks, warm=warm)
                loss = _loss(coder, batch, flat, transcripts, inputs, weights)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(coder.parameters(), 1.0)
            optimiser.step()
            if schedule.last_epoch < steps:
                schedule.step()
            losses.append(loss.item())
        log(
            f"epoch {epoch + 1}/{recipe.epochs} loss {np.mean(losses):.4f} {time.monotonic() - began:.0f} s"
        )
        if checkpoint is not None:
            _save(checkpoint, coder, optimiser, schedule, rng, epoch + 1)
        if after_epoch is not None:
            after_epoch(coder, epoch + 1)
    return coder


def trunk_of(coder: Coder, inputs: Inputs, number: int, cache: Path | None) -> list[Tensor]:
    """What the frozen layers make of a transcript, from the cache where another training left it."""
    path = (
        cache
        and cache / f"trunk-{coder.recipe.frozen_layers}-{coder.recipe.utterance_tokens}-{number}.pt"
    )
    if path and path.exists():
        found: list[Tensor] = torch.load(path, weights_only=True)
        return found
    if cache and not coder.upper:
        found = read_by(cache / "model" / "encoder.onnx", inputs)
    else:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = coder.trunk(inputs)
    if path:
        partial = path.with_suffix(f".{os.getpid()}")
        torch.save(found, partial)
        partial.replace(path)
    return found


def embedded_of(coder: Coder, trunk: list[Tensor], number: int, cache: Path | None) -> Tensor:
    """What the untrained encoder makes of a transcript, (n, width)."""
    path = cache and cache / f"first-sight-{coder.recipe.utterance_tokens}-{number}.pt"
    if path and path.exists():
        kept: Tensor = torch.load(path, weights_only=True)
        return kept
    coder.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = coder.embed_all(trunk).float()
    coder.train()
    if path:
        partial = path.with_suffix(f".{os.getpid()}")
        torch.save(found, partial)
        partial.replace(path)
    return found


@torch.no_grad()
def predict(
    coder: Coder, transcripts: list[Transcript], tokenizer: Tokenizer, cache: Path | None
) -> list[Logits]:
    """Logits of every view and head (``"past:talk"``) for whole transcripts."""
    coder.eval()
    found = []
    for t in transcripts:
        inputs = inputs_of(tokenizer, t.text, coder.recipe)
        trunk = trunk_of(coder, inputs, t.id, cache)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            embedded = coder.embed_all(trunk)
        roles = torch.from_numpy((~t.by_therapist).astype(np.int64))
        wordings = torch.from_numpy(inputs.wordings)
        found.append(
            {
                f"{view}:{name}": value[0].float().numpy()
                for view, heads in coder.views.items()
                for name, value in heads(embedded.float()[None], wordings[None], roles[None]).items()
            }
        )
    return found


Chunk = tuple[int, int, int]  # transcript, first utterance, past the last


def _batches(
    transcripts: list[Transcript], recipe: Recipe, rng: np.random.Generator
) -> list[list[Chunk]]:
    """Cut every transcript at another place each epoch, so that no utterance is always the first."""
    chunks: list[Chunk] = []
    for k, t in enumerate(transcripts):
        start = -int(rng.integers(recipe.chunk)) if len(t) > recipe.chunk else 0
        while start < len(t):
            chunks.append((k, max(0, start), min(len(t), start + recipe.chunk)))
            start += recipe.chunk
    order = rng.permutation(len(chunks))
    size = recipe.chunks_per_step
    return [[chunks[i] for i in order[s : s + size]] for s in range(0, len(order), size)]


def _flat(
    coder: Coder, batch: list[Chunk], source: Sequence[Sequence[Tensor] | Tensor], *, warm: bool
) -> Tensor:
    """Embeddings of a batch's utterances, one after the other."""
    rows = [source[k][i] for k, s, e in batch for i in range(s, e)]
    return torch.stack(rows) if warm else coder.embed_all(rows)


def _loss(
    coder: Coder,
    batch: list[Chunk],
    flat: Tensor,
    transcripts: list[Transcript],
    inputs: list[Inputs],
    weights: dict[str, Tensor],
) -> Tensor:
    recipe = coder.recipe
    longest = max(end - start for _, start, end in batch)
    embedded = flat.new_zeros(len(batch), longest, flat.shape[1])
    roles = torch.zeros(len(batch), longest, dtype=torch.long)
    wordings = torch.zeros(len(batch), longest, inputs[0].wordings.shape[1], dtype=torch.long)
    at = 0
    for b, (k, s, e) in enumerate(batch):
        embedded[b, : e - s] = flat[at : at + e - s]
        roles[b, : e - s] = torch.from_numpy((~transcripts[k].by_therapist[s:e]).astype(np.int64))
        wordings[b, : e - s] = torch.from_numpy(inputs[k].wordings[s:e])
        at += e - s
    share = {
        "strategy": recipe.strategy_weight,
        "withdrawal": recipe.strain_weight,
        "confrontation": recipe.strain_weight,
        "disclosure": recipe.disclosure_weight,
        "subtypes": recipe.subtypes_weight,
    }
    logits = {view: heads(embedded, wordings, roles) for view, heads in coder.views.items()}
    total = torch.zeros(())
    for head in HEADS:
        target = torch.full((len(batch), longest, len(head.labels)), float("nan"))
        for b, (k, s, e) in enumerate(batch):
            target[b, : e - s] = torch.from_numpy(transcripts[k].targets[head.name][s:e])
        known = ~target[..., 0].isnan()
        if not known.any():
            continue
        for given in logits.values():
            one = _head_loss(
                given[head.name][known].float(),
                target[known],
                weights[head.name],
                one_of=head.one_of,
                smoothing=recipe.label_smoothing,
            )
            total = total + share.get(head.name, 1.0) * one
    return total


def _head_loss(
    logits: Tensor, target: Tensor, weight: Tensor, *, one_of: bool, smoothing: float
) -> Tensor:
    if one_of:
        soft = (1 - smoothing) * target + smoothing / target.shape[1]
        row = (target * weight).sum(1)
        return -((soft * logits.log_softmax(1)).sum(1) * row).sum() / row.sum()
    # A sum over labels: each is a task of its own, and rare ones must not drown in a mean of many.
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=weight, reduction="none"
    )
    return each.mean(0).sum() / 2


def _label_weights(transcripts: list[Transcript], recipe: Recipe) -> dict[str, Tensor]:
    """Weigh rare labels up, by their frequency to the power of ``balance``."""
    weights = {}
    for head in HEADS:
        rows = np.concatenate([t.targets[head.name] for t in transcripts])
        rows = rows[~np.isnan(rows[:, 0])]
        frequency = np.clip(rows.mean(axis=0), 1e-3, None) if len(rows) else np.ones(len(head.labels))
        if head.one_of:
            weight = (1 / frequency) ** recipe.balance
            weight /= (weight * frequency).sum()
        else:
            weight = np.clip(((1 - frequency) / frequency) ** recipe.balance, 1, 5)
        weights[head.name] = torch.tensor(weight, dtype=torch.float32)
    return weights


def _optimiser(
    coder: Coder, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    encoder = [p for p in coder.encoder.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [{"params": list(coder.views.parameters()), "lr": recipe.head_rate}]
    if encoder:
        groups.append({"params": encoder, "lr": recipe.encoder_rate})
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    # The encoder learns from the last warm epoch on; both fall to nothing at the end.
    begin = steps * recipe.warm_epochs // recipe.epochs

    def rate(step: int, since: int) -> float:
        ramp = max(1, (steps - since) // 10)
        down = (steps - step) / max(1, steps - since - ramp)
        return max(0.0, min((step - since + 1) / ramp, down))

    rates = [lambda step: rate(step, 0), lambda step: rate(step, begin)][: len(groups)]
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rates)


def _save(
    path: Path,
    coder: Coder,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    rng: np.random.Generator,
    epochs: int,
) -> None:
    state = {
        "coder": coder.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "rng": rng.bit_generator.state,
        "torch": torch.get_rng_state(),
        "epochs": epochs,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(
    path: Path | None,
    coder: Coder,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    rng: np.random.Generator,
) -> int:
    if path is None or not path.exists():
        return 0
    state = torch.load(path, weights_only=False)
    coder.load_state_dict(state["coder"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch"])
    return int(state["epochs"])

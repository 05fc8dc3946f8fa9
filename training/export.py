"""From the trained network to the files that ship: ONNX, eight-bit weights, hashes, a check.

The encoder and the sequence layer are two files, because they run on other shapes: the encoder on
batches of utterances of like length, the sequence layer once over a whole session.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from openrapport.coding.model import Network
from training.corpus import HEADS, Transcript
from training.fitting import predict
from training.folds import Place
from training.network import Coder, Wordings, base_folder, load_tokenizer
from training.quantised import OPSET, plain, write_encoder
from training.recipe import Recipe

__all__ = ["MEMBERS", "MODEL", "SHIPPED", "VIEW", "agreement_with_network", "export", "sha256_of"]

MODEL = Path("src/openrapport/coding/model")
VIEW = "past"
MEMBERS = (VIEW, "wordings")
"""Whose logits the shipped file gives, in this order; their sum is calibrated."""
SHIPPED = tuple(head for head in HEADS if head.name != "subtypes")


class _Session(nn.Module):
    def __init__(self, coder: Coder, wordings: Wordings) -> None:
        super().__init__()
        self.heads = coder.views[VIEW]
        self.wordings = wordings

    def forward(self, embedded: Tensor, wordings: Tensor, by_client: Tensor) -> Tensor:
        logits = self.heads(embedded, wordings, by_client)
        network = torch.cat([logits[head.name] for head in SHIPPED], dim=-1)[0]
        return torch.cat([network, self.wordings(wordings[0])], dim=-1)


def export(place: Place, recipe: Recipe, weights: Path) -> Path:
    """Write the model's files into the work folder; ``install`` of the report puts them in place."""
    log = place.logger("export")
    base = base_folder()
    coder = Coder(recipe, base)
    state = torch.load(weights, weights_only=True)
    coder.load_state_dict(state["coder"])
    coder.eval()
    kept_words = state["wordings"]
    n = sum(len(head.labels) for head in SHIPPED)  # the heads that ship come first (see HEADS)
    wordings = Wordings(kept_words["rarity"], kept_words["weights"][:, :n], kept_words["shift"][:n])
    folder = place.work / "model"
    folder.mkdir(exist_ok=True)
    if coder.upper or not (folder / "encoder.onnx").exists():
        write_encoder(coder, folder)
    _write_session(coder, wordings, folder)
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    log(" ".join(f"{p.name} {p.stat().st_size / 1e6:.1f} MB" for p in sorted(folder.iterdir())))
    kept = agreement_with_network(coder, folder, place.corpus()[::8])
    (place.work / "export.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    log(json.dumps(kept))
    return folder


def _write_session(coder: Coder, member: Wordings, folder: Path) -> None:
    many = 3 * coder.recipe.utterance_tokens + 4
    inputs = {
        "embedded": torch.zeros(1, 5, 2 * coder.encoder.config.hidden_size),
        "wordings": torch.ones(1, 5, many, dtype=torch.long),
        "by_client": torch.zeros(1, 5, dtype=torch.long),
    }
    torch.onnx.export(
        _Session(coder, member),
        tuple(inputs.values()),
        str(folder / "session.onnx"),
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_axes={**{name: {1: "n"} for name in inputs}, "logits": {0: "n"}},
        opset_version=OPSET,
        dynamo=False,
    )
    plain(folder / "session.onnx")


def agreement_with_network(
    coder: Coder, folder: Path, transcripts: list[Transcript]
) -> dict[str, float]:
    """How often the exported files decide as the network does, before calibration, for each head."""
    theirs = predict(coder, transcripts, load_tokenizer(base_folder()), None)
    card = {
        "name": "export",
        "heads": [],
        "utterance_tokens": coder.recipe.utterance_tokens,
        "files": {path.name: sha256_of(path) for path in folder.iterdir()},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    network = Network(folder)
    same: dict[str, list[NDArray[np.bool_]]] = {head.name: [] for head in SHIPPED}
    for t, one in zip(transcripts, theirs, strict=True):
        logits = network.logits(t.text, ~t.by_therapist)
        at = 0
        for head in SHIPPED:
            mine, at = logits[:, at : at + len(head.labels)], at + len(head.labels)
            other = one[f"{VIEW}:{head.name}"]
            mine_on = mine == mine.max(1, keepdims=True) if head.one_of else mine > 0
            other_on = other == other.max(1, keepdims=True) if head.one_of else other > 0
            speaks = t.by_therapist if head.role == "therapist" else ~t.by_therapist
            same[head.name].append((mine_on == other_on)[speaks].all(axis=1))
    return {name: round(float(np.concatenate(rows).mean()), 4) for name, rows in same.items()}


def sha256_of(path: Path) -> str:
    """Hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

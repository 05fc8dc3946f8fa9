"""The encoder as the file that ships: ONNX with eight-bit weights.

Where the encoder stays frozen, the layers above learn from what this file gives, and are judged on it:
then what was measured is what runs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from training.network import Coder, Inputs, pooled

__all__ = ["OPSET", "plain", "read_by", "write_encoder"]

OPSET = 17


class _Encoder(nn.Module):
    def __init__(self, coder: Coder) -> None:
        super().__init__()
        self.coder = coder

    def forward(self, ids: Tensor) -> Tensor:
        out = self.coder.encoder(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            token_type_ids=torch.zeros_like(ids),
        )
        return pooled(out.last_hidden_state)


def write_encoder(coder: Coder, folder: Path) -> None:
    """Write ``encoder.onnx``."""
    full = folder / "encoder-full.onnx"
    torch.onnx.export(
        _Encoder(coder),
        (torch.ones(1, 7, dtype=torch.long),),
        str(full),
        input_names=["ids"],
        output_names=["embedded"],
        dynamic_axes={"ids": {1: "length"}},
        opset_version=OPSET,
        dynamo=False,
    )
    partial = folder / "encoder.partial"
    quantize_dynamic(str(full), str(partial), per_channel=True, weight_type=QuantType.QInt8)
    full.unlink()
    plain(partial)
    partial.replace(folder / "encoder.onnx")


def plain(path: Path) -> None:
    """Check a file, and take out what says where it was made."""
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def read_by(path: Path, inputs: Inputs) -> list[Tensor]:
    """Let the file read utterances one by one, as the engine does."""
    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"ids": np.array([line], dtype=np.int64)})[0][0] for line in inputs.ids]
    return [torch.from_numpy(row) for row in rows]

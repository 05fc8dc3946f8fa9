"""The files of the trained coder, and from utterances to what the network makes of them::

    encoder.onnx     a small transformer: tokens of an utterance -> what it says
    session.onnx     a recurrent layer, and weights of wordings: a session -> numbers for each label
    tokenizer.json   words -> tokens
    card.json        labels, calibration, thresholds, measured error, hashes of the other files

Every file is checked against its hash before it is used. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadModel

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

__all__ = ["MODEL_FOLDER", "WORDINGS", "Network", "shortened", "wordings_of"]

MODEL_FOLDER = Path(__file__).with_name("model")
"""Where the files that ship lie."""

WORDINGS = 16384
"""Buckets into which wordings are hashed; 0 stands for none."""

_FILES = ("encoder.onnx", "session.onnx", "tokenizer.json")
_CLS, _SEP = 101, 102
# Of 5,000 words a tokenizer needs the first and the last few hundred characters only.
_CHARACTERS_OF_A_TOKEN = 24

_GET_IT_BACK = (
    "install OpenRapport again (pip install --force-reinstall --no-deps openrapport; in a clone: git "
    "checkout -- src/openrapport/coding/model), or code by rules meanwhile (--coder rules)"
)


@dataclass(frozen=True, eq=False)
class Network:
    """The trained network, loaded when it is first used.

    Parameters
    ----------
    folder : Path
        Where its files lie.
    """

    folder: Path = MODEL_FOLDER

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """What ``card.json`` says: labels, calibration, thresholds, measured error."""
        try:
            card: Mapping[str, Any] = json.loads(self._bytes("card.json"))
            _ = card["name"], card["files"], card["heads"], card["utterance_tokens"]
        except (ValueError, TypeError, KeyError):
            raise BadModel(f"card.json of the trained coder is damaged; {_GET_IT_BACK}") from None
        return card

    @cached_property
    def _encoder(self) -> InferenceSession:
        return _running(self._checked("encoder.onnx"), "encoder.onnx")

    @cached_property
    def _session(self) -> InferenceSession:
        return _running(self._checked("session.onnx"), "session.onnx")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self._checked("tokenizer.json").decode("utf-8"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def check(self) -> None:
        """Look whether every file is there and is what shipped, without loading it.

        Raises
        ------
        BadModel
            If a file is missing or damaged.
        """
        for name in _FILES:
            self._checked(name)

    def logits(self, texts: Sequence[str], by_client: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Let the network read a session.

        Parameters
        ----------
        texts : sequence of str, length n
            Utterances of the therapist and the client, in order.
        by_client : ndarray of bool, shape (n,)
            Who spoke.

        Returns
        -------
        logits : ndarray of float64, shape (n, 2 * n_labels)
            Two numbers for each label of each head, in the card's order: of the network, and then of
            the wordings alone. A row rests on its own
            utterance and on those before it, never on later ones.

        Raises
        ------
        BadModel
            If a file is missing or damaged, or a result is not finite.
        """
        pieces = self._pieces(texts)
        wordings = [wordings_of(line, int(self.card["utterance_tokens"])) for line in pieces]
        feed = {
            "embedded": self._embedded(pieces)[None],
            "wordings": np.stack(wordings)[None],
            "by_client": by_client.astype(np.int64)[None],
        }
        logits: NDArray[np.float64] = self._session.run(None, feed)[0].astype(np.float64)
        if not np.isfinite(logits).all():
            raise BadModel(f"the trained coder gave what is no number; {_GET_IT_BACK}")
        return logits

    def _pieces(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        most = int(self.card["utterance_tokens"])
        encoded = self._tokenizer.encode_batch(
            [_readable(text, most * _CHARACTERS_OF_A_TOKEN) for text in texts], add_special_tokens=False
        )
        return [tuple(shortened(one.ids, most)) for one in encoded]

    def _embedded(self, pieces: list[tuple[int, ...]]) -> NDArray[np.float32]:
        """Run the encoder on each utterance by itself.

        Eight-bit arithmetic scales by what is computed together: in batches, what is said later
        would move the numbers of what was said before.
        """
        found = {}
        for line in pieces:  # "Yeah." is said a hundred times and read once
            if line not in found:
                ids = np.array([(_CLS, *line, _SEP)], dtype=np.int64)
                found[line] = self._encoder.run(None, {"ids": ids})[0][0]
        return np.stack([found[line] for line in pieces])

    def _checked(self, name: str) -> bytes:
        data = self._bytes(name)
        if hashlib.sha256(data).hexdigest() != self.card["files"].get(name):
            raise BadModel(f"{name} of the trained coder is not the file that shipped; {_GET_IT_BACK}")
        return data

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise BadModel(f"{name} of the trained coder: {why}; {_GET_IT_BACK}") from None


def shortened(pieces: list[int], most: int) -> list[int]:
    """Keep the beginning and the end of what is too long: the middle says least of what was done.

    Parameters
    ----------
    pieces : list of int
        Word pieces of an utterance.
    most : int
        How many are read.

    Returns
    -------
    pieces : list of int
        At most that many.
    """
    if len(pieces) <= most:
        return pieces
    head = most // 2
    return pieces[:head] + pieces[len(pieces) - (most - head) :]


def wordings_of(pieces: Sequence[int], most: int) -> NDArray[np.int64]:
    """Hash word pieces, pairs and triples, the first three and the last: a bag of wordings.

    Parameters
    ----------
    pieces : sequence of int
        Word pieces, at most ``most``.
    most : int
        How many are read of any utterance.

    Returns
    -------
    wordings : ndarray of int64, shape (3 * most + 4,)
        Different buckets from 1 to ``WORDINGS`` - 1, rising; 0 after the last.
    """
    one = np.array(pieces, dtype=np.int64)
    parts = (
        one * 7919,
        one[:-1] * 15_485_863 + one[1:] * 32_452_843 + 1,
        one[:-2] * 86_028_121 + one[1:-1] * 104_395_301 + one[2:] * 122_949_823 + 4,
        one[:3] * 49_979_687 + 2,
        one[-1:] * 67_867_967 + 3,
    )
    joined = np.unique(np.concatenate(parts) % (WORDINGS - 1) + 1)
    found = np.zeros(3 * most + 4, dtype=np.int64)
    found[: len(joined)] = joined
    return found


def _readable(text: str, most: int) -> str:
    """Leave the middle out of 5,000 words before they are cut into tokens."""
    return text if len(text) <= most else f"{text[: most // 2]} {text[-most // 2 :]}"


def _running(model: bytes, name: str) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread: a corpus is spread over processes, and waiting threads would slow each other.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises several kinds of its own
        reason = type(error).__name__
        raise BadModel(
            f"{name} of the trained coder does not load ({reason}); {_GET_IT_BACK}"
        ) from None

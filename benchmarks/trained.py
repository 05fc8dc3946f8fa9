"""How fast the trained coder is, and how much memory it takes: one process, one thread."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.engine import Row, at_most, seconds, session_of, usage
from openrapport import pipeline
from openrapport.coding.model import Network
from openrapport.coding.trained import TrainedCoder
from openrapport.io.files import write_session

__all__ = ["run"]

_UTTERANCES = 700  # of 50 minutes
_FEWEST = 150
_LOAD = """
import time
import numpy as np
from openrapport.coding.model import Network
start = time.perf_counter()
Network().logits(["Hello."], np.array([True]))
print(time.perf_counter() - start)
"""


def run(annomi: Path | None) -> list[Row]:
    """Measure the trained coder; with a corpus, all of its sessions too."""
    rows = [_load(), *_speed(), _memory()]
    return rows + ([_corpus(annomi)] if annomi else [])


def _load() -> Row:
    taken = [
        float(subprocess.run([sys.executable, "-c", _LOAD], check=True, capture_output=True).stdout)
        for _ in range(5)
    ]
    return at_most("load the trained coder and read one utterance", median(taken), 1)


def _speed() -> list[Row]:
    session = session_of(_UTTERANCES)
    # Every text once: what is said twice would be read once.
    texts = [f"{text} {i}" for i, text in enumerate(session.utterances.text)]
    by_client = session.utterances.party == 1
    network = Network()
    network.logits(texts[:10], by_client[:10])
    taken = seconds(lambda: network.logits(texts, by_client), 3)
    rate = _UTTERANCES / taken
    whole = seconds(lambda: pipeline.run(session, coder=TrainedCoder(network=network)), 3)
    return [
        Row(
            what="utterances a second with context, trained coder, one process",
            value=rate,
            unit="per s",
            limit=f">= {_FEWEST} per s",
            ok=rate >= _FEWEST,
        ),
        at_most("run(session), 50 minutes, trained coder", whole, 6),
    ]


def _memory() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.vtt"
        write_session(session_of(_UTTERANCES), path)
        _, megabytes = usage(_analyze(path, Path(folder) / "out"))
    return at_most("peak memory of analyze, trained coder", megabytes, 400, "MB")


def _corpus(annomi: Path) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        taken, _ = usage(_analyze(annomi, Path(folder) / "all", "--jobs", "2"))
    return at_most("all AnnoMI sessions, trained coder, --jobs 2", taken, 90)


def _analyze(source: Path, out: Path, *options: str) -> list[str]:
    verb = [sys.executable, "-m", "openrapport_cli", "analyze", str(source)]
    return [*verb, "--out", str(out), *options]

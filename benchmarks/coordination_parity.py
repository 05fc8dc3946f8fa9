"""Compare our coordination with ConvoKit's: same utterances, same markers, same run.

    python -m benchmarks.coordination_parity [--annomi PATH/TO/simple.csv] [--convokit-python PATH]

ConvoKit runs in an environment of its own, made for the occasion where no interpreter is given: it
needs far more packages than we do. Its word patterns are read from that installation while this
runs. Without a corpus the talk is generated.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
import venv
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import Row
from openrapport.synchrony.coordination import PairCoordination, aggregate, coordination
from openrapport.synchrony.function_words import FUNCTION_WORDS

__all__ = ["run"]

_VERSION = "5.0.0"
# What ConvoKit's corpus and coordination import; all that it declares would bring PyTorch along.
_NEEDS = """clean-text dill dnspython joblib matplotlib msgpack-numpy nltk numpy pandas pymongo pyyaml
    scikit-learn scipy spacy thinc<8.4 tqdm unidecode""".split()
_AGREES = 1e-6
_FASTER = 20
_REPEATS = 5
# ConvoKit's own defaults, and a set in which every threshold bites.
_THRESHOLDS = (
    {"target_thresh": 3, "speaker_thresh": 0, "utterances_thresh": 0},
    {"target_thresh": 5, "speaker_thresh": 7, "utterances_thresh": 25},
)
# A word as ConvoKit sees one: ASCII letters, and apostrophes inside.
_CHUNK = re.compile(r"[a-z0-9_]+(?:'[a-z0-9_]+)*")


class Talk(NamedTuple):
    """Utterances of many sessions, in columns."""

    text: list[str]
    speaker: list[str]
    reply_to: list[int]
    root: list[int]


def read_annomi(path: Path) -> Talk:
    """Read the corpus; each utterance replies to the one before it in its session."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _in_columns([(r["transcript_id"], r["interlocutor"], r["utterance_text"]) for r in rows])


def generated(*, sessions: int = 40, utterances: int = 200, seed: int = 0) -> Talk:
    """Make talk without sense, of function words and filler words, with what tokenising can meet."""
    rng = np.random.default_rng(seed)
    words = sorted(set().union(*FUNCTION_WORDS.values()))
    words += ["table", "rivers", "mom's", "rock'n'roll", "d'you", "'cause", "naïve", "well-being", "42"]
    rows = []
    for session in range(sessions):
        for place in range(utterances):
            said = rng.choice(words, size=rng.integers(0, 25))
            # Now and then somebody goes on after themselves: that is no reply.
            therapist = (place + int(rng.random() < 0.1)) % 2 == 0
            rows.append((str(session), "therapist" if therapist else "client", " ".join(said) + "."))
    return _in_columns(rows)


def _in_columns(rows: list[tuple[str, str, str]]) -> Talk:
    talk = Talk([], [], [], [])
    last = None
    for row, (session, who, text) in enumerate(rows):
        goes_on = session == last
        talk.root.append(talk.root[-1] if goes_on else row)
        talk.reply_to.append(row - 1 if goes_on else -1)
        talk.speaker.append(f"{session}:{who}")
        talk.text.append(text)
        last = session
    return talk


class Patterns(dict[str, int]):
    """Which of ConvoKit's markers a stretch of letters holds, one bit each, worked out once.

    A pattern is a word, or the beginning of one where no boundary (``\\b``) follows it.
    """

    def __init__(self, lines: str, markers: list[str]) -> None:
        super().__init__()
        self._tree: dict[str, Any] = {}
        for line in lines.splitlines():
            marker, patterns = line.strip().split("\t")
            for pattern in patterns.replace("\\b", "#").split("|"):
                node = self._tree
                for letter in pattern[1:]:
                    node = node.setdefault(letter, {})
                node["bits"] = node.get("bits", 0) | 1 << markers.index(marker)

    def __missing__(self, chunk: str) -> int:
        # As ConvoKit reads it: an apostrophe ends a word and may also go on with it ("it's" holds
        # "it"); what follows one is a word of its own only where no word ended there.
        found, node = 0, self._tree
        for place, letter in enumerate(f"{chunk} "):
            if letter in "' ":
                ended = node.get("#", {})
                found |= ended.get("bits", 0)
                node = node.get(letter, ended)
            else:
                if not node and chunk[place - 1] == "'":
                    node = self._tree
                node = node.get(letter, {})
                found |= node.get("bits", 0)
        self[chunk] = found
        return found


def marked(texts: list[str], patterns: Patterns, n_markers: int) -> NDArray[np.bool_]:
    """Tell which markers each utterance has, shape (n, n_markers)."""
    # An empty stretch at the end of each utterance: none is then empty, and it has no marker.
    chunks = [[*_CHUNK.findall(text.lower()), ""] for text in texts]
    lengths = np.fromiter(map(len, chunks), dtype=np.int64, count=len(chunks))
    flat = map(patterns.__getitem__, chain.from_iterable(chunks))
    bits = np.fromiter(flat, dtype=np.int64, count=int(lengths.sum()))
    of_utterance = np.bitwise_or.reduceat(bits, np.cumsum(lengths) - lengths)
    return (of_utterance[:, None] >> np.arange(n_markers) & 1).astype(bool)


def ours(talk: Talk, answer: dict[str, Any], thresholds: dict[str, int]) -> PairCoordination:
    """Do from text to scores what ConvoKit's fit and transform do."""
    markers = answer["markers"]
    patterns = Patterns(answer["patterns"], markers)
    number: dict[str, int] = {}
    who = [number.setdefault(name, len(number)) for name in talk.speaker]
    return coordination(
        marked(talk.text, patterns, len(markers)),
        who,
        talk.reply_to,
        min_after_marker=thresholds["target_thresh"],
        min_with_marker=thresholds["speaker_thresh"],
        min_replies=thresholds["utterances_thresh"],
    )


def differences(talk: Talk, answer: dict[str, Any], found: PairCoordination) -> tuple[float, int]:
    """Largest difference, infinite where one has a value and the other has none; and how many values."""
    names = list(dict.fromkeys(talk.speaker))
    mine = {
        (names[s], names[t], marker): value
        for s, t, row in zip(found.speaker, found.target, found.value.tolist(), strict=True)
        for marker, value in zip(answer["markers"], row, strict=True)
        if np.isfinite(value)
    }
    theirs = {(s, t, m): v for s, t, row in answer["scores"] for m, v in row.items()}
    if mine.keys() != theirs.keys():
        return float("inf"), len(theirs)
    gaps = [abs(mine[key] - theirs[key]) for key in theirs]
    for method, value in enumerate(answer["aggregates"], start=1):
        own = aggregate(found.value, method=method)
        gaps.append(float(np.isfinite(own)) if value is None else abs(own - value))
    return max(gaps), len(theirs)


def run(annomi: Path | None, *, convokit_python: Path | None = None) -> list[Row]:
    """Compare values and speed; the rows of one table."""
    talk = read_annomi(annomi) if annomi else generated()
    if convokit_python is not None:
        return _rows(talk, convokit_python, "AnnoMI" if annomi else "generated talk")
    with tempfile.TemporaryDirectory() as folder:
        return _rows(talk, _environment(Path(folder)), "AnnoMI" if annomi else "generated talk")


def _environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--no-deps", f"convokit=={_VERSION}"], check=True)
    subprocess.run([*install, "--prefer-binary", *_NEEDS], check=True)
    return python


def _convokit(talk: Talk, python: Path, thresholds: dict[str, int]) -> dict[str, Any]:
    script = Path(__file__).with_name("convokit_side.py")
    done = subprocess.run(
        [str(python), str(script)],
        input=json.dumps({**talk._asdict(), "thresholds": thresholds}),
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _rows(talk: Talk, python: Path, where: str) -> list[Row]:
    rows: list[Row] = []
    for thresholds in _THRESHOLDS:
        answer = _convokit(talk, python, thresholds)
        taken = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            found = ours(talk, answer, thresholds)
            taken.append(time.perf_counter() - start)
        gap, n = differences(talk, answer, found)
        what = f"coordination against ConvoKit {_VERSION}, {where}, thresholds {_short(thresholds)}"
        limit = f"<= {_AGREES:g}"
        rows.append(Row(what=f"{what}: values", value=n, unit="", limit=">= 1", ok=n >= 1))
        rows.append(
            Row(what=f"{what}: largest difference", value=gap, unit="", limit=limit, ok=gap <= _AGREES)
        )
        if len(rows) == 2:
            rows.extend(_speed(len(talk.text), answer, median(taken)))
    return rows


def _short(thresholds: dict[str, int]) -> str:
    return "/".join(str(value) for value in thresholds.values())


def _speed(n: int, answer: dict[str, Any], seconds: float) -> list[Row]:
    ratio = answer["seconds"] / seconds
    times = [
        (f"ConvoKit's fit and transform, {n} utterances", answer["seconds"]),
        ("ConvoKit's import", answer["import_s"]),
        (f"our markers and coordination, {n} utterances", seconds),
    ]
    rows = [Row(what=what, value=value, unit="s", limit=None, ok=True) for what, value in times]
    return [
        *rows,
        Row(
            what="coordination, times faster than ConvoKit",
            value=ratio,
            unit="times",
            limit=f">= {_FASTER}",
            ok=ratio >= _FASTER,
        ),
    ]


def main() -> int:
    """Print the rows; 1 where values differ or we are not faster by enough."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coordination_parity")
    parser.add_argument("--annomi", type=Path, help="AnnoMI's simple.csv")
    parser.add_argument("--convokit-python", type=Path, help="an interpreter that has ConvoKit")
    arguments = parser.parse_args()
    rows = run(arguments.annomi, convokit_python=arguments.convokit_python)
    for row in rows:
        limit = f"  ({row['limit']})" if row["limit"] else ""
        print(f"{row['what']}: {row['value']:.3g} {row['unit']}{limit}  {'yes' if row['ok'] else 'NO'}")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Run ConvoKit on utterances from standard input: started by ``coordination_parity``, with its Python.

It imports nothing of ours: it runs in ConvoKit's own environment.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import resources


def main() -> None:
    """Read rows, print scores, seconds and ConvoKit's own marker patterns as one JSON document."""
    start = time.perf_counter()
    from convokit import Corpus, Speaker, Utterance
    from convokit.coordination import Coordination
    from convokit.coordination.coordinationScore import CoordinationWordCategories

    imported = time.perf_counter() - start
    task = json.load(sys.stdin)
    speakers = {name: Speaker(id=name) for name in task["speaker"]}
    corpus = Corpus(
        utterances=[
            Utterance(
                id=str(row),
                speaker=speakers[who],
                conversation_id=str(talk),
                reply_to=None if to < 0 else str(to),
                text=text,
            )
            for row, (who, talk, to, text) in enumerate(
                zip(task["speaker"], task["root"], task["reply_to"], task["text"], strict=True)
            )
        ]
    )
    method = Coordination(**task["thresholds"])
    start = time.perf_counter()
    method.fit(corpus)
    method.transform(corpus)
    taken = time.perf_counter() - start
    scores = method.pairwise_scores(corpus, corpus.speaking_pairs(), **task["thresholds"])
    pattern_file = resources.files("convokit").joinpath("data/coord-liwc-patterns.txt")
    answer = {
        "import_s": imported,
        "seconds": taken,
        "markers": CoordinationWordCategories,
        "patterns": pattern_file.read_text(encoding="utf-8"),
        "scores": [
            [speaker.id, target, by_marker]
            for speaker in corpus.iter_speakers()
            for target, by_marker in speaker.meta.get("coord", {}).items()
        ],
        "aggregates": [scores.aggregate(method) for method in (1, 2, 3)],
    }
    sys.__stdout__.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

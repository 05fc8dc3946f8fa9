"""What the trained coder learns from: soft targets, masks, folds; and wordings as it reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training.corpus import BEHAVIOUR, HEADS, Transcript, folds_of, read_corpus

from openrapport.coding.model import WORDINGS, shortened, wordings_of

SIMPLE = "transcript_id,mi_quality,topic,utterance_id,interlocutor,utterance_text,{},{}"
MAIN = SIMPLE.format("main_therapist_behaviour", "client_talk_type")
FULL = (
    "transcript_id,utterance_id,annotator_id,therapist_input_exists,therapist_input_subtype,"
    "reflection_exists,reflection_subtype,question_exists,question_subtype,"
    "main_therapist_behaviour,client_talk_type"
)
CODES = "rater,transcript_id,utterance_id,role,therapist_codes,withdrawal,confrontation,disclosure"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, *rows: str) -> None:
        (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="utf-8")

    write(
        "simple.csv",
        MAIN,
        "7,low,a topic,0,therapist,Why not?,question,",
        "7,low,a topic,1,client,Because.,,neutral",
        "8,high,a topic,0,client,I will.,,change",
    )
    write(
        "full.csv",
        FULL,
        "7,0,1,False,,False,,True,open,question,",
        "7,0,2,True,advice,False,,False,,therapist_input,",
    )
    write(
        "dev.csv",
        CODES,
        "A,7,0,T,QO|CON,-,-,-",
        "B,7,0,T,QO,-,-,-",
        "A,7,1,C,-,MIN:2,0,0",
        "B,7,1,C,-,0,0,1",
        "A,8,0,T,NONE,-,-,-",
    )
    return tmp_path


def target(transcript: Transcript, head: str, row: int) -> dict[str, float]:
    labels = next(h.labels for h in HEADS if h.name == head)
    values = transcript.targets[head][row].tolist()
    return {label: v for label, v in zip(labels, values, strict=True) if v}


def test_raters_who_differ_make_half_a_case(folder: Path) -> None:
    one, _ = read_corpus(folder, folder)
    assert target(one, "strategy", 0) == {"open_question": 1.0, "confrontation": 0.5}
    assert target(one, "withdrawal", 1) == {"minimal_response": 0.5, "any": 0.5}
    assert target(one, "disclosure", 1) == {"0": 0.5, "1": 0.5}


def test_annotators_soften_the_main_label_and_never_overrule_it(folder: Path) -> None:
    one, _ = read_corpus(folder, folder)
    assert target(one, "behaviour", 0) == {"question": 0.75, "therapist_input": 0.25}
    assert target(one, "subtypes", 0) == {"question": 0.5, "input": 0.5, "open": 0.5, "advice": 0.5}


def test_what_nobody_coded_is_missing(folder: Path) -> None:
    one, other = read_corpus(folder, folder)
    assert np.isnan(one.targets["behaviour"][1]).all()
    assert np.isnan(other.targets["disclosure"]).all()


def test_where_the_roles_differ_nobody_teaches(folder: Path) -> None:
    _, other = read_corpus(folder, folder)
    assert not other.by_therapist[0]
    assert np.isnan(other.targets["strategy"]).all()


def transcript(number: int, quality: str, n: int) -> Transcript:
    empty = {h.name: np.full((n, len(h.labels)), np.nan, np.float32) for h in HEADS}
    spoken = np.zeros(n, dtype=bool)
    return Transcript(number, quality, "", ("a",) * n, spoken, empty, {}, tuple(range(n)))


def test_folds_share_out_low_quality_sessions_and_length() -> None:
    made = [transcript(i, "low" if i % 5 == 0 else "high", 10 + i) for i in range(50)]
    fold = folds_of(made, 5, seed=0)
    low = np.array([t.quality == "low" for t in made])
    assert np.bincount(fold[low]).tolist() == [2] * 5
    lengths = np.bincount(fold, weights=[len(t) for t in made])
    assert lengths.max() / lengths.min() < 1.1
    assert (folds_of(made, 5, seed=0) == fold).all()


def test_behaviours_are_those_of_the_engine() -> None:
    from openrapport.coding.schemes import SCHEMES, UNSPECIFIED

    assert SCHEMES["behaviour"] == BEHAVIOUR
    for head in HEADS:
        if head.name in SCHEMES:
            labels = [UNSPECIFIED if label == "any" else label for label in head.labels]
            assert tuple(labels) == SCHEMES[head.name]


def test_of_a_long_utterance_the_ends_are_read() -> None:
    assert shortened(list(range(9)), 4) == [0, 1, 7, 8]
    assert shortened([1, 2], 4) == [1, 2]


def test_wordings_tell_order_and_place() -> None:
    one, turned = (set(wordings_of(ids, 4).tolist()) - {0} for ids in ([5, 6], [6, 5]))
    # Two pieces are shared, the pair, the firsts (here both) and the last are not all.
    assert len(one) == len(turned) == 6
    assert 2 <= len(one & turned) < 6
    assert max(one) < WORDINGS
    assert wordings_of([], 4).tolist() == [0] * 16

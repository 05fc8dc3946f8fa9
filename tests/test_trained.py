"""The trained coder: what it decides from the network's numbers, and files that are not as shipped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openrapport import pipeline
from openrapport.coding.model import MODEL_FOLDER, Network
from openrapport.coding.schemes import SCHEMES
from openrapport.coding.trained import TrainedCoder
from openrapport.errors import BadModel
from openrapport.session import Role, Session
from tests.sessions import session


def head(scheme: str, labels: Sequence[str], role: str, **more: Any) -> dict[str, Any]:
    n = len(labels)
    plain = {"scale": [[1.0] * n, [0.5] * n], "shift": [0.0] * n, "shown": [True] * n, "measured": []}
    return {"scheme": scheme, "labels": list(labels), "role": role, "one_of": False, **plain, **more}


class Fixed(Network):
    """Gives the numbers that a test wrote down, and shows which words it was given."""

    def __init__(self, heads: list[dict[str, Any]], rows: Sequence[Sequence[float]]) -> None:
        super().__init__()
        self.__dict__["card"] = {"name": "fixed.v1", "files": {}, "heads": heads, "utterance_tokens": 8}
        self.__dict__["rows"] = np.array(rows, dtype=float)
        self.__dict__["heard"] = []

    def logits(self, texts: Sequence[str], by_client: NDArray[np.bool_]) -> NDArray[np.float64]:
        self.__dict__["heard"] += zip(texts, by_client.tolist(), strict=True)
        # The second member, the wordings, has no opinion.
        rows: NDArray[np.float64] = np.atleast_2d(self.__dict__["rows"])
        return np.concatenate([rows, np.zeros_like(rows)], axis=1)


def coded(network: Fixed, spoken: Session, **options: bool) -> Mapping[str, list[tuple[int, str]]]:
    found = TrainedCoder(network=network, **options).code(spoken)
    return {
        c.scheme: [(int(u), c.labels[k]) for u, k in zip(c.utterance, c.label, strict=True)]
        for c in found
    }


TALK = head("talk", ("change", "neutral"), "client", one_of=True, weights=[1.0, 0.5])
STRATEGY = head("strategy", ("advice", "insight"), "therapist", thresholds=[0.5, 0.9])
AWAY = head("withdrawal", ("denial", "deference", "unspecified"), "client", thresholds=[0.5, 0.5, 0.5])


def test_each_utterance_of_a_role_has_one_label_of_a_single_label_scheme() -> None:
    # The second is likelier neutral, but the label's weight was chosen for rare change talk.
    network = Fixed([TALK], [[0, 0], [3, 0], [0, 0.5], [0, 3]])
    spoken = session("T well", "C I will", "C perhaps", "C so")
    assert coded(network, spoken)["talk"] == [(1, "change"), (2, "change"), (3, "neutral")]


def test_a_code_is_given_from_its_own_threshold_on() -> None:
    network = Fixed([STRATEGY], [[1, 2], [-1, 2.5]])
    # Sigmoid of 2 is .88 and of 2.5 is .92.
    assert coded(network, session("T do", "T see"))["strategy"] == [(0, "advice"), (1, "insight")]


def test_a_mark_has_one_kind_or_none_in_particular_and_none_without_strain() -> None:
    network = Fixed([AWAY], [[1, 2, 3], [-1, -1, 1], [5, 5, -1]])
    spoken = session("C no", "C fine", "C whatever")
    assert coded(network, spoken)["withdrawal"] == [(0, "deference"), (1, "unspecified")]


def test_a_kind_that_is_not_shown_leaves_its_mark_without_a_kind() -> None:
    network = Fixed([{**AWAY, "shown": [True, False, True]}], [[-1, 2, 3]])
    assert coded(network, session("C no"))["withdrawal"] == [(0, "unspecified")]
    assert coded(network, session("C no"), all_codes=True)["withdrawal"] == [(0, "deference")]


def test_codes_that_did_poorly_are_given_only_where_asked_for() -> None:
    network = Fixed([{**STRATEGY, "shown": [False, True]}], [[9, 9]])
    assert coded(network, session("T do"))["strategy"] == [(0, "insight")]
    assert coded(network, session("T do"), all_codes=True)["strategy"] == [
        (0, "advice"),
        (0, "insight"),
    ]


def test_what_is_too_rare_to_learn_is_given_by_written_rules() -> None:
    network = Fixed([STRATEGY], [[9, -9], [-9, -9], [-9, 9]])
    spoken = session("T do", "T I'm sorry, I got that wrong.", "T see")
    assert coded(network, spoken)["strategy"] == [(0, "advice"), (1, "genuineness"), (2, "insight")]


def test_probabilities_are_calibrated() -> None:
    network = Fixed(
        [{**STRATEGY, "scale": [[2.0, 1.0], [0.5, 0.5]], "shift": [-1.0, 0.0]}], [[1.0, -9.0]]
    )
    (codes,) = TrainedCoder(network=network).code(session("T do"))
    assert codes.probability == pytest.approx([1 / (1 + np.exp(-1.0))])


def test_where_nothing_was_said_nothing_is_marked() -> None:
    network = Fixed([AWAY], [[9, 9, 9]] * 3)
    assert coded(network, session("C", "C [sighs]", "C \U0001f642"))["withdrawal"] == []


def test_a_third_person_is_neither_coded_nor_heard() -> None:
    network = Fixed([STRATEGY], [[9, 9]])
    assert coded(network, session("O hello", "T do"))["strategy"] == [(1, "advice"), (1, "insight")]
    assert network.__dict__["heard"] == [("do", False)]


def test_a_session_without_utterances_has_no_codes_and_says_what_was_looked_for() -> None:
    found = TrainedCoder(network=Fixed([STRATEGY, TALK], [])).code(session())
    assert [(c.scheme, len(c), c.labels) for c in found] == [
        ("strategy", 0, ("advice", "insight", "feedback_seeking", "genuineness", "validation")),
        ("talk", 0, ("change", "neutral")),
    ]


# From here on: the files that ship.


@pytest.fixture(scope="module")
def coder() -> TrainedCoder:
    return TrainedCoder()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "model"))


TALKED = (
    "T What brings you here today?",
    "C My doctor sent me. I did not want to come.",
    "T So you are here because somebody else thought you should be.",
    "C Yeah. I guess.",
)


def test_its_schemes_are_those_that_are_promised(coder: TrainedCoder) -> None:
    for codes in TrainedCoder(all_codes=True).code(session(*TALKED)):
        assert codes.labels == SCHEMES[codes.scheme]
    assert {codes.scheme for codes in coder.code(session(*TALKED))} == set(SCHEMES)


def test_it_tells_a_plain_question_from_a_plain_reflection(coder: TrainedCoder) -> None:
    behaviour = next(c for c in coder.code(session(*TALKED)) if c.scheme == "behaviour")
    assert [behaviour.labels[k] for k in behaviour.label] == ["question", "reflection"]


def test_it_never_looks_ahead(coder: TrainedCoder) -> None:
    whole, half = (coder.code(session(*TALKED[:n])) for n in (4, 2))
    for of_whole, of_half in zip(whole, half, strict=True):
        early = of_whole.utterance < 2
        assert of_whole.label[early].tolist() == of_half.label.tolist()
        assert of_whole.probability[early] == pytest.approx(of_half.probability, abs=1e-6)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "no",
        "\U0001f622\U0001f622",
        "\x00\x07 a\u200bb \ufeff",
        "word " * 5_000,
        "x" * 200_000,
        "\u4f60\u597d " * 300,
        "[MASK] [SEP] [CLS]",
    ],
    ids=["empty", "one", "emoji", "control", "long", "unbroken", "other", "tokens"],
)
def test_odd_words_get_codes_with_sound_probabilities(coder: TrainedCoder, words: str) -> None:
    spoken = session("T How are you?", "C placeholder", "T I see.")
    texts = (spoken.utterances.text[0], words, spoken.utterances.text[2])
    odd = replace(spoken, utterances=replace(spoken.utterances, text=texts))
    for codes in coder.code(odd):
        assert ((codes.probability >= 0) & (codes.probability <= 1)).all()


def test_what_it_is_worth_stands_beside_every_code(coder: TrainedCoder) -> None:
    for codes in coder.code(session(*TALKED)):
        known = {m.code for m in codes.measured if m.metric == "precision"}
        # Of what was never marked no precision is known.
        assert set(codes.labels) - known <= {"3"}
        assert all("five folds by transcript" in m.on or "rules.v1" in m.on for m in codes.measured)
        if codes.scheme not in ("behaviour", "talk"):
            assert all("machine raters" in m.on for m in codes.measured)


@pytest.mark.parametrize("name", ["encoder.onnx", "session.onnx", "tokenizer.json", "card.json"])
def test_a_missing_file_says_how_to_get_it_back(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BadModel, match=rf"{name} .*No such file.* install OpenRapport again"):
        TrainedCoder(network=Network(copy)).code(session(*TALKED))


@pytest.mark.parametrize("name", ["encoder.onnx", "session.onnx", "tokenizer.json"])
def test_a_damaged_file_is_not_used(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BadModel, match=rf"{name} .* not the file that shipped.*--coder rules"):
        Network(copy).check()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": 1}', "\xff"])
def test_a_damaged_card_is_not_used(copy: Path, text: str) -> None:
    (copy / "card.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadModel, match=r"card\.json .* is damaged"):
        TrainedCoder(network=Network(copy)).code(session(*TALKED))


def test_a_card_of_another_version_is_not_used(copy: Path) -> None:
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps({**card, "heads": card["heads"][:-1]}))
    with pytest.raises(BadModel, match="two versions"):
        TrainedCoder(network=Network(copy)).code(session(*TALKED))


def test_another_language_is_not_measured() -> None:
    german = session(*["T Wie geht es Ihnen heute?", "C Nicht so gut, ich schlafe schlecht."] * 30)
    assert pipeline.prepare(german) is german
    missing = {m.step: m.reason for m in pipeline.run(german).not_measured if m.name is None}
    assert "English" in missing["strain.v1"]
    assert "English" in missing["codes.v1"]


def test_strain_is_likelier_where_there_is_plenty(coder: TrainedCoder) -> None:
    strained = (
        (
            "T You need to stop drinking, it is as simple as that.",
            "C I don't need you to tell me that.",
        ),
        ("T Well, you clearly have a problem.", "C No, I don't. You don't know anything about me."),
        ("T I am only trying to help you.", "C I only came because I had to. It is a waste of time."),
    )
    calm = (
        ("T How was your week?", "C It was good, I went for a walk with my sister on Sunday."),
        ("T You enjoyed that.", "C Yeah, we talked a lot, and I cooked for her."),
        ("T What did you cook?", "C A soup, with what was left in the garden."),
    )
    labels = [label for h in coder.network.card["heads"] for label in h["labels"]]
    against = [h["scheme"] for h in coder.network.card["heads"]].index("confrontation")
    column = sum(len(h["labels"]) for h in coder.network.card["heads"][: against + 1]) - 1
    assert labels[column] == "unspecified"
    means = []
    for talk in (strained, calm):
        spoken = session(*(line for pair in talk for line in pair))
        found = coder.network.logits(spoken.utterances.text, spoken.spoken_by(Role.CLIENT))
        means.append(found[spoken.spoken_by(Role.CLIENT), column].mean())
    assert means[0] > means[1]

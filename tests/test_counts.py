"""Claims about counting codes, whoever gave them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes, MeasuredError
from openrapport.coding import counts
from openrapport.finding import Finding, NotMeasured
from openrapport.session import Role, Session
from tests.sessions import session

PRECISION = MeasuredError("open_question", "precision", 0.8, (0.7, 0.9), 50, "hand-made data")
RECALL = MeasuredError("open_question", "recall", 0.6, (0.5, 0.7), 60, "hand-made data")


def dialogue(n: int) -> Session:
    """N pairs of a therapist's and a client's utterance."""
    return session(*(line for _ in range(n) for line in ("T go on", "C there it is")))


def by_hand(scheme: str, labels: tuple[str, ...], *rows: tuple[int, str]) -> Codes:
    """Codes that a person gave: (utterance, label)."""
    utterance = [i for i, _ in rows]
    label = [labels.index(name) for _, name in rows]
    return Codes(scheme, "hand", labels, utterance, label, np.ones(len(rows)), (PRECISION, RECALL))


def results(coded: Session) -> list[Finding | NotMeasured]:
    """What the step gives, always from the same draws."""
    return [r for r in counts.findings(coded, np.random.default_rng(0)) if not hasattr(r, "kind")]


def one(coded: Session, name: str, aspect: str | None = None) -> Finding:
    (found,) = (
        r for r in results(coded) if isinstance(r, Finding) and (r.name, r.aspect) == (name, aspect)
    )
    return found


def refused(coded: Session, name: str) -> NotMeasured:
    (found,) = (r for r in results(coded) if isinstance(r, NotMeasured) and r.name == name)
    return found


KINDS = ("open_question", "closed_question")


def test_a_rate_is_per_100_therapist_utterances_and_names_its_utterances():
    codes = by_hand("strategy", KINDS, *((i, "open_question") for i in range(0, 20, 2)))
    rate = one(dialogue(40).with_codes(codes), "code_rate", "open_question")
    assert rate.value == 25.0
    assert rate.n == 40
    assert rate.evidence == tuple(f"u{i}" for i in range(1, 20, 2))
    assert rate.interval[0] < 25 < rate.interval[1]


def test_only_the_precision_of_the_code_itself_travels_with_its_rate():
    codes = by_hand("strategy", KINDS, (0, "open_question"))
    coded = dialogue(20).with_codes(codes)
    assert one(coded, "code_rate", "open_question").measured == (PRECISION,)
    assert one(coded, "code_rate", "closed_question").measured == ()


def test_a_code_that_never_occurs_is_rare_and_not_certainly_absent():
    rate = one(dialogue(100).with_codes(by_hand("strategy", KINDS)), "code_rate", "open_question")
    assert rate.value == 0
    assert rate.interval[0] == 0
    assert rate.interval[1] == pytest.approx(3.7, abs=0.01)


def test_the_labels_come_from_the_coder_and_from_nowhere_else():
    coded = dialogue(20).with_codes(by_hand("strategy", ("hums", "insight"), (0, "hums")))
    rates = {r.aspect: r for r in results(coded) if r.name == "code_rate"}
    assert [aspect for aspect, r in rates.items() if isinstance(r, Finding)] == ["hums", "insight"]
    assert rates["advice"].reason.endswith("does not look for this, or not well enough to show it")
    assert "two kinds of questions" in refused(coded, "open_question_share").reason


def test_the_open_share_counts_questions_only():
    rows = [(i, "open_question" if i < 6 else "closed_question") for i in range(0, 24, 2)]
    share = one(dialogue(30).with_codes(by_hand("strategy", KINDS, *rows)), "open_question_share")
    assert share.value == 0.25
    assert share.n == 12


def test_the_complex_share_counts_reflections_only():
    kinds = ("simple_reflection", "complex_reflection")
    rows = [(i, kinds[i % 4 == 0]) for i in range(0, 20, 2)]
    share = one(dialogue(20).with_codes(by_hand("strategy", kinds, *rows)), "complex_reflection_share")
    assert share.value == 0.5


def test_reflections_are_put_in_proportion_to_questions():
    main = ("reflection", "question", "other")
    rows = [(2 * i, main[i % 3]) for i in range(30)]
    ratio = one(dialogue(30).with_codes(by_hand("behaviour", main, *rows)), "reflection_question_ratio")
    assert ratio.value == 1.0
    assert ratio.n == 20


def test_no_reflection_at_all_leaves_the_ratio_an_upper_end():
    rows = [(2 * i, "question") for i in range(20)]
    codes = by_hand("behaviour", ("reflection", "question"), *rows)
    ratio = one(dialogue(20).with_codes(codes), "reflection_question_ratio")
    assert ratio.value == 0
    assert ratio.interval[0] == 0
    assert 0.1 < ratio.interval[1] < 0.3


def test_minimal_responses_are_counted_among_the_clients_utterances():
    codes = by_hand("withdrawal", ("minimal_response",), (1, "minimal_response"))
    rate = one(dialogue(25).with_codes(codes), "minimal_response_rate")
    assert (rate.party, rate.value, rate.evidence) == (Role.CLIENT, 4.0, ("u2",))


def test_too_little_speech_is_said_in_words():
    coded = dialogue(19).with_codes(
        by_hand("strategy", KINDS),
        by_hand("behaviour", ("reflection", "question")),
        by_hand("withdrawal", ("minimal_response",)),
    )
    assert refused(coded, "code_rate").reason == (
        "needs at least 20 therapist utterances; this session has 19"
    )
    assert "20 client utterances" in refused(coded, "minimal_response_rate").reason
    assert "5 questions" in refused(coded, "open_question_share").reason
    assert "5 questions" in refused(coded, "reflection_question_ratio").reason


def test_empty_utterances_do_not_dilute_a_rate():
    lines = ["T go on", "C yes I will"] * 20 + ["T"] * 20
    codes = by_hand("strategy", KINDS, *((i, "open_question") for i in range(0, 20, 2)))
    assert one(session(*lines).with_codes(codes), "code_rate", "open_question").value == 50.0


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_its_share_and_stays_between_0_and_1(case):
    hits, n = case
    low, high = counts.wilson_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high

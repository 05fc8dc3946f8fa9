"""Strain by turn, courses and MITI counts on sessions that were coded by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openrapport import pipeline
from openrapport.codes import Codes, Ratings
from openrapport.coding import courses, miti, ruptures
from openrapport.coding.schemes import SCHEMES
from openrapport.finding import Finding, NotMeasured, Result
from openrapport.moments import marks
from openrapport.moments.scene import Candidate, Scene
from openrapport.session import Session
from tests.sessions import session

WORDS = "one two three four five six"


def hand(spoken: Session, **by_scheme: dict[int, str]) -> Session:
    """Code a session by hand: utterance -> codes, several joined by a space."""
    made = []
    for scheme, given in by_scheme.items():
        labels = SCHEMES[scheme]
        rows = [(u, labels.index(c)) for u, codes in sorted(given.items()) for c in codes.split()]
        utterance, label = zip(*rows, strict=True) if rows else ((), ())
        made.append(Codes(scheme, "a person", labels, utterance, label, np.ones(len(rows))))
    return spoken.with_codes(*made)


def talk(n: int, words: str = WORDS) -> Session:
    """A talk of n exchanges: the therapist's utterances are even, the client's odd."""
    return session(*[line for _ in range(n) for line in (f"T {words}", f"C {words}")])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def find(results: list[Result], name: str, aspect: str | None = None) -> Finding | NotMeasured:
    (one,) = (r for r in results if not hasattr(r, "kind") and (r.name, r.aspect) == (name, aspect))
    return one


def value(results: list[Result], name: str, aspect: str | None = None) -> float:
    one = find(results, name, aspect)
    assert isinstance(one, Finding), one
    assert one.interval is None or one.interval[0] <= one.value <= one.interval[1]
    return one.value


def test_marks_close_to_each_other_are_one_run() -> None:
    # Client utterances 1, 3, 5, ...: 3 and 9 have two unmarked between them, 9 and 17 have three.
    coded = hand(talk(15), withdrawal={3: "denial", 9: "deference"}, confrontation={17: "rejection"})
    found = ruptures.runs(coded)
    assert [(run.kind, run.marked) for run in found] == [
        ("withdrawal", (3, 9)),
        ("confrontation", (17,)),
    ]
    assert (found[0].answer, found[0].after) == (10, (11, 13, 15))
    assert found[0].came_back is True


def test_a_client_who_stays_short_has_not_come_back() -> None:
    lines = [f"T {WORDS}", f"C {WORDS}"] * 8 + ["T so", "C no"] + ["T well", "C fine"] * 3
    coded = hand(session(*lines), confrontation={17: "rejection"})
    (run,) = ruptures.runs(coded)
    assert run.came_back is False


def test_what_the_end_of_the_session_cut_off_is_not_judged() -> None:
    (run,) = ruptures.runs(hand(talk(5), withdrawal={9: "denial"}))
    assert (run.answer, run.came_back) == (-1, None)


def test_several_kinds_in_a_run_are_told() -> None:
    (run,) = ruptures.runs(hand(talk(9), withdrawal={3: "denial"}, confrontation={5: "complaint"}))
    assert run.kind == "both"


def test_strain_is_counted_with_its_evidence() -> None:
    coded = hand(talk(25), withdrawal={3: "denial", 5: "denial"}, confrontation={})
    results = ruptures.findings(coded, rng())
    assert value(results, "strain_rate", "withdrawal") == 8.0
    assert value(results, "strain_rate", "confrontation") == 0.0
    assert value(results, "strain_run_rate") == 4.0
    rate = find(results, "strain_rate", "withdrawal")
    assert isinstance(rate, Finding)
    assert rate.evidence == ("u4", "u6")


def test_one_run_is_too_few_for_a_share() -> None:
    results = ruptures.findings(hand(talk(25), withdrawal={3: "denial"}), rng())
    missing = find(results, "strain_return_share")
    assert isinstance(missing, NotMeasured)
    assert "this session has 1" in missing.reason


def test_answers_to_strain_may_do_several_things() -> None:
    coded = hand(
        talk(40),
        withdrawal=dict.fromkeys((3, 13, 23, 33), "denial"),
        strategy={4: "validation open_question", 14: "advice", 24: "summary"},
    )
    results = ruptures.findings(coded, rng())
    assert value(results, "strain_answer_share", "received") == 0.5
    assert value(results, "strain_answer_share", "asked") == 0.25
    assert value(results, "strain_answer_share", "pressed") == 0.25
    assert value(results, "strain_return_share") == 1.0


def test_a_coder_of_minimal_responses_alone_does_not_look_for_withdrawal() -> None:
    only = Codes("withdrawal", "rules.v1", ("minimal_response",), [3], [0], [1.0])
    for missing in ruptures.findings(talk(25).with_codes(only), rng()):
        assert isinstance(missing, NotMeasured)
        assert "moves away and against" in missing.reason


def test_openness_is_measured_by_third() -> None:
    n = 36
    levels = {1 + 2 * i: str(min(2, i // 12)) for i in range(n)}
    results = courses.findings(hand(talk(n), disclosure=levels), rng())
    assert [value(results, "disclosure_level", third) for third in courses.THIRDS] == [0.0, 1.0, 2.0]
    assert value(results, "disclosure_change") == 2.0


def test_the_mix_of_each_third_adds_up() -> None:
    n = 36
    does = {2 * i: "question" if i < 12 else "reflection" for i in range(n)}
    results = courses.findings(hand(talk(n), behaviour=does), rng())
    assert value(results, "behaviour_share", "question, beginning") == 1.0
    for third in courses.THIRDS:
        shares = [value(results, "behaviour_share", f"{b}, {third}") for b in SCHEMES["behaviour"]]
        assert sum(shares) == pytest.approx(1)


def test_who_answers_low_moments_otherwise_is_told_from_who_does_not() -> None:
    n = 60
    low = [i for i in range(n - 1) if i % 7 in (1, 5)]
    away = {1 + 2 * i: "denial" for i in low}
    follows = {2 * i: "reflection" if i - 1 in low else "question" for i in range(n)}
    ignores = {2 * i: "reflection" if i % 4 == 0 else "question" for i in range(n)}
    found = []
    for does in (follows, ignores):
        results = courses.findings(hand(talk(n), withdrawal=away, behaviour=does), rng())
        one = find(results, "responsiveness")
        assert isinstance(one, Finding)
        assert one.null is not None
        found.append((one.value, one.null.high, one.n))
    assert found[0][0] == 1.0 > found[0][1]
    assert found[1][0] <= found[1][1]
    assert {n for _, _, n in found} == {len(low)}


def test_strong_words_that_are_received_are_counted() -> None:
    spoken = talk(20, words="a b c d e f g h i")
    heavy = np.zeros(40)
    heavy[[5, 11, 17, 23, 29]] = -0.8
    rated = hand(spoken, strategy={6: "validation", 12: "advice"}).with_ratings(
        Ratings("sentiment", "by hand", heavy, "compound")
    )
    assert value(courses.findings(rated, rng()), "feeling_answered_share") == 0.2


def test_miti_counts_one_reflection_for_an_utterance() -> None:
    given = {0: "simple_reflection complex_reflection", 2: "summary", 4: "simple_reflection"}
    given |= {6: "open_question closed_question", 8: "affirmation collaboration", 10: "advice"}
    results = miti.findings(hand(talk(20), strategy=given), rng())
    counts = {name: value(results, "miti_count", name) for name in miti.COUNTS}
    assert counts == {
        "GI": 0,
        "PERSUADE": 1,
        "PERSUADE_WITH": 0,
        "Q": 1,
        "SR": 1,
        "CR": 2,
        "AF": 1,
        "SEEK_OR_EMPHASIZE": 1,
        "CONFRONT": 0,
        "MIA": 2,
        "MINA": 1,
    }
    assert isinstance(find(results, "miti_complex_share"), NotMeasured)


def test_miti_ratios_have_their_evidence() -> None:
    given = {2 * i: "complex_reflection" if i % 2 else "simple_reflection" for i in range(10)}
    given |= {2 * i: "open_question" for i in range(10, 15)}
    results = miti.findings(hand(talk(20), strategy=given), rng())
    assert value(results, "miti_complex_share") == 0.5
    assert value(results, "miti_reflection_question_ratio") == 2.0


def test_a_code_no_coder_looks_for_is_not_counted_as_zero() -> None:
    some = Codes("strategy", "some.v1", ("affirmation", "advice"), [0], [0], [1.0])
    results = miti.findings(talk(20).with_codes(some), rng())
    assert value(results, "miti_count", "AF") == 1
    for name in ("MIA", "MINA", "CONFRONT", "Q"):
        missing = find(results, "miti_count", name)
        assert isinstance(missing, NotMeasured)
        assert missing.reason.startswith("some.v1 does not look for")


def moments_of(coded: Session) -> list[Candidate]:
    return [c for c in marks.strains(Scene(coded)) if isinstance(c, Candidate)]


def test_a_strain_that_eased_is_a_favourable_moment_with_its_words() -> None:
    coded = hand(talk(20), confrontation={9: "rejection"}, strategy={10: "validation"})
    (moment,) = moments_of(coded)
    assert (moment.kind, moment.favourable) == ("strain_eased", True)
    assert moment.evidence == ("u10", "u11", "u12", "u14", "u16")


def test_one_mark_alone_is_no_moment_but_one_that_is_pressed_on_is() -> None:
    assert moments_of(hand(talk(20), confrontation={9: "rejection"}, strategy={})) == []
    (moment,) = moments_of(hand(talk(20), confrontation={9: "rejection"}, strategy={10: "advice"}))
    assert moment.kind == "strain_marked"
    assert "explained, advised or argued" in moment.reason


def test_the_miti_is_for_sessions_that_are_declared_so() -> None:
    coded = hand(replace(talk(30, "you know what i mean"), language="en"), strategy={0: "advice"})
    reasons = {m.step: m.reason for m in pipeline.measure(coded, only=["miti.v1"]).not_measured}
    assert "not declared as" in reasons["miti.v1"]
    declared = replace(coded, approach="motivational_interviewing")
    assert pipeline.measure(declared, only=["miti.v1"]).findings

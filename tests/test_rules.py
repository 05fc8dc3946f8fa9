"""Claims about the rule-based coder, on sentences invented here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes
from openrapport.coding.circumstances import cues_of
from openrapport.coding.cues import CUES, marked_words, phrase_cues
from openrapport.coding.rules import BEHAVIOURS, STRATEGIES, RuleCoder
from openrapport.session import Session
from tests.sessions import session

TALK = "C I had a hard week, my sister moved out and I drank more than I wanted to"


def coded(scheme: str, *lines: str) -> Codes:
    (codes,) = (c for c in RuleCoder().code(session(*lines)) if c.scheme == scheme)
    return codes


def codes_of_last(scheme: str, *lines: str) -> set[str]:
    codes = coded(scheme, *lines)
    return {codes.labels[k] for k in codes.label[codes.utterance == len(lines) - 1]}


@pytest.mark.parametrize(
    ("line", "behaviour"),
    [
        ("T How do you feel about that?", "question"),
        ("T Do you live alone?", "question"),
        ("T So you're feeling torn, and you miss your sister.", "reflection"),
        ("T It sounds like the week with your sister was hard for you.", "reflection"),
        ("T Mm-hmm.", "other"),
        ("T", "other"),
        (
            "T I recommend that you take the medication, because it can lower the risk.",
            "therapist_input",
        ),
    ],
)
def test_the_main_behaviour_shows_in_the_wording(line, behaviour):
    assert codes_of_last("behaviour", "T Hello.", TALK, line) == {behaviour}


@pytest.mark.parametrize(
    ("line", "strategy"),
    [
        ("T What brings you here, and how do you feel about it?", "open_question"),
        ("T Did you drink every day?", "closed_question"),
        ("T You've worked really hard, and that takes a lot of courage. I'm impressed.", "affirmation"),
        ("T Did I get that right?", "feedback_seeking"),
        ("T I'm sorry, I misunderstood you there.", "genuineness"),
        ("T I interrupted you there, and that's on me.", "genuineness"),
        ("T I felt a bit lost just now, and I wanted you to know.", "genuineness"),
        ("T I'm really glad you told me that.", "genuineness"),
        ("T How do you feel about our work together?", "feedback_seeking"),
        ("T What was it like for you when I asked that?", "feedback_seeking"),
        ("T Would you like something different from me?", "feedback_seeking"),
        ("T Of course you were. That sounds awful, and it makes sense to me.", "validation"),
    ],
)
def test_a_strategy_shows_in_the_wording(line, strategy):
    assert strategy in codes_of_last("strategy", "T Hello.", TALK, line)


@pytest.mark.parametrize(
    ("line", "strategy"),
    [
        ("T I'm sorry to hear that.", "genuineness"),
        ("T What was it like for you when your sister moved out?", "feedback_seeking"),
        ("T Today we have an hour. How do you feel about your sister?", "feedback_seeking"),
        ("T I asked her to write to us about our work together.", "feedback_seeking"),
    ],
)
def test_what_is_not_about_the_two_of_them_is_not_coded_so(line, strategy):
    assert strategy not in codes_of_last("strategy", "T Hello.", TALK, line)


def test_a_reflection_is_simple_or_complex_and_never_both():
    lines = ["T So you miss your sister, and you drank more.", TALK] * 10
    codes = coded("strategy", *lines)
    simple = set(codes.with_label("simple_reflection"))
    assert not simple & set(codes.with_label("complex_reflection"))


def test_a_short_answer_to_an_open_question_is_a_minimal_response():
    assert codes_of_last("withdrawal", "T How do you feel about that?", "C Fine.") == {
        "minimal_response"
    }


def test_a_short_answer_to_a_closed_question_is_an_answer():
    assert not codes_of_last("withdrawal", "T Did you drink every day?", "C No.")


def test_listening_words_while_the_therapist_explains_are_no_minimal_response():
    assert not codes_of_last("withdrawal", "T We have an hour today, and this is a form.", "C Okay.")


def test_a_longer_answer_is_no_minimal_response():
    assert not codes_of_last("withdrawal", "T How do you feel about that?", "C Fine since he left.")


def test_repeating_the_clients_words_is_seen_with_the_person_changed():
    _, cues = cues_of(session("C My sister moved", "T Your sister moved."))
    assert "repeats_much" in cues[0]
    _, cues = cues_of(session("C The weather holds", "T Your sister moved."))
    assert not {"repeats_much", "repeats_some"} & cues[0]


def test_leave_that_was_asked_is_remembered_for_the_next_two_utterances():
    lines = ["T Is it okay if I tell you something?", "C Sure."] + ["T You should rest.", "C Mm."] * 3
    _, cues = cues_of(session(*lines))
    assert ["advises_after_leave" in c for c in cues[1:]] == [True, True, False]
    assert "advises_without_leave" in cues[3]


def test_marks_stand_where_sentences_begin_and_questions_end():
    assert marked_words("So what now? Go.") == tuple("< so ^ what now ? < ^ go".split())
    assert marked_words("") == ()
    assert marked_words("???") == ()


def test_a_phrase_is_found_as_whole_words_only():
    assert "apologises" in phrase_cues(marked_words("That was my fault."))
    assert "apologises" not in phrase_cues(marked_words("That was my faultless plan."))


def test_what_the_codes_are_worth_travels_with_them_and_names_its_raters():
    behaviour, strategy, withdrawal = RuleCoder().code(session("T Hello."))
    (macro,) = (m for m in behaviour.measured if m.code == "macro")
    assert macro.value > 0.6
    assert macro.interval[0] < macro.value < macro.interval[1]
    for codes in (behaviour, strategy, withdrawal):
        assert {m.code for m in codes.measured} - {"macro"} == set(codes.labels)
    assert all("not clinicians" in m.on for m in (*strategy.measured, *withdrawal.measured))


def test_a_session_without_a_word_of_the_therapist_has_no_codes():
    assert [len(codes) for codes in RuleCoder().code(session("C Hello?"))] == [0, 0, 0]
    assert [len(codes) for codes in RuleCoder().code(session())] == [0, 0, 0]


SAID = st.one_of(
    st.sampled_from(
        ["How are you?", "So you feel sad.", "Fine.", "You should stop.", "Is it okay if I ask?", ""]
    ),
    st.text(max_size=40),
)
TALKS = st.lists(st.tuples(st.sampled_from("TCO"), SAID), max_size=12)


def of(rows: list[tuple[str, str]]) -> Session:
    return session(*(f"{who} {said}" for who, said in rows))


@settings(deadline=None, max_examples=60)
@given(TALKS)
def test_every_therapist_utterance_does_one_thing_mainly_whatever_is_said(rows):
    behaviour, strategy, withdrawal = RuleCoder().code(of(rows))
    assert behaviour.utterance.tolist() == [i for i, (who, _) in enumerate(rows) if who == "T"]
    assert (behaviour.probability >= 1 / len(BEHAVIOURS) - 1e-9).all()
    assert all(rows[i][0] == "T" for i in strategy.utterance)
    assert all(rows[i][0] == "C" for i in withdrawal.utterance)
    assert strategy.labels == STRATEGIES


@settings(deadline=None, max_examples=40)
@given(TALKS, st.integers(0, 12))
def test_no_rule_looks_ahead(rows, cut):
    whole, part = RuleCoder().code(of(rows)), RuleCoder().code(of(rows[:cut]))
    for all_codes, codes in zip(whole, part, strict=True):
        before = all_codes.utterance < cut
        assert np.array_equal(all_codes.utterance[before], codes.utterance)
        assert np.array_equal(all_codes.label[before], codes.label)
        assert all_codes.probability[before] == pytest.approx(codes.probability)


def test_a_very_long_utterance_is_coded_like_any_other():
    text = "so you would do you how are " * 1000
    behaviour, _, _ = RuleCoder().code(session(f"T {text}", f"C {text}"))
    assert len(behaviour) == 1


def test_every_cue_has_one_name():
    assert len(CUES) == len(set(CUES))

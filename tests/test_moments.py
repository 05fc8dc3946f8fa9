"""Moments: what stands out in a session is found, once, with what was seen; and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport import moments
from openrapport.codes import Codes, MeasuredError, Ratings
from openrapport.finding import Moment, NotMeasured, Result
from openrapport.moments import choice
from openrapport.moments.scene import Candidate, Scene
from openrapport.session import Session
from openrapport.span import Span
from tests.sessions import session

STRATEGIES = (
    *("advice", "closed_question", "complex_reflection", "simple_reflection"),
    *("validation", "feedback_seeking", "genuineness"),
)
ADVICE_IS_RIGHT = MeasuredError("advice", "precision", 0.6, (0.5, 0.7), 90, "invented data")


def talk(*replies: int, fill: int = 20) -> list[str]:
    """Exchanges: the therapist asks in four words, the client answers in so many."""
    rows: list[str] = []
    for n in (*[12] * fill, *replies):
        rows += ["T Tell me some more.", ("C " + "word " * n).rstrip()]
    return rows


def coded(held: Session, rows: dict[int, str], *, labels: Sequence[str] = STRATEGIES) -> Session:
    """Give utterances (by place, from 0) a strategy code."""
    places = sorted(rows)
    codes = Codes(
        scheme="strategy",
        coder="hand",
        labels=tuple(labels),
        utterance=places,
        label=[list(labels).index(rows[place]) for place in places],
        probability=[1.0] * len(places),
        measured=(ADVICE_IS_RIGHT,),
    )
    return held.with_codes(codes)


def rated(held: Session, values: dict[int, float]) -> Session:
    """Give utterances a sentiment; the others have none."""
    column = np.full(len(held.utterances), np.nan)
    column[list(values)] = list(values.values())
    return held.with_ratings(Ratings("sentiment", "hand", column, "-1 to 1"))


def results(held: Session, seed: int = 0) -> list[Result]:
    return list(moments.findings(held, np.random.default_rng(seed)))


def found(held: Session) -> dict[str, Moment]:
    return {r.kind: r for r in results(held) if isinstance(r, Moment)}


# --- too little, and nothing --------------------------------------------------------------------


def test_too_short_a_session_is_not_measured() -> None:
    (result,) = results(session(*talk(fill=9)))
    assert isinstance(result, NotMeasured)
    assert (result.name, result.step) == ("moments", moments.STEP)
    assert "needs 10 turns of each person" in result.reason


def test_an_empty_session_is_not_measured() -> None:
    (result,) = results(session())
    assert isinstance(result, NotMeasured)


def test_a_session_in_which_all_is_as_usual_has_no_moments() -> None:
    held = rated(coded(session(*talk(fill=60)), {0: "advice"}), {1: 0.1})
    result, *others = results(held)
    assert isinstance(result, NotMeasured)
    assert "Nothing stood out" in result.reason
    assert not [r for r in others if isinstance(r, Moment)]


def not_looked_for(held: Session) -> dict[str | None, str]:
    return {r.name: r.reason for r in results(held) if isinstance(r, NotMeasured)}


def test_kinds_that_could_not_be_looked_for_are_told() -> None:
    told = not_looked_for(session(*talk(fill=40)))
    assert set(told) == {
        *("moments", "silence_after_question", "withdrawal_after_input", "feedback_asked"),
        "strain_marked",
        *("strong_affect_unmet", "opened_up", "style_matching_change"),
    }
    assert told["silence_after_question"].endswith("were not looked for: this transcript has no times.")
    assert "silence_after_question" not in not_looked_for(timed(500))
    whole = rated(coded(session(*talk(fill=40)), {0: "advice"}), {1: 0.1})
    assert set(not_looked_for(whole)) == {
        *("moments", "silence_after_question", "style_matching_change", "strain_marked")
    }


# --- silences -----------------------------------------------------------------------------------


def timed(gap_ms: int, *, question: str = "And then?") -> Session:
    rows, at = [], 0
    for i in range(24):
        text = ("Tell me." if i != 20 else question) if i % 2 == 0 else "I went home then."
        rows.append(f"{'TC'[i % 2]} {at}-{at + 2000} {text}")
        at += 2000 + (gap_ms if i == 20 else 500)
    return session(*rows)


def test_a_long_silence_after_a_question_is_shown_with_who_ended_it() -> None:
    moment = found(timed(12_000))["silence_after_question"]
    assert moment.evidence == ("u21", Span(52_000, 64_000), "u22")
    assert "nobody spoke for 12 seconds; then the client spoke first" in moment.reason
    assert {"u21", "u22"} < set(moment.utterances)
    assert not moment.favourable


def test_a_short_silence_or_one_after_no_question_is_ordinary() -> None:
    assert "silence_after_question" not in found(timed(4_000))
    assert "silence_after_question" not in found(timed(12_000, question="I see it so."))


def test_an_utterance_without_times_may_hide_in_a_silence() -> None:
    held = timed(12_000)
    spoken = held.utterances
    end = spoken.end_ms.copy()
    end[21] = -1  # the client did speak, and nobody knows for how long
    assert "silence_after_question" not in found(replace(held, utterances=replace(spoken, end_ms=end)))


# --- strain and repair --------------------------------------------------------------------------


def test_short_replies_after_advice_are_shown_with_their_numbers() -> None:
    held = coded(session(*talk(1, 2, 1, 2, 14, 12)), {40: "advice"})
    moment = found(held)["withdrawal_after_input"]
    assert moment.evidence == ("u41", "u42", "u44", "u46", "u48")
    assert "gave advice; the client's next 4 replies had a median of 1.5 words" in moment.reason
    assert "in this session 12 are usual" in moment.reason
    assert moment.measured == (ADVICE_IS_RIGHT,)


def test_short_replies_that_follow_no_input_are_left_alone() -> None:
    assert "withdrawal_after_input" not in found(coded(session(*talk(1, 2, 1, 2, 14)), {0: "advice"}))


def test_short_answers_to_closed_questions_are_ordinary() -> None:
    closed = {40: "advice", 42: "closed_question", 44: "closed_question", 46: "closed_question"}
    assert "withdrawal_after_input" not in found(coded(session(*talk(1, 2, 1, 2, 14)), closed))


def test_minimal_responses_count_even_after_closed_questions() -> None:
    closed = {40: "advice", 42: "closed_question", 44: "closed_question", 46: "closed_question"}
    held = coded(session(*talk(1, 2, 1, 2, 14)), closed)
    codes = Codes(
        "withdrawal", "hand", ("minimal_response",), [41, 43, 45, 47], [0, 0, 0, 0], [1.0] * 4
    )
    assert "withdrawal_after_input" in found(held.with_codes(codes))


def test_one_longer_reply_does_not_end_a_run() -> None:
    held = coded(session(*talk(1, 2, 9, 1, 2, 14)), {40: "advice"})
    assert "next 5 replies" in found(held)["withdrawal_after_input"].reason


def test_a_repair_is_shown_beside_the_strain_it_follows() -> None:
    held = coded(session(*talk(1, 2, 1, 2, 30, 25, 40)), {40: "advice", 48: "feedback_seeking"})
    shown = found(held)
    assert set(shown) == {"withdrawal_after_input", "repair"}
    assert shown["repair"].favourable
    assert shown["repair"].evidence == ("u49", "u50", "u52", "u54")
    assert "median of 30 words" in shown["repair"].reason


def test_a_strain_may_last_as_long_as_replies_stay_short() -> None:
    lasting = talk(1, 2, 1, 2, *[6] * 12, 30, 25, 40, fill=30)
    shown = found(coded(session(*lasting), {60: "advice", 92: "genuineness"}))
    assert "For 16 replies the client's median was 6 words" in shown["repair"].reason
    assert "spoke of their own part" in shown["repair"].reason


def test_replies_that_grew_by_themselves_need_no_repair() -> None:
    recovered = talk(1, 2, 1, 2, *[12] * 12, 30, 25, 40, fill=30)
    assert "repair" not in found(coded(session(*recovered), {60: "advice", 92: "genuineness"}))


def test_of_several_talks_about_it_the_surest_mark_is_shown() -> None:
    held = coded(session(*talk(1, 2, 1, 2, 30, 25, 40, 30)), {40: "advice"})
    codes = held.codes[0]
    sure = Codes(
        "strategy",
        "hand",
        codes.labels,
        utterance=[40, 48, 50],
        label=[STRATEGIES.index(code) for code in ("advice", "genuineness", "feedback_seeking")],
        probability=[1.0, 0.3, 0.7],
    )
    assert found(held.with_codes(sure))["repair"].evidence[0] == "u51"


def test_asking_without_longer_replies_is_no_repair() -> None:
    held = coded(session(*talk(1, 2, 1, 2, 3, 3, 3)), {40: "advice", 48: "feedback_seeking"})
    assert "repair" not in found(held)


# --- feelings, openings, feedback ---------------------------------------------------------------


def test_strong_words_that_no_reflection_meets_are_shown() -> None:
    weak = dict.fromkeys(range(1, 40, 2), 0.1)
    held = rated(coded(session(*talk(fill=30)), {0: "advice"}), weak | {21: -0.8})
    moment = found(held)["strong_affect_unmet"]
    assert moment.evidence == ("u22", "u23")
    assert "strongly negative (-0.80" in moment.reason


def test_strong_words_that_a_reflection_meets_are_not() -> None:
    weak = dict.fromkeys(range(1, 40, 2), 0.1)
    held = rated(coded(session(*talk(fill=30)), {22: "complex_reflection"}), weak | {21: -0.8})
    assert "strong_affect_unmet" not in found(held)


def test_a_coder_that_knows_no_reflections_cannot_miss_one() -> None:
    held = coded(session(*talk(fill=30)), {0: "advice"}, labels=("advice",))
    assert "strong_affect_unmet" not in found(rated(held, {21: -0.8}))


def test_a_reflection_followed_by_a_longer_and_warmer_turn_is_shown() -> None:
    held = coded(session(*talk(12, 40, 12)), {42: "complex_reflection"})
    moment = found(rated(held, {41: -0.3, 43: 0.4}))["opened_up"]
    assert moment.favourable
    assert moment.evidence == ("u42", "u43", "u44")
    assert "complex reflection the client spoke 40 words" in moment.reason
    assert "opened_up" not in found(rated(held, {41: 0.4, 43: -0.3}))
    assert "opened_up" not in found(held)


@pytest.mark.parametrize("label", ["feedback_seeking", "genuineness"])
def test_asking_for_feedback_is_shown_when_it_is_answered_at_length(label: str) -> None:
    assert found(coded(session(*talk(30, 12)), {40: label}))["feedback_asked"].favourable
    assert "feedback_asked" not in found(coded(session(*talk(3, 12)), {40: label}))


# --- changes ------------------------------------------------------------------------------------


def test_a_sudden_change_in_who_speaks_is_found_where_it_happens() -> None:
    rng = np.random.default_rng(3)
    lengths = [int(n) for n in (*rng.integers(20, 40, 30), *rng.integers(2, 6, 30))]
    moment = found(session(*talk(*lengths, fill=0)))["turn_balance_shift"]
    assert moment.title == "From here on the client speaks less"
    assert re.search(r"[0-3] of 200 orders", moment.reason)
    assert abs(int(moment.evidence[0].removeprefix("u")) - 61) <= 6  # type: ignore[union-attr]


def test_a_balance_that_always_goes_up_and_down_has_no_sudden_change() -> None:
    lengths = [int(n) for n in np.random.default_rng(4).integers(2, 40, 80)]
    assert "turn_balance_shift" not in found(session(*talk(*lengths, fill=0)))


def test_a_sudden_change_in_style_matching_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    value = np.array([0.80, 0.81] * 12 + [0.40, 0.41] * 6)
    first = np.arange(len(value)) * 10

    def course(*_: object, **__: object) -> tuple[object, object, object]:
        return first, first + 59, value

    monkeypatch.setattr("openrapport.moments.changes.matching_course", course)
    held = replace(session(*talk(fill=210)), language="en")
    moment = found(held)["style_matching_drop"]
    assert "from 0.8" in moment.reason
    assert not moment.favourable


# --- which are shown ----------------------------------------------------------------------------


def candidate(kind: str, first: int, strength: float, *, good: bool = False) -> Candidate:
    return Candidate(kind, good, "A title", "A reason.", first, first + 3, (f"u{first}",), strength)


def test_what_tells_the_same_twice_is_shown_once_and_the_heavier_stays() -> None:
    light, heavy = (
        candidate("turn_balance_shift", 11, 0.9),
        candidate("withdrawal_after_input", 10, 0.9),
    )
    assert choice.choose([light, heavy]) == [heavy]


def test_a_favourable_moment_is_never_pushed_out() -> None:
    strains = [candidate("withdrawal_after_input", 10 * i, 1.0) for i in range(2)]
    strains += [candidate("strong_affect_unmet", 100 + 10 * i, 1.0) for i in range(2)]
    strains += [candidate("silence_after_question", 200 + 10 * i, 1.0) for i in range(2)]
    strains += [candidate("turn_balance_shift", 300 + 10 * i, 1.0) for i in range(2)]
    good = candidate("opened_up", 400, 0.0, good=True)
    chosen = choice.choose([*strains, good])
    assert len(chosen) == 7
    assert good in chosen[:3]
    assert len({c.kind for c in chosen[:3]}) == 3


kinds = st.sampled_from(["withdrawal_after_input", "opened_up", "strong_affect_unmet", "repair"])
candidates = st.lists(
    st.builds(candidate, kinds, st.integers(0, 60), st.floats(0, 1), good=st.booleans()), max_size=25
)


@settings(max_examples=80, deadline=None)
@given(candidates)
def test_a_choice_keeps_its_promises(rows: list[Candidate]) -> None:
    chosen = choice.choose(rows)
    kinds_shown = [c.kind for c in chosen]
    assert len(chosen) <= 7
    assert all(kinds_shown.count(kind) <= 2 for kind in kinds_shown)
    assert any(c.favourable for c in chosen) == any(c.favourable for c in rows)
    assert bool(chosen) == bool(rows)
    for i, one in enumerate(chosen):
        for other in chosen[i + 1 :]:
            shared = min(one.last, other.last) - max(one.first, other.first) + 1
            assert 2 * shared <= 4
    assert choice.choose(rows) == chosen


def test_a_stretch_holds_a_few_turns_around_what_happened() -> None:
    held = session(*talk(fill=20))
    moment = choice.to_moment(Scene(held), candidate("repair", 10, 1.0), step="moments.v1")
    assert moment.utterances == tuple(f"u{i}" for i in range(9, 17))


def test_the_same_session_gives_the_same_moments() -> None:
    held = coded(session(*talk(1, 2, 1, 2, 30, 25, 40)), {40: "advice", 48: "feedback_seeking"})
    assert results(held) == results(held)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("TCO"),
            st.sampled_from(["Yes.", "Why?", "", "\U0001f642 \x07", "word " * 40]),
        ),
        min_size=20,
        max_size=80,
    ),
    st.randoms(use_true_random=False),
)
def test_any_session_gives_moments_whose_evidence_exists(
    rows: list[tuple[str, str]], chance: object
) -> None:
    held = session(*[f"{who} {text}".rstrip() for who, text in rows])
    pick = chance.choice  # type: ignore[attr-defined]
    held = coded(held, {i: pick(STRATEGIES) for i, (who, _) in enumerate(rows) if who == "T"})
    held = rated(held, {i: pick([-0.9, 0.0, 0.9]) for i in range(0, len(rows), 2)})
    for result in results(held):
        if isinstance(result, Moment):
            assert set(result.evidence) <= set(held.utterances.ids)
            assert 0 <= result.weight <= 1
            assert result.utterances

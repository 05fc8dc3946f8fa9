"""Feeling in words: what a word list sees and where it sees nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.codes import Ratings
from openrapport.coding.affect import findings, rate, smoothed
from openrapport.finding import Finding, NotMeasured
from openrapport.session import Role, Session
from tests.sessions import session

T, C = Role.THERAPIST, Role.CLIENT


def value(text: str) -> float:
    return float(rate(session(f"C {text}", "T so")).values[0])


def rated(values: list[float], *, who: str = "C", words: str = "it was so") -> Session:
    spoken = session(*[f"{who} {words}"] * len(values))
    return spoken.with_ratings(Ratings("sentiment", "hand", np.array(values), "compound"))


def found(session: Session) -> dict[tuple[str, Role | None, str | None], Finding]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party, r.aspect): r for r in results if isinstance(r, Finding)}


def missing(session: Session) -> dict[tuple[str | None, Role | None], str]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party): r.reason for r in results if isinstance(r, NotMeasured)}


def test_warm_words_lie_above_zero_and_heavy_ones_below() -> None:
    assert value("I was happy and proud of her.") > 0.3
    assert value("It was a terrible, lonely week.") < -0.3


@pytest.mark.parametrize(
    "text", ["", "the table by the window", "[laughs]", "...", "um", "[crying] so"]
)
def test_where_no_word_of_the_list_stands_nothing_was_seen(text: str) -> None:
    assert np.isnan(value(text))


@pytest.mark.parametrize(
    "text", ["Yeah, okay, well.", "Like, I mean, sure.", "No.", "what kind of place"]
)
def test_words_that_keep_talk_going_are_not_affect(text: str) -> None:
    assert np.isnan(value(text))


def test_a_listeners_great_is_not_rated_but_an_answer_is() -> None:
    heard = session("T we tried it", "C Great.", "T and then we went")
    asked = session("T how was it?", "C Great.", "T and then we went")
    assert np.isnan(rate(heard).values[1])
    assert rate(asked).values[1] > 0


def test_a_curly_apostrophe_negates_as_a_straight_one() -> None:
    assert value("I don\u2019t feel happy") == value("I don't feel happy") < 0


def test_capitals_are_spelling_and_not_shouting() -> None:
    assert value("it was TERRIBLE for me") == value("it was terrible for me")


def test_sentences_of_one_utterance_are_averaged_and_silent_ones_left_out() -> None:
    one = value("It was terrible.")
    assert value("It was terrible. The bus was late. It was terrible.") == pytest.approx(one)


def test_a_long_utterance_does_not_drift_to_the_end_of_the_scale() -> None:
    assert value("it was terrible. " * 60) == pytest.approx(value("it was terrible."))


def test_an_emoji_counts_by_its_name() -> None:
    assert value("see you \U0001f60a") > 0


def test_ratings_stand_beside_every_utterance_within_the_scale() -> None:
    ratings = rate(session("T hello", "C I hate it", "O what a lovely dog"))
    assert (ratings.scheme, ratings.rater, len(ratings.values)) == ("sentiment", "vader.v1", 3)
    assert ratings.values[1] < 0 < ratings.values[2]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_text_is_rated_between_minus_one_and_one_or_not_at_all(texts: list[str]) -> None:
    values = rate(session(*[f"C {text}" for text in texts])).values
    assert (np.isnan(values) | (np.abs(values) <= 1)).all()


@pytest.mark.parametrize(
    "text", ["sad " * 5000, "\U0001f62d" * 30_000, "but sad happy " * 3000, "a" * 10**6]
)
def test_a_huge_utterance_does_not_take_long(text: str) -> None:
    started = time.perf_counter()
    value(text)
    assert time.perf_counter() - started < 5


def test_a_course_follows_the_partys_own_words_and_leaves_gaps() -> None:
    nan = float("nan")
    spoken = rated([0.5] * 12 + [nan] * 12 + [-0.5] * 12)
    index, values = smoothed(spoken, C)
    assert index.tolist() == list(range(36))
    assert values[:10] == pytest.approx([0.5] * 10)
    assert np.isnan(values[14:22]).all()
    assert values[-5:] == pytest.approx([-0.5] * 5)
    assert len(smoothed(spoken, T)[0]) == 0


def test_a_course_without_ratings_is_all_gap() -> None:
    index, values = smoothed(session("C one", "C two"), C)
    assert index.tolist() == [0, 1]
    assert np.isnan(values).all()


def test_a_course_passes_over_backchannels() -> None:
    spoken = session("T we tried it", "C Mm-hm.", "T and then we went", "C I was sad")
    assert smoothed(spoken, C)[0].tolist() == [3]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-1, 1)), min_size=1, max_size=40))
def test_a_course_never_leaves_the_range_of_what_was_rated(values: list[float]) -> None:
    course = smoothed(rated(values), C)[1]
    seen = course[~np.isnan(course)]
    if len(seen):
        assert np.nanmin(values) - 1e-9 <= seen.min() <= seen.max() <= np.nanmax(values) + 1e-9


def test_mean_shift_and_strong_words_are_those_of_the_hand() -> None:
    measured = found(rated([-0.6] * 10 + [0.1] * 10 + [0.7] * 10))
    assert measured["sentiment_mean", C, None].value == pytest.approx(2 / 30)
    assert measured["sentiment_shift", C, None].value == pytest.approx(1.3)
    assert measured["sentiment_shift", C, None].n == 20
    assert measured["strong_sentiment", C, "negative"].value == pytest.approx(100 / 3)
    assert measured["strong_sentiment", C, "positive"].evidence == tuple(f"u{i}" for i in range(21, 31))


def test_a_strong_word_never_said_still_has_an_upper_end() -> None:
    low, high = found(rated([0.1] * 30))["strong_sentiment", C, "negative"].interval or (1, 0)
    assert low == 0 < high < 15


def test_unrated_words_are_no_strong_words_but_count_as_said() -> None:
    values = [0.7] * 20 + [float("nan")] * 20
    measured = found(rated(values))
    assert measured["strong_sentiment", C, "positive"].value == pytest.approx(50)
    assert measured["sentiment_mean", C, None].n == 20


def test_too_few_rated_utterances_are_said_in_words() -> None:
    why = missing(rated([0.1] * 19))
    assert why["sentiment_mean", C].endswith("there are 19")
    assert ("strong_sentiment", T) in why
    uneven = missing(rated([float("nan")] * 20 + [0.1] * 20))
    assert uneven["sentiment_shift", C].endswith("one of them has 0")


def test_without_ratings_nothing_is_measured() -> None:
    assert missing(session("C I was sad")) == {
        (None, None): "needs ratings of sentiment, and this session has none"
    }

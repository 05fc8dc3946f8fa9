"""Language together: style matching, words taken up, and "we", beside chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openrapport.finding import Finding, NotMeasured
from openrapport.session import Role
from openrapport.synchrony.exchanges import exchanges, over_turns
from openrapport.synchrony.function_words import (
    FUNCTION_WORDS,
    WE_WORDS,
    class_counts,
    is_function_word,
)
from openrapport.synchrony.language import findings
from openrapport.synchrony.style import by_class, class_matching, matching_course, style_matching
from openrapport.synchrony.surrogates import segment_shuffle, shuffle_null
from openrapport.words import tokens
from tests.sessions import session

SETTINGS = settings(max_examples=40, deadline=None)
CLASSES = list(FUNCTION_WORDS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def classes_of(word: str) -> set[str]:
    return {name for name, members in FUNCTION_WORDS.items() if word in members}


@pytest.mark.parametrize(
    ("word", "classes"),
    [
        ("the", {"articles"}),
        ("don't", {"auxiliary_verbs", "negations"}),
        ("can't", {"auxiliary_verbs", "negations"}),
        ("we're", {"personal_pronouns", "auxiliary_verbs"}),
        ("what's", {"impersonal_pronouns", "auxiliary_verbs"}),
        ("let's", {"personal_pronouns"}),
        ("there's", {"adverbs", "auxiliary_verbs"}),
        ("dont", {"auxiliary_verbs", "negations"}),
        ("that", {"impersonal_pronouns", "conjunctions"}),
        ("garden", set()),
        ("garden's", set()),
        ("well", {"adverbs"}),
    ],
)
def test_a_word_stands_in_every_class_that_it_serves(word, classes):
    assert classes_of(word) == classes
    assert is_function_word(word) == bool(classes)


def test_every_listed_word_is_one_word_of_a_transcript():
    for word in set().union(*FUNCTION_WORDS.values(), WE_WORDS):
        assert tokens(word) == (word,)


def test_words_are_counted_in_each_of_their_classes():
    counts = class_counts([("i", "don't", "know", "the", "the"), (), ("garden",)])
    assert counts.sum(axis=1).tolist() == [5, 0, 0]
    assert counts[0, CLASSES.index("articles")] == 2
    assert counts[0, CLASSES.index("negations")] == 1


def test_style_matching_is_one_less_the_difference_over_the_sum_of_the_percentages():
    # 10 % against 5 %, and nothing against nothing.
    value = style_matching(np.array([10, 0]), np.array(100), np.array([1, 0]), np.array(20))
    assert value == pytest.approx(((1 - 5 / 15.0001) + 1) / 2)


def test_matching_of_one_class_is_the_published_formula() -> None:
    # 6 and 3 of 100 words; 1 - 3 / 9.0001.
    value = class_matching(np.array([12.0]), np.array(200.0), np.array([3.0]), np.array(100.0))
    assert value == pytest.approx([1 - 3 / 9.0001])


def per_class(*lines: str) -> dict[str | None, Finding | NotMeasured]:
    return {r.aspect: r for r in by_class(session(*lines), rng(), "language.v1")}


def test_each_class_is_matched_over_the_whole_session():
    # Of ten words each: articles 2 and 1, prepositions 1 and 1.
    lines = [
        "T the rivers of the gardens hum, winters glow, apples",
        "C a river of winters, gardens glow, apples shine, rain",
    ]
    found = per_class(*lines * 40)
    articles = found["articles"]
    assert isinstance(articles, Finding)
    assert articles.value == pytest.approx(1 - abs(100 * 2 / 9 - 100 / 9) / (100 * 3 / 9 + 0.0001))
    assert articles.interval[0] <= articles.value <= articles.interval[1]
    assert (articles.n, articles.counted) == (720, "words")
    assert articles.evidence == tuple(f"u{i}" for i in range(1, 81))
    assert found["prepositions"].value == pytest.approx(1)
    negations = found["negations"]
    assert isinstance(negations, NotMeasured)
    assert "negations: needs 10 such words of the two together; there are 0" in negations.reason
    assert isinstance(found[None], NotMeasured)


def test_all_classes_together_are_their_mean():
    found = per_class(*[f"T {ALIKE} never, quite all that", f"C {ALIKE}, never quite some"] * 30)
    values = [found[name].value for name in CLASSES]
    assert found[None].value == pytest.approx(np.mean(values))


def test_of_few_words_no_class_is_matched():
    found = per_class(*["T the garden", "C a garden"] * 20)
    assert set(found) == {None}
    assert "needs 300 words of each person; one of them has 40" in found[None].reason


def test_without_a_chance_band_style_matching_is_not_measured(monkeypatch):
    monkeypatch.setattr("openrapport.synchrony.style.shuffle_null", lambda _: None)
    held = session(*[f"T {ALIKE}", f"C {ALIKE}"] * 40)
    found = find(findings(held, rng()), "style_matching")
    assert isinstance(found, NotMeasured)
    assert "no chance band" in found.reason


def test_somebody_without_words_matches_nobody():
    assert np.isnan(style_matching(np.array([1]), np.array(9), np.array([0]), np.array(0)))


COUNTS = hnp.arrays(np.int64, 9, elements=st.integers(0, 50))


@SETTINGS
@given(COUNTS, COUNTS, st.integers(50, 200), st.integers(50, 200))
def test_style_matching_is_symmetric_and_lies_between_nothing_and_one(a, b, words_a, words_b):
    one = style_matching(a, np.array(words_a), b, np.array(words_b))
    assert 0 <= one <= 1
    assert one == pytest.approx(style_matching(b, np.array(words_b), a, np.array(words_a)))
    assert style_matching(a, np.array(words_a), a, np.array(words_a)) == pytest.approx(1)


@SETTINGS
@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_a_shuffle_only_changes_the_order(n, draws, seed):
    seen: list[np.ndarray] = []

    def look(orders: np.ndarray) -> np.ndarray:
        seen.append(orders)
        return orders[:, 0].astype(float)

    values = segment_shuffle(look, n, width=3, rng=rng(seed), draws=draws)
    orders = np.concatenate(seen)
    assert len(values) == draws
    assert (np.sort(orders, axis=1) == np.arange(n)).all()


def test_a_chance_band_is_the_middle_of_the_draws_that_exist():
    values = np.concatenate([np.arange(101.0), [np.nan]])
    null = shuffle_null(values)
    assert (null.low, null.mean, null.high, null.draws) == (2.5, 50, 97.5, 101)
    assert shuffle_null(np.array([1.0, np.nan, np.nan, np.nan])) is None


def test_a_listeners_sound_does_not_stand_between_a_turn_and_its_reply():
    held = session("T How was the week?", "C I was tired.", "T Mm-hm.", "C And sad.", "T Tell me more.")
    found = exchanges(held, Role.THERAPIST)
    turns = held.utterances.turns
    assert [(turns.first[b], turns.last[b]) for b in found.before] == [(1, 3)]
    assert len(exchanges(held, Role.CLIENT)) == 1


ALIKE = "I think that the week was not so good and we did what we could in it"
PLAIN = "gardens need rain"


def test_the_course_finds_where_the_two_part():
    lines = [f"T {ALIKE}", f"C {ALIKE}"] * 10 + [f"T {ALIKE}", f"C {'gardens need rain ' * 5}"] * 10
    first, last, value = matching_course(session(*lines), width=10, step=10)
    assert (last - first == 9).all()
    assert first.tolist() == [0, 10, 20, 30]
    assert value[:2] == pytest.approx(1)
    assert (value[2:] < 0.2).all()


def test_too_few_utterances_for_a_we_rate_are_told():
    results = findings(session(*["T we try", "C we do"] * 19), rng())
    rate = find(results, "we_rate", Role.CLIENT)
    assert isinstance(rate, NotMeasured)
    assert rate.reason == "needs 20 utterances of the client with words; there are 19"


def test_columns_are_added_up_over_turns_without_backchannels():
    held = session("T one", "T two", "C so", "T mm-hm", "C and then")
    assert over_turns(held, held.utterances.n_words).tolist() == [2, 3]
    table = np.column_stack([held.utterances.n_words, np.ones(5, dtype=int)])
    assert over_turns(held, table).tolist() == [[2, 2], [3, 2]]
    assert over_turns(session(), np.zeros((0, 4), dtype=int)).shape == (0, 4)


def test_a_window_with_too_few_words_has_no_value():
    _, _, value = matching_course(session(*["T the", "C a"] * 20), width=10, step=5)
    assert np.isnan(value).all()


def find(results, name, party=None):
    return next(r for r in results if (r.name, r.party) == (name, party))


def test_words_taken_up_are_counted_over_the_content_of_the_replies():
    topics = ["rivers", "trains", "cities", "winters", "apples"]
    lines = []
    for i in range(30):
        lines += [f"T the {topics[i % 5]} matter?", f"C um yeah, {topics[i % 5]} are lovely"]
    found = find(findings(session(*lines), rng()), "lexical_alignment", Role.CLIENT)
    # Of "rivers, lovely" one stood in the question; "um", "yeah" and "are" are no content.
    assert found.value == pytest.approx(0.5)
    assert found.n == 30
    assert found.value > found.null.high
    assert found.interval[0] <= found.value <= found.interval[1]
    assert found.evidence == tuple(f"u{i}" for i in range(2, 61, 2))


def test_words_that_only_one_of_the_two_ever_says_are_never_found():
    lines = ["T rivers run?", "C winters come"] * 30
    found = find(findings(session(*lines), rng()), "lexical_alignment", Role.CLIENT)
    assert (found.value, found.null.high) == (0, 0)


def test_we_is_counted_per_hundred_words_and_by_its_answer():
    lines = ["T we can try", "C we do", "T you can try", "C i do"] * 15
    results = findings(session(*lines), rng())
    rate = find(results, "we_rate", Role.THERAPIST)
    assert rate.value == pytest.approx(100 * 15 / 90)
    assert rate.evidence == tuple(f"u{i}" for i in range(1, 61, 4))
    answered = find(results, "we_taken_up", Role.CLIENT)
    assert (answered.value, answered.n) == (1, 15)
    assert answered.value > answered.null.high
    assert find(results, "we_taken_up", Role.THERAPIST).value == 0


def test_two_who_follow_each_other_through_two_ways_of_speaking_lie_above_chance():
    # Both change their way of speaking every 32 turns, together: only the order shows it.
    def lines(way: int) -> list[str]:
        words = ALIKE if way % 2 else "rain " * 12 + "the garden"
        return [f"T {words}", f"C {words}"] * 16

    held = session(*(line for way in range(6) for line in lines(way)))
    found = find(findings(held, rng()), "style_matching")
    assert found.value > found.null.high
    assert found.null.kind == "segment_shuffle"
    assert found.counted == "windows"


def test_a_short_session_is_not_measured_and_says_why():
    results = findings(session("T Hello the", "C Hello a"), rng())
    assert results
    assert all(isinstance(r, NotMeasured) and r.reason for r in results)


@pytest.mark.parametrize("odd", ["", "🙂", "\x00\x07", "the rivers " * 2500, "ﷺ", "[laughs]"])
def test_odd_utterances_are_survived(odd):
    lines = [f"T {odd}", "C the house", "O well, the", "T we garden", f"C {odd}"] * 12
    assert findings(session(*lines), rng())


def test_calling_the_therapist_client_swaps_the_directions():
    lines = [
        f"{who} {text}"
        for who, text in zip(
            "TC" * 30, ["we see rivers", "rivers we like", "you see"] * 20, strict=True
        )
    ]
    swapped = [{"T": "C", "C": "T"}[line[0]] + line[1:] for line in lines]
    one, two = (findings(session(*rows), rng()) for rows in (lines, swapped))
    for name in ("lexical_alignment", "we_rate", "we_taken_up"):
        for role in (Role.THERAPIST, Role.CLIENT):
            mine, theirs = find(one, name, role), find(two, name, role.partner)
            assert isinstance(mine, Finding)
            assert mine.value == theirs.value

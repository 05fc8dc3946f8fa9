"""Linguistic coordination: counted by hand, against its invariants, and as findings."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.coordination_parity import Patterns, differences, generated, marked
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured
from openrapport.session import Role, Session
from openrapport.synchrony.coordination import aggregate, coordinate_corpus, coordination, findings
from openrapport.synchrony.function_words import FUNCTION_WORDS
from tests.sessions import session

SETTINGS = settings(max_examples=40, deadline=None)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def talk(n_markers: int = 2) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    return st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            hnp.arrays(bool, (n, n_markers)), hnp.arrays(np.int64, n, elements=st.integers(0, 2))
        )
    )


def test_coordination_is_the_conditional_share_less_the_share():
    # Party 1 replies four times to party 0: after the marker yes, yes; without it no, yes.
    has = np.array([[1], [1], [1], [1], [0], [0], [0], [1]], dtype=bool)
    found = coordination(has, [0, 1] * 4, min_after_marker=1)
    row = found.speaker.tolist().index(1)
    assert found.n_replies[row] == 4
    assert (found.n_after_marker[row, 0], found.n_with_marker[row, 0], found.n_both[row, 0]) == (
        2,
        3,
        2,
    )
    assert found.value[row, 0] == pytest.approx(2 / 2 - 3 / 4)


def test_too_few_replies_after_the_marker_give_no_value():
    has = np.array([[1], [1], [1], [1], [0], [0], [0], [1]], dtype=bool)
    assert np.isnan(coordination(has, [0, 1] * 4, min_after_marker=4).value).all()
    assert np.isnan(coordination(has, [0, 1] * 4, min_after_marker=1, min_with_marker=5).value).all()
    assert np.isnan(coordination(has, [0, 1] * 4, min_after_marker=1, min_replies=5).value).all()


def test_somebody_who_goes_on_does_not_reply_to_themselves():
    found = coordination(np.ones((3, 1)), [0, 0, 1], min_after_marker=1)
    assert (found.speaker.tolist(), found.target.tolist()) == ([1], [0])
    assert found.n_replies.tolist() == [1]


def test_a_reply_counts_for_what_it_replies_to_and_not_for_what_came_before_it():
    has = np.array([[1], [0], [1]], dtype=bool)
    found = coordination(has, [0, 1, 1], [-1, 0, 0], min_after_marker=1)
    assert found.n_both.tolist() == [[1]]
    assert found.n_after_marker.tolist() == [[2]]


def test_no_utterance_replies_to_one_of_another_session():
    one, two = np.array([[1], [1]], dtype=bool), np.array([[1], [0]], dtype=bool)
    found = coordinate_corpus([one, two], [[0, 1], [0, 1]], min_after_marker=1)
    assert found.n_replies.tolist() == [2]
    assert found.value[0, 0] == pytest.approx(1 / 2 - 1 / 2)


def test_a_corpus_of_strangers_gives_what_each_session_gives_alone():
    parts = [(rng(i).random((30, 3)) < 0.4, np.arange(30) % 2) for i in range(4)]
    whole = coordinate_corpus(
        [has for has, _ in parts], [who + 2 * i for i, (_, who) in enumerate(parts)], min_after_marker=3
    )
    alone = [coordination(has, who, min_after_marker=3).value for has, who in parts]
    np.testing.assert_allclose(whole.value, np.concatenate(alone))


@pytest.mark.parametrize(
    ("has", "who", "to", "message"),
    [
        ([True], [0], None, r"expected \(n, markers\)"),
        ([[True]], [0, 1], None, r"expected \(n, markers\)"),
        ([[True], [True]], [0, 1], [-1, 2], "row number below 2"),
        ([[True], [True]], [0, 1], [-2, 0], "row number below 2"),
    ],
)
def test_tables_that_do_not_fit_are_refused(has, who, to, message):
    with pytest.raises(BadInput, match=message):
        coordination(has, who, to, min_after_marker=1)


def test_a_reply_across_sessions_is_refused():
    with pytest.raises(BadInput, match="outside its session of 1"):
        coordinate_corpus([[[True]], [[True]]], [[0], [1]], [[-1], [1]], min_after_marker=1)


def test_sessions_without_a_table_each_are_refused():
    with pytest.raises(BadInput, match="one row for each utterance"):
        coordinate_corpus([[[True]]], [[0], [1]], min_after_marker=1)


@SETTINGS
@given(talk())
def test_coordination_lies_between_minus_one_and_one(given_talk):
    value = coordination(*given_talk, min_after_marker=1).value
    assert (np.abs(value[np.isfinite(value)]) <= 1).all()


@SETTINGS
@given(talk())
def test_calling_the_parties_otherwise_changes_who_and_nothing_else(given_talk):
    has, who = given_talk
    renamed = np.array([2, 0, 1])[who]
    one = coordination(has, who, min_after_marker=1)
    two = coordination(has, renamed, min_after_marker=1)
    values = {
        (int(s), int(t)): row for s, t, row in zip(two.speaker, two.target, two.value, strict=True)
    }
    assert len(values) == len(one.speaker)
    for s, t, row in zip(one.speaker, one.target, one.value, strict=True):
        np.testing.assert_array_equal(values[(s + 2) % 3, (t + 2) % 3], row)


@SETTINGS
@given(talk())
def test_each_pair_can_be_counted_one_reply_at_a_time(given_talk):
    has, who = given_talk
    found = coordination(has, who, min_after_marker=1)
    for s, t, row in zip(found.speaker, found.target, found.value, strict=True):
        replies = [i for i in range(1, len(who)) if who[i] == s and who[i - 1] == t]
        for k, value in enumerate(row):
            after = [i for i in replies if has[i - 1, k]]
            if not after:
                assert np.isnan(value)
                continue
            expected = sum(has[i, k] for i in after) / len(after)
            expected -= sum(has[i, k] for i in replies) / len(replies)
            assert value == pytest.approx(expected)


def test_the_three_aggregates_differ_in_what_stands_for_a_missing_value():
    nan = np.nan
    value = [[0.2, 0.4], [0.6, nan], [nan, nan]]
    assert aggregate(value, method=1) == pytest.approx(0.3)
    assert aggregate(value, method=2) == pytest.approx((0.3 + (0.6 + 0.4) / 2) / 2)
    assert aggregate(value, method=3) == pytest.approx((0.3 + 0.6) / 2)
    assert np.isnan(aggregate([[nan, 0.1]], method=1))
    assert np.isnan(aggregate([[nan, 0.1]], method=2))
    assert np.isnan(aggregate([[nan, nan]], method=3))
    with pytest.raises(BadInput, match="expected 1, 2 or 3"):
        aggregate(value, method=4)


def meeting(n: int, *, echo: bool, seed: int = 1) -> Session:
    """Half of the therapist's turns hold articles; the client's do after those, or at random."""
    draw = rng(seed)
    lines = []
    for _ in range(n):
        article, other = draw.random(2) < 0.5
        lines.append("T " + ("the garden" if article else "gardens"))
        lines.append("C " + ("the house" if (article if echo else other) else "houses"))
    return session(*lines)


def measured(results, party, aspect):
    return next(f for f in results if isinstance(f, Finding) and (f.party, f.aspect) == (party, aspect))


def test_a_client_who_echoes_articles_lies_above_chance_and_the_therapist_inside_it():
    results = findings(meeting(60, echo=True), rng())
    client = measured(results, Role.CLIENT, "articles")
    therapist = measured(results, Role.THERAPIST, "articles")
    assert client.n == 60
    assert client.null.kind == "segment_shuffle"
    assert client.null.draws == 200
    assert client.value > client.null.high
    assert client.interval[0] <= client.value <= client.interval[1]
    assert therapist.null.low <= therapist.value <= therapist.null.high


def test_chance_is_around_nothing():
    client = measured(findings(meeting(60, echo=False), rng()), Role.CLIENT, "articles")
    assert abs(client.null.mean) < 0.02
    assert client.null.low <= client.value <= client.null.high


def test_the_evidence_is_the_replies_that_took_the_marker_up():
    held = meeting(40, echo=True)
    client = measured(findings(held, rng()), Role.CLIENT, "articles")
    taken = [u.id for u in held.utterances if u.party == 1 and u.text.startswith("the")]
    assert list(client.evidence) == taken


def test_the_mean_is_over_the_markers_that_were_measured():
    results = findings(meeting(60, echo=True), rng())
    of_client = [f for f in results if isinstance(f, Finding) and f.party is Role.CLIENT]
    single = [f.value for f in of_client if f.aspect is not None]
    mean = measured(results, Role.CLIENT, None).value
    assert mean == pytest.approx(np.mean(single))
    missing = [f for f in results if isinstance(f, NotMeasured) and f.party is Role.CLIENT]
    assert len(missing) + len(single) == len(FUNCTION_WORDS)
    assert "replies of the client to turns with them" in missing[0].reason


def test_a_short_meeting_is_not_measured_and_says_why():
    results = findings(meeting(5, echo=True), rng())
    assert {f.party for f in results} == {Role.THERAPIST, Role.CLIENT}
    assert all(isinstance(f, NotMeasured) and "at least 20 replies" in f.reason for f in results)


def test_a_meeting_without_small_words_has_nothing_to_take_up():
    results = findings(session(*["T gardens", "C houses"] * 30), rng())
    assert all(isinstance(f, NotMeasured) for f in results)
    assert [f.aspect for f in results] == [*FUNCTION_WORDS, None] * 2


@pytest.mark.parametrize("odd", ["", "🙂", "\x00\x07", "the " * 5000, "ﷺ", "[laughs]"])
def test_odd_utterances_are_survived(odd):
    lines = [f"T {odd}", "C the house", "O well, the", "T garden", f"C {odd}"] * 12
    assert findings(session(*lines), rng()) is not None


def test_the_same_generator_gives_the_same_findings():
    held = meeting(40, echo=True)
    assert findings(held, rng(3)) == findings(held, rng(3))


PATTERNS = "article\t\\bthe\\b\nipron\t\\bit\\b|\\bit's\\b|\\banybod\nppron\t\\bd'you\\b|\\byou\\b\n"
MARKERS = ["article", "ipron", "ppron"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The end", [1, 0, 0]),
        ("other them", [0, 0, 0]),
        ("it's", [0, 1, 0]),
        ("ANYBODY'S", [0, 1, 0]),
        ("anybo", [0, 0, 0]),
        ("rock'you", [0, 0, 1]),
        ("the'you", [1, 0, 0]),
        ("the'x'you", [1, 0, 1]),
        ("it'you", [0, 1, 0]),
        ("'the'", [1, 0, 0]),
        ("éthe", [1, 0, 0]),
        ("", [0, 0, 0]),
    ],
)
def test_word_patterns_are_read_as_convokit_reads_them(text, expected):
    assert marked([text], Patterns(PATTERNS, MARKERS), 3).tolist() == [[bool(x) for x in expected]]


def test_a_value_that_only_one_of_the_two_has_is_no_agreement():
    found = coordination(np.ones((2, 1)), [0, 1], min_after_marker=1)
    both = {"markers": ["m"], "scores": [["b", "a", {"m": 0.0}]], "aggregates": [0.0, 0.0, 0.0]}
    pair = generated(sessions=1, utterances=2)._replace(speaker=["a", "b"])
    assert differences(pair, both, found) == (0.0, 1)
    assert differences(pair, {**both, "scores": []}, found)[0] == float("inf")

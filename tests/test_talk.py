"""Who held the floor: talk time, shares, turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured
from openrapport.resampling import rate_interval
from openrapport.session import Role, Session
from openrapport.speech.lengths import new_speech_ms, talk_share, talk_time_ms, turn_columns
from openrapport.speech.talk import STEP, findings
from openrapport.utterances import Utterances
from tests.sessions import session, utterances

T, C = Role.THERAPIST, Role.CLIENT


def found(session: Session) -> dict[tuple[str, Role | None], Finding]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party): r for r in results if isinstance(r, Finding)}


def missing(session: Session) -> dict[tuple[str | None, Role | None], str]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party): r.reason for r in results if isinstance(r, NotMeasured)}


def long(n: int = 20) -> Session:
    """T speaks 3 s (6 words), C 6 s (9 words), in turn, with 1 s between."""
    lines = []
    for i in range(n):
        at = 11_000 * i
        lines += [f"T {at}-{at + 3000} one two three four five six"]
        lines += [f"C {at + 4000}-{at + 10000} one two three four five six seven eight nine"]
    return session(*lines)


@st.composite
def timed(draw: st.DrawFn) -> Utterances:
    n = draw(st.integers(1, 30))
    steps = draw(st.lists(st.integers(0, 3000), min_size=n, max_size=n))
    lengths = draw(st.lists(st.integers(0, 5000), min_size=n, max_size=n))
    party = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    start = np.cumsum(steps)
    ids = tuple(f"u{i}" for i in range(n))
    return Utterances(ids, np.array(party), ("so",) * n, start, start + np.array(lengths))


def test_overlapped_speech_counts_for_both_parties() -> None:
    spoken = utterances("T 0-1000", "C 800-2000")
    assert talk_time_ms(spoken, n_parties=2).tolist() == [1000, 1200]


def test_overlapping_utterances_of_one_party_count_once() -> None:
    spoken = utterances("T 0-1000", "T 500-900", "T 800-1500", "T 3000-3100")
    assert new_speech_ms(spoken).tolist() == [1000, 0, 500, 100]
    assert talk_time_ms(spoken, n_parties=2).tolist() == [1600, 0]


def test_an_utterance_without_an_end_adds_nothing() -> None:
    assert talk_time_ms(utterances("T 0-1000", "C 1200-", "C hm"), n_parties=2).tolist() == [1000, 0]


def test_a_share_of_no_talk_time_is_refused() -> None:
    with pytest.raises(BadInput, match="talk time is 0 ms"):
        talk_share(utterances("T hello", "C hello"), n_parties=2)


def test_a_party_outside_the_session_is_refused() -> None:
    with pytest.raises(BadInput, match="none of the 1 parties"):
        talk_time_ms(utterances("T 0-1", "C 1-2"), n_parties=1)


@settings(max_examples=60, deadline=None)
@given(timed())
def test_no_party_speaks_longer_than_from_first_start_to_last_end(spoken: Utterances) -> None:
    talk_ms = talk_time_ms(spoken, n_parties=2)
    for party in (0, 1):
        own = spoken.party == party
        if own.any():
            assert 0 <= talk_ms[party] <= spoken.end_ms[own].max() - spoken.start_ms[own].min()


@settings(max_examples=60, deadline=None)
@given(timed())
def test_talk_time_is_what_a_millisecond_grid_counts(spoken: Utterances) -> None:
    for party in (0, 1):
        covered = np.zeros(spoken.end_ms.max() + 1, dtype=bool)
        for i in np.flatnonzero(spoken.party == party):
            covered[spoken.start_ms[i] : spoken.end_ms[i]] = True
        assert talk_time_ms(spoken, n_parties=2)[party] == covered.sum()


@settings(max_examples=60, deadline=None)
@given(timed())
def test_talk_shares_sum_to_one(spoken: Utterances) -> None:
    if talk_time_ms(spoken, n_parties=2).sum():
        assert talk_share(spoken, n_parties=2).sum() == pytest.approx(1)


def test_a_backchannel_neither_ends_nor_lengthens_a_turn() -> None:
    plain = utterances("T 0-1000 so you left", "T 1500-3000 and then", "C 3500-4000 I called")
    heard = utterances(
        "T 0-1000 so you left", "C 1100-1300 Mm-hm.", "T 1500-3000 and then", "C 3500-4000 I called"
    )
    for spoken in (plain, heard):
        columns = turn_columns(spoken)
        assert columns.words.tolist() == [5, 2]
        assert (columns.end_ms - columns.start_ms).tolist() == [3000, 500]
        assert columns.timed.all()


def test_a_turn_with_an_untimed_utterance_has_no_duration() -> None:
    columns = turn_columns(utterances("T 0-1000 so", "T and then", "C 3500-4000 called"))
    assert columns.timed.tolist() == [False, True]


def test_nothing_said_gives_no_turns() -> None:
    assert len(turn_columns(utterances())) == 0
    assert missing(session()) == {
        (None, None): "needs 10 utterances of each person; the therapist has 0"
    }


def test_the_numbers_of_a_steady_session_are_those_of_the_hand() -> None:
    measured = found(long())
    assert measured["talk_time", T].value == 60_000
    assert measured["talk_time", C].value == 120_000
    assert measured["talk_share", T].value == pytest.approx(1 / 3)
    assert measured["turn_count", T].value == 20
    assert measured["turn_length", C].value == 9
    assert measured["turn_duration", C].value == 6000
    assert measured["speech_rate", T].value == pytest.approx(120)
    assert measured["speech_rate", C].value == pytest.approx(90)
    assert measured["turn_rate", None].value == pytest.approx(40 / (219_000 / 3_600_000))
    assert measured["word_share", T].value == pytest.approx(0.4)


def test_every_finding_lies_in_its_interval_and_names_the_step() -> None:
    for finding in found(long()).values():
        assert finding.interval is not None
        assert finding.interval[0] - 1e-6 <= finding.value <= finding.interval[1] + 1e-6
        assert finding.step == STEP


def test_evidence_is_complete_and_in_order() -> None:
    own = found(long())["talk_time", C]
    assert own.evidence == tuple(f"u{i}" for i in range(2, 41, 2))
    assert own.n == 20


def test_without_times_words_take_their_place_and_the_result_says_so() -> None:
    untimed = session(*["T one two", "C one two three four five six"] * 10)
    measured, why = found(untimed), missing(untimed)
    assert measured["word_share", T].value == pytest.approx(0.25)
    assert {name for name, _ in measured} == {"word_share", "turn_count", "turn_length"}
    assert "0 of 20 have both" in why["talk_share", None]
    assert "The share of the words stands in its place" in why["talk_share", None]
    assert {"talk_time", "turn_rate", "turn_duration", "speech_rate"} < {name for name, _ in why}


def test_one_person_without_times_is_enough_to_refuse_shares_of_time() -> None:
    lines = [line for i in range(12) for line in (f"T {i * 1000}-{i * 1000 + 500} so", "C well then")]
    assert ("talk_share", None) in missing(session(*lines))


def test_other_people_are_left_out_and_it_says_so() -> None:
    lines = [f"{'TC'[u.party]} {u.start_ms}-{u.end_ms} {u.text}" for u in long().utterances]
    measured_with = session(*lines, "O 300000-400000 a long word from somebody else")
    assert found(measured_with)["talk_share", T].value == found(long())["talk_share", T].value
    assert missing(measured_with)[None, Role.OTHER].startswith("1 utterances of other people")


def test_too_little_speech_is_said_in_words() -> None:
    assert missing(session("T 0-1000 hello", "C 1000-2000 hello")) == {
        (None, None): "needs 10 utterances of each person; the therapist has 1"
    }
    short = session(*[f"{'TC'[i % 2]} {i * 100}-{i * 100 + 90} so" for i in range(30)])
    why = missing(short)
    assert "needs a minute of the client's speech" in why["speech_rate", C]
    assert ("turn_rate", None) in why


def test_only_empty_utterances_are_not_measured_as_shares() -> None:
    assert missing(session(*["T", "C"] * 12))["word_share", None].startswith("needs words")


def test_an_event_that_never_happened_still_has_an_upper_end() -> None:
    rng = np.random.default_rng(0)
    never = rate_interval(np.zeros(50), np.ones(50), rng=rng)
    assert list(never) == pytest.approx([0, 3.689 / 50], rel=1e-3)
    low, high = rate_interval(np.arange(50) % 5 == 0, np.ones(50), rng=rng)
    assert 0 < low < 0.2 < high

"""How the two take turns in time: latencies, pauses, overlap, silences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from openrapport.errors import BadInput
from openrapport.finding import Finding, NotMeasured
from openrapport.session import Role, Session
from openrapport.span import Span
from openrapport.speech.gaps import Silences, response_latencies, silences
from openrapport.speech.latency import findings
from openrapport.utterances import Utterances
from tests.sessions import PARTIES, session
from tests.test_talk import timed

T, C = Role.THERAPIST, Role.CLIENT
PAIRS = 40


def found(session: Session) -> dict[tuple[str, Role | None], Finding]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party): r for r in results if isinstance(r, Finding)}


def missing(session: Session) -> dict[tuple[str | None, Role | None], str]:
    results = findings(session, np.random.default_rng(0))
    return {(r.name, r.party): r.reason for r in results if isinstance(r, NotMeasured)}


def steady(*, answer_ms: int = 400, silent_after: int = 0, scale: int = 1) -> Session:
    """T asks for 3 s, C answers ``answer_ms`` later in two parts 710 ms apart, T follows after 550.

    The answer to each of the last ``silent_after`` questions comes 7 s late.
    """
    lines, at = [], 30
    for i in range(PAIRS):
        lines.append(f"T {at * scale}-{(at + 3000) * scale} and how did you feel about that?")
        at += 3000 + (7000 if i >= PAIRS - silent_after else answer_ms)
        lines.append(f"C {at * scale}-{(at + 2000) * scale} I think that it was what I know")
        at += 2710
        lines.append(f"C {at * scale}-{(at + 2000) * scale} and then it was not so bad for me")
        at += 2550
    return session(*lines)


def test_a_silence_lies_between_the_last_end_and_the_next_start() -> None:
    quiet = silences(session("T 0-1000 a", "C 1500-2000 b", "T 9000-9500 c"), min_ms=1000)
    assert (quiet.before.tolist(), quiet.after.tolist()) == ([1], [2])
    assert quiet.spans() == (Span(2000, 9000),)
    assert len(quiet) == 1


def test_nobody_is_silent_while_a_long_utterance_goes_on() -> None:
    spoken = session("T 0-10000 long", "C 1000-2000 b", "C 8000-8500 c", "C 12000-13000 d")
    quiet = silences(spoken, min_ms=1000)
    assert quiet.spans() == (Span(10_000, 12_000),)
    assert (quiet.before.tolist(), quiet.after.tolist()) == ([0], [3])


def test_where_an_utterance_has_no_times_nobody_knows_of_a_silence() -> None:
    assert len(silences(session("T 0-1000 a", "C b", "T 9000-9500 c"), min_ms=1000)) == 0
    assert len(silences(session("T 0-1000 a", "C 2000- b", "T 9000-9500 c"), min_ms=1000)) == 0


def test_a_session_without_times_has_no_silences() -> None:
    assert len(silences(session("T a", "C b"), min_ms=1)) == 0
    assert len(silences(session(), min_ms=1)) == 0
    assert len(response_latencies(session())) == 0


def test_a_silence_of_no_length_is_refused() -> None:
    with pytest.raises(BadInput, match="min_ms is 0"):
        silences(session("T a"), min_ms=0)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput, match=r"columns have lengths \[1, 2\]"):
        Silences(np.array([1]), np.array([1]), np.array([1]), np.array([1, 2]))


def test_columns_cannot_be_written_to() -> None:
    quiet = silences(session("T 0-1000 a", "C 5000-6000 b"), min_ms=1000)
    with pytest.raises(ValueError, match="read-only"):
        quiet.start_ms[0] = 0


@settings(max_examples=60, deadline=None)
@given(timed())
def test_silences_and_speech_fill_the_session_without_overlap(spoken: Utterances) -> None:
    quiet = silences(Session("t", PARTIES[:2], spoken), min_ms=1)
    covered = np.zeros(spoken.end_ms.max() + 1, dtype=np.int64)
    for start, end in zip(spoken.start_ms, spoken.end_ms, strict=True):
        covered[start:end] = 1
    for start, end in zip(quiet.start_ms, quiet.end_ms, strict=True):
        assert not covered[start:end].any()
        covered[start:end] = 1
    assert covered[spoken.start_ms[0] : spoken.end_ms.max()].all()
    assert (spoken.end_ms[quiet.before] == quiet.start_ms).all()
    assert (spoken.start_ms[quiet.after] == quiet.end_ms).all()


def test_a_latency_runs_from_the_end_of_a_turn_and_is_negative_in_overlap() -> None:
    spoken = session(
        "T 0-1000 so", "T 1200-2000 and then", "C 2300-4000 I went", "T 3800-5000 where to"
    )
    rows = response_latencies(spoken)
    assert rows.latency_ms.tolist() == [300, -200]
    assert (rows.before.tolist(), rows.after.tolist()) == ([1, 2], [2, 3])
    assert rows.party.tolist() == [1, 0]


def test_a_backchannel_has_no_latency_and_changes_none() -> None:
    plain = session("T 0-1000 so I see", "T 2000-3000 you left", "C 3400-4000 I did")
    heard = session(
        "T 0-1000 so I see", "C 900-1200 Mm-hm.", "T 2000-3000 you left", "C 3400-4000 I did"
    )
    assert response_latencies(plain).latency_ms.tolist() == [400]
    assert response_latencies(heard).latency_ms.tolist() == [400]
    assert len(plain.utterances.turns) == len(heard.utterances.turns)


def test_turns_of_other_people_and_turns_without_times_have_no_latency() -> None:
    assert (
        len(response_latencies(session("T 0-1000 so", "O 1200-2000 well", "C 2300-4000 I went"))) == 0
    )
    assert len(response_latencies(session("T 0-1000 so", "T then", "C 2300-4000 I went"))) == 0
    assert len(response_latencies(session("T 0-1000 so", "C I went", "T 2300-4000 so"))) == 0


def test_the_numbers_of_a_steady_session_are_those_of_the_hand() -> None:
    measured = found(steady())
    assert measured["response_latency", C].value == 400
    assert measured["response_latency", T].value == 550
    assert measured["response_latency", C].n == PAIRS
    assert measured["response_latency", T].n == PAIRS - 1
    assert measured["pause", C].value == 710
    assert measured["gap", None].n == 2 * PAIRS - 1
    assert measured["overlap_time", None].value == 0
    assert measured["interruption_rate", T].value == 0
    assert measured["backchannel_rate", T].value == 0
    assert measured["long_silence_rate", None].value == 0
    assert measured["silence_after_question_share", None].value == 0


def test_what_never_happened_still_has_an_upper_end() -> None:
    measured = found(steady())
    for name in ("long_silence_rate", "silence_after_question_share"):
        low, high = measured[name, None].interval or (1, 0)
        assert low == 0 < high


def test_long_silences_after_questions_are_counted_with_who_ended_them() -> None:
    measured = found(steady(silent_after=8))
    assert measured["silence_after_question_share", None].value == pytest.approx(8 / PAIRS)
    assert len(measured["silence_after_question_share", None].evidence) == 8
    ended = measured["long_silence_ended_share", C]
    assert (ended.value, ended.n) == (1, 8)
    assert ended.interval is not None
    assert list(ended.interval) == pytest.approx([1 - 3.689 / 8, 1], rel=1e-3)
    assert measured["long_silence_ended_share", T].value == 0


def test_who_ended_a_few_silences_is_not_measured() -> None:
    assert "there are 2" in missing(steady(silent_after=2))["long_silence_ended_share", T]


def test_overlap_is_the_time_in_which_both_speak() -> None:
    lines = []
    for i in range(20):
        at = 9010 * i
        # 4 s and 5 s with 700 ms of both, of which C's second utterance takes 200.
        lines += [f"T {at}-{at + 4000} I think that you", f"C {at + 3300}-{at + 3800} well it was"]
        lines += [f"C {at + 3800}-{at + 8300} what I know about it"]
    measured = found(session(*lines))
    assert measured["overlap_time", None].value == pytest.approx(20 * 700)
    assert measured["overlap_share", None].value == pytest.approx(700 / 8300)
    assert measured["response_latency", C].value == -700


def talked_into(*, at: int, until: int, words: str) -> Session:
    """C talks for 6 s twice in a row; between ``at`` and ``until`` T says something, 15 times."""
    lines = []
    for i in range(15):
        start = 14_010 * i
        lines += [f"C {start}-{start + 6000} I think that it was what I know about it"]
        lines += [f"T {start + at}-{start + until} {words}"]
        lines += [f"C {start + 7000}-{start + 13_000} and then it was not so bad for me"]
    return session(*lines)


@pytest.mark.parametrize(
    ("at", "until", "words", "rate"),
    [
        (5000, 6500, "but what did you do", 100),  # a second to go, and T outlasts it
        (5000, 6500, "Mm-hm.", 0),  # listening
        (5000, 5800, "but what did you do", 0),  # C talks past it: no floor taken
        (5600, 6500, "but what did you do", 0),  # ordinary anticipation
        (300, 6500, "but what did you do", 0),  # both start together
        (6200, 6900, "but what did you do", 0),  # no overlap
    ],
)
def test_an_interruption_takes_the_floor_while_the_other_has_more_to_say(
    at: int, until: int, words: str, rate: int
) -> None:
    measured = found(talked_into(at=at, until=until, words=words))
    if words == "Mm-hm.":
        assert ("interruption_rate", T) not in measured  # T takes no turn at all
        assert measured["backchannel_rate", T].value == pytest.approx(15 / 3)
    else:
        assert measured["interruption_rate", T].value == rate
        assert measured["backchannel_rate", T].value == 0


def test_times_in_whole_seconds_do_not_measure_what_is_shorter() -> None:
    coarse = steady(scale=100)
    why = missing(coarse)
    assert "multiples of 1 s" in why["response_latency", None]
    assert {"gap", "pause", "overlap_share", "interruption_rate"} < {name for name, _ in why}
    assert ("long_silence_rate", None) in found(coarse)


def test_times_that_leave_no_pauses_were_not_measured() -> None:
    at = np.cumsum([1010 + 7 * i for i in range(61)])
    gapless = session(*[f"{'TC'[i % 2]} {at[i]}-{at[i + 1]} I was there" for i in range(60)])
    assert "did not mark the pauses" in missing(gapless)["response_latency", None]


def test_backchannels_are_not_counted_in_a_language_whose_words_are_unknown() -> None:
    foreign = session(
        *[f"{'TC'[i % 2]} {i * 3010}-{i * 3010 + 2500} das war gestern" for i in range(60)]
    )
    why = missing(foreign)
    assert "English only" in why["backchannel_rate", T]
    assert "English only" in why["interruption_rate", C]
    assert ("response_latency", T) in found(foreign)


def test_too_little_speech_is_said_in_words() -> None:
    short = session("T 0-1010 hello to you", "C 1110-2000 hello to you")
    assert found(short) == {}
    assert "there are 1" in missing(short)["response_latency", C]
    assert "needs 5 minutes" in missing(short)["long_silence_rate", None]


def test_a_therapist_whose_utterances_have_no_length_overlaps_nobody() -> None:
    lines = []
    for at in range(0, 180_000, 9010):
        lines += [f"T {at}-{at} so", f"C {at + 100}-{at + 5003} I was"]
    assert found(session(*lines))["overlap_time", None].value == 0


def test_every_finding_lies_in_its_interval() -> None:
    for finding in found(steady(silent_after=8)).values():
        low, high = finding.interval or (1, 0)
        assert low - 1e-6 <= finding.value <= high + 1e-6

"""The values that everything speaks in: spans, signals, utterances, codes, sessions, findings."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes, MeasuredError, Ratings
from openrapport.errors import BadFile, BadInput, BadTranscript
from openrapport.finding import Finding, Moment, NotMeasured, Null, Report
from openrapport.session import Party, Role, Session, Source
from openrapport.signal import Signal
from openrapport.span import Span
from openrapport.utterances import MISSING_MS, Utterances
from openrapport.words import english_share, tokens
from tests.sessions import PARTIES, session, utterances

QUICK = settings(max_examples=60, deadline=None)
times = st.integers(0, 10_000)
spans = st.tuples(times, times).map(lambda pair: Span(min(pair), max(pair)))
lines = st.lists(
    st.tuples(st.sampled_from("TC"), st.sampled_from(["Mm-hm.", "Right.", "I went home.", "Why?", ""])),
    max_size=30,
).map(lambda rows: [f"{who} {text}".rstrip() for who, text in rows])


# --- errors and spans ---------------------------------------------------------------------------


def test_an_error_says_where_and_then_what() -> None:
    assert str(BadTranscript("ends early", source="a.vtt", line=3)) == "a.vtt, line 3: ends early"
    assert str(BadFile("ends early", line=3).at("b.srt")) == "b.srt, line 3: ends early"
    assert str(BadFile("ends early")) == "ends early"


def test_an_error_keeps_the_source_it_knew() -> None:
    assert BadTranscript("ends early", source="a.vtt").at("b.zip").source == "a.vtt"


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (6, 5)])
def test_a_span_refuses_a_negative_or_late_start(start: int, end: int) -> None:
    with pytest.raises(BadInput, match="expected 0 <= start <= end"):
        Span(start, end)


def test_adjacent_spans_do_not_overlap() -> None:
    assert Span(0, 1_000).overlap_ms(Span(1_000, 1_500)) == 0


@QUICK
@given(spans, spans)
def test_overlap_is_symmetric_and_never_longer_than_either(one: Span, other: Span) -> None:
    shared = one.overlap_ms(other)
    assert shared == other.overlap_ms(one)
    assert 0 <= shared <= min(one.duration_ms, other.duration_ms)
    assert one.overlap_ms(one) == one.duration_ms


# --- signals ------------------------------------------------------------------------------------


def test_a_signal_cannot_be_written_to_and_does_not_follow_its_source() -> None:
    values = np.array([1.0, 2.0])
    signal = Signal(values, [True, True], rate_hz=2.0, unit="px/frame")
    values[0] = 9.0
    assert signal.values.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        signal.values[0] = 3.0
    assert (len(signal), signal.duration_ms) == (2, 1000)


def test_signals_are_equal_whatever_stands_where_nothing_was_observed() -> None:
    one = Signal([1.0, 5.0], [True, False], rate_hz=25.0, unit="Hz")
    other = Signal([1.0, float("nan")], [True, False], rate_hz=25.0, unit="Hz")
    assert one == other
    assert one != Signal([2.0, 5.0], [True, False], rate_hz=25.0, unit="Hz")
    assert one != "a signal"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"valid": [True]}, "2 values and 1 valid flags"),
        ({"rate_hz": 0.0}, "expected a number above 0"),
        ({"rate_hz": float("inf")}, "expected a number above 0"),
        ({"values": [1.0, float("nan")]}, "mark it invalid"),
        ({"values": [[1.0, 2.0]]}, "2 dimensions; expected 1"),
        ({"values": ["a", "b"]}, "a column of float64 was expected"),
    ],
)
def test_a_signal_refuses_what_it_cannot_mean(changed: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"values": [1.0, 2.0], "valid": [True, True], "rate_hz": 2.0, "unit": "Hz"}
    with pytest.raises(BadInput, match=message):
        Signal(**(good | changed))


# --- words --------------------------------------------------------------------------------------


def test_words_keep_inner_apostrophes_and_hyphens_and_drop_remarks() -> None:
    assert tokens("I didn\u2019t - mm-hm! [laughs]") == ("i", "didn't", "mm-hm")


@QUICK
@given(st.text(max_size=60))
def test_any_text_has_words_in_lower_case(text: str) -> None:
    assert all(word and word == word.lower() for word in tokens(text))


def test_english_talk_is_told_from_other_languages() -> None:
    assert english_share([tokens("I don't know what it was that I was so afraid of")]) > 0.4
    assert english_share([tokens("Ich weiß nicht, wovor ich mich so gefürchtet habe")]) < 0.2
    assert english_share([]) == 0.0


# --- utterances ---------------------------------------------------------------------------------


def test_a_row_shows_a_missing_time_as_none() -> None:
    spoken = utterances("T 0-1000 Hello.", "C 900- Hi.", "C Well.")
    assert [(u.start_ms, u.end_ms) for u in spoken] == [(0, 1000), (900, None), (None, None)]
    assert spoken.has_start.tolist() == [True, True, False]
    assert spoken.has_times.tolist() == [True, False, False]
    assert [u.text for u in spoken[1:]] == ["Hi.", "Well."]
    assert (spoken[-1].index, spoken[-1].id) == (2, "u3")
    with pytest.raises(IndexError):
        spoken[3]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": ("a",)}, r"lengths \[1, 2\]"),
        ({"ids": ("u", "u")}, "an utterance id stands twice"),
        ({"start_ms": [-2, 0]}, "a time is negative"),
        ({"start_ms": [0, 900]}, "utterance 2 ends before it starts"),
        ({"start_ms": [400, 300]}, "start out of order"),
        ({"end_ms": [10**30, 1]}, "a column of int64 was expected"),
    ],
)
def test_utterances_refuse_columns_that_contradict_each_other(
    changed: dict[str, Any], message: str
) -> None:
    good: dict[str, Any] = {
        "ids": ("u1", "u2"),
        "party": [0, 1],
        "text": ("a", "b"),
        "start_ms": [0, 300],
        "end_ms": [500, 800],
    }
    with pytest.raises(BadInput, match=message):
        Utterances(**(good | changed))


def test_utterances_without_times_say_so_in_every_row() -> None:
    spoken = Utterances.without_times(party=[0, 1], text=["Hello.", "Hi."])
    assert spoken.ids == ("u1", "u2")
    assert (spoken.start_ms == MISSING_MS).all()
    assert not spoken.has_start.any()
    assert spoken == utterances("T Hello.", "C Hi.")
    assert spoken != utterances("T Hello.", "C Ho.")


def test_a_backchannel_leaves_the_floor_to_the_one_who_speaks() -> None:
    spoken = utterances("C I went home.", "T Mm-hm.", "C And I cried.", "T I see.", "T And then?")
    assert spoken.is_backchannel.tolist() == [False, True, False, False, False]
    assert spoken.turns.of_utterance.tolist() == [0, -1, 0, 1, 1]
    assert spoken.turns.first.tolist() == [0, 3]
    assert spoken.turns.last.tolist() == [2, 4]


def test_yes_after_a_question_is_an_answer() -> None:
    spoken = utterances("T Did you sleep?", "C Yes.", "T And did you eat?", "C Yeah.")
    assert not spoken.is_backchannel.any()
    assert len(spoken.turns) == 4


def test_okay_at_the_end_takes_the_floor() -> None:
    assert utterances("T See you on Monday.", "C Okay.").is_backchannel.tolist() == [False, False]


def test_listening_words_in_a_row_are_one_listener() -> None:
    spoken = utterances("C I went home.", "T Mm-hm.", "T Right.", "C And I cried.")
    assert spoken.is_backchannel.tolist() == [False, True, True, False]


def test_a_question_is_seen_behind_closing_quotes() -> None:
    spoken = utterances('T He said "why?"', "T You did (really?)", "T Oh.", "T ")
    assert spoken.is_question.tolist() == [True, True, False, False]


@QUICK
@given(lines)
def test_turns_alternate_and_hold_every_utterance_that_is_no_backchannel(rows: list[str]) -> None:
    spoken = utterances(*rows) if rows else Utterances.without_times(party=[], text=[])
    turns = spoken.turns
    assert ((turns.of_utterance == -1) == spoken.is_backchannel).all()
    assert (np.diff(turns.party) != 0).all()
    held = turns.of_utterance >= 0
    assert (turns.party[turns.of_utterance[held]] == spoken.party[held]).all()
    assert (turns.first <= turns.last).all()


# --- codes and ratings --------------------------------------------------------------------------


def codes(**changed: Any) -> Codes:
    good: dict[str, Any] = {
        "scheme": "strategy",
        "coder": "hand",
        "labels": ("advice", "validation"),
        "utterance": [0, 0, 2],
        "label": [0, 1, 1],
        "probability": [1.0, 0.5, 1.0],
    }
    return Codes(**(good | changed))


def test_codes_are_found_by_label() -> None:
    assert codes().with_label("validation").tolist() == [0, 2]
    assert len(codes()) == 3
    with pytest.raises(BadInput, match="expected one of advice, validation"):
        codes().with_label("praise")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": [0, 1]}, "differ in length"),
        ({"label": [0, 1, 2]}, "outside its 2 labels"),
        ({"utterance": [2, 0, 0]}, "not in the order of their utterances"),
        ({"utterance": [-1, 0, 0]}, "not in the order of their utterances"),
        ({"probability": [1.0, 1.0, 1.5]}, "not between 0 and 1"),
        ({"probability": [1.0, 1.0, float("nan")]}, "not between 0 and 1"),
    ],
)
def test_codes_refuse_rows_that_point_nowhere(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        codes(**changed)


def test_codes_and_ratings_compare_by_content() -> None:
    assert codes() == codes()
    assert codes() != codes(probability=[1.0, 0.4, 1.0])
    assert codes() != "codes"
    rated = Ratings("sentiment", "hand", [0.5, float("nan")], "-1 to 1")
    assert rated == Ratings("sentiment", "hand", [0.5, float("nan")], "-1 to 1")
    assert rated != Ratings("sentiment", "hand", [0.5, 0.0], "-1 to 1")
    assert rated != "ratings"


# --- sessions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parties", [PARTIES[:1], (*PARTIES[:2], Party("Second therapist", Role.THERAPIST))]
)
def test_a_session_has_one_therapist_and_one_client(parties: tuple[Party, ...]) -> None:
    with pytest.raises(BadInput, match="expected one"):
        Session(name="test", parties=parties, utterances=utterances("T Hello."))


def test_a_session_refuses_columns_that_point_outside_it() -> None:
    spoken = utterances("T Hello.", "O Hi.")
    with pytest.raises(BadInput, match="none of the 2 parties"):
        Session(name="test", parties=PARTIES[:2], utterances=spoken)
    with pytest.raises(BadInput, match="point past the last utterance"):
        session("T Hello.").with_codes(codes())
    with pytest.raises(BadInput, match="not one for each utterance"):
        session("T Hello.").with_ratings(Ratings("sentiment", "hand", [0.1, 0.2], "-1 to 1"))


def test_roles_lead_to_utterances_and_back() -> None:
    held = session("T Hello.", "C Hi.", "O Hey.", "C Well.")
    assert held.spoken_by(Role.CLIENT).tolist() == [False, True, False, True]
    assert held.party_of(Role.CLIENT) == 1
    assert held.role_of(2) is Role.OTHER
    assert (Role.CLIENT.partner, Role.THERAPIST.partner) == (Role.THERAPIST, Role.CLIENT)


def test_a_change_is_a_new_session() -> None:
    before = session("T Hello.", "C Hi.", "C Well.")
    signal = Signal([1.0], [True], rate_hz=1.0, unit="Hz")
    after = before.with_codes(codes()).with_signal("pitch:client", signal)
    assert (before.codes, dict(before.signals)) == ((), {})
    assert after.coded("strategy") == codes()
    assert after.signals["pitch:client"] == signal
    with pytest.raises(FrozenInstanceError):
        after.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        after.signals["pitch:client"] = signal  # type: ignore[index]


def test_the_coder_who_was_added_last_speaks_and_codes_again_replaces_itself() -> None:
    first, second = codes(), codes(coder="second")
    coded = session("T Hello.", "C Hi.", "C Well.").with_codes(first, second)
    assert coded.coded("strategy") is second
    again = coded.with_codes(codes(labels=("advice", "praise")))
    assert [c.coder for c in again.codes] == ["second", "hand"]
    assert coded.coded("talk") is None


def test_ratings_are_found_by_scheme() -> None:
    rated = session("T Hello.").with_ratings(Ratings("sentiment", "hand", [0.1], "-1 to 1"))
    rated = rated.with_ratings(Ratings("sentiment", "hand", [0.2], "-1 to 1"))
    found = rated.rated("sentiment")
    assert found is not None
    assert found.values.tolist() == [0.2]
    assert len(rated.ratings) == 1
    assert rated.rated("arousal") is None


def test_a_session_sent_to_another_process_is_the_same_and_cannot_be_changed_there() -> None:
    sent = replace(
        session("T 0-1000 Hello?", "C 900-2000 Hi."),
        signals={"motion_energy:client": Signal([1.0, 2.0], [True, False], 25.0, "px/frame")},
        codes=(Codes("strategy", "rules.v1", ("advice",), [0], [0], [0.5]),),
        ratings=(Ratings("sentiment", "lexicon.v1", [0.5, np.nan], "-1 to 1"),),
    )
    got = pickle.loads(pickle.dumps(sent))  # noqa: S301 our own bytes
    assert got == sent
    columns = (
        *(got.utterances.party, got.utterances.start_ms, got.utterances.end_ms),
        *(got.signals["motion_energy:client"].values, got.signals["motion_energy:client"].valid),
        *(got.codes[0].utterance, got.codes[0].probability, got.ratings[0].values),
    )
    assert not any(column.flags.writeable for column in columns)
    with pytest.raises(TypeError):
        got.signals["more"] = sent.signals["motion_energy:client"]


@pytest.mark.parametrize(
    "lines", [("T 0-1 a", "C 1-3600000001 b"), ("T 0-1 a", "C 3600000001- b"), ("T 0-1 a", "C 1-2 b")]
)
def test_a_session_ends_within_a_thousand_hours(lines: tuple[str, str]) -> None:
    duration_ms = -1 if lines[1] == "C 1-2 b" else None
    with pytest.raises(BadInput, match=r"a time is negative or after 1,000 hours"):
        replace(session(*lines), duration_ms=duration_ms)


def test_a_session_has_at_most_a_hundred_parties() -> None:
    others = tuple(Party(f"other {i}", Role.OTHER) for i in range(99))
    with pytest.raises(BadInput, match="has 101 parties; expected at most 100"):
        replace(session(), parties=PARTIES[:2] + others)


# --- findings and reports -----------------------------------------------------------------------

FINDING = Finding(
    name="talk_share",
    value=0.4,
    unit="share",
    n=20,
    counted="turns",
    step="floor.v1",
    party=Role.CLIENT,
    interval=(0.3, 0.5),
    evidence=("u1", Span(0, 900)),
)
NULL = Null("segment_shuffle", mean=0.1, sd=0.02, low=0.06, high=0.14, draws=200)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"value": float("nan")}, "give a NotMeasured"),
        ({"value": float("inf")}, "give a NotMeasured"),
        ({"n": 0}, "expected at least 1"),
        ({"interval": None}, "neither interval nor null"),
        ({"interval": (0.5, 0.3)}, "wrong order"),
        ({"interval": (float("nan"), 0.3)}, "wrong order"),
    ],
)
def test_no_number_travels_alone(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        replace(FINDING, **changed)


def report() -> Report:
    error = MeasuredError("advice", "precision", 0.6, (0.5, 0.7), 90, "invented data")
    return Report(
        version="0",
        session="test",
        parties=PARTIES[:2],
        sources=(Source("a.vtt", "00ff"),),
        steps=("floor.v1", "moments.v1"),
        findings=(
            FINDING,
            replace(FINDING, name="matching", party=None, aspect="articles", interval=None, null=NULL),
        ),
        not_measured=(NotMeasured("timing.v1", "needs times"),),
        moments=(
            Moment(
                kind="opened_up",
                favourable=True,
                title="A title",
                reason="A reason.",
                utterances=("u1", "u2"),
                evidence=("u2", Span(5, 9)),
                weight=0.7,
                step="moments.v1",
                measured=(error,),
            ),
        ),
    )


def test_a_finding_is_found_by_name_party_and_aspect() -> None:
    found = report().find("talk_share", Role.CLIENT)
    assert found is FINDING
    assert report().find("talk_share") is None
    assert report().find("matching", aspect="articles") is not None


def test_a_report_is_one_plain_json_document() -> None:
    document = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert list(document) == [
        *("version", "session", "sources", "parties", "steps"),
        *("findings", "not_measured", "moments"),
    ]
    assert document["parties"][1] == {"name": "Client", "role": "client"}
    talk, matching = document["findings"]
    assert (talk["party"], talk["interval"], talk["null"]) == ("client", [0.3, 0.5], None)
    assert talk["evidence"] == ["u1", [0, 900]]
    assert (matching["party"], matching["interval"]) == (None, None)
    assert matching["null"]["high"] == 0.14
    assert document["not_measured"] == [
        {
            "name": None,
            "party": None,
            "aspect": None,
            "reason": "needs times",
            "step": "timing.v1",
        }
    ]
    assert document["moments"][0]["evidence"] == ["u2", [5, 9]]
    assert document["moments"][0]["measured"][0]["interval"] == [0.5, 0.7]
    assert "weight" not in document["moments"][0]

"""Scores of every shipped instrument, added up by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from openrapport.errors import BadInput
from openrapport.measures.comparison import may_be_about_self_harm
from openrapport.measures.instrument import (
    ScaleScore,
    Status,
    about_self_harm,
    check_answers,
    library,
    score,
)

Answers = dict[str, int | float | str | None]


def numbered(*values: int | None) -> Answers:
    return {f"q{number}": value for number, value in enumerate(values, 1)}


def values(key: str, answers: Answers) -> dict[str, float | None]:
    return {one.scale: one.value for one in score(library()[key], answers)}


def test_the_pulse_is_the_mean_of_four_and_needs_three() -> None:
    pulse = library()["pulse"]
    four: Answers = {"bond": 8, "goal": 7, "task": 9, "voice": 2}
    assert score(pulse, four) == (ScaleScore("alliance", 6.5, 4, 4, Status.COMPLETE),)
    # (8 + 7 + 9) / 3
    assert score(pulse, four | {"voice": None}) == (ScaleScore("alliance", 8.0, 3, 4, Status.PRORATED),)
    assert score(pulse, {"bond": 8, "goal": 7}) == (ScaleScore("alliance", None, 2, 4, Status.TOO_FEW),)


def test_strain_picture_and_own_words_are_not_in_the_pulse() -> None:
    answers: Answers = {"bond": 8, "goal": 8, "task": 8, "voice": 8}
    more: Answers = {"strain": 2, "picture": 0, "differently": "slower"}
    assert values("pulse", answers | more) == values("pulse", answers) == {"alliance": 8.0}


def test_the_therapist_has_an_own_view_and_a_guess() -> None:
    answers: Answers = {"bond": 7, "goal": 8, "task": 6}
    answers |= {"predicted_bond": 9, "predicted_goal": 9, "predicted_task": 6}
    assert values("pulse-therapist", answers) == {"own": 7.0, "predicted": 8.0}
    assert values("pulse-therapist", {"bond": 7, "goal": 8, "task": 6}) == {
        "own": 7.0,
        "predicted": None,
    }


def test_a_goal_line_is_its_one_answer() -> None:
    assert values("goal-line", {"along": 3}) == {"along": 3.0}
    assert values("goal-line", {}) == {"along": None}


def test_phq_9_is_a_sum_of_nine_without_the_difficulty() -> None:
    answers = numbered(2, 1, 3, 2, 0, 1, 1, 0, 1)
    assert values("phq-9", answers | {"difficulty": 3}) == {"total": 11.0}
    band = library()["phq-9"].scale("total").band_of(11)
    assert band is not None
    assert band.name == "moderate"


def test_phq_9_and_gad_7_are_never_prorated() -> None:
    assert score(library()["phq-9"], numbered(3, 3, 3, 3, 3, 3, 3, 3, None)) == (
        ScaleScore("total", None, 8, 9, Status.TOO_FEW),
    )
    assert values("gad-7", numbered(3, 3, 3, 3, 3, 3, None)) == {"total": None}


def test_gad_7_is_a_sum_of_seven() -> None:
    assert values("gad-7", numbered(1, 2, 3, 0, 1, 2, 3)) == {"total": 12.0}


@pytest.mark.parametrize(
    ("key", "item", "low", "high"), [("phq-9", "q9", 0, 1), ("core-10", "q6", 0, 4)]
)
def test_an_answer_about_self_harm_is_named(key: str, item: str, low: int, high: int) -> None:
    instrument = library()[key]
    assert about_self_harm(instrument, {item: low}) == ()
    assert about_self_harm(instrument, {item: high}) == (item,)
    assert about_self_harm(instrument, {}) == ()
    assert [one.key for one in instrument.items if one.self_harm_from is not None] == [item]


@pytest.mark.parametrize("value", [11, -1, 2.5, True, "8", float("nan")])
def test_an_answer_that_the_item_does_not_have_is_refused_and_not_quoted(value: object) -> None:
    with pytest.raises(BadInput, match=r"the answer to bond is .*whole number from 0 to 10") as error:
        check_answers(library()["pulse"], {"bond": value})  # type: ignore[dict-item]
    assert "2.5" not in str(error.value)


def test_an_unknown_item_is_refused_and_not_quoted() -> None:
    with pytest.raises(BadInput, match="1 of the answers belong to no item of pulse") as error:
        check_answers(library()["pulse"], {"my secret": 3})
    assert "secret" not in str(error.value)


def test_words_are_no_number_and_a_number_is_no_words() -> None:
    with pytest.raises(BadInput, match="differently is a number; expected words"):
        check_answers(library()["pulse"], {"differently": 3})
    assert check_answers(library()["pulse"], {"differently": "  ", "bond": None}) == {}
    assert check_answers(library()["pulse"], {"differently": " slower "}) == {"differently": "slower"}


def test_k6_counts_all_of_the_time_as_4() -> None:
    assert values("k6", numbered(4, 3, 2, 1, 0, 3)) == {"total": 13.0}
    words = library()["k6"].texts("en").items["q1"].labels
    assert (words[4], words[0]) == ("All of the time", "None of the time")
    assert library()["k6"].recall_days == 30


def test_core_10_turns_two_items_round_and_counts_ten_times_the_mean() -> None:
    # 1 + (4-3) + (4-1) + 2 + 0 + 0 + 4 + 2 + 3 + 1 = 17
    answers = numbered(1, 3, 1, 2, 0, 0, 4, 2, 3, 1)
    assert values("core-10", answers) == {"total": 17.0}
    assert values("core-10", numbered(*[0] * 10)) == {"total": 8.0}


def test_core_10_may_miss_one_answer_and_no_more() -> None:
    # Without the 4 of q7: 13 / 9 * 10
    answers = numbered(1, 3, 1, 2, 0, 0, None, 2, 3, 1)
    (one,) = score(library()["core-10"], answers)
    assert one.value == pytest.approx(130 / 9)
    assert (one.answered, one.expected, one.status) == (9, 10, Status.PRORATED)
    assert values("core-10", answers | {"q8": None}) == {"total": None}


def test_mini_ipip_turns_three_items_of_imagination_round() -> None:
    answers = numbered(*[1] * 20)
    # Items that count the other way give 5: E 2 of 4, A 2, C 2, N 2, I 3.
    assert values("mini-ipip", answers) == {
        "extraversion": 3.0,
        "agreeableness": 3.0,
        "conscientiousness": 3.0,
        "neuroticism": 3.0,
        "imagination": 4.0,
    }
    answers |= {"q5": 5, "q10": 2, "q15": 1, "q20": 3}
    # (5 + 4 + 5 + 3) / 4
    assert values("mini-ipip", answers)["imagination"] == 4.25


def test_ipip_ipc_has_eight_means_of_four() -> None:
    answers = numbered(*([5, 4, 3, 2, 1, 2, 3, 4] * 4))
    assert values("ipip-ipc-32", answers) == {
        "fg": 5.0,
        "hi": 4.0,
        "jk": 3.0,
        "lm": 2.0,
        "no": 1.0,
        "pa": 2.0,
        "bc": 3.0,
        "de": 4.0,
    }


def test_wai_sr_has_three_sums_and_their_total() -> None:
    answers = numbered(*range(1, 6), *range(1, 6), 1, 2)
    # Goal 4+1+3+1, task 1+2+5+2, bond 3+5+2+4
    assert values("wai-sr", answers) == {"goal": 9.0, "task": 10.0, "bond": 14.0, "total": 33.0}


def test_wai_s_turns_two_goal_items_round() -> None:
    answers = numbered(*[1] * 12)
    # Items 4 and 10 give 7.
    assert values("wai-s", answers) == {"task": 4.0, "bond": 4.0, "goal": 16.0, "total": 24.0}


def test_wai_b3_is_the_mean_of_three() -> None:
    assert values("wai-b3", {"q9": 5, "q10": 3, "q11": 4}) == {"total": 4.0}


def test_who_5_is_the_raw_sum_times_four() -> None:
    assert values("who-5", numbered(5, 4, 3, 0, 1)) == {"total": 52.0}


def test_c_nip_sums_from_minus_three_to_three_and_its_bands_are_lopsided() -> None:
    answers = numbered(3, 3, 2, 0, 0, -1, 0, 0, 0, 0, -3, 0, 0, 1, 1, 1, 1, 0)
    assert values("c-nip", answers) == {
        "directiveness": 8.0,
        "intensity": -1.0,
        "past": -3.0,
        "support": 4.0,
    }
    intensity = library()["c-nip"].scale("intensity")
    found = [intensity.band_of(value) for value in (-1, 0, 7)]
    assert [one and one.name for one in found] == [
        "strong preference for emotional reserve",
        "no strong preference",
        "strong preference for emotional intensity",
    ]


def test_every_shipped_instrument_is_scored_by_hand_above() -> None:
    here = Path(__file__).read_text("utf-8")
    assert [key for key in library() if f'"{key}"' not in here] == []


@pytest.mark.parametrize("key", library())
def test_every_key_and_its_words_are_whole(key: str) -> None:
    instrument = library()[key]
    assert instrument.sources
    for language in instrument.languages:
        texts = instrument.texts(language)
        assert texts.language == language
        assert list(texts.items) == [item.key for item in instrument.items]


@pytest.mark.parametrize("key", library())
def test_no_shipped_item_about_self_harm_lacks_its_mark(key: str) -> None:
    assert may_be_about_self_harm(library()[key]) == ()


def test_names_that_need_a_licence_to_run_are_not_shipped() -> None:
    assert {"srs", "ors", "oq-45", "reqol"} & set(library()) == set()
    without_words = {key for key, one in library().items() if not one.languages}
    assert without_words == {"wai-sr", "wai-s", "wai-b3", "who-5", "c-nip"}


def test_our_own_forms_say_that_they_are_unvalidated() -> None:
    unvalidated = {key for key, one in library().items() if not one.validated}
    assert unvalidated == {"pulse", "pulse-therapist", "goal-line"}
    assert library()["pulse"].languages == ("en", "es")

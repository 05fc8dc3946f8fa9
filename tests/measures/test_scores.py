"""Scores of every shipped instrument, added up by hand."""

from __future__ import annotations

import pytest

from openrapport.errors import BadInput
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

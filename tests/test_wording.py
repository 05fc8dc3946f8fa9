"""Numbers as a person reads them."""

from __future__ import annotations

import pytest

from openrapport.codes import MeasuredError
from openrapport.finding import Finding, Null
from openrapport.reporting import wording
from openrapport.reporting.explanations import explain
from openrapport.session import Role


def finding(value: float, unit: str, **more: object) -> Finding:
    fields = {"name": "x", "n": 9, "counted": "turns", "step": "x.v1", "interval": (value, value)}
    return Finding(value=value, unit=unit, **{**fields, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.615, "share", "62%"),
        (-0.001, "compound", "0"),
        (-0.05, "compound", "−0.05"),
        (1_400, "ms", "1.4 s"),
        (119_000, "ms", "119.0 s"),
        (121_000, "ms", "2.0 min"),
        (8.0, "words", "8 words"),
        (8.5, "words", "8.5 words"),
        (0.634, "per 100 words", "0.63 per 100 words"),
        (589.2, "per hour", "589 per hour"),
        (0.04, "difference in probability", "4 points more often"),
        (-0.03, "difference in probability", "3 points less often"),
        (-0.001, "difference in probability", "0 points more often"),
    ],
)
def test_a_number_is_no_more_precise_than_it_is_worth(value: float, unit: str, text: str) -> None:
    assert wording.amount(value, unit) == text


def test_points_are_named_once_in_an_interval_and_in_what_chance_gives() -> None:
    null = Null("segment_shuffle", mean=0, sd=0.01, low=-0.02, high=0.02, draws=200)
    seen = finding(0.04, "difference in probability", interval=(-0.01, 0.09), null=null)
    assert wording.interval(seen) == "−1 to 9 points"
    assert wording.chance(seen) == (
        "Chance alone gives −2 to 2 points (200 shuffles). This is more than that."
    )


@pytest.mark.parametrize(
    ("value", "where"),
    [(0.5, "more than that"), (0.1, "less than that"), (0.2, "no different from chance")],
)
def test_chance_says_on_which_side_a_value_lies(value: float, where: str) -> None:
    null = Null("segment_shuffle", mean=0.25, sd=0.05, low=0.15, high=0.35, draws=200)
    assert wording.chance(finding(value, "share", null=null)).endswith(f"This is {where}.")


def test_a_coder_s_measured_error_stands_beside_its_finding_in_few_words() -> None:
    seven = MeasuredError("advice", "precision", 0.71, (0.6, 0.8), 90, "ten transcripts")
    unsure = MeasuredError("advice", "precision", 1.0, (0.34, 1.0), 2, "ten transcripts")
    recall = MeasuredError("advice", "recall", 0.3, (0.2, 0.4), 90, "ten transcripts")
    said = wording.right_in_short(finding(1, "words", measured=(seven, recall)))
    assert said == "about 7 of 10 such marks are right"
    assert "too few" in wording.right_in_short(finding(1, "words", measured=(unsure,)))
    assert wording.right_in_short(finding(1, "words")) == ""


def test_how_sure_names_each_source_once() -> None:
    marks = [
        finding(
            1,
            "words",
            measured=(MeasuredError(code, "precision", 0.5, (0.4, 0.6), 50, "ten transcripts"),),
        )
        for code in ("advice", "open_question")
    ]
    interval, measured = wording.how_sure(marks)
    assert "95% interval" in interval
    assert measured == (
        "So many of such marks were right: advice 50% (40% to 60%, n = 50), "
        "open question 50% (40% to 60%, n = 50). Measured on ten transcripts."
    )


def test_a_sentence_names_the_one_and_the_other() -> None:
    seen = finding(2.5, "per 100 turns", name="interruption_rate", party=Role.CLIENT)
    assert explain("interruption_rate").say(seen) == (
        "The client took the floor before the therapist had finished 2.5 times in 100 turns."
    )

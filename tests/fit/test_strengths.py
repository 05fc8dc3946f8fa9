"""Records: shrunk, honest about few cases, and silent where nobody differs."""

from __future__ import annotations

import numpy as np
import pytest

from openrapport.errors import BadInput
from openrapport.fit.strengths import RecordClass, records

Practice = tuple[list[str], list[str], np.ndarray, np.ndarray, np.ndarray]


def practice(rng: np.random.Generator, between: float, therapists: int = 20) -> Practice:
    """Invent cases of one area whose true effects are known."""
    effect = rng.normal(0, between, therapists) if between else np.zeros(therapists)
    who = np.repeat(np.arange(therapists), rng.integers(5, 50, therapists))
    severity = rng.normal(0, 1, len(who))
    change = 1 + 0.8 * severity + effect[who] + rng.normal(0, 1.5, len(who))
    return [f"t{w:02}" for w in who], ["sleep"] * len(who), change, severity, effect


def test_a_balanced_practice_gives_the_estimate_of_an_analysis_of_variance() -> None:
    change = np.array([0.0, 1, 2, 3, 4, 5, 8, 9, 10])
    who = list("aaabbbccc")
    (area,) = records(who, ["sleep"] * 9, change, np.zeros(9), least_cases=3)
    # Means 1, 4, 9 around 14/3; within variance 1; between (MSB - MSW) / 3.
    means = np.array([1, 4, 9])
    between = (3 * means.var(ddof=1) - 1) / 3
    capped = min(between, 1.5**2)
    assert area.between_share == pytest.approx(capped / (1 + capped), abs=0.01)
    assert [record.raw for record in area.records] == pytest.approx(means - means.mean())
    assert area.n == 9
    assert area.p < 0.01


def test_shrinking_goes_towards_what_is_usual_and_less_the_more_cases_there_are() -> None:
    rng = np.random.default_rng(1)
    who, problem, change, severity, _ = practice(rng, 0.5)
    (area,) = records(who, problem, change, severity)
    shares = {}
    for record in area.records:
        assert abs(record.shrunk) < abs(record.raw)
        assert np.sign(record.shrunk) == np.sign(record.raw)
        assert record.interval[0] < record.shrunk < record.interval[1]
        shares[record.n] = record.shrunk / record.raw
    assert shares[max(shares)] > shares[min(shares)]


def test_severity_at_intake_is_no_merit() -> None:
    # One therapist sees only severe cases, where change is larger for everybody.
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(6), 40)
    severity = rng.normal(0, 1, 240) + 2 * (who == 0)
    change = severity + rng.normal(0, 0.5, 240)
    (area,) = records([f"t{w}" for w in who], ["sleep"] * 240, change, severity)
    assert all(abs(record.raw) < 0.4 for record in area.records)
    assert not any(record.verdict is RecordClass.EFFECTIVE for record in area.records)


def test_a_large_true_advantage_is_found_and_few_cases_are_not_yet_known() -> None:
    rng = np.random.default_rng(3)
    who = [f"t{w}" for w in np.repeat(np.arange(12), 40)] + ["new"] * 14
    effect = np.repeat([2.0] + [0.0] * 11, 40).tolist() + [3.0] * 14
    change = np.array(effect) + rng.normal(0, 1, len(who))
    (area,) = records(who, ["sleep"] * len(who), change, np.zeros(len(who)))
    verdict = {record.therapist: record.verdict for record in area.records}
    assert verdict["t0"] is RecordClass.EFFECTIVE
    assert verdict["new"] is RecordClass.NOT_YET_KNOWN
    assert verdict["t5"] is RecordClass.NEUTRAL


def test_with_no_true_differences_hardly_anybody_is_called_effective() -> None:
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(60):
        who, problem, change, severity, _ = practice(rng, 0.0)
        (area,) = records(who, problem, change, severity)
        wrong += any(record.verdict is RecordClass.EFFECTIVE for record in area.records)
    assert wrong <= 6  # 3 expected at the stated error of 0.05; more than 6 in 3 % of all runs


def test_the_shrunk_best_is_truly_better_than_the_raw_best() -> None:
    rng = np.random.default_rng(5)
    by_shrunk, by_raw = [], []
    for _ in range(60):
        who, problem, change, severity, effect = practice(rng, 0.3)
        (area,) = records(who, problem, change, severity)
        by_shrunk.append(effect[np.argmax([record.shrunk for record in area.records])])
        by_raw.append(effect[np.argmax([record.raw for record in area.records])])
    assert np.mean(by_shrunk) > np.mean(by_raw)


def test_cases_without_a_score_are_left_out_and_areas_stay_apart() -> None:
    rng = np.random.default_rng(6)
    who, problem, change, severity, _ = practice(rng, 0.3)
    (once,) = records(who, problem, change, severity)
    twice = records(
        [*who, *who, "t00", "t01"],
        [*problem, *(["grief"] * len(who)), "sleep", "sleep"],
        np.concatenate((change, change, [np.nan, 1.0])),
        np.concatenate((severity, severity, [1.0, np.nan])),
    )
    assert [area.problem for area in twice] == ["grief", "sleep"]
    assert [[r.shrunk for r in area.records] for area in twice] == [
        [r.shrunk for r in once.records]
    ] * 2


def test_two_therapists_have_nobody_to_compare_with() -> None:
    assert records(["a"] * 20 + ["b"] * 20, ["sleep"] * 40, np.arange(40.0), np.arange(40.0)) == ()
    assert records([], [], [], []) == ()


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(BadInput, match="differ in number"):
        records(["a"], ["sleep"], [1.0, 2.0], [1.0])
    with pytest.raises(BadInput, match="error is not between 0 and 1"):
        records([], [], [], [], error=0)

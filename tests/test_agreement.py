"""Agreement of coders: textbook examples, and what happens where it does not exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.codes import Codes
from openrapport.coding.agreement import (
    code_agreement,
    cohen_kappa,
    intraclass_correlation,
    krippendorff_alpha,
    measured_agreement,
)
from openrapport.errors import BadInput

_ = np.nan
# The worked example of Krippendorff (2011), four coders and twelve units.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]
# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_it_gives_krippendorffs_own_example(level: str, alpha: float) -> None:
    assert krippendorff_alpha(KRIPPENDORFF, level=level) == pytest.approx(alpha, abs=0.0006)


def test_it_gives_shrout_and_fleiss_own_example() -> None:
    assert intraclass_correlation(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


def test_it_gives_kappa_as_counted_by_hand() -> None:
    # 20 both yes, 15 both no, 5 and 10 differ: .7 agree, .5 by chance.
    one = [1] * 20 + [1] * 5 + [0] * 10 + [0] * 15
    other = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert cohen_kappa(one, other, weights="none") == pytest.approx(0.4)


def test_a_slip_of_one_level_costs_less_than_one_of_three() -> None:
    truth = [0, 1, 2, 3, 0, 1, 2, 3]
    near, far = [1, 1, 2, 3, 0, 1, 2, 3], [3, 1, 2, 3, 0, 1, 2, 3]
    kappa = [cohen_kappa(truth, other, weights="quadratic") for other in (near, far)]
    assert kappa[0] > kappa[1]


@given(st.lists(st.integers(0, 3), min_size=4, max_size=30))
def test_who_always_agrees_has_full_agreement_or_none_to_speak_of(labels: list[int]) -> None:
    several = len(set(labels)) > 1
    values = (
        cohen_kappa(labels, labels, weights="linear"),
        krippendorff_alpha([labels, labels], level="nominal"),
        intraclass_correlation([labels, labels]),
    )
    assert all(v == pytest.approx(1) if several else np.isnan(v) for v in values)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=30))
def test_it_does_not_matter_who_is_named_first(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    there, back = (cohen_kappa(*p, weights="quadratic") for p in ((one, other), (other, one)))
    assert there == pytest.approx(back, nan_ok=True)


def test_a_supervisor_sees_how_far_the_machine_agrees() -> None:
    person = Codes("strategy", "a person", ("advice", "summary"), [0, 2, 4], [0, 0, 1], [1, 1, 1])
    machine = Codes("strategy", "machine.v1", ("advice", "insight"), [0, 4], [0, 0], [0.9, 0.8])
    found = code_agreement(person, machine, range(6), rng=np.random.default_rng(1))
    assert [(a.name, a.code, a.n, a.given) for a in found] == [
        ("kappa", "advice", 6, (2, 2)),
        ("same", "advice", 6, (2, 2)),
    ]
    # 4 of 6 the same; chance gives 5 of 9.
    assert found[0].value == pytest.approx(0.25)
    assert found[1].value == pytest.approx(2 / 3)
    assert found[1].interval[0] <= found[1].value <= found[1].interval[1]


def test_units_of_one_coder_alone_do_not_count() -> None:
    table = [[1, 0, _, 1], [1, 1, 0, _]]
    found = measured_agreement(
        "same", lambda t: float((t[0] == t[1]).mean()), table, code="x", rng=np.random.default_rng(1)
    )
    assert (found.n, found.value) == (2, 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cohen_kappa([1], [1, 2], weights="none"), "as many"),
        (lambda: cohen_kappa([], [], weights="none"), "at least one"),
        (lambda: cohen_kappa([1, _], [1, 1], weights="none"), "missing"),
        (lambda: cohen_kappa([1], [1], weights="cubic"), "expected one of none, linear, quadratic"),
        (lambda: krippendorff_alpha([1, 2], level="nominal"), "coders by units"),
        (lambda: krippendorff_alpha([[1], [1]], level="ratio"), "expected one of nominal"),
        (lambda: intraclass_correlation([[1, 2]]), "two coders and two units"),
        (lambda: intraclass_correlation([[1, 2], [1, _]]), "missing"),
        (
            lambda: code_agreement(
                Codes("talk", "a", ("change",), [], [], []),
                Codes("strategy", "b", ("advice",), [], [], []),
                [0],
                rng=np.random.default_rng(1),
            ),
            "expected one scheme",
        ),
    ],
)
def test_bad_input_says_what_was_expected(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput, match=message):
        call()

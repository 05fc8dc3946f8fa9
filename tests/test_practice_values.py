"""Tables of a fictional practice: read-only columns, plain rows, names that nobody bears."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.simulation import Clients, Modality, PracticeParameters, Referral, sources
from openrapport.simulation.names import fictional_names, mail_addresses


def clients(**changes: object) -> Clients:
    columns: dict[str, object] = {
        "name": ["Ada Teaspoon", "Omar Nightbus"],
        "email": ["a@example.org", "b@example.org"],
        "asked_on": ["2025-03-03", "NaT"],
        "referral": [1, -1],
        "modality": [0, 2],
    }
    return Clients(**(columns | changes))  # type: ignore[arg-type]


def test_a_row_has_plain_values_and_none_where_there_is_nothing() -> None:
    first, second = clients().rows()
    assert first == {
        "name": "Ada Teaspoon",
        "email": "a@example.org",
        "asked_on": date(2025, 3, 3),
        "referral": Referral.DOCTOR,
        "modality": Modality.IN_PERSON,
    }
    assert (second["asked_on"], second["referral"]) == (None, None)


def test_columns_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        clients().referral[0] = 3


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in length"):
        clients(referral=[1])


def test_a_column_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(BadInput, match="int8 was expected"):
        clients(referral=["doctor", "friend"])
    with pytest.raises(BadInput, match="2 dimensions"):
        clients(referral=[[1, 2]])


def test_tables_are_equal_when_their_columns_are() -> None:
    assert clients() == clients()
    assert clients() != clients(referral=[1, 1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 20_000), st.integers(0, 2**32))
def test_nobody_shares_a_name_or_an_address(n: int, seed: int) -> None:
    names = fictional_names(n, rng=np.random.default_rng(seed))
    assert len(names) == len(set(names)) == len(set(mail_addresses(names))) == n
    assert all(address.endswith("@example.org") for address in mail_addresses(names))


def test_first_names_repeat_only_when_all_are_used() -> None:
    names = fictional_names(60, rng=np.random.default_rng(0))
    assert len({name.split()[0] for name in names}) == 60


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clients": 0}, "clients is 0; expected a whole number from 1"),
        ({"clients": 2.5}, "clients is 2.5"),
        ({"clients": True}, "clients is True"),
        ({"dropout_share": 1.2}, "dropout_share is 1.2; expected a number from 0 to 1"),
        ({"alliance_mean": float("nan")}, "alliance_mean is nan"),
        ({"capacity_low": 9, "capacity_high": 8}, "expected low to be at most high"),
        ({"in_person_share": 0.7, "telephone_share": 0.5}, "add up to 1.2"),
        ({"therapist_share": 0.9, "alliance_outcome_r": 0.5}, "more than all"),
    ],
)
def test_a_number_that_cannot_be_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        PracticeParameters(**wrong)  # type: ignore[arg-type]


def test_every_default_says_where_it_comes_from() -> None:
    assert all(sources().values())

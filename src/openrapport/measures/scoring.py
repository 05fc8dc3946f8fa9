"""From answers to scores: checked, turned round, added up, and honest about what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import fsum

from openrapport.errors import BadInput
from openrapport.measures.forms import Instrument, Item, Kind, Number, Rule, Scale

__all__ = ["Answers", "ScaleScore", "Status", "about_self_harm", "check_answers", "score", "turned"]

Answers = Mapping[str, int | float | str | None]
"""Item key to answer. None, or no such key, is an item that was left out."""


class Status(StrEnum):
    """What a score rests on."""

    COMPLETE = "complete"
    PRORATED = "prorated"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """The score of one scale.

    Parameters
    ----------
    scale : str
        Key of the scale.
    value : float or None
        In points; None where too few items were answered.
    answered, expected : int
        How many of the scale's items have an answer, and how many it has.
    status : Status
        Complete, prorated (as the owner of the form allows), or too few.
    """

    scale: str
    value: float | None
    answered: int
    expected: int
    status: Status


def score(instrument: Instrument, answers: Answers) -> tuple[ScaleScore, ...]:
    """Score a form.

    Parameters
    ----------
    instrument : Instrument
        The form.
    answers : mapping of str to int, float, str or None
        Item key to answer. An item that is None or not there was left out.

    Returns
    -------
    scores : tuple of ScaleScore
        One for each scale, in the instrument's order. What is missing is never counted as 0.

    Raises
    ------
    BadInput
        If there is an unknown item, or an answer that the item does not have.
    """
    given = check_answers(instrument, answers)
    items = {item.key: item for item in instrument.items}
    return tuple(_score(scale, items, given) for scale in instrument.scales)


def check_answers(instrument: Instrument, answers: Answers) -> dict[str, Number | str]:
    """Check answers against the form, and leave out what was not answered.

    Parameters
    ----------
    instrument : Instrument
        The form.
    answers : mapping of str to int, float, str or None
        Item key to answer.

    Returns
    -------
    given : dict of str to int, float or str
        In the form's order, without what was left out. Text is stripped.

    Raises
    ------
    BadInput
        If there is an unknown item, or an answer that the item does not have. The message names
        the item and what it expects, never the answer.
    """
    known = {item.key for item in instrument.items}
    strangers = [key for key in answers if key not in known]
    if strangers:
        raise BadInput(
            f"{len(strangers)} of the answers belong to no item of {instrument.key}; expected "
            f"{', '.join(item.key for item in instrument.items)}"
        )
    given: dict[str, Number | str] = {}
    for item in instrument.items:
        answer = answers.get(item.key)
        if answer is not None and (checked := _checked(item, answer)) is not None:
            given[item.key] = checked
    return given


def about_self_harm(instrument: Instrument, answers: Answers) -> tuple[str, ...]:
    """Name the items whose answers are about harming oneself.

    Parameters
    ----------
    instrument : Instrument
        The form.
    answers : mapping of str to int, float, str or None
        Item key to answer.

    Returns
    -------
    items : tuple of str
        Keys of the items that were answered at or above their threshold; empty where none was.
        Empty does not say that somebody is safe.

    Raises
    ------
    BadInput
        If there is an unknown item, or an answer that the item does not have.
    """
    given = check_answers(instrument, answers)
    found = []
    for item in instrument.items:
        answer, least = given.get(item.key), item.self_harm_from
        if least is not None and isinstance(answer, (int, float)) and answer >= least:
            found.append(item.key)
    return tuple(found)


def turned(item: Item, answer: Number) -> Number:
    """Turn an answer round, as for an item that counts the other way.

    Parameters
    ----------
    item : Item
        A choice or a rating.
    answer : int or float
        One of its values.

    Returns
    -------
    turned : int or float
        Lowest plus highest value minus the answer: turned twice it is what it was.
    """
    return min(item.values) + max(item.values) - answer


def _checked(item: Item, answer: int | float | str) -> Number | str | None:
    if item.kind is Kind.TEXT:
        if not isinstance(answer, str):
            raise BadInput(f"the answer to {item.key} is a number; expected words")
        return answer.strip() or None
    if isinstance(answer, (str, bool)):
        raise BadInput(f"the answer to {item.key} is no number; expected {_range_of(item)}")
    for option in item.options:
        if option.value == answer:
            return option.value
    raise BadInput(f"the answer to {item.key} is outside its scale; expected {_range_of(item)}")


def _range_of(item: Item) -> str:
    if item.kind is Kind.RATING:
        return f"a whole number from {min(item.values):g} to {max(item.values):g}"
    return f"one of {', '.join(f'{value:g}' for value in sorted(item.values))}"


def _score(scale: Scale, items: Mapping[str, Item], given: Mapping[str, Number | str]) -> ScaleScore:
    values = []
    for key in scale.items:
        answer = given.get(key)
        if isinstance(answer, (int, float)):
            values.append(turned(items[key], answer) if key in scale.reverse else answer)
    answered, expected = len(values), len(scale.items)
    if not answered or expected - answered > scale.most_missing:
        return ScaleScore(scale.key, None, answered, expected, Status.TOO_FEW)
    # The mean of what was answered stands for what was not.
    size = expected if scale.rule is Rule.SUM else 1
    value = fsum(values) * size * scale.multiply / answered
    status = Status.COMPLETE if answered == expected else Status.PRORATED
    # Rounding in the last digit must not carry a score past the end of its scale.
    return ScaleScore(scale.key, min(max(value, scale.low), scale.high), answered, expected, status)

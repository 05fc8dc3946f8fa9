"""Reasons to talk that need no course: the client's own words, and an outcome that is reliably worse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from openrapport.errors import BadInput
from openrapport.measures.change import Change, ScaleChange
from openrapport.measures.looks import Look, Rule, Status

__all__ = ["Reason", "of_change", "of_look", "of_private_word", "of_strain"]

_NO, _A_LITTLE, _CLEARLY = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Something to keep in mind or to bring up.

    Parameters
    ----------
    rule : Rule
        What it rests on.
    status : Status
        ``watch`` or ``talk``.
    basis : dict
        What was seen, in plain values for JSON; never a client's words.
    """

    rule: Rule
    status: Status
    basis: dict[str, Any]


def of_look(look: Look) -> Reason | None:
    """Take a rating that is low for this client.

    Parameters
    ----------
    look : Look
        As ``look_at_one`` gave it.

    Returns
    -------
    reason : Reason or None
        None where the rating is steady or missing.
    """
    if look.status not in (Status.WATCH, Status.TALK):
        return None
    return Reason(rule=look.rule, status=look.status, basis=look.to_json())


def of_strain(strain: int | None) -> Reason | None:
    """Take the client's own answer to whether something felt off.

    Parameters
    ----------
    strain : int or None
        0 no, 1 a little, 2 clearly; None where it was not answered.

    Returns
    -------
    reason : Reason or None
        ``talk`` for clearly, ``watch`` for a little. It is what the client says, and no estimate.

    Raises
    ------
    BadInput
        If it is another number.
    """
    if strain is None or strain == _NO:
        return None
    if isinstance(strain, bool) or strain not in (_A_LITTLE, _CLEARLY):
        raise BadInput("the answer about strain is out of its range; expected 0, 1, 2 or nothing")
    status = Status.TALK if strain == _CLEARLY else Status.WATCH
    return Reason(rule=Rule.FELT_OFF, status=status, basis={"strain": strain, "of": _CLEARLY})


def of_private_word() -> Reason:
    """Take a private word, whatever it says.

    Returns
    -------
    reason : Reason
        Always ``talk``: somebody took the trouble to write.
    """
    return Reason(rule=Rule.PRIVATE_WORD, status=Status.TALK, basis={})


def of_change(scale: str, change: ScaleChange | None) -> Reason | None:
    """Take an outcome that is worse than at the start by more than measurement error explains.

    Parameters
    ----------
    scale : str
        Key of the scale.
    change : ScaleChange or None
        As ``openrapport.measures.change.read_change`` gave it: with threshold, interval and source.

    Returns
    -------
    reason : Reason or None
        None where the change is no reliable deterioration. It does not say what caused it.
    """
    if change is None or change.verdict is not Change.WORSE:
        return None
    basis = asdict(change) | {"scale": scale, "verdict": str(change.verdict)}
    return Reason(rule=Rule.WORSE, status=Status.TALK, basis=basis)

"""What matters to a client: needs that must be met, wishes, and leanings about the way of working.

Having no preference is said by leaving a thing out. It is another thing than wanting the middle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from openrapport.errors import BadInput
from openrapport.fit.slots import WeeklySlot, zone_of

__all__ = [
    "LEANING_END",
    "Dimension",
    "Format",
    "Leaning",
    "Need",
    "Needs",
    "Preferences",
    "Strength",
    "Wish",
    "WishKind",
    "each_once",
]

LEANING_END = 3
"""Leanings go from -3 to +3."""

_MOST_IMPORTANT = 3


class Dimension(StrEnum):
    """Ways of working that people differ in, each from -3 to +3."""

    LEAD = "lead"  # the client leads ... the therapist leads
    FEELING = "feeling"  # keeping feelings in bounds ... going into them
    PAST = "past"  # the present ... the past
    CHALLENGE = "challenge"  # warm support ... challenge
    TASKS = "tasks"  # nothing between meetings ... tasks between meetings


class Format(StrEnum):
    """How people meet."""

    ROOM = "room"
    VIDEO = "video"
    PHONE = "phone"


class WishKind(StrEnum):
    """What a client may have a wish about. Used only as the client set it."""

    GENDER = "gender"
    CULTURE = "culture"
    FAITH = "faith"
    IDENTITY = "identity"


class Strength(StrEnum):
    """How strong a wish is. No wish is said by leaving it out."""

    MUST = "must"
    WOULD_LIKE = "would_like"


class Need(StrEnum):
    """What can rule a therapist out."""

    LANGUAGE = "language"
    FORMAT = "format"
    PLACE = "place"
    ACCESS = "access"
    FEE = "fee"
    AGE_GROUP = "age_group"
    SLOT = "slot"
    GENDER = "gender"
    CULTURE = "culture"
    FAITH = "faith"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Leaning:
    """Where somebody stands on one dimension, and how much it matters.

    Parameters
    ----------
    dimension : Dimension
        Which way of working.
    value : float
        In [-3, 3]; 0 wants the middle.
    importance : int
        1 a little, 2 it matters, 3 a lot. Of no meaning for a therapist.
    spread : float
        Standard deviation of the value, in points, > 0: how differently the same person would
        answer another day, or what observed sessions leave open.

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    dimension: Dimension
    value: float
    importance: int = 2
    spread: float = 1.0

    def __post_init__(self) -> None:
        if not -LEANING_END <= self.value <= LEANING_END:
            raise BadInput(
                f"{self.dimension} is {self.value}; expected -{LEANING_END} to {LEANING_END}"
            )
        if self.importance not in range(1, _MOST_IMPORTANT + 1):
            raise BadInput(f"{self.dimension} matters {self.importance}; expected 1, 2 or 3")
        if not (isfinite(self.spread) and self.spread > 0):
            raise BadInput(f"the spread of {self.dimension} is {self.spread}; expected more than 0")


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish about who the therapist is.

    Parameters
    ----------
    kind : WishKind
        What it is about.
    wanted : frozenset of str
        Any of these would do.
    strength : Strength
        Whether somebody else is out of the question.

    Raises
    ------
    BadInput
        If nothing is wanted.
    """

    kind: WishKind
    wanted: frozenset[str]
    strength: Strength

    def __post_init__(self) -> None:
        if not self.wanted:
            raise BadInput(
                f"the wish about {self.kind} names nothing; leave it out where there is none"
            )


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be met. An empty set or None asks for nothing.

    Parameters
    ----------
    languages : frozenset of str
        Any of these.
    formats : frozenset of Format
        Any of these.
    places : frozenset of str
        Any of these, for meeting in a room.
    access : frozenset of str
        All of these, such as ``"step-free"``.
    most_fee : float, optional
        The most that a meeting may cost, in the practice's currency, >= 0.
    age_group : str, optional
        The group that the client belongs to.
    slots : frozenset of WeeklySlot
        Any of these.
    zone : str
        Time zone of the slots, such as ``"Europe/Vienna"``.

    Raises
    ------
    BadInput
        If the zone is unknown, the fee is below 0, or a place is named although meeting in a room is ruled out.
    """

    languages: frozenset[str] = frozenset()
    formats: frozenset[Format] = frozenset()
    places: frozenset[str] = frozenset()
    access: frozenset[str] = frozenset()
    most_fee: float | None = None
    age_group: str | None = None
    slots: frozenset[WeeklySlot] = frozenset()
    zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if self.most_fee is not None and not (isfinite(self.most_fee) and self.most_fee >= 0):
            raise BadInput(f"the highest fee is {self.most_fee}; expected 0 or more")
        if self.places and self.formats and Format.ROOM not in self.formats:
            raise BadInput("a place is needed, but not meeting in a room; leave one of the two out")


@dataclass(frozen=True, slots=True)
class Preferences:
    """All that a client said matters.

    Parameters
    ----------
    needs : Needs
        What must be met.
    leanings : tuple of Leaning
        At most one for each dimension; a dimension that is left out does not matter.
    wishes : tuple of Wish
        At most one for each kind.
    problems : frozenset of str
        Areas to work on, from the practice's short list.

    Raises
    ------
    BadInput
        If a dimension or a kind comes twice: wishes that contradict each other cannot be met.
    """

    needs: Needs = field(default_factory=Needs)
    leanings: tuple[Leaning, ...] = ()
    wishes: tuple[Wish, ...] = ()
    problems: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        each_once("leanings", [leaning.dimension for leaning in self.leanings])
        each_once("wishes", [wish.kind for wish in self.wishes])


def each_once(what: str, kinds: list[Any]) -> None:
    """Refuse what is said twice.

    Parameters
    ----------
    what : str
        What they are called, in the plural.
    kinds : list
        What each is about.

    Raises
    ------
    BadInput
        If two are about the same.
    """
    twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if twice is not None:
        raise BadInput(f"{what} come twice about {twice} and may contradict each other; expected one")

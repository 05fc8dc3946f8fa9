"""The values of a fictional practice: tables of columns, linked by row number.

A column that names another table holds row numbers of it: ``meetings.episode[7]`` is the row of
``episodes`` to which meeting 7 belongs. What nobody in a real practice could know (the alliance
itself, when a strain began) stands here too, marked as hidden, so that rules can be judged by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.simulation.parameters import PracticeParameters

__all__ = [
    "Clients",
    "Distress",
    "Ending",
    "Episodes",
    "GoalRatings",
    "Goals",
    "MeetingStatus",
    "Meetings",
    "Modality",
    "Practice",
    "Rater",
    "Ratings",
    "Reason",
    "Referral",
    "Strains",
    "Table",
    "Therapists",
    "WayOfStrain",
]

NONE = -1
"""In a column of row numbers or codes: there is none."""

# Columns are made from integers of any width, and are of the width that their name says.
Int8 = NDArray[np.signedinteger[Any]]
Int16 = NDArray[np.signedinteger[Any]]
Int32 = NDArray[np.signedinteger[Any]]
Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Times = NDArray[np.datetime64]

# By the name that an annotation has; what is not here is a tuple.
_DTYPES = {
    "Int8": "int8",
    "Int16": "int16",
    "Int32": "int32",
    "Floats": "float64",
    "Days": "datetime64[D]",
    "Times": "datetime64[m]",
}


class MeetingStatus(StrEnum):
    """What became of an appointment."""

    PLANNED = "planned"
    HELD = "held"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Modality(StrEnum):
    """How two people meet."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    TELEPHONE = "telephone"


class Referral(StrEnum):
    """How a client came to the practice."""

    SELF = "self"
    DOCTOR = "doctor"
    FRIEND_OR_FAMILY = "friend or family"
    INSURER = "insurer"
    OTHER_SERVICE = "other service"


class Ending(StrEnum):
    """How an episode ended."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"


class Reason(StrEnum):
    """Why an episode ended: four go with a planned ending, four with an unplanned one."""

    GOALS_REACHED = "goals reached"
    AGREED_NUMBER = "agreed number of meetings"
    REFERRED_ON = "referred on"
    MOVED_AWAY = "moved away"
    STOPPED_COMING = "stopped coming"
    DID_NOT_FIT = "said that it did not fit"
    TIME_OR_MONEY = "time or money"
    ILLNESS = "illness"


class Rater(StrEnum):
    """Who filled in a form, and about what."""

    CLIENT = "client"
    THERAPIST = "therapist"
    PREDICTION = "prediction"
    """The therapist's guess of the client's answers, made before seeing them."""


class WayOfStrain(StrEnum):
    """How a strain shows."""

    WITHDRAWAL = "withdrawal"
    CONFRONTATION = "confrontation"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of one length, read-only.

    Raises
    ------
    BadInput
        If columns differ in length or do not fit their type.
    """

    CODES: ClassVar[dict[str, type[StrEnum]]] = {}

    def __post_init__(self) -> None:
        for one in fields(self):
            values = getattr(self, one.name)
            dtype = _DTYPES.get(str(one.type))
            frozen = _frozen(values, dtype) if dtype else tuple(values)
            object.__setattr__(self, one.name, frozen)
        lengths = {one.name: len(getattr(self, one.name)) for one in fields(self)}
        if len(set(lengths.values())) > 1:
            raise BadInput(f"columns of {type(self).__name__} differ in length: {lengths}")

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        pairs = ((getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        return all(
            mine == theirs if isinstance(mine, tuple) else _same(mine, theirs) for mine, theirs in pairs
        )

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the table row by row, in plain Python values.

        Yields
        ------
        row : dict of str to object
            One value for each column: int, float, str, date, datetime, or a member of the column's
            enumeration. None where there is nothing: no ending yet, an item left out.
        """
        names = [one.name for one in fields(self)]
        for values in zip(*map(self.plain, names), strict=True):
            yield dict(zip(names, values, strict=True))

    def plain(self, name: str) -> list[Any]:
        """Read one column in plain Python values.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        values : list
            As in ``rows``.
        """
        return _plain(getattr(self, name), self.CODES.get(name))


def _frozen(values: Any, dtype: str) -> NDArray[Any]:
    try:
        column = np.array(values, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"a column of {dtype} was expected: {type(error).__name__}") from None
    if column.ndim != 1:
        raise BadInput(f"a column has {column.ndim} dimensions; expected 1")
    column.flags.writeable = False
    return column


def _same(mine: NDArray[Any], theirs: NDArray[Any]) -> bool:
    return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind in "fM")


def _plain(column: Any, codes: type[StrEnum] | None) -> list[Any]:
    if isinstance(column, tuple):
        return list(column)
    if codes is not None:
        members = [*codes, None]  # code -1 is the last one
        return [members[code] for code in column.tolist()]
    if column.dtype.kind == "f":
        missing = np.isnan(column).tolist()
        return [None if m else v for v, m in zip(column.tolist(), missing, strict=True)]
    return list(column.tolist())  # NaT becomes None


@dataclass(frozen=True, slots=True, eq=False)
class Therapists(Table):
    """Who works in the practice.

    Parameters
    ----------
    name, email : sequence of str, length n
        Invented; addresses at example.org, which belongs to nobody.
    capacity : array_like of int, shape (n,)
        How many open episodes the therapist takes, at most.
    effect : array_like of float, shape (n,)
        Hidden: how much the therapist adds to alliance and change, in standard deviations of
        therapists.
    """

    name: tuple[str, ...]
    email: tuple[str, ...]
    capacity: Int16
    effect: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Clients(Table):
    """Who came to the practice, in the order in which they asked.

    Parameters
    ----------
    name, email : sequence of str, length n
        Invented; addresses at example.org.
    asked_on : array_like of datetime64[D], shape (n,)
        When they asked for the first time.
    referral, modality : array_like of int, shape (n,)
        Codes: how they came, and how they usually meet.
    """

    CODES: ClassVar = {"referral": Referral, "modality": Modality}

    name: tuple[str, ...]
    email: tuple[str, ...]
    asked_on: Days
    referral: Int8
    modality: Int8


@dataclass(frozen=True, slots=True, eq=False)
class Episodes(Table):
    """Courses of treatment, in the order in which they began.

    Parameters
    ----------
    client, therapist : array_like of int, shape (n,)
        Rows of those tables. A client has at most one open episode at a time; a client without any
        still waits.
    asked_on : array_like of datetime64[D], shape (n,)
        When the client asked for it.
    start, end : array_like of datetime64[D], shape (n,)
        First appointment and last one; ``end`` is NaT while the episode is open.
    agreed_meetings : array_like of int, shape (n,)
        How many meetings the two people have in mind.
    ending, reason : array_like of int, shape (n,)
        Codes; -1 while the episode is open.
    """

    CODES: ClassVar = {"ending": Ending, "reason": Reason}

    client: Int32
    therapist: Int32
    asked_on: Days
    start: Days
    end: Days
    agreed_meetings: Int16
    ending: Int8
    reason: Int8


@dataclass(frozen=True, slots=True, eq=False)
class Meetings(Table):
    """Appointments, in the order of time.

    Parameters
    ----------
    episode : array_like of int, shape (n,)
        Row of ``Episodes``.
    occasion : array_like of int, shape (n,)
        Counts a client's held meetings from 1, over all episodes; -1 where nobody met.
    starts_at : array_like of datetime64[m], shape (n,)
        Local time, on a weekday.
    minutes : array_like of int, shape (n,)
        How long it was to last.
    status, modality : array_like of int, shape (n,)
        Codes.
    alliance : array_like of float, shape (n,)
        Hidden: the client's alliance on the scale of the ratings, before it meets the scale's end;
        NaN where nobody met.
    strain : array_like of float, shape (n,)
        Hidden: how many points an open strain takes from the alliance; 0 without one, NaN where
        nobody met.
    """

    CODES: ClassVar = {"status": MeetingStatus, "modality": Modality}

    episode: Int32
    occasion: Int32
    starts_at: Times
    minutes: Int16
    status: Int8
    modality: Int8
    alliance: Floats
    strain: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Strains(Table):
    """Hidden: when the bond was strained, and what became of it.

    Parameters
    ----------
    episode, meeting : array_like of int, shape (n,)
        Rows; ``meeting`` is where it began.
    way : array_like of int, shape (n,)
        Code.
    drop : array_like of float, shape (n,)
        Points of alliance lost.
    noticed : array_like of int, shape (n,)
        1 where the therapist sensed it, else 0.
    repaired_at : array_like of int, shape (n,)
        Row of the meeting in which it was repaired; -1 where it was not, or not yet.
    """

    CODES: ClassVar = {"way": WayOfStrain}

    episode: Int32
    meeting: Int32
    way: Int8
    drop: Floats
    noticed: Int8
    repaired_at: Int32


@dataclass(frozen=True, slots=True, eq=False)
class Ratings(Table):
    """Forms filled in after held meetings; one that was not filled in has no row.

    Parameters
    ----------
    meeting : array_like of int, shape (n,)
        Row of ``Meetings``.
    rater : array_like of int, shape (n,)
        Code.
    bond, goal, task, voice : array_like of float, shape (n,)
        Whole numbers from 0 to 10; NaN where left out.
    felt_off : array_like of float, shape (n,)
        Whether something between the two felt off: 0 no, 1 a little, 2 clearly. Asked of clients
        alone, else NaN.
    """

    CODES: ClassVar = {"rater": Rater}

    meeting: Int32
    rater: Int8
    bond: Floats
    goal: Floats
    task: Floats
    voice: Floats
    felt_off: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Distress(Table):
    """Totals with the range of two common questionnaires; their items are not simulated.

    Parameters
    ----------
    meeting : array_like of int, shape (n,)
        Row of ``Meetings``: filled in before it.
    depression : array_like of int, shape (n,)
        0 to 27, as PHQ-9.
    anxiety : array_like of int, shape (n,)
        0 to 21, as GAD-7.
    """

    meeting: Int32
    depression: Int16
    anxiety: Int16


@dataclass(frozen=True, slots=True, eq=False)
class Goals(Table):
    """What clients want, in words of their own.

    Parameters
    ----------
    episode : array_like of int, shape (n,)
        Row of ``Episodes``.
    text : sequence of str, length n
        The goal.
    set_on : array_like of datetime64[D], shape (n,)
        When it was agreed.
    """

    episode: Int32
    text: tuple[str, ...]
    set_on: Days


@dataclass(frozen=True, slots=True, eq=False)
class GoalRatings(Table):
    """How far along clients are.

    Parameters
    ----------
    goal, meeting : array_like of int, shape (n,)
        Rows of those tables.
    progress : array_like of int, shape (n,)
        0 to 10.
    """

    goal: Int32
    meeting: Int32
    progress: Int8


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice that does not exist.

    Parameters
    ----------
    parameters : PracticeParameters
        What it was made from.
    end : date
        Its today: what lies before it has happened, what lies on it or after it is planned.
    therapists, clients, episodes, meetings, strains, ratings, distress, goals, goal_ratings : Table
        Its tables.
    """

    parameters: PracticeParameters
    end: date
    therapists: Therapists
    clients: Clients
    episodes: Episodes
    meetings: Meetings
    strains: Strains
    ratings: Ratings
    distress: Distress
    goals: Goals
    goal_ratings: GoalRatings

"""Weekly hours, and what becomes of them where clocks change.

A weekly hour is wall-clock time: "Monday 9:00" stays Monday 9:00 when summer time begins. Two people
in one zone therefore keep their hour. Two in different zones keep it only if both clocks change
alike, so an hour counts as common only if it is common in every week that is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from openrapport.errors import BadInput

__all__ = ["WeeklySlot", "in_zone", "weeks_from", "zone_of"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WRITTEN = re.compile(r"(?P<day>[A-Za-z]{3}) (?P<hour>\d{1,2}):(?P<minute>\d{2})")
_WEEK = 7
_YEAR_WEEKS = 53


@dataclass(frozen=True, slots=True, order=True)
class WeeklySlot:
    """One hour of the week, by the clock on the wall.

    Parameters
    ----------
    weekday : int
        0 is Monday.
    minute : int
        Of the day, 0 to 1439.

    Raises
    ------
    BadInput
        If a clock has no such time.
    """

    weekday: int
    minute: int

    def __post_init__(self) -> None:
        if self.weekday not in range(_WEEK) or self.minute not in range(24 * 60):
            raise BadInput("a slot is no time of a week; expected for instance Mon 09:00")

    @classmethod
    def read(cls, text: str) -> WeeklySlot:
        """Read an hour as people write it.

        Parameters
        ----------
        text : str
            ``"Mon 09:00"``.

        Returns
        -------
        slot : WeeklySlot
            The hour.

        Raises
        ------
        BadInput
            If it is no such time.
        """
        found = _WRITTEN.fullmatch(text.strip())
        day = found["day"].title() if found else ""
        if found is None or day not in _DAYS or int(found["hour"]) > 23 or int(found["minute"]) > 59:
            raise BadInput("a slot is no time of a week; expected for instance Mon 09:00")
        return cls(_DAYS.index(day), int(found["hour"]) * 60 + int(found["minute"]))

    def __str__(self) -> str:
        return f"{_DAYS[self.weekday]} {self.minute // 60:02}:{self.minute % 60:02}"


def weeks_from(today: date, weeks: int = _YEAR_WEEKS) -> tuple[date, ...]:
    """Give the Mondays of the weeks to come: a year has both changes of the clock.

    Parameters
    ----------
    today : date
        Any day of the first week.
    weeks : int
        How many.

    Returns
    -------
    mondays : tuple of date
        In order.
    """
    monday = today - timedelta(days=today.weekday())
    return tuple(monday + timedelta(weeks=week) for week in range(weeks))


def in_zone(slot: WeeklySlot, zone: str, other: str, mondays: Sequence[date]) -> WeeklySlot | None:
    """Say when an hour of one zone is in another, if it is the same hour in every week.

    Parameters
    ----------
    slot : WeeklySlot
        By the clock in ``zone``.
    zone, other : str
        Names of time zones, such as ``"Europe/Vienna"``.
    mondays : sequence of date
        The weeks that count.

    Returns
    -------
    slot : WeeklySlot or None
        By the clock in ``other``; None where it moves between weeks, because the two clocks
        change on different days, or where a week does not have this hour.

    Raises
    ------
    BadInput
        If a zone is unknown.
    """
    if zone == other:
        return slot
    return _in_zone(slot, zone, other, tuple(mondays))


@lru_cache(maxsize=4096)
def _in_zone(slot: WeeklySlot, zone: str, other: str, mondays: tuple[date, ...]) -> WeeklySlot | None:
    here, there = zone_of(zone), zone_of(other)
    found = set()
    for monday in mondays:
        day = datetime.combine(monday + timedelta(days=slot.weekday), datetime.min.time(), here)
        local = day.replace(hour=slot.minute // 60, minute=slot.minute % 60)
        if local.astimezone(UTC).astimezone(here).replace(tzinfo=None) != local.replace(tzinfo=None):
            return None  # the clock jumps over this hour
        moved = local.astimezone(there)
        found.add(WeeklySlot(moved.weekday(), moved.hour * 60 + moved.minute))
    return found.pop() if len(found) == 1 else None


def zone_of(name: str) -> ZoneInfo:
    """Look a time zone up.

    Parameters
    ----------
    name : str
        Such as ``"Europe/Vienna"``.

    Returns
    -------
    zone : ZoneInfo
        With its changes of the clock.

    Raises
    ------
    BadInput
        If the system knows no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise BadInput("a time zone is unknown; expected for instance Europe/Vienna") from None

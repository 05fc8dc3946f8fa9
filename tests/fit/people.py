"""A few clients and therapists, small enough to check by hand."""

from __future__ import annotations

from datetime import date

from openrapport.fit.preferences import Dimension, Format, Leaning, WishKind
from openrapport.fit.profiles import Directory, Profile
from openrapport.fit.slots import WeeklySlot

TODAY = date(2025, 6, 18)


def hours(*written: str) -> frozenset[WeeklySlot]:
    return frozenset(map(WeeklySlot.read, written))


def leanings(**values: float) -> tuple[Leaning, ...]:
    return tuple(Leaning(Dimension(name), value) for name, value in values.items())


def directory(*profiles: Profile) -> Directory:
    return Directory(profiles, TODAY)


LAMP = Profile(
    "Lamp",
    2,
    leanings=leanings(lead=3, feeling=0),
    languages=frozenset({"en", "de"}),
    formats=frozenset({Format.ROOM}),
    places=frozenset({"north"}),
    access=frozenset({"step-free"}),
    fee=80,
    age_groups=frozenset({"adult"}),
    slots=hours("Mon 09:00", "Tue 14:00"),
    problems=frozenset({"sleep", "grief"}),
    about={WishKind.GENDER: frozenset({"woman"})},
)
KETTLE = Profile(
    "Kettle",
    1,
    leanings=leanings(lead=-3),
    languages=frozenset({"en"}),
    formats=frozenset({Format.VIDEO}),
    fee=120,
    slots=hours("Mon 09:00"),
    problems=frozenset({"anger"}),
    about={WishKind.GENDER: frozenset({"man"})},
)
SILENT = Profile("Silent", 1)
HOUSE = directory(LAMP, KETTLE, SILENT)

"""What therapists say of themselves, as columns to compare clients with.

What a profile does not say is unknown. It is never guessed, and it meets no need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.fit.preferences import Dimension, Format, Leaning, WishKind, each_once
from openrapport.fit.slots import WeeklySlot, in_zone, weeks_from, zone_of

__all__ = ["Directory", "Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One therapist.

    Parameters
    ----------
    therapist : str
        Unique.
    capacity : int
        How many new clients they can take, >= 0.
    leanings : tuple of Leaning
        How they work, as they say themselves or as observed, with its spread.
    languages, formats, places, access, age_groups, problems : frozenset
        What they offer; empty where they do not say.
    fee : float, optional
        Of a meeting; None where they do not say.
    slots : frozenset of WeeklySlot
        Free hours; empty where they do not say.
    zone : str
        Time zone of the slots.
    about : mapping of WishKind to frozenset of str
        What they chose to say about themselves; it only ever answers a client's wish.

    Raises
    ------
    BadInput
        If the zone is unknown, the capacity or the fee is below 0, or a dimension comes twice.
    """

    therapist: str
    capacity: int
    leanings: tuple[Leaning, ...] = ()
    languages: frozenset[str] = frozenset()
    formats: frozenset[Format] = frozenset()
    places: frozenset[str] = frozenset()
    access: frozenset[str] = frozenset()
    age_groups: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()
    fee: float | None = None
    slots: frozenset[WeeklySlot] = frozenset()
    zone: str = "UTC"
    about: Mapping[WishKind, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if self.capacity < 0:
            raise BadInput(f"a capacity is {self.capacity}; expected 0 or more")
        if self.fee is not None and not (isfinite(self.fee) and self.fee >= 0):
            raise BadInput(f"a fee is {self.fee}; expected 0 or more")
        each_once("leanings", [leaning.dimension for leaning in self.leanings])


class Offer:
    """Who offers what: one column of the directory, a row of marks for each thing.

    Parameters
    ----------
    sets : sequence of frozenset
        What each therapist offers.
    """

    def __init__(self, sets: Sequence[Iterable[object]]) -> None:
        self._marks: dict[object, NDArray[np.bool_]] = {}
        self._nobody = np.zeros(len(sets), dtype=bool)
        self.stated = self._nobody.copy()
        for row, offered in enumerate(sets):
            for thing in offered:
                self._marks.setdefault(thing, self._nobody.copy())[row] = True
                self.stated[row] = True

    def any_of(self, things: Iterable[object]) -> NDArray[np.bool_]:
        """Mark who offers at least one of some things.

        Parameters
        ----------
        things : iterable
            What is asked for.

        Returns
        -------
        marks : ndarray of bool, shape (m,)
            One for each therapist.
        """
        marks = self._nobody.copy()
        for thing in things:
            marks |= self._marks.get(thing, self._nobody)
        return marks

    def all_of(self, things: Iterable[object]) -> NDArray[np.bool_]:
        """Mark who offers all of some things.

        Parameters
        ----------
        things : iterable
            What is asked for.

        Returns
        -------
        marks : ndarray of bool, shape (m,)
            One for each therapist.
        """
        marks = ~self._nobody
        for thing in things:
            marks &= self._marks.get(thing, self._nobody)
        return marks

    def count_of(self, things: Iterable[object]) -> NDArray[np.int64]:
        """Count how many of some things each offers.

        Parameters
        ----------
        things : iterable
            What is asked for.

        Returns
        -------
        counts : ndarray of int, shape (m,)
            One for each therapist.
        """
        counts = np.zeros(len(self._nobody), dtype=np.int64)
        for thing in things:
            counts += self._marks.get(thing, self._nobody)
        return counts


@dataclass(frozen=True, eq=False)
class Directory:
    """Profiles as columns.

    Parameters
    ----------
    profiles : tuple of Profile
        Each therapist once.
    today : date
        Which weeks count for hours of different time zones: the year from here.

    Raises
    ------
    BadInput
        If a therapist comes twice.
    """

    profiles: tuple[Profile, ...]
    today: date

    def __post_init__(self) -> None:
        if len({profile.therapist for profile in self.profiles}) < len(self.profiles):
            raise BadInput("a therapist has two profiles; expected one")

    def __len__(self) -> int:
        return len(self.profiles)

    @cached_property
    def capacity(self) -> NDArray[np.int64]:
        """How many new clients each can take.

        Returns
        -------
        capacity : ndarray of int, shape (m,)
            In the order of profiles, as all columns.
        """
        return np.array([profile.capacity for profile in self.profiles], dtype=np.int64)

    @cached_property
    def fee(self) -> NDArray[np.float64]:
        """What a meeting costs.

        Returns
        -------
        fee : ndarray of float, shape (m,)
            NaN where a profile does not say.
        """
        return np.array([np.nan if p.fee is None else p.fee for p in self.profiles], dtype=float)

    @cached_property
    def leaning(self) -> NDArray[np.float64]:
        """How therapists work.

        Returns
        -------
        leaning : ndarray of float, shape (m, dimensions)
            -3 to +3, NaN where a profile does not say.
        """
        return self._leanings("value")

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """How sure that is.

        Returns
        -------
        spread : ndarray of float, shape (m, dimensions)
            Standard deviations in points, NaN where a profile does not say.
        """
        return self._leanings("spread")

    def _leanings(self, part: str) -> NDArray[np.float64]:
        columns = {dimension: column for column, dimension in enumerate(Dimension)}
        table = np.full((len(self), len(columns)), np.nan)
        for row, profile in enumerate(self.profiles):
            for leaning in profile.leanings:
                table[row, columns[leaning.dimension]] = getattr(leaning, part)
        return table

    @cached_property
    def offers(self) -> Mapping[str, Offer]:
        """Who offers what, by the name of the profile's field.

        Returns
        -------
        offers : mapping of str to Offer
            Also ``about``, where things are pairs of a wish's kind and what is wanted, and
            ``slots``, where they are pairs of a zone and an hour.
        """
        named = ("languages", "formats", "places", "access", "age_groups", "problems")
        offers = {name: Offer([getattr(p, name) for p in self.profiles]) for name in named}
        about = [[(kind, x) for kind, said in p.about.items() for x in said] for p in self.profiles]
        hours = [[(p.zone, slot) for slot in p.slots] for p in self.profiles]
        return offers | {"about": Offer(about), "slots": Offer(hours)}

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """The zones that therapists live in.

        Returns
        -------
        zones : tuple of str
            Each once.
        """
        return tuple(sorted({profile.zone for profile in self.profiles}))

    def hours_of(self, slots: Iterable[WeeklySlot], zone: str) -> list[tuple[str, WeeklySlot]]:
        """Say when a client's hours are in every therapist's zone.

        Parameters
        ----------
        slots : iterable of WeeklySlot
            By the client's clock.
        zone : str
            The client's.

        Returns
        -------
        hours : list of (str, WeeklySlot)
            A therapist's zone and the hour there, without those that move through the year.
        """
        mondays = weeks_from(self.today)
        moved = [(there, in_zone(slot, zone, there, mondays)) for slot in slots for there in self.zones]
        return [(there, slot) for there, slot in moved if slot is not None]

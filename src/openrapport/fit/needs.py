"""Needs rule therapists out. Which need does, and what relaxing it would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.fit.preferences import Format, Need, Needs, Preferences, Strength
from openrapport.fit.profiles import Directory

__all__ = ["Obstacle", "blocked", "obstacles", "possible"]

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A need that stands in the way.

    Parameters
    ----------
    need : Need
        Which.
    blocks : int
        How many therapists do not meet it, as far as their profiles say.
    not_stated : int
        How many of those say nothing about it: asking them might help.
    would_give : int
        How many therapists would be possible if this need alone were given up.
    of : int
        How many therapists there are.
    """

    need: Need
    blocks: int
    not_stated: int
    would_give: int
    of: int


def blocked(preferences: Preferences, directory: Directory) -> dict[Need, Marks]:
    """Mark who does not meet which need.

    A wish counts here only where the client set it to "must".

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.

    Returns
    -------
    blocked : dict of Need to ndarray of bool, shape (m,)
        True where a therapist does not meet the need or does not say so; only needs that the
        client has.
    """
    needs, offers = preferences.needs, directory.offers
    found: dict[Need, Marks] = {}
    if needs.languages:
        found[Need.LANGUAGE] = ~offers["languages"].any_of(needs.languages)
    if needs.formats:
        found[Need.FORMAT] = ~offers["formats"].any_of(needs.formats)
    if needs.places:
        found[Need.PLACE] = ~(offers["places"].any_of(needs.places) | _elsewhere(needs, directory))
    if needs.access:
        found[Need.ACCESS] = ~offers["access"].all_of(needs.access)
    if needs.most_fee is not None:
        found[Need.FEE] = ~(directory.fee <= needs.most_fee)
    if needs.age_group is not None:
        found[Need.AGE_GROUP] = ~offers["age_groups"].any_of({needs.age_group})
    if needs.slots:
        found[Need.SLOT] = ~offers["slots"].any_of(directory.hours_of(needs.slots, needs.zone))
    for wish in preferences.wishes:
        if wish.strength is Strength.MUST:
            wanted = {(wish.kind, thing) for thing in wish.wanted}
            found[Need(wish.kind.value)] = ~offers["about"].any_of(wanted)
    return found


def _elsewhere(needs: Needs, directory: Directory) -> Marks:
    """Mark who can be met without a place: by video or telephone, where the client takes that too."""
    return directory.offers["formats"].any_of(needs.formats - {Format.ROOM})


def possible(preferences: Preferences, directory: Directory) -> Marks:
    """Mark who meets all needs.

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.

    Returns
    -------
    possible : ndarray of bool, shape (m,)
        Capacity aside.
    """
    marks = np.ones(len(directory), dtype=bool)
    for blocks in blocked(preferences, directory).values():
        marks &= ~blocks
    return marks


def obstacles(preferences: Preferences, directory: Directory) -> tuple[Obstacle, ...]:
    """Say which needs stand in the way, the one whose relaxing gives most first.

    Parameters
    ----------
    preferences : Preferences
        Of one client.
    directory : Directory
        All therapists.

    Returns
    -------
    obstacles : tuple of Obstacle
        Only needs that rule somebody out. Where ``would_give`` is 0 for all of them, more than
        one need has to be relaxed.
    """
    found = blocked(preferences, directory)
    number = sum((blocks.astype(int) for blocks in found.values()), np.zeros(len(directory), dtype=int))
    rows = [
        Obstacle(
            need=need,
            blocks=int(blocks.sum()),
            not_stated=int((~_stated(need, directory)).sum()),
            would_give=int(((number == 0) | (blocks & (number == 1))).sum()),
            of=len(directory),
        )
        for need, blocks in found.items()
        if blocks.any()
    ]
    return tuple(sorted(rows, key=lambda row: -row.would_give))


def _stated(need: Need, directory: Directory) -> Marks:
    """Mark who says anything about what a need asks for."""
    column = {
        Need.LANGUAGE: "languages",
        Need.FORMAT: "formats",
        Need.PLACE: "places",
        Need.ACCESS: "access",
        Need.AGE_GROUP: "age_groups",
        Need.SLOT: "slots",
    }.get(need)
    if column is not None:
        return directory.offers[column].stated
    if need is Need.FEE:
        return ~np.isnan(directory.fee)
    said = [any(kind.value == need.value for kind in p.about) for p in directory.profiles]
    return np.array(said, dtype=bool)

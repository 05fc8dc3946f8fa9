"""One meeting: who took part, what was said, what was measured and coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, Ratings
from openrapport.errors import BadInput
from openrapport.signal import Signal, made_again
from openrapport.utterances import Utterances
from openrapport.words import english_share

__all__ = ["DYAD", "MAX_DURATION_MS", "MAX_PARTIES", "TIMED_FROM", "Party", "Role", "Session", "Source"]

MAX_DURATION_MS = 1000 * 3_600_000
"""A thousand hours: later than the end of any meeting."""

MAX_PARTIES = 100
"""More than speak in any meeting; where words are taken for names, there are more."""

TIMED_FROM = 0.8
"""Share of each person's utterances that must have a start and an end, to measure time."""

# English talk has about half, other languages below a fifth (:func:`openrapport.words.english_share`).
_ENGLISH_FROM = 0.2


class Role(StrEnum):
    """What somebody is in the meeting."""

    THERAPIST = "therapist"
    CLIENT = "client"
    OTHER = "other"

    @property
    def partner(self) -> Role:
        """The other person of the dyad."""
        return Role.CLIENT if self is Role.THERAPIST else Role.THERAPIST


DYAD: tuple[Role, Role] = (Role.THERAPIST, Role.CLIENT)
"""The two whom every measure is about."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who takes part.

    Parameters
    ----------
    name : str
        As the source names them.
    role : Role
        What they are in the meeting.
    """

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a session was read from.

    Parameters
    ----------
    name : str
        File name without its folder.
    sha256 : str
        Hash of its bytes, in hexadecimal.
    """

    name: str
    sha256: str


@dataclass(frozen=True, eq=True)
class Session:
    """One meeting of a client and a therapist. Immutable: a change is a new session.

    Parameters
    ----------
    name : str
        What to call it: a file's name, or the transcript's id in a table of many.
    parties : tuple of Party
        Who took part, with exactly one therapist and one client.
    utterances : Utterances
        What was said; its ``party`` column points into ``parties``.
    signals : mapping of str to Signal
        By name, ``"motion_energy:client"``.
    codes : tuple of Codes
        One for each scheme and coder.
    ratings : tuple of Ratings
        One for each scheme and rater.
    duration_ms : int, optional
        Length of the meeting where it is known.
    language : str, optional
        BCP 47 tag where it is known, ``"en"``.
    approach : str, optional
        What the meeting is declared as, ``"motivational_interviewing"``: some measures fit one
        approach only.
    sources : tuple of Source
        The files it came from.

    Raises
    ------
    BadInput
        If there is not one therapist and one client, there are more than ``MAX_PARTIES``, a time is
        not within ``MAX_DURATION_MS``, or a column points outside the session.
    """

    name: str
    parties: tuple[Party, ...]
    utterances: Utterances
    signals: Mapping[str, Signal] = field(default_factory=dict)
    codes: tuple[Codes, ...] = ()
    ratings: tuple[Ratings, ...] = ()
    duration_ms: int | None = None
    language: str | None = None
    approach: str | None = None
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "signals", MappingProxyType(dict(self.signals)))
        self._check_parties()
        spoken = self.utterances
        times = (
            self.duration_ms or 0,
            *(int(t.max(initial=0)) for t in (spoken.start_ms, spoken.end_ms)),
        )
        if not 0 <= min(times) <= max(times) <= MAX_DURATION_MS:
            raise BadInput(
                "a time is negative or after 1,000 hours; expected milliseconds of a meeting"
            )
        for codes in self.codes:
            if len(codes) and codes.utterance[-1] >= len(self.utterances):
                raise BadInput(f"codes of {codes.scheme} point past the last utterance")
        for ratings in self.ratings:
            if len(ratings.values) != len(self.utterances):
                raise BadInput(f"ratings of {ratings.scheme} are not one for each utterance")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        kind, values = made_again(self)
        # A read-only view of a dict cannot be pickled.
        return kind, tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    def _check_parties(self) -> None:
        n = len(self.parties)
        if n > MAX_PARTIES:
            raise BadInput(
                f"a session has {n:,} parties; expected at most {MAX_PARTIES}, by their names"
            )
        for role in DYAD:
            count = sum(party.role is role for party in self.parties)
            if count != 1:
                raise BadInput(f"a session has {count} parties with the role {role}; expected one")
        party = self.utterances.party
        if len(party) and not (0 <= party.min() and party.max() < n):
            raise BadInput(f"an utterance belongs to none of the {n} parties")

    @cached_property
    def is_timed(self) -> bool:
        """True where enough utterances of both have a start and an end (``TIMED_FROM``)."""
        masks = [self.spoken_by(role) for role in DYAD]
        known = self.utterances.has_times
        return all(mask.any() and known[mask].mean() >= TIMED_FROM for mask in masks)

    @cached_property
    def is_english(self) -> bool:
        """True where the language is English, told from the words where nobody says it."""
        if self.language is not None:
            return self.language.lower().startswith("en")
        return english_share(self.utterances.words) >= _ENGLISH_FROM

    def spoken_by(self, role: Role) -> NDArray[np.bool_]:
        """Tell which utterances a role spoke.

        Parameters
        ----------
        role : Role
            Therapist, client or other.

        Returns
        -------
        mask : ndarray of bool, shape (n_utterances,)
            True where somebody with that role spoke.
        """
        has_role = np.array([party.role is role for party in self.parties], dtype=bool)
        return has_role[self.utterances.party]

    def role_of(self, party: int) -> Role:
        """Role of a party.

        Parameters
        ----------
        party : int
            Index into ``parties``.

        Returns
        -------
        role : Role
            What they are in the meeting.
        """
        return self.parties[party].role

    def party_of(self, role: Role) -> int:
        """Index of the therapist or the client.

        Parameters
        ----------
        role : Role
            Therapist or client.

        Returns
        -------
        party : int
            Index into ``parties``.
        """
        return [party.role for party in self.parties].index(role)

    def coded(self, scheme: str) -> Codes | None:
        """Codes of a scheme, from the coder who was added last.

        Parameters
        ----------
        scheme : str
            For instance ``"strategy"``.

        Returns
        -------
        codes : Codes or None
            None where nobody coded it.
        """
        return next((c for c in reversed(self.codes) if c.scheme == scheme), None)

    def rated(self, scheme: str) -> Ratings | None:
        """Ratings of a scheme, from the rater who was added last.

        Parameters
        ----------
        scheme : str
            For instance ``"sentiment"``.

        Returns
        -------
        ratings : Ratings or None
            None where nobody rated it.
        """
        return next((r for r in reversed(self.ratings) if r.scheme == scheme), None)

    def with_codes(self, *codes: Codes) -> Session:
        """Add codes.

        Parameters
        ----------
        *codes : Codes
            Of any scheme and coder; codes of the same scheme and coder are replaced.

        Returns
        -------
        session : Session
            A new one.
        """
        new = {(c.scheme, c.coder) for c in codes}
        kept = tuple(c for c in self.codes if (c.scheme, c.coder) not in new)
        return replace(self, codes=kept + codes)

    def with_ratings(self, *ratings: Ratings) -> Session:
        """Add ratings.

        Parameters
        ----------
        *ratings : Ratings
            Of any scheme and rater; ratings of the same scheme and rater are replaced.

        Returns
        -------
        session : Session
            A new one.
        """
        new = {(r.scheme, r.rater) for r in ratings}
        kept = tuple(r for r in self.ratings if (r.scheme, r.rater) not in new)
        return replace(self, ratings=kept + ratings)

    def with_signal(self, name: str, signal: Signal) -> Session:
        """Add a signal.

        Parameters
        ----------
        name : str
            ``"motion_energy:client"``.
        signal : Signal
            The samples.

        Returns
        -------
        session : Session
            A new one.
        """
        return replace(self, signals={**self.signals, name: signal})

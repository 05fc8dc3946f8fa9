"""Whom to call in need: the practice's own numbers, and well-known ones until it has some.

What stands here is never the only thing that happens after an answer about harming oneself: people
of the practice are told (:mod:`openrapport_web.feedback.safety`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from openrapport_web.audit.chain import record
from openrapport_web.editing import latest
from openrapport_web.feedback.models import HelpLine
from openrapport_web.people.models import Practice

__all__ = [
    "Country",
    "Help",
    "Line",
    "add_line",
    "change_line",
    "country_of",
    "help_for",
    "move_line",
    "remove_line",
    "suggestions",
    "take_suggestions",
]


@dataclass(frozen=True, slots=True)
class Line:
    """A number to call, or an address to write to."""

    name: str
    number: str
    hours: str
    address: str
    language: str

    @property
    def dial(self) -> str:
        """The number as a telephone dials it."""
        return "".join(c for c in self.number if c.isdigit() or c in "+*#")


@dataclass(frozen=True, slots=True)
class Country:
    """What is known of one country."""

    code: str
    name: str
    emergency: str
    zones: tuple[str, ...]
    lines: tuple[Line, ...]

    def has(self, zone: str) -> bool:
        """Whether a time zone is one of this country's."""
        return any(zone == own or (own.endswith("/") and zone.startswith(own)) for own in self.zones)


@dataclass(frozen=True, slots=True)
class Help:
    """What somebody is shown.

    Parameters
    ----------
    lines : tuple of Line
        In the practice's order.
    emergency : str
        The country's emergency number; empty where the country is not known.
    practice : Practice or None
        With its named contact.
    own : bool
        Whether the practice set these lines itself.
    """

    lines: tuple[Line, ...]
    emergency: str
    practice: Practice | None
    own: bool

    @property
    def contact_dial(self) -> str:
        """The contact's number as a telephone dials it."""
        return "".join(c for c in (self.practice.contact_phone if self.practice else "") if c in _DIAL)


_DIAL = frozenset("0123456789+*#")


@cache
def _file() -> dict[str, Any]:
    text = Path(__file__).with_name("help_lines.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


@cache
def suggestions() -> Mapping[str, Country]:
    """Give the lines that come along, by country code."""
    return {
        one["code"]: Country(
            one["code"],
            one["name"],
            one["emergency"],
            tuple(one["zones"]),
            tuple(Line(**line) for line in one["lines"]),
        )
        for one in _file()["countries"]
    }


def country_of(practice: Practice | None) -> Country | None:
    """Guess from its time zone where the practice is; None where that does not tell."""
    zone = practice.time_zone if practice is not None else ""
    return next((country for country in suggestions().values() if country.has(zone)), None)


def help_for(client: Any = None, *, language: str = "") -> Help:
    """Give what somebody in need is shown at once. Needs no sign-in.

    Parameters
    ----------
    client : Client, optional
        Lines in their language and lines for everybody; where none of those is there, all.
    language : str
        Where no client is known, the reader's.

    Returns
    -------
    help : Help
        Never without a way on: where no line is known, the practice and the emergency number.
    """
    practice = Practice.get()
    country = country_of(practice)
    wanted = (client.language if client is not None else language).partition("-")[0]
    own = [
        Line(line.name, line.number, line.hours, line.address, line.language)
        for line in HelpLine.objects.all()
    ]
    lines = own or list(country.lines if country else ())
    fitting = [line for line in lines if not line.language or line.language == wanted]
    return Help(tuple(fitting or lines), country.emergency if country else "", practice, bool(own))


# -- changes ---------------------------------------------------------------------------------------


@transaction.atomic
def add_line(*, actor: Any, **values: str) -> HelpLine:
    """Add a line at the end of the list."""
    line = HelpLine.objects.create(position=_next(), **values)
    record(actor, "help.changed", line)
    return line


@transaction.atomic
def change_line(*, actor: Any, line: HelpLine, version: int, **values: str) -> HelpLine:
    """Correct a line."""
    line = latest(line, version)
    for name, value in values.items():
        setattr(line, name, value)
    line.save()
    record(actor, "help.changed", line)
    return line


@transaction.atomic
def remove_line(*, actor: Any, line: HelpLine) -> None:
    """Take a line off the list."""
    record(actor, "help.removed", line)
    line.delete()


@transaction.atomic
def move_line(*, actor: Any, line: HelpLine, up: bool) -> None:
    """Let a line change places with its neighbour."""
    lines = list(HelpLine.objects.select_for_update().order_by("position", "name"))
    at = next((i for i, one in enumerate(lines) if one.pk == line.pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(lines):
        return
    lines[at], lines[to] = lines[to], lines[at]
    for position, one in enumerate(lines):
        one.position = position
    HelpLine.objects.bulk_update(lines, ["position"])
    record(actor, "help.changed", line)


@transaction.atomic
def take_suggestions(*, actor: Any, country: Country) -> int:
    """Take the lines of a country over into the practice's own list; tells how many were new."""
    held = set(HelpLine.objects.values_list("number", flat=True))
    n = 0
    for line in country.lines:
        if line.number not in held:
            values = {name: getattr(line, name) for name in ("name", "number", "hours", "address")}
            add_line(actor=actor, language=line.language, **values)
            n += 1
    return n


def _next() -> int:
    last = HelpLine.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1

"""Who may reach which address: the written table, with which every address is compared.

A row says who gets in (``yes``) with Teo's record and with Cleo's. Alba is Teo's therapist; Nell,
who is not asked, is Cleo's. Everybody who is not named in a row is refused: signed-in people get
404 or 403, nobody and somebody who left are led to the sign-in. An address without a row fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

__all__ = ["EVERYBODY", "KEYS", "ROWS", "SIGNED_IN", "WHO", "Row"]

WHO = {
    "nobody": None,
    "client": "teo",
    "therapist": "alba",
    "supervisor": "sami",
    "former supervisor": "olaf",
    "manager": "mara",
    "researcher": "rui",
    "left": "gone",
}
SIGNED_IN = frozenset(WHO) - {"nobody", "left"}
EVERYBODY = frozenset(WHO)


@dataclass(frozen=True)
class Row:
    """One address and one method.

    Parameters
    ----------
    own, other : set of str
        Who gets in with Teo's record, and with Cleo's. An address without a record has only ``own``.
    about : str, optional
        Which record the address names (``KEYS``).
    method : str
        ``"get"`` or ``"post"``.
    data : dict
        What is posted.
    """

    own: frozenset[str] | set[str]
    other: frozenset[str] | set[str] = frozenset()
    about: str | None = None
    method: str = "get"
    data: dict[str, Any] | None = None


# What an address names, for Teo (own) and for Cleo (other), as keyword arguments of its pattern.
KEYS: dict[str, Callable[[SimpleNamespace, str], dict[str, Any]]] = {
    "client": lambda p, whose: {"key": getattr(p, whose).client.key},
    "episode": lambda p, whose: {"key": getattr(p, whose).episode.key},
    "meeting": lambda p, whose: {"key": getattr(p, whose).meeting.key},
    "note": lambda p, whose: {"key": getattr(p, whose).note.key},
    "purpose": lambda _p, _whose: {"purpose": "record"},
    "no token": lambda _p, _whose: {"token": "not-a-token"},
}

CLIENT = {"client"}
CARE = {"therapist"}
CARE_AND_OFFICE = {"therapist", "manager"}
OFFICE = {"manager"}

# A list: an address that answers to two methods has two rows.
ROWS: list[tuple[str, Row]] = [
    ("health", Row(EVERYBODY)),
    ("home", Row(SIGNED_IN)),
    # caseload
    ("client_list", Row(CARE_AND_OFFICE)),
    ("client_new", Row(CARE_AND_OFFICE)),
    ("client_page", Row(CARE_AND_OFFICE, OFFICE, about="client")),
    ("client_edit", Row(CARE_AND_OFFICE, OFFICE, about="client")),
    ("client_edit", Row(CARE_AND_OFFICE, OFFICE, about="client", method="post")),
    ("episode_new", Row(CARE, about="client")),
    ("episode_edit", Row(CARE, about="episode")),
    ("episode_end", Row(CARE, about="episode")),
    ("episode_end", Row(CARE, about="episode", method="post")),
    ("meeting_new", Row(CARE_AND_OFFICE, OFFICE, about="episode")),
    ("note_new", Row(CARE, about="episode")),
    ("note_new", Row(CARE, about="episode", method="post", data={"text": "x", "version": 0})),
    ("meeting_page", Row(CARE_AND_OFFICE, OFFICE, about="meeting")),
    ("meeting_edit", Row(CARE_AND_OFFICE, OFFICE, about="meeting")),
    ("meeting_state", Row(CARE_AND_OFFICE, OFFICE, about="meeting", method="post")),
    ("note_page", Row(CARE, about="note")),
    ("note_edit", Row(CARE, about="note")),
    ("consent_page", Row(CLIENT)),
    ("consent_give", Row(CLIENT, CLIENT, about="purpose", method="post")),
    ("consent_withdraw", Row(CLIENT, CLIENT, about="purpose")),
    ("consent_withdraw", Row(CLIENT, CLIENT, about="purpose", method="post")),
    ("calendar_page", Row(CARE)),
    ("calendar_page", Row(CARE, method="post")),
    ("calendar_feed", Row(set(), about="no token")),
]

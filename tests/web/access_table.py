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

from openrapport_web.people.actions import invite
from openrapport_web.people.models import Role
from tests.web.conftest import make_client

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


def _invitation(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    by = {"teos": p.alba, "cleos": p.nell}[whose]
    invitation, _ = invite(
        actor=by,
        email=f"{whose}@example.org",
        name="Somebody",
        roles=[Role.CLIENT],
        client=make_client("Somebody"),
    )
    return {"key": invitation.key}


# What an address names, for Teo (own) and for Cleo (other), as keyword arguments of its pattern.
KEYS: dict[str, Callable[[SimpleNamespace, str], dict[str, Any]]] = {
    "client": lambda p, whose: {"key": getattr(p, whose).client.key},
    "episode": lambda p, whose: {"key": getattr(p, whose).episode.key},
    "meeting": lambda p, whose: {"key": getattr(p, whose).meeting.key},
    "note": lambda p, whose: {"key": getattr(p, whose).note.key},
    "purpose": lambda _p, _whose: {"purpose": "record"},
    "person": lambda p, whose: {"key": {"teos": p.alba, "cleos": p.nell}[whose].key},
    "invitation": _invitation,
    "supervision": lambda p, _whose: {"key": p.alba.supervised_by.earliest("made_at").key},
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
    # people
    ("first_visit", Row(set())),  # until there is a practice; see test_invitations
    ("first_visit", Row(set(), method="post")),
    ("welcome", Row(set())),  # for who has a link
    ("welcome", Row(set(), method="post")),
    ("people_safely", Row(SIGNED_IN)),
    ("people_me", Row(SIGNED_IN)),
    ("people_me", Row(SIGNED_IN, method="post")),
    ("people_list", Row(OFFICE)),
    ("staff_invite", Row(OFFICE)),
    ("staff_invite", Row(OFFICE, method="post")),
    ("client_invite", Row(CARE_AND_OFFICE, OFFICE, about="client")),
    ("client_invite", Row(CARE_AND_OFFICE, OFFICE, about="client", method="post")),
    ("invitation_again", Row(CARE_AND_OFFICE, OFFICE, about="invitation", method="post")),
    ("invitation_withdraw", Row(CARE_AND_OFFICE, OFFICE, about="invitation", method="post")),
    ("supervision", Row({"manager", "supervisor", "former supervisor", "therapist"})),
    ("supervision", Row({"manager", "supervisor", "former supervisor", "therapist"}, method="post")),
    ("supervision_end", Row(OFFICE, OFFICE, about="supervision")),
    ("supervision_end", Row(OFFICE, OFFICE, about="supervision", method="post")),
    ("practice_settings", Row(OFFICE)),
    ("practice_settings", Row(OFFICE, method="post")),
    ("person_page", Row(OFFICE, OFFICE, about="person")),
    ("person_page", Row(OFFICE, OFFICE, about="person", method="post")),
    ("person_leave", Row(OFFICE, OFFICE, about="person")),
    ("person_leave", Row(OFFICE, OFFICE, about="person", method="post")),
    ("person_return", Row(OFFICE, OFFICE, about="person", method="post")),
    ("person_factor_reset", Row(OFFICE, OFFICE, about="person", method="post")),
    # the client's own place, and the log
    ("my_place", Row(CLIENT)),
    ("my_log", Row(CLIENT)),
    ("my_data", Row(CLIENT, method="post")),
    ("my_deletion", Row(CLIENT)),
    ("my_deletion", Row(CLIENT, method="post")),
    ("deletion_list", Row(OFFICE)),
    ("deletion_do", Row(OFFICE, OFFICE, about="client")),
    ("deletion_do", Row(OFFICE, OFFICE, about="client", method="post")),
    ("audit_page", Row(OFFICE)),
    ("audit_check", Row(OFFICE)),
    ("audit_check", Row(OFFICE, method="post")),
]

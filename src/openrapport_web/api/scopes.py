"""What a token may open: one scope for reading and one for writing of each area, as far as the roles go.

A scope opens nothing by itself. It lets a program ask for what its person may see and do; every
record still comes through ``access``, and every change is still checked by its action.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from openrapport_web.people.models import Role

__all__ = ["SCOPES", "Scope", "scopes_of"]


class Scope(StrEnum):
    """An area, and whether it is read or written."""

    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    MEETINGS_READ = "meetings:read"
    MEETINGS_WRITE = "meetings:write"
    NOTES_READ = "notes:read"
    NOTES_WRITE = "notes:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    MARKS_READ = "marks:read"
    MARKS_WRITE = "marks:write"
    DATA_READ = "data:read"
    DATA_WRITE = "data:write"
    AUDIT_READ = "audit:read"


SCOPES: dict[Scope, tuple[str, frozenset[Role]]] = {
    Scope.CLIENTS_READ: ("Read clients and episodes", frozenset({Role.THERAPIST, Role.MANAGER})),
    Scope.CLIENTS_WRITE: (
        "Add and change clients and episodes",
        frozenset({Role.THERAPIST, Role.MANAGER}),
    ),
    Scope.MEETINGS_READ: (
        "Read meetings",
        frozenset({Role.THERAPIST, Role.MANAGER, Role.CLIENT}),
    ),
    Scope.MEETINGS_WRITE: ("Plan and change meetings", frozenset({Role.THERAPIST, Role.MANAGER})),
    Scope.NOTES_READ: ("Read notes", frozenset({Role.THERAPIST})),
    Scope.NOTES_WRITE: ("Write notes", frozenset({Role.THERAPIST})),
    Scope.CONSENTS_READ: ("Read what you agreed to", frozenset({Role.CLIENT})),
    Scope.CONSENTS_WRITE: ("Agree, and take it back", frozenset({Role.CLIENT})),
    Scope.SESSIONS_READ: (
        "Read sessions: transcripts and reports",
        frozenset({Role.THERAPIST, Role.SUPERVISOR, Role.CLIENT}),
    ),
    Scope.SESSIONS_WRITE: (
        "Bring in, correct, analyse and share sessions",
        frozenset({Role.THERAPIST, Role.CLIENT}),
    ),
    Scope.MARKS_READ: (
        "Read marks on reports",
        frozenset({Role.THERAPIST, Role.SUPERVISOR, Role.CLIENT}),
    ),
    Scope.MARKS_WRITE: (
        "Confirm, dismiss and note marks on reports",
        frozenset({Role.THERAPIST, Role.SUPERVISOR, Role.CLIENT}),
    ),
    Scope.DATA_READ: ("Read who saw what of you, and take your data along", frozenset({Role.CLIENT})),
    Scope.DATA_WRITE: ("Ask for deletion, and take it back", frozenset({Role.CLIENT})),
    Scope.AUDIT_READ: ("Read who did what in the practice", frozenset({Role.MANAGER})),
}
"""What each scope opens, in words, and for which roles."""


def scopes_of(user: Any) -> list[Scope]:
    """Scopes that somebody's roles allow, in their order."""
    return [scope for scope, (_, roles) in SCOPES.items() if roles & user.roles]

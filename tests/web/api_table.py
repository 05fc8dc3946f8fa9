"""Who may do what through the API: the written table, with which every operation is compared.

It reads like ``access_table``: who gets in with Teo's record and with Cleo's, each with a token that
opens all that their roles allow. Everybody else is answered 403 or 404, and without a token 401.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from openrapport_web.caseload.models import Purpose
from openrapport_web.caseload.wordings import wording_of
from openrapport_web.recordings import bundles
from openrapport_web.recordings.marks import places
from openrapport_web.recordings.models import AnalysisState, Audience
from tests.web.access_table import CARE, CARE_AND_OFFICE, CLIENT, KEYS, OFFICE, READERS, SIGNED_IN
from tests.web.recorded import ANALYSE, SMALL, agreed, shared_with, with_session

__all__ = ["OPERATIONS", "Operation"]

Body = dict[str, Any] | Callable[[SimpleNamespace, str], dict[str, Any]]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Parameters
    ----------
    own, other : set of str
        Who gets in with Teo's record, and with Cleo's. One without a record has only ``own``.
    about : str, optional
        Which record the address names (``KEYS`` of the access table).
    body : dict, optional
        What is sent, or how to make it from the practice and whose record it is about.
    """

    own: frozenset[str] | set[str]
    other: frozenset[str] | set[str] = frozenset()
    about: str | None = None
    body: Body | None = None

    def keys(self, practice: SimpleNamespace, whose: str) -> dict[str, Any]:
        """What stands in the address."""
        return _KEYS[self.about](practice, whose) if self.about else {}

    def sent(self, practice: SimpleNamespace, whose: str) -> dict[str, Any] | None:
        """What is sent."""
        return self.body(practice, whose) if callable(self.body) else self.body


MEETING = {"starts_at": "2026-05-04T10:00:00+02:00", "weeks": 2}
V1 = {"version": 1}
ANSWER = {"therapist": "B", "client": "A"}
CORRECTION = {**V1, "number": 2, "text": "I slept well.", "party": 1}
ENDING = {**V1, "ends_on": "2026-06-01", "ending": "planned"}


def _new_client(p: SimpleNamespace, _whose: str) -> dict[str, Any]:
    return {"name": "Somebody", "starts_on": "2026-05-04"}


def _wording(_p: SimpleNamespace, _whose: str) -> dict[str, Any]:
    return {"wording": str(wording_of(Purpose.RECORD, "en").key)}


def _transcript(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    agreed(getattr(p, whose), *ANALYSE)
    return {"file": SimpleUploadedFile("session.txt", SMALL.encode())}


def _mark(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    report = with_session(p, whose).reports.get()
    place = min(places(bundles.load_report(report), bundles.load(report)))
    return {"target": place, "revision": 0, "verdict": "confirmed", "note": "A thought."}


def _share(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    return {"audience": "client", "person": str(getattr(p, whose).client.user_id)}


def _analysis(p: SimpleNamespace, whose: str, state: AnalysisState) -> dict[str, Any]:
    found = with_session(p, whose).analyses.get()
    found.state = state
    found.question = json.dumps(
        {"speakers": ["A", "B"], "therapist": "A", "client": "B", "evidence": []}
    )
    found.save()
    return {"key": found.key}


def _file(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    session = with_session(p, whose)
    return {"key": session.key, "file": session.files.get().key}


def _shared(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    session = with_session(p, whose)
    return {
        "key": session.key,
        "share": shared_with(session, session.client.user, Audience.CLIENT).key,
    }


_KEYS = KEYS | {
    "stopped analysis": lambda p, whose: _analysis(p, whose, AnalysisState.CANCELLED),
    "asking analysis": lambda p, whose: _analysis(p, whose, AnalysisState.ASKING),
    "file": _file,
    "share": _shared,
}

OPERATIONS: dict[str, Operation] = {
    "me_read": Operation(SIGNED_IN - {"researcher"}),  # nobody gives a researcher a token yet
    # caseload
    "clients_list": Operation(CARE_AND_OFFICE),
    "clients_add": Operation(CARE_AND_OFFICE, body=_new_client),
    "clients_read": Operation(CARE_AND_OFFICE, OFFICE, "client"),
    "clients_change": Operation(CARE_AND_OFFICE, OFFICE, "client", {**V1, "phone": "1"}),
    "therapists_list": Operation(CARE_AND_OFFICE),
    "episodes_begin": Operation(CARE, set(), "client", {"starts_on": "2026-05-04"}),
    "episodes_read": Operation(CARE_AND_OFFICE, OFFICE, "episode"),
    "episodes_change": Operation(CARE, set(), "episode", {**V1, "referral": "A letter."}),
    "episodes_end": Operation(CARE, set(), "episode", ENDING),
    "meetings_list": Operation(CARE_AND_OFFICE | CLIENT),
    "meetings_plan": Operation(CARE_AND_OFFICE, OFFICE, "episode", MEETING),
    "meetings_read": Operation(CARE_AND_OFFICE | CLIENT, OFFICE, "meeting"),
    "meetings_change": Operation(CARE_AND_OFFICE, OFFICE, "meeting", {**V1, "minutes": 25}),
    "meetings_say_state": Operation(CARE_AND_OFFICE, OFFICE, "meeting", {**V1, "state": "missed"}),
    "notes_list": Operation(CARE),
    "notes_write": Operation(CARE, set(), "episode", {"text": "A line."}),
    "notes_read": Operation(CARE, set(), "note"),
    "notes_rewrite": Operation(CARE, set(), "note", {**V1, "text": "Another line."}),
    # sessions
    "sessions_list": Operation(READERS | {"former supervisor"}),
    "sessions_read": Operation(READERS, set(), "shared session"),
    "transcripts_read": Operation(READERS, set(), "shared report"),
    "reports_read": Operation(READERS, set(), "shared report"),
    "transcripts_add": Operation(CARE, set(), "meeting", _transcript),
    "analyses_ask": Operation(CARE, set(), "session", {"version": 1}),
    "analyses_read": Operation(CARE, set(), "analysis"),
    "analyses_cancel": Operation(CARE, set(), "analysis"),
    "analyses_retry": Operation(CARE, set(), "stopped analysis"),
    "analyses_answer": Operation(CARE, set(), "asking analysis", ANSWER),
    "transcripts_correct": Operation(CARE | CLIENT, set(), "shared session", CORRECTION),
    "transcripts_swap": Operation(CARE, set(), "shared session", V1),
    "transcripts_delete": Operation(CARE, set(), "shared report"),
    "files_delete": Operation(CARE, set(), "file"),
    "marks_list": Operation(READERS, set(), "shared report"),
    "marks_set": Operation(READERS, set(), "shared report", _mark),
    "shares_add": Operation(CARE, set(), "session", _share),
    "shares_end": Operation(CARE, set(), "share"),
    # the client's own place, and the log
    "consents_list": Operation(CLIENT),
    "consents_give": Operation(CLIENT, CLIENT, "purpose", _wording),
    "consents_withdraw": Operation(CLIENT, CLIENT, "purpose"),
    "log_read": Operation(CLIENT),
    "export": Operation(CLIENT),
    "deletion_ask": Operation(CLIENT),
    "deletion_take_back": Operation(CLIENT),
    "audit_list": Operation(OFFICE),
}

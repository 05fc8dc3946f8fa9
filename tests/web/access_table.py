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

from openrapport_web.api import actions as tokens
from openrapport_web.api.models import Token
from openrapport_web.caseload.models import Purpose
from openrapport_web.feedback.models import HelpLine
from openrapport_web.goals.actions import write_goal
from openrapport_web.goals.together import add_point, give_task, write_decision
from openrapport_web.people.actions import invite
from openrapport_web.people.models import Role, User
from openrapport_web.recordings.models import Audience
from openrapport_web.recordings.uploads import begin
from openrapport_web.repairs.models import To
from tests.web.answers import form_file, open_concern, own_form
from tests.web.asked import asked_of, given
from tests.web.conftest import make_client
from tests.web.pulses import with_alert, with_draft, with_repair, with_strain, with_word
from tests.web.recorded import agreed, shared_with, two_sessions, with_recording, with_session

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


def _upload(p: SimpleNamespace, whose: str) -> Any:
    care = getattr(p, whose)
    agreed(care, Purpose.TRANSCRIBE)
    by = care.meeting.therapist
    return begin(actor=by, meeting=care.meeting, name="a.txt", size=100)


def _shared(p: SimpleNamespace, whose: str) -> Any:
    """A session that its therapist shares with the client, and Teo's with the supervisor."""
    session = with_session(p, whose)
    shared_with(session, session.client.user, Audience.CLIENT)
    if whose == "teos":
        shared_with(session, p.sami, Audience.SUPERVISOR)
    return session


def make_token(user: User) -> Token:
    token, _ = tokens.make(actor=user, name="A program", scopes=["notes:read"], days=30)
    return token


def _by_client(
    p: SimpleNamespace, whose: str, write: Callable[..., Any], **more: Any
) -> dict[str, Any]:
    """Something that the client wrote."""
    care = getattr(p, whose)
    made = write(actor=care.client.user, episode=care.episode, text="Something.", **more)
    return {"key": made.key}


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
    "upload": lambda p, whose: {"key": _upload(p, whose).key},
    "analysis": lambda p, whose: {"key": with_session(p, whose).analyses.get().key},
    "recording": lambda p, whose: {"key": with_recording(p, whose).key},
    "session": lambda p, whose: {"key": with_session(p, whose).key},
    "shared session": lambda p, whose: {"key": _shared(p, whose).key},
    "two sessions": lambda p, whose: two_sessions(p, whose),
    "report": lambda p, whose: {"key": with_session(p, whose).key, "number": 1},
    "shared report": lambda p, whose: {"key": _shared(p, whose).key, "number": 1},
    "utterance": lambda p, whose: {"key": with_session(p, whose).key, "version": 1, "number": 2},
    "shared utterance": lambda p, whose: {"key": _shared(p, whose).key, "version": 1, "number": 2},
    "alert": lambda p, whose: {"key": with_alert(getattr(p, whose)).key},
    "repair": lambda p, whose: {"key": with_repair(getattr(p, whose)).key},
    "strain": lambda p, whose: {"key": with_strain(with_session(p, whose)).key},
    "word": lambda p, whose: {"key": with_word(getattr(p, whose)).key},
    "contact word": lambda p, whose: {"key": with_word(getattr(p, whose), To.CONTACT, p.mara).key},
    "draft": lambda p, whose: {"key": with_draft(getattr(p, whose)).key},
    "brought": lambda p, whose: {"key": with_draft(getattr(p, whose), sent=True).key},
    "own token": lambda p, whose: {"key": make_token({"teos": p.alba, "cleos": p.nell}[whose]).key},
    "goal": lambda p, whose: _by_client(p, whose, write_goal),
    "agenda point": lambda p, whose: _by_client(p, whose, add_point),
    "task": lambda p, whose: _by_client(p, whose, give_task, until=None),
    "decision": lambda p, whose: _by_client(p, whose, write_decision),
    "asking": lambda p, whose: {"key": asked_of(p, whose).key},
    "answer": lambda p, whose: {"key": given(asked_of(p, whose)).key},
    "asked meeting": lambda p, whose: {"key": asked_of(p, whose).meeting_id},
    "concern": lambda p, whose: {"key": open_concern(getattr(p, whose)).key},
    "form": lambda _p, _whose: {"name": "phq-9"},
    "own form": lambda p, whose: {"key": own_form(p.mara, form_file(whose)).key},
    "form of client": lambda p, whose: {"key": getattr(p, whose).client.key, "name": "phq-9"},
    "form in episode": lambda p, whose: {"key": getattr(p, whose).episode.key, "name": "phq-9"},
    "help line": lambda _p, _whose: {"key": HelpLine.objects.create(name="A line", number="1").key},
    "no token": lambda _p, _whose: {"token": "not-a-token"},
}

CLIENT = {"client"}
CARE = {"therapist"}
CARE_AND_OFFICE = {"therapist", "manager"}
OFFICE = {"manager"}
READERS = {"therapist", "client", "supervisor"}
BOTH = {"therapist", "client"}

# A list: an address that answers to two methods has two rows.
ROWS: list[tuple[str, Row]] = [
    ("health", Row(EVERYBODY)),
    ("home", Row(SIGNED_IN)),
    # recordings
    ("upload_create", Row(CARE, method="post")),
    ("upload_one", Row(CARE, about="upload", method="delete")),
    ("upload_forget", Row(CARE, about="upload", method="post")),
    ("session_open", Row(CARE, about="meeting")),
    ("session_progress", Row(CARE, about="meeting")),
    ("transcript_add", Row(CARE, about="meeting", method="post")),
    ("analysis_cancel", Row(CARE, about="analysis", method="post")),
    ("analysis_retry", Row(CARE, about="analysis", method="post")),
    ("analysis_answer", Row(CARE, about="analysis", method="post")),
    ("recording_play", Row(CARE, about="recording")),
    ("file_delete", Row(CARE, about="recording")),
    ("file_delete", Row(CARE, about="recording", method="post")),
    ("session_list", Row({"therapist", "supervisor", "former supervisor"})),
    ("hand_agreement", Row({"therapist", "supervisor", "former supervisor"})),
    ("research_codes", Row({"researcher"}, method="post")),
    ("session_page", Row(CARE, about="session")),
    ("session_page", Row(READERS, about="shared session")),
    ("analysis_ask", Row(CARE, about="shared session", method="post")),
    ("session_share", Row(CARE, about="shared session", method="post")),
    ("session_unshare", Row(CARE, about="shared session", method="post")),
    ("session_compare", Row(CARE, about="two sessions")),
    ("report_version", Row(CARE, about="report")),
    ("report_version", Row(READERS, about="shared report")),
    ("report_json", Row(CARE, about="shared report")),
    ("mark_set", Row(READERS, about="shared report", method="post")),
    ("speakers_swap", Row(CARE, about="shared report", method="post")),
    ("version_delete", Row(CARE, about="shared report")),
    ("version_delete", Row(CARE, about="shared report", method="post")),
    ("utterance_edit", Row(READERS, about="shared utterance")),
    ("utterance_edit", Row(CARE | CLIENT, about="shared utterance", method="post")),
    ("demo_doors", Row(set())),  # in a demonstration alone; see test_demo
    ("demo_doors", Row(set(), method="post", data={"role": "manager"})),
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
    # goals, agenda, tasks and decisions: the two, and nobody else
    ("my_goals", Row(CLIENT)),
    ("my_agenda", Row(CLIENT)),
    ("my_course", Row(CLIENT)),
    ("client_course", Row(CARE, about="client")),
    ("review_page", Row(BOTH, about="episode")),
    ("client_goals", Row(CARE, about="client")),
    ("client_agenda", Row(CARE, about="client")),
    ("goal_new", Row(BOTH, about="episode")),
    ("goal_new", Row(BOTH, about="episode", method="post", data={"text": "x", "version": 0})),
    ("goals_rate", Row(BOTH, about="episode")),
    ("goals_rate", Row(BOTH, about="episode", method="post")),
    ("goal_edit", Row(BOTH, about="goal")),
    ("goal_edit", Row(BOTH, about="goal", method="post", data={"text": "x", "version": 1})),
    ("goal_agree", Row(BOTH, about="goal", method="post", data={"version": 1})),
    ("goal_state", Row(BOTH, about="goal", method="post", data={"version": 1, "state": "reached"})),
    ("goal_move", Row(BOTH, about="goal", method="post")),
    ("point_new", Row(BOTH, about="episode", method="post", data={"text": "x", "version": 0})),
    ("point_edit", Row(CLIENT, about="agenda point")),
    ("point_edit", Row(CLIENT, about="agenda point", method="post")),
    ("point_state", Row(BOTH, about="agenda point", method="post")),
    ("task_new", Row(BOTH, about="episode")),
    ("task_new", Row(BOTH, about="episode", method="post", data={"text": "x", "version": 0})),
    ("task_edit", Row(BOTH, about="task")),
    ("task_edit", Row(BOTH, about="task", method="post")),
    ("task_state", Row(BOTH, about="task")),
    ("task_state", Row(BOTH, about="task", method="post", data={"state": "done", "version": 1})),
    ("decision_new", Row(BOTH, about="episode")),
    ("decision_new", Row(BOTH, about="episode", method="post", data={"text": "x", "version": 0})),
    ("decision_agree", Row(BOTH, about="decision", method="post")),
    ("decision_take_back", Row(CLIENT, about="decision", method="post")),
    # alerts, private words, repairs
    ("alert_page", Row(CARE, about="alert")),
    ("alert_numbers", Row(CARE, about="alert", method="post")),
    ("alert_seen", Row(CARE, about="alert", method="post")),
    ("alert_aside", Row(CARE, about="alert", method="post")),
    ("alert_act", Row(CARE, about="alert", method="post")),
    ("repair_new", Row(CARE, about="episode")),
    ("repair_new", Row(CARE, about="episode", method="post", data={"noticed": "unsure"})),
    ("mark_repair", Row(CARE, about="strain", method="post")),
    ("word_repair", Row(CARE, about="word", method="post")),
    ("client_repairs", Row(CARE, about="client")),
    ("gap_page", Row(CARE, about="episode")),
    ("alert_figures", Row(OFFICE)),
    ("my_words", Row(CLIENT)),
    ("word_new", Row(CLIENT)),
    ("word_new", Row(CLIENT, method="post")),
    ("word_back", Row(CLIENT, about="word", method="post")),
    ("word_back", Row(CLIENT, about="contact word", method="post")),
    ("word_page", Row(CARE, about="word")),
    ("word_page", Row(OFFICE, OFFICE, about="contact word")),  # Mara is named; see test_words
    ("word_open", Row(CARE, about="word", method="post")),
    ("word_open", Row(OFFICE, OFFICE, about="contact word", method="post")),
    ("word_answer", Row(CARE, about="word", method="post")),
    ("word_answer", Row(OFFICE, OFFICE, about="contact word", method="post")),
    ("word_repair", Row(set(), about="contact word", method="post")),
    ("bringing_list", Row(CLIENT)),
    ("bringing_new", Row(CLIENT)),
    ("bringing_new", Row(CLIENT, method="post")),
    ("bringing_own", Row(CLIENT, about="draft")),
    ("bringing_edit", Row(CLIENT, about="draft")),
    ("bringing_edit", Row(CLIENT, about="draft", method="post")),
    ("bringing_show", Row(CLIENT, about="draft")),
    ("bringing_send", Row(CLIENT, about="draft", method="post")),
    ("bringing_drop", Row(CLIENT, about="draft", method="post")),
    ("brought_page", Row(set(), about="draft")),
    ("brought_page", Row(CARE, about="brought")),
    ("brought_open", Row(set(), about="draft", method="post")),
    ("brought_open", Row(CARE, about="brought", method="post")),
    ("brought_talked", Row(CARE, about="brought", method="post")),
    ("repair_page", Row(CARE, about="repair")),
    ("repair_edit", Row(CARE, about="repair")),
    ("repair_edit", Row(CARE, about="repair", method="post")),
    ("repair_close", Row(CARE, about="repair")),
    ("repair_close", Row(CARE, about="repair", method="post")),
    ("repair_reopen", Row(CARE, about="repair", method="post")),
    # forms and answers
    ("my_questions", Row(CLIENT)),
    ("my_question", Row(CLIENT, about="asking")),
    ("my_answer", Row(CLIENT, about="answer")),
    ("pulse_own", Row(CARE, about="asked meeting")),
    ("pulse_skip", Row(CARE, about="asked meeting", method="post")),
    ("link_open", Row(set())),  # for who has a link; see test_asking_ways
    ("link_form", Row(set())),
    ("answer_send", Row(set(), method="post")),  # for a page with a ticket
    ("kiosk", Row(SIGNED_IN)),  # leads to where the tablet is set up
    ("kiosk_leave", Row(set())),  # on the tablet alone
    ("kiosk_start", Row(CARE_AND_OFFICE)),
    ("kiosk_codes", Row(CARE_AND_OFFICE, method="post")),
    ("kiosk_begin", Row(CARE_AND_OFFICE, method="post")),
    ("paper_find", Row(CARE_AND_OFFICE)),
    ("paper_sheet", Row(CARE_AND_OFFICE, OFFICE, about="asking")),
    ("paper_enter", Row(CARE_AND_OFFICE, OFFICE, about="asking")),
    # safety
    ("help_page", Row(EVERYBODY)),
    ("concern_list", Row(CARE_AND_OFFICE)),
    ("concern_page", Row(CARE_AND_OFFICE, OFFICE, about="concern")),
    ("concern_page", Row(CARE_AND_OFFICE, OFFICE, about="concern", method="post")),
    ("help_lines", Row(OFFICE)),
    ("help_lines", Row(OFFICE, method="post")),
    ("help_line", Row(OFFICE, OFFICE, about="help line")),
    ("help_line", Row(OFFICE, OFFICE, about="help line", method="post")),
    ("help_line_move", Row(OFFICE, OFFICE, about="help line", method="post")),
    ("help_line_remove", Row(OFFICE, OFFICE, about="help line", method="post")),
    # plans and letters
    ("plan_page", Row(OFFICE)),
    ("plan_page", Row(OFFICE, method="post")),
    ("plan_edit", Row(OFFICE, OFFICE, about="form")),
    ("plan_edit", Row(OFFICE, OFFICE, about="form", method="post")),
    ("episode_plan", Row(CARE, about="episode")),
    ("episode_plan_edit", Row(CARE, about="form in episode")),
    ("episode_plan_edit", Row(CARE, about="form in episode", method="post")),
    ("episode_plan_follow", Row(CARE, about="form in episode", method="post")),
    ("letters_stop", Row(set())),  # for who has a letter; see test_reminders
    ("letters_stop", Row(set(), method="post")),
    ("my_letters", Row(CLIENT)),
    ("my_letters", Row(CLIENT, method="post")),
    # the practice's questionnaires
    ("library_page", Row(OFFICE)),
    ("library_bring", Row(OFFICE)),
    ("library_bring", Row(OFFICE, method="post")),
    ("library_take", Row(OFFICE, method="post")),
    ("library_form", Row(OFFICE, OFFICE, about="form")),
    ("library_fhir", Row(OFFICE, OFFICE, about="form")),
    ("library_translate", Row(OFFICE, OFFICE, about="form")),
    ("library_translate", Row(OFFICE, OFFICE, about="form", method="post")),
    ("library_withdraw", Row(OFFICE, OFFICE, about="own form", method="post")),
    # what questionnaires say
    ("measure_list", Row(CARE, about="client")),
    ("measure_page", Row(CARE, about="form of client")),
    ("client_answers_fhir", Row(CARE, about="client", method="post")),
    ("my_answers_fhir", Row(CLIENT, method="post")),
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
    # access for programs; what they reach stands in test_api_access
    ("api_reference", Row(SIGNED_IN)),
    ("token_list", Row(SIGNED_IN)),
    ("token_new", Row(SIGNED_IN)),
    ("token_new", Row(SIGNED_IN, method="post")),
    ("token_revoke", Row(CARE, about="own token", method="post")),
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

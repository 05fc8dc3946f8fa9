"""Audit entries in words that a client reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from openrapport_web.audit.models import Entry
from openrapport_web.people.models import User

__all__ = ["WORDS", "Line", "lines"]

WORDS = {
    "account.changed": _("changed their account"),
    "agenda.added": _("put something on the agenda"),
    "agenda.changed": _("worded a point of the agenda anew"),
    "agenda.read": _("looked at a client's agenda"),
    "agenda.state": _("said what became of a point of the agenda"),
    "agreement.read": _("compared the machine's codes with their own"),
    "alert.raised": _("found something in an answer that is worth talking about"),
    "alert.read": _("looked at what an answer gave to notice"),
    "alert.seen": _("noted what an answer gave to notice"),
    "alert.set_aside": _("set aside what an answer gave to notice"),
    "analysis.answered": _("said who speaks in a transcript"),
    "analysis.asked": _("asked for a session to be looked at"),
    "analysis.asking": _("asked who speaks in a transcript"),
    "analysis.cancelled": _("stopped looking at a session"),
    "analysis.done": _("finished looking at a session"),
    "analysis.failed": _("could not finish looking at a session"),
    "analysis.queued": _("put a session back into the queue"),
    "analysis.rescued": _("took up work on a session that had stopped"),
    "analysis.retried": _("asked again for a session to be looked at"),
    "answer.came": _("received a client's answers by link or on the tablet"),
    "answer.entered": _("entered a client's answers from paper"),
    "answer.given": _("answered a form"),
    "answer.read": _("looked at answers"),
    "asking.code": _("made a code for a form on the tablet"),
    "asking.made": _("asked how it was"),
    "asking.withdrawn": _("closed a form that was not answered"),
    "answers.taken": _("took a copy of a client's answers along"),
    "backup.made": _("made an encrypted backup"),
    "backup.restored": _("put a backup back"),
    "bringing_up.opened": _("opened what a client wants to bring up"),
    "bringing_up.read": _("read what a client wants to bring up"),
    "bringing_up.sent": _("sent their therapist what they want to bring up"),
    "bringing_up.talked": _("noted that it was talked about"),
    "calendar.address": _("made a new address for their calendar"),
    "client.added": _("added a client"),
    "client.changed": _("changed a client's name or address"),
    "client.erased": _("deleted a client for good"),
    "client.erased_again": _("emptied what a restored backup held of a deleted client"),
    "client.read": _("looked at a client's page"),
    "concern.closed": _("said what was done about something that was open"),
    "concern.opened": _("saw an answer that a person should look at"),
    "concern.read": _("read an answer that a person should look at"),
    "codes.handed_out": _("handed out numbers on a session's codes for research"),
    "consent.given": _("agreed"),
    "consent.withdrawn": _("took an agreement back"),
    "contact_word.answered": _("answered a private word"),
    "contact_word.opened": _("opened a private word"),
    "contact_word.read": _("read a private word"),
    "contact_word.sent": _("wrote to the practice's contact alone"),
    "contact_word.taken_back": _("took a private word back before it was read"),
    "course.read": _("looked at a client's course"),
    "data.taken": _("took a copy of their data along"),
    "decision.agreed": _("agreed to a decision"),
    "decision.taken_back": _("took a decision back"),
    "decision.written": _("wrote a decision down"),
    "deletion.asked": _("asked for everything to be deleted"),
    "deletion.withdrawn": _("took the wish for deletion back"),
    "demo.entered": _("came in by the door of the demonstration"),
    "episode.begun": _("began an episode of care"),
    "episode.changed": _("corrected an episode of care"),
    "episode.ended": _("ended an episode of care"),
    "file.added": _("brought in a file"),
    "file.deleted": _("deleted a file"),
    "goal.agreed": _("agreed to a goal"),
    "goal.changed": _("worded a goal anew"),
    "goal.moved": _("put goals into another order"),
    "goal.state": _("said what became of a goal"),
    "goal.written": _("wrote a goal down"),
    "goals.rated": _("said how far along goals are"),
    "goals.read": _("looked at a client's goals"),
    "gap.read": _("looked at the answers of both people side by side"),
    "form.brought": _("brought a questionnaire in"),
    "form.withdrawn": _("withdrew a questionnaire"),
    "help.changed": _("changed the numbers that help"),
    "help.removed": _("took a number that helps off the list"),
    "letter.failed": _("could not send a letter with a form"),
    "letter.sent": _("sent a letter with a form"),
    "letters.changed": _("changed when letters go out"),
    "letters.stopped": _("stopped the letters that remind"),
    "letters.wanted": _("asked for letters that remind"),
    "invitation.accepted": _("accepted an invitation"),
    "invitation.made": _("invited somebody"),
    "invitation.made_again": _("sent an invitation again"),
    "invitation.withdrawn": _("took an invitation back"),
    "mark.removed": _("took a remark on a report back"),
    "mark.set": _("said whether a mark fits"),
    "kiosk.begun": _("handed over the practice's tablet"),
    "kiosk.ended": _("took the practice's tablet back"),
    "keys.rotated": _("put the keys under a new master key"),
    "measure.read": _("looked at a client's answers to a questionnaire"),
    "meeting.changed": _("moved a meeting"),
    "meeting.planned": _("planned a meeting"),
    "meeting.state": _("said what became of a meeting"),
    "note.read": _("read a note"),
    "note.written": _("wrote a note"),
    "own_words.dropped": _("deleted a draft of their own"),
    "own_words.written": _("wrote a draft of their own"),
    "password.changed": _("changed their password"),
    "password.reset": _("set a new password"),
    "person.came_back": _("let somebody come back to the practice"),
    "person.left": _("noted that somebody left the practice"),
    "plan.changed": _("changed what is asked after meetings"),
    "practice.changed": _("changed the practice's settings"),
    "practice.filled": _("filled the practice with fictional people"),
    "practice.opened": _("opened the practice"),
    "priors.renewed": _("worked out anew how ratings vary in this practice"),
    "recording.played": _("played a recording"),
    "recovery_code.used": _("signed in with a recovery code"),
    "reliability.renewed": _("worked out anew how reliable a questionnaire is in this practice"),
    "repair.begun": _("began a repair"),
    "repair.changed": _("wrote to a repair"),
    "repair.closed": _("closed a repair"),
    "repair.read": _("read a repair"),
    "repair.reopened": _("opened a repair again"),
    "repairs.read": _("looked at a client's repairs"),
    "report.compared": _("read two reports side by side"),
    "report.exported": _("took a report along"),
    "report.made": _("made a report"),
    "report.read": _("read a report"),
    "reports.deleted": _("deleted reports"),
    "review.read": _("opened the page for a review together"),
    "roles.changed": _("changed what somebody is in the practice"),
    "second_factor.added": _("added a second step to signing in"),
    "second_factor.failed": _("gave a wrong second step"),
    "second_factor.removed": _("removed a second step of signing in"),
    "second_factor.reset": _("reset somebody's second step"),
    "session.opened": _("opened a session"),
    "session.shared": _("shared a session"),
    "session.unshared": _("stopped sharing a session"),
    "sign_in.failed": _("did not get in"),
    "sign_in.locked": _("was kept out after too many tries"),
    "signed_in": _("signed in"),
    "signed_out": _("signed out"),
    "supervision.ended": _("ended a supervision"),
    "supervision.started": _("began a supervision"),
    "task.changed": _("worded something to try anew"),
    "task.given": _("wrote down something to try"),
    "task.state": _("said how something to try went"),
    "today.read": _("saw a client's agenda on their page of the day"),
    "token.ended": _("ended a program's access"),
    "token.made": _("gave a program access"),
    "transcript.corrected": _("corrected a transcript"),
    "transcript.deleted": _("deleted a transcript"),
    "transcript.read": _("read a transcript"),
    "upload.begun": _("began to bring in a file"),
    "upload.dropped": _("gave up bringing in a file"),
    "upload.forgotten": _("put away what was left of a file on its way"),
    "upload.refused": _("could not keep a file"),
    "word.answered": _("answered a private word"),
    "word.opened": _("opened a private word"),
    "word.read": _("read a private word"),
    "word.sent": _("wrote a private word to their therapist"),
    "word.taken_back": _("took a private word back before it was read"),
}
"""What an action is called, after somebody's name."""

TO_YOU = {
    "agenda.read": _("looked at your agenda"),
    "answer.came": _("received your answers by link or on the tablet"),
    "answer.entered": _("entered your answers from paper"),
    "answers.taken": _("took a copy of your answers along"),
    "bringing_up.opened": _("opened what you want to bring up"),
    "bringing_up.read": _("read what you want to bring up"),
    "client.added": _("added you"),
    "client.changed": _("changed your name or address"),
    "client.erased": _("deleted you for good"),
    "client.read": _("looked at your page"),
    "course.read": _("looked at your course"),
    "goals.read": _("looked at your goals"),
    "measure.read": _("looked at your answers to a questionnaire"),
    "repairs.read": _("looked at your repairs"),
    "today.read": _("saw your agenda on their page of the day"),
}
"""The same for the client whom it is about, where that reads otherwise."""

_MORE: dict[str, Any] = {
    "record": _("recording"),
    "transcribe": _("writing down"),
    "analyse": _("looking at how we talk"),
    "supervision": _("supervision"),
    "research": _("research"),
    "planned": _("planned"),
    "held": _("held"),
    "missed": _("missed"),
    "cancelled": _("cancelled"),
    "open": _("open"),
    "reached": _("reached"),
    "let_go": _("let go"),
    "tried": _("tried"),
    "done": _("done"),
    "left": _("left"),
    "talked": _("talked about"),
    "dropped": _("no longer needed"),
    "client": _("client"),
    "supervisor": _("supervisor"),
    "failed": _("failed"),
    "queued": _("queued"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as people read it."""

    number: int
    at: datetime
    who: str
    what: str
    more: str


def lines(entries: Iterable[Entry], *, reader: User) -> list[Line]:
    """Say entries in words, with one question to the database for all names.

    Parameters
    ----------
    entries : iterable of Entry
        Those of one page.
    reader : User
        Who reads them: their own name is "You".
    """
    page = list(entries)
    names = dict(
        User.objects.filter(pk__in={e.actor for e in page if e.actor}).values_list("pk", "name")
    )
    return [
        Line(e.number, e.at, _who(e.actor, names, reader), _what(e, reader), _more(e)) for e in page
    ]


def _what(entry: Entry, reader: User) -> str:
    # A client reads only of themselves.
    words = None if reader.is_manager else TO_YOU.get(entry.action)
    return str(words or WORDS.get(entry.action) or entry.action)


def _who(actor: UUID | None, names: dict[UUID, str], reader: User) -> str:
    if actor is None:
        return say("The program")
    return say("You") if actor == reader.pk else names.get(actor, say("Somebody who is deleted"))


def _more(entry: Entry) -> str:
    said = (entry.details.get(name) for name in ("purpose", "state", "audience"))
    return ", ".join(str(_MORE.get(str(word), str(word))).replace("_", " ") for word in said if word)

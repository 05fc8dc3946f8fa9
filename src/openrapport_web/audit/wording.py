"""Audit entries in words that a client reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from openrapport_web.audit.models import Entry
from openrapport_web.people.models import User

__all__ = ["WORDS", "Line", "lines"]

WORDS = {
    "account.changed": "changed their account",
    "agenda.added": "put something on the agenda",
    "agenda.changed": "worded a point of the agenda anew",
    "agenda.read": "looked at a client's agenda",
    "agenda.state": "said what became of a point of the agenda",
    "agreement.read": "compared the machine's codes with their own",
    "alert.raised": "found something in an answer that is worth talking about",
    "alert.read": "looked at what an answer gave to notice",
    "alert.seen": "noted what an answer gave to notice",
    "alert.set_aside": "set aside what an answer gave to notice",
    "analysis.answered": "said who speaks in a transcript",
    "analysis.asked": "asked for a session to be looked at",
    "analysis.asking": "asked who speaks in a transcript",
    "analysis.cancelled": "stopped looking at a session",
    "analysis.done": "finished looking at a session",
    "analysis.failed": "could not finish looking at a session",
    "analysis.queued": "put a session back into the queue",
    "analysis.rescued": "took up work on a session that had stopped",
    "analysis.retried": "asked again for a session to be looked at",
    "answer.came": "received a client's answers by link or on the tablet",
    "answer.entered": "entered a client's answers from paper",
    "answer.given": "answered a form",
    "answer.read": "looked at answers",
    "asking.code": "made a code for a form on the tablet",
    "asking.made": "asked how it was",
    "asking.withdrawn": "closed a form that was not answered",
    "answers.taken": "took a copy of a client's answers along",
    "backup.made": "made an encrypted backup",
    "backup.restored": "put a backup back",
    "bringing_up.opened": "opened what a client wants to bring up",
    "bringing_up.read": "read what a client wants to bring up",
    "bringing_up.sent": "sent their therapist what they want to bring up",
    "bringing_up.talked": "noted that it was talked about",
    "calendar.address": "made a new address for their calendar",
    "client.added": "added a client",
    "client.changed": "changed a client's name or address",
    "client.erased": "deleted a client for good",
    "client.erased_again": "emptied what a restored backup held of a deleted client",
    "client.read": "looked at a client's page",
    "concern.closed": "said what was done about something that was open",
    "concern.opened": "saw an answer that a person should look at",
    "concern.read": "read an answer that a person should look at",
    "codes.handed_out": "handed out numbers on a session's codes for research",
    "consent.given": "agreed",
    "consent.withdrawn": "took an agreement back",
    "contact_word.answered": "answered a private word",
    "contact_word.opened": "opened a private word",
    "contact_word.read": "read a private word",
    "contact_word.sent": "wrote to the practice's contact alone",
    "contact_word.taken_back": "took a private word back before it was read",
    "course.read": "looked at a client's course",
    "data.taken": "took a copy of their data along",
    "decision.agreed": "agreed to a decision",
    "decision.taken_back": "took a decision back",
    "decision.written": "wrote a decision down",
    "deletion.asked": "asked for everything to be deleted",
    "deletion.withdrawn": "took the wish for deletion back",
    "demo.entered": "came in by the door of the demonstration",
    "episode.begun": "began an episode of care",
    "episode.changed": "corrected an episode of care",
    "episode.ended": "ended an episode of care",
    "file.added": "brought in a file",
    "file.deleted": "deleted a file",
    "goal.agreed": "agreed to a goal",
    "goal.changed": "worded a goal anew",
    "goal.moved": "put goals into another order",
    "goal.state": "said what became of a goal",
    "goal.written": "wrote a goal down",
    "goals.rated": "said how far along goals are",
    "goals.read": "looked at a client's goals",
    "gap.read": "looked at the answers of both people side by side",
    "form.brought": "brought a questionnaire in",
    "form.withdrawn": "withdrew a questionnaire",
    "help.changed": "changed the numbers that help",
    "help.removed": "took a number that helps off the list",
    "letter.failed": "could not send a letter with a form",
    "letter.sent": "sent a letter with a form",
    "letters.changed": "changed when letters go out",
    "letters.stopped": "stopped the letters that remind",
    "letters.wanted": "asked for letters that remind",
    "invitation.accepted": "accepted an invitation",
    "invitation.made": "invited somebody",
    "invitation.made_again": "sent an invitation again",
    "invitation.withdrawn": "took an invitation back",
    "mark.removed": "took a remark on a report back",
    "mark.set": "said whether a mark fits",
    "kiosk.begun": "handed over the practice's tablet",
    "kiosk.ended": "took the practice's tablet back",
    "keys.rotated": "put the keys under a new master key",
    "measure.read": "looked at a client's answers to a questionnaire",
    "meeting.changed": "moved a meeting",
    "meeting.planned": "planned a meeting",
    "meeting.state": "said what became of a meeting",
    "note.read": "read a note",
    "note.written": "wrote a note",
    "own_words.dropped": "deleted a draft of their own",
    "own_words.written": "wrote a draft of their own",
    "password.changed": "changed their password",
    "password.reset": "set a new password",
    "person.came_back": "let somebody come back to the practice",
    "person.left": "noted that somebody left the practice",
    "plan.changed": "changed what is asked after meetings",
    "practice.changed": "changed the practice's settings",
    "practice.filled": "filled the practice with fictional people",
    "practice.opened": "opened the practice",
    "priors.renewed": "worked out anew how ratings vary in this practice",
    "recording.played": "played a recording",
    "recovery_code.used": "signed in with a recovery code",
    "repair.begun": "began a repair",
    "repair.changed": "wrote to a repair",
    "repair.closed": "closed a repair",
    "repair.read": "read a repair",
    "repair.reopened": "opened a repair again",
    "repairs.read": "looked at a client's repairs",
    "report.compared": "read two reports side by side",
    "report.exported": "took a report along",
    "report.made": "made a report",
    "report.read": "read a report",
    "reports.deleted": "deleted reports",
    "review.read": "opened the page for a review together",
    "roles.changed": "changed what somebody is in the practice",
    "second_factor.added": "added a second step to signing in",
    "second_factor.failed": "gave a wrong second step",
    "second_factor.removed": "removed a second step of signing in",
    "second_factor.reset": "reset somebody's second step",
    "session.opened": "opened a session",
    "session.shared": "shared a session",
    "session.unshared": "stopped sharing a session",
    "sign_in.failed": "did not get in",
    "sign_in.locked": "was kept out after too many tries",
    "signed_in": "signed in",
    "signed_out": "signed out",
    "supervision.ended": "ended a supervision",
    "supervision.started": "began a supervision",
    "task.changed": "worded something to try anew",
    "task.given": "wrote down something to try",
    "task.state": "said how something to try went",
    "today.read": "saw a client's agenda on their page of the day",
    "token.ended": "ended a program's access",
    "token.made": "gave a program access",
    "transcript.corrected": "corrected a transcript",
    "transcript.deleted": "deleted a transcript",
    "transcript.read": "read a transcript",
    "upload.begun": "began to bring in a file",
    "upload.dropped": "gave up bringing in a file",
    "upload.forgotten": "put away what was left of a file on its way",
    "upload.refused": "could not keep a file",
    "word.answered": "answered a private word",
    "word.opened": "opened a private word",
    "word.read": "read a private word",
    "word.sent": "wrote a private word to their therapist",
    "word.taken_back": "took a private word back before it was read",
}
"""What an action is called, after somebody's name."""


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
    words = WORDS.get(entry.action, entry.action)
    # A client reads only of themselves.
    return (
        words if reader.is_manager else words.replace("a client's", "your").replace("a client", "you")
    )


def _who(actor: UUID | None, names: dict[UUID, str], reader: User) -> str:
    if actor is None:
        return "The program"
    return "You" if actor == reader.pk else names.get(actor, "Somebody who is deleted")


def _more(entry: Entry) -> str:
    said = (entry.details.get(name) for name in ("purpose", "state", "audience"))
    return ", ".join(str(word).replace("_", " ") for word in said if word)

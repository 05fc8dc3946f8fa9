"""The one door from a person to a record.

Views and the API take records from here and from nowhere else. What somebody may not see does not
exist for them: the answer is 404, which tells nothing. The table of who reaches which address
stands in tests/web/access_table.py.

==============  =====================================================================
client          themselves; their meetings, consents and answers; sessions shared with them; the
                goals, agenda, tasks and decisions of the two
therapist       the clients, episodes, meetings, notes, answers and sessions in their own care;
                the goals, agenda, tasks and decisions of the two; alerts and repairs; private
                words that were sent to them
supervisor      sessions that a therapist shares with them, while the supervision lasts and
                the client consents
manager         clients, episodes and meetings without notes, sessions and answers; people;
                audit; as the practice's named contact, private words that were sent to them
researcher      nothing that names a person; marks as numbers, where the client agreed
left, nobody    nothing
==============  =====================================================================
"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from openrapport_web.api.models import Token
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Client, Consent, Episode, Meeting, Note, Purpose
from openrapport_web.feedback.instruments import PULSE
from openrapport_web.feedback.models import Answer, Asking, Rater, SafetyConcern
from openrapport_web.goals.models import AgendaPoint, Decision, Goal, Task
from openrapport_web.people.models import Invitation, Role, SupervisionLink, User
from openrapport_web.recordings.models import Analysis, Audience, Mark, SessionRecord, Share, Upload
from openrapport_web.repairs.models import Alert, BringingUp, PrivateWord, Repair, To

__all__ = [
    "agenda",
    "alerts",
    "analyses",
    "answers",
    "askings",
    "brought_up",
    "clients",
    "clients_in_care",
    "concerns",
    "concerns_in_care",
    "consented",
    "contact_words",
    "decisions",
    "entries",
    "episodes",
    "episodes_in_care",
    "episodes_together",
    "found",
    "goals",
    "invitations",
    "is_here",
    "marks",
    "marks_for_research",
    "me",
    "meetings",
    "meetings_in_care",
    "notes",
    "own_bringing_up",
    "own_client",
    "own_words",
    "people",
    "repairs",
    "require",
    "sessions",
    "sessions_in_care",
    "supervision_links",
    "tasks",
    "tokens",
    "uploads",
    "words",
]

M = TypeVar("M", bound=Model)

BETWEEN_TWO, OWN = "contact_word.", "own_words."
"""How audited actions begin on private words to the practice's contact, and on a client's drafts."""


def is_here(user: Any) -> bool:
    """Whether somebody is signed in and has not left the practice."""
    return bool(user.is_authenticated and user.is_active and user.left_on is None)


def me(request: HttpRequest) -> User:
    """Give the person who is signed in.

    Raises
    ------
    PermissionDenied
        If nobody is.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _has(user: Any, role: Role) -> bool:
    return is_here(user) and role in user.roles


def require(user: Any, *roles: Role) -> None:
    """Let only people with one of these roles go on.

    Raises
    ------
    PermissionDenied
        For everybody else.
    """
    if not any(_has(user, role) for role in roles):
        raise PermissionDenied


def found(records: QuerySet[M], key: UUID) -> M:
    """Take one record out of those that somebody may see.

    Raises
    ------
    Http404
        If it is not among them, whether it exists or not.
    """
    record = records.filter(pk=key).first()
    if record is None:
        raise Http404
    return record


def consented(client: Any, purpose: Purpose) -> bool:
    """Whether a client's yes to a purpose holds now.

    Parameters
    ----------
    client : Client or UUID
        Who was asked.
    purpose : Purpose
        For what.
    """
    return Consent.objects.filter(client=client, purpose=purpose, withdrawn_at=None).exists()


# -- people --------------------------------------------------------------------------------------


def people(user: Any) -> QuerySet[User]:
    """Accounts that somebody may see: managers all, others their own."""
    if _has(user, Role.MANAGER):
        return User.objects.all()
    return User.objects.filter(pk=user.pk) if is_here(user) else User.objects.none()


def invitations(user: Any) -> QuerySet[Invitation]:
    """Invitations: managers all, therapists those that they sent."""
    if _has(user, Role.MANAGER):
        return Invitation.objects.all()
    if _has(user, Role.THERAPIST):
        return Invitation.objects.filter(invited_by=user)
    return Invitation.objects.none()


def supervision_links(user: Any) -> QuerySet[SupervisionLink]:
    """Supervision links: managers all, others those that they are part of."""
    if not is_here(user):
        return SupervisionLink.objects.none()
    if _has(user, Role.MANAGER):
        return SupervisionLink.objects.all()
    return SupervisionLink.objects.filter(Q(supervisor=user) | Q(therapist=user))


def tokens(user: Any) -> QuerySet[Token]:
    """Tokens for programs: one's own."""
    return Token.objects.filter(user=user) if is_here(user) else Token.objects.none()


# -- caseload --------------------------------------------------------------------------------------


def own_client(user: Any) -> Client:
    """The record of the client who is signed in.

    Raises
    ------
    Http404
        If the person is no client.
    """
    client = (
        Client.objects.filter(user=user, erased_at=None).first() if _has(user, Role.CLIENT) else None
    )
    if client is None:
        raise Http404
    return client


def clients_in_care(user: Any) -> QuerySet[Client]:
    """Clients who are or were in this therapist's own care."""
    if not _has(user, Role.THERAPIST):
        return Client.objects.none()
    mine = Episode.objects.filter(therapist=user, client=OuterRef("pk"))
    return Client.objects.filter(Exists(mine), erased_at=None)


def clients(user: Any) -> QuerySet[Client]:
    """Clients by name and date: those in one's care; for a manager everybody."""
    if _has(user, Role.MANAGER):
        return Client.objects.filter(erased_at=None)
    return clients_in_care(user)


def episodes_in_care(user: Any) -> QuerySet[Episode]:
    """Episodes of this therapist."""
    if not _has(user, Role.THERAPIST):
        return Episode.objects.none()
    return Episode.objects.filter(therapist=user, client__erased_at=None)


def episodes(user: Any) -> QuerySet[Episode]:
    """Episodes by date and state: one's own; for a manager all."""
    if _has(user, Role.MANAGER):
        return Episode.objects.filter(client__erased_at=None)
    if _has(user, Role.CLIENT):
        own = Episode.objects.filter(client__user=user, client__erased_at=None)
        return own | episodes_in_care(user)
    return episodes_in_care(user)


def meetings_in_care(user: Any) -> QuerySet[Meeting]:
    """Meetings of this therapist."""
    if not _has(user, Role.THERAPIST):
        return Meeting.objects.none()
    return Meeting.objects.filter(therapist=user, client__erased_at=None)


def meetings(user: Any) -> QuerySet[Meeting]:
    """Meetings by date and state: one's own; for a manager all."""
    if _has(user, Role.MANAGER):
        return Meeting.objects.filter(client__erased_at=None)
    if _has(user, Role.CLIENT):
        own = Meeting.objects.filter(client__user=user, client__erased_at=None)
        return own | meetings_in_care(user)
    return meetings_in_care(user)


def notes(user: Any) -> QuerySet[Note]:
    """Notes on episodes in one's own care. Nobody else reads notes, not even a manager."""
    if not _has(user, Role.THERAPIST):
        return Note.objects.none()
    return Note.objects.filter(episode__therapist=user, client__erased_at=None)


# -- sessions --------------------------------------------------------------------------------------


def sessions_in_care(user: Any) -> QuerySet[SessionRecord]:
    """Sessions that this therapist held: may be changed and shared."""
    if not _has(user, Role.THERAPIST):
        return SessionRecord.objects.none()
    return SessionRecord.objects.filter(therapist=user, client__erased_at=None)


def sessions(user: Any) -> QuerySet[SessionRecord]:
    """Sessions that somebody may read: their own, and those shared with them."""
    if not is_here(user):
        return SessionRecord.objects.none()
    may = Q(pk__in=[])
    if _has(user, Role.THERAPIST):
        may |= Q(therapist=user)
    shared = Share.objects.filter(session=OuterRef("pk"), person=user, ended_at=None)
    if _has(user, Role.CLIENT):
        may |= Q(Exists(shared.filter(audience=Audience.CLIENT)), client__user=user)
    if _has(user, Role.SUPERVISOR):
        today = timezone.localdate()
        link = SupervisionLink.objects.filter(
            SupervisionLink.current(today), supervisor=user, therapist=OuterRef("therapist")
        )
        yes = Consent.objects.filter(
            client=OuterRef("client"), purpose=Purpose.SUPERVISION, withdrawn_at=None
        )
        may |= Q(Exists(shared.filter(audience=Audience.SUPERVISOR)), Exists(link), Exists(yes))
    return SessionRecord.objects.filter(may, client__erased_at=None)


def uploads(user: Any) -> QuerySet[Upload]:
    """Uploads that this therapist began."""
    if not _has(user, Role.THERAPIST):
        return Upload.objects.none()
    return Upload.objects.filter(by=user, meeting__therapist=user, client__erased_at=None)


def analyses(user: Any) -> QuerySet[Analysis]:
    """Analyses of one's own sessions."""
    if not _has(user, Role.THERAPIST):
        return Analysis.objects.none()
    return Analysis.objects.filter(session__therapist=user, client__erased_at=None)


def marks(user: Any) -> QuerySet[Mark]:
    """Marks on sessions that somebody may read: their own; on a session that they held, everybody's."""
    if not is_here(user):
        return Mark.objects.none()
    own = Q(by=user) | (Q(session__therapist=user) if user.is_therapist else Q())
    return Mark.objects.filter(own, session__in=sessions(user))


def marks_for_research(user: Any) -> QuerySet[Mark]:
    """Marks on sessions whose clients agreed to research, for a researcher: to be counted, not shown."""
    if not _has(user, Role.RESEARCHER):
        return Mark.objects.none()
    yes = Consent.objects.filter(client=OuterRef("client"), purpose=Purpose.RESEARCH, withdrawn_at=None)
    return Mark.objects.filter(Exists(yes), client__erased_at=None)


# -- what the two work on together -----------------------------------------------------------------


def episodes_together(user: Any) -> QuerySet[Episode]:
    """Episodes whose goals, agenda, tasks and decisions somebody shares: as client or as therapist."""
    may = Q(pk__in=[])
    if _has(user, Role.THERAPIST):
        may |= Q(therapist=user)
    if _has(user, Role.CLIENT):
        may |= Q(client__user=user)
    return Episode.objects.filter(may, client__erased_at=None)


def goals(user: Any) -> QuerySet[Goal]:
    """Goals of the two, for each of the two and nobody else."""
    return Goal.objects.filter(episode__in=episodes_together(user))


def agenda(user: Any) -> QuerySet[AgendaPoint]:
    """What is to be talked about, for each of the two and nobody else."""
    return AgendaPoint.objects.filter(episode__in=episodes_together(user))


def tasks(user: Any) -> QuerySet[Task]:
    """What is tried out between meetings, for each of the two and nobody else."""
    return Task.objects.filter(episode__in=episodes_together(user))


def decisions(user: Any) -> QuerySet[Decision]:
    """What was decided together, for each of the two and nobody else."""
    return Decision.objects.filter(episode__in=episodes_together(user))


# -- what strains, and its repair --------------------------------------------------------------------


def alerts(user: Any) -> QuerySet[Alert]:
    """Alerts on episodes in one's own care. Managers see counts of them, and no alert."""
    if not _has(user, Role.THERAPIST):
        return Alert.objects.none()
    return Alert.objects.filter(episode__therapist=user, client__erased_at=None)


def repairs(user: Any) -> QuerySet[Repair]:
    """Repairs that this therapist works on. Like notes, nobody else reads them."""
    if not _has(user, Role.THERAPIST):
        return Repair.objects.none()
    return Repair.objects.filter(therapist=user, client__erased_at=None)


def words(user: Any) -> QuerySet[PrivateWord]:
    """Private words that clients sent to this therapist, and never one to the practice's contact."""
    if not _has(user, Role.THERAPIST):
        return PrivateWord.objects.none()
    return PrivateWord.objects.filter(to=To.THERAPIST, episode__therapist=user, client__erased_at=None)


def contact_words(user: Any) -> QuerySet[PrivateWord]:
    """Private words to the practice's contact: for the person who was named before they were sent.

    Not while that person has been the client's therapist, whatever was so when it was sent.
    """
    if not _has(user, Role.MANAGER):
        return PrivateWord.objects.none()
    own = Episode.objects.filter(therapist=user, client=OuterRef("client"))
    held = PrivateWord.objects.filter(to=To.CONTACT, contact=user, client__erased_at=None)
    return held.exclude(Exists(own))


def own_words(user: Any) -> QuerySet[PrivateWord]:
    """Private words that this client wrote, to whomever."""
    return PrivateWord.objects.filter(client=own_client(user))


def brought_up(user: Any) -> QuerySet[BringingUp]:
    """What clients sent to this therapist to talk about. Before that it is theirs alone."""
    if not _has(user, Role.THERAPIST):
        return BringingUp.objects.none()
    return BringingUp.objects.filter(
        sent_at__isnull=False, episode__therapist=user, client__erased_at=None
    )


def own_bringing_up(user: Any) -> QuerySet[BringingUp]:
    """What this client prepared to say, drafts too."""
    return BringingUp.objects.filter(client=own_client(user))


# -- forms and answers -----------------------------------------------------------------------------


def askings(user: Any) -> QuerySet[Asking]:
    """Forms that were asked: a client their own, a therapist those in their care, a manager all.

    That somebody was asked, and whether they answered, is no answer: the front desk hands out
    sheets and codes.
    """
    if not is_here(user):
        return Asking.objects.none()
    may = Q(pk__in=[])
    if _has(user, Role.MANAGER):
        may |= Q(rater=Rater.CLIENT)
    if _has(user, Role.CLIENT):
        may |= Q(client__user=user, rater=Rater.CLIENT)
    if _has(user, Role.THERAPIST):
        may |= Q(episode__therapist=user)
    return Asking.objects.filter(may, client__erased_at=None)


def answers(user: Any) -> QuerySet[Answer]:
    """Answers that somebody may read: a client their own, a therapist those in their care.

    A client's pulse appears once the therapist's own is in, was left out or is closed: until then
    the therapist can still guess it. Strain and harm are told at once by other ways (alerts and
    concerns). Nobody else reads answers.
    """
    if not is_here(user):
        return Answer.objects.none()
    may = Q(pk__in=[])
    if _has(user, Role.CLIENT):
        may |= Q(client__user=user, asking__rater=Rater.CLIENT)
    if _has(user, Role.THERAPIST):
        seen = ~Q(asking__rater=Rater.CLIENT, asking__instrument=PULSE) | Q(~_still_guessed())
        may |= Q(asking__episode__therapist=user) & seen
    return Answer.objects.filter(may, client__erased_at=None)


def _still_guessed() -> Exists:
    own = Asking.objects.filter(
        meeting=OuterRef("asking__meeting"),
        rater=Rater.THERAPIST,
        answered_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
    )
    return Exists(own)


# -- safety ----------------------------------------------------------------------------------------


def concerns_in_care(user: Any) -> QuerySet[SafetyConcern]:
    """What is or was open in one's own care, with the answer behind it."""
    if not _has(user, Role.THERAPIST):
        return SafetyConcern.objects.none()
    return SafetyConcern.objects.filter(episode__therapist=user, client__erased_at=None)


def concerns(user: Any) -> QuerySet[SafetyConcern]:
    """What is open: in one's own care; for a manager that it is, and since when, not the answer."""
    if _has(user, Role.MANAGER):
        still = SafetyConcern.objects.filter(done_at=None, client__erased_at=None)
        return still | concerns_in_care(user)
    return concerns_in_care(user)


# -- audit -----------------------------------------------------------------------------------------


def entries(user: Any) -> QuerySet[Entry]:
    """Audit entries: a client those about themselves, a manager all but what is between others.

    What a client and the practice's contact did about a private word stands in the log for these
    two alone, and a client's drafts for the client: a manager may be the therapist it is about.
    """
    if _has(user, Role.MANAGER):
        between = Q(action__startswith=BETWEEN_TWO) & ~Q(subject__in=contact_words(user).values("pk"))
        return Entry.objects.exclude(between | Q(action__startswith=OWN))
    if _has(user, Role.CLIENT):
        return Entry.objects.filter(client__in=Client.objects.filter(user=user).values("pk"))
    return Entry.objects.none()

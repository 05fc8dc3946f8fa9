"""To whom in the practice a client may write so that their therapist does not learn of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from openrapport_web.caseload.models import Client, Episode
from openrapport_web.people.models import Practice, User

__all__ = ["Contact", "contact_for"]


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody of the practice beside the therapist, or why there is nobody."""

    person: User | None
    why_not: str = ""


def contact_for(client: Client) -> Contact:
    """Find the practice's named contact for a client.

    It is a manager who has not left and who is not, and never was, this client's therapist.
    """
    practice = Practice.objects.select_related("named_contact").filter(pk=1).first()
    person = practice.named_contact if practice else None
    if person is None or not person.is_manager or not person.is_active or person.left_on is not None:
        return Contact(None, _("The practice has not named anybody else to whom you could write."))
    if Episode.objects.filter(client=client, therapist=person).exists():
        return Contact(
            None,
            _("The practice's contact is also your therapist, so there is nobody else to write to."),
        )
    return Contact(person)

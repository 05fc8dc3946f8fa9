"""Letters that say that something waits, and nothing of what it is or from whom."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from openrapport_web.people import letters
from openrapport_web.people.models import Practice, User

__all__ = ["something_waits"]


def something_waits(person: User) -> None:
    """Send the letter once what it speaks of is kept."""
    practice = Practice.get()
    called = practice.name if practice else "OpenRapport"
    with translation.override(person.language):
        title = " ".join((_("Something waits for you at %(practice)s") % {"practice": called}).split())
        said = {"user": person, "practice": called, "origin": settings.ORIGIN}
        text = render_to_string("repairs/letters/something_waits.txt", said)
    letter = EmailMessage(title, text.strip() + "\n", None, [person.email])
    transaction.on_commit(lambda: letters.post(letter, "something_waits"))

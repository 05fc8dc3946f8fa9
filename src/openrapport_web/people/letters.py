"""Letters by e-mail. They hold no content, and say where to look instead of what there is."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from smtplib import SMTPException
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _

from openrapport_web.people.models import Invitation, Practice, User

__all__ = ["factor_reset", "invited", "new_device", "post"]

_log = logging.getLogger(__name__)


def invited(invitation: Invitation, link: str, *, language: str) -> bool:
    """Send an invitation; tells whether it went out."""
    subject = _("An invitation from %(practice)s")
    said = {"invitation": invitation, "link": link}
    return _send(invitation.email, subject, "invited", said, language, None)


def new_device(user: User, at: datetime) -> bool:
    """Tell somebody that they signed in where they had not before."""
    said = {"user": user, "at": at}
    return _send(user.email, _("A new sign-in"), "new_device", said, user.language, user.time_zone)


def factor_reset(user: User) -> bool:
    """Tell somebody that the manager took their second factors off."""
    subject = _("Your second factor was taken off")
    return _send(user.email, subject, "factor_reset", {"user": user}, user.language, user.time_zone)


def post(letter: EmailMessage, kind: str) -> None:
    """Send a letter while its sender goes on; where it fails, the log says so."""
    threading.Thread(target=_deliver, args=(letter, kind), name="letter").start()


def _deliver(letter: EmailMessage, kind: str) -> bool:
    try:
        letter.send()
    except (OSError, SMTPException):
        # What the letter is about stays done; the page says that it did not go out.
        _log.warning("a letter (%s) could not be sent; look at the SMTP settings", kind)
        return False
    return True


def _send(
    to: str, subject: str, name: str, said: dict[str, Any], language: str, zone: str | None
) -> bool:
    practice = Practice.get()
    called = practice.name if practice else "OpenRapport"
    place = ZoneInfo(zone or (practice.time_zone if practice else "") or settings.TIME_ZONE)
    with translation.override(language), timezone.override(place):
        title = " ".join((translation.gettext(subject) % {"practice": called}).split())
        said = {"practice": called, "origin": settings.ORIGIN, **said}
        text = render_to_string(f"people/letters/{name}.txt", said)
    return _deliver(EmailMessage(title, text.strip() + "\n", None, [to]), name)

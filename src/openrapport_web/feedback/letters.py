"""Letters about forms and about what is open. None of them says what somebody answered."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _

from openrapport_web.people.models import Practice

__all__ = ["concern", "form"]

log = logging.getLogger(__name__)


def concern(address: str, key: UUID, *, language: str) -> bool:
    """Tell somebody that something is open and wants to be looked at; tells whether it went out."""
    link = f"{settings.ORIGIN}{reverse('concern_page', kwargs={'key': key})}"
    return _send(
        address, _("Something is open that needs a person"), "concern", {"link": link}, language
    )


def form(
    address: str,
    tokens: tuple[str, ...],
    *,
    language: str,
    again: bool,
    until: datetime,
    stop: str,
) -> bool:
    """Bring a client the forms after one meeting; tells whether it went out.

    Parameters
    ----------
    address : str
        The client's.
    tokens : tuple of str
        One for each form.
    language : str
        The client's.
    again : bool
        Whether this is a reminder.
    until : datetime
        When the first of the forms closes.
    stop : str
        What stops such letters.
    """
    door, leave = settings.ORIGIN + reverse("link_open"), settings.ORIGIN + reverse("letters_stop")
    said = {
        "links": [f"{door}?link={token}" for token in tokens],
        "again": again,
        "until": until,
        "stop": f"{leave}?link={stop}",
        "help": settings.ORIGIN + reverse("help_page"),
    }
    # What mail programs show as "unsubscribe" (RFC 2369), with one press (RFC 8058).
    headers = {
        "List-Unsubscribe": f"<{said['stop']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    subject = _("Still open: a short form") if again else _("How was it? A short form")
    return _send(address, subject, "form", said, language, headers)


def _send(
    to: str,
    subject: str,
    name: str,
    said: dict[str, Any],
    language: str,
    headers: dict[str, str] | None = None,
) -> bool:
    practice = Practice.get()
    called = practice.name if practice else "OpenRapport"
    place = ZoneInfo((practice.time_zone if practice else "") or settings.TIME_ZONE)
    with translation.override(language), timezone.override(place):
        title = " ".join((translation.gettext(subject) % {"practice": called}).split())
        text = render_to_string(f"feedback/letters/{name}.txt", {"practice": called, **said})
    letter = EmailMessage(title, text.strip() + "\n", None, [to], headers=headers)
    try:
        letter.send()
    except (OSError, SMTPException):
        log.warning("a letter (%s) could not be sent; look at the SMTP settings", name)
        return False
    return True

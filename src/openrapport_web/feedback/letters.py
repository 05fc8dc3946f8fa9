"""Letters about forms and about what is open. None of them says what somebody answered."""

from __future__ import annotations

import logging
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

__all__ = ["concern"]

log = logging.getLogger(__name__)


def concern(address: str, key: UUID, *, language: str) -> bool:
    """Tell somebody that something is open and wants to be looked at; tells whether it went out."""
    link = f"{settings.ORIGIN}{reverse('concern_page', kwargs={'key': key})}"
    return _send(
        address, _("Something is open that wants a person"), "concern", {"link": link}, language
    )


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

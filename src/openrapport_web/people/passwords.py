"""Passwords that somebody who knows where they are used would try first."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from openrapport_web.people.models import Practice

__all__ = ["WORDS", "NotOfThisPlace"]

WORDS = (
    "openrapport", "rapport", "therapy", "therapist", "therapeut", "terapia", "terapeuta", "practice", "praxis",
    "consulta", "client", "patient", "session", "counsel", "counsellor", "supervisor", "supervision", "manager",
    "password", "passwort", "contrase\u00f1a", "welcome", "willkommen", "bienvenido", "login", "admin",
)  # fmt: skip
"""What such a password is made of; the practice's own name is added."""

_MUST_REMAIN = 6


class NotOfThisPlace:
    """Refuses a password that is little more than words of this place, digits and signs."""

    def validate(self, password: str, user: Any = None) -> None:
        del user
        practice = Practice.get()
        own = re.findall(r"\w{4,}", practice.name.lower()) if practice else []
        rest = password.lower()
        for word in sorted({*WORDS, *own}, key=len, reverse=True):
            rest = rest.replace(word, "")
        # A password that holds none of the words may be of any letters, digits and signs.
        if rest != password.lower() and sum(letter.isalpha() for letter in rest) < _MUST_REMAIN:
            raise ValidationError(
                _("This is made of words that somebody would try first here. Add some of your own."),
                code="password_of_this_place",
            )

    def get_help_text(self) -> str:
        return _(
            "Not only the practice's name and words like \u201ctherapy\u201d or \u201cpassword\u201d."
        )

"""What is asked about a new token."""

from __future__ import annotations

from typing import Any

from django import forms

from openrapport_web.api.scopes import SCOPES, scopes_of
from openrapport_web.people.models import User

__all__ = ["TokenForm"]


class TokenForm(forms.Form):
    """What a program is called, what it may do, and for how long."""

    name = forms.CharField(
        label="Which program is it for?", max_length=80, widget=forms.TextInput({"autocomplete": "off"})
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        widget=forms.CheckboxSelectMultiple,
        help_text="As little as it needs. It never sees or does more than you.",
    )
    days = forms.TypedChoiceField(
        label="For how long?",
        coerce=int,
        choices=[(7, "A week"), (30, "30 days"), (90, "90 days"), (365, "A year")],
        initial=30,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(str(scope), f"{SCOPES[scope][0]} ({scope})") for scope in scopes_of(user)]
        self.fields["scopes"].choices = words  # type: ignore[attr-defined]

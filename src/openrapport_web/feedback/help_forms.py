"""What is asked about numbers that help, and about what was done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from openrapport_web.editing import VersionedForm
from openrapport_web.feedback.help import suggestions

__all__ = ["DoneForm", "LineForm", "SuggestionForm"]


class DoneForm(forms.Form):
    """What somebody did about what was open."""

    done = forms.CharField(
        label=_("What was done"),
        max_length=4_000,
        widget=forms.Textarea({"rows": 5, "autocomplete": "off"}),
        help_text=_(
            "With whom you spoke, what you agreed, and what happens next. It is encrypted; the "
            "therapist of this client can read it."
        ),
    )


class LineForm(VersionedForm):
    """Somebody to call or to write to."""

    name = forms.CharField(label=_("Who answers"), max_length=120)
    number = forms.CharField(
        label=_("Telephone"), required=False, max_length=60, widget=forms.TextInput({"type": "tel"})
    )
    hours = forms.CharField(
        label=_("When"), required=False, max_length=120, help_text=_("For example: 24/7")
    )
    address = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    language = forms.ChoiceField(
        label=_("For whom"),
        required=False,
        choices=[("", _("Everybody")), *settings.LANGUAGES],
        help_text=_("Clients see lines in their language, and those for everybody."),
    )

    def clean_number(self) -> str:
        number = " ".join(str(self.cleaned_data["number"]).split())
        if number and not any(c.isdigit() for c in number):
            raise forms.ValidationError(_("Please give a number that a telephone can dial."))
        return number

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("number") and not given.get("address"):
            raise forms.ValidationError(_("Please give a number or a website."))
        return given


class SuggestionForm(forms.Form):
    """Whose known numbers to take over."""

    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.code, one.name) for one in suggestions().values() if one.lines]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]

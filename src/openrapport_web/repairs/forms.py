"""What is asked about alerts, private words and repairs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from openrapport_web.editing import VersionedForm

__all__ = ["SetAsideForm", "WordsField"]

MAX_WORDS = 4_000
_YES_NO = (("yes", _("Yes, it was worth a look")), ("no", _("No, there was nothing in it")))


class WordsField(forms.CharField):
    """A few sentences."""

    def __init__(self, *, rows: int = 4, **options: Any) -> None:
        options.setdefault("max_length", MAX_WORDS)
        options.setdefault("widget", forms.Textarea({"rows": rows}))
        super().__init__(**options)


class SetAsideForm(VersionedForm):
    """Why an alert is set aside."""

    REASONS = (
        ("talked", _("We have talked about it already")),
        ("outside", _("Something outside our work explains it")),
        ("usual", _("This is usual for this client")),
        ("slip", _("A slip while answering")),
        ("other", _("Something else")),
    )
    useful = forms.ChoiceField(
        label=_("Was it worth a look?"), choices=_YES_NO, widget=forms.RadioSelect
    )
    why = forms.ChoiceField(
        label=_("Why do you set it aside?"), choices=REASONS, widget=forms.RadioSelect
    )
    said = WordsField(
        label=_("In your own words"), required=False, rows=2, help_text=_("Only you read this.")
    )

    def clean_useful(self) -> bool:
        return bool(self.cleaned_data["useful"] == "yes")

"""What people type and choose on the pages of a session."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from openrapport.session import Party
from openrapport_web.editing import VersionedForm
from openrapport_web.recordings.content import TRANSCRIPTS
from openrapport_web.recordings.models import Verdict

__all__ = ["MarkForm", "RolesForm", "TranscriptForm", "UtteranceForm"]

PLAIN_UPLOAD_BYTES = 4 * 2**20
_MAX_UTTERANCE = 20_000


class TranscriptForm(forms.Form):
    """A transcript, sent in one piece by a browser that runs no script."""

    file = forms.FileField(
        label="Transcript",
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(TRANSCRIPTS)}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > PLAIN_UPLOAD_BYTES:
            raise ValidationError(
                "Without scripts a file may have 4 MB. Allow scripts for a larger one."
            )
        return file


class RolesForm(forms.Form):
    """Who is the therapist, and who is the client?"""

    therapist = forms.ChoiceField(label="Who is the therapist?", widget=forms.RadioSelect)
    client = forms.ChoiceField(label="Who is the client?", widget=forms.RadioSelect)

    def __init__(self, speakers: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("therapist", "client"):
            self.fields[name].choices = [(s, s) for s in speakers]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("therapist") and said.get("therapist") == said.get("client"):
            raise ValidationError("Choose two different people.")
        return said


class UtteranceForm(VersionedForm):
    """What was said at one place, and by whom."""

    text = forms.CharField(
        label="What was said", max_length=_MAX_UTTERANCE, widget=forms.Textarea(attrs={"rows": 4})
    )
    party = forms.TypedChoiceField(label="Who said it", coerce=int, widget=forms.RadioSelect)

    def __init__(self, parties: tuple[Party, ...], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"].choices = [  # type: ignore[attr-defined]
            (i, f"{str(party.role).capitalize()} ({party.name})") for i, party in enumerate(parties)
        ]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        if any(ord(letter) < 32 and letter != "\n" for letter in text):
            raise ValidationError("This holds characters that cannot be written. Type it again.")
        return text


class MarkForm(forms.Form):
    """What somebody says of a mark."""

    target = forms.CharField(max_length=120, widget=forms.HiddenInput)
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(choices=[("", ""), *Verdict.choices], required=False)
    note = forms.CharField(required=False, max_length=4_000)

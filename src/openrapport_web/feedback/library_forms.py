"""What is asked when a questionnaire is brought in or translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from openrapport.errors import BadInput
from openrapport.measures.instrument import TEXTS_FORMAT, Instrument, Kind, Texts
from openrapport_web.feedback.bringing import MAX_BYTES, Brought, read_file

__all__ = ["BringForm", "TakeForm", "TranslationForm"]

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


class BringForm(forms.Form):
    """A file with a questionnaire."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A FHIR R4 Questionnaire (JSON), or a file in our own format; at most 2 MB."),
        widget=forms.FileInput({"accept": ".json,application/json"}),
    )
    brought: Brought

    def __init__(self, *args: Any, announced: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if announced > MAX_BYTES:
            # Very large files are dropped as they arrive; it would look as if none had come.
            self.fields["file"].error_messages["required"] = too_large()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(too_large())
        try:
            self.brought = read_file(file.read())
        except BadInput as error:
            raise forms.ValidationError(str(error)) from None
        return file


def too_large() -> str:
    """Say that a file is no questionnaire by its size."""
    return say("This file is larger than 2 MB. No questionnaire is; is it the right file?")


class TakeForm(forms.Form):
    """The sentence without which nothing is kept."""

    document = forms.CharField(widget=forms.HiddenInput, max_length=MAX_BYTES, strip=False)
    agreed = forms.BooleanField(
        error_messages={"required": _("Without this sentence the words are not taken.")}
    )

    def __init__(self, *args: Any, sentence: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreed"].label = sentence


class TranslationForm(forms.Form):
    """The words of a form in one more language, each beside its original."""

    language = forms.CharField(
        label=_("Language"),
        max_length=35,
        help_text=_("As a code, such as fr or pt-br."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    title = forms.CharField(label=_("Title"), max_length=200)

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of, self._words = instrument, instrument.texts(instrument.languages[0])
        words = self._words
        self.fields["title"].help_text = words.title
        for name in ("instructions", "stem"):
            if original := getattr(words, name):
                self._ask(name, _TOP[name], original)
        for item in instrument.items:
            self._ask(
                f"item-{item.key}",
                say("Question %(key)s") % {"key": item.key},
                words.items[item.key].text,
            )
        for number, labels in enumerate(_label_sets(instrument, words)):
            for value, word in labels.items():
                about = {"value": f"{value:g}"}
                self._ask(f"label-{number}-{value:g}", say("Answer %(value)s") % about, word)
        for key, name in words.scales.items():
            self._ask(f"scale-{key}", say("Name of the scale %(key)s") % {"key": key}, name)

    def _ask(self, name: str, label: Any, original: str) -> None:
        self.fields[name] = forms.CharField(label=label, max_length=2_000, help_text=original)

    def clean_language(self) -> str:
        language = str(self.cleaned_data["language"]).strip().lower().replace("_", "-")
        if not _LANGUAGE.fullmatch(language):
            raise forms.ValidationError(_("Please give a code, such as fr or pt-br."))
        return language

    @property
    def document(self) -> dict[str, Any]:
        """The words as a document of ours."""
        said, form = self.cleaned_data, self._of
        sets = list(_label_sets(form, self._words))
        items: dict[str, dict[str, str]] = {}
        for item in form.items:
            items[item.key] = {"text": said[f"item-{item.key}"]}
            if item.kind is not Kind.TEXT:
                labels = dict(self._words.items[item.key].labels)
                items[item.key]["labels"] = f"set{sets.index(labels)}"
        return {
            "format": TEXTS_FORMAT,
            "instrument": form.key,
            "version": form.version,
            "language": said["language"],
            "licence": {"name": form.licence.name, "attribution": form.licence.attribution},
            "texts": {
                "title": said["title"],
                "instructions": said.get("instructions", ""),
                "stem": said.get("stem", ""),
                "items": items,
                "labels": {
                    f"set{number}": {f"{v:g}": said[f"label-{number}-{v:g}"] for v in labels}
                    for number, labels in enumerate(sets)
                },
                "scales": {key: said[f"scale-{key}"] for key in self._words.scales},
            },
        }


_TOP = {"instructions": _("What stands above"), "stem": _("How every question begins")}


def _label_sets(form: Instrument, words: Texts) -> Iterator[dict[Any, str]]:
    """Each different set of answers once, in the order in which the form shows them."""
    seen: list[dict[Any, str]] = []
    for item in form.items:
        labels = dict(words.items[item.key].labels)
        if item.kind is not Kind.TEXT and labels not in seen:
            seen.append(labels)
            yield labels

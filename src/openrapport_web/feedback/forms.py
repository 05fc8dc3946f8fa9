"""Forms made from questionnaires, and the forms of the ways to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openrapport.measures.forms import Item, ItemText, Kind, Number, Texts

__all__ = ["AnswerForm", "CodeForm", "Question"]

_LONGEST = 2_000
PREDICTED = "predicted_"


@dataclass(frozen=True, slots=True)
class Question:
    """What the page shows of an item: its field, and the words at the ends of its scale."""

    field: Any
    kind: str
    low: str
    high: str
    begins_guess: bool  # the first of those where a therapist guesses what the client will say

    @property
    def look(self) -> str:
        """How its answers are laid out."""
        return "of-rating" if self.kind == Kind.RATING else "of-choice"


class AnswerForm(forms.Form):
    """The items of a questionnaire. Every one may be left out.

    Parameters
    ----------
    items : tuple of Item
        Those that are asked now.
    texts : Texts
        Their words in one language.
    """

    def __init__(self, *args: Any, items: tuple[Item, ...], texts: Texts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, prefix="a")  # type: ignore[misc] # nobody else gives one
        self._items, self._texts = items, texts
        for item in items:
            self.fields[item.key] = _field(item, texts.items[item.key])

    @property
    def answers(self) -> dict[str, Number | str | None]:
        """What was answered, by item."""
        return {key: None if value == "" else value for key, value in self.cleaned_data.items()}

    def questions(self) -> Iterator[Question]:
        """Give the items as the page shows them."""
        before = ""
        for item in self._items:
            labels = self._texts.items[item.key].labels
            low, high = _ends(item, labels)
            guess = item.key.startswith(PREDICTED) and not before.startswith(PREDICTED)
            yield Question(self[item.key], str(item.kind), low, high, guess)
            before = item.key


def _ends(item: Item, labels: Mapping[Number, str]) -> tuple[str, str]:
    if item.kind is not Kind.RATING:
        return "", ""
    return labels.get(min(item.values), ""), labels.get(max(item.values), "")


def _field(item: Item, words: ItemText) -> forms.Field:
    if item.kind is Kind.TEXT:
        return forms.CharField(
            label=words.text,
            required=False,
            max_length=_LONGEST,
            widget=forms.Textarea({"rows": 2, "autocomplete": "off"}),
        )
    by_text = {f"{value:g}": value for value in item.values}
    rating = item.kind is Kind.RATING
    return forms.TypedChoiceField(
        label=words.text,
        required=False,
        choices=[(text, text if rating else words.labels[value]) for text, value in by_text.items()],
        coerce=by_text.__getitem__,
        empty_value=None,
        widget=forms.RadioSelect(),
        error_messages={"invalid_choice": _("Please choose one of the answers shown.")},
    )


class CodeForm(forms.Form):
    """A code, as it is typed on the tablet or read from a sheet of paper."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        return "".join(c for c in self.cleaned_data["code"].upper() if c.isalnum())


def moment_of(text: str) -> datetime:
    """When a device says that something was answered; now, where it says nothing that can be read."""
    now = timezone.now()
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return now
    return said if said.tzinfo is not None else now


def noon_of(text: str) -> datetime:
    """The middle of the day that stands on a sheet of paper; now, where there is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.now()
    return timezone.make_aware(datetime.combine(day, time(12)))

"""What is asked about plans and letters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from openrapport.measures.instrument import Instrument
from openrapport_web.editing import VersionedForm
from openrapport_web.feedback.plans import least_meetings

__all__ = ["LetterTimesForm", "PlanForm", "how_often"]

_OFTEN = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 20)


def how_often(every: int) -> str:
    """Say a number of meetings in words."""
    if every == 0:
        return say("Not asked")
    if every == 1:
        return say("After each meeting")
    return say("After every %(n)s meetings") % {"n": every}


class PlanForm(VersionedForm):
    """How often one questionnaire is asked."""

    every = forms.TypedChoiceField(label=_("How often"), coerce=int)
    letter = forms.BooleanField(
        label=_("Send a link by e-mail after the meeting"),
        required=False,
        help_text=_("Clients can stop such letters; they also find the form in their own place."),
    )

    def __init__(self, *args: Any, form: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        least = least_meetings(form)
        choices = [(n, how_often(n)) for n in _OFTEN if n == 0 or n >= least]
        held = self.initial.get("every")
        if held is not None and held not in dict(choices) and held >= least:
            choices.append((held, how_often(held)))
        self.fields["every"].choices = choices  # type: ignore[attr-defined]
        self.fields["every"].help_text = _about_days(form, least)
        if form.rater != "client":
            del self.fields["letter"]


def _about_days(form: Instrument, least: int) -> str:
    if form.recall_days is None:
        return ""
    if least > 1:
        return say(
            "It asks about the last %(days)s days, so it is never asked again before they are over."
        ) % {"days": form.recall_days}
    return say(
        "It asks about the last %(days)s days: asked more often, the same days are counted twice."
    ) % {"days": form.recall_days}


class LetterTimesForm(VersionedForm):
    """When letters with links go out."""

    at_once = forms.BooleanField(label=_("A link right after the meeting"), required=False)
    first_after_days = forms.TypedChoiceField(
        label=_("First reminder"),
        coerce=int,
        choices=[
            (0, _("None")),
            (1, _("The next day")),
            (2, _("After 2 days")),
            (3, _("After 3 days")),
        ],
    )
    second_after_days = forms.TypedChoiceField(
        label=_("Second reminder"),
        coerce=int,
        choices=[
            (0, _("None")),
            *((n, _("After %(n)s days") % {"n": n}) for n in (2, 3, 4, 5, 6)),
        ],
        help_text=_("Forms close after seven days. Nobody gets more than three letters about a form."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, second = given.get("first_after_days"), given.get("second_after_days")
        if second and first is not None and (not first or second <= first):
            self.add_error(
                "second_after_days",
                _("The second reminder comes after the first one, if there is one."),
            )
        return given

"""What is asked about clients, episodes, meetings and notes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openrapport_web.caseload.models import Ending, Format, MeetingState, Mode
from openrapport_web.editing import VersionedForm
from openrapport_web.people.models import Role, User

__all__ = [
    "ClientForm",
    "EndingForm",
    "EpisodeForm",
    "FilterForm",
    "MeetingForm",
    "NewClientForm",
    "NoteForm",
    "StateForm",
]

_EARLIEST, _LONGEST_AHEAD = date(1950, 1, 1), timedelta(days=3 * 366)


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class _Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=_Day(), input_formats=["%Y-%m-%d"], **options)


def _plausible(day: date) -> date:
    if not _EARLIEST <= day <= timezone.localdate() + _LONGEST_AHEAD:
        raise forms.ValidationError(_("This day is too far away; check the year."))
    return day


class FilterForm(forms.Form):
    """Which clients a list shows."""

    q = forms.CharField(label=_("Name"), required=False, max_length=120)
    state = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("In care")), ("ended", _("Ended")), ("all", _("All"))],
    )


class ClientForm(VersionedForm):
    """How to call and reach somebody."""

    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "off"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    phone = forms.CharField(
        label=_("Telephone"), required=False, max_length=40, widget=forms.TextInput({"type": "tel"})
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class EpisodeForm(VersionedForm):
    """How an episode of care began."""

    starts_on = _day(_("First day"))
    format = forms.ChoiceField(label=_("Who takes part"), choices=Format.choices)
    referral = forms.CharField(
        label=_("How they came to you"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Only therapists of this episode can read it."),
    )

    def clean_starts_on(self) -> date:
        return _plausible(self.cleaned_data["starts_on"])


class NewClientForm(ClientForm, EpisodeForm):
    """A client and their first episode."""

    version = forms.IntegerField(initial=0, required=False, widget=forms.HiddenInput)
    field_order = ("name", "email", "phone", "language", "therapist", "starts_on", "format", "referral")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if Role.MANAGER in user.roles:
            self.fields["therapist"] = forms.ModelChoiceField(
                User.objects.here(Role.THERAPIST), label=_("Therapist"), initial=user.pk
            )
            self.fields["therapist"].label_from_instance = lambda u: u.name  # type: ignore[attr-defined]
            if Role.THERAPIST not in user.roles:
                del self.fields["referral"]
            self.order_fields(self.field_order)


class EndingForm(VersionedForm):
    """How an episode of care ended."""

    ends_on = _day(_("Last day"))
    ending = forms.ChoiceField(
        label=_("How it ended"), choices=Ending.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("What led to it"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("In your words; encrypted, and read by you alone."),
    )

    def clean_ends_on(self) -> date:
        return _plausible(self.cleaned_data["ends_on"])


class MeetingForm(VersionedForm):
    """When and how people meet."""

    starts_at = forms.DateTimeField(
        label=_("Day and time"),
        widget=_Moment(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=600, initial=50)
    mode = forms.ChoiceField(
        label=_("How"), choices=Mode.choices, widget=forms.RadioSelect, initial=Mode.IN_PERSON
    )
    weeks = forms.IntegerField(
        label=_("Repeat weekly, in all"),
        min_value=1,
        max_value=52,
        initial=1,
        help_text=_("1 means once."),
    )

    def __init__(self, *args: Any, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            del self.fields["weeks"]

    def clean_starts_at(self) -> Any:
        moment = self.cleaned_data["starts_at"]
        _plausible(moment.date())
        return moment


class StateForm(VersionedForm):
    """What became of a meeting."""

    state = forms.ChoiceField(choices=MeetingState.choices)


class NoteForm(VersionedForm):
    """A note; its text is encrypted and every version is kept."""

    text = forms.CharField(
        label=_("Note"),
        max_length=20_000,
        widget=forms.Textarea({"rows": 12, "autocomplete": "off"}),
        help_text=_("Encrypted. Earlier versions stay readable to you."),
    )

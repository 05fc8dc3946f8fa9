"""Forms about people. Names lose control characters, addresses become small, sizes are bounded."""

from __future__ import annotations

import unicodedata
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openrapport_web.editing import VersionedForm
from openrapport_web.people import setup_code
from openrapport_web.people.models import STAFF, Role, User

__all__ = [
    "AcceptForm",
    "ClientInvitationForm",
    "EndSupervisionForm",
    "FirstVisitForm",
    "OwnForm",
    "PracticeForm",
    "RolesForm",
    "StaffInvitationForm",
    "SupervisionForm",
]

ROLE_NAMES = {
    Role.THERAPIST: _("Therapist: clients, meetings, sessions"),
    Role.SUPERVISOR: _("Supervisor: sessions that therapists share"),
    Role.MANAGER: _("Manager: people, clients without their sessions, settings"),
    Role.RESEARCHER: _("Researcher: data without names, where clients agreed"),
}
assert set(ROLE_NAMES) == STAFF  # noqa: S101 (a role without words would vanish from the form)


class NameField(forms.CharField):
    """A name as people write it, on one line."""

    def __init__(self, *, max_length: int = 120, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    def clean(self, value: Any) -> str:
        name = " ".join(str(super().clean(value)).split())
        # Invisible characters could make one name look like another, or a letter's header like two.
        if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") for c in name):
            raise ValidationError(_("Please leave out invisible characters."))
        return name


class AddressField(forms.EmailField):
    """An e-mail address, in small letters."""

    def __init__(self, **options: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email"})
        super().__init__(max_length=254, widget=widget, **options)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


def _zones() -> list[tuple[str, str]]:
    return [
        (zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if zone[0].isupper()
    ]


class ZoneField(forms.ChoiceField):
    """A time zone of the computer's own table."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_zones, label=_("Time zone"), **options)


class LanguageField(forms.ChoiceField):
    """One of the languages that the pages speak."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=lambda: settings.LANGUAGES, label=_("Language"), **options)


class PasswordForm(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        help_text=_("At least 12 characters. A sentence that only you would think of is easiest."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("The password once more"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def _is_wanted(self) -> bool:
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("password_again")
        if not password or not self._is_wanted():
            return cleaned
        if again is not None and password != again:
            self.add_error("password_again", _("The two passwords are different."))
        try:
            validate_password(password, User(email=self._email(), name=cleaned.get("name", "")))
        except ValidationError as wrong:
            self.add_error("password", wrong)
        return cleaned

    def _email(self) -> str:
        return str(self.cleaned_data.get("email", ""))


class FirstVisitForm(PasswordForm):
    """What makes a practice and its first manager."""

    code = forms.CharField(
        label=_("Set-up code"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    practice_name = NameField(label=_("Name of the practice"))
    time_zone = ZoneField()
    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = AddressField(label=_("Your e-mail address"))
    field_order = ("code", "practice_name", "time_zone", "name", "email", "password", "password_again")

    def clean_code(self) -> str:
        if not setup_code.matches(self.cleaned_data["code"]):
            raise ValidationError(_("This is not the code. It stands in the file that is named above."))
        return str(self.cleaned_data["code"])


class AcceptForm(PasswordForm):
    """What somebody who was invited tells us."""

    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = LanguageField()
    passkey = forms.BooleanField(
        label=_("I would rather use a passkey than a password"),
        required=False,
        help_text=_(
            "Your device then asks for your finger, your face or its PIN. You make it on the next page, "
            "and leave the password empty here."
        ),
    )
    field_order = ("name", "language", "password", "password_again", "passkey")

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invited = email
        if self.is_bound and self._is_ticked():
            self.fields["password"].required = self.fields["password_again"].required = False

    def _is_ticked(self) -> bool:
        field = self.fields["passkey"]
        return bool(field.widget.value_from_datadict(self.data, self.files, self.add_prefix("passkey")))

    def _is_wanted(self) -> bool:
        return not self.cleaned_data.get("passkey")

    def _email(self) -> str:
        return self.invited


class StaffInvitationForm(forms.Form):
    """Somebody who shall work here."""

    name = NameField(label=_("Name"))
    email = AddressField(label=_("E-mail address"))
    roles = forms.MultipleChoiceField(
        label=_("What this person does here"),
        choices=list(ROLE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        # A manager sees everybody's address anyway, so this tells nothing new.
        if User.objects.filter(email=email).exists():
            raise ValidationError(
                _("Somebody with this address has an account. Open their page to change their roles.")
            )
        return email


class ClientInvitationForm(forms.Form):
    """A client who shall have an account."""

    email = AddressField(
        label=_("E-mail address"),
        help_text=_("The letter says who invites, and nothing about the therapy."),
    )


class RolesForm(VersionedForm):
    """What somebody is in the practice."""

    roles = forms.MultipleChoiceField(
        label=_("What this person does here"),
        choices=list(ROLE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, is_client: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].required = not is_client


class OwnForm(forms.Form):
    """One's own name and ways."""

    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = LanguageField()
    time_zone = ZoneField()


class SupervisionForm(forms.Form):
    """A new supervision."""

    supervisor = forms.ModelChoiceField(User.objects.none(), label=_("Supervisor"))
    therapist = forms.ModelChoiceField(User.objects.none(), label=_("Therapist"))
    starts_on = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave it empty if it is open."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = people.filter(is_active=True, left_on=None).order_by("name")
        for field, role in (("supervisor", Role.SUPERVISOR), ("therapist", Role.THERAPIST)):
            choice = self.fields[field]
            choice.queryset = here.filter(**{f"is_{role}": True})  # type: ignore[attr-defined]
            choice.empty_label = _("Please choose")  # type: ignore[attr-defined]
            choice.label_from_instance = lambda user: user.name  # type: ignore[attr-defined]


class EndSupervisionForm(forms.Form):
    """When a supervision ends."""

    ends_on = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean_ends_on(self) -> Any:
        day = self.cleaned_data["ends_on"]
        if day < timezone.localdate():
            raise ValidationError(_("What was possible until today stays so; choose today or later."))
        return day


class PracticeForm(VersionedForm):
    """Settings of the practice."""

    name = NameField(label=_("Name of the practice"))
    time_zone = ZoneField()
    contact_name = NameField(label=_("Whom to ask when something does not work"), required=False)
    contact_email = AddressField(
        label=_("Their e-mail address"),
        required=False,
        help_text=_(
            "A letter also goes here when a client's answer is about harming themselves. Somebody should "
            "read it on every working day."
        ),
    )
    contact_phone = NameField(label=_("Their telephone"), required=False, max_length=40)
    named_contact = forms.ModelChoiceField(
        label=_("To whom clients may write a private word"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody"),
        help_text=_(
            "A manager. Clients see this name. What they write to this person, their therapist does not "
            "learn of; so this person cannot be the contact of their own clients."
        ),
    )
    recordings_kept_days = forms.IntegerField(
        label=_("Recordings are kept for how many days"),
        min_value=1,
        max_value=3650,
        help_text=_("Then sound and video are deleted. Transcripts and findings stay."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["named_contact"]
        choice.queryset = User.objects.here(Role.MANAGER)  # type: ignore[attr-defined]
        choice.label_from_instance = lambda user: user.name  # type: ignore[attr-defined]

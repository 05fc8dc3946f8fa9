"""What is asked about alerts, private words and repairs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.editing import VersionedForm
from openrapport_web.repairs.models import How, Noticed, Outcome, Repair

__all__ = [
    "SENTENCES",
    "AnswerForm",
    "BeginForm",
    "BringForm",
    "CloseForm",
    "DraftForm",
    "RepairForm",
    "SetAsideForm",
    "WordForm",
    "WordsField",
]

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


class _NoticedForm(forms.Form):
    noticed = forms.ChoiceField(
        label=_("How did it show?"),
        choices=Noticed.choices,
        widget=forms.RadioSelect,
        initial=Noticed.UNSURE,
    )
    seen = WordsField(label=_("What did you notice?"), required=False, rows=3)


class BeginForm(_NoticedForm):
    """A strain that a therapist senses."""


class RepairForm(_NoticedForm, VersionedForm):
    """What was noticed, what is planned, and what was said."""

    next_meeting = forms.ModelChoiceField(
        label=_("When do you want to talk about it?"),
        queryset=Meeting.objects.none(),
        required=False,
        empty_label=_("Not decided"),
    )
    plan = WordsField(
        label=_("What do you plan to do?"),
        required=False,
        help_text=_("A sentence to begin with is often enough."),
    )
    spoken = WordsField(
        label=_("What was said?"), required=False, help_text=_("After you talked about it.")
    )

    def __init__(self, *args: Any, repair: Repair, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = Meeting.objects.filter(episode=repair.episode_id)
        ahead = held.filter(state=MeetingState.PLANNED, starts_at__gt=timezone.now())
        chosen = held.filter(pk__in=[repair.next_meeting_id] if repair.next_meeting_id else [])
        choice = self.fields["next_meeting"]
        choice.queryset = (ahead | chosen).order_by("starts_at")  # type: ignore[attr-defined]
        choice.label_from_instance = _day_of  # type: ignore[attr-defined]


def _day_of(meeting: Meeting) -> str:
    return date_format(timezone.localtime(meeting.starts_at), "DATETIME_FORMAT")


class CloseForm(VersionedForm):
    """How a repair ended."""

    outcome = forms.ChoiceField(
        label=_("How does it stand?"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    learned = WordsField(
        label=_("What did you learn, about the two of you or about yourself?"), required=False
    )


# -- what clients write ----------------------------------------------------------------------------


class WordForm(forms.Form):
    """A private word: to whom, and what."""

    to = forms.ChoiceField(label=_("Who should read it?"), widget=forms.RadioSelect)
    text = WordsField(
        label=_("What felt off?"),
        rows=6,
        help_text=_("As much or as little as you like. You need not explain or be fair."),
    )
    wants_answer = forms.BooleanField(label=_("I would like an answer"), required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, readers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = readers  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """What somebody answers to a private word."""

    done = WordsField(label=_("Your answer, or what you did"), rows=5)


SENTENCES = (
    ("understood", _("I did not feel understood.")),
    ("fast", _("It went too fast for me.")),
    ("hurt", _("Something you said hurt me.")),
    ("yes", _("I said yes, but I was not sure.")),
    ("else", _("I would like us to talk about something else.")),
    ("helps", _("I am not sure that this helps me.")),
    ("differently", _("I would like us to do something differently.")),
    ("unsaid", _("There is something that I have not dared to say.")),
    ("stopping", _("I have thought of stopping.")),
)
"""To choose from, for those who do not find a beginning."""


class BringForm(forms.Form):
    """Choose what to bring up, and how."""

    sentences = forms.MultipleChoiceField(
        label=_("Is it one of these?"),
        choices=SENTENCES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    own = WordsField(label=_("Or in your own words"), required=False, max_length=2_000)
    how = forms.ChoiceField(
        label=_("How would you like to do it?"), choices=How.choices, widget=forms.RadioSelect
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        words = dict(SENTENCES)
        lines = [str(words[key]) for key in given.get("sentences", ())]
        given["text"] = "\n".join([*lines, *filter(None, [given.get("own", "").strip()])])
        if not given["text"] and not self.errors:
            raise forms.ValidationError(_("Choose a sentence or write one of your own."))
        return given


class DraftForm(VersionedForm):
    """Change what one prepared."""

    text = WordsField(label=_("What I want to say"), rows=6, max_length=MAX_WORDS)
    how = forms.ChoiceField(
        label=_("How would you like to do it?"), choices=How.choices, widget=forms.RadioSelect
    )

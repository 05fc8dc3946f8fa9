"""What is asked about goals, agenda, tasks and decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openrapport_web.editing import VersionedForm
from openrapport_web.goals.models import By, Goal, GoalState, TaskState
from openrapport_web.goals.together import POINT_STATES

__all__ = [
    "DecisionForm",
    "GoalForm",
    "GoalStateForm",
    "PointForm",
    "PointStateForm",
    "RatingForm",
    "TaskForm",
    "TaskStateForm",
]

_LONGEST_GOAL, _LONGEST = 300, 1_000
_WHOSE_IDEA = ((By.CLIENT.value, _("The client's")), (By.THERAPIST.value, _("Mine")))


def _text(label: Any, longest: int = _LONGEST, **options: Any) -> forms.CharField:
    area = forms.Textarea({"rows": 3, "autocomplete": "off"})
    return forms.CharField(label=label, max_length=longest, widget=area, **options)


def _whose_idea() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Whose idea was it?"),
        choices=_WHOSE_IDEA,
        widget=forms.RadioSelect,
        initial=By.CLIENT.value,
    )


def _by_word(label: Any) -> forms.BooleanField:
    return forms.BooleanField(
        label=label,
        required=False,
        help_text=_("Only because this client has no account; it is kept as “agreed in a meeting”."),
    )


class _SidedForm(VersionedForm):
    """A form that asks a therapist a little more than a client."""

    def __init__(self, *args: Any, side: By, has_account: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if side == By.CLIENT or has_account:
            self.fields.pop("agreed_by_word", None)
        if side == By.CLIENT:
            self.fields.pop("proposed_by", None)


class GoalForm(_SidedForm):
    """A goal's words."""

    text = _text(
        _("The goal"),
        _LONGEST_GOAL,
        help_text=_(
            "In the client's own words, as they would say it to a friend. One thing, small enough to "
            "notice when it comes closer."
        ),
    )
    proposed_by = _whose_idea()
    agreed_by_word = _by_word(_("The client agrees to these words"))

    def __init__(self, *args: Any, side: By, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, side=side, **kwargs)
        if not new:
            self.fields.pop("proposed_by", None)
        if side == By.CLIENT:
            self.fields["text"].label = _("What I want")
            self.fields["text"].help_text = _(
                "In your own words, as you would say it to a friend. One thing, small enough to notice "
                "when it comes closer."
            )


class GoalStateForm(VersionedForm):
    """What became of a goal."""

    state = forms.ChoiceField(choices=GoalState.choices)


class RatingForm(forms.Form):
    """How far along: a row of eleven choices for each goal, none of them chosen beforehand."""

    def __init__(self, *args: Any, goals: Iterable[Goal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.goals = {self._name(goal.pk): goal for goal in goals}
        for name, goal in self.goals.items():
            self.fields[name] = forms.TypedChoiceField(
                label=goal.text,
                choices=[(n, str(n)) for n in range(11)],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
            )

    @staticmethod
    def _name(key: UUID) -> str:
        return f"goal_{key.hex}"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and all(value is None for value in values.values()):
            raise forms.ValidationError(_("Nothing is chosen yet. One goal is enough."))
        return values

    def values(self) -> dict[UUID, int]:
        """The goals that were rated, valid."""
        given = self.cleaned_data
        return {goal.pk: given[n] for n, goal in self.goals.items() if given[n] is not None}


class PointForm(VersionedForm):
    """Something to talk about."""

    text = _text(_("Something to talk about"))


class PointStateForm(VersionedForm):
    """What became of a point on the agenda."""

    state = forms.ChoiceField(choices=[(state, state) for state in POINT_STATES])


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TaskForm(_SidedForm):
    """Something to try out between two meetings."""

    text = _text(_("What to try"), help_text=_("Small enough to happen on an ordinary day."))
    until = forms.DateField(label=_("Until"), required=False, widget=_Day(), input_formats=["%Y-%m-%d"])
    proposed_by = _whose_idea()

    def __init__(self, *args: Any, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            self.fields.pop("proposed_by", None)

    def clean_until(self) -> date | None:
        day: date | None = self.cleaned_data["until"]
        today = timezone.localdate()
        if day is not None and not today - timedelta(days=366) <= day <= today + timedelta(
            days=3 * 366
        ):
            raise forms.ValidationError(_("This day is too far away; check the year."))
        return day


class TaskStateForm(_SidedForm):
    """What became of a task, and how it went."""

    state = forms.ChoiceField(
        label=_("What became of it?"), choices=TaskState.choices, widget=forms.RadioSelect
    )
    how = _text(
        _("How did it go?"),
        required=False,
        help_text=_("What helped, what got in the way. “Left” is an answer too: it says something."),
    )

    def __init__(self, *args: Any, side: By, has_account: bool, **kwargs: Any) -> None:
        super().__init__(*args, side=side, has_account=has_account, **kwargs)
        if side == By.THERAPIST:
            if has_account:
                del self.fields["how"]
            else:
                self.fields["how"].label = _("How did it go, in the client's words?")


class DecisionForm(_SidedForm):
    """Something that the two decided."""

    text = _text(
        _("What we decided"),
        help_text=_("Its words stay as they are once saved; write a new one if it changes."),
    )
    agreed_by_word = _by_word(_("The client agrees to this"))

"""Two people editing the same thing: the later one is shown what changed, and nothing is lost.

A form carries the version that it was filled from. An action asks :func:`latest` for the record;
if somebody saved in between, the page comes back with the person's own words, the new values
beside them, and the new version, so that sending it again is a decision.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.db.models import Model

__all__ = ["ChangedMeanwhile", "VersionedForm", "latest", "show_changes"]

M = TypeVar("M", bound=Model)


class ChangedMeanwhile(Exception):
    """Somebody else saved this record after the form was filled."""

    def __init__(self, record: Any) -> None:
        super().__init__(f"{record._meta.model_name} was changed meanwhile")
        self.record = record


class VersionedForm(forms.Form):
    """A form that knows from which version it was filled."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


def latest(record: M, version: int) -> M:
    """Take the newest state of a record for changing it, inside a transaction.

    Raises
    ------
    ChangedMeanwhile
        If its version is not the one that the form was filled from.
    """
    now = type(record)._default_manager.select_for_update().get(pk=record.pk)
    if now.version != version:  # type: ignore[attr-defined]
        raise ChangedMeanwhile(now)
    now.version += 1  # type: ignore[attr-defined]
    return now


def show_changes(form: VersionedForm, current: dict[str, Any], version: int) -> VersionedForm:
    """Put what somebody else saved beside what this person wrote.

    Parameters
    ----------
    form : VersionedForm
        As it was sent, valid.
    current : dict
        The record's present values by field name.
    version : int
        The record's present version.

    Returns
    -------
    form : VersionedForm
        With a notice at every field that differs, and the new version.
    """
    form.add_error(
        None,
        "Somebody else changed this while you were writing. Nothing of yours is lost: look at what "
        "differs, and save once more if yours shall stand.",
    )
    for name, value in current.items():
        if form.cleaned_data.get(name) != value:
            form.add_error(name, f"Now it says: {_shown(form.fields[name], value)}")
    data = form.data.copy()  # type: ignore[attr-defined] # a QueryDict, as it came from the request
    data["version"] = str(version)
    form.data = data
    return form


def _shown(field: forms.Field, value: Any) -> str:
    words = dict(getattr(field, "choices", []))
    several = value if isinstance(value, list) else [value]
    return ", ".join(str(words.get(one, one)) for one in several if one not in (None, "")) or "nothing"

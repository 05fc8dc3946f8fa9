"""The kinds of values that requests hold, each read in one way only, and the forms that check them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django import forms
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from openrapport_web.api.v1.problems import OURS, BadRequestBody

__all__ = ["Day", "Given", "Key", "Line", "Moment", "Version", "changes", "checked"]

_DAY = re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"(19|20|21)\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def _only(pattern: re.Pattern[str], words: str) -> BeforeValidator:
    """Let text of one shape through; pydantic would also take numbers and guess."""

    def read(value: Any) -> Any:
        if isinstance(value, UUID | date | datetime):
            return value
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise PydanticCustomError(OURS, words)
        return value

    return BeforeValidator(read)


_CENTURIES = {"pattern": "^(19|20|21)"}
Day = Annotated[
    date,
    _only(_DAY, "A day like 2026-03-02 is expected, from 1900 to 2199."),
    WithJsonSchema({"type": "string", "format": "date", **_CENTURIES}),
]
Moment = Annotated[
    AwareDatetime,
    _only(_MOMENT, "A moment like 2026-03-02T10:00:00+01:00 is expected, with its offset from UTC."),
    WithJsonSchema({"type": "string", "format": "date-time", **_CENTURIES}),
]
Key = Annotated[UUID, _only(_KEY, "A key is expected, as this API gives it.")]
Version = Annotated[
    int, Field(strict=True, ge=0, le=2**31 - 1, description="The version that you saw.")
]
Line = Annotated[str, StringConstraints(max_length=120)]


class Given(BaseModel):
    """What a request holds; what is not known is refused instead of passed over."""

    model_config = ConfigDict(extra="forbid")


def changes(record: Any, given: Given, *names: str) -> dict[str, Any]:
    """Put what is given over what stands, for a form that wants everything; null is left out."""
    said = given.model_dump(exclude_none=True)
    return {name: said.get(name, getattr(record, name)) for name in (*names, "version")}


def checked(form: forms.Form) -> dict[str, Any]:
    """Apply the rules of the page's own form, so that both doors take the same.

    Raises
    ------
    BadRequestBody
        With the form's words, which repeat nothing.
    """
    if form.is_valid():
        return {name: value for name, value in form.cleaned_data.items() if name != "version"}
    said = []
    for name, errors in form.errors.as_data().items():
        for error in errors:
            words = " ".join(error.messages)
            if error.code == "invalid_choice":  # Django would repeat what came
                words = "This is not one of the values that can be chosen."
            said.append(("" if name == "__all__" else name, words))
    raise BadRequestBody(said)

"""What a client's answers say, for their therapist: scores with what they rest on."""

from __future__ import annotations

import json
from typing import Any

from openrapport.measures.instrument import Instrument, Kind, Texts
from openrapport_web.feedback.models import Answer

__all__ = ["said"]


def said(answer: Answer, form: Instrument, key: str, texts: Texts) -> str:
    """Give one answer in words; empty where the item was left out."""
    value: Any = json.loads(answer.values).get(key)
    if value is None:
        return ""
    if form.item(key).kind is Kind.TEXT:
        return str(value)
    word = texts.items[key].labels.get(value, "")
    return f"{value:g}: {word}" if word else f"{value:g}"

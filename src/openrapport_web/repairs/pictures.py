"""Small pictures of one client's own course, drawn by the core, with a sentence and a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from openrapport.reporting.course import draw
from openrapport.reporting.panels import Mark, Panel, Strand
from openrapport_web.course.words import words_for

__all__ = ["Course", "picture", "strand"]

_HEIGHT, _SHOWN = 190.0, 16

Course = Sequence[tuple[datetime, float | None]]
"""When somebody was asked, and their rating; None where there is none."""


def strand(
    name: str, style: str, course: Course, *, expected: tuple[float, float] | None = None
) -> Strand:
    """Make a line of a picture.

    Parameters
    ----------
    name : str
        Whose it is, as the reader calls them.
    style : str
        ``"client"``, ``"therapist"`` or ``"measure"``.
    course : sequence of (datetime, float or None)
        In the order of time.
    expected : tuple of float, optional
        Between what the last rating was expected.
    """
    shown = list(course)[-_SHOWN:]
    days = np.array([timezone.localdate(at) for at, _ in shown], "datetime64[D]")
    values = [np.nan if rating is None else rating for _, rating in shown]
    low, high = np.full(len(shown), np.nan), np.full(len(shown), np.nan)
    if expected is not None and shown:
        low[-1], high[-1] = expected
    return Strand(name, style, days, values, low, high)


def picture(
    title: str,
    strands: Sequence[Strand],
    *,
    note: str = "",
    repair: tuple[datetime, datetime, str] | None = None,
) -> SafeString:
    """Draw lines below one title.

    Parameters
    ----------
    title : str
        What is shown.
    strands : sequence of Strand
        Lines, the client's first.
    note : str
        How to read it.
    repair : tuple of (datetime, datetime, str), optional
        From when until when there was a repair, and what to call it.
    """
    days = [day for one in strands for day in one.day.tolist()]
    marks: tuple[Mark, ...] = ()
    if repair is not None:
        first, end, text = timezone.localdate(repair[0]), timezone.localdate(repair[1]), repair[2]
        marks = (Mark(first, "repair", text, until=end),)
        days += [first, end]
    last = max(days, default=timezone.localdate())
    span = min([*days, last - timedelta(days=14)]), last
    panel = Panel(title, tuple(strands), marks=marks, note=note, height=_HEIGHT)
    drawn = draw(panel, span=span, name="course", words=words_for(client=False), steps=False)
    return mark_safe(drawn.html)  # noqa: S308 # a template wrote it, which escapes what people wrote

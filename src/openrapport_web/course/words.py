"""What stands beside a picture of a course, in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openrapport.measures.instrument import Direction
from openrapport.reporting.panels import Words
from openrapport_web.course.reading import Measured

__all__ = ["change_in_words", "day", "ends_in_words", "number", "words_for", "words_for_goals"]


def day(value: date) -> str:
    """A day as people write it."""
    return date_format(value, "j M Y")


def number(value: float) -> str:
    """A rating or score: one digit at most, rounded as the pages around it round."""
    rounded = float(Decimal(repr(float(value))).quantize(Decimal("0.1"), ROUND_HALF_UP))
    return str(number_format(rounded, decimal_pos=0 if rounded.is_integer() else 1))


def words_for(*, client: bool) -> Words:
    """Words for the client (``You ...``) or for their therapist (the name comes from the strand).

    Days and numbers are put into words once each, since a course says them many times.
    """
    if client:
        course = _("You answered {n} of {all} times: {first} at first, {last} on {day}.")
        once = _("You answered once: {last} on {day}.")
        nothing = _("Nothing here yet. It begins with your first answer.")
    else:
        course = _("{name} answered {n} of {all} times: {first} at first, {last} on {day}.")
        once = _("{name} answered once: {last} on {day}.")
        nothing = _("{name}: no answer yet.")
    if client:
        usual = _("That is about where your answers usually are ({low} to {high}).")
        lower = _("That is lower than your answers usually are ({low} to {high}).")
        higher = _("That is higher than your answers usually are ({low} to {high}).")
    else:
        usual = _("That is within what their own earlier answers would suggest ({low} to {high}).")
        lower = _("That is lower than their own earlier answers would suggest ({low} to {high}).")
        higher = _("That is higher than their own earlier answers would suggest ({low} to {high}).")
    return Words(
        day=cache(day),
        month=lambda value: date_format(value, "M Y"),
        number=cache(number),
        nothing=nothing,
        once=once,
        course=course,
        usual=usual,
        lower=lower,
        higher=higher,
        left_out=_("left out"),
        expected=_("usual for you") if client else _("{name}, usual"),
        between=_("{low} to {high}"),
        when=_("Day"),
        meeting=_("Meeting"),
        noted=_("Noted"),
        states={"held": _("held"), "missed": _("missed")},
        marks={"alert": _("worth a look"), "repair": _("repair"), "reached": _("reached")},
        band=_("where your answers usually are") if client else _("usual for this client"),
        as_table=_("The same as a table"),
        before=_("Earlier"),
        after=_("Later"),
        step=_("Go from answer to answer"),
    )


def words_for_goals(words: Words) -> Words:
    """The same words for ratings that nobody was asked for at a certain time."""
    return replace(
        words,
        course=_("{name}: {first} at first, {last} on {day}."),
        once=_("{name}: {last} on {day}."),
        nothing=_("{name}: not rated yet."),
    )


def ends_in_words(measured: Measured, *, is_client: bool) -> str:
    """What the numbers of a questionnaire mean, without a border between well and ill."""
    scale = measured.scale
    ends = {"low": number(scale.low), "high": number(scale.high)}
    if scale.higher is Direction.BETTER:
        return _("From %(low)s to %(high)s; higher is better.") % ends
    if is_client:
        return _("From %(low)s to %(high)s; lower means that less weighs on you.") % ends
    return _("From %(low)s to %(high)s; lower means that less weighs on somebody.") % ends


def change_in_words(measured: Measured) -> str:
    """The change from the first answer to the last, and from where on it is more than chance."""
    change = measured.change
    if change is None:
        return ""
    filled = {
        "points": number(abs(change.points)),
        "least": number(change.threshold),
        "source": change.source,
    }
    if change.points == 0:
        said = _("The last answer is where the first one was.")
    elif change.points > 0:
        said = (
            ngettext(
                "The last answer is %(points)s point higher than the first.",
                "The last answer is %(points)s points higher than the first.",
                1 if change.points == 1 else 2,
            )
            % filled
        )
    else:
        said = (
            ngettext(
                "The last answer is %(points)s point lower than the first.",
                "The last answer is %(points)s points lower than the first.",
                1 if change.points == -1 else 2,
            )
            % filled
        )
    if abs(change.points) < change.threshold:
        said += " " + _("Differences below %(least)s points may be chance alone (%(source)s).") % filled
    else:
        said += (
            " "
            + _("From %(least)s points on, chance alone is an unlikely explanation (%(source)s).")
            % filled
        )
    if change.interval is not None:
        low, high = change.interval
        said += " " + _("The change itself is likely between %(low)s and %(high)s points.") % {
            "low": number(low),
            "high": number(high),
        }
    return said

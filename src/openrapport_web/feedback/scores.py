"""What a client's answers say, for their therapist: scores with what they rest on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from openrapport.errors import BadInput
from openrapport.io.fhir import to_response
from openrapport.measures.change import Change, ScaleChange, cut_off_of, read_change
from openrapport.measures.instrument import (
    Direction,
    Instrument,
    Kind,
    Scale,
    ScaleScore,
    Status,
    Texts,
    score,
)
from openrapport_web.feedback.library import NoSuchInstrument, instrument
from openrapport_web.feedback.models import Answer, Asking
from openrapport_web.feedback.reading import values_of

__all__ = ["Cell", "Occasion", "as_fhir", "occasions", "said", "thresholds"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One score on one occasion, in words.

    Parameters
    ----------
    title : str
        Of the scale.
    value : str
        Empty where too few items were answered.
    rests_on : str
        How many items were answered, and what that means.
    change : str
        Against the first score; empty where there is none, or nothing is known about the scale.
    """

    title: str
    value: str
    rests_on: str
    change: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that a form was asked."""

    asking: Asking
    answer: Answer | None
    cells: tuple[Cell, ...]


def said(answer: Answer, form: Instrument, key: str, texts: Texts) -> str:
    """Give one answer in words; empty where the item was left out."""
    value: Any = json.loads(answer.values).get(key)
    if value is None:
        return ""
    if form.item(key).kind is Kind.TEXT:
        return str(value)
    word = texts.items[key].labels.get(value, "")
    return f"{value:g}: {word}" if word else f"{value:g}"


def occasions(askings: Iterable[Asking], answers: Iterable[Answer], language: str) -> list[Occasion]:
    """Put a client's course of one questionnaire into rows, the earliest first.

    Parameters
    ----------
    askings : iterable of Asking
        Of one client and questionnaire, in order, answered or not.
    answers : iterable of Answer
        Those that the reader may see.
    language : str
        Of the names of scales.
    """
    held = list(answers)
    opened = dict(
        zip([a.asking_id for a in held], zip(held, values_of(held), strict=True), strict=True)
    )
    first: dict[str, float] = {}
    rows, forms = [], _Forms()
    for asking in askings:
        answer, values = opened.get(asking.pk, (None, {}))
        form = forms.of(asking) if answer is not None else None
        cells = _cells(form, values, first, language) if form is not None else ()
        rows.append(Occasion(asking, answer, cells))
    return rows


class _Forms:
    """Forms by name and version, each asked for once."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Instrument | None] = {}

    def of(self, asking: Asking) -> Instrument | None:
        which = (asking.instrument, asking.instrument_version)
        if which not in self._held:
            try:
                self._held[which] = instrument(*which)
            except NoSuchInstrument:
                self._held[which] = None
        return self._held[which]


def _cells(
    form: Instrument, values: Mapping[str, Any], first: dict[str, float], language: str
) -> tuple[Cell, ...]:
    try:
        scored_all = score(form, values)
    except BadInput:  # the text under which it was answered is not here any more
        return ()
    texts = form.texts(language)
    cells = []
    for scored in scored_all:
        scale = form.scale(scored.scale)
        change = None
        if scored.value is not None:
            if scale.key in first:
                change = read_change(scale, first[scale.key], scored.value)
            first.setdefault(scale.key, scored.value)
        value = "" if scored.value is None else _number(scored.value)
        cells.append(Cell(texts.scales[scale.key], value, _rests_on(scored), _change_in_words(change)))
    return tuple(cells)


def _number(value: float, *, signed: bool = False) -> str:
    rounded = round(float(value), 1)
    text = str(number_format(abs(rounded), decimal_pos=0 if rounded.is_integer() else 1))
    sign = "\N{MINUS SIGN}" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + text


def _rests_on(scored: ScaleScore) -> str:
    about = {"n": scored.answered, "of": scored.expected}
    if scored.status is Status.COMPLETE:
        return _("%(n)s of %(of)s answered") % about
    if scored.status is Status.PRORATED:
        return _("%(n)s of %(of)s answered; those left out count as the mean of the others") % about
    return _("%(n)s of %(of)s answered: too few for a score") % about


def _change_in_words(change: ScaleChange | None) -> str:
    if change is None:
        return ""
    points = {"points": _number(change.points, signed=True)}
    if change.verdict is Change.SAME:
        return _("%(points)s since the first: no more than measurement error may explain") % points
    if change.verdict is Change.WORSE:
        return (
            _("%(points)s since the first: more than measurement error explains, for the worse")
            % points
        )
    if change.verdict is Change.RECOVERED and change.cut_off is not None:
        return _(
            "%(points)s since the first: more than measurement error explains, for the better, and past "
            "the border of %(border)s"
        ) % {**points, "border": _number(change.cut_off)}
    return (
        _("%(points)s since the first: more than measurement error explains, for the better") % points
    )


def thresholds(form: Instrument, language: str) -> list[str]:
    """Say for each scale from where on a change is more than measurement error, and who says so."""
    texts = form.texts(language)
    lines = []
    for scale in form.scales:
        title = texts.scales[scale.key]
        lines += [_least(scale, title), *_border(scale, title)]
    return lines


def _least(scale: Scale, title: str) -> str:
    known = read_change(scale, scale.low, scale.low)
    if known is None:
        trait = scale.higher is Direction.MORE
        why = (
            _("a trait, neither better nor worse")
            if trait
            else _("no published spread and reliability to compute it from")
        )
        return _("%(title)s: no smallest reliable change (%(why)s).") % {"title": title, "why": why}
    about = {"title": title, "least": _number(known.threshold), "source": known.source}
    if known.z is None:
        return _("%(title)s: %(least)s points, as published (%(source)s).") % about
    about["level"] = "95 %" if known.z > 1.9 else "90 %"
    return _("%(title)s: %(least)s points with %(level)s certainty (%(source)s).") % about


def _border(scale: Scale, title: str) -> list[str]:
    """Say which border a change is read against, and where it comes from."""
    border = cut_off_of(scale)
    if border is None:
        return []
    groups = [norm.source for norm in scale.norms if norm.group in ("clinical", "general")]
    source = "; ".join(dict.fromkeys(groups)) if len(groups) > 1 else scale.cuts[0].source
    about = {"title": title, "border": _number(border), "source": source}
    return [_("%(title)s: the border is %(border)s points (%(source)s).") % about]


def as_fhir(answers: Iterable[Answer], client: Any) -> dict[str, Any]:
    """Give answers as a FHIR R4 bundle of QuestionnaireResponses; it names nobody but by a key."""
    held = list(answers)
    entries, forms = [], _Forms()
    for answer, values in zip(held, values_of(held), strict=True):
        form = forms.of(answer.asking)
        if form is None:
            continue
        resource = to_response(form, values, authored=answer.given_at.isoformat(timespec="seconds"))
        resource["id"] = str(answer.key)
        resource["subject"] = {"reference": f"urn:uuid:{client.key}"}
        entries.append({"fullUrl": f"urn:uuid:{answer.key}", "resource": resource})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}

"""FHIR R4 Questionnaire and QuestionnaireResponse: what we write, and what we read of others.

Ours carry the scoring key in an extension, because FHIR has no place for reverse keys, rules for
missing answers and norms; everything that FHIR has a place for stands there. So what we write reads
back without loss, and others read the form. Of other people's files the questions, answers, values,
codes and translations are read; what is left out is said in notes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openrapport.errors import BadFile, BadInput
from openrapport.io.fhir_elements import (
    CONTROL,
    CONTROLS,
    KEY,
    ORDINAL,
    OWN_OPTIONS,
    OWN_URL,
    TRANSLATION,
)
from openrapport.io.fhir_reading import Reading
from openrapport.io.fhir_responses import response_answers
from openrapport.measures.comparison import (
    Difference,
    claimed,
    compare_with_known,
    may_be_about_self_harm,
    with_self_harm,
)
from openrapport.measures.definition import read_instrument
from openrapport.measures.documents import parsed
from openrapport.measures.forms import Instrument, Item, Kind, Number, Texts
from openrapport.measures.instrument import library
from openrapport.measures.scoring import Answers, check_answers
from openrapport.measures.writing import to_document

__all__ = [
    "MAX_BYTES",
    "Imported",
    "from_questionnaire",
    "from_response",
    "read_document",
    "to_questionnaire",
    "to_response",
]

MAX_BYTES = 4 * 2**20
"""The largest file that is read: a hundred times a long questionnaire."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A questionnaire that was brought in.

    Parameters
    ----------
    instrument : Instrument
        What was read. It has scales only where the file carries our scoring key.
    links : mapping of str to str
        The file's ``linkId`` to our item key, for responses to it.
    notes : tuple of str
        What was left out or assumed, one sentence each.
    claims : str or None
        Key of the known instrument that the file says it is.
    differences : tuple of Difference
        In what it differs from that one. Show them before anybody uses the form.
    """

    instrument: Instrument
    links: Mapping[str, str]
    notes: tuple[str, ...]
    claims: str | None
    differences: tuple[Difference, ...]


def read_document(path: str | Path) -> dict[str, Any]:
    """Read the JSON document of a file: a FHIR resource, or an instrument of ours.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    document : dict
        Plain values.

    Raises
    ------
    BadFile
        If the file is too large, no UTF-8, no JSON, nested too deeply, or no JSON object.
    """
    path = Path(path)
    try:
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadFile(f"cannot be read ({error.strerror})", source=path.name) from None
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES / 2**20
        raise BadFile(f"is larger than {limit:g} MiB; this is no questionnaire", source=path.name)
    try:
        document = parsed(data.decode("utf-8-sig"), "the file")
    except UnicodeDecodeError:
        raise BadFile("is not UTF-8; save it as UTF-8 and try again", source=path.name) from None
    except BadInput as error:
        raise BadFile(str(error), source=path.name) from None
    if not isinstance(document, dict):
        raise BadFile("is no JSON object; expected a questionnaire in braces", source=path.name)
    return document


def from_questionnaire(resource: Mapping[str, Any]) -> Imported:
    """Read a FHIR R4 Questionnaire.

    Parameters
    ----------
    resource : mapping
        The parsed resource, as from :func:`read_document`.

    Returns
    -------
    imported : Imported
        The instrument, what was left out, and in what it differs from a known one.

    Raises
    ------
    BadInput
        If it is no Questionnaire, has nothing to answer, names a ``linkId`` twice, is nested too
        deeply, refers in a circle, or its parts do not fit together.
    """
    reading = Reading(resource)
    instrument = read_instrument(reading.document())
    key = claimed(instrument, library(), title=reading.called)
    differences: tuple[Difference, ...] = ()
    if key is not None:
        # FHIR has no place for this mark, and a form that lost it would tell nobody.
        instrument = with_self_harm(instrument, library()[key])
        differences = compare_with_known(instrument, library()[key])
    notes = [
        *reading.notes,
        *(
            f"{item} seems to ask about harming oneself and is not marked so: nobody would be told."
            for item in may_be_about_self_harm(instrument)
        ),
    ]
    return Imported(instrument, reading.links, tuple(notes), key, differences)


def to_questionnaire(instrument: Instrument) -> dict[str, Any]:
    """Write an instrument as a FHIR R4 Questionnaire.

    Parameters
    ----------
    instrument : Instrument
        Any; one without words gives questions without text.

    Returns
    -------
    resource : dict
        Plain values for JSON, that read back the same.
    """
    every = [instrument.texts(language) for language in instrument.languages]
    document = to_document(instrument)
    document.pop("texts", None)
    carried = {"key": document, "scales": {one.language: dict(one.scales) for one in every}}
    resource: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "url": OWN_URL + instrument.key,
        "version": instrument.version,
        "name": instrument.key.replace("-", "_").upper(),
        "status": "active",
        "experimental": not instrument.validated,
        "subjectType": ["Patient" if instrument.rater == "client" else "Practitioner"],
        "extension": [{"url": KEY, "valueString": json.dumps(carried, ensure_ascii=False)}],
    }
    if instrument.codes:
        resource["code"] = [{"system": system, "code": code} for system, code in instrument.codes]
    licence = instrument.licence
    resource["copyright"] = ". ".join(part for part in (licence.name, licence.attribution) if part)
    items: list[dict[str, Any]] = []
    if every:
        resource["language"] = every[0].language
        resource |= _translated("title", [(one.language, one.title) for one in every])
        for name in ("instructions", "stem"):
            words = [(one.language, getattr(one, name)) for one in every]
            if any(text for _, text in words):
                items.append({"linkId": name, "type": "display", **_translated("text", words)})
    resource["item"] = items + [_question(instrument, item, every) for item in instrument.items]
    return resource


def to_response(
    instrument: Instrument, answers: Answers, *, authored: str | None = None
) -> dict[str, Any]:
    """Write answers as a FHIR R4 QuestionnaireResponse.

    Parameters
    ----------
    instrument : Instrument
        The form.
    answers : mapping of str to int, float, str or None
        Item key to answer. What was left out has no answer there either.
    authored : str, optional
        When it was filled in, as FHIR writes times.

    Returns
    -------
    resource : dict
        Plain values for JSON. It names no person: add ``subject`` and ``author`` where it goes.

    Raises
    ------
    BadInput
        If there is an unknown item, or an answer that the item does not have.
    """
    given = check_answers(instrument, answers)
    resource: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{OWN_URL}{instrument.key}|{instrument.version}",
        "status": "completed",
    }
    if authored is not None:
        resource["authored"] = authored
    words = instrument.texts(instrument.languages[0]) if instrument.languages else None
    rows = [
        {"linkId": key, "answer": [_answer(instrument, instrument.item(key), answer, words)]}
        for key, answer in given.items()
    ]
    # FHIR knows no empty lists: a form without any answer has no items.
    return resource | ({"item": rows} if rows else {})


def from_response(
    resource: Mapping[str, Any], instrument: Instrument, *, links: Mapping[str, str] | None = None
) -> dict[str, Number | str]:
    """Read answers from a FHIR R4 QuestionnaireResponse.

    Parameters
    ----------
    resource : mapping
        The parsed resource.
    instrument : Instrument
        The form.
    links : mapping of str to str, optional
        ``linkId`` to item key, as from :class:`Imported`; without it they are the same.

    Returns
    -------
    answers : dict of str to int, float or str
        Item key to answer, without what was left out.

    Raises
    ------
    BadInput
        If it is no response to this form, was not completed, holds an answer that the form does not
        have, or answers a question twice. No answer is quoted.
    """
    return check_answers(instrument, response_answers(resource, instrument, links))


def _translated(name: str, words: list[tuple[str, str]]) -> dict[str, Any]:
    """Write text in its first language, and the others as FHIR's translations of it."""
    (_, first), *others = words
    element: dict[str, Any] = {name: first} if first else {}
    translations = [
        {
            "url": TRANSLATION,
            "extension": [
                {"url": "lang", "valueCode": language},
                {"url": "content", "valueString": text},
            ],
        }
        for language, text in others
        if text
    ]
    if translations:
        element[f"_{name}"] = {"extension": translations}
    return element


def _question(instrument: Instrument, item: Item, every: list[Texts]) -> dict[str, Any]:
    types = {Kind.CHOICE: "choice", Kind.RATING: "integer", Kind.TEXT: "text"}
    question: dict[str, Any] = {"linkId": item.key, "type": types[item.kind], "required": False}
    if item.codes:
        question["code"] = [{"system": system, "code": code} for system, code in item.codes]
    if every:
        question |= _translated("text", [(one.language, one.items[item.key].text) for one in every])
    if item.kind is Kind.CHOICE:
        question["answerOption"] = [
            {
                "extension": [{"url": ORDINAL, "valueDecimal": option.value}],
                "valueCoding": _coding(instrument, item, option.value)
                | (_translated("display", _labels(item, option.value, every)) if every else {}),
            }
            for option in item.options
        ]
    if item.kind is Kind.RATING:
        ends = {"minValue": min(item.values), "maxValue": max(item.values)}
        question["extension"] = [
            {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "valueInteger": value}
            for name, value in ends.items()
        ]
        labelled = {value for one in every for value in one.items[item.key].labels}
        notes = [_end(item, value, every) for value in item.values if value in labelled]
        question |= {"item": notes} if notes else {}
    return question


def _labels(item: Item, value: Number, every: list[Texts]) -> list[tuple[str, str]]:
    return [(one.language, one.items[item.key].labels.get(value, "")) for one in every]


def _end(item: Item, value: Number, every: list[Texts]) -> dict[str, Any]:
    """Write the words at a place of a rating: FHIR has names for both ends."""
    note: dict[str, Any] = {"linkId": f"{item.key}.{value:g}", "type": "display"}
    note |= _translated("text", _labels(item, value, every))
    note["extension"] = [{"url": ORDINAL, "valueDecimal": value}]
    names = {min(item.values): "lower", max(item.values): "upper"}
    if value in names:
        control = {"coding": [{"system": CONTROLS, "code": names[value]}]}
        note["extension"].append({"url": CONTROL, "valueCodeableConcept": control})
    return note


def _coding(instrument: Instrument, item: Item, value: Number) -> dict[str, str]:
    option = next(option for option in item.options if option.value == value)
    if option.codes:
        return {"system": option.codes[0].system, "code": option.codes[0].code}
    return {"system": OWN_OPTIONS + instrument.key, "code": f"{value:g}"}


def _answer(
    instrument: Instrument, item: Item, answer: Number | str, words: Texts | None
) -> dict[str, Any]:
    if isinstance(answer, str):
        return {"valueString": answer}
    if item.kind is Kind.RATING:
        return {"valueInteger": answer}
    coding = _coding(instrument, item, answer)
    ordinal = {"extension": [{"url": ORDINAL, "valueDecimal": answer}]}
    display = {"display": words.items[item.key].labels[answer]} if words else {}
    return {"valueCoding": ordinal | coding | display}

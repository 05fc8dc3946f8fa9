"""Reading answers in FHIR: by code, by value, or by their words."""

from __future__ import annotations

from collections.abc import Mapping

from openrapport.errors import BadInput
from openrapport.io.fhir_elements import OWN_OPTIONS, OWN_URL, Json, ordinal_of, rows_of, text_of, walk
from openrapport.measures.forms import Instrument, Item, Number

__all__ = ["response_answers"]


def response_answers(
    resource: Json, instrument: Instrument, links: Mapping[str, str] | None
) -> dict[str, Number | str]:
    """Collect the answers of a QuestionnaireResponse.

    Parameters
    ----------
    resource : mapping
        The parsed resource.
    instrument : Instrument
        The form.
    links : mapping of str to str or None
        ``linkId`` to item key; None where they are the same.

    Returns
    -------
    answers : dict of str to int, float or str
        Not checked against the form yet.

    Raises
    ------
    BadInput
        If it is no response to this form, or answers a question twice.
    """
    if resource.get("resourceType") != "QuestionnaireResponse":
        raise BadInput("this is no answer in FHIR; expected resourceType QuestionnaireResponse")
    if resource.get("status") not in ("completed", "amended"):
        raise BadInput("this response is not completed; expected status completed or amended")
    address = text_of(resource, "questionnaire")
    if address.startswith(OWN_URL) and address != f"{OWN_URL}{instrument.key}|{instrument.version}":
        raise BadInput(
            f"this response is to another form or version; expected {instrument.key}, version "
            f"{instrument.version}"
        )
    keys = {item.key: item.key for item in instrument.items} if links is None else links
    answers: dict[str, Number | str] = {}
    for row in walk(resource):
        given = rows_of(row, "answer")
        key = keys.get(text_of(row, "linkId"))
        if not given or key is None:
            continue
        if len(given) > 1 or key in answers:
            raise BadInput(f"{key} is answered more than once; expected one answer")
        answers[key] = _answer_of(instrument.item(key), given[0], instrument)
    if not answers and any(rows_of(row, "answer") for row in walk(resource)):
        raise BadInput(f"no answer belongs to a question of {instrument.key}; is it another form?")
    return answers


def _answer_of(item: Item, given: Json, instrument: Instrument) -> Number | str:
    coding = given.get("valueCoding")
    if isinstance(coding, dict):
        value = _by_code(item, coding)
        value = value if value is not None else ordinal_of(coding)
        value = value if value is not None else _by_words(item, coding, instrument)
        if value is None:
            raise BadInput(f"the answer to {item.key} is none of its answers")
        return value
    for name in ("valueInteger", "valueDecimal"):
        if isinstance(given.get(name), (int, float)) and not isinstance(given[name], bool):
            return given[name]  # type: ignore[no-any-return]
    if isinstance(given.get("valueBoolean"), bool):
        return int(given["valueBoolean"])
    if isinstance(given.get("valueString"), str):
        return str(given["valueString"])
    raise BadInput(f"the answer to {item.key} is of a kind that cannot be read")


def _by_code(item: Item, coding: Json) -> Number | None:
    code = (text_of(coding, "system"), text_of(coding, "code"))
    for option in item.options:
        own = not option.codes and code[0].startswith(OWN_OPTIONS)
        if code in option.codes or (own and code[1] == f"{option.value:g}"):
            return option.value
    return None


def _by_words(item: Item, coding: Json, instrument: Instrument) -> Number | None:
    said = text_of(coding, "display").casefold().strip()
    for language in instrument.languages if said else ():
        for value, word in instrument.texts(language).items[item.key].labels.items():
            if word.casefold() == said:
                return value
    return None

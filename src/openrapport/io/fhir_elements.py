"""The pieces of a FHIR resource, read in bounds that a hostile file cannot stretch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from openrapport.errors import BadInput
from openrapport.measures.forms import Number

__all__ = [
    "CONTROL",
    "CONTROLS",
    "KEY",
    "ORDINAL",
    "OWN_OPTIONS",
    "OWN_URL",
    "TRANSLATION",
    "Json",
    "codes_of",
    "extension_of",
    "ordinal_of",
    "rows_of",
    "text_of",
    "walk",
    "words_of",
]

Json = Mapping[str, Any]

_STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
ORDINAL = _STRUCTURES + "ordinalValue"
_WEIGHT = _STRUCTURES + "itemWeight"  # what R5 calls it
TRANSLATION = _STRUCTURES + "translation"
CONTROL = _STRUCTURES + "questionnaire-itemControl"
CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"

KEY = "urn:openrapport:instrument-key"
"""Our extension: the scoring key as JSON."""
OWN_URL = "urn:openrapport:instrument:"
OWN_OPTIONS = "urn:openrapport:options:"

_DEEPEST = 12
_MOST_ITEMS = 2_000


def text_of(element: Json, name: str) -> str:
    """Read a text.

    Parameters
    ----------
    element : mapping
        Any element.
    name : str
        Its field.

    Returns
    -------
    text : str
        Empty where there is none.
    """
    value = element.get(name)
    return value if isinstance(value, str) else ""


def rows_of(element: Json, name: str) -> list[Json]:
    """Read a list of elements.

    Parameters
    ----------
    element : mapping
        Any element.
    name : str
        Its field.

    Returns
    -------
    rows : list of mapping
        Empty where there is none.

    Raises
    ------
    BadInput
        If it is something else.
    """
    value = element.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadInput(f"{name} is no list of objects, as FHIR has it")
    return value


def extension_of(element: Json, url: str, *, ending: bool = False) -> Json | None:
    """Find an extension.

    Parameters
    ----------
    element : mapping
        Any element.
    url : str
        Its address.
    ending : bool
        Whether ``url`` is only how the address ends: profiles differ in the rest.

    Returns
    -------
    extension : mapping or None
        The first; None where there is none.

    Raises
    ------
    BadInput
        If extensions are no list of objects.
    """
    for extension in rows_of(element, "extension"):
        address = text_of(extension, "url")
        if address == url or (ending and address.endswith(url)):
            return extension
    return None


def ordinal_of(element: Json) -> Number | None:
    """Read what an answer counts.

    Parameters
    ----------
    element : mapping
        An answer option, a coding, or a display at a place of a rating.

    Returns
    -------
    value : int or float or None
        None where the file does not say.

    Raises
    ------
    BadInput
        If extensions are no list of objects.
    """
    extension = extension_of(element, ORDINAL) or extension_of(element, _WEIGHT) or {}
    value = extension.get("valueDecimal", extension.get("valueInteger"))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return None
    return int(value) if value == int(value) else value


def codes_of(element: Json) -> dict[str, str]:
    """Read the codes of a form or a question.

    Parameters
    ----------
    element : mapping
        The resource or an item.

    Returns
    -------
    codes : dict of str to str
        Code system to code.

    Raises
    ------
    BadInput
        If codes are no list of objects.
    """
    pairs = ((text_of(one, "system"), text_of(one, "code")) for one in rows_of(element, "code"))
    return {system: code for system, code in pairs if system and code}


def words_of(element: Json, name: str, language: str) -> dict[str, str]:
    """Read a text with its translations.

    Parameters
    ----------
    element : mapping
        Any element.
    name : str
        The text's field.
    language : str
        The language of the file.

    Returns
    -------
    words : dict of str to str
        By language.

    Raises
    ------
    BadInput
        If extensions are no list of objects.
    """
    text = text_of(element, name)
    words = {language: text} if text.strip() else {}
    beside = element.get(f"_{name}")
    for extension in rows_of(beside, "extension") if isinstance(beside, dict) else []:
        if text_of(extension, "url") == TRANSLATION:
            parts = {text_of(part, "url"): part for part in rows_of(extension, "extension")}
            lang = text_of(parts.get("lang", {}), "valueCode").lower().replace("_", "-")
            content = parts.get("content", {})
            text = text_of(content, "valueString") or text_of(content, "valueMarkdown")
            if lang and text.strip():
                words[lang] = text
    return words


def walk(resource: Json) -> Iterator[Json]:
    """Go through all items in their order, without recursion.

    Parameters
    ----------
    resource : mapping
        A Questionnaire or a QuestionnaireResponse.

    Yields
    ------
    item : mapping
        Each item; not the words at the places of a rating, which belong to it.

    Raises
    ------
    BadInput
        If there are too many, or they are nested too deeply.
    """
    seen = 0
    waiting = [(item, 1) for item in reversed(rows_of(resource, "item"))]
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST:
            raise BadInput(f"the items are nested more than {_DEEPEST} deep; this is no questionnaire")
        if seen > _MOST_ITEMS:
            raise BadInput(f"there are more than {_MOST_ITEMS} items; this is no questionnaire")
        yield item
        below = list(rows_of(item, "item"))
        for answer in rows_of(item, "answer"):
            below += rows_of(answer, "item")
        waiting += [(one, depth + 1) for one in reversed(below) if not _is_label(one)]


def _is_label(item: Json) -> bool:
    return text_of(item, "type") == "display" and ordinal_of(item) is not None

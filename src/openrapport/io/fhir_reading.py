"""Reading FHIR questionnaires: what they ask, and what of it has no place here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openrapport.errors import BadInput
from openrapport.io.fhir_elements import (
    KEY,
    ORDINAL,
    OWN_OPTIONS,
    Json,
    codes_of,
    extension_of,
    ordinal_of,
    rows_of,
    text_of,
    walk,
    words_of,
)
from openrapport.measures.definition import FORMAT
from openrapport.measures.documents import parsed
from openrapport.measures.forms import Number

__all__ = ["Reading"]

_MOST_OPTIONS = 100
_NOT_A_KEY = re.compile(r"[^a-z0-9]+")
_CHOICES = ("choice", "open-choice", "coding")
_WORDS = ("string", "text")
_CALCULATED = "sdc-questionnaire-calculatedExpression"
_ORDER = "Answers without a value count 0, 1, 2 ... in their order."

_Options = tuple[Any, dict[str, dict[str, str]]]


class Reading:
    """One Questionnaire on its way to a document of ours.

    Parameters
    ----------
    resource : mapping
        The parsed resource.

    Raises
    ------
    BadInput
        If it is no Questionnaire or has no items.
    """

    def __init__(self, resource: Json) -> None:
        if resource.get("resourceType") != "Questionnaire":
            raise BadInput("this is no FHIR Questionnaire; expected resourceType Questionnaire")
        self.resource = resource
        self.notes: list[str] = []
        self.links: dict[str, str] = {}
        self.language = text_of(resource, "language").lower().replace("_", "-") or "en"
        names = (text_of(resource, name) for name in ("name", "title", "url"))
        self.called = " ".join(name for name in names if name)
        self._sets: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._displays: dict[str, dict[str, str]] = {}
        # By language: item to words, and item to words of its values.
        self._texts: dict[str, dict[str, str]] = {}
        self._labels: dict[str, dict[str, dict[str, str]]] = {}
        self._carried = _carried(resource)
        for item in walk(resource):
            self._take(item)

    def document(self) -> dict[str, Any]:
        """Give what was read as a document of ours.

        Returns
        -------
        document : dict
            For :func:`openrapport.measures.definition.read_instrument`, which checks it.

        Raises
        ------
        BadInput
            If there is nothing to answer, or our scoring key is for other questions.
        """
        if not self._rows:
            raise BadInput("the questionnaire has nothing to answer; expected at least one question")
        document = self._own_key() if self._carried else self._plain()
        texts = {language: self._words(document, language) for language in self._languages()}
        whole = {language: words for language, words in texts.items() if self._whole(language, words)}
        return document | ({"texts": whole} if whole else {})

    def _own_key(self) -> dict[str, Any]:
        document = self._carried.get("key")
        if not isinstance(document, dict) or not isinstance(document.get("items"), list):
            raise BadInput("the scoring key in this questionnaire is damaged; export it again")
        keys = [item.get("key") for item in document["items"] if isinstance(item, dict)]
        if keys != [row["key"] for row in self._rows]:
            raise BadInput("the scoring key in this questionnaire is for other questions")
        return dict(document)

    def _plain(self) -> dict[str, Any]:
        resource = self.resource
        name = text_of(resource, "name") or text_of(resource, "title") or "questionnaire"
        codes = codes_of(resource)
        return {
            "format": FORMAT,
            "key": _slug(name)[:60].strip("-") or "questionnaire",
            "version": text_of(resource, "version") or "1",
            "rater": "client",
            "validated": not resource.get("experimental", False),
            "licence": {"name": text_of(resource, "copyright") or "not stated in the file"},
            "options": self._sets,
            "items": self._rows,
            "scales": [],
            "sources": [text_of(resource, "url") or "a FHIR questionnaire without url"],
        } | ({"codes": codes} if codes else {})

    def _languages(self) -> list[str]:
        return [self.language, *(name for name in self._texts if name != self.language)]

    def _words(self, document: Mapping[str, Any], language: str) -> dict[str, Any]:
        texts, labels = self._texts.get(language, {}), self._labels.get(language, {})
        items = {}
        for row in document["items"]:
            if row["key"] in texts:
                items[row["key"]] = {"text": texts[row["key"]]}
                if "options" in row:
                    items[row["key"]]["labels"] = row["key"]
        title = words_of(self.resource, "title", self.language).get(language, "")
        scales = self._carried.get("scales", {}) if self._carried else {}
        return {
            "title": title
            or text_of(self.resource, "title")
            or text_of(self.resource, "name")
            or "Form",
            "instructions": self._displays.get("instructions", {}).get(language, ""),
            "stem": self._displays.get("stem", {}).get(language, ""),
            "items": items,
            "labels": labels,
        } | ({"scales": scales[language]} if language in scales else {})

    def _whole(self, language: str, words: Mapping[str, Any]) -> bool:
        lacking = [row["key"] for row in self._rows if row["key"] not in words["items"]]
        unlabelled = [
            row["key"]
            for row in self._rows
            if row["key"] not in lacking
            and len(words["labels"].get(row["key"], {})) < self._fewest_labels(row)
        ]
        if not lacking and not unlabelled:
            return True
        if language == self.language and len(lacking) < len(self._rows):
            raise BadInput(
                f"{len(lacking)} questions have no text and {len(unlabelled)} have answers without "
                f"words ({', '.join((lacking + unlabelled)[:5])}); expected words for all"
            )
        if words["items"]:
            self.notes.append(
                f"The translation {language} lacks {len(lacking)} questions and the answers of "
                f"{len(unlabelled)}; it is left out."
            )
        return False

    def _fewest_labels(self, row: Mapping[str, Any]) -> int:
        options = self._sets.get(row["key"])
        if options is None:
            return 0
        return 2 if isinstance(options, dict) else len(options)

    def _take(self, item: Json) -> None:
        kind, link = text_of(item, "type"), text_of(item, "linkId")
        if kind in ("group", "display", "question"):
            self._take_display(item, link, kind)
            return
        if link in self.links:
            raise BadInput("the same linkId stands at two questions; give each its own")
        reason = _why_not(item, kind)
        options = None if reason or kind in _WORDS else self._options(item, kind)
        if not reason and kind not in _WORDS and options is None:
            reason = "it has no answers to choose from, or no ends"
        if reason:
            self.notes.append(f"A question of type {kind[:20] or 'unknown'} is left out: {reason}.")
            return
        key = self.links[link] = self._key_for(link)
        self._add(key, item, options)
        if rows_of(item, "enableWhen") or extension_of(item, "enableWhenExpression", ending=True):
            self.notes.append(f"{key} is asked only under a condition there, and always here.")

    def _add(self, key: str, item: Json, options: _Options | None) -> None:
        row: dict[str, Any] = {"key": key}
        if codes := codes_of(item):
            row["codes"] = codes
        if options is not None:
            self._sets[key], labels = options
            row["options"] = key
            for language, words in labels.items():
                self._labels.setdefault(language, {})[key] = words
        for language, text in words_of(item, "text", self.language).items():
            self._texts.setdefault(language, {})[key] = text
        self._rows.append(row)

    def _take_display(self, item: Json, link: str, kind: str) -> None:
        words = words_of(item, "text", self.language)
        if kind == "display" and words:
            name = "stem" if link == "stem" else "instructions"
            have = self._displays.setdefault(name, {})
            for language, text in words.items():
                have[language] = f"{have[language]}\n{text}" if language in have else text
        elif words.get(self.language):
            self.notes.append("The heading of a group is left out.")

    def _key_for(self, link: str) -> str:
        base = link if self._carried else (_slug(link) or "q")[:50].strip("-")
        key, number = base, 2
        while key in self.links.values():
            key, number = f"{base}-{number}", number + 1
        return key

    def _options(self, item: Json, kind: str) -> _Options | None:
        if kind == "integer":
            return self._rating(item)
        if kind == "boolean":
            self.notes.append("A yes-or-no question counts 0 and 1.")
            return [{"value": 0}, {"value": 1}], {self.language: {"0": "No", "1": "Yes"}}
        options = rows_of(item, "answerOption") or self._value_set(item)
        if not 2 <= len(options) <= _MOST_OPTIONS:
            return None
        values: list[dict[str, Any]] = []
        labels: dict[str, dict[str, str]] = {}
        for place, option in enumerate(options):
            value, codes, words = self._option(option, place)
            values.append({"value": value} | ({"codes": codes} if codes else {}))
            for language, word in words.items():
                labels.setdefault(language, {})[f"{value:g}"] = word
        if len({row["value"] for row in values}) < len(values):
            raise BadInput("two answers to one question count the same; expected different values")
        return values, labels

    def _option(self, option: Json, place: int) -> tuple[Number, dict[str, str], dict[str, str]]:
        coding = option.get("valueCoding")
        if isinstance(coding, dict):
            value = ordinal_of(option) if ordinal_of(option) is not None else ordinal_of(coding)
            if value is None:
                value = place
                self._note_once(_ORDER)
            system, code = text_of(coding, "system"), text_of(coding, "code")
            own = system.startswith(OWN_OPTIONS)
            codes = {system: code} if system and code and not own else {}
            return value, codes, words_of(coding, "display", self.language)
        if isinstance(option.get("valueInteger"), int):
            number = int(option["valueInteger"])
            return number, {}, {self.language: str(number)}
        word = text_of(option, "valueString")
        self._note_once(_ORDER)
        return place, {}, {self.language: word} if word else {}

    def _rating(self, item: Json) -> _Options | None:
        ends = [extension_of(item, name, ending=True) for name in ("/minValue", "/maxValue")]
        low, high = (end.get("valueInteger") if end else None for end in ends)
        if not isinstance(low, int) or not isinstance(high, int) or not 1 <= high - low <= 100:
            return None
        labels: dict[str, dict[str, str]] = {}
        for note in rows_of(item, "item"):
            value = ordinal_of(note)
            if value is not None:
                for language, word in words_of(note, "text", self.language).items():
                    labels.setdefault(language, {})[f"{value:g}"] = word
        if not labels and not self._carried:
            # Ends need words; where the file has none, their numbers say as much as it does.
            labels = {self.language: {str(low): str(low), str(high): str(high)}}
        return {"from": low, "to": high}, labels

    def _value_set(self, item: Json) -> list[Json]:
        address = text_of(item, "answerValueSet")
        if not address:
            return []
        if not address.startswith("#"):
            return self._known_answers(item)
        sets = {text_of(one, "id"): one for one in rows_of(self.resource, "contained")}
        return [{"valueCoding": coding} for coding in _concepts(address, sets, set())]

    def _known_answers(self, item: Json) -> list[Json]:
        """Take the answers of a known question, where the file only names a list elsewhere."""
        from openrapport.measures.instrument import library

        codes = set(codes_of(item).items())
        for known in library().values():
            panel = set(codes_of(self.resource).items()) & {tuple(code) for code in known.codes}
            if not panel or not known.languages:
                continue
            same = [one for one in known.items if codes & {tuple(code) for code in one.codes}]
            model = (same or list(known.items))[0]
            words = known.texts("en").items[model.key].labels
            self._note_once(
                f"The answers stand in a list that is not in the file; those of {known.key} are taken."
            )
            return [
                {
                    "extension": [{"url": ORDINAL, "valueDecimal": option.value}],
                    "valueCoding": {"display": words[option.value]}
                    | (
                        {"system": option.codes[0][0], "code": option.codes[0][1]}
                        if option.codes
                        else {}
                    ),
                }
                for option in model.options
            ]
        return []

    def _note_once(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def _concepts(address: str, sets: Mapping[str, Json], seen: set[str]) -> list[dict[str, Any]]:
    name = address.removeprefix("#")
    if name in seen:
        raise BadInput("the lists of answers refer to each other in a circle")
    if name not in sets:
        return []
    seen = seen | {name}
    compose = sets[name].get("compose")
    found: list[dict[str, Any]] = []
    for include in rows_of(compose if isinstance(compose, dict) else {}, "include"):
        system = text_of(include, "system")
        found += [{"system": system, **concept} for concept in rows_of(include, "concept")]
        others = include.get("valueSet")
        for other in others if isinstance(others, list) else []:
            if isinstance(other, str) and other.startswith("#"):
                found += _concepts(other, sets, seen)
        if len(found) > _MOST_OPTIONS:
            raise BadInput(f"a list of answers has more than {_MOST_OPTIONS}")
    expansion = sets[name].get("expansion")
    if not found and isinstance(expansion, dict):
        found = [dict(one) for one in rows_of(expansion, "contains")]
    return found


def _why_not(item: Json, kind: str) -> str:
    if item.get("readOnly") is True or extension_of(item, _CALCULATED, ending=True):
        return "the file computes it, and here scores come from the key"
    if item.get("repeats") is True:
        return "several answers to one question cannot be kept"
    if kind not in (*_CHOICES, *_WORDS, "integer", "boolean"):
        return "such answers cannot be kept"
    return ""


def _carried(resource: Json) -> dict[str, Any]:
    extension = extension_of(resource, KEY)
    if extension is None:
        return {}
    carried = parsed(text_of(extension, "valueString"), "the scoring key in this questionnaire")
    if not isinstance(carried, dict) or not isinstance(carried.get("scales", {}), dict):
        raise BadInput("the scoring key in this questionnaire is damaged; export it again")
    return carried


def _slug(text: str) -> str:
    slug = _NOT_A_KEY.sub("-", text.casefold()).strip("-")
    return slug if not slug or slug[0].isalpha() else f"q-{slug}"

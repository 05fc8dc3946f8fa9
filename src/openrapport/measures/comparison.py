"""Public copies of questionnaires are often wrong. What differs from the one that we know is listed.

Nothing is repaired in silence: whoever brings a file in sees each difference and decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from openrapport.errors import BadInput
from openrapport.measures.definition import TEXTS_FORMAT, with_texts
from openrapport.measures.forms import Coding, Instrument, Item, Kind, Scale

__all__ = [
    "WRONG_CODES",
    "Difference",
    "claimed",
    "compare_with_known",
    "may_be_about_self_harm",
    "with_key",
    "with_self_harm",
]

WRONG_CODES: Mapping[str, Mapping[Coding, str]] = MappingProxyType(
    {"who-5": {Coding("http://loinc.org", "71969-0"): "PROMIS-10, global mental health"}}
)
"""Codes that stand in public copies of an instrument and mean something else."""

_WORD = re.compile(r"\w+")
_SELF_HARM = re.compile(
    r"suicid|self.?harm|better off dead|end(?:ing)? (?:my|your) life|kill(?:ing)? (?:my|your)self"
    r"|(?:hurt|harm)(?:ing)? (?:my|your)self|autolesi|hacer(?:me|se) daño|quitar(?:me|se) la vida"
    r"|matar(?:me|se)|mejor muert|acabar con (?:mi|su) vida"
)
_NEVER = re.compile(r"\b(?:never|none|at no time|not at all)\b")
_ALWAYS = re.compile(r"\b(?:always|all(?: of)? the time|nearly every day)\b")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a copy is not like the instrument that it is called after.

    Parameters
    ----------
    what : str
        ``"items"``, ``"wording"``, ``"answers"``, ``"code"``, ``"key"``, ``"missing_rule"`` or
        ``"self_harm"``.
    where : str
        Key of the item or scale in the instrument that we know; empty for the whole.
    message : str
        What is there and what was expected.
    """

    what: str
    where: str
    message: str


def claimed(
    instrument: Instrument, library: Mapping[str, Instrument], *, title: str = ""
) -> str | None:
    """Tell which instrument a copy says that it is.

    Parameters
    ----------
    instrument : Instrument
        The copy.
    library : mapping of str to Instrument
        Those that we know.
    title : str
        What the copy is called, besides its key and its own titles.

    Returns
    -------
    key : str or None
        By its codes where they say it, else by its names; None where it says nothing.
    """
    codes = set(instrument.codes)
    for key, known in library.items():
        if codes & set(known.codes):
            return key
    titles = [instrument.texts(language).title for language in instrument.languages]
    called = " ".join([instrument.key, title, *titles]).casefold()
    for key in sorted(library, key=len, reverse=True):
        loosely = r"[\s_-]?".join(map(re.escape, key.split("-")))
        if re.search(rf"(?<![a-z0-9]){loosely}(?![a-z0-9])", called):
            return key
    return None


def compare_with_known(instrument: Instrument, known: Instrument) -> tuple[Difference, ...]:
    """List in what a copy differs from the instrument that we know.

    Parameters
    ----------
    instrument : Instrument
        The copy.
    known : Instrument
        From :func:`openrapport.measures.instrument.library`.

    Returns
    -------
    differences : tuple of Difference
        Empty where it is the same in all that both have. Words are compared without punctuation
        and case, in languages that both have; scales where both have some.
    """
    return (
        *_item_differences(instrument, known),
        *_code_differences(instrument, known),
        *_scale_differences(instrument, known),
    )


def with_self_harm(instrument: Instrument, known: Instrument) -> Instrument:
    """Mark the items of a copy that ask about harming oneself, as they are marked in the original.

    Parameters
    ----------
    instrument : Instrument
        The copy.
    known : Instrument
        The one that it is a copy of.

    Returns
    -------
    instrument : Instrument
        With the same words and answers.
    """
    marks = {
        copy.key: item.self_harm_from
        for copy, item in _pairs(instrument, known)
        if item.self_harm_from in copy.values
    }
    items = tuple(
        replace(item, self_harm_from=marks.get(item.key)) if item.self_harm_from is None else item
        for item in instrument.items
    )
    return replace(instrument, items=items)


def may_be_about_self_harm(instrument: Instrument) -> tuple[str, ...]:
    """Name items that seem to ask about harming oneself and are not marked so.

    It goes by a few words of English and Spanish, and misses others: whoever brings a form in reads
    every item.

    Parameters
    ----------
    instrument : Instrument
        With words.

    Returns
    -------
    items : tuple of str
        Keys of items to be rated.
    """
    every = [instrument.texts(language) for language in instrument.languages]
    return tuple(
        item.key
        for item in _asked(instrument)
        if item.self_harm_from is None
        and any(_SELF_HARM.search(one.items[item.key].text.casefold()) for one in every)
    )


def with_key(instrument: Instrument, known: Instrument) -> Instrument:
    """Join the words of a copy with the scoring key of the instrument that it is a copy of.

    Parameters
    ----------
    instrument : Instrument
        With words; its items in the order of the original.
    known : Instrument
        The one whose key counts.

    Returns
    -------
    instrument : Instrument
        The known one with the copy's words, under the copy's licence.

    Raises
    ------
    BadInput
        If the copy has no words, another number of items, or other values.
    """
    wrong = [one for one in _item_differences(instrument, known) if one.what in ("items", "answers")]
    if wrong:
        raise BadInput(f"this copy cannot be scored as {known.key}: {wrong[0].message}")
    if not instrument.languages:
        raise BadInput(f"this copy of {known.key} has no words to join")
    pairs = _pairs(instrument, known)
    licence = instrument.licence
    joined = known
    for language in instrument.languages:
        texts = instrument.texts(language)
        labels, items = {}, {}
        for copy, item in pairs:
            words = texts.items[copy.key]
            items[item.key] = {"text": words.text}
            if item.kind is not Kind.TEXT:
                items[item.key]["labels"] = item.key
                labels[item.key] = {f"{value:g}": word for value, word in words.labels.items()}
        document = {
            "format": TEXTS_FORMAT,
            "instrument": known.key,
            "version": known.version,
            "language": language,
            "licence": {
                "name": licence.name,
                "attribution": licence.attribution,
                "note": licence.note,
            },
            "texts": {
                "title": texts.title,
                "instructions": texts.instructions,
                "stem": texts.stem,
                "items": items,
                "labels": labels,
                "scales": _scale_names(known, language),
            },
        }
        joined = with_texts(joined, document)
    return joined


def _scale_names(known: Instrument, language: str) -> dict[str, str]:
    if language in known.languages:
        return dict(known.texts(language).scales)
    return {scale.key: scale.key.replace("_", " ") for scale in known.scales}


def _asked(instrument: Instrument) -> list[Item]:
    return [item for item in instrument.items if item.kind is not Kind.TEXT]


def _pairs(instrument: Instrument, known: Instrument) -> list[tuple[Item, Item]]:
    """Pair items by their codes, by their keys, or else by their place."""
    left = list(_asked(instrument))
    found: dict[str, Item] = {}
    for agree in (
        lambda copy, item: bool(set(copy.codes) & set(item.codes)),
        lambda copy, item: copy.key == item.key,
    ):
        for item in known.items:
            match = next((copy for copy in left if item.key not in found and agree(copy, item)), None)
            if match is not None:
                found[item.key] = match
                left.remove(match)
    for item in _asked(known):
        if item.key not in found and left:
            found[item.key] = left.pop(0)
    return [(found[item.key], item) for item in known.items if item.key in found]


def _item_differences(instrument: Instrument, known: Instrument) -> Iterator[Difference]:
    have, expected = len(_asked(instrument)), len(_asked(known))
    scored = sum(item.scored for item in known.items)
    if have not in (expected, scored):
        wanted = f"{scored}" if scored == expected else f"{scored} or {expected}"
        yield Difference("items", "", f"it has {have} items to be rated; {known.key} has {wanted}")
    for copy, item in _pairs(instrument, known):
        if sorted(copy.values) != sorted(item.values):
            values = ", ".join(f"{value:g}" for value in sorted(copy.values))
            wanted = ", ".join(f"{value:g}" for value in sorted(item.values))
            yield Difference("answers", item.key, f"{item.key} counts {values}; expected {wanted}")
        if item.self_harm_from is not None and copy.self_harm_from != item.self_harm_from:
            yield Difference(
                "self_harm",
                item.key,
                f"{item.key} is about harming oneself from {item.self_harm_from:g} on, and not marked so",
            )
        yield from _word_differences(instrument, copy, known, item)


def _word_differences(
    instrument: Instrument, copy: Item, known: Instrument, item: Item
) -> Iterator[Difference]:
    for language in instrument.languages:
        theirs = instrument.texts(language).items[copy.key]
        if language == "en" and _turned_round({float(k): word for k, word in theirs.labels.items()}):
            yield Difference("answers", item.key, f"the answers to {item.key} seem to be turned round")
        if language not in known.languages:
            continue
        ours = known.texts(language).items[item.key]
        if _plain(theirs.text) != _plain(ours.text):
            yield Difference(
                "wording", item.key, f"{item.key} ({language}) is not worded as in the original"
            )
        for value, word in ours.labels.items():
            if value in theirs.labels and _plain(theirs.labels[value]) != _plain(word):
                yield Difference(
                    "answers",
                    item.key,
                    f"answer {value:g} of {item.key} ({language}) is “{theirs.labels[value]}”; "
                    f"expected “{word}”",
                )


def _turned_round(labels: Mapping[float, str]) -> bool:
    """Tell whether "never" counts more than "always": in a rating of frequency it never does."""
    never = [value for value, word in labels.items() if _NEVER.search(word.casefold())]
    always = [value for value, word in labels.items() if _ALWAYS.search(word.casefold())]
    return bool(never and always) and min(never) > max(always)


def _code_differences(instrument: Instrument, known: Instrument) -> Iterator[Difference]:
    for code, meaning in WRONG_CODES.get(known.key, {}).items():
        if code in instrument.codes:
            yield Difference(
                "code", "", f"the code {code.code} is that of {meaning}, not of {known.key}"
            )
    yield from _other_codes("", instrument.codes, known.codes)
    for copy, item in _pairs(instrument, known):
        yield from _other_codes(item.key, copy.codes, item.codes)


def _other_codes(
    where: str, theirs: tuple[Coding, ...], ours: tuple[Coding, ...]
) -> Iterator[Difference]:
    expected = dict(ours)
    for system, code in theirs:
        if system in expected and code != expected[system]:
            yield Difference(
                "code", where, f"{where or 'the form'} has the code {code}; expected {expected[system]}"
            )


def _scale_differences(instrument: Instrument, known: Instrument) -> Iterator[Difference]:
    renamed = {copy.key: item.key for copy, item in _pairs(instrument, known)}
    theirs = {scale.key: scale for scale in instrument.scales}
    for ours in known.scales:
        copy = theirs.get(ours.key)
        if copy is None:
            if theirs:
                yield Difference("key", ours.key, f"the scale {ours.key} is not there")
            continue
        yield from _key_differences(copy, ours, renamed)


def _key_differences(copy: Scale, ours: Scale, renamed: Mapping[str, str]) -> Iterator[Difference]:
    for name, expected in (("items", ours.items), ("reverse", ours.reverse)):
        have = {renamed.get(key, key) for key in getattr(copy, name)}
        more, less = sorted(have - set(expected)), sorted(set(expected) - have)
        how = "counts the other way" if name == "reverse" else "is in the scale"
        if more:
            yield Difference("key", ours.key, f"{ours.key}: {', '.join(more)} {how}; expected not to")
        if less:
            yield Difference(
                "key", ours.key, f"{ours.key}: {', '.join(less)} {how} in the original only"
            )
    if (copy.rule, copy.multiply) != (ours.rule, ours.multiply):
        yield Difference(
            "key",
            ours.key,
            f"{ours.key} is the {copy.rule} times {copy.multiply:g}; expected the {ours.rule} "
            f"times {ours.multiply:g}",
        )
    if copy.most_missing != ours.most_missing:
        yield Difference(
            "missing_rule",
            ours.key,
            f"{ours.key} allows {copy.most_missing} missing answers; expected {ours.most_missing}",
        )


def _plain(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("'", "")))

"""Reading instruments: what fits together, and what is refused and where."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport.measures.forms import Instrument, Item, Kind, Option
from openrapport.measures.instrument import (
    library,
    read_instrument,
    score,
    to_document,
    with_texts,
)
from openrapport.measures.scoring import Status, turned

SMALL: dict[str, Any] = {
    "format": "openrapport.instrument/1",
    "key": "small",
    "version": "1",
    "rater": "client",
    "validated": False,
    "licence": {"name": "Apache-2.0"},
    "options": {
        "often": [{"value": 0}, {"value": 1}, {"value": 2}],
        "line": {"from": 0, "to": 10},
    },
    "items": [
        {"key": "a", "options": "often"},
        {"key": "b", "options": "often", "self_harm_from": 1},
        {"key": "c", "options": "line"},
        {"key": "why"},
    ],
    "scales": [
        {
            "key": "total",
            "items": ["a", "b"],
            "reverse": ["b"],
            "rule": "sum",
            "most_missing": 1,
            "higher": "worse",
            "bands": [
                {"low": 0, "high": 1, "name": "few"},
                {"low": 2, "high": 4, "name": "many"},
            ],
        }
    ],
    "sources": ["written for this test"],
    "texts": {
        "en": {
            "title": "Small",
            "items": {
                "a": {"text": "A?", "labels": "often"},
                "b": {"text": "B?", "labels": "often"},
                "c": {"text": "C?", "labels": "line"},
                "why": {"text": "Why?"},
            },
            "labels": {
                "often": {"0": "never", "1": "at times", "2": "always"},
                "line": {"0": "no", "10": "yes"},
            },
            "scales": {"total": "Total"},
        }
    },
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(SMALL)
    change(document)
    return document


def test_a_document_becomes_an_instrument() -> None:
    small = read_instrument(SMALL)
    assert [(item.key, item.kind, item.scored) for item in small.items] == [
        ("a", Kind.CHOICE, True),
        ("b", Kind.CHOICE, True),
        ("c", Kind.RATING, False),
        ("why", Kind.TEXT, False),
    ]
    assert (small.scale("total").low, small.scale("total").high) == (0, 4)
    assert small.item("c").values == tuple(range(11))
    assert small.texts("en").items["b"].labels[2] == "always"


def test_text_and_parsed_document_are_the_same() -> None:
    assert read_instrument("\ufeff" + json.dumps(SMALL)) == read_instrument(SMALL)


@pytest.mark.parametrize("key", library())
def test_what_is_written_reads_back_the_same(key: str) -> None:
    instrument = library()[key]
    document = json.loads(json.dumps(to_document(instrument), allow_nan=False))
    assert read_instrument(document) == instrument


def scale(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["scales"][0]
    return found


def english(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["texts"]["en"]
    return found


def second(document: dict[str, Any], **more: object) -> None:
    row = {"key": "more", "items": ["b"], "rule": "sum", "most_missing": 0, "higher": "worse"}
    document["scales"].append(row | more)
    english(document)["scales"]["more"] = "More"


WRONG: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("another format", lambda d: d.update(format="x/1"), "whose format is openrapport.instrument/1"),
    ("an unknown field", lambda d: d.update(colour="red"), "1 unknown field"),
    ("a missing field", lambda d: d.pop("rater"), "rater missing"),
    (
        "a stranger as rater",
        lambda d: d.update(rater="boss"),
        "rater: expected one of client, therapist",
    ),
    ("a key with blanks", lambda d: d.update(key="My Form"), "key: expected a key of lower-case"),
    ("no items", lambda d: d.update(items=[]), "items: expected 1 to 1000 items"),
    (
        "an item twice",
        lambda d: d["items"].append({"key": "a"}),
        r"items\[4\].key: another item is called a",
    ),
    (
        "options that are nowhere",
        lambda d: d["items"][0].update(options="seldom"),
        r"items\[0\].options: there is no such set",
    ),
    ("a value twice", lambda d: d["options"]["often"].append({"value": 1}), "same value"),
    ("a value of text", lambda d: d["options"]["often"].append({"value": "3"}), "expected a number"),
    ("a value of true", lambda d: d["options"]["often"].append({"value": True}), "expected a number"),
    (
        "ends the wrong way round",
        lambda d: d["options"].update(line={"from": 5, "to": 1}),
        "from below to",
    ),
    ("a line without end", lambda d: d["options"].update(line={"from": 0, "to": 900}), "at most 101"),
    (
        "a threshold off the scale",
        lambda d: d["items"][1].update(self_harm_from=7),
        r"items\[1\].self_harm_from: expected one of the item's values",
    ),
    (
        "an unknown item in a scale",
        lambda d: scale(d).update(items=["a", "z"], reverse=[]),
        r"scales\[0\].items: 1 of these are no items; expected some of a, b, c, why",
    ),
    (
        "words in a scale",
        lambda d: scale(d).update(items=["a", "b", "why"]),
        "own words cannot be scored",
    ),
    ("an item twice in a scale", lambda d: scale(d).update(items=["a", "b", "a"]), "stands here twice"),
    (
        "turned round outside the scale",
        lambda d: scale(d).update(reverse=["c"]),
        r"scales\[0\].reverse: 1 of these are not among the items of the scale total",
    ),
    ("all may be missing", lambda d: scale(d).update(most_missing=2), "whole number from 0 to 1"),
    (
        "unlike items that are averaged",
        lambda d: scale(d).update(items=["a", "c"], reverse=[], rule="mean", bands=[]),
        "differ in their ends",
    ),
    ("times nothing", lambda d: scale(d).update(multiply=0), "above 0"),
    ("a gap between bands", lambda d: scale(d)["bands"][1].update(low=3), "expected 2"),
    ("bands that overlap", lambda d: scale(d)["bands"][0].update(high=2), "expected 3"),
    ("bands that end early", lambda d: scale(d)["bands"][1].update(high=3), "do not reach from 0 to 4"),
    (
        "a border off the scale",
        lambda d: scale(d).update(cuts=[{"at_least": 9, "name": "x", "source": "y"}]),
        "above 0 and up to 4",
    ),
    (
        "perfect reliability",
        lambda d: scale(d).update(constants=[{"sd": 1, "reliability": 1, "z": 2, "source": "y"}]),
        "from 0 to below 1",
    ),
    (
        "a constant without source",
        lambda d: scale(d).update(constants=[{"sd": 1, "reliability": 0.5, "z": 2}]),
        "source missing",
    ),
    ("items shared in silence", second, "more and total share b; if that is meant"),
    (
        "overlap without shared items",
        lambda d: second(d, items=["c"], overlaps=["total"]),
        "more and total share no item",
    ),
    ("overlap with nobody", lambda d: second(d, overlaps=["x"]), "more names no other scale"),
    ("two scales of one name", lambda d: second(d, key="total"), "another scale is called total"),
    (
        "a translation without an item",
        lambda d: english(d)["items"].pop("b"),
        "texts.en.items: items without words in this language: b",
    ),
    (
        "a translation with one too many",
        lambda d: english(d)["items"].update(z={"text": "Z?"}),
        "words for 1 items that the instrument does not have",
    ),
    (
        "a translation without an option",
        lambda d: english(d)["labels"]["often"].pop("1"),
        "texts.en.items.a.labels: no words for 1",
    ),
    ("a line without its end", lambda d: english(d)["labels"]["line"].pop("10"), "no words for 10"),
    (
        "words for no option",
        lambda d: english(d)["labels"]["often"].update({"7": "x"}),
        "does not have",
    ),
    (
        "words for no number",
        lambda d: english(d)["labels"]["often"].update(x="x"),
        "value of an option",
    ),
    ("words twice", lambda d: english(d)["labels"]["often"].update({"1.0": "x"}), "words twice"),
    ("an empty text", lambda d: english(d)["items"]["a"].update(text=" "), "expected text"),
    ("a scale without a name", lambda d: english(d)["scales"].pop("total"), "scales without words"),
    ("no names of scales", lambda d: english(d).pop("scales"), "scales missing"),
    ("no language", lambda d: d["texts"].update({"EN us": english(d)}), "expected a language such as"),
    ("a list of items by name", lambda d: d.update(items={"a": {}}), "expected a list"),
]


@pytest.mark.parametrize(
    ("change", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_does_not_fit_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        read_instrument(changed(change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[]", "whose format is"),
        ("{", "is not JSON"),
        ('{"a": 1, "a": 2}', "same key twice"),
        ('{"a": NaN}', "NaN or Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        ("[" * 100_000, "nested too deeply"),
        (" " * 5_000_001, "longer than 5,000,000 characters"),
    ],
)
def test_what_is_no_document_is_refused_quickly(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_instrument(text)


def test_scales_may_share_items_when_they_say_so() -> None:
    both = read_instrument(changed(lambda d: second(d, overlaps=["total"])))
    assert [one.value for one in score(both, {"a": 1, "b": 2})] == [1.0, 2.0]


def test_a_prorated_sum_stands_for_all_items() -> None:
    small = read_instrument(SMALL)
    # b counts the other way: 0 is 2, which stands for a too.
    for answers, expected in (({"a": 1}, 2.0), ({"b": 0}, 4.0), ({"a": 1, "b": 0}, 3.0)):
        assert [one.value for one in score(small, answers)] == [expected]


def test_a_region_has_its_language_and_a_stranger_the_original() -> None:
    pulse = library()["pulse"]
    assert pulse.texts("es-MX").language == "es"
    assert pulse.texts("es_AR").language == "es"
    assert pulse.texts("de").language == "en"


def words(instrument: Instrument, **more: object) -> dict[str, Any]:
    texts = {
        "title": "Own copy",
        "items": {
            item.key: {"text": f"Words of {item.key}", "labels": "l"} for item in instrument.items
        },
        "labels": {"l": {f"{value:g}": f"{value:g}" for value in instrument.items[0].values}},
        "scales": {one.key: one.key for one in instrument.scales},
    }
    return {
        "format": "openrapport.texts/1",
        "instrument": instrument.key,
        "version": instrument.version,
        "language": "en",
        "licence": {"name": "with the owner's permission"},
        "texts": texts,
    } | more


def test_a_key_without_words_takes_those_that_a_practice_brings() -> None:
    key = library()["wai-sr"]
    with pytest.raises(BadInput, match="bring the words that you are licensed for"):
        key.texts("en")
    whole = with_texts(key, words(key))
    assert whole.texts("en").items["q4"].text == "Words of q4"
    assert whole.licence.name == "with the owner's permission"
    assert whole.scales == key.scales
    assert key.languages == ()


def test_words_for_something_else_are_refused() -> None:
    key = library()["wai-sr"]
    with pytest.raises(BadInput, match="expected wai-sr, version 1"):
        with_texts(key, words(library()["wai-s"]))
    with pytest.raises(BadInput, match="expected wai-sr, version 1"):
        with_texts(key, words(key, version="2"))
    lacking = words(key)
    del lacking["texts"]["items"]["q7"]
    with pytest.raises(BadInput, match="items without words in this language: q7"):
        with_texts(key, lacking)


def test_the_words_of_core_10_stand_apart_with_their_licence() -> None:
    core = library()["core-10"]
    assert core.licence.name == "CC BY-ND 4.0"
    assert "CORE System Trust" in core.licence.attribution
    assert core.texts("en").items["q2"].text.startswith("I have felt I have someone to turn to")


numbers = st.lists(st.integers(-5, 20), min_size=2, max_size=8, unique=True)


@given(numbers, st.data())
def test_turned_twice_is_what_it_was(values: list[int], data: st.DataObject) -> None:
    item = Item("x", Kind.CHOICE, tuple(Option(value) for value in values), scored=True)
    answer = data.draw(st.sampled_from(values))
    once = turned(item, answer)
    assert turned(item, once) == answer
    assert min(values) <= once <= max(values)


@given(st.sampled_from(sorted(library())), st.data())
def test_a_score_stays_within_its_scale_and_says_what_it_rests_on(
    key: str, data: st.DataObject
) -> None:
    instrument = library()[key]
    answers = {
        item.key: data.draw(st.none() | st.sampled_from(item.values))
        for item in instrument.items
        if item.values
    }
    for one, of in zip(score(instrument, answers), instrument.scales, strict=True):
        missing = one.expected - one.answered
        assert one.expected == len(of.items)
        assert (one.value is None) == (missing > of.most_missing or one.answered == 0)
        assert one.value is None or of.low <= one.value <= of.high
        assert (one.status is Status.COMPLETE) == (missing == 0)


@given(st.data())
def test_a_prorated_score_is_the_complete_one_of_somebody_who_answers_alike(
    data: st.DataObject,
) -> None:
    core = library()["core-10"]
    answer = data.draw(st.integers(0, 4))
    full = {item.key: 4 - answer if item.key in ("q2", "q3") else answer for item in core.items}
    left_out = data.draw(st.sampled_from([item.key for item in core.items]))
    (whole,) = score(core, full)
    (part,) = score(core, full | {left_out: None})
    assert part.value == pytest.approx(whole.value)

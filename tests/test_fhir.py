"""FHIR questionnaires: ours both ways, those of others as they are found, and hostile ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.errors import BadFile, BadInput
from openrapport.io.fhir import (
    from_questionnaire,
    from_response,
    read_document,
    to_questionnaire,
    to_response,
)
from openrapport.measures.comparison import compare_with_known, may_be_about_self_harm, with_key
from openrapport.measures.instrument import (
    Instrument,
    about_self_harm,
    library,
    read_instrument,
    score,
    to_document,
)

Json = dict[str, Any]
LOINC = "http://loinc.org"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def option(value: int, word: str, code: str = "") -> Json:
    coding = {"display": word} | ({"system": LOINC, "code": code} if code else {})
    return {"extension": [{"url": ORDINAL, "valueDecimal": value}], "valueCoding": coding}


def question(link: str, text: str, *options: Json, **more: Any) -> Json:
    return {"linkId": link, "type": "choice", "text": text, "answerOption": list(options)} | more


def form(*items: Json, **more: Any) -> Json:
    return {"resourceType": "Questionnaire", "status": "draft", "item": list(items)} | more


def as_a_library_of_forms_has_it(key: str, *, ask: bool) -> Json:
    """A form as large libraries write it: codes as links, question marks, a total that is computed."""
    known = library()[key]
    words = known.texts("en")
    items = []
    for item in known.items:
        labels = words.items[item.key].labels
        options = [
            option(int(one.value), labels[one.value], dict(one.codes)[LOINC]) for one in item.options
        ]
        text = words.items[item.key].text + ("?" if ask else "")
        code = dict(item.codes).get(LOINC)
        coded = {"code": [{"system": LOINC, "code": code}]} if code else {}
        items.append(question(f"/{code or item.key}", text, *options, **coded))
    total = {
        "linkId": "/total",
        "type": "decimal",
        "readOnly": True,
        "text": "Total score",
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression",
                "valueExpression": {"language": "text/fhirpath", "expression": "%a + %b"},
            }
        ],
    }
    code = dict(known.codes)[LOINC]
    return form(*items, total, code=[{"system": LOINC, "code": code}], title="A panel")


def said(resource: Json) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in from_questionnaire(resource).differences:
        found.setdefault(one.what, []).append(one.message)
    return found


# --- ours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", library())
def test_every_instrument_comes_back_whole(key: str) -> None:
    instrument = library()[key]
    resource = json.loads(json.dumps(to_questionnaire(instrument), allow_nan=False))
    imported = from_questionnaire(resource)
    assert imported.instrument == instrument
    assert (imported.claims, imported.differences, imported.notes) == (key, (), ())


@pytest.mark.parametrize("key", library())
def test_what_we_write_is_fhir_to_another_library(key: str) -> None:
    from fhir.resources.R4B.questionnaire import Questionnaire
    from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

    instrument = library()[key]
    Questionnaire.model_validate(to_questionnaire(instrument))
    answers = {item.key: item.values[0] if item.values else "words" for item in instrument.items}
    QuestionnaireResponse.model_validate(
        to_response(instrument, answers, authored="2026-01-05T10:00:00Z")
    )


@given(st.sampled_from(sorted(library())), st.data())
def test_answers_come_back_whole(key: str, data: st.DataObject) -> None:
    instrument = library()[key]
    answers = {}
    for item in instrument.items:
        words = st.text(min_size=1).map(str.strip).filter(bool)
        answers[item.key] = data.draw(
            st.none() | (st.sampled_from(item.values) if item.values else words)
        )
    given_answers = {name: answer for name, answer in answers.items() if answer is not None}
    assert from_response(to_response(instrument, answers), instrument) == given_answers


def test_translations_travel_as_fhir_has_them() -> None:
    resource = to_questionnaire(library()["pulse"])
    bond = next(item for item in resource["item"] if item["linkId"] == "bond")
    assert bond["text"] == "My therapist was on my side today."
    lang, content = bond["_text"]["extension"][0]["extension"]
    assert lang == {"url": "lang", "valueCode": "es"}
    assert content["valueString"] == "Hoy sentí a mi terapeuta de mi lado."


def test_words_that_were_corrected_elsewhere_are_read() -> None:
    resource = to_questionnaire(library()["pulse"])
    resource["item"][1]["text"] = "My therapist stood by me today."
    imported = from_questionnaire(resource)
    assert imported.instrument.texts("en").items["bond"].text == "My therapist stood by me today."
    assert [one.what for one in imported.differences] == ["wording"]


def test_a_key_for_other_questions_is_refused() -> None:
    resource = to_questionnaire(library()["k6"])
    del resource["item"][-1]
    with pytest.raises(BadInput, match="for other questions"):
        from_questionnaire(resource)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": []}', '{"key": {}, "scales": 3}'])
def test_a_damaged_key_is_refused(text: str) -> None:
    resource = to_questionnaire(library()["k6"])
    resource["extension"][0]["valueString"] = text
    with pytest.raises(BadInput, match="scoring key in this questionnaire"):
        from_questionnaire(resource)


# --- those of others ----------------------------------------------------------------------------


def test_a_form_of_a_large_library_is_read_and_recognised() -> None:
    imported = from_questionnaire(as_a_library_of_forms_has_it("phq-9", ask=True))
    assert imported.claims == "phq-9"
    assert imported.differences == ()
    assert len(imported.instrument.items) == 10
    assert imported.links["/44260-8"] == "q-44260-8"
    assert imported.notes == (
        "A question of type decimal is left out: the file computes it, and here scores come from the key.",
    )


def test_answers_to_a_form_of_others_are_scored_with_the_known_key() -> None:
    imported = from_questionnaire(as_a_library_of_forms_has_it("gad-7", ask=False))
    joined = with_key(imported.instrument, library()["gad-7"])
    rows = [
        {"linkId": link, "answer": [{"valueCoding": {"system": LOINC, "code": "LA6569-3"}}]}
        for link in list(imported.links)[:7]
    ]
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": rows}
    to_known = dict(zip(imported.links, [item.key for item in joined.items], strict=True))
    answers = from_response(response, joined, links=to_known)
    assert [one.value for one in score(joined, answers)] == [7.0]


def test_a_question_about_self_harm_keeps_its_mark() -> None:
    imported = from_questionnaire(as_a_library_of_forms_has_it("phq-9", ask=True)).instrument
    assert about_self_harm(imported, {"q-44260-8": 1}) == ("q-44260-8",)
    assert [item.key for item in imported.items if item.self_harm_from is not None] == ["q-44260-8"]


@pytest.mark.parametrize(
    "words", ["I thought about suicide.", "I wanted to hurt myself.", "He pensado en quitarme la vida."]
)
def test_an_unknown_form_that_seems_to_ask_about_self_harm_is_pointed_out(words: str) -> None:
    asked = question("a", words, option(0, "no"), option(1, "yes"))
    other = question("b", "I slept badly.", option(0, "no"), option(1, "yes"))
    (note,) = from_questionnaire(form(asked, other, name="mine")).notes
    assert note.startswith("a seems to ask about harming oneself and is not marked so")


def test_a_copy_whose_mark_was_lost_is_not_the_original() -> None:
    document = to_document(library()["core-10"])
    del document["items"][5]["self_harm_from"]
    lost = read_instrument(document)
    assert [one.what for one in compare_with_known(lost, library()["core-10"])] == ["self_harm"]
    assert may_be_about_self_harm(lost) == ("q6",)


def test_items_in_a_group_and_a_list_of_answers_elsewhere() -> None:
    known = library()["gad-7"]
    codes = [dict(item.codes).get(LOINC, "") for item in known.items[:7]]
    items = [
        {
            "linkId": f"m.q{number}",
            "type": "choice",
            "text": known.texts("en").items[f"q{number}"].text,
            "code": [{"system": LOINC, "code": code}],
            "answerValueSet": "http://loinc.org/vs/LL358-3",
        }
        for number, code in enumerate(codes, 1)
    ]
    stem = {"linkId": "i", "type": "display", "text": "Over the last 2 weeks?"}
    group = {"linkId": "m", "type": "group", "text": "GAD-7 items", "item": items}
    imported = from_questionnaire(form(stem, group, code=[{"system": LOINC, "code": "69737-5"}]))
    assert imported.claims == "gad-7"
    assert imported.differences == ()
    assert imported.instrument.texts("en").instructions == "Over the last 2 weeks?"
    assert imported.instrument.items[6].values == (0, 1, 2, 3)
    assert any("those of gad-7 are taken" in note for note in imported.notes)


def test_a_list_of_answers_inside_the_file_is_read() -> None:
    yes_no = {
        "resourceType": "ValueSet",
        "id": "yn",
        "compose": {
            "include": [
                {
                    "system": "urn:x",
                    "concept": [{"code": "n", "display": "No"}, {"code": "y", "display": "Yes"}],
                }
            ]
        },
    }
    asked = {"linkId": "a", "type": "choice", "text": "A?", "answerValueSet": "#yn"}
    imported = from_questionnaire(form(asked, contained=[yes_no], name="mine"))
    assert imported.instrument.items[0].values == (0, 1)
    assert imported.instrument.texts("en").items["a"].labels == {0: "No", 1: "Yes"}
    assert imported.notes == ("Answers without a value count 0, 1, 2 ... in their order.",)
    assert imported.claims is None


def test_what_cannot_be_kept_is_left_out_and_said() -> None:
    several = question("m", "Which?", option(0, "a"), option(1, "b"), repeats=True)
    imported = from_questionnaire(
        form(
            question("a", "A?", option(0, "no"), option(1, "yes"), enableWhen=[{"question": "b"}]),
            {"linkId": "b", "type": "boolean", "text": "B?"},
            {"linkId": "d", "type": "date", "text": "When?"},
            {"linkId": "n", "type": "integer", "text": "How many?"},
            {"linkId": "w", "type": "string", "text": "Why?"},
            several,
            name="mine",
        )
    )
    assert [item.key for item in imported.instrument.items] == ["a", "b", "w"]
    assert imported.notes == (
        "a is asked only under a condition there, and always here.",
        "A yes-or-no question counts 0 and 1.",
        "A question of type date is left out: such answers cannot be kept.",
        "A question of type integer is left out: it has no answers to choose from, or no ends.",
        "A question of type choice is left out: several answers to one question cannot be kept.",
    )


# --- defects that public copies have ------------------------------------------------------------


def phq() -> Json:
    return as_a_library_of_forms_has_it("phq-9", ask=False)


def test_gad_7_with_other_anchors() -> None:
    resource = as_a_library_of_forms_has_it("gad-7", ask=False)
    for item in resource["item"][:7]:
        item["answerOption"][0]["valueCoding"]["display"] = "Not at all sure"
        item["answerOption"][2]["valueCoding"]["display"] = "Over half the days"
    found = said(resource)["answers"]
    assert len(found) == 14
    assert found[0] == "answer 0 of q1 (en) is “Not at all sure”; expected “Not at all”"
    assert found[1] == "answer 2 of q1 (en) is “Over half the days”; expected “More than half the days”"


def test_phq_9_with_slips_in_its_words() -> None:
    resource = phq()
    resource["item"][7]["text"] = resource["item"][7]["text"].replace("fidgety", "figety")
    resource["item"][8]["text"] = "Thoughts that you would be better off dead or of hurting yourself"
    assert said(resource) == {
        "wording": [
            "q8 (en) is not worded as in the original",
            "q9 (en) is not worded as in the original",
        ]
    }


def test_a_translation_with_an_item_missing_is_left_out() -> None:
    resource = phq()
    for item in resource["item"][:10]:
        item["_text"] = translation("zh-cn", "words")
        for one in item.get("answerOption", []):
            one["valueCoding"]["_display"] = translation("zh-cn", "word")
    whole = from_questionnaire(copy.deepcopy(resource))
    assert whole.instrument.languages == ("en", "zh-cn")
    del resource["item"][8]["_text"]
    imported = from_questionnaire(resource)
    assert imported.instrument.languages == ("en",)
    assert (
        "The translation zh-cn lacks 1 questions and the answers of 0; it is left out."
        in imported.notes
    )


def translation(language: str, words: str) -> Json:
    return {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/translation",
                "extension": [
                    {"url": "lang", "valueCode": language},
                    {"url": "content", "valueString": words},
                ],
            }
        ]
    }


def test_a_form_that_lacks_an_item() -> None:
    resource = phq()
    del resource["item"][4]
    del resource["item"][8]
    assert said(resource)["items"] == ["it has 8 items to be rated; phq-9 has 9 or 10"]
    gad = as_a_library_of_forms_has_it("gad-7", ask=False)
    del gad["item"][6:8]
    assert said(gad)["items"] == ["it has 6 items to be rated; gad-7 has 7 or 8"]


def test_a_stem_in_the_place_of_an_item() -> None:
    resource = phq()
    resource["item"][9]["text"] = "Over the last 2 weeks, how often have you been bothered by this"
    assert said(resource) == {"wording": ["difficulty (en) is not worded as in the original"]}


def who(*, values: tuple[int, ...] = (0, 1, 2, 3, 4, 5), **more: Any) -> Json:
    frequency = ("At no time", "Sometimes", "Less", "More", "Most of the time", "All of the time")
    options = [option(value, word) for value, word in zip(values, frequency, strict=True)]
    items = [question(f"w{number}", f"Own words {number}", *options) for number in range(1, 6)]
    return form(*items, title="WHO-5 Well-Being Index", **more)


def test_who_5_with_its_answers_turned_round() -> None:
    assert said(who()) == {}
    assert said(who(values=(5, 4, 3, 2, 1, 0)))["answers"] == [
        f"the answers to q{number} seem to be turned round" for number in range(1, 6)
    ]


def test_who_5_with_the_code_of_another_form() -> None:
    found = said(who(code=[{"system": LOINC, "code": "71969-0"}]))
    assert found["code"] == [
        "the code 71969-0 is that of PROMIS-10, global mental health, not of who-5"
    ]


def altered(key: str, **scale: Any) -> Instrument:
    document = to_document(library()[key])
    name = scale.pop("scale", "total")
    next(one for one in document["scales"] if one["key"] == name).update(scale)
    return read_instrument(document)


@pytest.mark.parametrize(
    ("copy_of", "change", "message"),
    [
        ("who-5", {"multiply": 5}, "total is the sum times 5; expected the sum times 4"),
        (
            "mini-ipip",
            {"scale": "imagination", "reverse": ["q10", "q20"]},
            "imagination: q15 counts the other way in the original only",
        ),
        (
            "c-nip",
            {
                "scale": "intensity",
                "items": ["q6", "q7", "q8", "q9"],
                "bands": [{"low": -12, "high": 12, "name": "x"}],
            },
            "intensity: q10 is in the scale in the original only",
        ),
        ("core-10", {"most_missing": 9}, "total allows 9 missing answers; expected 1"),
        ("core-10", {"reverse": []}, "total: q2, q3 counts the other way in the original only"),
    ],
)
def test_a_copy_with_another_key(copy_of: str, change: Json, message: str) -> None:
    resource = to_questionnaire(altered(copy_of, **change))
    assert [one.message for one in from_questionnaire(resource).differences] == [message]


def test_k6_coded_from_1_to_5() -> None:
    words = library()["k6"].texts("en")
    items = []
    for item in library()["k6"].items:
        labels = words.items[item.key].labels
        options = [option(place, labels[value]) for place, value in enumerate((4, 3, 2, 1, 0), 1)]
        items.append(question(item.key, words.items[item.key].text, *options))
    found = said(form(*items, name="K6"))["answers"]
    assert "q1 counts 1, 2, 3, 4, 5; expected 0, 1, 2, 3, 4" in found
    with pytest.raises(BadInput, match="cannot be scored as k6: q1 counts 1, 2, 3, 4, 5"):
        with_key(from_questionnaire(form(*items, name="K6")).instrument, library()["k6"])


def test_a_wrong_code_of_an_item() -> None:
    resource = to_questionnaire(library()["gad-7"])
    resource["item"][2]["code"][0]["code"] = "99999-9"
    assert from_questionnaire(resource).differences == ()  # the key that it carries says better
    del resource["extension"]
    assert "q2 has the code 99999-9; expected 68509-9" in said(resource)["code"]


# --- responses ----------------------------------------------------------------------------------


def response(*rows: Json, **more: Any) -> Json:
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": list(rows)} | more


def answered(link: str, *answers: Json) -> Json:
    return {"linkId": link, "answer": list(answers)}


@pytest.mark.parametrize(
    "answer",
    [
        {"valueCoding": {"system": LOINC, "code": "LA6570-1"}},
        {"valueCoding": {"extension": [{"url": ORDINAL, "valueDecimal": 2}]}},
        {"valueCoding": {"display": "more than half the days"}},
        {"valueInteger": 2},
        {"valueDecimal": 2.0},
    ],
)
def test_an_answer_is_known_by_code_value_or_words(answer: Json) -> None:
    group = {"linkId": "g", "item": [answered("q1", answer)]}
    assert from_response(response(group), library()["phq-9"]) == {"q1": 2}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"resourceType": "Patient"}, "expected resourceType QuestionnaireResponse"),
        (response(status="in-progress"), "not completed"),
        (response(questionnaire="urn:openrapport:instrument:k6|1"), "another form or version"),
        (
            response(questionnaire="urn:openrapport:instrument:phq-9|2"),
            "expected phq-9, version 1",
        ),
        (
            response(answered("q1", {"valueInteger": 1}), answered("q1", {"valueInteger": 2})),
            "q1 is answered more than once",
        ),
        (
            response(answered("q1", {"valueInteger": 1}, {"valueInteger": 2})),
            "q1 is answered more than once",
        ),
        (response(answered("q1", {"valueInteger": 7})), "q1 is outside its scale"),
        (response(answered("q1", {"valueString": "secret"})), "q1 is no number"),
        (response(answered("q1", {"valueCoding": {"display": "secret"}})), "none of its answers"),
        (response(answered("q1", {"valueDate": "2026-01-01"})), "cannot be read"),
        (response(answered("z", {"valueInteger": 1})), "is it another form"),
        (response(item={"linkId": "q1"}), "no list of objects"),
        (
            response(
                answered(
                    "q1",
                    {"valueCoding": {"extension": [{"url": ORDINAL, "valueDecimal": float("inf")}]}},
                )
            ),
            "none of its answers",
        ),
    ],
)
def test_a_response_that_does_not_fit_is_refused_and_not_quoted(resource: Json, message: str) -> None:
    with pytest.raises(BadInput, match=message) as error:
        from_response(resource, library()["phq-9"])
    assert "secret" not in str(error.value)


def test_a_response_without_answers_has_none() -> None:
    assert from_response(to_response(library()["phq-9"], {}), library()["phq-9"]) == {}


# --- hostile files ------------------------------------------------------------------------------


def deep(levels: int) -> Json:
    item: Json = question("a", "A?", option(0, "no"), option(1, "yes"))
    for level in range(levels):
        item = {"linkId": f"g{level}", "type": "group", "item": [item]}
    return form(item)


def circle() -> Json:
    def refers(name: str, other: str) -> Json:
        return {
            "resourceType": "ValueSet",
            "id": name,
            "compose": {"include": [{"valueSet": [other]}]},
        }

    asked = {"linkId": "a", "type": "choice", "text": "A?", "answerValueSet": "#one"}
    return form(asked, contained=[refers("one", "#two"), refers("two", "#one")])


def endless() -> Json:
    item: Json = {"linkId": "g", "type": "group"}
    item["item"] = [item]
    return form(item)


A = question("a", "A?", option(0, "no"), option(1, "yes"))


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"resourceType": "Patient"}, "expected resourceType Questionnaire"),
        ({"resourceType": 3}, "expected resourceType Questionnaire"),
        (form(), "nothing to answer"),
        (form({"linkId": "d", "type": "display", "text": "Hello"}), "nothing to answer"),
        (form(A, A), "same linkId stands at two questions"),
        (deep(30), "nested more than 12 deep"),
        (endless(), "nested more than 12 deep"),
        (circle(), "in a circle"),
        (form(*[dict(A, linkId=f"a{number}") for number in range(2_001)]), "more than 2000 items"),
        (form(A, {"linkId": "b", "type": "string"}), "1 questions have no text"),
        (
            form(question("a", "A?", option(0, "no"), option(0, "yes"))),
            "two answers to one question count the same",
        ),
        (form(A, extension="x"), "extension is no list of objects"),
        ({"resourceType": "Questionnaire", "item": [1, 2]}, "item is no list of objects"),
    ],
)
def test_a_questionnaire_that_cannot_be_is_refused(resource: Json, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        from_questionnaire(resource)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not JSON"),
        (b"\x00\xff\xfe", "is not UTF-8"),
        (b"[1]", "is no JSON object"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b'{"item": [], "item": []}', "same key twice"),
        (b'{"resourceType": "Questionnaire"' + b" " * (4 * 2**20), "larger than 4 MiB"),
    ],
)
def test_a_file_that_is_no_resource_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "form.json"
    path.write_bytes(data)
    with pytest.raises(BadFile, match=message):
        read_document(path)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    with path.open("wb") as out:
        out.truncate(50 * 2**20)
    with pytest.raises(BadFile, match=r"form\.json: is larger than 4 MiB"):
        read_document(path)


def test_a_file_with_a_mark_at_its_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(to_questionnaire(library()["k6"])).encode())
    assert from_questionnaire(read_document(path)).instrument == library()["k6"]
    with pytest.raises(BadFile, match="cannot be read"):
        read_document(tmp_path / "nowhere.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "item",
                    "linkId",
                    "type",
                    "text",
                    "answerOption",
                    "valueCoding",
                    "display",
                    "extension",
                    "url",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["item", "code", "name", "title", "contained"]), json_values))
def test_whatever_comes_is_read_or_refused(resource: Json) -> None:
    try:
        from_questionnaire({"resourceType": "Questionnaire"} | resource)
    except BadInput:
        return

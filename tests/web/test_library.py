"""The practice's questionnaires: what comes along, bringing in, terms that are kept, bad files."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from openrapport.errors import BadInput
from openrapport.io.fhir import to_questionnaire
from openrapport.measures.instrument import library, read_instrument, to_document
from openrapport_web.audit.models import Entry
from openrapport_web.feedback import bringing, plans
from openrapport_web.feedback.library import NoSuchInstrument, instrument, offered
from openrapport_web.feedback.models import OwnInstrument, Plan
from tests.web.answers import form_file, own_form, words_file
from tests.web.conftest import signed_in


def upload(user: Any, data: bytes, name: str = "form.json") -> Any:
    file = SimpleUploadedFile(name, data, "application/json")
    return signed_in(user).post(reverse("library_bring"), {"file": file})


def bring(user: Any, document: Any) -> str:
    return str(upload(user, json.dumps(document).encode()).content.decode())


def take(user: Any, document: Any, **about: str) -> Any:
    sent = {"document": json.dumps(document), "agreed": "on", **about}
    return signed_in(user).post(reverse("library_take"), sent)


def test_the_page_names_what_is_here_with_terms_and_what_is_unvalidated(
    practice: SimpleNamespace,
) -> None:
    page = signed_in(practice.mara).get(reverse("library_page")).content.decode()
    assert "CC BY-ND 4.0" in page
    assert "unvalidated" in page
    assert "WAI-SR" in page, "a key that waits for words"
    for key in library():
        url = reverse("library_form", kwargs={"name": key})
        assert signed_in(practice.mara).get(url).status_code == 200, key


def test_words_for_a_licensed_form_are_taken_with_the_sentence_that_was_agreed_to(
    practice: SimpleNamespace,
) -> None:
    words = words_file("wai-sr")
    with pytest.raises(NoSuchInstrument):
        instrument("wai-sr")
    page = bring(practice.mara, words)
    assert "No difference was found" in page
    assert "holds the owner&#x27;s permission" in page
    assert not OwnInstrument.objects.exists(), "looking keeps nothing"
    assert take(practice.mara, words, agreed="").status_code == 422
    assert not OwnInstrument.objects.exists()
    assert take(practice.mara, words).status_code == 302
    own = OwnInstrument.objects.get()
    assert own.attested_by == practice.mara
    assert "A practice of tests may use the words of “Words for wai-sr”" in own.attestation
    assert "Licensed to this practice" in own.attestation
    said = Entry.objects.get(action="form.brought")
    assert said.details == {"instrument": "wai-sr", "number": 1}
    form = instrument("wai-sr")
    assert [scale.key for scale in form.scales] == ["goal", "task", "bond", "total"]
    assert form.texts("en").items["q1"].text == "Invented words q1"


def test_differences_from_the_known_key_are_shown_before_it_is_taken(
    practice: SimpleNamespace,
) -> None:
    brought = bringing.bring(words_file("wai-sr"))
    document = to_document(brought.instrument)
    document["scales"][0]["reverse"] = ["q4"]
    document["scales"][1]["most_missing"] = 2
    page = bring(practice.mara, document)
    assert "q4 counts the other way" in page
    assert "allows 2 missing answers; expected 0" in page
    assert not OwnInstrument.objects.exists()


def test_a_new_text_is_a_new_version_and_the_old_one_stays_readable(practice: SimpleNamespace) -> None:
    own_form(practice.mara, words_file("wai-sr"))
    first = instrument("wai-sr")
    second = words_file("wai-sr")
    second["texts"]["items"]["q1"]["text"] = "Other words"
    own_form(practice.mara, second)
    now = instrument("wai-sr")
    assert now.texts("en").items["q1"].text == "Other words"
    assert now.version != first.version
    assert instrument("wai-sr", first.version) == first


def test_a_withdrawn_form_is_not_asked_and_stays_readable(practice: SimpleNamespace) -> None:
    own = own_form(practice.mara)
    assert "own-form" in offered()
    url = reverse("library_withdraw", kwargs={"key": own.key})
    for _ in range(2):
        signed_in(practice.mara).post(url)
    Plan.objects.create(instrument="own-form", every=1)
    assert "own-form" not in offered()
    assert "own-form" not in plans.due(practice.teos.meeting)
    assert instrument("own-form").texts("en").title == "A form of our own"
    assert Entry.objects.filter(action="form.withdrawn").count() == 1


def test_the_same_text_twice_and_another_under_its_version_are_refused(
    practice: SimpleNamespace,
) -> None:
    own_form(practice.mara)
    with pytest.raises(BadInput, match="here already"):
        own_form(practice.mara)
    changed = form_file(sources=["Somewhere else."])
    with pytest.raises(BadInput, match="same version"):
        own_form(practice.mara, changed)
    own_form(practice.mara, {**changed, "version": "2"})
    assert instrument("own-form").version == "2"


def test_a_fhir_questionnaire_is_taken_and_given_out_again(practice: SimpleNamespace) -> None:
    resource = to_questionnaire(read_instrument(form_file()))
    brought = bringing.bring(resource)
    own_form(practice.mara, brought.document)
    url = reverse("library_fhir", kwargs={"name": "own-form"})
    response = signed_in(practice.mara).get(url)
    assert response["Content-Type"] == "application/fhir+json"
    assert bringing.bring(json.loads(response.content)).instrument == brought.instrument


def test_a_fhir_copy_with_a_risk_item_keeps_its_mark_or_says_that_it_has_none(
    practice: SimpleNamespace,
) -> None:
    document = form_file()
    document["texts"]["en"]["items"]["q2"]["text"] = "Thoughts of suicide"
    page = bring(practice.mara, document)
    assert "seems to ask about harming oneself" in page


def test_a_language_is_added_where_the_licence_allows_it(practice: SimpleNamespace) -> None:
    mara, url = signed_in(practice.mara), reverse("library_translate", kwargs={"name": "gad-7"})
    page = mara.get(url).content.decode()
    assert "Feeling nervous" in page, "the original stands beside each field"
    form = library()["gad-7"]
    names = [line.split('"')[0] for line in page.split('name="')[1:]]
    sent = {name: f"mots {name}" for name in names if "-" in name or name in ("title", "stem")}
    sent |= {"language": "FR", "instructions": "mots"}
    looked = mara.post(url, sent)
    assert looked.status_code == 200, looked.content.decode()
    assert not OwnInstrument.objects.exists()
    document = looked.context["form"].initial["document"]
    assert take(practice.mara, json.loads(document)).status_code == 302
    now = instrument("gad-7")
    assert now.languages == (*form.languages, "fr")
    assert now.texts("fr").items["q1"].text == "mots item-q1"
    assert now.licence == form.licence
    assert (now.items, now.scales) == (form.items, form.scales)
    again = take(practice.mara, json.loads(document))
    assert again.status_code == 422
    assert "This very text is here already" in again.content.decode()
    assert OwnInstrument.objects.count() == 1


def test_a_licence_without_derivatives_gets_no_translation(practice: SimpleNamespace) -> None:
    url = reverse("library_translate", kwargs={"name": "core-10"})
    assert signed_in(practice.mara).get(url).status_code == 404
    assert "allows no other wording or language" in bring(practice.mara, words_file("core-10", "fr"))


def test_what_comes_along_is_not_replaced(practice: SimpleNamespace) -> None:
    copy = to_document(library()["gad-7"])
    assert "comes along already" in bring(practice.mara, copy)
    assert "in that language already" in bring(practice.mara, words_file("gad-7"))


def overlapping() -> dict[str, Any]:
    document = form_file()
    document["scales"].append({**document["scales"][0], "key": "other"})
    document["texts"]["en"]["scales"]["other"] = "Other"
    return document


def unknown_item() -> dict[str, Any]:
    document = form_file()
    document["scales"][0]["items"] = ["q1", "q9"]
    return document


def missing_words() -> dict[str, Any]:
    document = words_file("wai-sr")
    del document["texts"]["items"]["q7"]
    return document


def cycle() -> dict[str, Any]:
    lists = [
        {
            "resourceType": "ValueSet",
            "id": name,
            "compose": {"include": [{"valueSet": [f"#{other}"]}]},
        }
        for name, other in (("one", "two"), ("two", "one"))
    ]
    asked = {"linkId": "a", "type": "choice", "text": "A?", "answerValueSet": "#one"}
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "title": "Round and round",
        "contained": lists,
        "item": [asked],
    }


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (overlapping(), "share q1, q2"),
        (unknown_item(), "are no items"),
        (missing_words(), "q7"),
        (cycle(), "circle"),
        (
            {**words_file("wai-sr"), "instrument": "x"},
            "not here",
        ),
        ({"resourceType": "Patient"}, "no questionnaire"),
        ([], "no questionnaire"),
        ({}, "no questionnaire"),
        ("text", "no questionnaire"),
    ],
)
def test_a_file_that_does_not_fit_says_where_and_nothing_is_kept(
    practice: SimpleNamespace, document: Any, said: str
) -> None:
    response = upload(practice.mara, json.dumps(document).encode())
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not OwnInstrument.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b"x" * (3 * 2**20), "larger than 2 MB"),
        (b"x" * (50 * 2**20), "larger than 2 MB"),
    ],
    ids=["empty", "not text", "not JSON", "deep", "doubles", "3 MB", "50 MB"],
)
def test_a_file_that_is_none_gets_a_clear_error(
    practice: SimpleNamespace, data: bytes, said: str
) -> None:
    response = upload(practice.mara, data)
    assert response.status_code == 422
    assert said in response.content.decode()


def test_without_a_file_the_form_says_so(practice: SimpleNamespace) -> None:
    response = signed_in(practice.mara).post(reverse("library_bring"), {})
    assert response.status_code == 422
    assert "This field is required" in response.content.decode()


def test_the_page_takes_the_same_questions_for_many_forms(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    mara = signed_in(practice.mara)
    for number in range(15):
        own_form(practice.mara, form_file(f"form-{number}"))
    mara.get(reverse("library_page"))
    with django_assert_max_num_queries(9):
        mara.get(reverse("library_page"))

"""What questionnaires say over time: each score with what it rests on; missing stays missing."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from openrapport.io.fhir import from_response
from openrapport.measures.instrument import library
from openrapport_web.audit.models import Entry
from openrapport_web.feedback import scores
from openrapport_web.feedback.models import Answer, Asking
from tests.web.answers import answered, asked, own_form, words_file
from tests.web.conftest import signed_in

ALL = [f"q{number}" for number in range(1, 10)]


def phq(*values: int) -> dict[str, int]:
    return dict(zip(ALL, values, strict=False))


def course(care: Any, *given: dict[str, int] | None, key: str = "phq-9") -> list[Asking]:
    """Forms a week apart; None was not answered."""
    start = timezone.now() - timedelta(weeks=len(given))
    made = []
    for week, values in enumerate(given):
        at = start + timedelta(weeks=week)
        made.append(asked(care, key, at=at, meeting=None))
        if values is not None:
            answered(made[-1], values, at=at + timedelta(hours=1))
    return made


def rows_of(care: Any, key: str = "phq-9") -> list[scores.Occasion]:
    askings = Asking.objects.filter(client=care.client, instrument=key).order_by("opens_at")
    answers = Answer.objects.filter(asking__in=askings).select_related("asking")
    return scores.occasions(askings, answers.order_by("asking__opens_at"), "en")


def page_of(practice: SimpleNamespace, key: str = "phq-9") -> str:
    url = reverse("measure_page", kwargs={"key": practice.teos.client.key, "name": key})
    return str(signed_in(practice.alba).get(url).content.decode())


def test_each_score_stands_with_what_it_rests_on(practice: SimpleNamespace) -> None:
    course(practice.teos, phq(*[2] * 9), None, phq(1, 1, 1), phq(*[0] * 9))
    first, missing, few, last = rows_of(practice.teos)
    assert (first.cells[0].value, first.cells[0].rests_on) == ("18", "9 of 9 answered")
    assert first.cells[0].change == ""
    assert (missing.answer, missing.cells) == (None, ())
    assert few.cells[0].value == ""
    assert few.cells[0].rests_on == "3 of 9 answered: too few for a score"
    assert few.cells[0].change == ""
    assert last.cells[0].value == "0"
    assert last.cells[0].change.startswith("\N{MINUS SIGN}18 since the first: more than")
    assert last.cells[0].change.endswith("for the better, and past the border of 10")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (phq(2, 2, 2, 2, 2, 2, 2, 2, 1), "no more than measurement error may explain"),
        (phq(*[3] * 9), "for the worse"),
        (phq(*[0] * 9), "for the better"),
    ],
)
def test_change_is_said_in_words(practice: SimpleNamespace, last: dict[str, int], said: str) -> None:
    course(practice.teos, phq(*[2] * 9), last)
    assert said in rows_of(practice.teos)[-1].cells[0].change


def test_too_few_answers_at_first_are_no_baseline(practice: SimpleNamespace) -> None:
    course(practice.teos, phq(3), phq(*[1] * 9), phq(*[2] * 9))
    _, second, third = rows_of(practice.teos)
    assert second.cells[0].change == ""
    assert third.cells[0].change.startswith("+9 since the first")


def test_the_page_names_sources_and_says_what_was_not_answered(practice: SimpleNamespace) -> None:
    course(practice.teos, phq(*[2] * 9), None, None)
    Asking.objects.filter(answered_at=None).update(expires_at=timezone.now() - timedelta(days=1))
    asked(practice.teos, "phq-9", meeting=None)
    page = page_of(practice)
    assert "1 of 4 answered" in page
    assert page.count("not answered</td>") == 2
    assert "still open" in page
    scale = library()["phq-9"].scales[0]
    source = (scale.constants or scale.published)[0].source
    assert source.split(";")[0].split("(")[0].strip() in page
    assert "the border is 10 points" in page
    said = Entry.objects.get(action="measure.read")
    assert (said.client, said.details) == (practice.teos.client.key, {"instrument": "phq-9"})


def test_a_scale_without_published_numbers_says_so(practice: SimpleNamespace) -> None:
    course(practice.teos, {"bond": 9, "goal": 8, "task": 9, "voice": 9}, key="pulse")
    page = page_of(practice, "pulse")
    assert "no published spread and reliability" in page
    assert "Unvalidated" in page


def test_answers_to_an_earlier_text_of_the_practice_are_scored_by_it(practice: SimpleNamespace) -> None:
    own_form(practice.mara, words_file("wai-sr"))
    values = {f"q{number}": 5 for number in range(1, 13)}
    old = asked(practice.teos, "wai-sr", meeting=None, instrument_version="1.1")
    answered(old, values)
    second = words_file("wai-sr")
    second["texts"]["title"] = "Another text"
    own_form(practice.mara, second)
    (row,) = rows_of(practice.teos, "wai-sr")
    assert [cell.value for cell in row.cells] == ["20", "20", "20", "60"]


def test_another_therapist_finds_nothing(practice: SimpleNamespace) -> None:
    course(practice.teos, phq(*[2] * 9))
    for name in ("measure_list", "measure_page"):
        key = {"key": practice.teos.client.key}
        kwargs = key if name == "measure_list" else {**key, "name": "phq-9"}
        assert signed_in(practice.nell).get(reverse(name, kwargs=kwargs)).status_code == 404


def test_pages_ask_as_often_for_one_answer_as_for_twenty(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    course(practice.teos, *[phq(*[1] * 9)] * 20)
    alba = signed_in(practice.alba)
    key = {"key": practice.teos.client.key}
    for name, kwargs in (("measure_list", key), ("measure_page", {**key, "name": "phq-9"})):
        url = reverse(name, kwargs=kwargs)
        alba.get(url)
        with django_assert_max_num_queries(14):
            alba.get(url)


def test_a_client_takes_their_answers_along_as_fhir_without_loss(practice: SimpleNamespace) -> None:
    course(practice.teos, phq(*range(3), *range(3), *range(3)))
    course(practice.cleos, phq(*[1] * 9))
    response = signed_in(practice.teo).post(reverse("my_answers_fhir"))
    bundle = json.loads(response.content)
    (entry,) = bundle["entry"]
    assert from_response(entry["resource"], library()["phq-9"]) == phq(0, 1, 2, 0, 1, 2, 0, 1, 2)
    assert "Teo" not in response.content.decode()
    url = reverse("client_answers_fhir", kwargs={"key": practice.teos.client.key})
    same = json.loads(signed_in(practice.alba).post(url).content)
    assert same == bundle
    assert Entry.objects.filter(action="answers.taken").count() == 2

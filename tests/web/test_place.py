"""The client's own place, and deletion."""

from __future__ import annotations

import ast
import csv
import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

import openrapport_web
from openrapport_web import crypto
from openrapport_web.audit.chain import record
from openrapport_web.audit.wording import WORDS
from openrapport_web.caseload.models import Client, Consent, DeletionRequest, Note, Purpose
from openrapport_web.people.models import User
from tests.web.conftest import give_consent, signed_in


def test_every_action_that_is_recorded_has_words() -> None:
    said = set()
    for path in Path(openrapport_web.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
                action = node.args[1]
                if isinstance(action, ast.JoinedStr):  # "password.{how}": every ending has words
                    start = action.values[0].value  # type: ignore[attr-defined]
                    assert any(name.startswith(start) for name in WORDS), f"{path}:{node.lineno}"
                    continue
                assert isinstance(action, ast.Constant), f"{path}:{node.lineno} hides what it records"
                said.add(action.value)
    assert said - set(WORDS) == set()
    assert len(said) > 20


def test_a_client_reads_who_saw_what_in_words(practice: SimpleNamespace) -> None:
    signed_in(practice.alba).get(reverse("note_page", kwargs={"key": practice.teos.note.key}))
    signed_in(practice.nell).get(reverse("note_page", kwargs={"key": practice.cleos.note.key}))
    page = signed_in(practice.teo).get(reverse("my_log")).content.decode()
    assert "<strong>Alba</strong> read a note" in page
    assert "Nell" not in page


def test_the_log_does_not_grow_in_questions(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(practice.teo)
    for i in range(30):
        record(practice.alba, "note.read", practice.teos.note, client=practice.teos.client.key, n=i)
    with django_assert_max_num_queries(10):
        browser.get(reverse("my_log"))


def test_a_client_takes_everything_along(practice: SimpleNamespace) -> None:
    give_consent(practice.teos.client, Purpose.RECORD)
    response = signed_in(practice.teo).post(reverse("my_data"))
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    data = json.loads(archive.read("data.json"))
    assert data["about"]["name"] == "Teo"
    assert [m["therapist"] for m in data["meetings"]] == ["Alba"]
    assert [c["purpose"] for c in data["consents"]] == ["Record our meetings"]
    rows = list(csv.DictReader(io.StringIO(archive.read("meetings.csv").decode())))
    assert rows[0]["state"] == "Held"
    assert "Teo" in archive.read("index.html").decode()
    assert b"Cleo" not in response.content


def test_asking_for_deletion_twice_is_asking_once_and_can_be_taken_back(
    practice: SimpleNamespace,
) -> None:
    browser = signed_in(practice.teo)
    for _ in range(2):
        browser.post(reverse("my_deletion"))
    assert DeletionRequest.objects.count() == 1
    page = signed_in(practice.mara).get(reverse("deletion_list")).content.decode()
    assert "Teo" in page
    browser.post(reverse("my_deletion"), {"back": "1"})
    assert "Teo" not in signed_in(practice.mara).get(reverse("deletion_list")).content.decode()


def test_deleting_for_good_wants_the_name_and_leaves_no_word(practice: SimpleNamespace) -> None:
    client, browser = practice.teos.client, signed_in(practice.mara)
    client_browser = signed_in(practice.teo)
    url = reverse("deletion_do", kwargs={"key": client.key})
    assert "Nothing was deleted" in browser.post(url, {"name": "Tea"}).content.decode()
    assert Note.objects.filter(client=client).exists()
    assert browser.post(url, {"name": "Teo"}).status_code == 302
    assert not Note.objects.filter(client=client).exists()
    assert not crypto.keyring().has(client.key)
    assert not User.objects.filter(name="Teo").exists()
    assert Client.objects.get(pk=client.pk).name == "(deleted)"
    assert client_browser.get(reverse("my_place")).status_code == 302  # signed out
    assert browser.get(reverse("client_page", kwargs={"key": client.key})).status_code == 404
    assert Note.objects.filter(client=practice.cleos.client).exists()


def test_consent_is_given_with_the_text_that_was_shown(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.teo)
    page = browser.get(reverse("consent_page"))
    row = next(r for r in page.context["rows"] if r["purpose"] == Purpose.RECORD)
    url = reverse("consent_give", kwargs={"purpose": "record"})
    for wrong in ("", "nonsense", str(practice.teo.key)):
        browser.post(url, {"wording": wrong})
    assert not Consent.objects.exists()
    for _ in range(2):
        browser.post(url, {"wording": str(row["wording"].key)})
    consent = Consent.objects.get()
    assert (consent.client, consent.purpose, consent.wording) == (
        practice.teos.client,
        "record",
        row["wording"],
    )


@pytest.mark.parametrize("who", ["alba", "mara", "cleo"])
def test_nobody_else_can_agree_for_a_client(practice: SimpleNamespace, who: str) -> None:
    url = reverse("consent_give", kwargs={"purpose": "record"})
    signed_in(getattr(practice, who)).post(url, {"wording": "x"})
    assert not Consent.objects.filter(client=practice.teos.client).exists()


def test_an_unknown_purpose_is_not_found(practice: SimpleNamespace) -> None:
    url = reverse("consent_give", kwargs={"purpose": "advertising"})
    assert signed_in(practice.teo).post(url, {"wording": str(practice.teo.key)}).status_code == 404

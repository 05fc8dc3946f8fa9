"""Codes by hand: who may give them, how far the machine agrees, and what goes to research of them."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from training import corrections

from openrapport.codes import Codes
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.consent import withdraw_consent
from openrapport_web.caseload.models import Purpose
from openrapport_web.recordings import agreeing, bundles, marks
from openrapport_web.recordings.models import (
    Analysis,
    Audience,
    Mark,
    SessionRecord,
    StoredReport,
    TranscriptVersion,
)
from openrapport_web.recordings.tasks import read_and_measure
from tests.web.conftest import give_consent, signed_in
from tests.web.recorded import bring_and_analyse, shared_with

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def session(practice: SimpleNamespace) -> SessionRecord:
    return bring_and_analyse(practice.teos)


def say(browser: Browser, session: SessionRecord, target: str, verdict: str = "confirmed") -> int:
    data = {"target": target, "verdict": verdict, "revision": 0}
    return browser.post(reverse("mark_set", args=(session.key, 1)), data).status_code


def coded_by_machine(scheme: str) -> Codes:
    codes = bundles.load(StoredReport.objects.get()).coded(scheme)
    assert codes is not None
    return codes


def csv_rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode())))


def test_a_supervisor_gives_a_code_that_the_machine_did_not(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    shared_with(session, practice.sami, Audience.SUPERVISOR)
    browser = signed_in(practice.sami)
    where = reverse("utterance_edit", args=(session.key, 1, 5))
    assert "code:strategy:advice:u5" in browser.get(where).content.decode()
    assert say(browser, session, "code:strategy:advice:u5") == 302
    shown = browser.get(where).content.decode()
    assert "Codes by hand" in shown
    assert '<option value="code:strategy:advice:u5">' not in shown  # given once
    own = marks.as_codes(
        bundles.load(StoredReport.objects.get()),
        Mark.objects.all(),
        marks.coder_name(practice.sami.key),
    )
    assert [(c.scheme, c.with_label("advice").tolist()) for c in own] == [("strategy", [4])]


@pytest.mark.parametrize(
    "target",
    [
        "code:strategy:advice:u2",  # the client spoke
        "code:talk:sustain:u5",  # the therapist spoke
        "code:strategy:kindness:u5",
        "code:strategy:advice:u0",
        "code:strategy:advice:u999",
        "code:strategy:advice:u99999999999999999999",
        "code:strategy:advice:u\u0665",
        "code:strategy:advice:u",
        "code:strategy:advice",
    ],
)
def test_a_code_that_cannot_stand_there_is_refused(
    practice: SimpleNamespace, session: SessionRecord, target: str
) -> None:
    assert say(signed_in(practice.alba), session, target) == 409
    assert not Mark.objects.exists()


def test_a_client_is_not_asked_to_code(practice: SimpleNamespace, session: SessionRecord) -> None:
    shared_with(session, practice.teo, Audience.CLIENT)
    shown = signed_in(practice.teo).get(reverse("utterance_edit", args=(session.key, 1, 2)))
    assert shown.status_code == 200
    assert "own-code" not in shown.content.decode()


def test_codes_by_hand_come_along_to_a_corrected_transcript(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    say(browser, session, "code:strategy:advice:u5")
    say(browser, session, "code:strategy:advice:u3")
    where = reverse("utterance_edit", args=(session.key, 1, 3))
    browser.post(where, {"text": "It follows you home.", "party": 0, "version": 1})
    for key in Analysis.objects.filter(state="queued").values_list("key", flat=True):
        read_and_measure.call(str(key))
    # The third utterance says something else now, so what was said of it stays behind.
    kept = Mark.objects.filter(version__number=2).values_list("target", flat=True)
    assert list(kept) == ["code:strategy:advice:u5"]


def test_agreement_counts_what_was_looked_at_and_nothing_else(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    asked = coded_by_machine("strategy").with_label("open_question").tolist()
    for utterance in asked[:2]:
        say(browser, session, f"code:strategy:open_question:u{utterance + 1}")
    say(browser, session, f"code:strategy:open_question:u{asked[2] + 1}", "dismissed")
    assert 4 not in asked  # a therapist's utterance that the machine did not call a question
    say(browser, session, "code:strategy:open_question:u5")
    found = {row.code: row for row in agreeing.agreements(Mark.objects.all())}
    row = found["open_question"]
    assert (row.n, row.by_person, row.by_machine, row.both) == (4, 3, 3, 2)
    assert row.kappa is None  # four utterances say nothing
    assert row.same == 2
    assert (row.same_in_words, row.kappa_in_words) == ("–", "–")
    assert "advice" not in found  # nobody gave it
    shown = browser.get(reverse("hand_agreement")).content.decode()
    assert "Open question" in shown
    assert Entry.objects.filter(action="agreement.read", actor=practice.alba.key).count() == 1


def test_kappa_stands_where_ten_utterances_were_looked_at(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    browser = signed_in(practice.alba)
    codes = coded_by_machine("behaviour")
    for utterance, label in zip(codes.utterance.tolist(), codes.label.tolist(), strict=True):
        say(browser, session, f"code:behaviour:{codes.labels[label]}:u{utterance + 1}")
    row = {r.code: r for r in agreeing.agreements(Mark.objects.all())}["question"]
    assert row.n == len(codes.utterance) >= 10
    assert row.kappa is not None
    assert row.kappa.value == 1
    assert row.kappa_in_words == "1.00"  # where nobody differs, resampling knows no interval
    assert row.same == row.n
    assert row.same_in_words == "100% (74% to 100%)"  # eleven of eleven, by Wilson


def test_a_supervisor_compares_their_own_codes_while_the_session_is_shared(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    shared_with(session, practice.sami, Audience.SUPERVISOR)
    browser = signed_in(practice.sami)
    say(browser, session, "code:behaviour:reflection:u3")
    say(signed_in(practice.alba), session, "code:behaviour:question:u7")
    shown = browser.get(reverse("hand_agreement")).content.decode()
    assert "Reflection" in shown
    assert "Question" not in shown.split("<tbody>")[1]  # that is what the therapist said
    withdraw_consent(actor=practice.teo, client=practice.teos.client, purpose=Purpose.SUPERVISION)
    assert (
        "You have not said anything of a code yet"
        in browser.get(reverse("hand_agreement")).content.decode()
    )


def test_research_gets_numbers_of_clients_who_agreed_and_no_word(
    practice: SimpleNamespace, session: SessionRecord
) -> None:
    say(signed_in(practice.alba), session, "code:behaviour:reflection:u3")
    say(signed_in(practice.alba), session, "code:strategy:advice:u5")
    researcher = signed_in(practice.rui)
    where = reverse("research_codes")
    assert csv_rows(researcher.post(where)) == []  # nobody agreed
    assert not Entry.objects.filter(action="codes.handed_out").exists()
    give_consent(practice.teos.client, Purpose.RESEARCH)
    answer = researcher.post(where)
    rows = csv_rows(answer)
    by_hand = {(r["utterance"], r["code"]): r for r in rows if r["by_person"] == "1"}
    assert by_hand["3", "reflection"]["by_machine"] == "1"
    assert 0 < float(by_hand["3", "reflection"]["probability"]) <= 1
    assert (by_hand["5", "advice"]["by_machine"], by_hand["5", "advice"]["probability"]) == ("0", "")
    assert {r["session"] for r in rows} == {r["person"] for r in rows} == {"1"}
    text = answer.content.decode()
    spoken = bundles.load(TranscriptVersion.objects.get()).utterances.text
    secrets = (*spoken, "Teo", "Alba", str(session.key), str(practice.alba.key))
    assert not [secret for secret in secrets if secret in text]
    entry = Entry.objects.get(action="codes.handed_out")
    assert (entry.client, entry.details["marks"]) == (practice.teos.client.key, 2)
    withdraw_consent(actor=practice.teo, client=practice.teos.client, purpose=Purpose.RESEARCH)
    assert csv_rows(researcher.post(where)) == []


def test_a_note_alone_is_no_judgement(practice: SimpleNamespace, session: SessionRecord) -> None:
    give_consent(practice.teos.client, Purpose.RESEARCH)
    say(signed_in(practice.alba), session, "code:behaviour:reflection:u3", "noted")
    assert csv_rows(signed_in(practice.rui).post(reverse("research_codes"))) == []


def test_training_reads_what_research_takes_along(
    practice: SimpleNamespace, session: SessionRecord, tmp_path: Path
) -> None:
    assert agreeing.COLUMNS == corrections.COLUMNS
    give_consent(practice.teos.client, Purpose.RESEARCH)
    say(signed_in(practice.alba), session, "code:behaviour:reflection:u3")
    path = tmp_path / "codes-by-hand.csv"
    path.write_bytes(signed_in(practice.rui).post(reverse("research_codes")).content)
    (found,) = corrections.in_practice(corrections.read_rows(path))
    assert (found.code, found.marks, found.right) == ("reflection", 1, 1)

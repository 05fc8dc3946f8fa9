"""What ``openrapport score`` promises: a row for each form and scale, and no answer in a message."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from openrapport.io.fhir import to_questionnaire
from openrapport.measures.instrument import library, to_document
from openrapport_cli.score import CHANGE_COLUMNS, COLUMNS
from tests.test_cli import Run, run

__all__ = ["run"]

PHQ = "client,occasion," + ",".join(f"q{number}" for number in range(1, 10)) + "\n"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def table(text: str, name: str = "answers.csv") -> Path:
    path = Path(name)
    path.write_text(text, "utf-8")
    return path


def test_a_row_for_each_form_with_the_promised_columns(run: Run) -> None:
    done = run("score", "phq-9", table(PHQ + "c1,1,2,2,2,2,2,2,2,2,1\nc2,1,1,1,,1,1,1,1,1,1\n"))
    assert done.status == 0
    assert done.out.splitlines() == [
        "client,occasion,scale,score,answered,status",
        "c1,1,total,17.0,9,complete",
        "c2,1,total,,8,too_few",
    ]


def test_change_is_counted_from_the_first_score_in_time(run: Run) -> None:
    # Occasion 10 comes after 9, and a form with too few answers is no beginning.
    answers = table(
        PHQ + "c1,10,1,1,1,1,1,0,0,0,0\nc1,9,2,2,2,2,2,2,2,2,1\nc1,8,2,2,2,2,2,2,2,2,\nc2,1,1,,,,,,,,\n"
    )
    done = run("score", "phq-9", answers, "--change")
    late, first, few, alone = rows(done.out)
    assert tuple(late) == (*COLUMNS, *CHANGE_COLUMNS)
    assert (late["first"], late["change"], late["reliable_from"]) == ("9", "-12.0", "6")
    assert (late["verdict"], first["verdict"], few["change"]) == ("recovered", "", "")
    assert "IAPT" in late["source"]
    assert (first["first"], alone["first"], alone["expected"]) == ("9", "", "9")


def test_occasions_without_an_order_are_taken_as_they_stand(run: Run) -> None:
    answers = table("client,occasion,along\nc,intake,3\nc,end,7\n")
    done = run("score", "goal-line", answers, "--change")
    assert [row["change"] for row in rows(done.out)] == ["", "4.0"]
    assert "the order of rows is taken" in done.err
    dated = table("client,occasion,along\nc,2025-03-01,7\nc,2025-02-01,3\n")
    assert [row["change"] for row in rows(run("score", "goal-line", dated, "--change").out)] == [
        "4.0",
        "",
    ]


def test_json_is_one_document(run: Run) -> None:
    done = run("score", "pulse", table("client,occasion,bond,goal,task\nc,1,8,7,9\n"), "--json")
    document = json.loads(done.out)
    assert (document["instrument"], document["validated"]) == ("pulse", False)
    assert document["scores"] == [
        {
            "client": "c",
            "occasion": "1",
            "scale": "alliance",
            "score": 8.0,
            "answered": 3,
            "status": "prorated",
        }
    ]


def test_scales_on_a_circle_are_followed_by_their_profile(run: Run) -> None:
    keys = [f"q{number}" for number in range(1, 33)]
    # Warm items (lm: 4, 12, 20, 28) at 5, all others at 1: x = 2/8 * (5 - 1).
    values = ["5" if number in (4, 12, 20, 28) else "1" for number in range(1, 33)]
    answers = table(f"client,occasion,{','.join(keys)}\nc,1,{','.join(values)}\n")
    found = {row["scale"]: row for row in rows(run("score", "ipip-ipc-32", answers).out)}
    assert len(found) == 13
    assert float(found["affiliation"]["score"]) == 1
    assert float(found["dominance"]["score"]) == pytest.approx(0)
    assert float(found["fit"]["score"]) == pytest.approx(4 / 14, abs=1e-6)
    assert found["fit"]["answered"] == "32"


def test_an_own_file_and_a_fhir_file_stand_for_an_instrument(run: Run) -> None:
    answers = table("client,occasion,q1,q2,q3,q4,q5,q6\nc,1,4,3,2,1,0,3\n")
    own = table(json.dumps(to_document(library()["k6"])), "own.json")
    fhir = table(json.dumps(to_questionnaire(library()["k6"])), "fhir.json")
    for name in ("k6", own, fhir):
        done = run("score", name, answers)
        assert (done.out.splitlines()[1], done.err) == ("c,1,total,13.0,6,complete", "")


def test_a_fhir_file_without_key_is_scored_as_what_it_says_it_is(run: Run) -> None:
    resource = to_questionnaire(library()["k6"])
    del resource["extension"]
    resource["item"][1]["text"] = "tense?"
    answers = table("client,occasion,q1,q2,q3,q4,q5,q6\nc,1,4,3,2,1,0,3\n")
    done = run("score", table(json.dumps(resource), "copy.json"), answers)
    assert rows(done.out)[0]["score"] == "13.0"
    assert "copy.json is not like k6: q1 (en) is not worded as in the original." in done.err
    assert "copy.json is scored with the key of k6." in done.err


def test_out_goes_to_a_file_and_standard_input_is_read(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Piped:
        buffer = io.BytesIO(b"\xef\xbb\xbfclient;occasion;along\nc;1;3\n")

    monkeypatch.setattr("sys.stdin", Piped)
    done = run("score", "goal-line", "-", "--out", "scores.csv")
    assert (done.status, done.out) == (0, "")
    assert Path("scores.csv").read_text("utf-8").splitlines()[1] == "c,1,along,3.0,1,complete"


def test_a_name_that_looks_like_a_formula_is_guarded(run: Run) -> None:
    done = run("score", "goal-line", table("client,occasion,along\n=1+1,1,3\n"))
    assert "'=1+1,1,along" in done.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("client,occasion,bond\n", "no answers below the first line"),
        ("client,bond\nc,3\n", "line 1: no column occasion; expected client, occasion and items"),
        ("client,occasion\nc,1\n", "there is no column with answers"),
        ("client,occasion,bond,secret\nc,1,3,4\n", "column 4 is no item"),
        ("client,occasion,bond,bond\nc,1,3,4\n", "a column stands twice"),
        ("client,occasion,bond\nc,1,3,4\n", "line 2: the row has 4 cells; expected 3"),
        ("client,occasion,bond\nc,1\n", "line 2: the row has 2 cells; expected 3"),
        ("client,occasion,bond\nc,1,11\n", "line 2: the answer to bond is outside its scale"),
        ("client,occasion,bond\nc,1,-1\n", "line 2: the answer to bond is outside its scale"),
        ("client,occasion,bond\nc,1,2.5\n", "line 2: the answer to bond is outside its scale"),
        ("client,occasion,bond\nc,1,secret\n", "line 2: the answer to bond is no number"),
        ("client,occasion,bond\nc,1,inf\n", "line 2: the answer to bond is no number"),
        ("client,occasion,bond\n,1,3\n", "line 2: client or occasion is empty"),
        ("client,occasion,bond\nc,1,3\nc,1,3\n", "line 3: this client has this occasion in line 2"),
        ('client,occasion,bond\nc,1,"3\n', "a quotation mark is left open"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_one_line(run: Run, text: str, message: str) -> None:
    done = run("score", "pulse", table(text), "--out", "scores.csv")
    assert done.status == 2
    assert len(done.faults) == 1
    assert message in done.faults[0]
    assert "secret" not in done.err
    assert not Path("scores.csv").exists()


def test_own_words_are_read_and_never_come_out(run: Run) -> None:
    text = 'client,occasion,bond,goal,task,differently\nc,1,3,3,3,"secret, and\nmore"\n'
    done = run("score", "pulse", table(text))
    assert done.status == 0
    assert "secret" not in done.out + done.err


def test_missing_is_missing_however_it_is_written(run: Run) -> None:
    text = "client,occasion,bond,goal,task,voice\n" + "".join(
        f"c,{number},3,3,3,{cell}\n" for number, cell in enumerate(["", "NA", "null", " ", "n/a"])
    )
    assert {row["status"] for row in rows(run("score", "pulse", table(text)).out)} == {"prorated"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such instrument and no such file; expected a file or one of c-nip"),
        ("{", "form.json: the file is not JSON"),
        ("[]", "form.json: is no JSON object"),
        ("{}", "form.json: this is no instrument file"),
        ('{"resourceType": "Patient"}', "form.json: this is no FHIR Questionnaire"),
    ],
)
def test_an_instrument_that_cannot_be_read_is_refused(
    run: Run, content: str | None, message: str
) -> None:
    if content is not None:
        table(content, "form.json")
    done = run("score", "form.json", table("client,occasion,a\nc,1,1\n"))
    assert done.status == 2
    assert message in done.faults[0]


def test_a_questionnaire_without_a_key_cannot_be_scored(run: Run) -> None:
    asked = {"linkId": "a", "type": "boolean", "text": "A?"}
    form = {"resourceType": "Questionnaire", "name": "mine", "item": [asked]}
    done = run("score", table(json.dumps(form), "form.json"), table("client,occasion,a\nc,1,1\n"))
    assert done.status == 2
    assert "has no scales and is none that we know" in done.faults[0]

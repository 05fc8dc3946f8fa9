"""What ``openrapport match`` promises: a proposal with reasons, or one line that says what is wrong."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openrapport_cli.main import main

Match = Callable[..., tuple[int, str, str]]

CLIENTS = """\
client,waiting_weeks,languages,most_fee,slots,zone,lead,lead_matters,gender,gender_strength,problems
c1,3,en,100,Mon 09:00; Tue 14:00,Europe/Vienna,2,3,woman,would_like,sleep
c2,10,en;de,,,,-3,1,,,anger; sleep
c3,1,fr,,,,,,,,
c4,0,en,50,,,1,,man,must,grief
"""
THERAPISTS = """\
therapist,capacity,languages,fee,slots,zone,lead,gender,problems
Lamp,1,en;de,80,Mon 09:00; Tue 15:00,Europe/Vienna,3,woman,sleep;grief
Kettle,1,en,120,,,-2,man,anger
"""


@pytest.fixture
def match(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Match:
    """Write tables and run ``openrapport match``: its status, its output, what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(
        clients: str = CLIENTS, therapists: str = THERAPISTS, scores: str | None = None, *more: str
    ) -> tuple[int, str, str]:
        Path("clients.csv").write_text(clients, "utf-8")
        Path("therapists.csv").write_text(therapists, "utf-8")
        arguments = ["openrapport", "match", "clients.csv", "therapists.csv", *more]
        if scores is not None:
            Path("scores.csv").write_text(scores, "utf-8")
            arguments += ["--scores", "scores.csv"]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


def document(result: tuple[int, str, str]) -> dict[str, Any]:
    assert result[0] == 0, result[2]
    found: dict[str, Any] = json.loads(result[1])
    return found


def test_it_gives_a_row_for_each_client(match: Match) -> None:
    status, out, said = match()
    rows = {row["client"]: row for row in csv.DictReader(io.StringIO(out))}
    assert status == 0
    assert [rows["c1"]["therapist"], rows["c1"]["slot"]] == ["Lamp", "Mon 09:00"]
    assert [rows["c2"]["therapist"], rows["c2"]["slot"]] == ["Kettle", ""]
    assert [rows[name]["why"] for name in ("c1", "c3", "c4")] == ["", "nobody_fits", "nobody_fits"]
    assert "2 of 4 clients have a place; nothing better exists" in said


def test_json_holds_reasons_that_make_the_score_and_a_proof(match: Match) -> None:
    found = document(match(CLIENTS, THERAPISTS, None, "--json"))
    first = found["assignments"][0]
    parts = [reason for reason in first["reasons"] if reason["kind"] != "need"]
    total = sum(part["weight"] * part["fit"] for part in parts) / sum(p["weight"] for p in parts)
    assert first["score"] == pytest.approx(total)
    assert first["low"] <= first["score"] <= first["high"]
    assert {
        "standing": "met",
        "kind": "need",
        "aspect": "slot",
        "text": "The time fits what you need.",
    } in (first["reasons"])
    assert found["objective"] == pytest.approx(sum(row["score"] for row in found["assignments"]))
    assert found["certificate"]["optimal"] is True
    fee, gender = found["unassigned"][1]["obstacles"]
    assert (fee["need"], fee["blocks"], fee["would_give"]) == ("fee", 2, 1)
    assert (gender["need"], gender["blocks"], gender["would_give"]) == ("gender", 1, 0)


def test_given_scores_are_used_and_needs_still_count(match: Match) -> None:
    scores = "client,therapist,score\n" + "".join(
        f"c{c},{t},{s}\n" for c in range(1, 5) for t, s in (("Lamp", c), ("Kettle", 0))
    )
    found = document(match(CLIENTS, THERAPISTS, scores, "--json"))
    assert [(row["client"], row["therapist"]) for row in found["assignments"]] == [
        ("c1", "Lamp"),
        ("c2", "Kettle"),
    ]
    assert found["objective"] == 1.0
    assert found["assignments"][0]["reasons"][0]["kind"] == "given_score"


def test_a_smallest_table_is_enough(match: Match) -> None:
    found = document(match("client\na\nb\n", "therapist,capacity\nonly,1\n", None, "--json"))
    assert len(found["assignments"]) == 1
    assert found["unassigned"][0]["why"] == "all_full"


def test_waiting_counts_where_places_are_short(match: Match) -> None:
    clients = "client;waiting_weeks\nnew;0\nlong;9\n"
    found = document(match(clients, "therapist,capacity\nonly,1\n", None, "--json"))
    assert [row["client"] for row in found["assignments"]] == ["long"]


def test_all_full_is_said_of_everybody(match: Match) -> None:
    status, out, said = match("client\na\nb\n", "therapist,capacity\nx,0\ny,0\n")
    assert status == 0
    assert [row["why"] for row in csv.DictReader(io.StringIO(out))] == ["all_full"] * 2
    assert "0 of 2 clients have a place" in said


def test_an_hour_takes_one_client_and_moves_with_no_clock(match: Match) -> None:
    clients = "client,slots,zone\na,Mon 09:00,Europe/Vienna\nb,Mon 08:00,Europe/London\n"
    therapists = "therapist,capacity,slots,zone\nx,5,Mon 09:00; Mon 10:00,Europe/Vienna\n"
    found = document(match(clients, therapists, None, "--json", "--from", "2025-06-18"))
    assert len(found["assignments"]) == 1
    assert found["unassigned"][0]["why"] == "all_full"
    moves = "client,slots,zone\na,Mon 12:30,Asia/Kolkata\n"
    found = document(match(moves, therapists, None, "--json", "--from", "2025-06-18"))
    assert found["unassigned"][0]["why"] == "nobody_fits"
    assert found["unassigned"][0]["obstacles"][0]["need"] == "slot"


def test_columns_that_are_not_used_are_named(match: Match) -> None:
    _, _, said = match("client,langauges\na,en\n", "therapist,capacity,name\nx,1,X\n")
    assert "clients.csv: not used: langauges" in said
    assert "therapists.csv: not used: name" in said


def changed(table: str, old: str, new: str) -> str:
    assert old in table
    return table.replace(old, new)


@pytest.mark.parametrize(
    ("clients", "message"),
    [
        ("", "clients.csv, line 1: no column is called client"),
        ("client\n", "clients.csv: there are no clients; expected rows"),
        ("client\na\na\n", "clients.csv, line 3: the client comes twice"),
        ("client,lead\n,1\n", "clients.csv, line 2: the client is missing"),
        ("client,lead\na\n", "clients.csv, line 2: the row has 1 cells; expected 2"),
        ("client,lead\na,4\n", "clients.csv, line 2: lead is 4.0; expected -3 to 3"),
        ("client,lead\na,very\n", "clients.csv, line 2: lead or lead_matters is no number"),
        ("client,lead,lead\na,1,2\n", "clients.csv, line 1: two columns are called lead"),
        ("client,lead,lead_matters\na,,2\n", "lead_matters is given without lead"),
        ("client,lead,lead_matters\na,1,5\n", "lead matters 5.0; expected 1, 2 or 3"),
        ("client,gender\na,woman\n", "gender_strength is missing; expected must or would_like"),
        ("client,gender_strength\na,must\n", "gender_strength is given without a wish"),
        ("client,gender,gender_strength\na,x,maybe\n", "expected must, would_like"),
        ("client,formats,places\na,video,north\n", "a place is needed, but not meeting in a room"),
        ("client,formats\na,letter\n", "formats holds something unknown; expected room, video, phone"),
        ("client,most_fee\na,-5\n", "most_fee is no number of 0 or more"),
        ("client,waiting_weeks\na,soon\n", "line 2: waiting_weeks is no number of 0 or more"),
        ("client,slots\na,noon\n", "a slot is no time of a week; expected for instance Mon 09:00"),
        ("client,slots,zone\na,Mon 09:00,Mars/X\n", "clients.csv, line 2: a time zone is unknown"),
        ('client,lead\n"a,1\n', "a quotation mark is left open"),
    ],
)
def test_a_wrong_table_of_clients_is_one_line(match: Match, clients: str, message: str) -> None:
    status, out, said = match(clients)
    assert (status, out) == (2, "")
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("therapists", "message"),
    [
        ("therapist\nx\n", "therapists.csv, line 1: no column is called capacity"),
        ("therapist,capacity\nx,-1\n", "line 2: the capacity is no whole number of 0 or more"),
        ("therapist,capacity\nx,many\n", "line 2: the capacity is no whole number of 0 or more"),
        ("therapist,capacity\nx,1\nx,2\n", "line 3: the therapist comes twice"),
        ("therapist,capacity,fee\nx,1,inf\n", "fee is no number of 0 or more"),
        ("therapist,capacity,lead,lead_spread\nx,1,1,0\n", "the spread of lead is 0.0"),
    ],
)
def test_a_wrong_table_of_therapists_is_one_line(match: Match, therapists: str, message: str) -> None:
    status, out, said = match("client\na\n", therapists)
    assert (status, out) == (2, "")
    assert message in said


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ("a,x,1\na,y,2\nb,x,3\n", "scores.csv: 1 of 4 pairs have no score, the first of them client"),
        ("a,x,1\na,y,2\nb,x,3\nb,y,4\nb,x,5\n", "scores.csv, line 6: the pair has a score already"),
        ("a,x,1\na,y,high\n", "scores.csv, line 3: the score is no number"),
        ("a,x,1\na,y,nan\n", "scores.csv, line 3: the score is no number"),
        ("a,x,1\na,y,\n", "scores.csv, line 3: the score is no number"),
        ("a,x,1\nc,y,2\n", "scores.csv, line 3: the client is not in the table of clients"),
        ("a,z,1\n", "scores.csv, line 2: the therapist is not in the table of therapists"),
        ("a,x,1\na,y\n", "scores.csv, line 3: the row has not as many cells as the first line"),
        ("", "scores.csv: 4 of 4 pairs have no score"),
    ],
)
def test_wrong_scores_are_one_line(match: Match, scores: str, message: str) -> None:
    therapists = "therapist,capacity\nx,1\ny,1\n"
    status, out, said = match("client\na\nb\n", therapists, f"client,therapist,score\n{scores}")
    assert (status, out) == (2, "")
    assert message in said


def test_a_table_without_the_columns_of_scores_is_refused(match: Match) -> None:
    therapists = "therapist,capacity\nx,1\n"
    for scores in ("client,therapist\na,x\n", "", "client,therapist,score,score\na,x,1,1\n"):
        status, out, said = match("client\na\n", therapists, scores)
        assert (status, out) == (2, "")
        assert "scores.csv" in said


def test_clients_may_come_from_standard_input(match: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    match()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CLIENTS.encode())))
    monkeypatch.setattr(sys, "argv", ["openrapport", "match", "-", "therapists.csv", "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code

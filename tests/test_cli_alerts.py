"""What ``openrapport alerts`` promises: a row for each rating, and a clear word about bad input."""

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

from openrapport.measures.alerts import STATED_PRIORS, look_at_one
from openrapport_cli.main import main

Said = tuple[int, str, str]
Alerts = Callable[..., Said]

TABLE = """client,occasion,rating
anna,1,8
anna,2,9
ben,1,10
anna,3,
anna,4,5
ben,2,10
ben,3,10
"""


@pytest.fixture
def alerts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Alerts:
    """Run ``openrapport alerts`` on a table; give its status, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(table: str | bytes, *arguments: object) -> Said:
        content = table if isinstance(table, bytes) else table.encode()
        Path("ratings.csv").write_bytes(content)
        monkeypatch.setattr(sys, "argv", ["openrapport", "alerts", "ratings.csv", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


def rows(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def test_it_gives_a_row_for_each_rating_in_the_order_of_the_file(alerts: Alerts) -> None:
    status, out, said = alerts(TABLE)
    assert status == 0
    assert out.splitlines()[0] == "client,occasion,status,z,rule"
    assert [(row["client"], row["occasion"], row["status"], row["rule"]) for row in rows(out)] == [
        ("anna", "1", "steady", "too_early"),
        ("anna", "2", "steady", "too_early"),
        ("ben", "1", "steady", "too_early"),
        ("anna", "3", "", "missing"),
        ("anna", "4", "talk", "far_below"),
        ("ben", "2", "steady", "too_early"),
        ("ben", "3", "steady", "always_top"),
    ]
    assert "priors: stated, not estimated" in said
    assert "clients with 3 ratings: 2, of 20 needed" in said


def test_its_z_is_that_of_the_library(alerts: Alerts) -> None:
    expected = look_at_one([8, 9, None, 5], STATED_PRIORS)[-1].z
    row = rows(alerts(TABLE)[1])[4]
    assert expected is not None
    assert float(row["z"]) == pytest.approx(expected, abs=1e-4)
    assert [row["z"] for row in rows(alerts(TABLE)[1])[:4]] == ["", "", "", ""]


def test_json_says_what_each_row_rests_on(alerts: Alerts) -> None:
    status, out, _ = alerts(TABLE, "--json")
    document = json.loads(out)
    assert status == 0
    assert set(document) == {"version", "rule", "priors", "looks"}
    assert document["rule"] == "own_course"
    assert document["priors"]["source"].startswith("stated")
    low = document["looks"][4]
    assert (low["client"], low["status"], low["rule"], low["n"], low["missed"]) == (
        "anna",
        "talk",
        "far_below",
        2,
        1,
    )
    assert low["interval"][0] < low["expected"] <= low["interval"][1]
    assert document["looks"][3]["status"] is None


def test_priors_can_be_given_as_they_were_printed(alerts: Alerts) -> None:
    priors = STATED_PRIORS.to_json() | {"mean": 5.0, "source": "our own"}
    Path("priors.json").write_text(json.dumps(priors))
    status, out, said = alerts(TABLE, "--json", "--priors", "priors.json")
    assert status == 0
    assert json.loads(out)["priors"] == priors
    assert "priors: our own" in said


def test_priors_are_estimated_where_there_is_enough(alerts: Alerts) -> None:
    lines = [f"c{who},{at},{5 + (who + at) % 4}" for who in range(25) for at in range(1, 6)]
    status, _, said = alerts("client,occasion,rating\n" + "\n".join(lines))
    assert status == 0
    assert "estimated from 25 clients and 125 ratings of this practice" in said
    assert (
        "stated, not estimated"
        in alerts("client,occasion,rating\n" + "\n".join(lines), "--priors", "stated")[2]
    )


def test_each_rater_has_a_course_of_their_own(alerts: Alerts) -> None:
    table = "client,occasion,rating,rater\n" + "".join(
        f"anna,{at},{rating},{rater}\n"
        for rater, course in (("client", [8, 8.5, 8, 4]), ("therapist", [7, 7, 7, 7]))
        for at, rating in enumerate(course, 1)
    )
    status, out, _ = alerts(table)
    assert status == 0
    assert [(row["rule"], row["rater"]) for row in rows(out)][2::2][:3] == [
        ("", "client"),
        ("too_early", "therapist"),
        ("never_varies", "therapist"),
    ]
    assert [row["rule"] for row in rows(out)][3] == "far_below"


@pytest.mark.parametrize(
    "occasions",
    [
        ["1", "2", "3.5", "10"],
        ["2025-01-07", "2025-01-14", "2025-02-01", "2025-10-01"],
        ["2025-01-07T09:00+01:00", "2025-01-07T09:00Z", "2025-01-07T11:00+01:00", "2025-01-08T09:00Z"],
    ],
)
def test_occasions_are_numbers_or_dates_and_rows_may_stand_in_any_order(
    alerts: Alerts, occasions: list[str]
) -> None:
    lines = [f"a,{at},{rating}" for at, rating in zip(occasions, [8, 8.5, 8, 4], strict=True)]
    in_order = rows(alerts("client,occasion,rating\n" + "\n".join(lines))[1])
    assert [row["rule"] for row in in_order] == ["too_early", "too_early", "", "far_below"]
    assert [row["occasion"] for row in in_order] == occasions
    status, out, said = alerts("client,occasion,rating\n" + "\n".join(reversed(lines)))
    assert status == 0
    assert rows(out) == in_order[::-1]
    assert "do not stand in the order of time" in said


def test_a_mark_semicolons_capitals_other_columns_and_windows_lines_do_not_matter(
    alerts: Alerts,
) -> None:
    table = b"\xef\xbb\xbfRating;Client;note;Occasion\r\n8;a;x;1\r\nNA;a;;2\r\n\r\n9;a;y;3\r\n"
    status, out, _ = alerts(table)
    assert status == 0
    assert [(row["client"], row["occasion"], row["rule"]) for row in rows(out)] == [
        ("a", "1", "too_early"),
        ("a", "2", "missing"),
        ("a", "3", "too_early"),
    ]


def test_another_scale_is_said(alerts: Alerts) -> None:
    table = "client,occasion,rating\n" + "".join(
        f"a,{at},{r}\n" for at, r in enumerate([34, 35, 33, 12])
    )
    assert rows(alerts(table, "--scale", 0, 40)[1])[-1]["rule"] == "far_below"
    status, out, said = alerts(table)
    assert (status, out) == (2, "")
    assert "ratings.csv, line 2: the rating is 34; expected a number from 0 to 10 (--scale)" in said


@pytest.mark.parametrize(
    ("rule", "options", "low"),
    [
        ("last_drop", [], ["4"]),
        ("cutoff_or_drop", ["--cutoff", "7.5", "--drop", "3"], ["4"]),
        ("control_chart", [], ["4"]),
        ("two_sd", [], ["4"]),
        ("one_sd", [], ["4"]),
        ("sudden_loss", [], []),
    ],
)
def test_a_published_rule_can_be_taken(
    alerts: Alerts, rule: str, options: list[str], low: list[str]
) -> None:
    table = "client,occasion,rating\na,1,8\na,2,8.5\na,3,8\na,4,4\na,5,\n"
    status, out, _ = alerts(table, "--rule", rule, *options)
    assert status == 0
    found = rows(out)
    assert [row["occasion"] for row in found if row["status"] == "talk"] == low
    assert {row["rule"] for row in found if row["status"] == "talk"} <= {rule}
    assert (found[4]["status"], found[4]["rule"]) == ("", "missing")
    assert json.loads(alerts(table, "--rule", rule, *options, "--json")[1])["rule"] == rule


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("", "no column is called client"),
        ("client,occasion,rating\n", "there are no ratings"),
        ("client,when,rating\na,1,8\n", "no column is called occasion"),
        ("client,occasion,rating,rating\na,1,8,8\n", "two columns are called rating"),
        ("client,occasion,rating\na,1,8,9\n", "line 2: the row has 4 cells; expected 3"),
        ("client,occasion,rating\n,1,8\n", "line 2: the client is missing"),
        ("client,occasion,rating,rater\na,1,8,\n", "line 2: the rater is missing"),
        ("client,occasion,rating\na,1,8\na,,8\n", "line 3: the occasion cannot be read"),
        ("client,occasion,rating\na,soon,8\n", "line 2: the occasion cannot be read"),
        ("client,occasion,rating\na,1,8\na,2025-01-01,8\n", "line 3: the occasion cannot be read"),
        ("client,occasion,rating\na,2025-01-01,8\na,2025-01-02T09:00Z,8\n", "name a time zone"),
        ("client,occasion,rating\na,1,good\n", "line 2: the rating is no number"),
        ("client,occasion,rating\na,1,nan\n", "line 2: the rating is no number"),
        ("client,occasion,rating\na,1,inf\n", "line 2: the rating is no number"),
        ("client,occasion,rating\na,1,10.5\n", "line 2: the rating is 10.5"),
        ("client,occasion,rating\na,1,8\nb,1,8\na,1,9\n", "line 4: the client has another rating"),
        ("client,occasion,rating\na,1,8\na,1.0,\n", "line 3: the client has another rating"),
        ('client,occasion,rating\n"a,1,8\n', "a quotation mark is left open"),
        (b"\x00\x01\x02\x03" * 50, "ratings.csv"),
    ],
)
def test_bad_input_is_one_line_and_gives_nothing(alerts: Alerts, table: str | bytes, what: str) -> None:
    status, out, said = alerts(table)
    assert (status, out, said.count("\n")) == (2, "", 1)
    assert what in said


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--scale", "10", "0"], "expected MIN below MAX"),
        (["--scale", "nan", "10"], "expected MIN below MAX"),
        (["--rule", "srs"], "srs"),
        (["--rule", "cutoff_or_drop"], "needs --cutoff and --drop"),
        (["--cutoff", "7"], "belong to --rule cutoff_or_drop"),
        (["--priors", "nowhere.json"], "nowhere.json"),
        (["--priors", "ratings.csv"], "no JSON"),
    ],
)
def test_wrong_arguments_are_one_line(alerts: Alerts, arguments: list[Any], what: str) -> None:
    status, out, said = alerts(TABLE, *arguments)
    assert (status, out, said.count("\n")) == (2, "", 1)
    assert what in said


@pytest.mark.parametrize("content", ["[]", "{}", '{"mean": 1}', "8"])
def test_a_file_that_holds_no_priors_is_refused(alerts: Alerts, content: str) -> None:
    Path("priors.json").write_text(content)
    assert alerts(TABLE, "--priors", "priors.json")[0] == 2


def test_a_scale_against_that_of_the_priors_is_refused(alerts: Alerts) -> None:
    Path("priors.json").write_text(json.dumps(STATED_PRIORS.to_json()))
    status, _, said = alerts(TABLE, "--priors", "priors.json", "--scale", 0, 40)
    assert status == 2
    assert "different scales" in said


def test_it_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["openrapport", "alerts", "-"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert capsysbinary.readouterr().out.startswith(b"client,occasion,status,z,rule\n")

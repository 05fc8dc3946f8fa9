"""What the command line promises: files in, files out, one line for each fault."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import openrapport
from openrapport_cli.main import main

SAID = "zirconium"
LINES = [
    ("Therapist", "How has the week been?"),
    ("Client", f"I told nobody about the {SAID}, and it was a hard week."),
    ("Therapist", "It sounds like you carried that alone."),
    ("Client", "Yes. I did, and I am tired of it."),
]


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("openrapport: ")]


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command in an empty folder and catch what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run_command(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["openrapport", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Outcome(int(end.value.code or 0), said.out, said.err)

    return run_command


def transcript(path: Path, names: tuple[str, str] = ("Therapist", "Client")) -> Path:
    label = dict(zip(("Therapist", "Client"), names, strict=True))
    path.write_text("".join(f"{label[who]}: {words}\n" for who, words in LINES), encoding="utf-8")
    return path


def table(path: Path, *sessions: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(("session", "speaker", "text"))
        rows.writerows((session, *line) for session in sessions for line in LINES)
    return path


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_one_session_gives_a_page_and_json(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", transcript(tmp_path / "one.txt"), "--out", "out")
    assert outcome.status == 0
    assert outcome.out == ""
    assert names_in(tmp_path / "out") == {"one.html", "one.json", ".openrapport"}
    assert "one.html" in outcome.err
    assert SAID in (tmp_path / "out/one.html").read_text("utf-8")


def test_a_report_is_readable_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    run("analyze", transcript(tmp_path / "one.txt"), "--out", "out")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert (tmp_path / "out/one.html").stat().st_mode & 0o077 == 0


def test_without_out_a_report_goes_to_its_own_folder(run: Run, tmp_path: Path) -> None:
    assert run("analyze", transcript(tmp_path / "one.txt")).status == 0
    assert (tmp_path / "openrapport-report/one.html").is_file()


def test_json_is_one_document_and_writes_no_file(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", transcript(tmp_path / "one.txt"), "--json")
    document = json.loads(outcome.out)
    assert list(document) == (
        "version session sources parties steps findings not_measured moments".split()
    )
    assert document["version"] == openrapport.__version__
    assert SAID not in outcome.out + outcome.err
    assert names_in(tmp_path) == {"one.txt"}


def test_a_table_of_many_gives_a_report_each_and_an_index(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", table(tmp_path / "many.csv", "a", "b"), "--out", "out", "--json")
    document = json.loads(outcome.out)
    assert [one["session"] for one in document["sessions"]] == ["a", "b"]
    assert document["failed"] == []
    expected = {f"{stem}.{ending}" for stem in ("a", "b", "index") for ending in ("html", "json")}
    assert names_in(tmp_path / "out") == {*expected, ".openrapport"}
    index = json.loads((tmp_path / "out/index.json").read_text())
    assert [one["html"] for one in index["sessions"]] == ["a.html", "b.html"]


def test_a_folder_stands_for_the_transcripts_in_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    transcript(folder / "b.txt")
    transcript(folder / "a.txt")
    transcript(folder / "deeper/c.txt")
    (folder / "notes.odt").write_text("x")
    document = json.loads(run("analyze", folder, "--json").out)
    assert [one["session"] for one in document["sessions"]] == ["a", "b"]


def test_a_folder_without_transcripts_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    outcome = run("analyze", "in")
    assert outcome.status == 2
    assert "no transcript in this folder" in outcome.faults[0]


def test_the_same_reports_come_from_two_processes(run: Run, tmp_path: Path) -> None:
    source = table(tmp_path / "many.csv", "a", "b", "c")
    alone = run("analyze", source, "--json").out
    assert run("analyze", source, "--json", "--jobs", "2").out == alone


def test_one_bad_file_of_many_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    transcript(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"")
    transcript(tmp_path / "c.txt")
    outcome = run("analyze", "a.txt", "b.txt", "c.txt", "--json")
    assert outcome.status == 2
    assert len(outcome.faults) == 1
    assert "b.txt" in outcome.faults[0]
    document = json.loads(outcome.out)
    assert [one["session"] for one in document["sessions"]] == ["a", "c"]
    assert [one["source"] for one in document["failed"]] == ["b.txt"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 99, b"only some words"])
@pytest.mark.parametrize("verb", ["analyze", "code", "convert"])
def test_a_bad_file_is_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, verb: str, content: bytes
) -> None:
    (tmp_path / "bad.vtt").write_bytes(content)
    outcome = run(verb, "bad.vtt", *(["bad.srt"] if verb == "convert" else []))
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.splitlines() == outcome.faults
    assert len(outcome.faults) == 1
    assert names_in(tmp_path) == {"bad.vtt"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "missing.vtt"],
        ["analyze", ".", "--jobs", "0"],
        ["analyze", ".", "--colour"],
        ["analyze", "-"],
        ["analyse", "x"],
        ["convert", "-", "-"],
    ],
)
def test_wrong_arguments_are_one_line(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.splitlines() == outcome.faults
    assert len(outcome.faults) == 1


def test_columns_that_are_not_pairs_are_refused(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", table(tmp_path / "t.csv", "a"), "--columns", "text")
    assert outcome.status == 2
    assert "key=name" in outcome.faults[0]


def test_columns_find_a_table_with_names_of_its_own(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("who,said\nTherapist,How are you?\nClient,Well.\n")
    assert run("analyze", path, "--columns", "speaker=who, text=said", "--json").status == 0


def test_session_picks_one_of_many(run: Run, tmp_path: Path) -> None:
    source = table(tmp_path / "many.csv", "a", "b")
    assert json.loads(run("analyze", source, "--session", "b", "--json").out)["session"] == "b"


def test_a_foreign_file_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    source = transcript(tmp_path / "one.txt")
    (tmp_path / "one.html").write_text("mine")
    outcome = run("analyze", source, "--out", ".")
    assert outcome.status == 2
    assert "did not write it" in outcome.faults[0]
    assert (tmp_path / "one.html").read_text() == "mine"
    assert not (tmp_path / "one.json").exists()


def test_reports_among_the_transcripts_are_not_read_as_transcripts(run: Run, tmp_path: Path) -> None:
    transcript(tmp_path / "one.txt")
    for _ in range(2):
        assert run("analyze", ".", "--out", ".").status == 0


def test_own_files_are_replaced(run: Run, tmp_path: Path) -> None:
    source = transcript(tmp_path / "one.txt")
    for _ in range(2):
        assert run("analyze", source, "--out", ".").status == 0


def test_a_fault_of_ours_shows_its_type_and_no_word(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> None:
        raise KeyError(SAID)

    monkeypatch.setattr("openrapport.pipeline.measure", fail)
    outcome = run("analyze", transcript(tmp_path / "one.txt"), "--out", "out")
    assert outcome.status == 1
    assert "KeyError" in outcome.faults[0]
    assert SAID not in outcome.err
    assert names_in(tmp_path / "out") <= {".openrapport"}


def test_debugging_warns_before_it_shows_a_traceback(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> None:
        raise KeyError(SAID)

    monkeypatch.setattr("openrapport.pipeline.prepare", fail)
    monkeypatch.setenv("OPENRAPPORT_DEBUG", "1")
    outcome = run("code", transcript(tmp_path / "one.txt"))
    assert outcome.status == 1
    assert "may hold words of the transcript" in outcome.err.splitlines()[0]
    assert "Traceback" in outcome.err


def test_a_report_that_cannot_be_written_leaves_no_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    (tmp_path / "one.txt").write_text("Therapist: How are you?\nClient: Well.\n")
    outcome = run("analyze", "one.txt", "--out", "out")
    assert outcome.status == 2
    assert "No space left" in outcome.faults[0]
    assert names_in(tmp_path / "out") == {".openrapport"}


def test_stopping_leaves_no_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_session: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("openrapport.pipeline.measure", stop)
    outcome = run("analyze", transcript(tmp_path / "one.txt"), "--out", "out", "--json")
    assert (outcome.status, outcome.out) == (130, "")
    assert outcome.faults == ["openrapport: stopped"]
    assert names_in(tmp_path / "out") == {".openrapport"}


def test_roles_can_be_named(run: Run, tmp_path: Path) -> None:
    source = transcript(tmp_path / "one.txt", ("Jo", "Sam"))
    outcome = run("analyze", source, "--therapist", "Jo", "--client", "Sam", "--json")
    parties = json.loads(outcome.out)["parties"]
    assert {p["name"]: p["role"] for p in parties} == {"Jo": "therapist", "Sam": "client"}


def test_roles_that_are_not_sure_ask_to_be_named_where_nobody_can_answer(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "one.txt"
    path.write_text("Jo: Well.\nSam: Well.\nJo: Yes.\nSam: Yes.\n")
    outcome = run("analyze", path)
    assert outcome.status == 2
    assert "--therapist" in outcome.faults[-1]
    assert "Jo" in outcome.err  # the evidence


def test_code_gives_the_promised_columns(run: Run, tmp_path: Path) -> None:
    outcome = run("code", transcript(tmp_path / "one.txt"))
    assert outcome.status == 0
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert list(rows[0]) == "session utterance_id role start_ms end_ms scheme code probability".split()
    assert {row["start_ms"] for row in rows} == {""}
    assert {row["role"] for row in rows} <= {"therapist", "client"}
    assert SAID not in outcome.out


def test_code_as_json_has_the_same_rows(run: Run, tmp_path: Path) -> None:
    source = transcript(tmp_path / "one.txt")
    rows = list(csv.DictReader(io.StringIO(run("code", source).out)))
    document = json.loads(run("code", source, "--format", "json").out)
    assert [row["code"] for row in document["codes"]] == [row["code"] for row in rows]
    assert document["codes"][0]["start_ms"] is None


def test_codes_of_a_name_like_a_formula_are_safe_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    outcome = run("code", table(tmp_path / "t.csv", "=1+1"), "--out", "codes.csv")
    assert outcome.out == ""
    rows = csv.DictReader(io.StringIO((tmp_path / "codes.csv").read_text()))
    assert {row["session"] for row in rows} == {"'=1+1"}


def test_convert_says_what_it_drops(run: Run, tmp_path: Path) -> None:
    timed = tmp_path / "one.vtt"
    timed.write_text(
        "WEBVTT\n\n1\n00:00.000 --> 00:01.000\n<v Therapist>How are you?\n\n"
        "2\n00:01.500 --> 00:02.000\n<v Client>Well.\n"
    )
    assert run("convert", timed, "one.csv").status == 0
    assert "Well." in (tmp_path / "one.csv").read_text()
    outcome = run("convert", timed, "one.srt")
    assert outcome.status == 0
    assert outcome.err


def test_convert_refuses_to_write_over_its_source(run: Run, tmp_path: Path) -> None:
    source = table(tmp_path / "one.csv", "a")
    before = source.read_bytes()
    outcome = run("convert", "one.csv", "./one.csv")
    assert outcome.status == 2
    assert "same file" in outcome.faults[0]
    assert source.read_bytes() == before


def test_convert_goes_from_standard_input_to_standard_output(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "openrapport_cli",
        "convert",
        "-",
        "-",
        "--from",
        "txt",
        "--to",
        "csv",
    ]
    text = transcript(tmp_path / "one.txt").read_bytes()
    done = subprocess.run(command, input=text, capture_output=True, check=True)
    assert done.stdout.startswith(b"session,utterance_id,")
    assert SAID.encode() in done.stdout


def test_the_fictional_session_needs_no_file_and_says_what_it_is(run: Run, tmp_path: Path) -> None:
    outcome = run("analyze", "--fictional", "--out", "out")
    assert outcome.status == 0
    page = next((tmp_path / "out").glob("*.html"))
    assert page.resolve().as_uri() in outcome.err
    first, *_, last = outcome.err.splitlines()
    assert "fictional" in first
    assert last == "next, with a transcript of your own: openrapport analyze session.vtt"


@pytest.mark.parametrize("words", [[], ["--fictional", "one.txt"]])
def test_analyze_wants_a_file_or_the_fictional_session(
    run: Run, tmp_path: Path, words: list[str]
) -> None:
    transcript(tmp_path / "one.txt")
    outcome = run("analyze", *words)
    assert outcome.status == 2
    assert "expected a FILE, or --fictional" in outcome.err


def test_help_is_there_for_every_verb_with_an_example(run: Run) -> None:
    assert "analyze" in run().out
    for verb in ("analyze", "code", "convert", "simulate"):
        assert f"openrapport {verb} " in run(verb, "--help").out.partition("Example")[2]


def test_the_command_line_starts_without_numpy() -> None:
    script = (
        "import sys, openrapport_cli.main; sys.exit('numpy' in sys.modules or 'rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

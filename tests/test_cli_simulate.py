"""What ``openrapport simulate`` promises: a folder that says it is fictional, whole or not there."""

from __future__ import annotations

import csv
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from openrapport.demo import TRANSCRIPTS
from openrapport.io.files import read_session
from openrapport_cli.main import main

Row = dict[str, str]
Simulate = Callable[..., tuple[int, str]]

SMALL = ("--clients", 12, "--months", 6, "--end", "2025-06-18")
TABLES = {
    "therapists.csv",
    "clients.csv",
    "episodes.csv",
    "meetings.csv",
    "ratings.csv",
    "forms.csv",
    "distress.csv",
    "goals.csv",
    "goal-ratings.csv",
    "hidden/therapists.csv",
    "hidden/alliance.csv",
    "hidden/strains.csv",
}


@pytest.fixture
def simulate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Simulate:
    """Run ``openrapport simulate`` in an empty folder; give its status and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["openrapport", "simulate", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert said.out == ""
        return int(end.value.code or 0), said.err

    return run


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def contents(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in found}


def test_it_writes_tables_transcripts_and_a_page_that_says_what_they_are(
    simulate: Simulate, tmp_path: Path
) -> None:
    status, said = simulate("practice", *SMALL)
    assert status == 0
    assert "a fictional practice in practice: 2 therapists, 12 clients" in said
    transcripts = {f"transcripts/{name}.vtt" for name in TRANSCRIPTS}
    expected = TABLES | transcripts | {"README.txt", ".openrapport"}
    assert set(contents(tmp_path / "practice")) == expected


def test_its_page_says_first_that_nobody_exists_and_how_to_make_it_again(
    simulate: Simulate, tmp_path: Path
) -> None:
    simulate("practice", *SMALL, "--seed", 5)
    page = (tmp_path / "practice" / "README.txt").read_text("utf-8")
    assert page.startswith("A FICTIONAL PRACTICE\n\nNobody here exists.")
    assert "--clients 12 --therapists 2 --months 6 --seed 5 --end 2025-06-18" in page
    assert "dropout_share = 0.197    [SwiftGreenberg2012]" in page
    assert "clients = 12    [given]" in page
    assert [name for name in TABLES if not name.startswith("hidden/") and name not in page] == []


def test_the_same_seed_writes_the_same_files_and_another_one_does_not(
    simulate: Simulate, tmp_path: Path
) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(name, *SMALL, "--seed", seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert (tmp_path / "a" / "ratings.csv").read_text() != (tmp_path / "c" / "ratings.csv").read_text()


def test_tables_have_the_columns_that_other_commands_read(simulate: Simulate, tmp_path: Path) -> None:
    simulate("practice", *SMALL)
    folder = tmp_path / "practice"
    assert list(rows(folder / "therapists.csv")[0])[:2] == ["therapist", "capacity"]
    assert next(iter(rows(folder / "clients.csv")[0])) == "client"
    assert list(rows(folder / "ratings.csv")[0]) == ["client", "occasion", "rating", "rater"]


def test_a_rating_is_the_mean_of_a_forms_items(simulate: Simulate, tmp_path: Path) -> None:
    simulate("practice", *SMALL, "--clients", 40)
    forms = {
        (form["client"], form["occasion"], form["rater"]): [
            int(form[item]) for item in ("bond", "goal", "task", "voice") if form[item]
        ]
        for form in rows(tmp_path / "practice" / "forms.csv")
    }
    found = rows(tmp_path / "practice" / "ratings.csv")
    assert {row["rater"] for row in found} == {"client", "therapist"}
    for row in found:
        items = forms.pop((row["client"], row["occasion"], row["rater"]))
        assert len(items) >= 3
        assert float(row["rating"]) == pytest.approx(sum(items) / len(items), abs=0.006)
    # What is left are predictions, and forms with too few answers.
    assert all(rater == "prediction" or len(items) < 3 for (_, _, rater), items in forms.items())


def test_every_id_refers_to_somebody(simulate: Simulate, tmp_path: Path) -> None:
    simulate("practice", *SMALL, "--clients", 60)
    folder = tmp_path / "practice"
    known = {
        key: {row[key] for row in rows(folder / f"{key}s.csv")}
        for key in ("therapist", "client", "episode", "meeting", "goal")
    }
    for name in TABLES:
        for row in rows(folder / name):
            for key, ids in known.items():
                # On a form, "goal" is an item.
                assert name == "forms.csv" or row.get(key) in {None} | ids, (name, key)
    occasions = {(row["client"], row["occasion"]) for row in rows(folder / "meetings.csv")}
    for strain in rows(folder / "hidden" / "strains.csv"):
        assert (strain["client"], strain["occasion"]) in occasions
        assert (strain["client"], strain["repaired_at"]) in occasions | {(strain["client"], "")}


def test_its_transcripts_can_be_read(simulate: Simulate, tmp_path: Path) -> None:
    simulate("practice", *SMALL)
    for path in (tmp_path / "practice" / "transcripts").iterdir():
        assert len(read_session(path).utterances) > 100


def test_a_second_run_replaces_its_own_files(simulate: Simulate, tmp_path: Path) -> None:
    simulate("practice", *SMALL, "--seed", 1)
    before = contents(tmp_path / "practice")
    status, _ = simulate("practice", *SMALL, "--seed", 2)
    after = contents(tmp_path / "practice")
    assert status == 0
    assert set(before) == set(after)
    assert before["clients.csv"] != after["clients.csv"]


def test_a_folder_of_somebody_elses_is_left_alone(simulate: Simulate, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    status, said = simulate("mine", *SMALL)
    assert (status, said.count("\n")) == (2, 1)
    assert "mine is not empty and OpenRapport did not write it; choose another folder" in said
    assert contents(tmp_path / "mine") == {"thesis.txt": "years of work"}


def test_a_foreign_file_among_its_own_is_left_alone(simulate: Simulate, tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    folder.mkdir()
    (folder / ".openrapport").write_text("session.html\n")
    (folder / "clients.csv").write_text("my own clients")
    status, said = simulate("practice", *SMALL)
    assert status == 2
    assert "clients.csv exists and OpenRapport did not write it; choose another folder" in said
    assert set(contents(folder)) == {".openrapport", "clients.csv"}
    assert (folder / "clients.csv").read_text() == "my own clients"


def test_an_empty_folder_may_be_used(simulate: Simulate, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert simulate("empty", *SMALL)[0] == 0


def test_a_disk_that_is_full_leaves_no_half_practice(
    simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        if len(content) > 20_000:
            raise OSError(28, "No space left on device", str(self))
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    status, said = simulate("practice", *SMALL)
    assert status == 2
    assert "No space left on device" in said
    assert set(contents(tmp_path / "practice")) <= {".openrapport"}
    monkeypatch.undo()


@pytest.mark.parametrize(
    "arguments",
    [
        ("practice", "--clients", 0),
        ("practice", "--clients", "many"),
        ("practice", "--seed", -1),
        ("practice", "--end", "18.06.2025"),
        ("practice", "--end", "1900-01-01"),
        ("practice", "--months", 121),
        (),
    ],
)
def test_wrong_arguments_are_one_line_and_leave_nothing(
    simulate: Simulate, tmp_path: Path, arguments: tuple[object, ...]
) -> None:
    status, said = simulate(*arguments)
    assert (status, said.count("\n")) == (2, 1)
    assert not (tmp_path / "practice").exists()


def test_a_file_is_no_folder(simulate: Simulate, tmp_path: Path) -> None:
    (tmp_path / "practice").write_text("a file")
    assert simulate("practice", *SMALL)[0] == 2

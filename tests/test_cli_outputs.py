"""Names that every file system takes, and files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.errors import BadInput
from openrapport_cli.messages import one_line
from openrapport_cli.outputs import ReportFolder, replacing, safe_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("session 1", "session-1"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("..", "session"),
        ("", "session"),
        ("Zoë's", "Zoë-s"),
        ("con", "session-con"),
        ("a/b\\c:d", "a-b-c-d"),
    ],
)
def test_a_name_becomes_a_file_name(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_name_leaves_its_folder_or_is_too_long(name: str) -> None:
    stem = safe_stem(name)
    assert stem
    assert Path(stem).name == stem
    assert not stem.startswith((".", "-"))
    assert len(f"{stem}-999.html".encode()) <= 255


def test_sessions_of_one_name_get_files_of_their_own(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path, [".html"])
    assert [folder.claim(name) for name in ("a", "A", "a", "index")] == ["a", "A-2", "a-3", "index-2"]


def test_a_folder_is_made_only_when_something_is_written(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path / "new", [".html"])
    assert not (tmp_path / "new").exists()
    folder.claim("a")
    assert (tmp_path / "new").is_dir()


def test_a_second_run_knows_what_is_its_own(tmp_path: Path) -> None:
    ReportFolder(tmp_path, [".html"]).claim("a")
    (tmp_path / "a.html").write_text("a report")
    (tmp_path / "b.html").write_text("somebody else's")
    again = ReportFolder(tmp_path, [".html"])
    assert again.claim("a") == "a"
    with pytest.raises(BadInput, match="did not write it"):
        again.claim("b")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(FileNotFoundError), replacing(path) as temporary:
        temporary.with_name("no such folder").joinpath("x").write_text("half")
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_message_is_one_line_that_a_terminal_cannot_misread() -> None:
    assert one_line("a\nb\x1b[31m\u202ec") == "a b?[31m?c"

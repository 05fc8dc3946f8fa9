"""The page on security: every requirement has a row, and what a row names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
STATES = {"met", "partly", "not met", "does not apply"}
# ASVS 5.0.0: how far the numbers of each section go, and those of level 3 that are left out.
LAST = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 8, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| v5.0.0-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _numbers(cell: str) -> list[str]:
    first, _, last = cell.removeprefix("v5.0.0-").partition(" to ")
    section, _, start = first.rpartition(".")
    assert not last or last.startswith(f"{section}."), cell
    end = int(last.rpartition(".")[2]) if last else int(start)
    return [f"{section}.{n}" for n in range(int(start), end + 1)]


def test_every_requirement_has_one_row() -> None:
    held = [number for row in _rows() for number in _numbers(row[0])]
    assert held == [f"{section}.{n}" for section, last in LAST.items() for n in range(1, last + 1)]


def test_every_row_is_whole_and_says_its_state() -> None:
    for row in _rows():
        assert len(row) == 5, row
        assert all(row), row
        assert row[2] in STATES, row
        if row[2] != "met":
            assert len(row[3]) > 3, f"{row[0]} does not say why"


def test_every_test_that_is_named_exists() -> None:
    there = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    cells = [row[4] for row in _rows()]
    assert all(cell == "-" or re.fullmatch(r"`test_\w+`", cell) for cell in cells)
    named = {cell.strip("`") for cell in cells} - {"-"}
    assert len(named) > 60
    assert sorted(named - there) == []


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|js|css|html|lock))`", PAGE))
    assert len(named) > 30
    places = (ROOT, ROOT / "src", ROOT / "src" / "openrapport_web")
    assert sorted(name for name in named if not any((p / name).is_file() for p in places)) == []


def test_every_setting_that_is_named_exists() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert set(re.findall(r"`(OPENRAPPORT_\w+)`", PAGE)) <= set(
        re.findall(r"`(OPENRAPPORT_\w+)`", settings)
    )

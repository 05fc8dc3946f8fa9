"""Codes by hand, as they come from the web, read back for training."""

from __future__ import annotations

from pathlib import Path

import pytest
from training.corrections import COLUMNS, in_practice, main, read_rows

from openrapport.errors import BadInput

GIVEN = "1,1,{},minilm.v1,behaviour,question,{},1,{}"


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_it_counts_what_was_right_and_what_was_missed(tmp_path: Path) -> None:
    rows = read_rows(
        write(
            tmp_path / "a.csv",
            GIVEN.format(1, 1, 0.9),
            GIVEN.format(3, 1, 0.8),
            GIVEN.format(5, 0, 0.6),
            "1,1,7,minilm.v1,behaviour,question,1,0,",
            "1,1,9,minilm.v1,behaviour,question,0,0,",
            "1,1,9,minilm.v1,strategy,advice,0,0,",
        )
    )
    (found,) = in_practice(rows)
    assert (found.code, found.marks, found.right, found.missed) == ("question", 3, 2, 1)
    low, high = found.interval or (0, 0)
    assert low < 2 / 3 < high
    assert found.threshold is None  # three marks choose nothing


def test_it_finds_from_where_on_half_of_the_marks_are_right(tmp_path: Path) -> None:
    right = [GIVEN.format(i, 1, 0.9) for i in range(20)]
    wrong = [GIVEN.format(i, 0, 0.5) for i in range(20)]
    half, more = (
        in_practice(read_rows(write(tmp_path / "a.csv", *right, *wrong, *rest)))[0].threshold
        for rest in ((), (GIVEN.format(99, 0, 0.4), GIVEN.format(98, 0, 0.5)))
    )
    assert half == 0.5  # all together are half right
    assert more == 0.9  # the twenty-one wrong ones stand or fall together


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1,1,x,minilm.v1,behaviour,question,1,1,0.9", "line 2: a cell is no number"),
        ("1,1,1,minilm.v1,behaviour,question,yes,1,0.9", "line 2: a cell is no number"),
        ("1,1,1,minilm.v1,behaviour", "line 2: a cell is no number"),
        ("1,1,1,minilm.v1,behaviour,kindness,1,1,0.9", "line 2: no code of this name"),
        ("1,1,1,minilm.v1,behaviour,question,1,1,", "line 2: a probability stands"),
        ("1,1,1,minilm.v1,behaviour,question,1,0,0.9", "line 2: a probability stands"),
        ("1,1,1,minilm.v1,behaviour,question,1,1,1.5", "line 2: a probability lies"),
        ("1,1,1,minilm.v1,behaviour,question,1,1,nan", "line 2: a probability lies"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_rows(write(tmp_path / "a.csv", row))


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("who,what\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="expected the columns session"):
        read_rows(path)


def test_it_prints_practice_beside_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", GIVEN.format(1, 1, 0.9))
    monkeypatch.setattr("sys.argv", ["corrections", str(path)])
    assert main() == 0
    line = capsys.readouterr().out.splitlines()[1].split(",")
    assert line[:4] == ["behaviour", "question", "1", "1.00"]
    assert 0.5 < float(line[5]) < 1  # measured in the five folds
    monkeypatch.setattr("sys.argv", ["corrections", str(tmp_path / "none.csv")])
    assert main() == 2

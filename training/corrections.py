"""What people said of the codes, read back: how often marks were right in practice, not only in the test.

    python -m training.corrections FILE

FILE is what a researcher takes along from the web (``codes-by-hand.csv``): numbers of clients who agreed to
research, without a word that was said. Without words the network cannot learn from it; what can be learned is
how often each code is right there, and from what probability on.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openrapport.coding.counts import wilson_interval
from openrapport.coding.model import MODEL_FOLDER
from openrapport.coding.schemes import SCHEMES
from openrapport.errors import BadInput

__all__ = ["COLUMNS", "InPractice", "Row", "in_practice", "read_rows"]

COLUMNS = (
    "session",
    "person",
    "utterance",
    "coder",
    "scheme",
    "code",
    "by_person",
    "by_machine",
    "probability",
)
_PRECISE = 0.5
_FEWEST = 30  # with fewer marks a threshold would be chosen by chance


@dataclass(frozen=True, slots=True)
class Row:
    """One code of one utterance, by a person and by the machine."""

    session: int
    person: int
    utterance: int
    coder: str
    scheme: str
    code: str
    by_person: bool
    by_machine: bool
    probability: float | None


@dataclass(frozen=True, slots=True)
class InPractice:
    """One code: marks that a person judged, how many were right, and what the machine missed.

    ``threshold`` is the least probability from which on half of the marks were right; None where
    fewer than thirty were judged or no probability reaches it.
    """

    scheme: str
    code: str
    marks: int
    right: int
    interval: tuple[float, float] | None
    missed: int
    threshold: float | None


def read_rows(path: Path) -> list[Row]:
    """Read a file of the web.

    Raises
    ------
    BadInput
        If it is no such file, or a row cannot be what it says; the row is named.
    """
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if tuple(table.fieldnames or ()) != COLUMNS:
            raise BadInput(f"{path.name}: expected the columns {', '.join(COLUMNS)}")
        return [_row(path.name, number, cells) for number, cells in enumerate(table, 2)]


def _row(name: str, number: int, cells: dict[str, str]) -> Row:
    try:
        session, person, utterance = (int(cells[column]) for column in COLUMNS[:3])
        by_person, by_machine = ({"0": False, "1": True}[cells[column]] for column in COLUMNS[6:8])
        probability = float(cells["probability"]) if cells["probability"] else None
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{name}, line {number}: a cell is no number where one is expected") from None
    coder, scheme, code = (cells[column] for column in COLUMNS[3:6])
    row = Row(session, person, utterance, coder, scheme, code, by_person, by_machine, probability)
    if row.code not in SCHEMES.get(row.scheme, ()):
        raise BadInput(f"{name}, line {number}: no code of this name; expected one of the codebook")
    if row.by_machine != (row.probability is not None):
        raise BadInput(f"{name}, line {number}: a probability stands where the machine gave the code")
    if row.probability is not None and not 0 <= row.probability <= 1:
        raise BadInput(f"{name}, line {number}: a probability lies between 0 and 1")
    return row


def in_practice(rows: list[Row]) -> list[InPractice]:
    """Count, code by code, in the codebook's order; an utterance that two people judged counts twice."""
    of_code: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        of_code[row.scheme, row.code].append(row)
    return [
        _counted(scheme, code, of_code[scheme, code])
        for scheme, codes in SCHEMES.items()
        for code in codes
        if any(row.by_machine or row.by_person for row in of_code[scheme, code])
    ]


def _counted(scheme: str, code: str, rows: list[Row]) -> InPractice:
    judged = [row for row in rows if row.by_machine]
    right = sum(row.by_person for row in judged)
    missed = sum(row.by_person for row in rows if not row.by_machine)
    interval = wilson_interval(right, len(judged)) if judged else None
    return InPractice(scheme, code, len(judged), right, interval, missed, _threshold(judged))


def _threshold(judged: list[Row]) -> float | None:
    if len(judged) < _FEWEST:
        return None
    sure = np.array([row.probability for row in judged], dtype=float)
    order = np.argsort(-sure, kind="stable")
    precision = np.cumsum(np.array([row.by_person for row in judged])[order]) / np.arange(
        1, len(judged) + 1
    )
    # Equal probabilities stand or fall together.
    last = np.r_[sure[order][:-1] > sure[order][1:], True]
    reached = np.flatnonzero(last & (precision >= _PRECISE))
    return float(sure[order][reached[-1]]) if len(reached) else None


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m training.corrections", description=__doc__)
    parser.add_argument("file", type=Path)
    try:
        rows = read_rows(parser.parse_args().file)
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    in_test = _in_test()
    sys.stdout.write(
        "scheme,code,marks judged,right,95 % interval,right in the test,missed,half right from" + "\n"
    )
    for found in in_practice(rows):
        low, high = found.interval or (float("nan"), float("nan"))
        right = f"{found.right / found.marks:.2f},{low:.2f} to {high:.2f}" if found.marks else ","
        tested = in_test.get((found.scheme, found.code))
        threshold = "" if found.threshold is None else f"{found.threshold:.2f}"
        test = "" if tested is None else f"{tested:.2f}"
        line = f"{found.scheme},{found.code},{found.marks},{right},{test},{found.missed},{threshold}"
        sys.stdout.write(line + "\n")
    return 0


def _in_test() -> dict[tuple[str, str], float]:
    card = json.loads((MODEL_FOLDER / "card.json").read_text(encoding="utf-8"))
    return {
        (head["scheme"], one["code"]): one["value"]
        for head in card["heads"]
        for one in head["measured"]
        if one["metric"] == "precision"
    }


if __name__ == "__main__":
    sys.exit(main())

"""``openrapport code``: the codes of every utterance."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openrapport
from openrapport_cli.inputs import (
    STANDARD,
    coder_option,
    confirming,
    pick_reading,
    reading_options,
    spooled,
)
from openrapport_cli.messages import note
from openrapport_cli.outputs import write_files
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    from openrapport.coding.coder import Coder
    from openrapport.session import Session

__all__ = ["COLUMNS", "code", "code_rows"]

COLUMNS = ("session", "utterance_id", "role", "start_ms", "end_ms", "scheme", "code", "probability")

Row = dict[str, str | int | float | None]


@click.command(short_help="The codes of every utterance: CSV or JSON.")
@click.argument(
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@reading_options
@coder_option
@click.option(
    "--all",
    "all_codes",
    is_flag=True,
    help="Also codes that did poorly in the test, which are not given otherwise.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="What comes out.",
)
@click.option(
    "--out",
    metavar="FILE",
    default=STANDARD,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Where it goes. [default: standard output]",
)
def code(file: Path, shape: str, out: Path, coder: str, all_codes: bool, **options: Any) -> None:
    """Code every utterance: a row for each code that is on.

    No word of the transcript comes out. Missing times are empty in CSV and null in JSON.

    \b
    Examples:
      openrapport code session.vtt > codes.csv
      openrapport code table.csv --session 12 --format json --out codes.json
    """
    reading, who = pick_reading(options), _coder(coder, all_codes=all_codes)
    with Waiting("Coding", counts=False) as waiting, spooled(file, reading.ending) as path:
        sessions = reading.sessions(path, confirming(waiting))
        rows = [row for session in sessions for row in code_rows(session, who)]
    text = _as_csv(rows) if shape == "csv" else _as_json(rows)
    if out == STANDARD:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_files({out: text})


def _coder(name: str, *, all_codes: bool) -> Coder:
    from openrapport import pipeline
    from openrapport.coding.trained import TrainedCoder

    return TrainedCoder(all_codes=True) if all_codes and name == "trained" else pipeline.CODERS[name]()


def code_rows(session: Session, coder: Coder | None = None) -> Iterator[Row]:
    """Code a session.

    Parameters
    ----------
    session : Session
        As it was read.
    coder : Coder, optional
        Who codes; the trained coder where none is given.

    Yields
    ------
    row : dict
        One for each code that is on, with the keys of ``COLUMNS``, by scheme and then in the
        session's order.
    """
    from openrapport import pipeline

    session = pipeline.prepare(session, coder=coder)
    if not session.codes:
        note(f"{session.name}: not coded, because it has no words or does not look English")
    for codes in session.codes:
        columns = (codes.utterance.tolist(), codes.label.tolist(), codes.probability.tolist())
        for index, label, probability in zip(*columns, strict=True):
            utterance = session.utterances[index]
            yield {
                "session": session.name,
                "utterance_id": utterance.id,
                "role": str(session.role_of(utterance.party)),
                "start_ms": utterance.start_ms,
                "end_ms": utterance.end_ms,
                "scheme": codes.scheme,
                "code": codes.labels[label],
                "probability": round(probability, 6),
            }


def _as_csv(rows: list[Row]) -> str:
    from openrapport.io.tables import guarded

    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    # Names and ids come from the file, and a spreadsheet must not run one like a formula.
    for row in rows:
        names = {key: guarded(str(row[key])) for key in ("session", "utterance_id")}
        table.writerow({**row, **names})
    return text.getvalue()


def _as_json(rows: list[Row]) -> str:
    document = {"version": openrapport.__version__, "codes": rows}
    return json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n"

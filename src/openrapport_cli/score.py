"""``openrapport score``: scale scores of a questionnaire, and what changed since the first."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

import openrapport
from openrapport.errors import BadFile, BadInput
from openrapport_cli.inputs import STANDARD, spooled
from openrapport_cli.messages import note
from openrapport_cli.outputs import write_files
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    from openrapport.io.answers import Form
    from openrapport.measures.instrument import Instrument, ScaleScore

__all__ = ["CHANGE_COLUMNS", "COLUMNS", "instrument_named", "score", "score_rows"]

COLUMNS = ("client", "occasion", "scale", "score", "answered", "status")
CHANGE_COLUMNS = ("expected", "first", "change", "reliable_from", "verdict", "source")

Row = dict[str, str | int | float | None]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*")


@click.command(short_help="Scale scores of a questionnaire: CSV or JSON.")
@click.argument("instrument", metavar="INSTRUMENT")
@click.argument(
    "answers",
    metavar="ANSWERS.csv",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option("--change", is_flag=True, help="Add columns: change against the client's first score.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of CSV.")
@click.option(
    "--out",
    metavar="FILE",
    default=STANDARD,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Where it goes. [default: standard output]",
)
def score(instrument: str, answers: Path, *, change: bool, as_json: bool, out: Path) -> None:
    """Score answers: a row for each form and scale.

    INSTRUMENT is the key of one that comes with OpenRapport, such as phq-9, or a file: ours or a
    FHIR Questionnaire. ANSWERS has columns client, occasion and one for each item; an empty cell is
    an item that was left out.

    \b
    Examples:
      openrapport score phq-9 answers.csv > scores.csv
      openrapport score core-10 answers.csv --change
      openrapport score own-form.json answers.csv --json --out scores.json
    """
    from openrapport.io.answers import read_answers
    from openrapport.io.text import read_text

    form = instrument_named(instrument)
    with Waiting("Scoring", counts=False), spooled(answers, "csv") as path:
        rows = list(score_rows(form, read_answers(read_text(path), path.name, form), change=change))
    columns = (*COLUMNS, *CHANGE_COLUMNS) if change else COLUMNS
    text = _as_json(form, rows) if as_json else _as_csv(rows, columns)
    if out == STANDARD:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_files({out: text})


def instrument_named(name: str) -> Instrument:
    """Find an instrument by its key, or read it from a file.

    Parameters
    ----------
    name : str
        A key of the library, or the path of a file: ours or a FHIR Questionnaire. What differs from
        the known instrument that a file says it is, is noted on standard error.

    Returns
    -------
    instrument : Instrument
        With at least one scale.

    Raises
    ------
    BadInput
        If there is neither, the file cannot be read, or it has nothing to score.
    """
    from openrapport.measures.instrument import library

    if name in library():
        return library()[name]
    path = Path(name)
    if not path.is_file():
        raise BadInput(
            f"there is no such instrument and no such file; expected a file or one of "
            f"{', '.join(library())}"
        )
    try:
        found = _from_file(path)
    except BadFile:
        raise
    except BadInput as error:
        raise BadFile(str(error), source=path.name) from None
    if not found.scales:
        raise BadFile(
            "the questionnaire has no scales and is none that we know; expected a scoring key",
            source=path.name,
        )
    return found


def _from_file(path: Path) -> Instrument:
    from openrapport.io.fhir import from_questionnaire, read_document
    from openrapport.measures.comparison import claimed, compare_with_known, with_key
    from openrapport.measures.instrument import library, read_instrument

    document = read_document(path)
    if "resourceType" in document:
        imported = from_questionnaire(document)
        found, key, differences = imported.instrument, imported.claims, imported.differences
        for sentence in imported.notes:
            note(f"{path.name}: {sentence}")
    else:
        found = read_instrument(document)
        key = claimed(found, library())
        differences = compare_with_known(found, library()[key]) if key else ()
    for difference in differences:
        note(f"{path.name} is not like {key}: {difference.message}.")
    if key and not found.scales:
        note(f"{path.name} is scored with the key of {key}.")
        return with_key(found, library()[key])
    return found


def score_rows(instrument: Instrument, forms: Iterable[Form], *, change: bool) -> Iterator[Row]:
    """Score forms.

    Parameters
    ----------
    instrument : Instrument
        The questionnaire.
    forms : iterable of Form
        What was answered.
    change : bool
        Whether to compare with each client's first score.

    Yields
    ------
    row : dict
        One for each form and scale, with the keys of ``COLUMNS`` and, for change, of
        ``CHANGE_COLUMNS``. What is not known is None. Scales that lie on a circle are followed by
        rows for where the profile lies.
    """
    from openrapport.measures.instrument import score as scored

    results = [(form, scored(instrument, form.answers)) for form in forms]
    firsts = _firsts(results) if change else {}
    for form, scores in results:
        for one in scores:
            row: Row = {
                "client": form.client,
                "occasion": form.occasion,
                "scale": one.scale,
                "score": None if one.value is None else round(one.value, 6),
                "answered": one.answered,
                "status": str(one.status),
            }
            yield row | (_change(instrument, form, one, firsts) if change else {})
        if all(scale.angle_deg is not None for scale in instrument.scales):
            for row in _circle(instrument, form, scores):
                yield row | (dict.fromkeys(CHANGE_COLUMNS) if change else {})


def _circle(instrument: Instrument, form: Form, scores: tuple[ScaleScore, ...]) -> Iterator[Row]:
    """Place scales that lie on a circle: a row for each number of the profile."""
    from openrapport.measures.circumplex import circumplex

    found = circumplex(instrument, scores, standardised=False)
    names = ("affiliation", "dominance", "amplitude", "displacement_deg", "fit")
    values: tuple[float | None, ...] = (None,) * len(names)
    if found is not None:
        values = (found.x, found.y, found.amplitude, found.displacement_deg, found.fit)
    for name, value in zip(names, values, strict=True):
        yield {
            "client": form.client,
            "occasion": form.occasion,
            "scale": name,
            "score": None if value is None else round(value, 6),
            "answered": sum(one.answered for one in scores),
            "status": "complete" if found else "too_few",
        }


def _firsts(
    results: list[tuple[Form, tuple[ScaleScore, ...]]],
) -> dict[tuple[str, str], tuple[str, float]]:
    """Find each client's first score of each scale: a form with too few answers is no beginning."""
    firsts: dict[tuple[str, str], tuple[str, float]] = {}
    for form, scores in _in_time(results):
        for one in scores:
            if one.value is not None:
                firsts.setdefault((form.client, one.scale), (form.occasion, one.value))
    return firsts


def _in_time(
    results: list[tuple[Form, tuple[ScaleScore, ...]]],
) -> list[tuple[Form, tuple[ScaleScore, ...]]]:
    occasions = [form.occasion for form, _ in results]
    if all(occasion.isdecimal() for occasion in occasions):
        return sorted(results, key=lambda result: int(result[0].occasion))
    if all(_DATE.fullmatch(occasion) for occasion in occasions):
        return sorted(results, key=lambda result: result[0].occasion)
    note("Occasions are neither numbers nor dates (2025-06-18): the order of rows is taken.")
    return results


def _change(
    instrument: Instrument,
    form: Form,
    one: ScaleScore,
    firsts: dict[tuple[str, str], tuple[str, float]],
) -> Row:
    from openrapport.measures.change import read_change

    row: Row = dict.fromkeys(CHANGE_COLUMNS)
    row["expected"] = one.expected
    if one.value is None:
        return row
    first, before = firsts[form.client, one.scale]
    row["first"] = first
    if first == form.occasion:
        return row
    row["change"] = round(one.value - before, 6)
    read = read_change(instrument.scale(one.scale), before, one.value)
    if read is not None:
        row |= {
            "reliable_from": round(read.threshold, 6),
            "verdict": str(read.verdict),
            "source": read.source,
        }
    return row


def _as_csv(rows: list[Row], columns: tuple[str, ...]) -> str:
    from openrapport.io.tables import guarded

    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    # Clients and occasions come from the file, and a spreadsheet must not run one like a formula.
    for row in rows:
        names = {key: guarded(str(row[key])) for key in ("client", "occasion", "first") if row.get(key)}
        table.writerow({**row, **names})
    return text.getvalue()


def _as_json(instrument: Instrument, rows: list[Row]) -> str:
    document = {
        "version": openrapport.__version__,
        "instrument": instrument.key,
        "instrument_version": instrument.version,
        "validated": instrument.validated,
        "scores": rows,
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n"

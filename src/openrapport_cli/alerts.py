"""``openrapport alerts``: each client against their own course."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openrapport
from openrapport.errors import BadInput
from openrapport_cli.inputs import spooled
from openrapport_cli.messages import note
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    from openrapport.io.ratings import RatingTable
    from openrapport.measures.alerts import Priors

__all__ = ["COLUMNS", "alerts"]

COLUMNS = ("client", "occasion", "status", "z", "rule")

_OWN_COURSE = "own_course"
_RULES = (  # as in openrapport.measures.rules, which is imported when it is needed
    _OWN_COURSE,
    "cutoff_or_drop",
    "last_drop",
    "control_chart",
    "one_sd",
    "two_sd",
    "sudden_loss",
)

Row = dict[str, Any]


@click.command(short_help="Each client against their own course.")
@click.argument(
    "file",
    metavar="RATINGS.csv",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with what each row rests on.")
@click.option(
    "--scale",
    nargs=2,
    metavar="MIN MAX",
    type=float,
    help="Ends of the scale.  [default: those of --priors, else 0 10]",
)
@click.option(
    "--rule",
    type=click.Choice(_RULES),
    default=_OWN_COURSE,
    show_default=True,
    help="Ours, or a published one to compare it with.",
)
@click.option("--cutoff", metavar="X", type=float, help="For cutoff_or_drop: a rating below is low.")
@click.option(
    "--drop", metavar="X", type=float, help="For cutoff_or_drop: points below the one before."
)
@click.option(
    "--priors",
    metavar="FILE.json|stated",
    help="How ratings vary.  [default: estimated from the file, or stated where it holds too few]",
)
def alerts(
    file: Path,
    as_json: bool,
    scale: tuple[float, float] | None,
    rule: str,
    cutoff: float | None,
    drop: float | None,
    priors: str | None,
) -> None:
    """Say of each rating whether the client's own course lets one expect it.

    RATINGS.csv has the columns client,occasion,rating and perhaps rater; each rater's ratings are a
    course of their own. Out come client,occasion,status,z,rule: status is steady, watch or talk, and
    empty where there is no rating.

    \b
    Examples:
      openrapport alerts ratings.csv > looks.csv
      openrapport alerts ratings.csv --scale 0 40 --json
    """
    from openrapport.io.ratings import read_ratings

    given = _given_priors(priors, scale)
    low, high = (given.low, given.high) if given else (scale or (0.0, 10.0))
    _check_limit(rule, cutoff, drop)
    with Waiting("Looking at ratings", counts=False), spooled(file, ".csv") as path:
        table = read_ratings(path, low=low, high=high)
        used = {rater: _priors_of(table, rater, low, high, given) for rater in _raters(table)}
        rows = _looks(table, used) if rule == _OWN_COURSE else _by(rule, table, used, cutoff, drop)
    if not table.in_order:
        note("some rows do not stand in the order of time; they were looked at in that order")
    for rater, one in used.items():
        note(f"priors{f' ({rater})' if rater else ''}: {one.source}")
    sys.stdout.write(_as_json(rows, rule, used) if as_json else _as_csv(rows, table.rater is not None))
    sys.stdout.flush()


def _given_priors(text: str | None, scale: tuple[float, float] | None) -> Priors | None:
    """Read priors from a file; None where they are to be estimated."""
    from openrapport.measures.priors import Priors, stated_priors

    if scale is not None and not scale[0] < scale[1]:
        raise BadInput(f"--scale is {scale[0]:g} {scale[1]:g}; expected MIN below MAX")
    if text is None:
        return None
    if text == "stated":
        return stated_priors(*(scale or (0.0, 10.0)))
    try:
        document = json.loads(Path(text).read_text("utf-8"))
    except ValueError:
        raise BadInput(f"{text}: no JSON in UTF-8; expected what --json prints under priors") from None
    if not isinstance(document, dict):
        raise BadInput(f"{text}: expected one JSON object, as --json prints it under priors")
    given = Priors.from_json(document)
    if scale is not None and scale != (given.low, given.high):
        raise BadInput(f"--scale and {text} name different scales; leave --scale out")
    return given


def _check_limit(rule: str, cutoff: float | None, drop: float | None) -> None:
    if rule == "cutoff_or_drop" and (cutoff is None or drop is None):
        raise BadInput("--rule cutoff_or_drop needs --cutoff and --drop, in points of the scale")
    if rule != "cutoff_or_drop" and not (cutoff is None and drop is None):
        raise BadInput("--cutoff and --drop belong to --rule cutoff_or_drop")


def _raters(table: RatingTable) -> list[str]:
    return [""] if table.rater is None else sorted(set(table.rater))


def _rows_of(table: RatingTable, rater: str) -> list[int]:
    if table.rater is None:
        return list(range(len(table)))
    return [row for row, one in enumerate(table.rater) if one == rater]


def _columns(table: RatingTable, rows: list[int]) -> dict[str, Any]:
    return {
        "client": [table.client[row] for row in rows],
        "occasion": table.at[rows],
        "rating": table.rating[rows],
        "answered": table.answered[rows],
    }


def _priors_of(table: RatingTable, rater: str, low: float, high: float, given: Priors | None) -> Priors:
    from openrapport.measures.alerts import estimate_priors

    return given or estimate_priors(**_columns(table, _rows_of(table, rater)), low=low, high=high)


def _looks(table: RatingTable, used: dict[str, Priors]) -> list[Row]:
    from openrapport.measures.alerts import look

    found: dict[int, Row] = {}
    for rater, priors in used.items():
        rows = _rows_of(table, rater)
        looks = look(**_columns(table, rows), priors=priors)
        for row, seen in zip(rows, looks, strict=True):
            found[row] = _named(table, row) | {
                "status": seen.status and str(seen.status),
                "z": None if seen.z is None else round(seen.z, 4),
                "rule": str(seen.rule),
                "rating": seen.rating,
                "expected": None if seen.expected is None else round(seen.expected, 4),
                "interval": seen.interval and [round(end, 4) for end in seen.interval],
                "n": seen.n,
                "missed": seen.missed,
            }
    return [found[row] for row in range(len(table))]


def _by(
    rule: str, table: RatingTable, used: dict[str, Priors], cutoff: float | None, drop: float | None
) -> list[Row]:
    from openrapport.measures.rules import Limit, Published, look_by

    limit = None if cutoff is None or drop is None else Limit(cutoff=cutoff, drop=drop)
    found: dict[int, Row] = {}
    for rater, priors in used.items():
        rows = _rows_of(table, rater)
        low = look_by(Published(rule), **_columns(table, rows), priors=priors, limit=limit)
        for row, is_low in zip(rows, low.tolist(), strict=True):
            there = bool(table.answered[row])
            found[row] = _named(table, row) | {
                "status": ("talk" if is_low else "steady") if there else None,
                "z": None,
                "rule": (rule if is_low else "") if there else "missing",
                "rating": float(table.rating[row]) if there else None,
            }
    return [found[row] for row in range(len(table))]


def _named(table: RatingTable, row: int) -> Row:
    who = {} if table.rater is None else {"rater": table.rater[row]}
    return {"client": table.client[row], "occasion": table.occasion[row], **who}


def _as_csv(rows: list[Row], with_rater: bool) -> str:
    text = io.StringIO()
    columns = (*COLUMNS, "rater") if with_rater else COLUMNS
    table = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _as_json(rows: list[Row], rule: str, used: dict[str, Priors]) -> str:
    one = used.get("")
    document = {
        "version": openrapport.__version__,
        "rule": rule,
        "priors": one.to_json() if one else {rater: priors.to_json() for rater, priors in used.items()},
        "looks": rows,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

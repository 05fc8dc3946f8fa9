"""Many reports on one page that compares them, and two of them side by side.

The index runs one script, which sorts its table, and no other: its policy names that script's hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from openrapport.finding import Finding, Report
from openrapport.reporting import charts, wording
from openrapport.reporting.explanations import COMPARED, explain
from openrapport.reporting.html import environment
from openrapport.session import Role

__all__ = ["IndexRow", "render_index", "side_by_side"]


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One session in the index.

    Parameters
    ----------
    href : str
        Address of its page, seen from the index.
    report : Report
        Its report.
    n_utterances : int
        How long the session is.
    """

    href: str
    report: Report
    n_utterances: int


def render_index(rows: Sequence[IndexRow]) -> str:
    """Write a page that compares many sessions and leads to each.

    Parameters
    ----------
    rows : sequence of IndexRow
        In the order in which they are shown.

    Returns
    -------
    html : str
        A whole document that needs nothing else.
    """
    columns = [
        column
        for name, party, aspect in COMPARED
        if (column := _column([row.report.find(name, party, aspect) for row in rows]))
    ]
    templates = environment()
    script, *_ = templates.loader.get_source(templates, "sort.js")  # type: ignore[union-attr]
    return templates.get_template("index.html.j2").render(
        columns=columns,
        rows=list(enumerate(rows)),
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _column(found: Sequence[Finding | None]) -> dict[str, Any] | None:
    """One finding of every session on one scale; None where no session has it."""
    present = tuple(finding for finding in found if finding)
    if not present:
        return None
    one = present[0]
    plots = dict(zip(map(id, present), charts.interval_plot(present), strict=True))
    low, middle, high = np.quantile([f.value for f in present], (0.25, 0.5, 0.75)).tolist()
    unit = "" if wording.amount(0, one.unit) == wording.bare(0, one.unit) else one.unit
    return {
        "title": explain(one.name).column(one.party, one.aspect),
        "unit": "points" if unit == "difference in probability" else unit,
        "counted": one.counted,
        "n": len(present),
        "median": wording.bare(middle, one.unit),
        "half": f"{wording.bare(low, one.unit)} to {wording.bare(high, one.unit)}",
        "cells": [finding and _cell(finding, plots[id(finding)]) for finding in found],
    }


def _cell(finding: Finding, plot: dict[str, float | None]) -> dict[str, Any]:
    return {
        "sort": finding.value,
        "value": wording.bare(finding.value, finding.unit),
        "interval": wording.interval(finding),
        "n": f"{finding.n:,}",
        "plot": plot,
    }


def side_by_side(reports: Sequence[Report], titles: Sequence[str]) -> str:
    """Write a table with what was found in two sessions of the same two people.

    It says where two intervals lie apart and where they overlap. It never says which is better.

    Parameters
    ----------
    reports : sequence of Report
        Two, in the order of their days.
    titles : sequence of str
        What to call each.

    Returns
    -------
    html : str
        A table, for a page that has the classes of the report's parts.
    """
    keys: dict[tuple[str, Role | None, str | None], None] = dict.fromkeys(COMPARED)
    for report in reports:
        keys |= dict.fromkeys((f.name, f.party, f.aspect) for f in report.findings if not f.aspect)
    rows, in_one = [], []
    for key in keys:
        found = [report.find(*key) for report in reports]
        column = _column(found)
        if column and all(found):
            rows.append({**column, "apart": _apart(found)})
        elif column:
            in_one.append(column["title"])
    table = environment().get_template("beside.html.j2")
    return table.render(rows=rows, in_one=in_one, titles=titles)


def _apart(found: Sequence[Finding | None]) -> str:
    """Say how two intervals lie to each other, where there are two."""
    intervals = [finding.interval for finding in found if finding and finding.interval]
    if len(intervals) < 2:
        return "a chance band for each, no interval"
    (low, high), (other_low, other_high) = intervals
    if high < other_low or other_high < low:
        return "the intervals lie apart"
    return "the intervals overlap: it may be chance"

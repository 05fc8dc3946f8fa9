"""Tables of ratings: ``client,occasion,rating[,rater]``, a row for each."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadFile
from openrapport.io.text import decode, read_bytes

__all__ = ["RatingTable", "read_ratings"]

_NEEDED = ("client", "occasion", "rating")
_MISSING = {"", "na", "n/a"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class RatingTable:
    """Ratings in the order of the file.

    Parameters
    ----------
    client : tuple of str
        Ids.
    occasion : tuple of str
        As they stand in the file.
    at : ndarray of float64, shape (n,)
        The same as numbers that grow with time: the occasion itself, or seconds since 1970.
    rating : ndarray of float64, shape (n,)
        NaN where there is none.
    answered : ndarray of bool, shape (n,)
        Where there is one.
    rater : tuple of str or None
        Who rated; None where the file does not say.
    in_order : bool
        Whether each client's rows stand in the order of time.
    """

    client: tuple[str, ...]
    occasion: tuple[str, ...]
    at: NDArray[np.float64]
    rating: NDArray[np.float64]
    answered: NDArray[np.bool_]
    rater: tuple[str, ...] | None
    in_order: bool

    def __len__(self) -> int:
        return len(self.client)


def read_ratings(path: Path, *, low: float, high: float) -> RatingTable:
    """Read ratings.

    Parameters
    ----------
    path : Path
        CSV with a comma, a semicolon or a tab between cells. The first line names the columns:
        ``client``, ``occasion`` (numbers, or ISO dates and times) and ``rating`` (a number; empty or
        ``NA`` where there is none), in any order; ``rater`` may be there too, and others are left
        alone.
    low, high : float
        Ends of the scale.

    Returns
    -------
    table : RatingTable
        At least one row.

    Raises
    ------
    BadFile
        With the line, if a cell is not what it should be, a rating is off the scale, or a client has
        two of one rater at one occasion.
    """
    name = path.name
    rows = _rows(decode(read_bytes(path), name), name)
    line, header = next(rows, (1, []))
    place = _columns(header, name, line)
    lines, cells = [], []
    for line, row in rows:
        if len(row) != len(header):
            raise BadFile(
                f"the row has {len(row)} cells; expected {len(header)} as in the first line",
                source=name,
                line=line,
            )
        lines.append(line)
        cells.append([row[at].strip() for at in place.values()])
    if not cells:
        raise BadFile("there are no ratings; expected rows below the first line", source=name)
    columns = dict(zip(place, zip(*cells, strict=True), strict=True))
    for column in {"client", "rater"} & set(columns):
        if "" in columns[column]:
            at = lines[columns[column].index("")]
            raise BadFile(f"the {column} is missing; expected one in each row", source=name, line=at)
    times = _times(columns["occasion"], lines, name)
    rating = np.array(
        [_rating(cell, low, high, name, at) for cell, at in zip(columns["rating"], lines, strict=True)]
    )
    in_order = _check_once(columns, times, lines, name)
    return RatingTable(
        client=columns["client"],
        occasion=columns["occasion"],
        at=np.array(times),
        rating=rating,
        answered=~np.isnan(rating),
        rater=columns.get("rater"),
        in_order=in_order,
    )


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    delimiter = max((",", ";", "\t"), key=lines[0].count)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise BadFile(
                "a quotation mark is left open or stands alone", source=name, line=reader.line_num
            ) from None
        if row is None:
            return
        if any(map(str.strip, row)):
            yield reader.line_num, row


def _columns(header: list[str], name: str, line: int) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    for column in _NEEDED:
        if column not in names:
            raise BadFile(
                f"no column is called {column}; expected client, occasion, rating, and perhaps rater",
                source=name,
                line=line,
            )
    known = [column for column in (*_NEEDED, "rater") if column in names]
    for column in known:
        if names.count(column) > 1:
            raise BadFile(f"two columns are called {column}; expected one", source=name, line=line)
    return {column: names.index(column) for column in known}


def _rating(cell: str, low: float, high: float, name: str, line: int) -> float:
    if cell.lower() in _MISSING:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        what = f"{value:g}" if math.isfinite(value) else "no number"
        raise BadFile(
            f"the rating is {what}; expected a number from {low:g} to {high:g} (--scale), or an empty "
            "cell where there is none",
            source=name,
            line=line,
        )
    return value


def _times(cells: tuple[str, ...], lines: list[int], name: str) -> list[float]:
    """All numbers or all dates: ``2025`` among dates would be taken for the wrong one."""
    numbers = _is_number(cells[0])
    times = []
    for cell, line in zip(cells, lines, strict=True):
        time = _number(cell) if numbers else _seconds(cell)
        if time is None:
            kind = (
                "a number, as in the first row" if numbers else "a date such as 2025-06-18 in each row"
            )
            hint = "" if numbers else " (or a number in each row)"
            raise BadFile(f"the occasion cannot be read; expected {kind}{hint}", source=name, line=line)
        times.append(time)
    zones = {_has_zone(cell) for cell in cells} if not numbers else set()
    if len(zones) > 1:
        raise BadFile(
            "some occasions name a time zone and some do not; expected all or none", source=name
        )
    return times


def _is_number(cell: str) -> bool:
    return _number(cell) is not None


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _parsed(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def _seconds(cell: str) -> float | None:
    at = _parsed(cell)
    if at is None:
        return None
    return (at.replace(tzinfo=at.tzinfo or UTC) - _EPOCH).total_seconds()


def _has_zone(cell: str) -> bool:
    at = _parsed(cell)
    return at is not None and at.tzinfo is not None


def _check_once(columns: dict[str, Any], times: list[float], lines: list[int], name: str) -> bool:
    """Refuse two ratings of one occasion; say whether each course stands in the order of time."""
    first: dict[tuple[str, str, float], int] = {}
    newest: dict[tuple[str, str], float] = {}
    in_order = True
    raters = columns.get("rater", ("",) * len(times))
    for client, rater, time, line in zip(columns["client"], raters, times, lines, strict=True):
        before = first.setdefault((client, rater, time), line)
        if before != line:
            raise BadFile(
                f"the client has another rating of this occasion in line {before}; expected one",
                source=name,
                line=line,
            )
        in_order &= newest.get((client, rater), -math.inf) < time
        newest[client, rater] = time
    return in_order

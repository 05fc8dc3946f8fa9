"""Tables of clients, therapists and scores, as ``match`` reads them."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadFile, BadInput
from openrapport.fit.preferences import (
    Dimension,
    Format,
    Leaning,
    Needs,
    Preferences,
    Strength,
    Wish,
    WishKind,
)
from openrapport.fit.profiles import Profile
from openrapport.fit.slots import WeeklySlot
from openrapport.io.text import decode, read_bytes

__all__ = [
    "CLIENT_COLUMNS",
    "THERAPIST_COLUMNS",
    "Clients",
    "read_clients",
    "read_scores",
    "read_therapists",
]

_SETS = ("languages", "formats", "places", "access", "problems", "slots")
_SHARED = (*_SETS, "zone", *Dimension, *WishKind)
CLIENT_COLUMNS = (
    "client",
    "waiting_weeks",
    "most_fee",
    "age_group",
    *_SHARED,
    *(f"{dimension}_matters" for dimension in Dimension),
    *(f"{kind}_strength" for kind in WishKind),
)
"""Columns of a table of clients; only the first is needed."""

THERAPIST_COLUMNS = (
    "therapist",
    "capacity",
    "fee",
    "age_groups",
    *_SHARED,
    *(f"{dimension}_spread" for dimension in Dimension),
)
"""Columns of a table of therapists; only the first two are needed."""

Row = dict[str, str]
Value = TypeVar("Value")
Kind = TypeVar("Kind", Format, Strength)


@dataclass(frozen=True, slots=True)
class Clients:
    """Who looks for a therapist.

    Parameters
    ----------
    ids : tuple of str
        Each once.
    preferences : tuple of Preferences
        What matters to each.
    waiting_weeks : ndarray, shape (n,)
        How long each has waited; 0 where the table does not say.
    """

    ids: tuple[str, ...]
    preferences: tuple[Preferences, ...]
    waiting_weeks: NDArray[np.float64]


def read_clients(path: Path, note: Callable[[str], None]) -> Clients:
    """Read a table of clients.

    Parameters
    ----------
    path : Path
        CSV with a comma, a semicolon or a tab between cells.
    note : callable
        Is told which columns are not used.

    Returns
    -------
    clients : Clients
        At least one.

    Raises
    ------
    BadFile
        With the line, if a cell is not what it should be or wishes contradict each other.
    """
    rows = _table(path, CLIENT_COLUMNS, ("client",), note)
    weeks = [_of(path, line, _number, row, "waiting_weeks") or 0.0 for line, row in rows]
    return Clients(
        ids=tuple(row["client"] for _line, row in rows),
        preferences=tuple(_of(path, line, _preferences, row) for line, row in rows),
        waiting_weeks=np.array(weeks),
    )


def read_therapists(path: Path, note: Callable[[str], None]) -> tuple[Profile, ...]:
    """Read a table of therapists.

    Parameters
    ----------
    path : Path
        CSV with a comma, a semicolon or a tab between cells.
    note : callable
        Is told which columns are not used.

    Returns
    -------
    profiles : tuple of Profile
        At least one.

    Raises
    ------
    BadFile
        With the line, if a cell is not what it should be.
    """
    rows = _table(path, THERAPIST_COLUMNS, ("therapist", "capacity"), note)
    return tuple(_of(path, line, _profile, row) for line, row in rows)


def read_scores(path: Path, clients: Sequence[str], therapists: Sequence[str]) -> NDArray[np.float64]:
    """Read a score for each pair.

    Parameters
    ----------
    path : Path
        CSV with the columns ``client,therapist,score``.
    clients, therapists : sequence of str
        Who there is.

    Returns
    -------
    scores : ndarray, shape (clients, therapists)
        Every pair has one.

    Raises
    ------
    BadFile
        With the line, if somebody is unknown, a score is no number, or a pair comes twice; without
        one, if a pair is missing.
    """
    import pyarrow as pa
    from pyarrow import compute

    table = _arrow(path)
    row = _indices(table["client"], clients, "client", path)
    column = _indices(table["therapist"], therapists, "therapist", path)
    try:
        score = compute.cast(table["score"], pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        texts = table["score"].to_pylist()
        at = next(index for index, text in enumerate(texts) if not _is_number(text))
        raise BadFile("the score is no number; expected one", source=path.name, line=at + 2) from None
    if not np.isfinite(score).all():
        at = int(np.flatnonzero(~np.isfinite(score))[0])
        raise BadFile("the score is no number; expected one", source=path.name, line=at + 2)
    pair = row * len(therapists) + column
    times = np.bincount(pair, minlength=len(clients) * len(therapists))
    if (times > 1).any():
        order = np.argsort(pair, kind="stable")
        again = order[1:][np.diff(pair[order]) == 0].min()
        raise BadFile("the pair has a score already", source=path.name, line=int(again) + 2)
    if (times == 0).any():
        missing = int((times == 0).sum())
        first = divmod(int(np.flatnonzero(times == 0)[0]), len(therapists))
        raise BadFile(
            f"{missing} of {len(times)} pairs have no score, the first of them client number "
            f"{first[0] + 1} with therapist number {first[1] + 1} of their tables; expected one for "
            "each pair",
            source=path.name,
        )
    scores = np.empty(len(times))
    scores[pair] = score
    return scores.reshape(len(clients), len(therapists))


def _arrow(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    wrong: list[int] = []

    def refuse(row: Any) -> str:
        wrong.append(row.number or 0)
        return "error"

    named = ("client", "therapist", "score")
    try:
        # One thread: only then does a bad row know its number.
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(invalid_row_handler=refuse),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(named, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        if wrong:
            message = "the row has not as many cells as the first line"
            raise BadFile(message, source=path.name, line=wrong[0] or None) from None
        raise BadFile(
            "this is no table in UTF-8; expected the columns client, therapist and score",
            source=path.name,
        ) from None
    for column in named:
        if table.column_names.count(column) != 1:
            raise BadFile(
                f"not one column is called {column}; expected client, therapist and score",
                source=path.name,
                line=1,
            )
    return table


def _indices(column: Any, ids: Sequence[str], what: str, path: Path) -> NDArray[np.int64]:
    encoded = column.combine_chunks().dictionary_encode()
    place = {name: index for index, name in enumerate(ids)}
    found = [place.get(name.strip(), -1) for name in encoded.dictionary.to_pylist()]
    indices = (
        np.array(found, dtype=np.int64)[encoded.indices.to_numpy()] if found else np.array([], int)
    )
    if (indices < 0).any():
        line = int(np.flatnonzero(indices < 0)[0]) + 2
        raise BadFile(f"the {what} is not in the table of {what}s", source=path.name, line=line)
    return indices


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _table(
    path: Path, known: Sequence[str], needed: Sequence[str], note: Callable[[str], None]
) -> list[tuple[int, Row]]:
    name = path.name
    lines = _lines(decode(read_bytes(path), name), name)
    line, header = next(lines, (1, []))
    columns = [cell.strip().lower() for cell in header]
    for column in needed:
        if column not in columns:
            raise BadFile(f"no column is called {column}; expected one", source=name, line=line)
    twice = [column for column in known if columns.count(column) > 1]
    if twice:
        raise BadFile(f"two columns are called {twice[0]}; expected one", source=name, line=line)
    other = [column for column in columns if column and column not in known]
    if other:
        note(f"{name}: not used: {', '.join(other)}")
    rows: list[tuple[int, Row]] = []
    seen: set[str] = set()
    for line, cells in lines:
        if len(cells) != len(columns):
            raise BadFile(
                f"the row has {len(cells)} cells; expected {len(columns)} as in the first line",
                source=name,
                line=line,
            )
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
        who = row[needed[0]]
        if not who or who in seen:
            what = "comes twice" if who else "is missing"
            raise BadFile(f"the {needed[0]} {what}; expected each once", source=name, line=line)
        seen.add(who)
        rows.append((line, row))
    if not rows:
        raise BadFile(f"there are no {needed[0]}s; expected rows below the first line", source=name)
    return rows


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # A semicolon also stands between things in a cell: it counts only where there is no other.
    delimiter = "\t" if "\t" in lines[0] else "," if "," in lines[0] else ";"
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield reader.line_num, row
    except csv.Error:
        message = "a quotation mark is left open or stands alone"
        raise BadFile(message, source=name, line=reader.line_num) from None


def _of(path: Path, line: int, make: Callable[..., Value], row: Row, *more: str) -> Value:
    """Make a value of a row, and say on which line it could not be made."""
    try:
        return make(row, *more)
    except BadInput as error:
        raise BadFile(str(error), source=path.name, line=line) from None


def _preferences(row: Row) -> Preferences:
    return Preferences(
        needs=Needs(
            languages=_things(row, "languages"),
            formats=frozenset(_named(Format, thing, "formats") for thing in _things(row, "formats")),
            places=_things(row, "places"),
            access=_things(row, "access"),
            most_fee=_number(row, "most_fee"),
            age_group=row.get("age_group", "").lower() or None,
            slots=_slots(row),
            zone=row.get("zone") or "UTC",
        ),
        leanings=_leanings(row, "matters"),
        wishes=tuple(wish for kind in WishKind if (wish := _wish(row, kind)) is not None),
        problems=_things(row, "problems"),
    )


def _profile(row: Row) -> Profile:
    capacity = row["capacity"]
    if not re.fullmatch(r"\d{1,9}", capacity):
        raise BadInput("the capacity is no whole number of 0 or more; expected one")
    return Profile(
        therapist=row["therapist"],
        capacity=int(capacity),
        leanings=_leanings(row, "spread"),
        languages=_things(row, "languages"),
        formats=frozenset(_named(Format, thing, "formats") for thing in _things(row, "formats")),
        places=_things(row, "places"),
        access=_things(row, "access"),
        age_groups=_things(row, "age_groups"),
        problems=_things(row, "problems"),
        fee=_number(row, "fee"),
        slots=_slots(row),
        zone=row.get("zone") or "UTC",
        about={kind: said for kind in WishKind if (said := _things(row, kind))},
    )


def _things(row: Row, column: str) -> frozenset[str]:
    return frozenset(
        thing for part in row.get(column, "").split(";") if (thing := part.strip().lower())
    )


def _slots(row: Row) -> frozenset[WeeklySlot]:
    return frozenset(WeeklySlot.read(thing) for thing in _things(row, "slots"))


def _named(kind: type[Kind], text: str, column: str) -> Kind:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(str(one) for one in kind)
        raise BadInput(f"{column} holds something unknown; expected {known}") from None


def _number(row: Row, column: str) -> float | None:
    text = row.get(column, "")
    if not text:
        return None
    if not _is_number(text) or float(text) < 0:
        raise BadInput(f"{column} is no number of 0 or more; expected one, or an empty cell")
    return float(text)


def _leanings(row: Row, more: str) -> tuple[Leaning, ...]:
    found = []
    for dimension in Dimension:
        value, other = row.get(dimension, ""), row.get(f"{dimension}_{more}", "")
        if not value:
            if other:
                raise BadInput(
                    f"{dimension}_{more} is given without {dimension}; expected both or none"
                )
            continue
        if not _is_number(value) or (other and not _is_number(other)):
            raise BadInput(f"{dimension} or {dimension}_{more} is no number; expected one")
        options: dict[str, Any] = {}
        if other:
            options = {"importance" if more == "matters" else "spread": float(other)}
        found.append(Leaning(dimension, float(value), **options))
    return tuple(found)


def _wish(row: Row, kind: WishKind) -> Wish | None:
    wanted, strength = _things(row, kind), row.get(f"{kind}_strength", "").lower()
    if not wanted:
        if strength:
            raise BadInput(f"{kind}_strength is given without a wish; expected both or none")
        return None
    if not strength:
        raise BadInput(f"{kind}_strength is missing; expected must or would_like")
    return Wish(kind, wanted, _named(Strength, strength, f"{kind}_strength"))

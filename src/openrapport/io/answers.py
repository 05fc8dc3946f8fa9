"""Answers to a questionnaire as a table: a row for each form, a column for each item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from openrapport.errors import BadFile, BadInput
from openrapport.io.tables import table_rows
from openrapport.measures.forms import Instrument, Item, Kind
from openrapport.measures.scoring import check_answers

__all__ = ["Form", "read_answers"]

_FIXED = ("client", "occasion")
_MISSING = frozenset(("", "na", "n/a", "nan", "none", "null"))


@dataclass(frozen=True, slots=True)
class Form:
    """One filled-in questionnaire.

    Parameters
    ----------
    client, occasion : str
        As the table writes them.
    answers : dict of str to int, float or str
        Item key to answer, checked, without what was left out.
    line : int
        Where it stands.
    """

    client: str
    occasion: str
    answers: dict[str, int | float | str]
    line: int


def read_answers(text: str, name: str, instrument: Instrument) -> Iterator[Form]:
    """Read a table of answers.

    Parameters
    ----------
    text : str
        All of the file: columns ``client``, ``occasion`` and a column for each item. An empty cell,
        ``NA`` or ``null`` is an item that was left out, and so is an item without a column.
    name : str
        The file's name, for messages.
    instrument : Instrument
        The form.

    Yields
    ------
    form : Form
        In the table's order.

    Raises
    ------
    BadFile
        If columns are missing, unknown or stand twice, a row has another number of cells, a client
        has the same occasion twice, or an answer is none that its item has. No cell is quoted.
    """
    rows = table_rows(text, name)
    line, header = next(rows, (1, []))
    columns = _columns(header, instrument, name, line)
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows:
        if len(row) != len(columns):
            raise BadFile(
                f"the row has {len(row)} cells; expected {len(columns)} as in the first line",
                source=name,
                line=line,
            )
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=True)}
        who = (cells.pop("client"), cells.pop("occasion"))
        if not all(who):
            raise BadFile("client or occasion is empty; expected both", source=name, line=line)
        if who in seen:
            raise BadFile(
                f"this client has this occasion in line {seen[who]} too; keep one of them",
                source=name,
                line=line,
            )
        seen[who] = line
        try:
            numbers = {key: _value(instrument.item(key), cell) for key, cell in cells.items()}
            yield Form(*who, check_answers(instrument, numbers), line)
        except BadInput as error:
            raise BadFile(str(error), source=name, line=line) from None
    if not seen:
        raise BadFile("there are no answers below the first line", source=name)


def _columns(header: list[str], instrument: Instrument, name: str, line: int) -> list[str]:
    columns = [cell.strip() for cell in header]
    items = [item.key for item in instrument.items]
    expected = f"expected client, occasion and items of {instrument.key} ({', '.join(items)})"
    if missing := [column for column in _FIXED if column not in columns]:
        raise BadFile(
            f"no column {' and no column '.join(missing)}; {expected}", source=name, line=line
        )
    strangers = [
        str(place) for place, column in enumerate(columns, 1) if column not in (*_FIXED, *items)
    ]
    if strangers:
        raise BadFile(f"column {', '.join(strangers)} is no item; {expected}", source=name, line=line)
    if len(set(columns)) < len(columns):
        raise BadFile("a column stands twice; keep one of them", source=name, line=line)
    if len(columns) == len(_FIXED):
        raise BadFile(f"there is no column with answers; {expected}", source=name, line=line)
    return columns


def _value(item: Item, cell: str) -> int | float | str | None:
    if cell.casefold() in _MISSING:
        return None
    if item.kind is Kind.TEXT:
        return cell
    try:
        number = float(cell)
    except ValueError:
        return cell  # which the item refuses, without quoting it
    if not isfinite(number):
        return cell
    return int(number) if number == int(number) else number

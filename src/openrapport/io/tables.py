"""Transcripts as tables: CSV and TSV, one session or many, with any names of columns.

A cell that starts like a formula is text, here and in every table we write: there it gets an
apostrophe in front, so that a spreadsheet does not run it, and reading one of our own tables takes
that apostrophe away again. Tables of others are read as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from openrapport.errors import BadInput, BadTranscript
from openrapport.io.labels import role_named, same_label
from openrapport.io.raw import MAX_UTTERANCES, RawTranscript, RawUtterance, too_many_utterances
from openrapport.io.times import check_times, parse_clock, parse_ms, parse_seconds, without_slips
from openrapport.session import Party, Role

__all__ = ["OWN_COLUMNS", "guarded", "read_tables", "table_rows"]

OWN_COLUMNS = ("session", "utterance_id", "speaker", "role", "start_ms", "end_ms", "text")
"""The columns of the tables that we write."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "utterance_text", "utterance", "transcript", "content", "words", "sentence"),
    "speaker": ("speaker", "interlocutor", "speaker_name", "speaker_label", "participant", "role"),
    "role": ("role",),
    "start": ("start_ms", "start", "start_time", "timestamp", "time", "begin", "onset", "start_s"),
    "end": ("end_ms", "end", "end_time", "stop", "offset", "end_s"),
    "session": ("session", "session_id", "transcript_id", "conversation_id", "dialogue_id"),
    "id": ("utterance_id", "id", "turn_id", "utt_id"),
}
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_MANY = "name the column that tells sessions apart (--columns session=NAME), or split the table"
_NO_TIME = frozenset(("", "na", "n/a", "none", "null"))


# By comparable label: the label as it stood first, and its role.
_Roles = dict[str, tuple[str, Role | None]]


@dataclass(frozen=True, slots=True)
class _Columns:
    width: int
    text: int
    speaker: int
    role: int | None
    start: int | None
    end: int | None
    session: int | None
    id: int | None
    start_in_ms: bool
    end_in_ms: bool
    ours: bool


def guarded(cell: str) -> str:
    """Keep a cell from being run as a formula.

    Parameters
    ----------
    cell : str
        Any text.

    Returns
    -------
    cell : str
        With an apostrophe in front where it starts with ``= + - @``, a tab or a line end (or with
        apostrophes before one of these); otherwise as it is.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def read_tables(
    text: str,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    session: str | None = None,
) -> Iterator[RawTranscript]:
    """Read a table, one session after the other.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages, and for the transcript where no column names sessions.
    columns : mapping of str to str, optional
        Which column holds ``text``, ``speaker``, ``role``, ``start``, ``end``, ``session`` or
        ``id``; what is not given is found by its usual names. A time is ``HH:MM:SS``, ``MM:SS`` or
        seconds, and milliseconds in a column whose name ends in ``ms``.
    session : str, optional
        Read only this one.

    Yields
    ------
    raw : RawTranscript
        Only one session stands in memory beside the text.

    Raises
    ------
    BadTranscript
        If a column is missing, a row has too few or too many cells, rows of a session do not stand
        together, or a time is wrong.
    BadInput
        If ``columns`` names something that there is not.
    """
    rows = table_rows(text, name)
    line, header = next(rows, (1, []))
    found = _find_columns(header, columns or {}, name, line)
    if found.session is None and session is not None:
        raise BadTranscript("no column names the session; leave the session's name out", source=name)
    done: set[str] = set()
    group: list[RawUtterance] = []
    roles: _Roles = {}
    current: str | None = None
    for line, row in rows:
        row = _cells(row, found, line, name)
        key = row[found.session] if found.session is not None else name
        if key != current:
            if current is not None and group:
                yield _transcript(current, group, roles, name)
            if key in done:
                raise BadTranscript(
                    "a session goes on after another one began; sort the rows by session",
                    source=name,
                    line=line,
                )
            done.add(key)
            current, group, roles = key, [], {}
        if session is None or key == session:
            if len(group) == MAX_UTTERANCES:
                raise too_many_utterances(line, source=name, advice=_MANY)
            group.append(_utterance(row, found, line, name))
            _note_role(roles, row, found, line, name)
    if current is not None and group:
        yield _transcript(current, group, roles, name)


def _transcript(key: str, group: list[RawUtterance], roles: _Roles, source: str) -> RawTranscript:
    utterances, notes = without_slips(group)
    check_times(utterances, source)
    parties: tuple[Party, ...] = ()
    if roles and all(role for _, role in roles.values()):
        parties = tuple(Party(label, role) for label, role in roles.values() if role)
    return RawTranscript(key, tuple(utterances), parties=parties, notes=notes)


def table_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Go through the rows of a table whose cells are parted by commas, semicolons or tabs.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages.

    Yields
    ------
    line, row : int, list of str
        Rows that are not empty, with the line on which they begin.

    Raises
    ------
    BadTranscript
        If a quotation mark is left open or a cell is too long.
    """
    header = text[: text.find("\n") + 1] or text
    # A comma where nothing else stands more often: a sentence in a header is unlikely.
    delimiter = max((",", ";", "\t"), key=header.count)
    reader = csv.reader((match[0] for match in _LINE.finditer(text)), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BadTranscript(
                "a quotation mark is left open or stands alone, or a cell is too long; "
                'expected cells with a delimiter or a line end in "..."',
                source=name,
                line=line,
            ) from None
        if any(row):
            yield line, row


def _cells(row: list[str], columns: _Columns, line: int, name: str) -> list[str]:
    if len(row) != columns.width:
        raise BadTranscript(
            f"the row has {len(row)} cells; expected {columns.width} as in the first line",
            source=name,
            line=line,
        )
    return [_unguarded(cell) for cell in row] if columns.ours else row


def _find_columns(header: list[str], wanted: Mapping[str, str], name: str, line: int) -> _Columns:
    unknown = sorted(set(wanted) - set(_ALIASES))
    if unknown:
        raise BadInput(f"columns holds {unknown[0]!r}; expected some of {', '.join(_ALIASES)}")
    names = [_column_name(cell) for cell in header]
    place: dict[str, int | None] = {}
    for field, aliases in _ALIASES.items():
        known = (_column_name(wanted[field]),) if field in wanted else aliases
        place[field] = next((names.index(alias) for alias in known if alias in names), None)
        if field in wanted and place[field] is None:
            raise BadInput(
                f"{name}: there is no column for {field} by the name that was given; "
                f"the table has {len(header)} columns, named in line {line}"
            )
        if place[field] is not None and names.count(names[place[field] or 0]) > 1:
            raise BadTranscript(f"the column for {field} stands twice", source=name, line=line)
    text, speaker = (_needed(place, field, name, line) for field in ("text", "speaker"))
    start, end = place["start"], place["end"]
    return _Columns(
        width=len(header),
        text=text,
        speaker=speaker,
        role=place["role"] if place["role"] != speaker else None,
        start=start,
        end=end,
        session=place["session"],
        id=place["id"],
        start_in_ms=start is not None and names[start].endswith("ms"),
        end_in_ms=end is not None and names[end].endswith("ms"),
        ours=tuple(header) == OWN_COLUMNS,
    )


def _needed(place: Mapping[str, int | None], field: str, name: str, line: int) -> int:
    found = place[field]
    if found is None:
        raise BadTranscript(
            f"no column for {field}; expected one called {', '.join(_ALIASES[field])}, "
            f"or a mapping that names it",
            source=name,
            line=line,
        )
    return found


def _column_name(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.strip().casefold())


def _utterance(row: list[str], columns: _Columns, line: int, name: str) -> RawUtterance:
    def cell(place: int | None) -> str | None:
        return row[place] if place is not None and row[place] else None

    start = _time(cell(columns.start), columns.start_in_ms, line, name)
    end = _time(cell(columns.end), columns.end_in_ms, line, name)
    speaker = row[columns.speaker].strip()
    return RawUtterance(row[columns.text], speaker or None, start, end, cell(columns.id), line)


def _time(cell: str | None, in_ms: bool, line: int, name: str) -> int | None:
    cell = (cell or "").strip()
    if cell.casefold() in _NO_TIME:
        return None
    numbers: Callable[[str], int | None] = parse_ms if in_ms else parse_seconds
    ms = parse_clock(cell) if ":" in cell else numbers(cell)
    if ms is None:
        raise BadTranscript(
            "a time is not HH:MM:SS, MM:SS or a number from 0 up; correct it, or leave it empty",
            source=name,
            line=line,
        )
    return ms


def _note_role(roles: _Roles, row: list[str], columns: _Columns, line: int, name: str) -> None:
    if columns.role is None:
        return
    label, role = row[columns.speaker].strip(), role_named(row[columns.role])
    if roles.setdefault(same_label(label), (label, role))[1] is not role:
        raise BadTranscript(
            "a speaker has another role than above; expected one role for each speaker",
            source=name,
            line=line,
        )


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

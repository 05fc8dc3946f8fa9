"""Our own bundle: one zip file with a manifest and Parquet tables, which loses nothing.

::

    manifest.json           format, version, who and what, the SHA-256 of every other member
    utterances.parquet      id, party, start_ms, end_ms, text
    codes.parquet           set (its place in the manifest), utterance, label, probability
    ratings.parquet         set, value
    signals/0.parquet ...   value, valid: one table a signal, because their lengths differ
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.codes import Codes, MeasuredError, Ratings
from openrapport.errors import BadBundle, BadInput
from openrapport.io.archives import unpack
from openrapport.io.carried import counted, whole_characters
from openrapport.io.parquet import TABLES, read_table, write_table
from openrapport.io.raw import MAX_CHARS, MAX_UTTERANCES
from openrapport.session import Party, Role, Session, Source
from openrapport.signal import Signal
from openrapport.utterances import Utterances

__all__ = ["FORMAT", "MAX_UNPACKED_BYTES", "VERSION", "read_bundle", "write_bundle"]

MAX_UNPACKED_BYTES = 512 * 2**20
"""What a bundle may unpack to: ten hours of thirty signals at 25 Hz have half of it."""

FORMAT = "openrapport-bundle"
VERSION = 1
_MANIFEST = "manifest.json"
# A fixed time, so that the same session always gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_MAX_MANIFEST_BYTES = 8 * 2**20
_LARGEST = 2**53  # of whole numbers: beyond it, readers in other languages round

Columns = dict[str, Any]


def write_bundle(session: Session, path: Path) -> tuple[str, ...]:
    """Write a session to a bundle. The same session always gives the same bytes.

    Parameters
    ----------
    session : Session
        With all that it holds.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    notes : tuple of str
        Empty, but for half a character (a lone surrogate), which no file can hold.
    """
    texts = tuple(whole_characters(text) for text in session.utterances.text)
    members = {
        name: write_table(columns, name.partition("/")[0])
        for name, columns in _tables(session, texts).items()
    }
    manifest = _manifest(session)
    manifest["members"] = {name: sha256(data).hexdigest() for name, data in members.items()}
    text = json.dumps(manifest, indent=1)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {_MANIFEST: text.encode(), **members}.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)
    changed = sum(a != b for a, b in zip(texts, session.utterances.text, strict=True))
    note = (
        f"Half characters cannot be written: replaced by “\ufffd” in {counted(changed, 'utterance')}."
    )
    return (note,) if changed else ()


def read_bundle(path: Path) -> Session:
    """Read a session from a bundle.

    Parameters
    ----------
    path : pathlib.Path
        A file that :func:`write_bundle` wrote.

    Returns
    -------
    session : Session
        Equal to the one that was written.

    Raises
    ------
    BadBundle
        If it is no bundle, is damaged, unpacks to too much, or holds what no session may hold.
    """
    members = unpack(path, BadBundle, max_bytes=MAX_UNPACKED_BYTES)
    try:
        manifest = _checked(members.pop(_MANIFEST, None), members)
        return _session(manifest, members)
    except BadBundle as error:
        raise error.at(path.name) from None
    except BadInput as error:
        raise BadBundle(f"what it holds is no session: {error}", source=path.name) from None


def _tables(session: Session, texts: Sequence[str]) -> dict[str, Columns]:
    spoken = session.utterances
    tables: dict[str, Columns] = {
        "utterances.parquet": {
            "id": [whole_characters(name) for name in spoken.ids],
            **{name: getattr(spoken, name) for name in ("party", "start_ms", "end_ms")},
            "text": texts,
        },
        "codes.parquet": {
            "set": _set_numbers([len(codes) for codes in session.codes]),
            **{
                name: np.concatenate([np.zeros(0, kind), *(getattr(c, name) for c in session.codes)])
                for name, kind in (("utterance", int), ("label", int), ("probability", float))
            },
        },
        "ratings.parquet": {
            "set": _set_numbers([len(ratings.values) for ratings in session.ratings]),
            "value": np.concatenate([np.zeros(0), *(ratings.values for ratings in session.ratings)]),
        },
    }
    for i, signal in enumerate(session.signals.values()):
        # What stands where nothing was observed means nothing: it is not written.
        observed = np.where(signal.valid, signal.values, np.nan)
        tables[f"signals/{i}.parquet"] = {"value": observed, "valid": signal.valid}
    return tables


def _set_numbers(lengths: Sequence[int]) -> Any:
    return np.repeat(np.arange(len(lengths)), np.asarray(lengths, dtype=np.int64))


def _manifest(session: Session) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": whole_characters(session.name),
        "parties": [asdict(party) for party in session.parties],
        "duration_ms": session.duration_ms,
        "language": session.language,
        "approach": session.approach,
        "sources": [asdict(source) for source in session.sources],
        "codes": [
            {
                "scheme": codes.scheme,
                "coder": codes.coder,
                "labels": codes.labels,
                "measured": [asdict(measured) for measured in codes.measured],
            }
            for codes in session.codes
        ],
        "ratings": [
            {"scheme": ratings.scheme, "rater": ratings.rater, "unit": ratings.unit}
            for ratings in session.ratings
        ],
        "signals": [
            {"name": name, "rate_hz": s.rate_hz, "unit": s.unit, "start_ms": s.start_ms}
            for name, s in session.signals.items()
        ],
    }


def _checked(data: bytes | None, members: dict[str, bytes]) -> dict[str, Any]:
    if data is None:
        raise BadBundle(f"holds no {_MANIFEST}; expected a bundle that OpenRapport wrote")
    if len(data) > _MAX_MANIFEST_BYTES:
        raise BadBundle(f"{_MANIFEST} is larger than {_MAX_MANIFEST_BYTES / 2**20:g} MiB")
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise BadBundle(f"{_MANIFEST} is damaged; write the bundle again") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BadBundle(f"{_MANIFEST} is of another format; expected {FORMAT}")
    version = _get(manifest, "version", int)
    if version != VERSION:
        raise BadBundle(f"its version is {version}, this program reads {VERSION}; use a newer one")
    listed = _get(manifest, "members", dict)
    if set(listed) != set(members):
        n = len(set(listed) ^ set(members))
        raise BadBundle(f"{n} members are missing or not in its manifest; write the bundle again")
    for name, content in members.items():
        if name not in TABLES and not name.startswith("signals/"):
            raise BadBundle("holds a member that no bundle has; write the bundle again")
        if sha256(content).hexdigest() != listed[name]:
            # Names under signals/ come from the file, and only its length is known to be sane.
            shown = name if name in TABLES else "a signal"
            raise BadBundle(f"{shown} was changed or damaged since the bundle was written")
    return manifest


def _session(manifest: dict[str, Any], members: dict[str, bytes]) -> Session:
    spoken = read_table(members, "utterances.parquet")
    if len(spoken["id"]) > MAX_UTTERANCES or sum(map(len, spoken["text"])) > MAX_CHARS:
        raise BadBundle(
            f"holds more than {MAX_UTTERANCES:,} utterances or {MAX_CHARS:,} characters, "
            "the most that is read"
        )
    signals = _rows(manifest, "signals")
    if sum(name.startswith("signals/") for name in members) != len(signals):
        raise BadBundle("holds another number of signals than its manifest says")
    if len({_get(about, "name", str) for about in signals}) != len(signals):
        raise BadBundle("a signal's name stands twice in its manifest")
    return Session(
        name=_get(manifest, "name", str),
        parties=tuple(Party(_get(p, "name", str), _role(p)) for p in _rows(manifest, "parties")),
        utterances=Utterances(
            ids=tuple(spoken["id"]),
            party=spoken["party"],
            text=tuple(spoken["text"]),
            start_ms=spoken["start_ms"],
            end_ms=spoken["end_ms"],
        ),
        signals={
            _get(about, "name", str): _signal(about, read_table(members, f"signals/{i}.parquet"))
            for i, about in enumerate(signals)
        },
        codes=_codes(_rows(manifest, "codes"), read_table(members, "codes.parquet")),
        ratings=_ratings(_rows(manifest, "ratings"), read_table(members, "ratings.parquet")),
        duration_ms=_get(manifest, "duration_ms", int, None),
        language=_get(manifest, "language", str, None),
        approach=_get(manifest, "approach", str, None),
        sources=tuple(
            Source(_get(s, "name", str), _get(s, "sha256", str)) for s in _rows(manifest, "sources")
        ),
    )


def _signal(about: dict[str, Any], columns: Columns) -> Signal:
    return Signal(
        columns["value"],
        columns["valid"],
        rate_hz=_get(about, "rate_hz", float),
        unit=_get(about, "unit", str),
        start_ms=_get(about, "start_ms", int),
    )


def _codes(sets: list[dict[str, Any]], columns: Columns) -> tuple[Codes, ...]:
    return tuple(
        Codes(
            scheme=_get(about, "scheme", str),
            coder=_get(about, "coder", str),
            labels=_strings(about, "labels"),
            measured=tuple(_measured(row) for row in _rows(about, "measured")),
            **{name: columns[name][own] for name in ("utterance", "label", "probability")},
        )
        for about, own in zip(sets, _own_rows(columns["set"], len(sets)), strict=True)
    )


def _ratings(sets: list[dict[str, Any]], columns: Columns) -> tuple[Ratings, ...]:
    return tuple(
        Ratings(
            scheme=_get(about, "scheme", str),
            rater=_get(about, "rater", str),
            values=columns["value"][own],
            unit=_get(about, "unit", str),
        )
        for about, own in zip(sets, _own_rows(columns["set"], len(sets)), strict=True)
    )


def _own_rows(numbers: Any, n_sets: int) -> list[slice]:
    if len(numbers) and (numbers[0] < 0 or numbers[-1] >= n_sets or (np.diff(numbers) < 0).any()):
        raise BadBundle("rows of codes or ratings belong to no set of its manifest")
    bounds = np.searchsorted(numbers, np.arange(n_sets + 1))
    return [slice(a, b) for a, b in pairwise(bounds)]


def _measured(row: dict[str, Any]) -> MeasuredError:
    ends = _get(row, "interval", list)
    if len(ends) != 2:
        raise _wrong("interval")
    low, high = (_get({"interval": end}, "interval", float) for end in ends)
    return MeasuredError(
        code=_get(row, "code", str),
        metric=_get(row, "metric", str),
        value=_get(row, "value", float),
        interval=(low, high),
        n=_get(row, "n", int),
        on=_get(row, "on", str),
    )


def _role(party: dict[str, Any]) -> Role:
    try:
        return Role(_get(party, "role", str))
    except ValueError:
        raise _wrong("role") from None


def _rows(about: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _get(about, name, list)
    if not all(isinstance(row, dict) for row in rows):
        raise _wrong(name)
    return rows


def _strings(about: dict[str, Any], name: str) -> tuple[str, ...]:
    values = _get(about, name, list)
    if not all(isinstance(value, str) for value in values):
        raise _wrong(name)
    return tuple(values)


def _get(about: dict[str, Any], name: str, kind: type, *or_none: None) -> Any:
    if name in about and about[name] is None and or_none:
        return None
    value = about.get(name)
    wanted = (int, float) if kind is float else kind
    # True is an int to Python, and never to us.
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise _wrong(name)
    # So is NaN a float, and a number with a thousand digits an int.
    if isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
        raise _wrong(name)
    return whole_characters(value) if isinstance(value, str) else value


def _wrong(name: str) -> BadBundle:
    return BadBundle(f"{name!r} in {_MANIFEST} is missing or of a wrong kind; write the bundle again")

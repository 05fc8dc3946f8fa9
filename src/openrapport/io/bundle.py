"""Our own bundle: one zip file with a manifest and Parquet tables, which loses nothing."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.codes import Codes, MeasuredError, Ratings
from openrapport.errors import BadBundle, BadInput
from openrapport.session import Party, Role, Session, Source
from openrapport.signal import Signal
from openrapport.utterances import Utterances

__all__ = ["MAX_UNPACKED_BYTES", "read_bundle", "write_bundle"]

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""What a bundle may unpack to: a zip bomb is refused before it is unpacked."""

_FORMAT = "openrapport-bundle"
_VERSION = 1
_MANIFEST = "manifest.json"
# A fixed time, so that the same session always gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_bundle(session: Session, path: Path) -> tuple[str, ...]:
    """Write a session to a bundle.

    Parameters
    ----------
    session : Session
        With all that it holds.
    path : pathlib.Path
        The file to write.

    Returns
    -------
    dropped : tuple of str
        Always empty: a bundle keeps everything.
    """
    spoken = session.utterances
    tables = {
        "utterances.parquet": {
            "id": spoken.ids,
            "party": spoken.party,
            "start_ms": spoken.start_ms,
            "end_ms": spoken.end_ms,
            "text": spoken.text,
        }
    }
    manifest: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": session.name,
        "parties": [asdict(party) for party in session.parties],
        "duration_ms": session.duration_ms,
        "language": session.language,
        "sources": [asdict(source) for source in session.sources],
        "codes": [],
        "ratings": [],
        "signals": [],
    }
    for i, codes in enumerate(session.codes):
        columns = {c: getattr(codes, c) for c in ("utterance", "label", "probability")}
        tables[f"codes/{i}.parquet"] = columns
        about = {"scheme": codes.scheme, "coder": codes.coder, "labels": codes.labels}
        manifest["codes"].append({**about, "measured": [asdict(m) for m in codes.measured]})
    for i, ratings in enumerate(session.ratings):
        tables[f"ratings/{i}.parquet"] = {"value": ratings.values}
        manifest["ratings"].append({k: getattr(ratings, k) for k in ("scheme", "rater", "unit")})
    for i, (name, signal) in enumerate(session.signals.items()):
        tables[f"signals/{i}.parquet"] = {"value": signal.values, "valid": signal.valid}
        about = {k: getattr(signal, k) for k in ("rate_hz", "unit", "start_ms")}
        manifest["signals"].append({"name": name, **about})
    members = {name: _parquet(columns) for name, columns in tables.items()}
    manifest["members"] = {name: sha256(data).hexdigest() for name, data in members.items()}
    text = json.dumps(manifest, ensure_ascii=True, indent=1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {_MANIFEST: text.encode(), **members}.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)
    return ()


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
    try:
        members = _unpack(path)
        manifest = json.loads(members.pop(_MANIFEST))
        _check(manifest, members)
        return _session(manifest, {name: _columns(data) for name, data in members.items()})
    except BadBundle as error:
        raise error.at(path.name) from None
    except BadInput as error:
        raise BadBundle(str(error), source=path.name) from None
    # Whatever a damaged file makes json, zipfile or pyarrow say, it may quote what was said.
    except (
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        OSError,
        RecursionError,
    ) as error:
        raise BadBundle(f"damaged, or no bundle ({type(error).__name__})", source=path.name) from None


def _parquet(columns: dict[str, Any]) -> bytes:
    import pyarrow as pa  # heavy, and only bundles need it
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(column) for name, column in columns.items()}), buffer)
    return buffer.getvalue()


def _columns(data: bytes) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(io.BytesIO(data)).read()
    except (pa.ArrowException, OSError):
        raise BadBundle("a table in it is damaged; write the bundle again") from None
    return {name: table[name].to_pylist() for name in table.column_names}


def _unpack(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if len({i.filename for i in infos}) != len(infos):
                raise BadBundle("a member stands in it twice")
            if sum(i.file_size for i in infos) > MAX_UNPACKED_BYTES:
                raise BadBundle(
                    f"unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB; expected less"
                )
            if _MANIFEST not in archive.namelist():
                raise BadBundle(f"holds no {_MANIFEST}; expected a bundle that OpenRapport wrote")
            # zipfile stops at the size that the directory states, so the bound above holds.
            return {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise BadBundle("not a zip file, or a damaged one; expected a bundle") from None
    except Exception as error:
        if type(error).__module__ in ("zlib", "lzma"):
            raise BadBundle("a damaged zip file; expected a bundle") from None
        raise


def _check(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    if manifest["format"] != _FORMAT:
        raise BadBundle(f"its manifest is of another format; expected {_FORMAT}")
    if manifest["version"] != _VERSION:
        raise BadBundle(f"its version is not {_VERSION}; a newer OpenRapport may read it")
    if set(manifest["members"]) != set(members):
        raise BadBundle("its members are not those that its manifest lists")
    if any(sha256(data).hexdigest() != manifest["members"][name] for name, data in members.items()):
        raise BadBundle("a member was changed or damaged since the bundle was written")


def _session(manifest: dict[str, Any], tables: dict[str, dict[str, Any]]) -> Session:
    rows = tables["utterances.parquet"]
    columns = (tuple(rows["id"]), rows["party"], tuple(rows["text"]), rows["start_ms"], rows["end_ms"])
    return Session(
        name=manifest["name"],
        parties=tuple(Party(p["name"], Role(p["role"])) for p in manifest["parties"]),
        utterances=Utterances(*columns),
        signals={
            about.pop("name"): Signal(np.array(t["value"]), np.array(t["valid"], dtype=bool), **about)
            for about, t in _each(manifest, tables, "signals")
        },
        codes=tuple(
            Codes(**{**about, "measured": _measured(about["measured"]), **t})
            for about, t in _each(manifest, tables, "codes")
        ),
        ratings=tuple(
            Ratings(values=np.array(t["value"], dtype=float), **about)
            for about, t in _each(manifest, tables, "ratings")
        ),
        duration_ms=manifest["duration_ms"],
        language=manifest["language"],
        sources=tuple(Source(**source) for source in manifest["sources"]),
    )


def _each(
    manifest: dict[str, Any], tables: dict[str, dict[str, Any]], kind: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(dict(about), tables[f"{kind}/{i}.parquet"]) for i, about in enumerate(manifest[kind])]


def _measured(rows: list[dict[str, Any]]) -> tuple[MeasuredError, ...]:
    return tuple(MeasuredError(**{**row, "interval": tuple(row["interval"])}) for row in rows)

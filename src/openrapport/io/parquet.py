"""The tables of a bundle, as plain Parquet: what each holds, and how large reading may make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrapport.errors import BadBundle

__all__ = ["TABLES", "read_table", "write_table"]

TABLES: Mapping[str, Mapping[str, str]] = {
    "utterances.parquet": {
        "id": "string",
        "party": "int64",
        "start_ms": "int64",
        "end_ms": "int64",
        "text": "string",
    },
    "codes.parquet": {"set": "int64", "utterance": "int64", "label": "int64", "probability": "double"},
    "ratings.parquet": {"set": "int64", "value": "double"},
    "signals": {"value": "double", "valid": "bool"},
}
"""Columns and their types, by member; ``signals`` stands for every member in that folder."""

# Every value stands in the file as it is. A dictionary, runs or compression could make gigabytes of
# a few bytes while they are read; the zip file around the tables compresses them, with a limit.
_PLAIN = frozenset({"PLAIN", "RLE", "BIT_PACKED"})
# What one value has at the least, so that a table's bytes say how many rows there can be.
_BYTES = {"int64": 8, "double": 8, "string": 4, "bool": 0}
_DAMAGED = "is damaged; write the bundle again"


def write_table(columns: Mapping[str, Any], name: str) -> bytes:
    """Write columns as Parquet.

    Parameters
    ----------
    columns : mapping of str to array_like
        As ``TABLES`` names them.
    name : str
        Which of ``TABLES``.

    Returns
    -------
    data : bytes
        The same for the same columns.
    """
    import pyarrow as pa  # 0.2 s, and only bundles need it
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(c, _type(kind), nullable=False) for c, kind in TABLES[name].items()])
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    buffer = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        buffer,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    return bytes(buffer.getvalue())


def read_table(members: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Read a table that :func:`write_table` wrote.

    Parameters
    ----------
    members : mapping of str to bytes
        Of a bundle.
    name : str
        The member.

    Returns
    -------
    columns : dict of str to ndarray or list of str
        By name.

    Raises
    ------
    BadBundle
        If the member is missing, damaged, or another table than it should be.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if name not in members:
        raise BadBundle(f"{name} is missing; write the bundle again")
    data = members[name]
    try:
        _check(pq.ParquetFile(pa.BufferReader(data)), data, name)
        # A table may say that it is plain and hold a dictionary all the same: it is left as one until
        # it is known what its texts have together.
        texts = [c for c, kind in TABLES[name.partition("/")[0]].items() if kind == "string"]
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
        table = file.read(use_threads=False)
        table.validate(full=True)
        if sum(_text_bytes(table.column(column)) for column in texts) > len(data):
            raise BadBundle(f"{name} {_DAMAGED}")
        return {
            column: table.column(column).to_pylist()
            if column in texts
            else table.column(column).to_numpy()
            for column in table.column_names
        }
    except BadBundle:
        raise
    # What a damaged table makes pyarrow say may quote what was said.
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError):
        raise BadBundle(f"{name} {_DAMAGED}") from None


def _type(kind: str) -> Any:
    import pyarrow as pa

    return pa.bool_() if kind == "bool" else pa.type_for_alias(kind)


def _text_bytes(column: Any) -> int:
    import pyarrow.compute as pc

    return sum(
        int(pc.binary_length(chunk.dictionary).to_numpy()[chunk.indices.to_numpy()].sum())
        for chunk in column.chunks
        if len(chunk)
    )


def _check(file: Any, data: bytes, name: str) -> None:
    wanted = TABLES[name.partition("/")[0]]
    about, schema = file.metadata, file.schema_arrow
    if [(field.name, str(field.type)) for field in schema] != list(wanted.items()):
        raise BadBundle(f"{name} has other columns than a bundle of this version; write it again")
    chunks = [
        about.row_group(g).column(c)
        for g in range(about.num_row_groups)
        for c in range(about.num_columns)
    ]
    plain = all(
        chunk.compression == "UNCOMPRESSED" and _PLAIN.issuperset(chunk.encodings) for chunk in chunks
    )
    n_bytes = about.num_rows * sum(_BYTES[kind] for kind in wanted.values())
    if not plain or n_bytes > len(data) or any(field.nullable for field in schema):
        raise BadBundle(f"{name} {_DAMAGED}")

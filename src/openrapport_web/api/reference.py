"""The OpenAPI document as something to read: areas, operations, and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Area", "Field", "Operation", "areas"]


@dataclass(frozen=True, slots=True)
class Field:
    """One value."""

    name: str
    kind: str
    needed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask for."""

    name: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    asked: tuple[Field, ...]
    sent: tuple[Field, ...]
    answers: tuple[Field, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Area:
    """Operations that belong together."""

    name: str
    operations: tuple[Operation, ...]


def areas(document: Mapping[str, Any]) -> list[Area]:
    """Sort what a document describes by area, in its own order.

    Parameters
    ----------
    document : dict
        OpenAPI 3.1.
    """
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            found.setdefault(said["tags"][0], []).append(_operation(document, path, method, said))
    return [Area(name, tuple(operations)) for name, operations in found.items()]


def _operation(
    document: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]
) -> Operation:
    status, answer = next((s, a) for s, a in said["responses"].items() if int(s) < 300)
    body: Mapping[str, Any] = next(iter(said.get("requestBody", {}).get("content", {}).values()), {})
    given: Mapping[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        title=said["summary"],
        words=said["description"],
        scope=said["x-scope"],
        asked=tuple(
            Field(p["name"], _kind(document, p["schema"]), p["required"], p.get("description", ""))
            for p in said["parameters"]
            if p["in"] == "query"
        ),
        sent=tuple(_fields(document, body.get("schema", {}))),
        answers=tuple(_fields(document, given.get("schema", {}))),
        status=str(status),
    )


def _looked_up(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Field]:
    shape = _looked_up(document, schema)
    for name, value in shape.get("properties", {}).items():
        words = value.get("description", "")
        yield Field(name, _kind(document, value), name in shape.get("required", ()), words)


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Say in a few words what a value is."""
    if "anyOf" in schema:
        return " or ".join(_kind(document, one) for one in schema["anyOf"])
    shape = _looked_up(document, schema)
    if "enum" in shape:
        return " | ".join(map(str, shape["enum"]))
    kind = str(shape.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(document, shape.get('items', {}))}"
    if kind == "object":
        inside = ", ".join(shape.get("properties", {}))
        return f"object: {inside}" if inside else "object"
    return {"uuid": "key", "date": "day", "date-time": "moment"}.get(shape.get("format", ""), kind)

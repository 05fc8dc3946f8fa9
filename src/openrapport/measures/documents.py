"""Reading a JSON document with care: every value has a path, and every complaint names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, NoReturn

from openrapport.errors import BadInput

__all__ = ["Node", "parsed"]

_MAX_CHARACTERS = 5_000_000


def parsed(text: str, name: str) -> Any:
    """Parse JSON that may be hostile.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What it is, for messages.

    Returns
    -------
    value : object
        Plain Python values, every number finite.

    Raises
    ------
    BadInput
        If it is no JSON, names a key twice, holds a number that is none, or is too large or nested
        too deeply.
    """
    if len(text) > _MAX_CHARACTERS:
        raise BadInput(
            f"{name} is longer than {_MAX_CHARACTERS:,} characters; this is no questionnaire"
        )
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_without_doubles,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise BadInput(f"{name} is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise BadInput(f"{name} is nested too deeply; this is no questionnaire") from None
    except BadInput as error:
        raise BadInput(f"{name} {error}") from None
    except ValueError:  # a whole number of thousands of digits
        raise BadInput(f"{name} holds a number that is too long") from None


class Node:
    """One value of a document, with its path.

    Parameters
    ----------
    value : object
        What stands there.
    path : str
        Where it stands, such as ``"scales[0].items"``.
    """

    __slots__ = ("path", "value")

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path

    def fail(self, message: str) -> NoReturn:
        """Complain about this place.

        Parameters
        ----------
        message : str
            What was expected and what to do.

        Raises
        ------
        BadInput
            Always.
        """
        raise BadInput(f"{self.path}: {message}")

    def fields(self, *needed: str, may: tuple[str, ...] = ()) -> None:
        """Check that this is an object with these fields and no others.

        Parameters
        ----------
        *needed : str
            Fields that must be there.
        may : tuple of str
            Fields that may be there.

        Raises
        ------
        BadInput
            If it is something else.
        """
        if not isinstance(self.value, dict):
            self.fail("expected an object in braces")
        missing = [name for name in needed if name not in self.value]
        if missing:
            self.fail(f"{', '.join(missing)} missing")
        strangers = sum(name not in needed and name not in may for name in self.value)
        if strangers:
            self.fail(f"{strangers} unknown field(s); expected only {', '.join((*needed, *may))}")

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and name in self.value

    def __getitem__(self, name: str) -> Node:
        return Node(self.value[name], f"{self.path}.{name}" if self.path else name)

    def members(self) -> Iterator[tuple[str, Node]]:
        """Go through an object.

        Yields
        ------
        name, node : str, Node
            Each field.

        Raises
        ------
        BadInput
            If it is no object.
        """
        if not isinstance(self.value, dict):
            self.fail("expected an object in braces")
        for name in self.value:
            yield name, self[name]

    def rows(self) -> list[Node]:
        """Go through a list.

        Returns
        -------
        nodes : list of Node
            Each element.

        Raises
        ------
        BadInput
            If it is no list.
        """
        if not isinstance(self.value, list):
            self.fail("expected a list in square brackets")
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def text(self, *, empty: bool = False) -> str:
        """Read text.

        Parameters
        ----------
        empty : bool
            Whether it may be empty.

        Returns
        -------
        text : str
            As it stands.

        Raises
        ------
        BadInput
            If it is no text, or empty.
        """
        if not isinstance(self.value, str) or not (empty or self.value.strip()):
            self.fail("expected text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """Read a list of different texts.

        Returns
        -------
        texts : tuple of str
            In order.

        Raises
        ------
        BadInput
            If it is no such list, or names something twice.
        """
        found = tuple(node.text() for node in self.rows())
        if len(set(found)) < len(found):
            self.fail("the same entry stands here twice")
        return found

    def choice(self, *allowed: str) -> str:
        """Read one of a few words.

        Parameters
        ----------
        *allowed : str
            The words.

        Returns
        -------
        word : str
            One of them.

        Raises
        ------
        BadInput
            If it is none of them.
        """
        if self.value not in allowed:
            self.fail(f"expected one of {', '.join(allowed)}")
        return str(self.value)

    def truth(self) -> bool:
        """Read true or false.

        Returns
        -------
        truth : bool
            As it stands.

        Raises
        ------
        BadInput
            If it is something else.
        """
        if not isinstance(self.value, bool):
            self.fail("expected true or false")
        return self.value

    def number(self, *, above: float | None = None) -> int | float:
        """Read a number.

        Parameters
        ----------
        above : float, optional
            It must be larger than this.

        Returns
        -------
        number : int or float
            Finite; whole numbers are int.

        Raises
        ------
        BadInput
            If it is no such number.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self.fail("expected a number")
        if not isfinite(self.value) or abs(self.value) > 1e9:
            self.fail("expected a number of ordinary size")
        if above is not None and self.value <= above:
            self.fail(f"expected a number above {above:g}")
        return int(self.value) if self.value == int(self.value) else float(self.value)

    def whole(self, *, low: int, high: int) -> int:
        """Read a whole number.

        Parameters
        ----------
        low, high : int
            Its bounds, both allowed.

        Returns
        -------
        number : int
            Within them.

        Raises
        ------
        BadInput
            If it is no such number.
        """
        number = self.number()
        if not isinstance(number, int) or not low <= number <= high:
            self.fail(f"expected a whole number from {low} to {high}")
        return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput("names the same key twice in one object; keep one of them")
    return found


def _no_number(_name: str) -> NoReturn:
    raise BadInput("holds NaN or Infinity, which is no number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise BadInput("holds a number that is too large")
    return value

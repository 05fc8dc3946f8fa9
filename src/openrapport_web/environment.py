"""Reads settings from the environment and collects what is wrong, so that all of it is said at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Environment", "UnsafeSettings"]

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class UnsafeSettings(Exception):
    """The settings are missing, wrong or unsafe; each line says which, and what to do."""


class Environment:
    """The variables of one prefix, with every complaint kept until :meth:`refuse_if_wrong`."""

    def __init__(self, prefix: str, variables: Mapping[str, str] | None = None) -> None:
        self.prefix = prefix
        self.variables = os.environ if variables is None else variables
        self.complaints: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(self.prefix + name, default).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in _TRUE | _FALSE:
            self.complain(name, f"is {value!r}; expected yes or no")
        return value in _TRUE

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            self.complain(name, f"is {value!r}; expected a whole number from {low} to {high}")
            return default
        return int(value)

    def names(self, name: str, default: str) -> list[str]:
        return [part for part in self.text(name, default).replace(",", " ").split() if part]

    def folder(self, name: str, default: Path | None = None) -> Path:
        value = self.text(name)
        if not value and default is None:
            self.complain(name, "is not set; name the folder that holds the practice's data")
        return Path(value or default or ".").expanduser().absolute()

    def complain(self, name: str, what: str) -> None:
        self.complaints.append(f"{self.prefix}{name} {what}")

    def refuse_if_wrong(self) -> None:
        """End the start of the process where anything was wrong.

        Raises
        ------
        UnsafeSettings
            With one line for each complaint.
        """
        if self.complaints:
            raise UnsafeSettings("; ".join(self.complaints))

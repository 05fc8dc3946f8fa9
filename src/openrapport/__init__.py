"""OpenRapport: an open system for the therapeutic relationship.

The names below are loaded when they are first used, so that ``import openrapport`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openrapport.codes import Codes, MeasuredError, Ratings
    from openrapport.errors import BadFile, BadInput, OpenRapportError
    from openrapport.finding import Finding, Moment, NotMeasured, Null, Report
    from openrapport.io.files import read_session, read_sessions, write_session
    from openrapport.pipeline import measure, prepare, run
    from openrapport.session import Party, Role, Session, Source
    from openrapport.signal import Signal
    from openrapport.span import Span
    from openrapport.utterances import Utterance, Utterances

__version__ = "0.1.0"

_HOMES = {
    "openrapport.codes": ("Codes", "MeasuredError", "Ratings"),
    "openrapport.errors": ("BadFile", "BadInput", "OpenRapportError"),
    "openrapport.finding": ("Finding", "Moment", "NotMeasured", "Null", "Report"),
    "openrapport.io.files": ("read_session", "read_sessions", "write_session"),
    "openrapport.pipeline": ("measure", "prepare", "run"),
    "openrapport.session": ("Party", "Role", "Session", "Source"),
    "openrapport.signal": ("Signal",),
    "openrapport.span": ("Span",),
    "openrapport.utterances": ("Utterance", "Utterances"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BadFile",
    "BadInput",
    "Codes",
    "Finding",
    "MeasuredError",
    "Moment",
    "NotMeasured",
    "Null",
    "OpenRapportError",
    "Party",
    "Ratings",
    "Report",
    "Role",
    "Session",
    "Signal",
    "Source",
    "Span",
    "Utterance",
    "Utterances",
    "measure",
    "prepare",
    "read_session",
    "read_sessions",
    "run",
    "write_session",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'openrapport' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

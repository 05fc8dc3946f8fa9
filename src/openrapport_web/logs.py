"""Log lines that hold no content.

A traceback can hold a client's words (a value in a message, a form's data), so a log shows where
something failed and of what type it was, never what it said.
"""

from __future__ import annotations

import logging
import re
import time
import traceback

__all__ = ["Line", "NoContent"]

_QUERY = re.compile(r"\?[^\s\"']*")
# Addresses that are a secret by themselves: a calendar's, and a link to a new password.
_SECRET = re.compile(r"(/calendar/|/reset/key/)[^\s\"']+")

# Where a line cannot be written, Python would print what it was about.
logging.raiseExceptions = False


class NoContent(logging.Filter):
    """Takes query strings and keys of letters off, and tracebacks down to their places."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = _SECRET.sub(r"\1…", _QUERY.sub("?…", record.getMessage()))
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])[-6:]
            places = " < ".join(_place(frame) for frame in reversed(frames))
            first = message.partition("\n")[0]
            message = f"{first} [{record.exc_info[0].__name__} at {places}]"
        record.msg, record.args, record.exc_info, record.exc_text = message, (), None, None
        record.stack_info = None
        return True


def _place(frame: traceback.FrameSummary) -> str:
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"


class Line(logging.Formatter):
    """One line a record, on the clock of UTC, without characters that a screen would obey."""

    converter = staticmethod(time.gmtime)
    default_time_format, default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = " ".join(super().format(record).split())
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)

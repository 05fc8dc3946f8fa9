"""The errors that OpenRapport raises.

::

    OpenRapportError            anything we raise on purpose
        BadInput                an argument, a file or a value is not what was expected
            BadFile             ... and it stands in a file, perhaps on a line
                BadTranscript   a transcript (VTT, SRT, text, CSV, JSON, Word)
                BadAnnotation   ELAN or TextGrid
                BadBundle       our own bundle (manifest and Parquet)
        BadModel            a file of the trained coder is missing or damaged

A message says what was expected, what came, where, and what to do. It is one line, and it never
quotes what a client or a therapist said: a log may keep it.
"""

from __future__ import annotations

__all__ = [
    "BadAnnotation",
    "BadBundle",
    "BadFile",
    "BadInput",
    "BadModel",
    "BadTranscript",
    "OpenRapportError",
]


class OpenRapportError(Exception):
    """Anything that OpenRapport raises on purpose."""


class BadInput(OpenRapportError, ValueError):
    """An argument or a value is not what was expected."""


class BadFile(BadInput):
    """Something in a file is not what was expected.

    Parameters
    ----------
    message : str
        What was expected, what came and what to do, on one line, without a word of the content.
    source : str, optional
        The file's name.
    line : int, optional
        Line of the file, counted from 1.
    """

    def __init__(self, message: str, *, source: str | None = None, line: int | None = None) -> None:
        self.message = message
        self.source = source
        self.line = line
        super().__init__(message, source, line)

    def __str__(self) -> str:
        where = [part for part in (self.source, self.line and f"line {self.line}") if part]
        return f"{', '.join(where)}: {self.message}" if where else self.message

    def at(self, source: str) -> BadFile:
        """Say in which file it happened, where the reader did not know.

        Parameters
        ----------
        source : str
            The file's name.

        Returns
        -------
        error : BadFile
            The same error with its source.
        """
        return type(self)(self.message, source=self.source or source, line=self.line)


class BadTranscript(BadFile):
    """A transcript cannot be read."""


class BadAnnotation(BadFile):
    """An ELAN or TextGrid file cannot be read."""


class BadBundle(BadFile):
    """A bundle cannot be read."""


class BadModel(OpenRapportError):
    """A file of the trained coder is missing or damaged, or it gave what is no probability."""

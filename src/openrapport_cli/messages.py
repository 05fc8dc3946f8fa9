"""What the command line says on standard error: one line at a time, and no word of a transcript."""

from __future__ import annotations

import os
import sys
import traceback

import click

__all__ = ["complain", "fault_of", "note", "one_line", "os_error_text"]

_DEBUG = "OPENRAPPORT_DEBUG"


def one_line(text: str) -> str:
    """Put a text on one line that a terminal cannot misread.

    Parameters
    ----------
    text : str
        Possibly with the name of a file or a speaker in it.

    Returns
    -------
    line : str
        With every run of white space as one space and control characters as ``?``.
    """
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def note(text: str) -> None:
    """Say something that is not a fault.

    Parameters
    ----------
    text : str
        One sentence.
    """
    click.echo(one_line(text), err=True)


def complain(text: str) -> None:
    """Say what went wrong.

    Parameters
    ----------
    text : str
        What was expected, what came and what to do.
    """
    click.echo(one_line(f"openrapport: {text}"), err=True)


def os_error_text(error: OSError) -> str:
    """Say what the system refused, and for which file.

    Parameters
    ----------
    error : OSError
        As the system gave it.

    Returns
    -------
    text : str
        Without the numbers that ``str(error)`` has.
    """
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def fault_of(error: Exception) -> str:
    """Describe a fault of ours by its type alone: its message could quote a client.

    Parameters
    ----------
    error : Exception
        Anything that we did not raise on purpose.

    Returns
    -------
    text : str
        The type, and how to get more. The traceback goes to standard error where the
        environment asks for it.
    """
    if os.environ.get(_DEBUG) == "1":
        note(f"{_DEBUG}=1: the lines below may hold words of the transcript; read them before sharing.")
        traceback.print_exception(error, file=sys.stderr)
    return (
        f"a fault of ours ({type(error).__name__}), not of your file; please report it with the "
        f"command you ran. {_DEBUG}=1 shows where, and may show words of the transcript"
    )

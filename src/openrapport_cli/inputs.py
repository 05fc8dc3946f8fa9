"""Which sessions a verb shall read: options that the verbs share, folders, standard input, roles."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from openrapport.errors import BadInput
from openrapport_cli.messages import note
from openrapport_cli.outputs import own_files

if TYPE_CHECKING:
    from openrapport.io.roles import RoleGuess
    from openrapport.session import Session
    from openrapport_cli.progress import Waiting

__all__ = [
    "STANDARD",
    "Reading",
    "check_coder",
    "coder_option",
    "confirm_roles",
    "confirming",
    "files_of",
    "pick_reading",
    "reading_options",
    "spooled",
]

STANDARD = Path("-")
"""Stands for standard input or standard output."""

# The largest bundle: what is larger than its own format's limit is refused by its reader.
_MAX_INPUT_BYTES = 512 * 2**20

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--therapist", metavar="NAME", help="Who is the therapist, as the file names them."),
    click.option("--client", metavar="NAME", help="Who is the client, as the file names them."),
    click.option(
        "--columns",
        metavar="KEY=NAME,...",
        help="Columns of a table: text, speaker, role, start, end, id, session.",
    ),
    click.option("--session", metavar="ID", help="Only this session of a table that holds many."),
    click.option("--from", "ending", metavar="ENDING", help="What standard input is, such as vtt."),
)


coder_option = click.option(
    "--coder",
    type=click.Choice(["trained", "rules"]),
    default="trained",
    show_default=True,
    help="Who codes: the trained network, or written rules that a reader can follow.",
)
"""The option that says who codes."""


def check_coder(name: str) -> None:
    """Look whether a coder's files are whole, before hours of work rest on them.

    Parameters
    ----------
    name : str
        One of ``pipeline.CODERS``.

    Raises
    ------
    BadModel
        If a file is missing or damaged.
    """
    if name == "trained":
        from openrapport.coding.model import Network

        Network().check()


def reading_options(command: Command) -> Command:
    """Add the options that say how to read a transcript.

    Parameters
    ----------
    command : callable
        Takes ``therapist, client, columns, session, ending`` by name.

    Returns
    -------
    command : callable
        The same with its options.
    """
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read transcripts.

    Parameters
    ----------
    therapist, client : str or None
        Labels in the file; None where they are to be found out.
    columns : dict or None
        Names of a table's columns.
    session : str or None
        The only session to read of a table.
    ending : str or None
        What standard input is.
    """

    therapist: str | None
    client: str | None
    columns: dict[str, str] | None
    session: str | None
    ending: str | None

    def only_session(self, path: Path, confirm: Callable[[RoleGuess], bool]) -> Session:
        """Read the one session of a file.

        Parameters
        ----------
        path : Path
            A file.
        confirm : callable
            Answers whether roles that were found out are right.

        Returns
        -------
        session : Session
            The only one, or the one that was named.
        """
        from openrapport.io.files import read_session

        return read_session(path, **self._options(confirm))

    def sessions(self, path: Path, confirm: Callable[[RoleGuess], bool]) -> Iterator[Session]:
        """Read the sessions of a file, one at a time.

        Parameters
        ----------
        path : Path
            A file.
        confirm : callable
            Answers whether roles that were found out are right.

        Yields
        ------
        session : Session
            In the file's order.
        """
        from openrapport.io.files import read_sessions

        return read_sessions(path, **self._options(confirm))

    def _options(self, confirm: Callable[[RoleGuess], bool]) -> dict[str, Any]:
        named = ("therapist", "client", "columns", "session")
        return {name: getattr(self, name) for name in named} | {"confirm": confirm, "note": note}


def pick_reading(options: dict[str, Any]) -> Reading:
    """Take the shared options out of a verb's options.

    Parameters
    ----------
    options : dict
        Changed: what is taken is gone.

    Returns
    -------
    reading : Reading
        With ``--columns`` as a dict.

    Raises
    ------
    BadInput
        If ``--columns`` is not ``key=name`` pairs.
    """
    taken = {name: options.pop(name) for name in ("therapist", "client", "session", "ending")}
    return Reading(columns=_columns(options.pop("columns")), **taken)


def _columns(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    columns = {}
    for pair in text.split(","):
        key, equals, name = (part.strip() for part in pair.partition("="))
        if not (key and equals and name):
            raise BadInput(
                "--columns is not key=name pairs; expected for instance text=words,speaker=who"
            )
        columns[key] = name
    return columns


def confirming(waiting: Waiting) -> Callable[[RoleGuess], bool]:
    """Make the question about roles, which the progress gives way to.

    Parameters
    ----------
    waiting : Waiting
        Is hidden while somebody is asked.

    Returns
    -------
    confirm : callable
        As :func:`confirm_roles`.
    """

    def confirm(guess: RoleGuess) -> bool:
        with waiting.hidden():
            return confirm_roles(guess)

    return confirm


def confirm_roles(guess: RoleGuess) -> bool:
    """Show why somebody is taken for the therapist, and ask where that is not sure.

    Parameters
    ----------
    guess : RoleGuess
        Who is who, with the evidence.

    Returns
    -------
    right : bool
        False where it is not sure and nobody is there to ask.
    """
    note(f"{guess.session}: the labels do not say who is who.")
    for sentence in guess.evidence:
        note(f"- {sentence}")
    note(f"So “{guess.therapist}” is taken for the therapist and “{guess.client}” for the client.")
    if guess.sure:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        return click.confirm("This is not sure. Is it right?", err=True)
    except click.Abort:
        # Ctrl-C and Ctrl-D stop all, not only this file.
        raise KeyboardInterrupt from None


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Put the files of a folder in its place.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.

    Returns
    -------
    files : list of Path
        A folder's files by name, as far as their ending can be read; not those of its folders,
        and not what OpenRapport wrote there.

    Raises
    ------
    BadInput
        If a folder holds nothing that can be read.
    """
    from openrapport.io.files import READABLE

    endings = {ending.lower() for ending in READABLE}
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        reports = own_files(path)
        found = sorted(
            file
            for file in path.iterdir()
            if file.suffix.lower() in endings
            and file.is_file()
            and not file.name.startswith(".")
            and file.name not in reports
        )
        if not found:
            raise BadInput(
                f"{path}: no transcript in this folder; expected {', '.join(sorted(endings))}"
            )
        files.extend(found)
    return files


@contextmanager
def spooled(path: Path, ending: str | None) -> Iterator[Path]:
    """Give standard input a name: readers go by a file's ending.

    Parameters
    ----------
    path : Path
        A file, or ``-`` for standard input.
    ending : str or None
        What standard input is; with or without its dot.

    Yields
    ------
    path : Path
        The same file, or a private copy of standard input that is gone afterwards.

    Raises
    ------
    BadInput
        If standard input is to be read and nobody says what it is, or it does not end.
    """
    if path != STANDARD:
        yield path
        return
    from openrapport.io.files import READABLE

    if ending is None:
        raise BadInput("standard input has no ending; say what it is, for instance --from vtt")
    if f".{ending.lstrip('.')}".lower() not in {known.lower() for known in READABLE}:
        raise BadInput(f"--from is not an ending that is known; expected one of {', '.join(READABLE)}")
    with tempfile.TemporaryDirectory(prefix="openrapport-") as folder:
        copy = Path(folder) / f"stdin.{ending.lstrip('.')}"
        with copy.open("wb") as out:
            while chunk := sys.stdin.buffer.read(1 << 20):
                out.write(chunk)
                if out.tell() > _MAX_INPUT_BYTES:
                    limit = _MAX_INPUT_BYTES / 2**20
                    raise BadInput(
                        f"standard input is larger than {limit:g} MiB, the most that is read"
                    )
        yield copy

"""Where results go: whole files or none, names that a file system takes, no foreign file touched."""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from openrapport.errors import BadInput

__all__ = ["ReportFolder", "own_files", "replacing", "safe_stem", "write_files"]

_LIST = ".openrapport"

# File systems allow 255 bytes; a number, an ending and a temporary prefix come on top.
_LONGEST_STEM_BYTES = 200
_UNSAFE = re.compile(r"[^\w.-]+")
# Names that Windows keeps for devices, whatever their ending.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{d}{i}" for d in ("com", "lpt") for i in range(10)}
)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file beside its place and move it there when it is whole.

    Parameters
    ----------
    path : Path
        Where the file shall stand.

    Yields
    ------
    temporary : Path
        With the same ending. Only its owner may read it: it holds what was said in a session.
    """
    handle, name = tempfile.mkstemp(prefix=".openrapport-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_files(contents: dict[Path, str]) -> None:
    """Write several text files: all of them are written before the first is moved into place.

    Parameters
    ----------
    contents : dict of Path to str
        What stands where.
    """
    with ExitStack() as stack:
        for path, text in contents.items():
            # A lone surrogate has no UTF-8; a question mark is better than no report.
            stack.enter_context(replacing(path)).write_bytes(text.encode("utf-8", "replace"))


def safe_stem(name: str) -> str:
    """Make a file's name from a session's name.

    Parameters
    ----------
    name : str
        Anything: it may come from a table's cell.

    Returns
    -------
    stem : str
        Letters, digits, ``.``, ``_`` and ``-``; never a path, a hidden file or empty.
    """
    stem = _UNSAFE.sub("-", unicodedata.normalize("NFC", name)).strip("-.")
    stem = stem.encode("utf-8", "replace")[:_LONGEST_STEM_BYTES].decode("utf-8", "ignore")
    stem = stem.rstrip("-.") or "session"
    return f"session-{stem}" if stem.split(".")[0].lower() in _DEVICES else stem


def own_files(folder: Path) -> set[str]:
    """Tell which files of a folder OpenRapport wrote.

    Parameters
    ----------
    folder : Path
        Need not exist.

    Returns
    -------
    names : set of str
        Empty where it wrote none.
    """
    written = folder / _LIST
    return set(written.read_text("utf-8").splitlines()) if written.is_file() else set()


class ReportFolder:
    """A folder of reports that knows which files are its own.

    A hidden list in the folder names what OpenRapport wrote there. Those files are replaced when
    they are written again; any other file of the same name is left alone.

    Parameters
    ----------
    path : Path
        Made, with its parents, when the first report is written.
    endings : sequence of str
        Of the files that each report has.
    """

    def __init__(self, path: Path, endings: Sequence[str]) -> None:
        self.path = path
        self._endings = tuple(endings)
        self._taken = {"index"}
        self._own = own_files(path)

    def claim(self, session: str) -> str:
        """Choose the name of a session's files.

        Parameters
        ----------
        session : str
            Its name.

        Returns
        -------
        stem : str
            Its own within this run, also where case does not count.

        Raises
        ------
        BadInput
            If such a file exists and is not ours.
        """
        wanted = stem = safe_stem(session)
        number = 2
        while stem.casefold() in self._taken:
            stem, number = f"{wanted}-{number}", number + 1
        self._taken.add(stem.casefold())
        self.own(*(f"{stem}{ending}" for ending in self._endings))
        return stem

    def own(self, *names: str) -> None:
        """Enter files in the list of what is ours, before they are written.

        Parameters
        ----------
        *names : str
            Without folder.

        Raises
        ------
        BadInput
            If such a file exists and is not ours.
        """
        new = [name for name in names if name not in self._own]
        for name in new:
            if (self.path / name).exists():
                raise BadInput(
                    f"{self.path / name} exists and OpenRapport did not write it; choose another folder"
                )
        # A report holds what was said in a session: a folder that we make is its owner's alone.
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / _LIST).open("a", encoding="utf-8") as out:
            out.writelines(f"{name}\n" for name in new)
        self._own.update(new)

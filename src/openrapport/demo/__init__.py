"""A fictional session that comes with OpenRapport, so that nobody needs data to see a report.

How it was written stands in the ``README.md`` beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

from openrapport.session import Source

__all__ = ["demo_path", "is_fictional"]

_FILE = files(__name__) / "fictional-session.vtt"


def demo_path() -> AbstractContextManager[Path]:
    """Lend the fictional session's file: ``with demo_path() as path``.

    Returns
    -------
    path : context manager of Path
        A WebVTT file. It is certain to be there only inside the ``with``: an installation that
        is one archive unpacks it for that long.
    """
    return as_file(_FILE)


def is_fictional(sources: Iterable[Source]) -> bool:
    """Tell whether a session is the fictional one, whatever its file is called now.

    Parameters
    ----------
    sources : iterable of Source
        The files that the session came from.

    Returns
    -------
    fictional : bool
        True where one of them is the fictional session's file, to the byte.
    """
    return any(source.sha256 == _own_sha256() for source in sources)


@cache
def _own_sha256() -> str:
    return sha256(_FILE.read_bytes()).hexdigest()

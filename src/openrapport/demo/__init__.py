"""Fictional sessions that come with OpenRapport, so that nobody needs data to see a report.

How they were written stands in the ``README.md`` beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

from openrapport.errors import BadInput
from openrapport.session import Source

__all__ = ["TRANSCRIPTS", "demo_path", "is_fictional", "transcript_path"]

TRANSCRIPTS = {
    "fictional-session": "A sixth meeting: advice that comes too fast, and how the two put it right.",
    "fictional-first-meeting": "A first meeting, with a good start.",
    "fictional-video-session": "By video, with a line that drops: a quiet withdrawal, noticed late.",
    "fictional-last-meeting": "The last meeting of a therapy that ends well.",
}
"""What each transcript shows, by the name of its file without ``.vtt``."""

_FOLDER = files(__name__)


def demo_path() -> AbstractContextManager[Path]:
    """Lend the long fictional session's file: ``with demo_path() as path``.

    Returns
    -------
    path : context manager of Path
        A WebVTT file. It is certain to be there only inside the ``with``: an installation that
        is one archive unpacks it for that long.
    """
    return transcript_path("fictional-session")


def transcript_path(name: str) -> AbstractContextManager[Path]:
    """Lend the file of any fictional session: ``with transcript_path(name) as path``.

    Parameters
    ----------
    name : str
        One of ``TRANSCRIPTS``.

    Returns
    -------
    path : context manager of Path
        As ``demo_path`` does.

    Raises
    ------
    BadInput
        If there is no such transcript.
    """
    if name not in TRANSCRIPTS:
        raise BadInput(
            f"no fictional session is called {name!r}; expected one of {', '.join(TRANSCRIPTS)}"
        )
    return as_file(_FOLDER / f"{name}.vtt")


def is_fictional(sources: Iterable[Source]) -> bool:
    """Tell whether a session is a fictional one of ours, whatever its file is called now.

    Parameters
    ----------
    sources : iterable of Source
        The files that the session came from.

    Returns
    -------
    fictional : bool
        True where one of them is a fictional session's file, to the byte.
    """
    return any(source.sha256 in _own_sha256s() for source in sources)


@cache
def _own_sha256s() -> frozenset[str]:
    return frozenset(sha256((_FOLDER / f"{name}.vtt").read_bytes()).hexdigest() for name in TRANSCRIPTS)

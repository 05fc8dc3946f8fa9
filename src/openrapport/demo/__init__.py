"""A fictional session that comes with OpenRapport, so that nobody needs data to see a report.

How it was written stands in the ``README.md`` beside it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path

__all__ = ["demo_path"]


def demo_path() -> AbstractContextManager[Path]:
    """Lend the fictional session's file: ``with demo_path() as path``.

    Returns
    -------
    path : context manager of Path
        A WebVTT file. It is certain to be there only inside the ``with``: an installation that
        is one archive unpacks it for that long.
    """
    return as_file(files(__name__) / "fictional-session.vtt")

"""Progress on standard error, for people who wait longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Waiting"]

_PATIENCE_S = 1.0


class Waiting:
    """Show how many sessions are done, after a second and only where somebody looks.

    Parameters
    ----------
    what : str
        What is being done.
    counts : bool
        False where there is one thing to do, and nothing to count.
    """

    def __init__(self, what: str, *, counts: bool = True) -> None:
        self._what = what
        self._counts = counts
        self._done = 0
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def _begin(self) -> None:
        if sys.stderr.isatty():
            self._timer = threading.Timer(_PATIENCE_S, self._show)
            self._timer.daemon = True
            self._timer.start()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        count = (TextColumn("{task.completed:.0f} done"),) if self._counts else ()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), *count, TimeElapsedColumn())
        with self._lock:
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task(self._what, total=None, completed=self._done)
            self._progress.start()

    def advance(self) -> None:
        """Count one more session."""
        with self._lock:
            self._done += 1
            if self._progress is not None and self._task is not None:
                self._progress.update(self._task, completed=self._done)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Leave the terminal to a question or a message, and go on afterwards.

        Yields
        ------
        None
            Nothing is shown meanwhile, however long an answer takes.
        """
        self.clear()
        try:
            yield
        finally:
            self._begin()

    def clear(self) -> None:
        """Leave the terminal to somebody who has the last word."""
        if self._timer is not None:
            # A timer that has gone off already is waited for, so that it shows nothing later.
            self._timer.cancel()
            self._timer.join()
            self._timer = None
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
                self._progress = None

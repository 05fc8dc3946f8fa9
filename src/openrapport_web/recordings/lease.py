"""The right to work on an analysis: taken, kept alive, and asked for before every write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F
from django.utils import timezone

from openrapport_web.recordings.models import Analysis, AnalysisState

__all__ = ["Lease", "Lost", "claim", "kept_alive"]

LEASE = timedelta(seconds=30)
HEARTBEAT_S = 10.0


class Lost(Exception):
    """The analysis was cancelled, or somebody else has it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on an analysis."""

    analysis: UUID
    token: UUID

    def change(self, **values: Any) -> None:
        """Write to the analysis, if the lease still holds.

        Raises
        ------
        Lost
            If it does not.
        """
        held = Analysis.objects.filter(pk=self.analysis, lease=self.token, state=AnalysisState.RUNNING)
        if not held.update(**values):
            raise Lost

    def tell(self, stage: str, percent: int) -> None:
        """Say where the work is."""
        self.change(stage=stage, percent=percent, leased_until=timezone.now() + LEASE)

    def give_back(self, state: AnalysisState, **values: Any) -> None:
        """End the work in some state."""
        self.change(state=state, lease=None, leased_until=None, stage="", **values)


def claim(key: UUID) -> Lease | None:
    """Take an analysis that waits; None where it does not (any more)."""
    lease = Lease(key, uuid4())
    taken = Analysis.objects.filter(pk=key, state=AnalysisState.QUEUED).update(
        state=AnalysisState.RUNNING,
        lease=lease.token,
        leased_until=timezone.now() + LEASE,
        attempts=F("attempts") + 1,
        stage="reading",
        percent=0,
        problem="",
    )
    return lease if taken else None


@contextmanager
def kept_alive(lease: Lease) -> Iterator[None]:
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_S):
            try:
                lease.change(leased_until=timezone.now() + LEASE)
            except Lost:
                return
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

"""The worker: does what is queued, and takes over what a worker that died left behind."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

__all__ = ["run_worker"]

_log = logging.getLogger(__name__)
_RESCUE_EVERY_S, _LETTERS_EVERY_S, _SWEEP_EVERY_S, _LOOK_EVERY_S = 30, 60, 3_600, 2


def run_worker(*, with_parent: bool = False) -> None:
    """Work until stopped. Django must be set up.

    Parameters
    ----------
    with_parent : bool
        Stop when the process that started this one is gone, however it ended.
    """
    from django.conf import settings
    from django.core.management import call_command

    # Each step of the queue is news for INFO alone; what fails is said in every case by our tasks.
    verbosity = 1 if settings.LOG_LEVEL == "INFO" else 0
    stop = threading.Event()
    parent = os.getppid() if with_parent else None
    rescuer = threading.Thread(target=_rescue_now_and_then, args=(stop, parent), daemon=True)
    rescuer.start()
    writer = threading.Thread(target=_write_letters, args=(stop,), daemon=True)
    writer.start()
    try:
        call_command("db_worker", interval=0.5, verbosity=verbosity, reload=False)
    finally:
        stop.set()
        rescuer.join(timeout=5)
        writer.join(timeout=5)


def _rescue_now_and_then(stop: threading.Event, parent: int | None) -> None:
    from django.db import close_old_connections

    from openrapport_web.feedback.reliability import renew_reliability
    from openrapport_web.recordings.tasks import rescue, sweep
    from openrapport_web.repairs.estimating import renew

    rescued = swept = float("-inf")
    while not stop.wait(_LOOK_EVERY_S if rescued > 0 else 0):
        now = time.monotonic()
        if now - rescued > _RESCUE_EVERY_S:
            _try(rescue)
            rescued = now
        if now - swept > _SWEEP_EVERY_S:  # retention and expired uploads
            _try(sweep)
            _try(renew)  # how ratings vary in this practice
            _try(renew_reliability)
            swept = now
        close_old_connections()
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _write_letters(stop: threading.Event) -> None:
    """Apart from the rescue, which must not wait for a slow server of letters."""
    from django.db import close_old_connections

    from openrapport_web.feedback.reminders import send_due
    from openrapport_web.feedback.safety import send_letters

    while True:
        _try(send_letters)
        _try(send_due)
        close_old_connections()
        if stop.wait(_LETTERS_EVERY_S):
            return


def _try(do: Callable[[], object]) -> None:
    """Go on after a fault: the next time may be better, and the log says where it was."""
    try:
        do()
    except Exception:
        _log.exception("%s failed; it is tried again later", do.__name__)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
    import django

    django.setup()
    run_worker(with_parent=True)

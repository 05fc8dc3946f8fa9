"""What workers do: two tasks in the queue, a rescue every minute, a tidying every hour.

``openrapport worker`` calls :func:`rescue` as it starts and then every minute, and :func:`sweep`
every hour.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from openrapport_web import crypto
from openrapport_web.audit.chain import keep_end, record
from openrapport_web.crypto import BadKeys
from openrapport_web.erasure import finish_erasing
from openrapport_web.people.models import Practice
from openrapport_web.recordings import analysis as analyses
from openrapport_web.recordings import uploads, workroom
from openrapport_web.recordings.models import (
    Analysis,
    AnalysisState,
    Kind,
    StoredFile,
    StoredReport,
    TranscriptVersion,
    Upload,
)
from openrapport_web.recordings.refusals import Refused, disk_is_full

__all__ = ["finish_upload", "read_and_measure", "rescue", "sweep"]

log = logging.getLogger(__name__)

_ORPHAN_AFTER = timedelta(hours=6)


class Fault(Exception):
    """Something went wrong in a job; the log says where."""


def _without_words(work: Callable[[str], None]) -> Callable[[str], None]:
    """Keep of a fault where it was and of what type: the queue stores what an exception says, open."""

    @wraps(work)
    def do(key: str) -> None:
        try:
            work(key)
        except BadKeys:
            raise
        except Exception as error:
            log.error("a job for %s failed", key, exc_info=error)
            raise Fault(type(error).__name__) from None

    return do


@task()
@_without_words
def read_and_measure(analysis_key: str) -> None:
    """Do one analysis, if it still waits."""
    analyses.work(UUID(analysis_key))


@task()
@_without_words
def finish_upload(upload_key: str) -> None:
    """Put a large upload together."""
    try:
        uploads.finish(UUID(upload_key))
    except Refused:
        log.info("upload %s was refused", upload_key)  # its page says why
    except Exception as error:
        if not disk_is_full(error):
            raise
        Upload.objects.filter(pk=upload_key).update(problem=uploads.DISK_FULL)


# -- every minute --------------------------------------------------------------------------------


def rescue() -> int:
    """Give work that a dead worker held to the living; tells how much it was.

    Raises
    ------
    BadKeys
        If this process has no master key and can therefore do no work.
    """
    crypto.keyring()
    workroom.sweep()
    return _rescue_running() + _rescue_waiting()


def _rescue_running() -> int:
    n = 0
    dead = Analysis.objects.filter(state=AnalysisState.RUNNING, leased_until__lt=timezone.now())
    for analysis in dead:
        gives_up = analysis.attempts >= analyses.MAX_ATTEMPTS
        state = AnalysisState.FAILED if gives_up else AnalysisState.QUEUED
        problem = (
            f"The worker stopped {analysis.attempts} times while it did this. Try again; if it "
            "stays, tell whoever looks after the machine."
            if gives_up
            else ""
        )
        with transaction.atomic():
            # Only where the lease is the one we saw: the worker may have come back to life.
            taken = dead.filter(pk=analysis.key, lease=analysis.lease).update(
                state=state, lease=None, leased_until=None, stage="", problem=problem
            )
            if taken:
                record(None, "analysis.rescued", analysis, client=analysis.client_id, state=str(state))
                n += 1
                if state == AnalysisState.QUEUED:
                    analyses.enqueue(analysis.key)
    return n


def _rescue_waiting() -> int:
    """Queue again what no task speaks of: its worker died before it could begin."""
    waiting = Analysis.objects.filter(state=AnalysisState.QUEUED).values_list("pk", flat=True)
    whole = Upload.objects.filter(finished_at=None, offset=F("size_bytes"))
    ready = {
        str(args["args"][0])
        for args in DBTaskResult.objects.ready().values_list("args_kwargs", flat=True)
        if args["args"]
    }
    n = 0
    for key in waiting:
        if str(key) not in ready:
            read_and_measure.enqueue(str(key))
            n += 1
    for key in whole.values_list("pk", flat=True):
        if str(key) not in ready:
            finish_upload.enqueue(str(key))
            n += 1
    return n


# -- every hour ----------------------------------------------------------------------------------


def sweep() -> None:
    """Delete what is over: erased people's keys, expired uploads and sign-ins, old recordings, leftovers."""
    keep_end()
    finish_erasing()
    uploads.drop_expired()
    _delete_old_recordings()
    _delete_orphans()
    SessionStore.clear_expired()
    week_ago = timezone.now() - timedelta(days=7)
    DBTaskResult.objects.filter(enqueued_at__lt=week_ago).delete()


def _delete_old_recordings() -> None:
    from openrapport_web.recordings.actions import delete_file

    practice = Practice.get()
    if practice is None:
        return
    kept_until = timezone.now() - timedelta(days=practice.recordings_kept_days)
    for file in StoredFile.objects.filter(kind=Kind.RECORDING, deleted_at=None, made_at__lt=kept_until):
        delete_file(actor=None, file=file, why="kept for the practice's time")


def _delete_orphans() -> None:
    """Delete sealed files and pieces that no row speaks of (any more)."""
    before = (timezone.now() - _ORPHAN_AFTER).timestamp()
    for path in Path(settings.FILES_DIR).glob("*/*.sealed*"):
        if path.stat().st_mtime < before and not _is_spoken_of(path):
            path.unlink(missing_ok=True)
    for folder in Path(settings.FILES_DIR).glob("*/uploads/*"):
        going_on = Upload.objects.filter(pk=folder.name, finished_at=None).exists()
        if folder.stat().st_mtime < before and not going_on:
            shutil.rmtree(folder, ignore_errors=True)


def _is_spoken_of(path: Path) -> bool:
    if path.suffix != ".sealed":
        return False
    key = path.name.partition(".")[0]
    return (
        StoredFile.objects.filter(pk=key, deleted_at=None).exists()
        or TranscriptVersion.objects.filter(pk=key, deleted_at=None).exists()
        or StoredReport.objects.filter(pk=key).exists()
    )

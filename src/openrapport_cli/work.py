"""Analyse one session and write its files: here, or in another process."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from openrapport.errors import OpenRapportError
from openrapport_cli.messages import fault_of, os_error_text
from openrapport_cli.outputs import replacing

if TYPE_CHECKING:
    from openrapport.finding import Report
    from openrapport.session import Session

__all__ = ["Analysed", "Failed", "Job", "analyse", "run_jobs"]


@dataclass(frozen=True, slots=True)
class Job:
    """One session to analyse.

    Parameters
    ----------
    session : Session
        As it was read.
    folder : Path or None
        Where its files go; None for no files.
    stem : str
        Name of its files, without ending.
    pdf, wants_json : bool
        Whether a PDF is written, and whether the JSON document is wanted back.
    coder : str
        Who codes: one of ``pipeline.CODERS``.
    """

    session: Session
    folder: Path | None
    stem: str
    pdf: bool
    wants_json: bool
    coder: str = "trained"


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is kept of a session when its files are written.

    Parameters
    ----------
    stem : str
        Name of its files.
    report : Report
        Without evidence, so that what is kept does not grow with what was said.
    n_utterances : int
        How many the session has.
    document : str or None
        The whole report as JSON, where it was wanted.
    summary : tuple of str
        Lines for a terminal.
    """

    stem: str
    report: Report
    n_utterances: int
    document: str | None
    summary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A file or a session that could not be analysed.

    Parameters
    ----------
    source : str
        Which.
    message : str
        Why, on one line without a word of the transcript.
    ours : bool
        Whether it is a fault of ours.
    """

    source: str
    message: str
    ours: bool = False

    @classmethod
    def because(cls, source: str, error: Exception) -> Failed:
        """Say why something failed.

        Parameters
        ----------
        source : str
            Which file or session.
        error : Exception
            What was raised.

        Returns
        -------
        failed : Failed
            With a message that may be shown.
        """
        if isinstance(error, OpenRapportError):
            text = str(error)
        elif isinstance(error, OSError):
            text = os_error_text(error)
        else:
            return cls(source, f"{source}: {fault_of(error)}", ours=True)
        return cls(source, text if source in text else f"{source}: {text}")


def analyse(job: Job) -> Analysed | Failed:
    """Measure a session and write its files, all of them or none.

    Parameters
    ----------
    job : Job
        The session and where its files go.

    Returns
    -------
    outcome : Analysed or Failed
        A fault is a value here: one session's must not stop the others.
    """
    try:
        return _analyse(job)
    except Exception as error:
        return Failed.because(job.session.name, error)


def _analyse(job: Job) -> Analysed:
    from openrapport import pipeline
    from openrapport.reporting.terminal import summary_lines

    session = pipeline.prepare(job.session, coder=pipeline.CODERS[job.coder]())
    report = pipeline.measure(session)
    document = json.dumps(report.to_json(), allow_nan=False, separators=(",", ":"))
    if job.folder is not None:
        _write(job, job.folder, report, session, document)
    light = replace(
        report,
        findings=tuple(replace(f, evidence=()) for f in report.findings),
        moments=tuple(replace(m, utterances=(), evidence=()) for m in report.moments),
    )
    return Analysed(
        stem=job.stem,
        report=light,
        n_utterances=len(session.utterances),
        document=document if job.wants_json else None,
        summary=tuple(summary_lines(report, session)),
    )


def _write(job: Job, folder: Path, report: Report, session: Session, document: str) -> None:
    from openrapport.reporting.html import render

    page = render(report, session)
    with ExitStack() as stack:
        # Every file is written before the first is moved into place.
        for ending, text in ((".html", page), (".json", document + "\n")):
            temporary = stack.enter_context(replacing(folder / f"{job.stem}{ending}"))
            temporary.write_bytes(text.encode("utf-8", "replace"))
        if job.pdf:
            from openrapport.reporting.pdf import write_pdf

            paper = render(report, session, paper=True)
            write_pdf(paper, stack.enter_context(replacing(folder / f"{job.stem}.pdf")))


def run_jobs(jobs: Iterable[Job | Failed], processes: int) -> Iterator[Analysed | Failed]:
    """Analyse sessions in their order, with few of them in memory at a time.

    Parameters
    ----------
    jobs : iterable of Job or Failed
        Read only as fast as they are worked off. What has failed already is passed on.
    processes : int
        How many work at once; 1 for this process alone.

    Yields
    ------
    outcome : Analysed or Failed
        One for each job.
    """
    if processes == 1:
        for job in jobs:
            yield job if isinstance(job, Failed) else analyse(job)
        return
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_leave_stopping)
    waiting: deque[Failed | Future[Analysed | Failed]] = deque()
    try:
        for job in jobs:
            waiting.append(job if isinstance(job, Failed) else pool.submit(analyse, job))
            if len(waiting) > 2 * processes:
                yield _outcome(waiting.popleft())
        while waiting:
            yield _outcome(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _outcome(item: Failed | Future[Analysed | Failed]) -> Analysed | Failed:
    return item if isinstance(item, Failed) else item.result()


def _leave_stopping() -> None:
    # Ctrl-C reaches every process of a terminal. The first one stops the others when they are
    # through with their session, so that no temporary file stays.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

"""``openrapport analyze``: transcripts in, reports out."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

import openrapport
from openrapport.errors import BadInput
from openrapport_cli.inputs import (
    Reading,
    check_coder,
    coder_option,
    confirming,
    files_of,
    pick_reading,
    reading_options,
    spooled,
)
from openrapport_cli.messages import complain, note
from openrapport_cli.outputs import ReportFolder, write_files
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    from openrapport_cli.work import Analysed, Failed, Job

__all__ = ["Wanted", "analyze", "analyze_files"]

DEFAULT_FOLDER = Path("openrapport-report")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall come out.

    Parameters
    ----------
    folder : Path or None
        Where reports go; None for no files.
    as_json : bool
        Whether one JSON document goes to standard output.
    pdf : bool
        Whether each report is a PDF too.
    jobs : int
        How many processes work at once.
    coder : str
        Who codes: one of ``pipeline.CODERS``.
    approach : str or None
        What the sessions are declared as.
    """

    folder: Path | None
    as_json: bool = False
    pdf: bool = False
    jobs: int = 1
    coder: str = "trained"
    approach: str | None = None


@dataclass(slots=True)
class _Results:
    """What came out so far: light, whatever the number of sessions."""

    documents: IO[str]
    done: list[Analysed] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


@click.command(short_help="A report for each session: HTML, JSON, PDF.")
@click.argument(
    "files",
    nargs=-1,
    metavar="FILE...",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@reading_options
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where reports go. [default: {DEFAULT_FOLDER}; with --json nowhere]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--pdf", is_flag=True, help="A PDF beside each report.")
@click.option(
    "--fictional", is_flag=True, help="The fictional session that comes with OpenRapport, as FILE."
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="How many sessions to analyse at once.",
)
@coder_option
@click.option(
    "--approach",
    type=click.Choice(["motivational-interviewing"]),
    help="What the sessions are declared as: adds the counts of the MITI.",
)
@click.pass_context
def analyze(context: click.Context, /, files: tuple[Path, ...], **options: Any) -> None:
    """Analyse transcripts and write a report for each session.

    FILE is a transcript, a table of many, a folder of transcripts, or - for standard input. Several
    sessions get an index that compares them.

    \b
    Examples:
      openrapport analyze --fictional
      openrapport analyze session.vtt
      openrapport analyze session.vtt --therapist Jo --client Sam --out reports --pdf
      openrapport analyze folder/ --jobs 2 --out reports
      openrapport analyze table.csv --columns text=words,speaker=who --json
    """
    reading = pick_reading(options)
    folder = options["out"] or (None if options["as_json"] else DEFAULT_FOLDER)
    approach = options["approach"] and options["approach"].replace("-", "_")
    check_coder(options["coder"])
    wanted = Wanted(
        folder, options["as_json"], options["pdf"], options["jobs"], options["coder"], approach
    )
    if bool(files) == options["fictional"]:
        raise click.UsageError(
            "expected a FILE, or --fictional for the session that comes with OpenRapport"
        )
    context.exit(
        analyze_files(files, reading, wanted) if files else _analyze_fictional(reading, wanted)
    )


def _analyze_fictional(reading: Reading, wanted: Wanted) -> int:
    from openrapport.demo import demo_path

    note("the session is fictional: it was written for OpenRapport, and no real person speaks in it")
    with demo_path() as path:
        status = analyze_files([path], reading, wanted)
    program = sys.argv[0] if Path(sys.argv[0]).name == "openrapport" else "openrapport"
    note(f"next, with a transcript of your own: {program} analyze session.vtt")
    return status


def analyze_files(files: Sequence[Path], reading: Reading, wanted: Wanted) -> int:
    """Analyse files, with messages on standard error and JSON on standard output.

    Parameters
    ----------
    files : sequence of Path
        Transcripts, tables, folders, or ``-``.
    reading : Reading
        How to read them.
    wanted : Wanted
        What shall come out.

    Returns
    -------
    status : int
        0; 2 if a file or a session failed; 1 if one failed through a fault of ours.

    Raises
    ------
    BadInput
        If a folder has nothing to read, or a foreign file is in the way.
    """
    from openrapport_cli.work import Failed, run_jobs

    endings = (".html", ".json", ".pdf") if wanted.pdf else (".html", ".json")
    folder = ReportFolder(wanted.folder, endings) if wanted.folder else None
    with ExitStack() as stack:
        # A document on standard output is whole or not there: it waits until all is done.
        results = _Results(stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")))
        waiting = stack.enter_context(Waiting("Analysing sessions"))
        jobs = _jobs(files, reading, wanted, folder, waiting)
        first = list(islice(jobs, 2))
        # A second process costs a second to start, and one session needs none.
        processes = wanted.jobs if len(first) > 1 else 1
        for outcome in run_jobs(chain(first, jobs), processes):
            waiting.advance()
            if isinstance(outcome, Failed):
                with waiting.hidden():
                    complain(outcome.message)
                results.failed.append(outcome)
            else:
                _keep(outcome, results)
        if folder is not None and len(results.done) > 1:
            _write_index(folder, results)
        waiting.clear()
        if wanted.as_json:
            _print_json(results)
        _say_the_end(folder, results, wanted)
    return _status(results)


def _jobs(
    files: Sequence[Path],
    reading: Reading,
    wanted: Wanted,
    folder: ReportFolder | None,
    waiting: Waiting,
) -> Iterator[Job | Failed]:
    from openrapport_cli.work import Failed, Job

    for file in files_of(files):
        try:
            with spooled(file, reading.ending) as path:
                for session in reading.sessions(path, confirming(waiting)):
                    declared = wanted.approach or session.approach
                    yield Job(
                        session=replace(session, approach=declared),
                        folder=folder.path if folder else None,
                        stem=folder.claim(session.name) if folder else "",
                        pdf=wanted.pdf,
                        wants_json=wanted.as_json,
                        coder=wanted.coder,
                    )
        except Exception as error:
            yield Failed.because(file.name, error)


def _keep(outcome: Analysed, results: _Results) -> None:
    if outcome.document is not None:
        results.documents.write(outcome.document + "\n")
    # The first summary is shown if it stays the only one.
    summary = () if results.done else outcome.summary
    results.done.append(replace(outcome, document=None, summary=summary))


def _write_index(folder: ReportFolder, results: _Results) -> None:
    from openrapport.reporting.index import IndexRow, render_index

    rows = [IndexRow(f"{done.stem}.html", done.report, done.n_utterances) for done in results.done]
    sessions = [
        {
            "session": done.report.session,
            "html": f"{done.stem}.html",
            "json": f"{done.stem}.json",
            "findings": done.report.to_json()["findings"],
        }
        for done in results.done
    ]
    index = {"version": openrapport.__version__, "sessions": sessions, "failed": _failed(results)}
    folder.own("index.html", "index.json")
    write_files(
        {
            folder.path / "index.html": render_index(rows),
            folder.path / "index.json": json.dumps(index, allow_nan=False) + "\n",
        }
    )


def _failed(results: _Results) -> list[dict[str, str]]:
    return [{"source": failed.source, "message": failed.message} for failed in results.failed]


def _print_json(results: _Results) -> None:
    """One session is its report; several are an object that holds them."""
    results.documents.seek(0)
    if len(results.done) == 1 and not results.failed:
        sys.stdout.writelines(results.documents)
    elif results.done:
        sys.stdout.write(f'{{"version":{json.dumps(openrapport.__version__)},"sessions":[\n')
        for number, line in enumerate(results.documents):
            sys.stdout.write("," * bool(number) + line)
        sys.stdout.write(f'],"failed":{json.dumps(_failed(results))}}}\n')
    sys.stdout.flush()


def _say_the_end(folder: ReportFolder | None, results: _Results, wanted: Wanted) -> None:
    count = len(results.done)
    if count == 1 and not wanted.as_json:
        for line in results.done[0].summary:
            click.echo(line, err=True)
    if folder is None or not count:
        return
    page = folder.path / ("index.html" if count > 1 else f"{results.done[0].stem}.html")
    reports = "1 report" if count == 1 else f"{count:,} reports"
    note(f"{reports} in {folder.path}; open {page.resolve().as_uri()}")


def _status(results: _Results) -> int:
    if not results.done and not results.failed:
        raise BadInput("no session was found; expected at least one")
    if any(failed.ours for failed in results.failed):
        return 1
    return 2 if results.failed else 0

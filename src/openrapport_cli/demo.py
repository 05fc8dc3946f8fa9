"""``openrapport demo``: a report of a fictional session, without any data of your own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from openrapport_cli.analyze import Wanted, analyze_files
from openrapport_cli.inputs import Reading
from openrapport_cli.messages import note

__all__ = ["demo"]


@click.command(short_help="The report of a fictional session.")
@click.option(
    "--out",
    metavar="DIR",
    default=Path("demo"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the report goes.",
)
@click.pass_context
def demo(context: click.Context, out: Path) -> None:
    """Analyse the fictional session that comes with OpenRapport.

    \b
    Example:
      openrapport demo --out demo
    """
    from openrapport.demo import demo_path

    reading = Reading(therapist=None, client=None, columns=None, session=None, ending=None)
    note("the session is fictional: it was written for OpenRapport, and no real person speaks in it")
    with demo_path() as path:
        status = analyze_files([path], reading, Wanted(out))
    program = sys.argv[0] if Path(sys.argv[0]).name == "openrapport" else "openrapport"
    note(f"next, with a transcript of your own: {program} analyze session.vtt")
    context.exit(status)

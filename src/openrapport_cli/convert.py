"""``openrapport convert``: from one format to another, saying what does not fit."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from openrapport.errors import BadInput
from openrapport_cli.inputs import STANDARD, confirming, pick_reading, reading_options, spooled
from openrapport_cli.messages import note
from openrapport_cli.progress import Waiting

__all__ = ["convert"]


@click.command(short_help="Between transcript and annotation formats, by ending.")
@click.argument(
    "source",
    metavar="IN",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.argument(
    "target", metavar="OUT", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path)
)
@reading_options
@click.option("--to", "target_ending", metavar="ENDING", help="What standard output shall be.")
def convert(source: Path, target: Path, target_ending: str | None, **options: Any) -> None:
    """Write a transcript in another format, chosen by OUT's ending.

    What the new format cannot carry is said on standard error. An OUT that exists is replaced.

    \b
    Examples:
      openrapport convert session.vtt session.eaf
      openrapport convert table.csv twelve.srt --session 12
      openrapport convert - - --from srt --to csv < session.srt > session.csv
    """
    from openrapport.io.files import write_session

    if target != STANDARD and target.exists() and source != STANDARD and target.samefile(source):
        raise BadInput("IN and OUT are the same file; choose another OUT")
    reading = pick_reading(options)
    with Waiting("Converting", counts=False) as waiting:
        with spooled(source, reading.ending) as path:
            session = reading.only_session(path, confirming(waiting))
        with _printed(target, target_ending) as path:
            for dropped in write_session(session, path):
                note(dropped)
            waiting.clear()


@contextmanager
def _printed(target: Path, ending: str | None) -> Iterator[Path]:
    """Give standard output a name: writers go by a file's ending."""
    if target != STANDARD:
        yield target
        return
    if ending is None:
        raise BadInput("standard output has no ending; say what it shall be, for instance --to vtt")
    with tempfile.TemporaryDirectory(prefix="openrapport-") as folder:
        path = Path(folder) / f"stdout.{ending.lstrip('.')}"
        yield path
        with path.open("rb") as whole:
            shutil.copyfileobj(whole, sys.stdout.buffer)
        sys.stdout.buffer.flush()

"""``openrapport simulate``: a practice that does not exist, as a folder of tables."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openrapport
from openrapport.errors import BadInput
from openrapport_cli.messages import note
from openrapport_cli.outputs import ReportFolder, own_files, write_files
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    from openrapport.simulation import Practice, PracticeParameters

__all__ = ["simulate"]

# As in the demonstration: 30 clients and 4 therapists.
_CLIENTS_PER_THERAPIST = 7.5
_PEOPLE = click.IntRange(1, 100_000)


@click.command(short_help="A fictional practice, for demonstrations and load.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--clients", metavar="N", type=_PEOPLE, default=30, show_default=True, help="How many clients."
)
@click.option(
    "--therapists",
    metavar="N",
    type=_PEOPLE,
    help=f"How many therapists.  [default: one for {_CLIENTS_PER_THERAPIST} clients]",
)
@click.option(
    "--months",
    metavar="N",
    type=click.IntRange(1, 120),
    default=10,
    show_default=True,
    help="How far back its record goes.",
)
@click.option(
    "--seed",
    metavar="S",
    type=click.IntRange(0, 2**63 - 1),
    default=1,
    show_default=True,
    help="The same seed and the same end give the same practice.",
)
@click.option(
    "--end",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The practice's today, such as 2025-06-18.  [default: today]",
)
def simulate(
    folder: Path, clients: int, therapists: int | None, months: int, seed: int, end: datetime | None
) -> None:
    """Write a fictional practice: people, meetings, ratings, strains, endings.

    Nobody in it exists. README.txt in DIR says so, and which numbers it was made from. DIR is new,
    empty, or one that OpenRapport wrote.

    \b
    Examples:
      openrapport simulate practice
      openrapport simulate large --clients 10000 --months 30 --seed 7 --end 2025-06-18
    """
    from openrapport.simulation.layout import laid_out

    _refuse_foreign(folder)
    today = (end or datetime.now().astimezone()).date()
    with Waiting("Simulating a practice"):
        practice = _practice(_parameters(clients, therapists, months), seed, today)
        contents = {name: _as_csv(columns) for name, columns in laid_out(practice).items()}
        contents |= _transcripts()
        contents["README.txt"] = _readme(practice, seed)
        _write(folder, contents)
    note(
        f"a fictional practice in {folder}: {len(practice.therapists):,} therapists, "
        f"{len(practice.clients):,} clients, {len(practice.meetings):,} meetings; "
        "its README.txt says what is what"
    )


def _parameters(clients: int, therapists: int | None, months: int) -> PracticeParameters:
    from openrapport.simulation import PracticeParameters

    enough = max(1, round(clients / _CLIENTS_PER_THERAPIST))
    return PracticeParameters(clients=clients, therapists=therapists or enough, months=months)


def _practice(parameters: PracticeParameters, seed: int, today: date) -> Practice:
    import numpy as np

    from openrapport.simulation import simulate_practice

    return simulate_practice(parameters, rng=np.random.default_rng(seed), end=today)


def _transcripts() -> dict[str, str]:
    from openrapport.demo import TRANSCRIPTS, transcript_path

    contents = {}
    for name in TRANSCRIPTS:
        with transcript_path(name) as path:
            contents[f"transcripts/{path.name}"] = path.read_text("utf-8")
    return contents


def _refuse_foreign(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not own_files(folder):
        raise BadInput(f"{folder} is not empty and OpenRapport did not write it; choose another folder")


def _write(folder: Path, contents: dict[str, str]) -> None:
    ReportFolder(folder, ()).own(*contents)
    for name in contents:
        (folder / name).parent.mkdir(mode=0o700, exist_ok=True)
    write_files({folder / name: text for name, text in contents.items()})


def _as_csv(columns: dict[str, list[Any]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _readme(practice: Practice, seed: int) -> str:
    from openrapport.demo import TRANSCRIPTS
    from openrapport.simulation import PracticeParameters, sources

    p, usual, where = practice.parameters, PracticeParameters(), sources()
    made_from = [
        f"  {name} = {getattr(p, name)}    "
        f"[{where[name] if getattr(p, name) == getattr(usual, name) else 'given'}]"
        for name in where
    ]
    shown = [f"  transcripts/{name}.vtt\n      {what}" for name, what in TRANSCRIPTS.items()]
    return _README.format(
        version=openrapport.__version__,
        command=f"openrapport simulate DIR --clients {p.clients} --therapists {p.therapists} "
        f"--months {p.months} --seed {seed} --end {practice.end}",
        end=practice.end,
        transcripts="\n".join(shown),
        parameters="\n".join(made_from),
    )


_README = """\
A FICTIONAL PRACTICE

Nobody here exists. Every person, meeting, rating, strain and goal in this folder was invented by a
program, and every transcript was written by hand for OpenRapport. Names are made up, and addresses are
at example.org, which belongs to nobody.

It is for demonstrations and for trying things out. It is no evidence about therapy: what comes out of
it was put in.

Made by OpenRapport {version} with
  {command}
which gives the same practice again, with the same versions of OpenRapport and numpy.
Its today is {end}: what lies before has happened, the rest is planned.

WHAT IS WHAT

  therapists.csv, clients.csv     who works there, who came
  episodes.csv, meetings.csv      courses of treatment, appointments
  ratings.csv                     one number for each form: the mean of its items, if 3 of 4 were answered
  forms.csv                       the items, 0-10, by clients and therapists, and therapists' predictions
  distress.csv                    totals: depression 0-27, anxiety 0-21
  goals.csv, goal-ratings.csv     what clients want, and how far along they are, 0-10
  hidden/                         what nobody could know in a real practice: the alliance itself, when a
                                  strain began and whether it was repaired, therapists' effects
{transcripts}

An empty cell means that there is nothing: not answered, not held, not ended. An occasion counts a
client's held meetings. The transcripts belong to nobody in the tables.

MADE FROM
in brackets: where the number comes from (docs/references.md), "assumed", or "given" on the command line

{parameters}
"""

"""``openrapport match``: a proposal for a waiting list, with reasons and a proof."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openrapport
from openrapport_cli.inputs import spooled
from openrapport_cli.messages import note
from openrapport_cli.progress import Waiting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from openrapport.fit.assignment import Assignment
    from openrapport.fit.profiles import Directory
    from openrapport_cli.people import Clients

__all__ = ["COLUMNS", "match"]

COLUMNS = ("client", "therapist", "slot", "score", "low", "high", "why")

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)

Row = dict[str, Any]


@click.command(short_help="A proposal under capacities, with reasons.")
@click.argument("clients", metavar="CLIENTS.csv", type=_FILE)
@click.argument("therapists", metavar="THERAPISTS.csv", type=_TABLE)
@click.option(
    "--scores",
    metavar="SCORES.csv",
    type=_TABLE,
    help="client,therapist,score of every pair.  [default: from what the tables say matters]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with the reasons.")
@click.option(
    "--week-counts",
    metavar="X",
    type=click.FloatRange(0, 1000),
    default=0.01,
    show_default=True,
    help="What a week of waiting counts, in points of the score, where places are short.",
)
@click.option(
    "--from",
    "begin",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="From when hours of different time zones shall stay common.  [default: today]",
)
def match(
    clients: Path,
    therapists: Path,
    scores: Path | None,
    as_json: bool,
    week_counts: float,
    begin: datetime | None,
) -> None:
    """Propose a therapist for everybody on a waiting list.

    As many as possible get a place; among all ways to do that, the sum of scores and waiting is the
    largest there is. It is a proposal: the client chooses.

    \b
    Examples:
      openrapport match clients.csv therapists.csv
      openrapport match clients.csv therapists.csv --scores scores.csv --json
    """
    from openrapport.fit.assignment import Lists, assign, certify
    from openrapport.fit.profiles import Directory
    from openrapport_cli.people import read_clients, read_scores, read_therapists

    today = (begin or datetime.now().astimezone()).date()
    with Waiting("Looking for places", counts=False), spooled(clients, ".csv") as path:
        people = read_clients(path, note)
        directory = Directory(read_therapists(therapists, note), today)
        names = [profile.therapist for profile in directory.profiles]
        given = None if scores is None else read_scores(scores, people.ids, names)
        found = assign(
            Lists.of(_scores(people, directory, given)),
            directory.capacity,
            slots=_slots(people, directory),
            waiting=week_counts * people.waiting_weeks,
        )
        proof = certify(found)
        rows = _rows(people, directory, found, given is not None)
    placed = [row for row in rows if row["therapist"] is not None]
    document = {
        "version": openrapport.__version__,
        "assignments": placed,
        "unassigned": [_without_place(row) for row in rows if row["therapist"] is None],
        "objective": found.objective,
        "week_counts": week_counts,
        "certificate": {"value": proof.value, "bound": proof.bound, "optimal": proof.optimal},
    }
    sys.stdout.write(_as_json(document) if as_json else _as_csv(rows))
    sys.stdout.flush()
    note(
        f"{len(placed):,} of {len(rows):,} clients have a place; "
        + ("nothing better exists" if proof.optimal else "THE PROOF DOES NOT HOLD: please report it")
    )


def _scores(
    people: Clients, directory: Directory, given: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    import numpy as np

    from openrapport.fit.needs import possible
    from openrapport.fit.scoring import parts_of

    table = np.empty((len(people.ids), len(directory)))
    for row, preferences in enumerate(people.preferences):
        own = parts_of(preferences, directory).score if given is None else given[row]
        table[row] = np.where(possible(preferences, directory), own, -np.inf)
    return table


def _slots(people: Clients, directory: Directory) -> Any:
    """Put free hours on one grid; None where no therapist names any.

    A therapist without hours takes clients at any time, as many as there is capacity: they get
    columns of their own, in which every client has time.
    """
    import numpy as np

    from openrapport.fit.assignment import Slots

    hours = sorted({(p.zone, slot) for p in directory.profiles for slot in p.slots})
    if not hours:
        return None
    place = {hour: column for column, hour in enumerate(hours)}
    free = [p.capacity for p in directory.profiles if not p.slots]
    any_time = min(max(free, default=0), len(people.ids))
    theirs = np.zeros((len(directory), len(hours) + any_time), dtype=bool)
    for row, profile in enumerate(directory.profiles):
        theirs[row, [place[profile.zone, slot] for slot in profile.slots]] = True
        if not profile.slots:
            theirs[row, len(hours) : len(hours) + profile.capacity] = True
    own = np.ones((len(people.ids), theirs.shape[1]), dtype=bool)
    for row, preferences in enumerate(people.preferences):
        needs = preferences.needs
        if needs.slots:
            own[row, : len(hours)] = False
            common = directory.hours_of(needs.slots, needs.zone)
            own[row, [place[hour] for hour in common if hour in place]] = True
    return Slots(own, theirs)


def _rows(people: Clients, directory: Directory, found: Assignment, given: bool) -> list[Row]:
    from openrapport.fit.wording import why_sentence

    why = found.unassigned()
    hours = sorted({(p.zone, slot) for p in directory.profiles for slot in p.slots})
    rows = []
    for client, name in enumerate(people.ids):
        therapist, slot = int(found.therapist[client]), int(found.slot[client])
        row: Row = dict.fromkeys(COLUMNS) | {"client": name}
        if therapist < 0:
            row |= {"why": str(why[client]), "text": why_sentence(why[client])}
            row |= {"obstacles": _obstacles(people, directory, client)}
        else:
            row |= {"therapist": directory.profiles[therapist].therapist}
            row |= {"score": float(found.score[client])}
            row |= {"slot": str(hours[slot][1]) if 0 <= slot < len(hours) else None}
            row |= _reasons(people, directory, client, therapist, given)
        rows.append(row)
    return rows


def _reasons(people: Clients, directory: Directory, client: int, therapist: int, given: bool) -> Row:
    from openrapport.fit.explanation import explain
    from openrapport.fit.preferences import Preferences, Strength
    from openrapport.fit.scoring import parts_of
    from openrapport.fit.wording import need_sentence, reason_sentence, what_if_sentence

    preferences = people.preferences[client]
    if given:
        # The score came from outside: of what the tables say, only what must be met counted.
        musts = tuple(wish for wish in preferences.wishes if wish.strength is Strength.MUST)
        preferences = Preferences(preferences.needs, wishes=musts)
    found = explain(preferences, directory, parts_of(preferences, directory), therapist)
    needs = [
        {"standing": "met", "kind": "need", "aspect": n, "text": need_sentence(n)} for n in found.met
    ]
    if given:
        return {"reasons": [{"kind": "given_score", "text": "The score is the one given."}, *needs]}
    return {
        "low": found.interval[0],
        "high": found.interval[1],
        "reasons": [
            {
                "standing": reason.standing,
                "kind": reason.part.kind,
                "aspect": reason.part.aspect,
                "weight": reason.part.weight,
                "fit": reason.part.fit,
                "text": reason_sentence(reason),
            }
            for reason in found.reasons
        ]
        + needs,
        "would_change": [
            {
                "kind": change.part.kind,
                "aspect": change.part.aspect,
                "score_if_left_out": change.left_out,
                "score_if_met": change.met,
                "text": what_if_sentence(change),
            }
            for change in found.would_change
        ],
    }


def _obstacles(people: Clients, directory: Directory, client: int) -> list[Row]:
    from openrapport.fit.needs import obstacles
    from openrapport.fit.wording import obstacle_sentence

    return [
        {
            "need": found.need,
            "blocks": found.blocks,
            "not_stated": found.not_stated,
            "would_give": found.would_give,
            "text": obstacle_sentence(found),
        }
        for found in obstacles(people.preferences[client], directory)
    ]


def _without_place(row: Row) -> Row:
    return {key: row[key] for key in ("client", "why", "text", "obstacles")}


def _as_csv(rows: list[Row]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _as_json(document: dict[str, Any]) -> str:
    for row in document["assignments"]:
        del row["why"]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

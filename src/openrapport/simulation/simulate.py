"""From parameters to a practice."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.simulation import answers, dates
from openrapport.simulation.caseload import Caseload, Columns, follow
from openrapport.simulation.names import fictional_names, mail_addresses
from openrapport.simulation.parameters import PracticeParameters
from openrapport.simulation.practice import (
    NONE,
    Clients,
    Episodes,
    Meetings,
    Practice,
    Referral,
    Strains,
    Table,
    Therapists,
)

__all__ = ["simulate_practice"]

T = TypeVar("T", bound=Table)

_MINUTES = 50
_REFERRALS = dict(zip(Referral, (0.42, 0.26, 0.14, 0.10, 0.08), strict=True))


def simulate_practice(
    parameters: PracticeParameters, *, rng: np.random.Generator, end: date
) -> Practice:
    """Make a practice that does not exist.

    Parameters
    ----------
    parameters : PracticeParameters
        What it is made from.
    rng : numpy.random.Generator
        Where the draws come from. The same seed gives the same practice, with the same version of
        numpy and of OpenRapport. People, their course and their answers draw from streams of their
        own, so that other answers do not change who came when.
    end : date
        The practice's today: what lies before it has happened, what lies on it or after it is
        planned.

    Returns
    -------
    practice : Practice
        Tables that refer to each other by row. It looks plausible and is no evidence: what comes
        out is what was put in.

    Raises
    ------
    BadInput
        If numbers contradict each other, or the date lies outside 1971 to 9000.
    """
    if not 1971 <= end.year <= 9000:
        raise BadInput(f"end is {end}; expected a date from 1971 to 9000")
    people, course, forms, scores, wishes = rng.spawn(5)
    weeks = dates.mondays(end, parameters)
    therapists, clients = _people(parameters, weeks[0], end, people)
    raw = follow(parameters, clients, therapists, weeks=weeks, end=end, rng=course)
    caseload = _in_order(raw)
    held = answers.Held.of(caseload)
    distress, better = answers.distress(parameters, caseload, held, therapists.effect, rng=scores)
    days = caseload.meetings["starts_at"].astype("datetime64[D]")[held.meeting]
    goals, goal_ratings = answers.goals(parameters, held, days, better, rng=wishes)
    return Practice(
        parameters=parameters,
        end=end,
        therapists=therapists,
        clients=clients,
        episodes=_table(Episodes, caseload.episodes),
        meetings=_table(Meetings, caseload.meetings | _more_of_meetings(caseload.meetings)),
        strains=_table(Strains, caseload.strains),
        ratings=answers.ratings(parameters, held, rng=forms),
        distress=distress,
        goals=goals,
        goal_ratings=goal_ratings,
    )


def _people(
    p: PracticeParameters, start: np.datetime64, end: date, rng: np.random.Generator
) -> tuple[Therapists, Clients]:
    names = fictional_names(p.therapists + p.clients, rng=rng)
    addresses = mail_addresses(names)
    usual = (p.in_person_share, 1 - p.in_person_share - p.telephone_share, p.telephone_share)
    therapists = Therapists(
        name=names[: p.therapists],
        email=addresses[: p.therapists],
        capacity=rng.integers(p.capacity_low, p.capacity_high + 1, p.therapists),
        effect=rng.standard_normal(p.therapists),
    )
    clients = Clients(
        name=names[p.therapists :],
        email=addresses[p.therapists :],
        asked_on=dates.asking_days(p, start=start, end=end, rng=rng),
        referral=rng.choice(len(Referral), size=p.clients, p=list(_REFERRALS.values())),
        modality=rng.choice(len(usual), size=p.clients, p=np.abs(usual)),
    )
    return therapists, clients


def _in_order(raw: Caseload) -> Caseload:
    """Sort episodes by their start and meetings by time, and let rows refer to the new places."""
    new_episodes = np.lexsort((raw.episodes["client"], raw.episodes["start"]))
    meetings = raw.meetings | {"episode": _places(new_episodes)[raw.meetings["episode"]]}
    new_meetings = np.lexsort((meetings["episode"], meetings["starts_at"]))
    place = np.append(_places(new_meetings), NONE)  # -1 stays -1
    strains = raw.strains | {
        "episode": _places(new_episodes)[raw.strains["episode"]],
        "meeting": place[raw.strains["meeting"]],
        "repaired_at": place[raw.strains["repaired_at"]],
    }
    return Caseload(_sorted(raw.episodes, new_episodes), _sorted(meetings, new_meetings), strains)


def _places(order: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places


def _sorted(columns: Columns, order: NDArray[np.int64]) -> Columns:
    return {name: column[order] for name, column in columns.items()}


def _more_of_meetings(meetings: Columns) -> Columns:
    held = np.flatnonzero(meetings["number"] > 0)
    by_client = held[np.argsort(meetings["client"][held], kind="stable")]
    _, first, count = np.unique(meetings["client"][by_client], return_index=True, return_counts=True)
    occasion = np.full(len(meetings["number"]), NONE)
    occasion[by_client] = 1 + np.arange(len(by_client)) - np.repeat(first, count)
    return {"occasion": occasion, "minutes": np.full(len(occasion), _MINUTES)}


def _table(kind: type[T], columns: Columns) -> T:
    """Take the columns that a table has, and leave what only the simulation needs."""
    return kind(**{one.name: columns[one.name] for one in fields(kind)})

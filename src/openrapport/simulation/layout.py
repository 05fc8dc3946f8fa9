"""A fictional practice laid out as the files that other commands read, with ids for row numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.simulation.practice import NONE, Practice, Rater

__all__ = ["laid_out"]

Columns = dict[str, list[Any]]

_ITEMS = ("bond", "goal", "task", "voice")
_ANSWERED_AT_LEAST = 3
"""A form's rating is the mean of its items, if at least three of the four were answered."""


def laid_out(practice: Practice) -> dict[str, Columns]:
    """Lay a practice out as tables of ids and plain values.

    Parameters
    ----------
    practice : Practice
        Any.

    Returns
    -------
    tables : dict of str to dict of str to list
        By file name: columns of one length, None where there is nothing. ``therapists.csv``,
        ``clients.csv`` and ``ratings.csv`` have the columns that ``match`` and ``alerts`` read. What
        nobody could know in a real practice has a name that begins with ``hidden/``.
    """
    return _people(practice) | _course(practice) | _answers(practice) | _hidden(practice)


def _people(p: Practice) -> dict[str, Columns]:
    return {
        "therapists.csv": {
            "therapist": _ids("t", len(p.therapists)),
            **{name: p.therapists.plain(name) for name in ("capacity", "name", "email")},
        },
        "clients.csv": {
            "client": _ids("c", len(p.clients)),
            **{
                name: p.clients.plain(name)
                for name in ("name", "email", "asked_on", "referral", "modality")
            },
        },
    }


def _course(p: Practice) -> dict[str, Columns]:
    episodes = ("asked_on", "start", "end", "agreed_meetings", "ending", "reason")
    return {
        "episodes.csv": {
            "episode": _ids("e", len(p.episodes)),
            "client": _named("c", p.episodes.client, len(p.clients)),
            "therapist": _named("t", p.episodes.therapist, len(p.therapists)),
            **{name: p.episodes.plain(name) for name in episodes},
        },
        "meetings.csv": {
            **_meeting(p, np.arange(len(p.meetings))),
            "episode": _named("e", p.meetings.episode, len(p.episodes)),
            "therapist": _named("t", p.episodes.therapist[p.meetings.episode], len(p.therapists)),
            "starts_at": [at.isoformat(timespec="minutes") for at in p.meetings.starts_at.tolist()],
            **{name: p.meetings.plain(name) for name in ("minutes", "status", "modality")},
        },
        "goals.csv": {
            "goal": _ids("g", len(p.goals)),
            "client": _named("c", p.episodes.client[p.goals.episode], len(p.clients)),
            "episode": _named("e", p.goals.episode, len(p.episodes)),
            **{name: p.goals.plain(name) for name in ("set_on", "text")},
        },
    }


def _answers(p: Practice) -> dict[str, Columns]:
    forms = ("rater", *_ITEMS, "felt_off")
    return {
        "ratings.csv": _ratings(p),
        "forms.csv": {
            **_meeting(p, p.ratings.meeting),
            **{name: _whole(p.ratings.plain(name)) for name in forms},
        },
        "distress.csv": {
            **_meeting(p, p.distress.meeting),
            **{name: p.distress.plain(name) for name in ("depression", "anxiety")},
        },
        "goal-ratings.csv": {
            "goal": _named("g", p.goal_ratings.goal, len(p.goals)),
            **_meeting(p, p.goal_ratings.meeting),
            "progress": p.goal_ratings.plain("progress"),
        },
    }


def _ratings(p: Practice) -> Columns:
    """One number for each form of a client or a therapist about the meeting."""
    items = np.stack([getattr(p.ratings, name) for name in _ITEMS])
    answered = (~np.isnan(items)).sum(axis=0)
    rows = np.flatnonzero(
        (answered >= _ANSWERED_AT_LEAST) & (p.ratings.rater != list(Rater).index(Rater.PREDICTION))
    )
    mean = np.nansum(items[:, rows], axis=0) / answered[rows]
    raters = p.ratings.plain("rater")
    about = _meeting(p, p.ratings.meeting[rows])
    return {
        "client": about["client"],
        "occasion": about["occasion"],
        "rating": np.round(mean, 2).tolist(),
        "rater": [raters[row] for row in rows.tolist()],
    }


def _hidden(p: Practice) -> dict[str, Columns]:
    held = np.flatnonzero(p.meetings.occasion != NONE)
    return {
        "hidden/therapists.csv": {
            "therapist": _ids("t", len(p.therapists)),
            "effect": np.round(p.therapists.effect, 4).tolist(),
        },
        "hidden/alliance.csv": {
            **_meeting(p, held),
            **{
                name: np.round(getattr(p.meetings, name)[held], 3).tolist()
                for name in ("alliance", "strain")
            },
        },
        "hidden/strains.csv": {
            **_meeting(p, p.strains.meeting),
            "way": p.strains.plain("way"),
            "drop": np.round(p.strains.drop, 3).tolist(),
            "noticed": p.strains.plain("noticed"),
            "repaired_at": [
                p.meetings.occasion[row].item() if row != NONE else None
                for row in p.strains.repaired_at.tolist()
            ],
        },
    }


def _meeting(p: Practice, rows: NDArray[np.signedinteger[Any]]) -> Columns:
    """Say which meetings these are: by id, and as the so manieth held one of a client."""
    occasion = p.meetings.occasion[rows]
    return {
        "meeting": _named("m", rows, len(p.meetings)),
        "client": _named("c", p.episodes.client[p.meetings.episode[rows]], len(p.clients)),
        "occasion": [None if one == NONE else one for one in occasion.tolist()],
    }


def _ids(letter: str, n: int) -> list[str]:
    return _named(letter, np.arange(n), n)


def _named(letter: str, rows: NDArray[np.signedinteger[Any]], n: int) -> list[str]:
    width = max(2, len(str(n)))
    return [f"{letter}{row + 1:0{width}}" for row in rows.tolist()]


def _whole(values: list[Any]) -> list[Any]:
    return [int(value) if isinstance(value, float) else value for value in values]

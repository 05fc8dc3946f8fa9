"""What people say about their meetings: forms, distress, goals, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.simulation.caseload import Caseload, Columns
from openrapport.simulation.names import goal_texts
from openrapport.simulation.parameters import PracticeParameters
from openrapport.simulation.practice import (
    Distress,
    GoalRatings,
    Goals,
    Rater,
    Ratings,
    WayOfStrain,
)

__all__ = ["Held", "distress", "goals", "ratings"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ITEMS = ("bond", "goal", "task", "voice")
# How much of a strain's drop reaches an item; each row has a mean of 1. Withdrawal takes the voice
# and the bond, confrontation the work on goals and tasks.
_REACH = {
    WayOfStrain.WITHDRAWAL: (1.2, 0.8, 0.8, 1.2),
    WayOfStrain.CONFRONTATION: (0.9, 1.15, 1.15, 0.8),
}
_ANSWERING_PEOPLE = 4.0
"""How alike clients are in answering: a and b of the beta distribution add up to it."""
_A_LITTLE_OFF = 0.03
_CLEARLY_OFF = 2.0
_PREDICTION_NOISE = 0.4
_DEPRESSION_NOISE, _ANXIETY_NOISE = 1.5, 1.2
_START_AND_CHANGE_R = -0.3
_BOTH_SCALES_R = 0.6


@dataclass(frozen=True, slots=True)
class Held:
    """The meetings that took place, with what answers rest on.

    Parameters
    ----------
    meeting, episode, client, number, agreed : ndarray of int, shape (h,)
        Rows, the meeting's number within its episode, and the agreed number.
    alliance, strain : ndarray of float, shape (h,)
        As in ``Meetings``.
    way : ndarray of int, shape (h,)
        Code of the open strain; without one it means nothing.
    noticed : ndarray of bool, shape (h,)
        Whether the therapist senses an open strain.
    """

    meeting: NDArray[np.int64]
    episode: NDArray[np.int64]
    client: NDArray[np.int64]
    number: NDArray[np.int64]
    agreed: NDArray[np.int64]
    alliance: Floats
    strain: Floats
    way: NDArray[np.int64]
    noticed: Flags

    @classmethod
    def of(cls, caseload: Caseload) -> Held:
        """Pick the held meetings.

        Parameters
        ----------
        caseload : Caseload
            What happened, in its final order.

        Returns
        -------
        held : Held
            In the order of time.
        """
        rows = np.flatnonzero(caseload.meetings["number"] > 0)
        at: Columns = {name: column[rows] for name, column in caseload.meetings.items()}
        strain = at["open_strain"]
        # A row more, for the meetings without a strain (-1).
        way = np.append(caseload.strains["way"], 0)[strain]
        noticed = np.append(caseload.strains["noticed"], False)[strain]
        return cls(
            meeting=rows,
            episode=at["episode"],
            client=at["client"],
            number=at["number"],
            agreed=caseload.episodes["agreed_meetings"][at["episode"]],
            alliance=at["alliance"],
            strain=at["strain"],
            way=way,
            noticed=noticed.astype(bool),
        )

    def __len__(self) -> int:
        return len(self.meeting)


def ratings(parameters: PracticeParameters, held: Held, *, rng: np.random.Generator) -> Ratings:
    """Fill in the forms after meetings.

    A client rates what they feel; a strain reaches items to different degrees. A therapist rates
    lower and follows the client in part, and a strain only where it was sensed. The prediction lies
    halfway between the therapist's own rating and that rating without its bias.

    Parameters
    ----------
    parameters : PracticeParameters
        How often, and how exactly.
    held : Held
        The meetings.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    ratings : Ratings
        By meeting: client, therapist, prediction, as far as they were filled in.
    """
    p, n = parameters, len(held)
    without = held.alliance + held.strain
    sensed = np.where(held.noticed, held.strain, 0.0)
    own = p.alliance_mean + p.therapist_bias + p.therapist_tracking * (without - p.alliance_mean)
    own += p.therapist_noise * rng.standard_normal(n) - sensed
    guess = own - p.therapist_bias / 2 + _PREDICTION_NOISE * rng.standard_normal(n)
    filled = rng.random(n) < p.therapist_answers_share
    views = {
        Rater.CLIENT: (without, held.strain, _clients_answer(p, held, rng)),
        Rater.THERAPIST: (own + sensed, sensed, filled),
        Rater.PREDICTION: (guess + sensed, sensed, filled & (rng.random(n) < p.prediction_share)),
    }
    parts = []
    for code, (rater, (level, strain, answered)) in enumerate(views.items()):
        form = _items(p, held, level, strain, rng)
        off = _felt_off(p, held, rng) if rater is Rater.CLIENT else np.full(n, np.nan)
        answered = answered & ~np.isnan(form).all(axis=1)
        parts.append(
            (held.meeting[answered], np.full(answered.sum(), code), form[answered], off[answered])
        )
    meeting, rater_code, form, off = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((rater_code, meeting))
    items = dict(zip(_ITEMS, form[order].T, strict=True))
    return Ratings(meeting=meeting[order], rater=rater_code[order], **items, felt_off=off[order])


def _clients_answer(p: PracticeParameters, held: Held, rng: np.random.Generator) -> Flags:
    """Some clients nearly always answer, some hardly ever, and all more rarely in a strain."""
    share = np.full(1 + held.client.max(initial=0), p.client_answers_share)
    if 0 < p.client_answers_share < 1:
        often = p.client_answers_share * _ANSWERING_PEOPLE
        share = rng.beta(often, _ANSWERING_PEOPLE - often, size=len(share))
    ratio = np.where(held.strain > 0, p.strain_answers_ratio, 1.0)
    return rng.random(len(held)) < share[held.client] * ratio


def _items(
    p: PracticeParameters, held: Held, level: Floats, strain: Floats, rng: np.random.Generator
) -> Floats:
    """Shape (h, 4): whole numbers from 0 to 10, NaN where left out."""
    reach = np.array([_REACH[way] for way in WayOfStrain])[held.way]
    shape = (len(held), len(_ITEMS))
    felt = level[:, None] - reach * strain[:, None] + p.item_sd * rng.standard_normal(shape)
    return np.where(rng.random(shape) < p.item_missing_share, np.nan, np.clip(np.rint(felt), 0, 10))


def _felt_off(p: PracticeParameters, held: Held, rng: np.random.Generator) -> Floats:
    n = len(held)
    degree = np.where(held.strain >= _CLEARLY_OFF, 2.0, 1.0)
    told = rng.random(n) < np.where(held.strain > 0, p.tells_share, _A_LITTLE_OFF)
    left_out = rng.random(n) < p.item_missing_share
    return np.where(left_out, np.nan, np.where(told, degree, 0.0))


@dataclass(frozen=True, slots=True)
class _Change:
    """How much an episode changes, in standard deviations; more is less distress."""

    start: Floats
    better: Floats


def _changes(
    p: PracticeParameters, caseload: Caseload, effect: Floats, rng: np.random.Generator
) -> tuple[_Change, _Change]:
    """Draw start and change of each episode, for depression and anxiety.

    The better the alliance, the more change (``alliance_outcome_r``); some of it lies with the
    therapist (``therapist_share``); and who starts higher has further to come down.
    """
    n = len(caseload.episodes["client"])
    by_therapist = np.sqrt(p.therapist_share) * effect[caseload.episodes["therapist"]]
    # The therapist's part of the alliance brings some of the correlation already.
    own_r = (p.alliance_outcome_r - p.therapist_share) / np.sqrt(1 - p.therapist_share)
    left = 1 - p.therapist_share - own_r**2 - _START_AND_CHANGE_R**2
    if left < 0:
        raise BadInput("therapist_share and alliance_outcome_r explain more than all of the change")
    shared = _pair(n, rng)
    rest = _pair(n, rng)
    first, second = (
        _Change(
            start=start,
            better=by_therapist
            + own_r * caseload.episodes["z_own"]
            - _START_AND_CHANGE_R * start
            + np.sqrt(left) * noise,
        )
        for start, noise in zip(shared, rest, strict=True)
    )
    return first, second


def _pair(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    one, other = rng.standard_normal((2, n))
    return one, _BOTH_SCALES_R * one + np.sqrt(1 - _BOTH_SCALES_R**2) * other


def distress(
    parameters: PracticeParameters,
    caseload: Caseload,
    held: Held,
    effect: Floats,
    *,
    rng: np.random.Generator,
) -> tuple[Distress, Floats]:
    """Ask about distress before meetings.

    Change goes with the logarithm of the meeting's number, and all of it is there at the agreed
    last meeting.

    Parameters
    ----------
    parameters : PracticeParameters
        How much, and how often it is asked.
    caseload : Caseload
        What happened.
    held : Held
        The meetings.
    effect : ndarray of float, shape (therapists,)
        Of the therapists.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    distress : Distress
        As far as it was answered.
    better : ndarray of float, shape (episodes,)
        Change of each episode against the mean, in standard deviations; more is better.

    Raises
    ------
    BadInput
        If alliance and therapist explain more than all of the change.
    """
    p, n = parameters, len(held)
    low, worried = _changes(p, caseload, effect, rng)
    way_gone = _way_gone(held)
    scores = []
    for one, mean, sd, change, change_sd, noise, top in (
        (
            low,
            p.depression_mean,
            p.depression_sd,
            p.depression_change,
            p.depression_change_sd,
            _DEPRESSION_NOISE,
            27,
        ),
        (
            worried,
            p.anxiety_mean,
            p.anxiety_sd,
            p.anxiety_change,
            p.anxiety_change_sd,
            _ANXIETY_NOISE,
            21,
        ),
    ):
        start = mean + np.sqrt(max(sd**2 - noise**2, 0)) * one.start
        whole = change - change_sd * one.better
        felt = start[held.episode] + way_gone * whole[held.episode] + noise * rng.standard_normal(n)
        scores.append(np.clip(np.rint(felt), 0, top))
    asked = (held.number - 1) % p.distress_every == 0
    answered = asked & (rng.random(n) < p.distress_answered_share)
    return Distress(held.meeting[answered], scores[0][answered], scores[1][answered]), low.better


def _way_gone(held: Held) -> Floats:
    """Share of an episode's change that is there: 0 at the first meeting, 1 at the agreed last."""
    return np.asarray(np.log(held.number) / np.log(held.agreed))


def goals(
    parameters: PracticeParameters,
    held: Held,
    days: NDArray[np.datetime64],
    better: Floats,
    *,
    rng: np.random.Generator,
) -> tuple[Goals, GoalRatings]:
    """Let clients set goals at their second meeting, and rate them from time to time.

    Parameters
    ----------
    parameters : PracticeParameters
        How often goals are rated.
    held : Held
        The meetings.
    days : ndarray of datetime64[D], shape (h,)
        When they were.
    better : ndarray of float, shape (episodes,)
        How well it goes, in standard deviations.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    goals : Goals
        One to three for each episode with two meetings or more.
    ratings : GoalRatings
        By goal and time.
    """
    second = np.flatnonzero(held.number == 2)
    counts = rng.integers(1, 4, len(second))
    texts = goal_texts()
    # Steps without a common factor with the number of texts: the goals of an episode differ.
    steps = np.array([s for s in range(1, len(texts)) if np.gcd(s, len(texts)) == 1])
    which = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    text = np.repeat(rng.integers(len(texts), size=len(second)), counts)
    text = (text + which * np.repeat(rng.choice(steps, len(second)), counts)) % len(texts)
    set_at = np.repeat(second, counts)
    table = Goals(
        episode=held.episode[set_at], text=tuple(texts[i] for i in text.tolist()), set_on=days[set_at]
    )
    return table, _goal_ratings(parameters, held, table, better, rng)


def _goal_ratings(
    p: PracticeParameters, held: Held, table: Goals, better: Floats, rng: np.random.Generator
) -> GoalRatings:
    rated = np.flatnonzero((held.number % p.goals_every == 0) & (held.number >= 2))
    rated = rated[np.argsort(held.episode[rated], kind="stable")]
    # Goals stand by the time they were set; sorted by episode they can be counted per meeting.
    by_episode = np.argsort(table.episode, kind="stable")
    first, last = (
        np.searchsorted(table.episode[by_episode], held.episode[rated], side=side)
        for side in ("left", "right")
    )
    count = last - first
    at = np.repeat(rated, count)
    within = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    goal = by_episode[np.repeat(first, count) + within]
    answered = rng.random(len(at)) < p.distress_answered_share
    goal, at = goal[answered], at[answered]
    mood = better[held.episode[at]]
    felt = 1.5 + (5 + 1.5 * mood) * _way_gone(held)[at] + rng.standard_normal(len(at))
    order = np.lexsort((held.meeting[at], goal))
    progress = np.clip(np.rint(felt), 0, 10)[order]
    return GoalRatings(goal=goal[order], meeting=held.meeting[at][order], progress=progress)

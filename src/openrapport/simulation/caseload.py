"""Who comes when: week by week, from the waiting list to the ending.

In each week clients who wait get free places; those in treatment keep their weekly place, miss it,
or cancel; strains begin, are repaired or fade; and some people leave. Chance alone decides, by the
shares in ``PracticeParameters``, so that an unplanned ending has a history that can be looked for.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.simulation.dates import HOURS, cancelling_factor, closed, leave_weeks
from openrapport.simulation.parameters import PracticeParameters
from openrapport.simulation.practice import (
    NONE,
    Clients,
    Ending,
    MeetingStatus,
    Modality,
    Reason,
    Therapists,
    WayOfStrain,
)

__all__ = ["Caseload", "follow"]

Columns = dict[str, NDArray[Any]]

_PLACES = 5 * len(HOURS)
_FIRST_STRAIN, _LAST_STRAIN = 3, 2  # from the third meeting to the second before the agreed last
_FADES_OVER = 8
_LONGEST_REPAIR = 6  # GumzEtAl2012: the longest took six sessions
_DIP_FADES = 3.0
_NEVER = np.iinfo(np.int16).max

_STATUS = {status: code for code, status in enumerate(MeetingStatus)}
_REASON = {reason: code for code, reason in enumerate(Reason)}
_WAY = {way: code for code, way in enumerate(WayOfStrain)}
_ENDING = {ending: code for code, ending in enumerate(Ending)}
_PLANNED_REASONS = np.array([0.45, 0.40, 0.08, 0.07])
_REASONS_AFTER_STRAIN = np.array([0.6, 0.4, 0.0, 0.0])
_OTHER_REASONS = np.array([0.45, 0.10, 0.30, 0.15])
_APPOINTMENTS_AFTER = np.array([0, 0, 0, 0, 2, 1, 1, 1])
"""By reason: how many appointments pass until the episode is closed."""

_OPEN = np.dtype(
    [
        ("episode", np.int32),
        ("client", np.int32),
        ("therapist", np.int32),
        ("place", np.int8),
        ("modality", np.int8),
        ("agreed", np.int16),
        ("held", np.int16),
        ("leaves_after", np.int16),
        ("after_strain", np.bool_),
        ("left", np.int8),  # appointments until it is closed; 0 while the client comes
        ("reason", np.int8),
        ("level", np.float64),
        ("swing", np.float64),
        ("strain", np.int32),
        ("drop", np.float64),
        ("age", np.int8),
        ("lasts", np.int8),
        ("repaired", np.bool_),
    ]
)
"""What is remembered of an open episode."""

_BEGUN = np.dtype(
    [
        ("asked_on", "datetime64[D]"),
        ("client", np.int32),
        ("therapist", np.int32),
        ("place", np.int8),
    ]
)


@dataclass(frozen=True, slots=True)
class Caseload:
    """What happened, as raw columns.

    Parameters
    ----------
    episodes, meetings, strains : dict of str to ndarray
        Columns as in the tables of the same name, and a few that answers are made from:
        ``episodes["z_alliance"]``, ``meetings["number"]`` (held meetings of the episode so far) and
        ``meetings["open_strain"]`` (row of strains, or -1).
    """

    episodes: Columns
    meetings: Columns
    strains: Columns


def follow(
    parameters: PracticeParameters,
    clients: Clients,
    therapists: Therapists,
    *,
    weeks: NDArray[np.datetime64],
    end: date,
    rng: np.random.Generator,
) -> Caseload:
    """Follow a practice week by week.

    Parameters
    ----------
    parameters : PracticeParameters
        What it is made from.
    clients : Clients
        Who asks for a place.
    therapists : Therapists
        Who has places.
    weeks : ndarray of datetime64[D], shape (w,)
        Mondays.
    end : date
        Appointments on it or after it are planned.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    caseload : Caseload
        Episodes and meetings in the order in which they were agreed.

    Raises
    ------
    BadInput
        If strains alone would make more clients leave than ``dropout_share``.
    """
    run = _Run(parameters, clients, therapists, weeks, np.datetime64(end, "D"), rng)
    for week in range(len(weeks)):
        if weeks[week] <= run.today:
            run.admit(week)
        run.meet(week)
    return run.caseload()


def other_leaving_share(parameters: PracticeParameters) -> float:
    """Share of clients who leave for reasons other than a strain.

    Parameters
    ----------
    parameters : PracticeParameters
        What the practice is made from.

    Returns
    -------
    share : float
        What strains leave over of ``dropout_share``, over the agreed lengths of episodes.

    Raises
    ------
    BadInput
        If strains alone would make more clients leave.
    """
    p = parameters
    quantiles = (np.arange(99) + 1) / 100
    normal = np.array([NormalDist().inv_cdf(q) for q in quantiles])
    at_risk = np.maximum(_agreed(p, normal) - _FIRST_STRAIN - _LAST_STRAIN + 1, 0)
    # Strains come one after the other: while one is open, no other begins.
    lasts = p.repaired_share * 2 + (1 - p.repaired_share) * _FADES_OVER
    rate = p.strain_rate / (1 + p.strain_rate * lasts)
    stay = float(np.exp(-rate * (1 - p.repaired_share) * p.leaves_share * at_risk).mean())
    if stay < 1 - p.dropout_share:
        raise BadInput(
            f"dropout_share is {p.dropout_share:g}, but strains alone make {1 - stay:.3f} leave; "
            "raise it, or lower strain_rate or leaves_share"
        )
    return 1 - (1 - p.dropout_share) / stay


def _agreed(parameters: PracticeParameters, normal: NDArray[np.float64]) -> NDArray[np.int64]:
    lengths = parameters.agreed_median * np.exp(parameters.agreed_spread * normal)
    return np.maximum(np.rint(lengths), 3).astype(np.int64)


@dataclass(slots=True)
class _Run:
    """A practice on its way through the weeks."""

    p: PracticeParameters
    clients: Clients
    therapists: Therapists
    weeks: NDArray[np.datetime64]
    today: np.datetime64
    rng: np.random.Generator
    open: NDArray[Any] = field(init=False)
    waiting: deque[tuple[np.datetime64, int]] = field(default_factory=deque)
    coming: dict[int, list[tuple[np.datetime64, int]]] = field(init=False)
    away: NDArray[np.bool_] = field(init=False)
    free: NDArray[np.bool_] = field(init=False)
    others_leave: float = field(init=False)
    episodes: list[Columns] = field(default_factory=list)
    meetings: list[Columns] = field(default_factory=list)
    strains: list[Columns] = field(default_factory=list)
    repairs: list[Columns] = field(default_factory=list)
    endings: list[Columns] = field(default_factory=list)
    n_episodes: int = 0
    n_meetings: int = 0
    n_strains: int = 0

    def __post_init__(self) -> None:
        self.open = np.zeros(0, dtype=_OPEN)
        self.coming = defaultdict(list)
        for client, day in enumerate(self.clients.asked_on):
            self.coming[self._week_after(day)].append((day, client))
        self.away = leave_weeks(self.weeks, len(self.therapists), rng=self.rng)
        self.free = np.ones((len(self.therapists), _PLACES), dtype=bool)
        self.others_leave = other_leaving_share(self.p)

    def _week_after(self, day: np.datetime64) -> int:
        return int((day - self.weeks[0]).astype(int) // 7) + 1

    # Beginning

    def admit(self, week: int) -> None:
        """Give free places to those who have waited longest."""
        self.waiting.extend(self.coming.pop(week, ()))
        taken = _PLACES - self.free.sum(axis=1)
        places = np.where(self.away[:, week], 0, self.therapists.capacity - taken)
        offers = self.rng.permutation(np.repeat(np.arange(len(places)), np.maximum(places, 0)))
        open_days = np.repeat(~closed(self.weeks[week] + np.arange(5)), len(HOURS))
        begun: list[tuple[np.datetime64, int, int, int]] = []
        for therapist in offers[: len(self.waiting)].tolist():
            possible = np.flatnonzero(self.free[therapist] & open_days)
            if len(possible):
                place = int(self.rng.choice(possible))
                self.free[therapist, place] = False
                begun.append((*self.waiting.popleft(), therapist, place))
        self._begin(week, np.array(begun, dtype=_BEGUN))

    def _begin(self, week: int, begun: NDArray[Any]) -> None:
        p, n = self.p, len(begun)
        client, therapist, place = begun["client"], begun["therapist"], begun["place"]
        z_own = self.rng.standard_normal(n)
        z_alliance = (
            np.sqrt(p.therapist_share) * self.therapists.effect[therapist]
            + np.sqrt(1 - p.therapist_share) * z_own
        )
        new = np.zeros(n, dtype=_OPEN)
        new["episode"] = np.arange(self.n_episodes, self.n_episodes + n)
        new["client"], new["therapist"], new["place"] = client, therapist, place
        new["modality"] = self.clients.modality[client]
        new["agreed"] = agreed = _agreed(p, self.rng.standard_normal(n))
        # Those who leave for other reasons mostly leave early.
        early = 1 + np.floor(self.rng.beta(1, 2, n) * (agreed - 1))
        new["leaves_after"] = np.where(self.rng.random(n) < self.others_leave, early, _NEVER)
        new["level"] = p.alliance_mean + p.alliance_between_sd * z_alliance
        new["swing"] = p.alliance_within_sd * self.rng.standard_normal(n)
        new["strain"] = NONE
        self.open = np.concatenate([self.open, new])
        self.episodes.append(
            {
                "client": client,
                "therapist": therapist,
                "asked_on": begun["asked_on"],
                "start": self.weeks[week] + place // len(HOURS),
                "agreed_meetings": agreed,
                "z_own": z_own,
            }
        )
        self.n_episodes += n

    # Meeting

    def meet(self, week: int) -> None:
        """Let a week's appointments happen, or plan them."""
        day = self.weeks[week] + self.open["place"] // len(HOURS)
        works = ~closed(day) & ~self.away[self.open["therapist"], week]
        past = day < self.today
        status = np.where(past, self._attendance(day), _STATUS[MeetingStatus.PLANNED])
        gone = works & past & (self.open["left"] > 0)
        held = works & (status == _STATUS[MeetingStatus.HELD])
        meeting = self.n_meetings + np.cumsum(works) - 1
        self.open["left"][gone] -= 1
        self._hold(held, meeting)
        self._record(works, day, status, held)
        self._close(held, gone, day)

    def _attendance(self, day: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """What becomes of each appointment of the week, if the week has come."""
        p, chance = self.p, self.rng.random(len(day))
        missed = chance < p.missed_share
        cancelled = ~missed & (chance < p.missed_share + p.cancelled_share * cancelling_factor(day))
        stays_away = self.open["reason"] == _REASON[Reason.STOPPED_COMING]
        left = self.open["left"] > 0
        first = self.open["held"] == 0  # an episode begins with a meeting that takes place
        return np.select(
            [left & stays_away, left, first, missed, cancelled],
            [
                _STATUS[MeetingStatus.MISSED],
                _STATUS[MeetingStatus.CANCELLED],
                _STATUS[MeetingStatus.HELD],
                _STATUS[MeetingStatus.MISSED],
                _STATUS[MeetingStatus.CANCELLED],
            ],
            _STATUS[MeetingStatus.HELD],
        )

    def _hold(self, held: NDArray[np.bool_], meeting: NDArray[np.int64]) -> None:
        """Let the meetings take place that do: the alliance swings, strains come and go."""
        state, p = self.open, self.p
        state["held"] += held
        new = self.rng.standard_normal(len(state)) * p.alliance_within_sd
        carried = p.alliance_carry * state["swing"] + np.sqrt(1 - p.alliance_carry**2) * new
        state["swing"] = np.where(held, carried, state["swing"])
        strained = held & (state["strain"] != NONE)
        state["age"] += strained
        over = strained & (state["age"] >= state["lasts"])
        repaired = over & state["repaired"]
        self.repairs.append({"strain": state["strain"][repaired], "meeting": meeting[repaired]})
        in_reach = (state["held"] >= _FIRST_STRAIN) & (state["held"] <= state["agreed"] - _LAST_STRAIN)
        at_risk = held & (state["strain"] == NONE) & in_reach
        state["strain"][over] = NONE
        self._strain(at_risk & (self.rng.random(len(state)) < p.strain_rate), meeting)

    def _strain(self, begins: NDArray[np.bool_], meeting: NDArray[np.int64]) -> None:
        """Let strains begin."""
        state, p, rng, n = self.open, self.p, self.rng, int(begins.sum())
        repaired = rng.random(n) < p.repaired_share
        drop = np.maximum(p.strain_drop + p.strain_drop_sd * rng.standard_normal(n), 0.1)
        repair_takes = np.minimum(rng.geometric(0.5, n), _LONGEST_REPAIR)
        state["strain"][begins] = self.n_strains + np.arange(n)
        state["drop"][begins] = drop
        state["age"][begins] = 0
        state["repaired"][begins] = repaired
        state["lasts"][begins] = np.where(repaired, repair_takes, _FADES_OVER)
        leaves = ~repaired & (rng.random(n) < p.leaves_share)
        after = state["held"][begins] + rng.integers(1, 4, n)
        sooner = leaves & (after < np.minimum(state["leaves_after"], state["agreed"])[begins])
        rows = np.flatnonzero(begins)[sooner]
        state["leaves_after"][rows] = after[sooner]
        state["after_strain"][rows] = True
        confronts = rng.random(n) < p.confrontation_share
        self.strains.append(
            {
                "episode": state["episode"][begins],
                "meeting": meeting[begins],
                "way": np.where(
                    confronts, _WAY[WayOfStrain.CONFRONTATION], _WAY[WayOfStrain.WITHDRAWAL]
                ),
                "drop": drop,
                "noticed": rng.random(n) < p.noticed_share,
            }
        )
        self.n_strains += n

    def _record(
        self,
        works: NDArray[np.bool_],
        day: NDArray[np.datetime64],
        status: NDArray[np.int64],
        held: NDArray[np.bool_],
    ) -> None:
        state, rng, n = self.open, self.rng, len(self.open)
        fading = np.where(state["repaired"], 1.0, 1 - state["age"] / _FADES_OVER)
        strain = np.where(state["strain"] == NONE, 0.0, state["drop"] * fading)
        dip = self.p.start_dip * np.exp(-(state["held"] - 1) / _DIP_FADES)
        alliance = state["level"] + state["swing"] - dip - strain
        other = rng.random(n) < self.p.other_modality_share
        step = 1 + (rng.random(n) < 0.3)
        hour = HOURS[state["place"] % len(HOURS)].astype("timedelta64[h]")
        columns = {
            "episode": state["episode"],
            "client": state["client"],
            "starts_at": day.astype("datetime64[m]") + hour,
            "status": status,
            "modality": np.where(other, (state["modality"] + step) % len(Modality), state["modality"]),
            "number": np.where(held, state["held"], NONE),
            "alliance": np.where(held, alliance, np.nan),
            "strain": np.where(held, strain, np.nan),
            "open_strain": np.where(held, state["strain"], NONE),
        }
        self.meetings.append({name: column[works] for name, column in columns.items()})
        self.n_meetings += int(works.sum())

    # Ending

    def _close(
        self, held: NDArray[np.bool_], gone: NDArray[np.bool_], day: NDArray[np.datetime64]
    ) -> None:
        """Say goodbye to those who are done; note who will not come again."""
        state = self.open
        done = held & (state["held"] >= state["agreed"])
        leaves = held & ~done & (state["held"] >= state["leaves_after"])
        closes = gone & (state["left"] == 0)
        state["reason"][done] = self._draw(_PLANNED_REASONS, int(done.sum()))
        for after_strain, weights in ((True, _REASONS_AFTER_STRAIN), (False, _OTHER_REASONS)):
            rows = leaves & (state["after_strain"] == after_strain)
            state["reason"][rows] = len(_PLANNED_REASONS) + self._draw(weights, int(rows.sum()))
        state["left"][leaves] = _APPOINTMENTS_AFTER[state["reason"][leaves]]
        ended = done | closes
        kinds = (_ENDING[Ending.PLANNED], _ENDING[Ending.UNPLANNED])
        self.endings.append(
            {
                "episode": state["episode"][ended],
                "end": day[ended],
                "ending": np.where(done, *kinds)[ended],
                "reason": state["reason"][ended],
            }
        )
        self.free[state["therapist"][ended], state["place"][ended]] = True
        returns = ended & (self.rng.random(len(state)) < self.p.return_share)
        pause = self.rng.integers(6 * 7, 20 * 7, len(state))
        again = np.busday_offset(day + pause, 0, roll="forward")
        for client, back in zip(state["client"][returns].tolist(), again[returns], strict=True):
            self.coming[self._week_after(back)].append((back, client))
        self.open = state[~ended]

    def _draw(self, weights: NDArray[np.float64], n: int) -> NDArray[np.int64]:
        return self.rng.choice(len(weights), size=n, p=weights)

    def caseload(self) -> Caseload:
        """Join the weeks."""
        episodes, meetings, strains = map(_joined, (self.episodes, self.meetings, self.strains))
        endings, repairs = _joined(self.endings), _joined(self.repairs)
        n = self.n_episodes
        episodes["end"] = np.full(n, "NaT", dtype="datetime64[D]")
        episodes["ending"] = np.full(n, NONE)
        episodes["reason"] = np.full(n, NONE)
        for name in ("end", "ending", "reason"):
            episodes[name][endings["episode"]] = endings[name]
        strains["repaired_at"] = np.full(self.n_strains, NONE)
        strains["repaired_at"][repairs["strain"]] = repairs["meeting"]
        return Caseload(episodes, meetings, strains)


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

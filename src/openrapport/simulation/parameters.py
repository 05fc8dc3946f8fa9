"""What a fictional practice is made from, each number with where it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from openrapport.errors import BadInput

__all__ = ["PracticeParameters", "sources"]

_SHARE = (0.0, 1.0)
ASSUMED = "assumed"


def _number(default: float, low: float, high: float, source: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "source": source})


def _share(default: float, source: str) -> Any:
    return _number(default, *_SHARE, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeParameters:
    """What a fictional practice is made from.

    Defaults are published figures where there is one, and assumed where there is none
    (``sources()`` says which). They come from different countries, clients and forms: together they
    make a plausible practice, not a typical one.

    Parameters
    ----------
    therapists, clients : int
        How many.
    months : int
        How far back the practice's record goes.
    planned_weeks : int
        How many weeks of appointments are planned ahead.
    capacity_low, capacity_high : int
        Open episodes that a therapist takes, drawn between them.
    waiting_share : float
        Clients who asked within the first three weeks; the others come over the whole time, more
        in January and September, fewer in summer.
    return_share : float
        Clients who come back for another episode, 6 to 20 weeks after one has ended.
    agreed_median, agreed_spread : float
        Meetings that an episode is meant to have: median, and standard deviation of its logarithm.
    in_person_share, telephone_share : float
        How clients usually meet; the others by video.
    other_modality_share : float
        Meetings held another way than usual.
    missed_share, cancelled_share : float
        Appointments, without those of a client who has already left. More are cancelled in July,
        August and December.
    alliance_mean : float
        Of clients, on the 0-10 scale of the ratings, before the scale's end cuts it off.
    alliance_between_sd, alliance_within_sd : float
        Between clients (therapists' part within), and of one client from meeting to meeting.
    alliance_carry : float
        Correlation of a client's deviations of neighbouring meetings.
    therapist_share : float
        Of the variance between clients, in alliance and in change, that lies between therapists.
    start_dip : float
        Points below the later level at the first meeting; a third of it is left after 3 meetings.
    strain_rate : float
        Strains that begin at a meeting, from the third on, where none is open.
    strain_drop, strain_drop_sd : float
        Points of alliance that one takes.
    confrontation_share : float
        Strains that show as confrontation; the others as withdrawal.
    noticed_share : float
        Strains that the therapist senses.
    repaired_share : float
        Strains that are repaired, within six meetings. Others fade over eight.
    leaves_share : float
        Clients who leave within three meetings after a strain that is not repaired.
    dropout_share : float
        Episodes that end unplanned, if they are followed to their end. What strains do not explain
        ends early, for other reasons.
    client_answers_share, therapist_answers_share, prediction_share : float
        Forms filled in after a held meeting; predictions by therapists who filled in theirs.
    strain_answers_ratio : float
        How much rarer clients answer while a strain is open.
    item_missing_share : float
        Items left out of a form that was filled in.
    item_sd : float
        Of a single item's answer around what it rests on.
    tells_share : float
        Clients who say that something felt off while a strain is open.
    therapist_bias : float
        Therapist's rating minus the client's, on average.
    therapist_tracking : float
        Change of the therapist's rating when the client's changes by one point.
    therapist_noise : float
        Standard deviation of a therapist's rating around that.
    depression_mean, depression_sd, depression_change, depression_change_sd : float
        At the start, and from the start to the agreed end; scale 0-27.
    anxiety_mean, anxiety_sd, anxiety_change, anxiety_change_sd : float
        The same; scale 0-21.
    alliance_outcome_r : float
        Correlation of a client's alliance with less distress at the end.
    distress_every, distress_answered_share : float
        Asked at the first and then at every so many meetings, and answered.
    goals_every : int
        Goals are rated at every so many meetings.

    Raises
    ------
    BadInput
        If a number is out of its range, or some contradict each other.
    """

    therapists: int = _number(4, 1, 100_000, "the demonstration")
    clients: int = _number(30, 1, 1_000_000, "the demonstration")
    months: int = _number(10, 1, 120, "the demonstration")
    planned_weeks: int = _number(2, 0, 26, ASSUMED)
    capacity_low: int = _number(6, 1, 40, ASSUMED)
    capacity_high: int = _number(12, 1, 40, ASSUMED)
    waiting_share: float = _share(0.25, ASSUMED)
    return_share: float = _share(0.10, ASSUMED)
    agreed_median: float = _number(18, 3, 200, ASSUMED)
    agreed_spread: float = _number(0.4, 0, 1, ASSUMED)
    in_person_share: float = _share(0.62, ASSUMED)
    telephone_share: float = _share(0.06, ASSUMED)
    other_modality_share: float = _share(0.08, ASSUMED)
    missed_share: float = _share(0.06, "within the 2-30 % of outpatient psychiatry: NoShow2022")
    cancelled_share: float = _share(0.10, ASSUMED)
    alliance_mean: float = _number(8.2, 0, 10, ASSUMED)
    alliance_between_sd: float = _number(
        1.2, 0, 5, "with the next, 75 % of variance: CritsChristophEtAl2011"
    )
    alliance_within_sd: float = _number(0.7, 0, 5, "CritsChristophEtAl2011")
    alliance_carry: float = _number(0.3, 0, 0.95, ASSUMED)
    therapist_share: float = _share(0.05, "JohnsEtAl2019")
    start_dip: float = _number(0.6, 0, 5, ASSUMED)
    strain_rate: float = _share(0.05, "half of 30-meeting courses with a repaired one: StevensEtAl2007")
    strain_drop: float = _number(
        2.2, 0.1, 10, "about three within-client SDs; rules take 1 or 2: GumzEtAl2012"
    )
    strain_drop_sd: float = _number(0.7, 0, 5, ASSUMED)
    confrontation_share: float = _share(0.35, "withdrawal is more frequent; the share is assumed")
    noticed_share: float = _share(0.5, ASSUMED)
    repaired_share: float = _share(0.43, "13 of 30 clients: PickingUp2023")
    leaves_share: float = _share(0.2, ASSUMED)
    dropout_share: float = _share(0.197, "SwiftGreenberg2012")
    client_answers_share: float = _share(0.54, "online forms in one service: RoutineOnline2021")
    therapist_answers_share: float = _share(0.8, ASSUMED)
    prediction_share: float = _share(0.9, ASSUMED)
    strain_answers_ratio: float = _share(0.8, ASSUMED)
    item_missing_share: float = _share(0.02, ASSUMED)
    item_sd: float = _number(0.5, 0, 5, ASSUMED)
    tells_share: float = _share(0.27, "72.6 % were not honest about therapy: BlanchardFarber2016")
    therapist_bias: float = _number(-0.55, -10, 10, "d = -.46 of the SD between clients: IgraEtAl2020")
    therapist_tracking: float = _number(0.6, 0, 1, ASSUMED)
    therapist_noise: float = _number(0.6, 0, 5, ASSUMED)
    depression_mean: float = _number(15.4, 0, 27, "TalkingTherapies2023")
    depression_sd: float = _number(5.5, 0, 15, "TalkingTherapies2023")
    depression_change: float = _number(-6.0, -27, 27, "TalkingTherapies2023")
    depression_change_sd: float = _number(
        5.3, 0, 15, "makes the SD at the end that of TalkingTherapies2023"
    )
    anxiety_mean: float = _number(14.0, 0, 21, "TalkingTherapies2023")
    anxiety_sd: float = _number(4.5, 0, 15, "TalkingTherapies2023")
    anxiety_change: float = _number(-5.6, -21, 21, "TalkingTherapies2023")
    anxiety_change_sd: float = _number(
        4.9, 0, 15, "makes the SD at the end that of TalkingTherapies2023"
    )
    alliance_outcome_r: float = _number(0.278, -0.9, 0.9, "FluckigerEtAl2018")
    distress_every: int = _number(3, 1, 100, ASSUMED)
    distress_answered_share: float = _share(0.8, ASSUMED)
    goals_every: int = _number(4, 1, 100, ASSUMED)

    def __post_init__(self) -> None:
        for one in fields(self):
            _check(one.name, getattr(self, one.name), whole=one.type == "int", **one.metadata)
        if self.capacity_low > self.capacity_high:
            raise BadInput(
                f"capacity_low is {self.capacity_low} and capacity_high {self.capacity_high}; "
                "expected low to be at most high"
            )
        for names in (("in_person_share", "telephone_share"), ("missed_share", "cancelled_share")):
            total = sum(getattr(self, name) for name in names)
            if total > 1:
                raise BadInput(f"{' and '.join(names)} add up to {total:g}; expected 1 at most")
        if self.therapist_share + self.alliance_outcome_r**2 > 1:
            raise BadInput("therapist_share and alliance_outcome_r explain more than all of the change")


def _check(name: str, value: object, *, whole: bool, low: float, high: float, source: str) -> None:
    del source
    kind = "a whole number" if whole else "a number"
    fits = isinstance(value, int) if whole else isinstance(value, (int, float))
    if not fits or isinstance(value, bool) or not (math.isfinite(value) and low <= value <= high):  # type: ignore[arg-type, operator]
        raise BadInput(f"{name} is {value!r}; expected {kind} from {low:g} to {high:g}")


def sources() -> dict[str, str]:
    """Say where each default comes from.

    Returns
    -------
    sources : dict of str to str
        By parameter: a key of the references (``docs/references.md``), perhaps with a remark, or
        ``assumed``.
    """
    return {one.name: str(one.metadata["source"]) for one in fields(PracticeParameters)}

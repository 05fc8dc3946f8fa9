"""The parts of one episode's course, as far as one of the two may read them.

A number of questions to the database that does not grow, and texts opened together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from openrapport.errors import BadInput
from openrapport.measures.alerts import look_at_one
from openrapport.measures.change import ScaleChange, read_change
from openrapport.measures.instrument import Direction, Instrument, Scale, score
from openrapport.reporting.panels import Mark, Meeting, Strand
from openrapport_web import access
from openrapport_web.caseload.models import Episode, MeetingState
from openrapport_web.feedback.instruments import (
    PULSE,
    PULSE_THERAPIST,
    NoSuchInstrument,
    instrument,
)
from openrapport_web.feedback.models import Rater
from openrapport_web.feedback.reading import pulse_course, values_of
from openrapport_web.goals.models import By, Goal
from openrapport_web.goals.reading import course_of_goals, opened
from openrapport_web.repairs.noticing import current_priors
from openrapport_web.repairs.wordings import RULES

__all__ = ["Measured", "goal_strands", "marks_of", "measures_of", "meetings_of", "pulse_strands"]


def meetings_of(user: Any, episode: Episode) -> tuple[Meeting, ...]:
    """Meetings until now that were held or missed."""
    past = access.meetings(user).filter(episode=episode, starts_at__lte=timezone.now())
    kept = past.filter(state__in=[MeetingState.HELD, MeetingState.MISSED]).order_by("starts_at")
    return tuple(
        Meeting(timezone.localdate(at), state) for at, state in kept.values_list("starts_at", "state")
    )


def pulse_strands(user: Any, episode: Episode, *, client: str, own: str = "") -> tuple[Strand, ...]:
    """Means of the pulses: the client's with what was to be expected, and a therapist's own.

    Parameters
    ----------
    user : User
        Who reads: a therapist sees of the client what ``access.answers`` opens to them.
    episode : Episode
        Whose course.
    client, own : str
        What the strands are called; without ``own`` there is one strand alone.

    Returns
    -------
    strands : tuple of Strand
        Forms that were left out are there as missing.
    """
    course = pulse_course(episode, answers=access.answers(user))
    forms = access.askings(user).filter(
        episode=episode,
        instrument__in=(PULSE, PULSE_THERAPIST),
        meeting__isnull=False,
        answered_at=None,
        withdrawn_at=None,
        expires_at__lte=timezone.now(),
    )
    silent: dict[str, list[Any]] = {Rater.CLIENT: [], Rater.THERAPIST: []}
    for rater, at in forms.values_list("rater", "meeting__starts_at"):
        silent[rater].append(at)
    strands = []
    for rater, name in ((Rater.CLIENT, client), (Rater.THERAPIST, own)):
        said = course.of(rater)
        rows = list(zip(said.met_at, said.mean.tolist(), strict=True))
        rows += [(at, np.nan) for at in silent[rater]]
        rows.sort(key=lambda row: row[0])
        if name:
            strands.append(_pulse_strand(name, rater, rows))
    return tuple(strands)


def _pulse_strand(name: str, rater: str, rows: Sequence[tuple[Any, float]]) -> Strand:
    days = _days(timezone.localdate(at) for at, _ in rows)
    values = np.array([value for _, value in rows], np.float64)
    if rater != Rater.CLIENT:
        return Strand(name, "therapist", days, values)
    looks = look_at_one([None if np.isnan(v) else v for v in values.tolist()], current_priors())
    low, high = ([look.interval[end] if look.interval else np.nan for look in looks] for end in (0, 1))
    return Strand(name, "client", days, values, low, high)


def _days(days: Iterable[date]) -> NDArray[np.datetime64]:
    return np.array(list(days), "datetime64[D]")


def marks_of(user: Any, episode: Episode) -> tuple[Mark, ...]:
    """Alerts and repairs, for the therapist alone: others have none."""
    held = access.alerts(user).filter(episode=episode).select_related("answer__asking__meeting")
    marks = [Mark(_day_of(alert), "alert", _named(alert.rule)) for alert in held]
    for repair in access.repairs(user).filter(episode=episode):
        until = timezone.localdate(repair.closed_at or timezone.now())
        text = _("Repair, open") if repair.closed_at is None else _("Repair, closed")
        marks.append(Mark(timezone.localdate(repair.made_at), "repair", text, until=until))
    return tuple(sorted(marks, key=lambda mark: mark.day))


def _named(rule: str) -> str:
    known = {str(one): words for one, words in RULES.items()}
    return str(known[rule].name) if rule in known else _("Alert")


def _day_of(alert: Any) -> date:
    meeting = alert.answer.asking.meeting
    return timezone.localdate(meeting.starts_at if meeting else alert.made_at)


def goal_strands(
    goals: Sequence[Goal], *, client: str, therapist: str = ""
) -> list[tuple[Goal, tuple[Strand, ...]]]:
    """How far along each goal was seen: by the client, and by the therapist where they read.

    Goals are those of one client; the last rating of a day counts.
    """
    said = course_of_goals(goals)
    every = [one for ratings in said.values() for one in ratings]
    values = dict(zip(every, opened(goals[0].client_id, every), strict=True)) if goals else {}
    found = []
    for goal in goals:
        strands = []
        for by, name, style in ((By.CLIENT, client, "goal"), (By.THERAPIST, therapist, "therapist")):
            days = {timezone.localdate(one.at): values[one] for one in said.get((goal.pk, by), ())}
            if name and (days or by == By.CLIENT):
                strands.append(Strand(name, style, _days(days), list(days.values())))
        found.append((goal, tuple(strands)))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The course of one scale of one questionnaire.

    Parameters
    ----------
    title : str
        What it is called.
    scale : Scale
        Its ends, and what a higher score means.
    strand : Strand
        Scores.
    change : ScaleChange or None
        From the first score to the last one, with what measurement error alone may bring about;
        None where there are not two scores, or nothing is known of the scale.
    """

    title: str
    scale: Scale
    strand: Strand
    change: ScaleChange | None

    @property
    def band(self) -> tuple[float, float] | None:
        """Around the first score, where a difference may be measurement error alone."""
        if self.change is None:
            return None
        first = float(self.strand.value[self.strand.answered[0]])
        ends = first - self.change.threshold, first + self.change.threshold
        return max(self.scale.low, ends[0]), min(self.scale.high, ends[1])


_Row = tuple[date, dict[str, Any] | None]


def measures_of(user: Any, episode: Episode, *, name: str) -> list[Measured]:
    """Scores of every other questionnaire that the client answered; forms left out are missing."""
    pulses = (PULSE, PULSE_THERAPIST)
    held = access.answers(user).filter(asking__episode=episode, asking__rater=Rater.CLIENT)
    answers = list(
        held.exclude(asking__instrument__in=pulses).select_related("asking").order_by("given_at")
    )
    forms: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for answer, values in zip(answers, values_of(answers), strict=True):
        asking = answer.asking
        day = timezone.localdate(answer.given_at)
        forms[asking.instrument, asking.instrument_version].append((day, values))
    silent = access.askings(user).filter(
        episode=episode,
        rater=Rater.CLIENT,
        answered_at=None,
        withdrawn_at=None,
        expires_at__lte=timezone.now(),
    )
    columns = ("instrument", "instrument_version", "opens_at")
    for key, version, at in silent.exclude(instrument__in=pulses).values_list(*columns):
        forms[key, version].append((timezone.localdate(at), None))
    return [
        measured
        for form, rows in _by_form(forms)
        for measured in _scales(form, sorted(rows, key=lambda row: row[0]), name, user.language)
    ]


def _by_form(
    forms: dict[tuple[str, str], list[_Row]],
) -> Iterable[tuple[Instrument, list[_Row]]]:
    """Answers to the same questions belong together, whatever a form's file was called then."""
    found: dict[tuple[str, str], tuple[Instrument, list[_Row]]] = {}
    for (key, version), rows in forms.items():
        try:
            form = instrument(key, version)
        except NoSuchInstrument:
            continue
        found.setdefault((form.key, form.version), (form, []))[1].extend(rows)
    return found.values()


def _scales(form: Instrument, rows: Sequence[_Row], name: str, language: str) -> list[Measured]:
    known = {item.key for item in form.items}
    try:
        scored = [
            {one.scale: one.value for one in score(form, {k: v for k, v in said.items() if k in known})}
            if said is not None
            else {}
            for _, said in rows
        ]
    except BadInput:
        return []  # answers to other questions than this version asks are shown as answers, not scored
    texts = form.texts(language)
    found = []
    for scale in form.scales:
        values = np.array([one.get(scale.key) for one in scored], np.float64)  # None becomes NaN
        strand = Strand(name, "measure", _days(day for day, _ in rows), values)
        there = strand.value[strand.answered]
        if scale.higher is Direction.MORE or not len(there):
            continue
        change = read_change(scale, float(there[0]), float(there[-1])) if len(there) > 1 else None
        title = texts.title if len(form.scales) == 1 else f"{texts.title}: {texts.scales[scale.key]}"
        found.append(Measured(title, scale, strand, change))
    return found

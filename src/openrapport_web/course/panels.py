"""The pictures of a course: which there are, in which order, with which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from openrapport.reporting.course import draw
from openrapport.reporting.panels import Meeting, Panel, Strand, Words
from openrapport_web import access
from openrapport_web.caseload.models import Episode
from openrapport_web.course.reading import (
    Measured,
    goal_strands,
    marks_of,
    measures_of,
    meetings_of,
    pulse_strands,
)
from openrapport_web.course.words import change_in_words, ends_in_words, words_for, words_for_goals
from openrapport_web.goals.models import By, Goal, GoalState
from openrapport_web.repairs.noticing import current_priors

__all__ = ["Pictures", "pictures_of"]

_PULSE_HEIGHT, _GOAL_HEIGHT, _MEASURE_HEIGHT, _PAPER_HEIGHT = 230.0, 130.0, 170.0, 150.0


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one episode.

    Parameters
    ----------
    pulses : SafeString
        How the meetings were.
    goals, measures : tuple of SafeString
        One for each.
    nothing : bool
        Nobody said anything yet.
    """

    pulses: SafeString
    goals: tuple[SafeString, ...]
    measures: tuple[SafeString, ...]
    nothing: bool


def pictures_of(user: Any, episode: Episode, side: By, *, bare: bool = False) -> Pictures:
    """Draw what one of the two may see of an episode.

    Parameters
    ----------
    user : User
        Who reads.
    episode : Episode
        With its client and therapist.
    side : By
        Which of the two they are. Clients see no therapist's ratings.
    bare : bool
        For paper, and the same for both: the client's pulses alone, without tables.
    """
    is_client = side == By.CLIENT and not bare
    client = _("You") if is_client else episode.client.name
    own = "" if is_client or bare else _("You")
    words = words_for(client=is_client)
    meetings = meetings_of(user, episode)
    strands = pulse_strands(user, episode, client=client, own=own)
    span = _span(episode, meetings, strands)
    pulses = Panel(
        _("How our meetings were"),
        strands,
        meetings=meetings,
        marks=() if is_client or bare else marks_of(user, episode),
        note="" if bare else _pulse_note(is_client),
        height=_PAPER_HEIGHT if bare else _PULSE_HEIGHT,
    )
    goals, measures = [], []
    if not bare:
        mine = list(access.goals(user).filter(episode=episode).order_by("position", "made_at"))
        drawn = goal_strands(mine, client=client, therapist=own)
        goals = [_goal_panel(goal, strands) for goal, strands in drawn if _is_shown(goal, strands)]
        measures = [_measure_panel(m, is_client) for m in measures_of(user, episode, name=client)]

    def html(panel: Panel, name: str, words: Words = words, **how: Any) -> SafeString:
        drawn = draw(panel, span=span, name=name, words=words, bare=bare, **how)
        return mark_safe(drawn.html)  # noqa: S308 # a template wrote it, which escapes what people wrote

    said = [strand for panel in (pulses, *goals, *measures) for strand in panel.strands]
    return Pictures(
        html(pulses, "pulses", level=2),
        tuple(
            html(panel, f"goal-{n}", words_for_goals(words), steps=False)
            for n, panel in enumerate(goals)
        ),
        tuple(html(panel, f"measure-{n}") for n, panel in enumerate(measures)),
        nothing=not meetings and not any(len(strand.answered) for strand in said),
    )


def _span(
    episode: Episode, meetings: tuple[Meeting, ...], strands: tuple[Strand, ...]
) -> tuple[date, date]:
    """From the first day to the last one, or to today; two weeks at least."""
    days = [episode.starts_on, *(meeting.day for meeting in meetings)]
    days += [day for strand in strands for day in strand.day.tolist()]
    last = max([episode.ends_on or timezone.localdate(), *days])
    return min([*days, last - timedelta(days=14)]), last


def _pulse_note(is_client: bool) -> str:
    if is_client:
        return _(
            "Each dot is the mean of what you answered after one meeting, from 0 to 10. The soft band is "
            "where your own answers before let one expect it; nobody else is compared with you. Where a "
            "form was left out there is a gap, and that is fine."
        )
    priors = current_priors()
    if priors.n_ratings:
        rests = _(
            "the variation in this practice, estimated from %(n)s answers of %(clients)s clients"
        ) % {"n": priors.n_ratings, "clients": priors.n_clients}
    else:
        rests = _("a stated variation, until the practice's own answers say more")
    return _(
        "Dots are means of a form's answers, 0 to 10. The band is where 95 %% of this client's ratings would "
        "lie if nothing had changed; it rests on their own answers before and on %(rests)s. It is something "
        "to talk about, and no measure of you."
    ) % {"rests": rests}


def _is_shown(goal: Goal, strands: tuple[Strand, ...]) -> bool:
    return goal.state == GoalState.OPEN or any(len(strand.answered) for strand in strands)


def _goal_panel(goal: Goal, strands: tuple[Strand, ...]) -> Panel:
    note = "" if goal.state == GoalState.OPEN else str(goal.get_state_display())
    return Panel(goal.text, strands, note=note, height=_GOAL_HEIGHT)


def _measure_panel(measured: Measured, is_client: bool) -> Panel:
    scale = measured.scale
    return Panel(
        measured.title,
        (measured.strand,),
        scale=(scale.low, scale.high),
        band=measured.band,
        note=f"{ends_in_words(measured, is_client=is_client)} {change_in_words(measured)}".strip(),
        height=_MEASURE_HEIGHT,
    )

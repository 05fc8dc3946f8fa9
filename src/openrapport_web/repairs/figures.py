"""How many alerts there are in the practice, and how many were worth a look. No names, no therapists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from openrapport.measures.alerts import Rule
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.repairs.models import Alert
from openrapport_web.repairs.reading import Useful
from openrapport_web.repairs.wordings import RULES

__all__ = ["FEW_THERAPISTS", "Figures", "Line", "figures"]

_MONTHS = 12
FEW_THERAPISTS = 3
"""With alerts of fewer therapists than this, what was judged would say something about one of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table.

    Parameters
    ----------
    name : str or date
        A rule, or the first day of a month.
    n_alerts, n_meetings : int
        Alerts, and meetings that were held. By rule the meetings are those of the whole time.
    rate, low, high : float or None
        Meetings with such an alert in 100, with Wilson's interval; None without meetings.
    useful : Useful
        Of those that were judged.
    """

    name: object
    n_alerts: int
    n_meetings: int
    rate: float | None
    low: float | None
    high: float | None
    useful: Useful


@dataclass(frozen=True, slots=True)
class Figures:
    """What a manager sees."""

    whole: Line
    by_rule: tuple[Line, ...]
    by_month: tuple[Line, ...]
    n_waiting: int
    says_useful: bool
    since: date


def figures() -> Figures:
    """Count the last twelve months.

    Returns
    -------
    figures : Figures
        From two questions to the database, whatever their number.
    """
    today = timezone.localdate()
    since = _month(today - timedelta(days=30 * (_MONTHS - 1)))
    held = Meeting.objects.filter(state=MeetingState.HELD, starts_at__date__gte=since)
    months = Counter(_month(timezone.localdate(at)) for at in held.values_list("starts_at", flat=True))
    alerts = list(
        Alert.objects.filter(made_at__date__gte=since).values_list(
            "rule", "made_at", "answer__asking__meeting__starts_at", "useful", "episode__therapist"
        )
    )
    rows = [
        (rule, _month(timezone.localdate(met or at)), useful) for rule, at, met, useful, _ in alerts
    ]
    n_meetings = sum(months.values())
    rules = sorted({rule for rule, _, _ in rows}, key=[str(rule) for rule in RULES].index)
    return Figures(
        whole=_line("", rows, n_meetings),
        by_rule=tuple(
            _line(RULES[Rule(rule)].name, [r for r in rows if r[0] == rule], n_meetings)
            for rule in rules
        ),
        by_month=tuple(
            _line(month, [r for r in rows if r[1] == month], months[month])
            for month in sorted(months, reverse=True)
        ),
        n_waiting=sum(useful is None for _, _, useful in rows),
        says_useful=len({therapist for *_, therapist in alerts}) >= FEW_THERAPISTS,
        since=since,
    )


def _month(day: date) -> date:
    return day.replace(day=1)


def _line(name: object, rows: Iterable[tuple[str, date, bool | None]], n_meetings: int) -> Line:
    judged = [useful for _, _, useful in rows if useful is not None]
    n = sum(1 for _ in rows)
    useful = Useful.of(sum(judged), len(judged))
    if not n_meetings:
        return Line(name, n, 0, None, None, None, useful)
    share = Useful.of(min(n, n_meetings), n_meetings)  # one meeting gives one alert at most
    return Line(name, n, n_meetings, 100 * n / n_meetings, share.low, share.high, useful)

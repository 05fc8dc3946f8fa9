"""The year of a practice: weeks, closed days, leave, busy and quiet months."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from openrapport.simulation.parameters import PracticeParameters

__all__ = ["HOURS", "asking_days", "cancelling_factor", "closed", "leave_weeks", "mondays"]

HOURS = np.array([9, 10, 11, 12, 14, 15, 16, 17])
"""When a meeting may start; five such days make a therapist's 40 weekly places."""

# Assumed: people ask for help after the new year and after the summer. January first.
_ASKING = np.array([1.3, 1.1, 1.1, 1.0, 1.0, 0.9, 0.7, 0.6, 1.3, 1.2, 1.1, 0.7])
# Assumed: holidays make people cancel; the mean over the year is 1.
_CANCELLING = np.array([5, 5, 5, 5, 5, 5, 9, 9, 5, 5, 5, 9]) / (72 / 12)
_FIRST_WEEKS = 3


def mondays(end: date, parameters: PracticeParameters) -> NDArray[np.datetime64]:
    """List the weeks that are simulated.

    Parameters
    ----------
    end : date
        The practice's today.
    parameters : PracticeParameters
        How far back and ahead.

    Returns
    -------
    mondays : ndarray of datetime64[D], shape (n,)
        From the week ``months`` ago to the last planned one.
    """
    today = np.datetime64(end, "D")
    start = np.datetime64(end, "M") - parameters.months + (today - np.datetime64(end, "M"))
    last = today + 7 * parameters.planned_weeks
    return np.arange(_monday(start), last + 1, 7, dtype="datetime64[D]")


def asking_days(
    parameters: PracticeParameters, *, start: np.datetime64, end: date, rng: np.random.Generator
) -> NDArray[np.datetime64]:
    """Draw the days on which clients ask for a place.

    Parameters
    ----------
    parameters : PracticeParameters
        How many, and how many of them at once.
    start : datetime64[D]
        First day.
    end : date
        Day after the last one.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    days : ndarray of datetime64[D], shape (clients,)
        Weekdays, in order.
    """
    days = np.arange(start, np.datetime64(end, "D"), dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    early = rng.random(parameters.clients) < parameters.waiting_share
    weights = _ASKING[_month(days)]
    late_days = rng.choice(days, size=parameters.clients, p=weights / weights.sum())
    early_days = rng.choice(days[: 5 * _FIRST_WEEKS], size=parameters.clients)
    return np.sort(np.where(early, early_days, late_days))


def closed(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell on which days nobody works.

    Parameters
    ----------
    days : ndarray of datetime64[D], shape (n,)
        Any days.

    Returns
    -------
    closed : ndarray of bool, shape (n,)
        True from 24 December to 1 January, on 1 May, and at weekends.
    """
    month = _month(days) + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    holidays = ((month == 12) & (day >= 24)) | ((month == 1) & (day == 1)) | ((month == 5) & (day == 1))
    return np.asarray(holidays | ~np.is_busday(days))


def leave_weeks(
    weeks: NDArray[np.datetime64], therapists: int, *, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw when therapists are away: two weeks in summer, one in spring and one in autumn.

    Parameters
    ----------
    weeks : ndarray of datetime64[D], shape (w,)
        Mondays.
    therapists : int
        How many.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    away : ndarray of bool, shape (therapists, w)
        True where a therapist sees nobody.
    """
    year = weeks.astype("datetime64[Y]")
    week_of_year = (weeks - year).astype(int) // 7
    away = np.zeros((therapists, len(weeks)), dtype=bool)
    for one in np.unique(year):
        for low, high, length in ((6, 15, 1), (26, 33, 2), (40, 46, 1)):
            first = rng.integers(low, high, size=(therapists, 1))
            in_it = (first <= week_of_year) & (week_of_year < first + length)
            away |= (year == one) & in_it
    return away


def cancelling_factor(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Say how much more or less than usual is cancelled.

    Parameters
    ----------
    days : ndarray of datetime64[D], shape (n,)
        Any days.

    Returns
    -------
    factor : ndarray of float, shape (n,)
        1 on average over a year.
    """
    return np.asarray(_CANCELLING[_month(days)])


def _monday(day: np.datetime64) -> np.datetime64:
    # 1970-01-05 was a Monday.
    return day - np.timedelta64((day - np.datetime64("1970-01-05", "D")).astype(int) % 7, "D")


def _month(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return days.astype("datetime64[M]").astype(np.int64) % 12

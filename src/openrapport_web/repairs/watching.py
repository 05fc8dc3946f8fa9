"""The answers after a repair began: whether they come back to what was usual."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from openrapport_web import access
from openrapport_web.repairs import courses
from openrapport_web.repairs.courses import Occasion
from openrapport_web.repairs.models import Repair

__all__ = ["Watched", "watched"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What came after a repair began.

    Parameters
    ----------
    course : tuple of Occasion
        All of it.
    after : tuple of Occasion
        Those after it began.
    expected : tuple of float or None
        Where answers were expected before the strain: level, low, high.
    n_back : int
        How many of the answers after it lie within that again.
    """

    course: tuple[Occasion, ...]
    after: tuple[Occasion, ...]
    expected: tuple[float, float, float] | None
    n_back: int

    @property
    def n_answered(self) -> int:
        """How many of those after it have a rating."""
        return sum(occasion.rating is not None for occasion in self.after)

    @property
    def n_kept(self) -> int:
        """How many wait for the therapist's own answer first."""
        return sum(occasion.is_kept for occasion in self.course)


def watched(user: Any, repair: Repair) -> Watched:
    """Put together the answers around a repair, as far as its therapist may see them."""
    course = courses.asked(repair.episode_id, answers=access.answers(user))
    after = tuple(o for o in course if o.at > repair.made_at)
    expected = _expected(repair)
    rated = [o.rating for o in after if o.rating is not None]
    n_back = sum(expected is not None and rating >= expected[1] for rating in rated)
    return Watched(tuple(course), after, expected, n_back)


def _expected(repair: Repair) -> tuple[float, float, float] | None:
    if repair.alert is None:
        return None
    look = json.loads(repair.alert.basis or "{}").get("look") or {}
    if look.get("expected") is None or look.get("interval") is None:
        return None
    return look["expected"], *look["interval"]

"""The answers after a repair began: whether they come back to what was usual."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from openrapport_web.feedback.models import Asking, Rater
from openrapport_web.repairs import courses
from openrapport_web.repairs.courses import Occasion
from openrapport_web.repairs.models import Repair
from openrapport_web.repairs.picture import Picture, Point, draw

__all__ = ["Watched", "kept_blind", "waits_for_own", "watched"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What came after a repair began.

    Parameters
    ----------
    picture : Picture or None
        The whole course, with a line where the repair began.
    course : tuple of Occasion
        The same as rows.
    after : tuple of Occasion
        Those after it began.
    expected : tuple of float or None
        Where answers were expected before the strain: level, low, high.
    n_back : int
        How many of the answers after it lie within that again.
    n_kept : int
        How many wait for the therapist's own answer first.
    """

    picture: Picture | None
    course: tuple[Occasion, ...]
    after: tuple[Occasion, ...]
    expected: tuple[float, float, float] | None
    n_back: int
    n_kept: int

    @property
    def n_answered(self) -> int:
        """How many of those after it have a rating."""
        return sum(occasion.rating is not None for occasion in self.after)


def watched(repair: Repair) -> Watched:
    """Put together the answers around a repair."""
    occasions = courses.asked(repair.episode_id)
    waiting = waits_for_own(repair.episode_id)
    course = [kept_blind(occasion, waiting) for occasion in occasions]
    after = tuple(o for o in course if o.at > repair.made_at)
    expected = _expected(repair)
    picture = draw({"client": [Point(o.at, o.rating) for o in course]}, marks=[repair.made_at])
    rated = [o.rating for o in after if o.rating is not None]
    n_back = sum(expected is not None and rating >= expected[1] for rating in rated)
    n_kept = sum(o.meeting in waiting and o.answer is not None for o in occasions)
    return Watched(picture, tuple(course), after, expected, n_back, n_kept)


def waits_for_own(episode: UUID) -> frozenset[UUID | None]:
    """Meetings after which the therapist may still answer without having seen the client's answer."""
    now = timezone.now()
    open_ones = Asking.objects.filter(
        episode=episode,
        rater=Rater.THERAPIST,
        answered_at=None,
        withdrawn_at=None,
        opens_at__lte=now,
        expires_at__gt=now,
        meeting__isnull=False,
    )
    return frozenset(open_ones.values_list("meeting_id", flat=True))


def kept_blind(occasion: Occasion, waiting: Sequence[Any] | frozenset[Any]) -> Occasion:
    """Take an answer out that its therapist should not see before they gave their own."""
    if occasion.meeting is None or occasion.meeting not in waiting:
        return occasion
    return replace(occasion, rating=None, values={})


def _expected(repair: Repair) -> tuple[float, float, float] | None:
    if repair.alert is None:
        return None
    look = json.loads(repair.alert.basis or "{}").get("look") or {}
    if look.get("expected") is None or look.get("interval") is None:
        return None
    return look["expected"], *look["interval"]

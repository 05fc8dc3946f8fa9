"""Reading alerts and repairs: how useful a rule has been, and what is open for somebody."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from openrapport.coding.counts import wilson_interval
from openrapport_web.repairs.models import Alert

__all__ = ["ENOUGH", "Useful", "useful_so_far"]

ENOUGH = 10
"""How many judged alerts of a rule there must be before a share is said."""


@dataclass(frozen=True, slots=True)
class Useful:
    """How many of the judged alerts of one rule were worth a look, in the whole practice.

    Parameters
    ----------
    k, n : int
        Useful ones, and judged ones.
    low, high : float
        Wilson's 95 % interval of the share, in percent.
    """

    k: int
    n: int
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there are enough of them to say anything."""
        return self.n >= ENOUGH

    @classmethod
    def of(cls, k: int, n: int) -> Useful:
        """Work out the interval."""
        low, high = wilson_interval(k, n) if n else (0.0, 1.0)
        return cls(k, n, 100 * low, 100 * high)


def useful_so_far(rule: str) -> Useful:
    """Count how often alerts of one rule were judged, and judged worth a look, in the practice."""
    judged = Alert.objects.filter(rule=rule, useful__isnull=False)
    counts = judged.aggregate(k=Count("pk", filter=Q(useful=True)), n=Count("pk"))
    return Useful.of(counts["k"], counts["n"])

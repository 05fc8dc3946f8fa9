"""A stretch of time, in whole milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

from openrapport.errors import BadInput

__all__ = ["Span"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time: it holds its start and not its end.

    ::

        Span(0, 1_000)      |---------)
        Span(1_000, 1_500)            |----)      adjacent, and they do not overlap

    Parameters
    ----------
    start_ms, end_ms : int
        Milliseconds from the session's start; ``0 <= start_ms <= end_ms``.

    Raises
    ------
    BadInput
        If the start is negative or after the end.
    """

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise BadInput(
                f"a span from {self.start_ms} ms to {self.end_ms} ms; expected 0 <= start <= end"
            )

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def overlap_ms(self, other: Span) -> int:
        """Milliseconds that both spans hold.

        Parameters
        ----------
        other : Span
            The span to compare with.

        Returns
        -------
        overlap_ms : int
            0 where they only touch or lie apart.
        """
        return max(0, min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms))

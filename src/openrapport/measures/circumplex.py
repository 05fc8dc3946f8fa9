"""Eight scales on a circle: where somebody's way with others lies, and whether it lies anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, fsum, hypot, isclose, radians, sin

from openrapport.errors import BadInput
from openrapport.measures.forms import Instrument
from openrapport.measures.scoring import ScaleScore

__all__ = ["CLEAR_FIT", "Circumplex", "circumplex"]

CLEAR_FIT = 0.70
"""Below this fit the direction says nothing (a rule of thumb)."""


@dataclass(frozen=True, slots=True)
class Circumplex:
    """The cosine curve that comes nearest to eight scores.

    Parameters
    ----------
    elevation : float
        Mean of the scores.
    x, y : float
        Affiliation (warm is positive) and dominance (assured is positive).
    amplitude : float
        Length of the arrow (x, y): how much the profile differs by direction.
    displacement_deg : float or None
        Its direction in [0, 360), counted from warm towards dominant; None for a flat profile.
    fit : float or None
        R squared of the curve; None for a flat profile. Below ``CLEAR_FIT`` there is no single
        theme, and the direction should not be read.
    n : int
        How many scales it rests on.
    """

    elevation: float
    x: float
    y: float
    amplitude: float
    displacement_deg: float | None
    fit: float | None
    n: int

    @property
    def clear(self) -> bool:
        """Whether the direction may be read."""
        return self.fit is not None and self.fit >= CLEAR_FIT


def circumplex(
    instrument: Instrument, scores: Sequence[ScaleScore], *, standardised: bool
) -> Circumplex | None:
    """Place a profile on the circle.

    Parameters
    ----------
    instrument : Instrument
        Whose scales all have an angle, evenly spread.
    scores : sequence of ScaleScore
        As from :func:`openrapport.measures.scoring.score`.
    standardised : bool
        Whether scores are first compared with the general norms, in their standard deviations.
        True answers "how does this person differ from others", False "what stands out in them".

    Returns
    -------
    circumplex : Circumplex or None
        None where a scale has no score.

    Raises
    ------
    BadInput
        If the instrument's scales do not lie on a circle, or have no norms though asked for.

    References
    ----------
    Markey2009
    """
    angles = [scale.angle_deg for scale in instrument.scales]
    if len(angles) < 3 or not _evenly_spread(angles):
        raise BadInput(f"the scales of {instrument.key} do not lie evenly on a circle")
    if any(one.value is None for one in scores):
        return None
    values = [_standing(instrument, one) if standardised else float(one.value or 0) for one in scores]
    turns = [radians(angle or 0) for angle in angles]
    n, elevation = len(values), fsum(values) / len(values)
    x = 2 / n * fsum(value * cos(turn) for value, turn in zip(values, turns, strict=True))
    y = 2 / n * fsum(value * sin(turn) for value, turn in zip(values, turns, strict=True))
    spread = fsum((value - elevation) ** 2 for value in values)
    if isclose(spread, 0, abs_tol=1e-12):
        return Circumplex(elevation, 0.0, 0.0, 0.0, None, None, n)
    amplitude = hypot(x, y)
    # Rounding leaves a tiny arrow where none is, and its direction would be noise.
    flat = amplitude < 1e-9
    residual = fsum(
        (elevation + x * cos(turn) + y * sin(turn) - value) ** 2
        for value, turn in zip(values, turns, strict=True)
    )
    direction = None if flat else degrees(atan2(y, x)) % 360
    return Circumplex(elevation, x, y, amplitude, direction, max(0.0, 1 - residual / spread), n)


def _evenly_spread(angles: Sequence[float | None]) -> bool:
    known = sorted(angle for angle in angles if angle is not None)
    step = 360 / len(angles)
    return len(known) == len(angles) and all(
        isclose(angle - known[0], index * step, abs_tol=1e-6) for index, angle in enumerate(known)
    )


def _standing(instrument: Instrument, one: ScaleScore) -> float:
    norms = [norm for norm in instrument.scale(one.scale).norms if norm.group == "general"]
    if not norms or one.value is None:
        raise BadInput(f"{instrument.key} has no general norms for {one.scale}; ask for raw scores")
    return (one.value - norms[0].mean) / norms[0].sd

"""Whether two scores of one client differ by more than measurement error, and what that may mean.

A smallest reliable change is no property of a questionnaire: it rests on the spread of a sample and
on a reliability. So it is computed each time from :class:`openrapport.measures.forms.ChangeConstants`,
which name their source, and can be computed from a practice's own numbers instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

from openrapport.errors import BadInput
from openrapport.measures.forms import ChangeConstants, Direction, Norm, Scale

__all__ = [
    "Change",
    "CutOffs",
    "ScaleChange",
    "classify",
    "cut_off_of",
    "cut_offs",
    "read_change",
    "regressed_change_index",
    "reliable_change_index",
    "reliable_change_threshold",
    "standard_error_of_measurement",
]


class Change(StrEnum):
    """What became of a score. "Recovered" means the score, not the person."""

    RECOVERED = "recovered"
    IMPROVED = "reliable_improvement"
    SAME = "no_reliable_change"
    WORSE = "reliable_deterioration"


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Three borders between a clinical and a general group, in points.

    Parameters
    ----------
    a : float
        Two standard deviations of the clinical group away from its mean, towards health.
    b : float
        Two standard deviations of the general group away from its mean, towards illness.
    c : float
        Where both groups' scores are equally likely: each mean weighted with the other's spread.
        The one to use when both groups are known.
    """

    a: float
    b: float
    c: float


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """The change of one scale between two of a client's forms.

    Parameters
    ----------
    points : float
        After minus before.
    threshold : float
        The smallest reliable change, in points.
    interval : tuple of float or None
        What the true change may be, ``points`` plus and minus ``threshold``; None where the
        threshold is only a published number.
    index : float or None
        The change over the standard error of a difference; None as above.
    z : float or None
        How sure: 1.96 stands for 95 %; None as above.
    cut_off : float or None
        The border that was used; None where none is known.
    verdict : Change
        What the two scores say together.
    source : str
        Where the threshold comes from.
    """

    points: float
    threshold: float
    interval: tuple[float, float] | None
    index: float | None
    z: float | None
    cut_off: float | None
    verdict: Change
    source: str


def standard_error_of_measurement(*, sd: float, reliability: float) -> float:
    """Give how far a score may lie from what the form would say on average.

    Parameters
    ----------
    sd : float
        Standard deviation of the reference sample, in points, > 0.
    reliability : float
        In [0, 1).

    Returns
    -------
    error : float
        In points: about two thirds of scores lie within it.

    Raises
    ------
    BadInput
        If a number is out of range.
    """
    _check(sd, reliability)
    return sd * sqrt(1 - reliability)


def reliable_change_threshold(*, sd: float, reliability: float, z: float) -> float:
    """Give the smallest change that measurement error alone is an unlikely explanation for.

    Parameters
    ----------
    sd : float
        Standard deviation of the reference sample's first scores, in points, > 0.
    reliability : float
        In [0, 1), with its source named in the instrument file.
    z : float
        1.96 for 95 %, 1.645 for 90 %; > 0.

    Returns
    -------
    threshold : float
        In points.

    Raises
    ------
    BadInput
        If a number is out of range.

    References
    ----------
    JacobsonTruax1991
    """
    if not z > 0:
        raise BadInput("z is not above 0; expected for instance 1.96")
    return z * sqrt(2) * standard_error_of_measurement(sd=sd, reliability=reliability)


def reliable_change_index(before: float, after: float, *, sd: float, reliability: float) -> float:
    """Standardise the difference between two scores of one client.

    Parameters
    ----------
    before, after : float
        In points.
    sd : float
        Standard deviation of the reference sample, in points, > 0.
    reliability : float
        In [0, 1), with its source named in the instrument file.

    Returns
    -------
    index : float
        Unitless, signed like ``after - before``. Beyond +-1.96 measurement error alone is an
        unlikely explanation; it does not say that therapy caused the change.

    Raises
    ------
    BadInput
        If a number is out of range.

    References
    ----------
    JacobsonTruax1991
    """
    return (after - before) / (sqrt(2) * standard_error_of_measurement(sd=sd, reliability=reliability))


def regressed_change_index(
    before: float, after: float, *, mean: float, sd: float, reliability: float
) -> float:
    """Standardise a change, allowing for regression to the mean (Gulliksen, Lord and Novick).

    Somebody who first scores far from the mean is likely to score nearer to it next time, without
    any change. The second score is compared with what is expected from the first.

    Parameters
    ----------
    before, after : float
        In points.
    mean, sd : float
        Of the reference sample's first scores, in points; ``sd`` > 0.
    reliability : float
        In [0, 1).

    Returns
    -------
    index : float
        Unitless; read like :func:`reliable_change_index`.

    Raises
    ------
    BadInput
        If a number is out of range.

    References
    ----------
    HsuGLN1999
    """
    _check(sd, reliability)
    expected = mean + reliability * (before - mean)
    return (after - expected) / (sd * sqrt(1 - reliability**2))


def cut_offs(clinical: Norm, general: Norm, *, higher: Direction) -> CutOffs:
    """Compute the borders between a clinical and a general group.

    Parameters
    ----------
    clinical, general : Norm
        How both groups scored.
    higher : Direction
        What a higher score means: better or worse.

    Returns
    -------
    cut_offs : CutOffs
        In points.

    Raises
    ------
    BadInput
        If the scale is a trait, or the clinical group does not score worse than the general one.

    References
    ----------
    JacobsonTruax1991
    """
    sign = _sign(higher)
    if sign * (clinical.mean - general.mean) >= 0:
        raise BadInput(
            "the clinical group does not score worse than the general one; are they swapped?"
        )
    together = clinical.sd + general.sd
    return CutOffs(
        a=clinical.mean + sign * 2 * clinical.sd,
        b=general.mean - sign * 2 * general.sd,
        c=(clinical.sd * general.mean + general.sd * clinical.mean) / together,
    )


def cut_off_of(scale: Scale) -> float | None:
    """Give the border of a scale between a clinical and a general group.

    Parameters
    ----------
    scale : Scale
        A scale with norms of both groups, or with a published border.

    Returns
    -------
    cut_off : float or None
        Computed from the norms where both are known, otherwise the first published border; None
        where there is neither.
    """
    norms = {norm.group: norm for norm in scale.norms}
    if "clinical" in norms and "general" in norms and scale.higher is not Direction.MORE:
        return cut_offs(norms["clinical"], norms["general"], higher=scale.higher).c
    return scale.cuts[0].at_least if scale.cuts else None


def classify(
    before: float, after: float, *, threshold: float, cut_off: float | None, higher: Direction
) -> Change:
    """Say what became of a score.

    Parameters
    ----------
    before, after : float
        In points.
    threshold : float
        The smallest reliable change, in points, > 0.
    cut_off : float or None
        The first score on the clinical side where higher is worse, the last one where higher is
        better; None where no border is known, and then nobody is called recovered.
    higher : Direction
        What a higher score means: better or worse.

    Returns
    -------
    verdict : Change
        Recovered: reliably better, and over the border from the clinical side.

    Raises
    ------
    BadInput
        If a number is no number, the threshold is not above 0, or the scale is a trait.
    """
    sign = _sign(higher)
    if not (isfinite(before) and isfinite(after)):
        raise BadInput("a score is no finite number; leave out what was not measured")
    if not threshold > 0:
        raise BadInput("the threshold is not above 0")
    gain = sign * (after - before)
    if gain <= -threshold:
        return Change.WORSE
    if gain < threshold:
        return Change.SAME
    was_clinical = cut_off is not None and sign * (before - cut_off) <= 0
    is_clinical = cut_off is not None and sign * (after - cut_off) <= 0
    return Change.RECOVERED if was_clinical and not is_clinical else Change.IMPROVED


def read_change(
    scale: Scale, before: float, after: float, *, constants: ChangeConstants | None = None
) -> ScaleChange | None:
    """Read the change between two scores with the best that is known about the scale.

    Parameters
    ----------
    scale : Scale
        Which scale.
    before, after : float
        In points.
    constants : ChangeConstants, optional
        The practice's own; without them the first of the scale are used, and where it has none,
        the first published threshold.

    Returns
    -------
    change : ScaleChange or None
        None where nothing is known, or the scale is neither good nor bad.

    Raises
    ------
    BadInput
        If a number is out of range.
    """
    constants = constants or (scale.constants[0] if scale.constants else None)
    if scale.higher is Direction.MORE or (constants is None and not scale.published):
        return None
    cut_off, points = cut_off_of(scale), after - before
    if constants is None:
        published = scale.published[0]
        verdict = classify(
            before, after, threshold=published.points, cut_off=cut_off, higher=scale.higher
        )
        return ScaleChange(
            points, published.points, None, None, None, cut_off, verdict, published.source
        )
    sd, reliability, z = constants.sd, constants.reliability, constants.z
    threshold = reliable_change_threshold(sd=sd, reliability=reliability, z=z)
    return ScaleChange(
        points=points,
        threshold=threshold,
        interval=(points - threshold, points + threshold),
        index=reliable_change_index(before, after, sd=sd, reliability=reliability),
        z=z,
        cut_off=cut_off,
        verdict=classify(before, after, threshold=threshold, cut_off=cut_off, higher=scale.higher),
        source=constants.source,
    )


def _sign(higher: Direction) -> int:
    if higher is Direction.MORE:
        raise BadInput("a higher score is neither better nor worse on this scale; it has no recovery")
    return 1 if higher is Direction.BETTER else -1


def _check(sd: float, reliability: float) -> None:
    if not (isfinite(sd) and sd > 0):
        raise BadInput("sd is not above 0; expected the reference sample's, in points")
    if not 0 <= reliability < 1:
        raise BadInput("reliability is not in [0, 1)")

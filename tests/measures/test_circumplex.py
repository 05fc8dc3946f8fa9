"""Profiles on a circle, by hand."""

from __future__ import annotations

from math import cos, radians

import pytest

from openrapport.errors import BadInput
from openrapport.measures.circumplex import Circumplex, circumplex
from openrapport.measures.instrument import ScaleScore, Status, library, score

IPC = library()["ipip-ipc-32"]


def placed(by_angle: dict[int, float | None], *, standardised: bool = False) -> Circumplex | None:
    scores = [
        ScaleScore(one.key, by_angle[int(one.angle_deg or 0)], 4, 4, Status.COMPLETE)
        for one in IPC.scales
    ]
    return circumplex(IPC, scores, standardised=standardised)


def test_a_cosine_curve_is_found_again() -> None:
    found = placed({angle: 3 + 1.5 * cos(radians(angle - 60)) for angle in range(0, 360, 45)})
    assert found is not None
    assert found.elevation == pytest.approx(3)
    assert found.amplitude == pytest.approx(1.5)
    assert found.displacement_deg == pytest.approx(60)
    assert found.fit == pytest.approx(1)
    assert (found.x, found.y) == pytest.approx((0.75, 1.5 * 0.75**0.5))
    assert found.clear


def test_one_high_scale_has_a_direction_but_little_fit() -> None:
    found = placed({angle: 5.0 if angle == 90 else 1.0 for angle in range(0, 360, 45)})
    assert found is not None
    # y = 2/8 * (5 - 1), mean 1.5, squares 7 * .25 + 12.25 = 14, of which the curve has 8/2 * 1.
    assert (found.x, found.y) == pytest.approx((0, 1))
    assert found.fit == pytest.approx(4 / 14)
    assert not found.clear


def test_a_flat_profile_has_no_direction() -> None:
    found = placed(dict.fromkeys(range(0, 360, 45), 3.0))
    assert found == Circumplex(3.0, 0.0, 0.0, 0.0, None, None, 8)


def test_a_profile_of_two_poles_has_no_direction_either() -> None:
    found = placed({angle: 5.0 if angle in (0, 180) else 1.0 for angle in range(0, 360, 45)})
    assert found is not None
    assert found.displacement_deg is None
    assert not found.clear


def test_the_average_person_is_flat_once_compared_with_the_norms() -> None:
    norms = {int(one.angle_deg or 0): one.norms[0].mean for one in IPC.scales}
    found = placed(norms, standardised=True)
    assert found is not None
    assert found.amplitude == 0
    assert placed(norms) != found


def test_a_scale_without_a_score_leaves_no_profile() -> None:
    assert placed({angle: None if angle == 45 else 3.0 for angle in range(0, 360, 45)}) is None


def test_scales_that_are_no_circle_are_refused() -> None:
    mini = library()["mini-ipip"]
    with pytest.raises(BadInput, match="do not lie evenly on a circle"):
        circumplex(mini, score(mini, {}), standardised=False)

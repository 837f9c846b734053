"""What differences in low precision can say against a claim."""

from __future__ import annotations

import pytest

from gradlab.check import Verdict
from gradlab.check.differences._fit import Slope
from gradlab.check.verdict._knowledge import Claim, Knowledge, Rules
from gradlab.check.verdict._rules import judge


def verdict(claim, slopes, fine):
    known = Knowledge(2.0, 0.0 if fine else 1e-7, fine, 2.0**-52 if fine else 2.0**-23, deterministic=True, scale=1.0)
    return judge(Claim("x", 0, claim), slopes, known, Rules(2e-4)).verdict


@pytest.mark.parametrize(("bars", "fine", "expected"), [
    (2, False, Verdict.UNDECIDED), (2, True, Verdict.WRONG), (4, False, Verdict.WRONG),
])  # fmt: skip
def test_roundings_on_the_way_are_given_three_bars(bars, fine, expected):
    slope = Slope(1.0, 0.01, 0.5, spread=0.5, unit=2e-7)
    assert verdict(1.0 + bars * 0.01 + 3e-4, [slope], fine) is expected


@pytest.mark.parametrize(("claim", "expected"), [(1e-7, Verdict.UNDECIDED), (1.0, Verdict.WRONG)])
def test_standing_still_is_held_against_what_would_move_it_alone(claim, expected):
    still = [Slope(0.0, 1e-12, step, flat=1.0, unit=float("inf")) for step in (1e-4, 1e-3, 1e-2)]
    moving = [Slope(-3e-7, 2e-7, 0.5, spread=2e-7, unit=4e-8, flat=0.4, deviation=4e-8)]
    assert verdict(claim, [*still, *moving], fine=False) is expected

"""What is judged, and what is known of the function when it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradlab.check._outcomes import NEAR, SINGLE_COARSEST, SINGLE_TOLERANCE, ZERO, Cause, Entry, Verdict
from gradlab.check.differences._fit import Slope
from gradlab.check.differences._texture import Texture

# Up to this part a difference may be what the tolerance of a solver leaves.
LOOSE = 0.1
# So well a small entry that shows no better has to show in any case.
_SHOWN = 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed derivative: its name, its value and how much it jitters when the point moves by a rounding."""

    name: str
    index: int
    value: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of one output along one coordinate: its value at the point, its noise, the size of the coordinate.

    Attributes:
        centre: The value at the point.
        level: The measured noise, or that of the jumps along this coordinate.
        anywhere: The noise that was measured along a direction of all coordinates.
        fine: Whether it follows the smallest steps.
        grain: The relative spacing of the numbers that it computes with.
        deterministic: Whether it gives the same value again.
        scale: The size of the coordinate.
        zero: The slope that is as good as zero.
        near: What differences of slopes the function shows at most, if it computes in float32.
        reach: How large its values are near the point.
        grid: What its values are multiples of where larger numbers may have been rounded; 0 if nothing says so.
        levels: The values that it takes near and far along the coordinate, sorted.
        texture: What it looks like along the coordinate, up to a distance.
    """

    centre: float
    level: float
    fine: bool
    grain: float
    deterministic: bool
    scale: float
    zero: float = 0.0
    near: float = 0.0
    reach: float = 0.0
    anywhere: float = 0.0
    grid: Callable[[], float] = float
    levels: Callable[[], np.ndarray] | None = None
    texture: Callable[[float], Texture] | None = None

    def frays(self, reach: float) -> bool:
        """Tell whether small steps see another function than large ones, as far as can be known."""
        return self.texture is None or self.texture(reach).frays

    def is_loose(self, claim: Claim, slope: Slope) -> bool:
        """Tell whether a small difference is what jumps nearby make up for: a solver that stops at a tolerance."""
        apart = abs(claim.value - slope.value)
        small = apart < LOOSE * max(abs(claim.value), abs(slope.value))
        return small and self.texture is not None and self.texture(self.scale / 2).explains(apart)

    def may_be_structure(self, claim: Claim, slope: Slope) -> bool:
        """Tell whether what looks like noise may be an oscillation with the claimed slope.

        Rounding is small beside the values, or changes from one number to the next; what is neither, a fast
        oscillation may be: one with this amplitude that makes up for the difference needs a wavelength that shows.
        """
        noise, size = max(slope.deviation, self.level), max(abs(self.centre), self.reach, slope.spread)
        if not self.deterministic or noise <= 64 * self.grain * size:
            return False
        if noise > 2.0**-10 * size:
            return True
        return noise > (2.0**-32 if self.fine else self.grain) * abs(claim.value - slope.value) * self.scale


@dataclass(frozen=True, slots=True)
class Rules:
    """When a difference counts.

    A claim is WRONG if it lies outside the error bar by more than `tolerance` of its size, with a bar below a tenth
    of its size; it is CORRECT only if the bar resolves `4 * tolerance` of its size. What is as good as zero need not
    be resolved: below `relevance` of the slope that the largest share would have here.

    Attributes:
        tolerance: The relative difference from which an entry is wrong.
        relevance: The share of the largest one that is as good as zero.
        thorough: Whether every entry is judged even after one is known to be wrong.
        is_single: Whether the function computes in float32, which shows differences beside the largest alone.
    """

    tolerance: float
    relevance: float = 1e-8
    thorough: bool = False
    is_single: bool = False

    def in_single(self) -> Rules:
        """The rules for a function that computes in float32, whatever it is given."""
        return replace(self, tolerance=max(self.tolerance, SINGLE_TOLERANCE), is_single=True)

    def accepts(self, difference: Any, size: Any, margin: Any, bar: Any, zero: Any, near: Any = 0.0) -> Any:
        """Tell whether a claim agrees or both are as good as zero, of numbers or of arrays of one shape.

        Args:
            difference: How far claim and value are apart.
            size: The larger of both.
            margin: How far they may be apart.
            bar: How far the value may be off.
            zero: What is as good as zero.
            near: What differences float32 shows at most.
        """
        least = self.tolerance * size
        agrees = ((difference <= margin) | (difference <= least)) & (margin <= 4 * least)
        hidden = (difference <= margin) & (margin <= SINGLE_COARSEST * size) & (difference + bar <= near)
        return agrees | hidden | (size + bar <= zero)

    def barely(self, claim: Claim, slope: Slope, near: float) -> bool:
        """Tell whether a claim agrees as well as a small entry shows: the less of the largest is at stake, the less."""
        size, margin = max(abs(claim.value), abs(slope.value)), slope.bar + 2 * claim.jitter
        difference = abs(claim.value - slope.value)
        stake = difference + slope.bar
        shows = margin <= _SHOWN * size and stake * margin <= SINGLE_COARSEST * near * size
        return self.is_single and difference <= margin and stake <= near and shows

    def compare(
        self,
        claim: Claim,
        numeric: float,
        bar: float,
        nearest: float | None = None,
        zero: float = 0.0,
        near: float = 0.0,
    ) -> Verdict:
        """Judge a claim by a value with a bar.

        Args:
            claim: The claim.
            numeric: The value.
            bar: How far it may be off.
            nearest: The acceptable value closest to the claim. Default the value.
            zero: What is as good as zero.
            near: What differences float32 shows at most.
        """
        target = numeric if nearest is None else nearest
        size, margin = max(abs(claim.value), abs(numeric)), bar + 2 * claim.jitter
        difference = abs(claim.value - target)
        if self.accepts(difference, size, margin, bar, zero, near):
            return Verdict.CORRECT
        if difference > margin + self.tolerance * size and margin < 0.1 * size:
            return Verdict.WRONG
        return Verdict.UNDECIDED


def make_entry(claim: Claim, slope: Slope | None, verdict: Verdict, reason: str, cause: Cause | None = None) -> Entry:
    """An entry from a claim and the slope that decided it."""
    if slope is None:
        return Entry(
            claim.name, claim.value, math.nan, math.inf, math.nan, verdict, reason, math.nan, cause, (), claim.index
        )
    size = max(abs(claim.value), abs(slope.value))
    relative = abs(claim.value - slope.value) / size if size > 0 else 0.0
    numbers = (claim.value, slope.value, slope.bar, relative)
    return Entry(claim.name, *numbers, verdict, reason, slope.step, cause, (), claim.index)


def agreement(claim: Claim, slope: Slope, rules: Rules) -> str:
    """How a claim that is accepted agrees."""
    resolved = slope.bar <= 4 * rules.tolerance * max(abs(claim.value), abs(slope.value))
    return "agrees" if resolved else NEAR if rules.is_single else ZERO

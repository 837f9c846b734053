"""Derivatives along a line from differences: the stencil, the fits of several degrees and their error bars.

At each scale twelve values around the point are split into their odd part, which holds the slope, and their even part,
which holds a kink. The slope is fitted by odd polynomials of degree 1, 3, 5 and 7: two that follow each other differ by
the truncation error, residuals and measured noise give the rest of the bar, and the degree with the smallest bar wins.
Steps are powers of two and offsets their sixteenths, so that the offsets are exact in the precision of the function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

EPSILON = float(np.finfo(np.float64).eps)
SINGLE = float(np.finfo(np.float32).eps)
# An error that is uniform in the spacing of numbers deviates by so much of it.
ERROR = 0.3
# A bar is this many standard deviations of the fitted slope.
DEVIATIONS = 4.0
# Residuals that are so many times larger than at smaller steps are no noise.
_MISFIT = 10.0


class Stencil:
    """Where a line is sampled, in units of the step, and the fits to what is found there.

    Args:
        marks: The places on one side, increasing up to 1, shape (K,); the other side is its mirror image.
        degree: The highest odd degree that is fitted.
    """

    def __init__(self, marks: np.ndarray, degree: int) -> None:
        self.marks = marks
        self.offsets = np.concatenate([-marks[::-1], marks])
        degrees = range(1, degree + 1, 2)
        odd = [np.stack([marks**power for power in degrees if power <= top], axis=1) for top in degrees]
        powers = range(2, degree, 2)
        even = [np.stack([marks, *(marks**power for power in powers if power <= top)], axis=1) for top in powers]
        # The row that gives the coefficient of the first column, and its norm: how noise of the parts gets into it.
        self.slopes = np.stack([np.linalg.pinv(model)[0] for model in odd])
        self.kinks = np.stack([np.linalg.pinv(model)[0] for model in even])
        self.slope_noise = np.sqrt(np.sum(self.slopes**2, axis=1) / 2)
        # The value at the point is in all even parts: its noise adds up.
        self.kink_noise = np.sqrt(np.sum(self.kinks**2, axis=1) / 2 + np.sum(self.kinks, axis=1) ** 2)
        inner_odd, inner_even = odd[-2], even[-2]
        # What is fitted is a projection, in two factors: of many marks, as a matrix it would be large.
        self._fitted = [(inner, np.linalg.pinv(inner)) for inner in (inner_odd, inner_even)]
        self.freedom = 2 * len(marks) - inner_odd.shape[1] - inner_even.shape[1]

    def rest(self, odd: np.ndarray, even: np.ndarray) -> np.ndarray:
        """What fits of the highest degree but one leave of both parts, shape (S, 2 K)."""
        pairs = zip((odd, even), self._fitted, strict=True)
        return np.concatenate([part - (part @ inner) @ inverse for part, (inner, inverse) in pairs], axis=1)


STANDARD = Stencil(np.array([2, 5, 8, 11, 14, 16]) / 16, degree=7)


@lru_cache(maxsize=4)
def dense(parts: int) -> Stencil:
    """Evenly spaced places, `parts` to a step, against noise."""
    return Stencil(np.arange(parts // 16, parts + 1) / parts, degree=11)


Line = Callable[[np.ndarray], np.ndarray]
"""From offsets along a line, shape (n,), to the function there, shape (n, M); NaN where it is not defined."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How well the values of a function with M outputs are known.

    Attributes:
        level: The standard deviation of each output, shape (M,).
        reach: How large the values were where that was measured, shape (M,).
        fine: Whether any output follows steps of 2^-30: where none does, it is computed in lower precision or is
            constant, and its staying the same says nothing.
        grain: The relative spacing of the numbers that it computes with, as far as can be seen from outside.
        deterministic: Whether it gives the same values again.
    """

    level: np.ndarray
    reach: np.ndarray
    fine: bool
    grain: float
    deterministic: bool = True

    @property
    def is_single(self) -> bool:
        """Whether the function computes in float32, and in nothing coarser."""
        return not self.fine and self.grain <= SINGLE


EXACT = Noise(np.zeros(1), np.zeros(1), fine=True, grain=EPSILON)


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative by differences with step `step`: the value, its error bar, and half the jump at a kink.

    `spread` is the largest change of the function, `unit` the smallest one that is not 0, `flat` the share of values
    that equal that at the point, `still` how far all do behind it and ahead, `ties` the number of other
    values that occur again. `deviation` is what the fit leaves unexplained, `floor` what of it measured noise and the
    rounding of float64 explain.
    """

    value: float
    bar: float
    step: float
    kink: float = 0.0
    kink_bar: float = 0.0
    spread: float = 0.0
    unit: float = 0.0
    flat: float = 0.0
    still: tuple[float, float] = (0.0, 0.0)
    ties: int = 0
    deviation: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class Samples:
    """A function around a point: steps (S,), values (S, 2 K, M) at the stencil, and the value at the point (M,)."""

    steps: np.ndarray
    values: np.ndarray
    centre: np.ndarray
    stencil: Stencil = STANDARD

    def beyond(self, smallest: float) -> Samples:
        """Those of the larger steps."""
        kept = self.steps >= smallest
        return Samples(self.steps[kept], self.values[kept], self.centre, self.stencil)

    def joined(self, other: Samples) -> Samples:
        """Both, sorted by their steps."""
        steps, values = np.concatenate([self.steps, other.steps]), np.concatenate([self.values, other.values])
        order = np.argsort(steps, kind="stable")
        return Samples(steps[order], values[order], self.centre, self.stencil)


def take(line: Line, steps: np.ndarray, centre: np.ndarray, stencil: Stencil = STANDARD) -> Samples:
    """Evaluate a function along a line at every scale; scales where it is not finite are left out."""
    if not len(steps):
        return Samples(steps, np.zeros((0, len(stencil.offsets), len(centre))), centre, stencil)
    values = line((steps[:, None] * stencil.offsets).reshape(-1)).reshape(len(steps), len(stencil.offsets), -1)
    good = np.isfinite(values).all(axis=(1, 2))
    return Samples(steps[good], values[good], centre, stencil)


def powers(smallest: float, largest: float, ratio: float = 4.0) -> np.ndarray:
    """Powers of two from about `smallest` to about `largest`, each `ratio` times the one before."""
    low, high, stride = int(np.ceil(np.log2(smallest))), int(np.floor(np.log2(largest))), int(np.log2(ratio))
    return 2.0 ** np.arange(low, max(low, high) + 1, stride)


def fit(samples: Samples, output: int, noise: Noise) -> list[Slope]:
    """Fit one output at every scale.

    Returns:
        A slope for each scale, the smallest first.
    """
    if not len(samples.steps):
        return []
    stencil, half = samples.stencil, len(samples.stencil.marks)
    rises = samples.values[:, :, output] - samples.centre[output]
    ahead, behind = rises[:, half:], rises[:, half - 1 :: -1]
    odd, even = (ahead - behind) / 2, (ahead + behind) / 2
    changes = np.abs(rises)
    unit = np.min(np.where(changes > 0, changes, np.inf), axis=1)
    deviation = _deviation(stencil, odd, even)
    largest = np.maximum(np.abs(samples.values[:, :, output]).max(axis=1), abs(samples.centre[output]))
    spacing = spacing_of(samples.values[:, :, output], (0, 1))
    # Where nothing moves, it is unknown what was rounded on the way, but it was no smaller than what is seen elsewhere.
    largest = np.where(changes.max(axis=1) == 0, largest.max(), largest)
    floor = np.maximum(noise.level[output], ERROR * spacing * largest)
    # Few residuals may be small by luck: noise does not shrink as the step grows.
    so_far = np.array([np.median(deviation[: index + 1]) for index in range(len(deviation))])
    level = np.maximum.reduce([deviation, so_far, floor])
    slopes, slope_bars = _best_degree(odd @ stencil.slopes.T, stencil.slope_noise, level)
    kinks, kink_bars = _best_degree(even @ stencil.kinks.T, stencil.kink_noise, level)
    moved = [row[row != 0] for row in rises]
    alike = [np.logical_and.accumulate(part == 0, axis=1).sum(axis=1) for part in (behind, ahead)]
    still = np.append(0.0, stencil.marks)[np.stack(alike, axis=1)]
    found = []
    for row, step in enumerate(samples.steps.tolist()):
        numbers = (slopes[row], slope_bars[row], step * step, kinks[row], kink_bars[row])
        value, bar, size, kink, kink_bar = (float(number) / step for number in numbers)
        found.append(
            Slope(
                value, bar, size, kink, kink_bar,
                spread=float(changes[row].max()),
                unit=float(unit[row]),
                flat=float(np.mean(changes[row] == 0)),
                still=(float(still[row, 0] * step), float(still[row, 1] * step)),
                ties=len(moved[row]) - len(np.unique(moved[row])),
                deviation=float(deviation[row]),
                floor=float(floor[row]),
            )
        )  # fmt: skip
    return found


def _deviation(stencil: Stencil, odd: np.ndarray, even: np.ndarray) -> np.ndarray:
    """The standard deviation of a value from the fits at each scale."""
    # Both parts have half the variance of a value.
    return norm(stencil.rest(odd, even), axis=1) * np.sqrt(2 / stencil.freedom)


def norm(values: np.ndarray, axis: int) -> np.ndarray:
    """The root of the sum of squares along an axis, where squares of large values overflow or small ones vanish."""
    largest = np.abs(values).max(axis=axis, keepdims=True, initial=0.0)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    return np.sqrt(np.sum((values / unit) ** 2, axis=axis)) * unit.squeeze(axis)


def _best_degree(estimates: np.ndarray, amplification: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The estimate with the smallest bar at each scale, from estimates (S, degrees) of growing degree."""
    truncation = np.abs(np.diff(estimates, axis=1))
    bars = truncation + DEVIATIONS * level[:, None] * amplification[:-1]
    best = np.argmin(bars, axis=1)
    rows = np.arange(len(bars))
    return estimates[rows, best], bars[rows, best]


def extrapolate(
    values: np.ndarray, centre: np.ndarray, step: float | np.ndarray, double: np.ndarray | bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The cheap estimate: central differences with two steps, extrapolated.

    Args:
        values: The function at +step, -step, +step/2 and -step/2, shape (..., 4, M).
        centre: Its value at the point, shape (M,).
        step: The larger step.
        double: Which outputs are known to be computed in float64, whatever their values here look like.

    Returns:
        The slopes, their bars, whether they can be believed at all: finite, neither at a kink nor on a plateau; and
        whether the function changed; each of shape (..., M).

    Source:
        L. F. Richardson, The approximate arithmetical solution by finite differences, 1911.
    """
    high, low, near_high, near_low = (values[..., index, :] for index in range(4))
    wide, narrow = (high - low) / (2 * step), (near_high - near_low) / step
    slope = (4 * narrow - wide) / 3
    spacing = spacing_of(values, -2, double)
    rounding = spacing * np.maximum(np.abs(values).max(axis=-2), np.abs(centre))
    bar = np.abs(slope - narrow) + DEVIATIONS * rounding / step
    # Curvature in the even part falls to a quarter with half the step, a kink only to a half.
    bend, near_bend = np.abs(high + low - 2 * centre), np.abs(near_high + near_low - 2 * centre)
    straight = near_bend <= np.maximum(0.35 * bend, 1e-3 * np.abs(slope) * step) + DEVIATIONS * rounding
    moved = (values != centre).any(axis=-2)
    return slope, bar, np.isfinite(slope) & straight & moved, moved


def is_single(values: np.ndarray) -> np.ndarray:
    """Tell which numbers float32 holds exactly, and so were probably computed in it."""
    return values.astype(np.float32) == values


def is_narrow(values: np.ndarray) -> bool:
    """Tell whether all numbers are such as float32 holds exactly; those that are not finite say nothing."""
    with np.errstate(over="ignore"):
        return bool((is_single(values) | ~np.isfinite(values)).all())


def spacing_of(values: np.ndarray, axis: int | tuple[int, ...], double: np.ndarray | bool = False) -> np.ndarray:
    """The relative spacing of the numbers that the values look like, twice that of their rounding.

    Args:
        values: The values.
        axis: Along which they are taken together.
        double: Which of them are known to be float64 whatever they look like.
    """
    return np.where(~np.asarray(double) & is_single(values).all(axis=axis), 2.0**-23, 2 * EPSILON)


def best(slopes: list[Slope]) -> tuple[Slope, Slope | None] | None:
    """The estimate to believe, and one at another scale, from a ladder that starts at the smallest scale.

    Returns:
        The one with the smallest bar below the first contradiction, and that of the next smaller step, or larger if
        there is none; or None for an empty ladder. A scale whose residuals are much larger than at smaller steps is a
        contradiction, too: the function does more there than the fit can follow.
    """
    if not slopes:
        return None
    chosen, least = 0, np.inf
    for index, slope in enumerate(slopes):
        least = min(least, slope.deviation)
        if slope.deviation > _MISFIT * max(least, slope.floor):
            break
        if abs(slope.value - slopes[chosen].value) > slope.bar + slopes[chosen].bar:
            break
        if slope.bar < slopes[chosen].bar:
            chosen = index
    step = slopes[chosen].step
    smaller = [slope for slope in slopes[:chosen] if slope.step <= step / 2]
    larger = [slope for slope in slopes[chosen:] if slope.step >= 2 * step]
    return slopes[chosen], smaller[-1] if smaller else larger[0] if larger else None


def jumps(slopes: list[Slope]) -> bool:
    """Tell whether the function, where it begins to change, takes the same value several times: by jumps."""
    first = next((position for position, slope in enumerate(slopes) if slope.spread > 0), 0)
    return sum(slope.ties for slope in slopes[first : first + 2]) > 1

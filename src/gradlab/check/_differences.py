"""Derivatives along one coordinate from differences: scales, fits, error bars and the noise of the loss.

At each of a ladder of scales a polynomial with a kink is fitted to eight values around the point. Two fits of
different degree differ by the truncation error, the residuals and the measured noise give the rest of the bar.
From small scales upwards the best bar is kept until a scale contradicts a smaller one: what a large step says about
the finer structure that it jumps over is not believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

EPSILON = float(np.finfo(np.float64).eps)
_RATIO = 8.0
_SMALLEST, _LARGEST = 2.0**-20, 0.25
_STENCIL = np.array([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0])
# A bar is this many standard deviations of the fitted slope.
_DEVIATIONS = 4.0

Line = Callable[[float], tuple[float, float]]
"""From a wanted offset to the offset that was really made, exactly representable, and the loss there."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How well the values of a loss are known.

    `level` is the standard deviation of a value. `fine` tells whether the loss follows steps of 2^-30: where it does
    not, it is computed in lower precision or is constant, and its staying the same says nothing.
    """

    level: float
    fine: bool
    deterministic: bool = True


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative by differences with step `step`: the value, its error bar, and half the jump at a kink."""

    value: float
    bar: float
    step: float
    kink: float = 0.0
    kink_bar: float = 0.0
    spread: float = 0.0


def central(line: Line, centre: float, scale: float, noise: Noise) -> Slope | None:
    """The cheap estimate: central differences with two steps near eps^(1/3), extrapolated.

    Args:
        line: The loss along the coordinate.
        centre: The loss at the point.
        scale: The size of the coordinate.
        noise: What is known of the loss's noise.

    Returns:
        The slope, or None if the loss is not finite there.

    Source:
        L. F. Richardson, The approximate arithmetical solution by finite differences, 1911.
    """
    step = EPSILON ** (1 / 3) * scale
    slopes, level = [], 2 * EPSILON * abs(centre)
    for size in (step, step / 2):
        (ahead, high), (behind, low) = line(size), line(-size)
        if ahead <= behind or not np.isfinite(high - low):
            return None
        slopes.append((high - low) / (ahead - behind))
        level = max(level, 2 * EPSILON * max(abs(high), abs(low)))
    value = (4 * slopes[1] - slopes[0]) / 3
    rounding = _DEVIATIONS * max(level, noise.level) / step
    return Slope(value, abs(value - slopes[1]) + rounding, step)


def ladder(line: Line, centre: float, position: float, scale: float, noise: Noise) -> tuple[list[Slope], Noise]:
    """Estimates at all scales, the smallest first; those where the loss is not finite are left out.

    Args:
        line: The loss along the coordinate.
        centre: The loss at the point.
        position: The coordinate itself.
        scale: Its size, or that of its neighbours where it is 0.
        noise: What is known of the loss's noise.

    Returns:
        The slopes, and the noise, increased where the loss was seen to change in jumps.
    """
    step = float(max(_SMALLEST * min(scale, 1.0), 64 * EPSILON * abs(position)))
    steps = []
    while step <= _LARGEST * max(scale, 1.0) * _RATIO / 2:
        steps.append(step)
        step *= _RATIO
    samples = [sample for step in steps if (sample := take_sample(line, step)) is not None]
    if not noise.fine:
        # The smallest change seen is at least one unit of the rounding; uniform in it, the error deviates by 0.29.
        jumps = (float(np.abs(sample.values - centre).max()) for sample in samples)
        unit = next((jump for jump in jumps if jump > 0), 0.0)
        noise = replace(noise, level=max(noise.level, 0.3 * unit))
    return [fit(sample, centre, noise) for sample in samples], noise


@dataclass(frozen=True, slots=True)
class Sample:
    """The loss at eight offsets within `step` of the point."""

    step: float
    offsets: np.ndarray
    values: np.ndarray


def take_sample(line: Line, step: float) -> Sample | None:
    """Evaluate the loss around the point; None if it is not finite or the offsets are lost in rounding."""
    offsets, values = np.array([line(share * step) for share in _STENCIL]).T
    if not np.isfinite(values).all() or len(np.unique(offsets)) < len(_STENCIL):
        return None
    return Sample(step, offsets, values)


def fit(sample: Sample, centre: float, noise: Noise) -> Slope:
    """Fit the loss around the point at one scale.

    Args:
        sample: The loss around the point.
        centre: The loss at the point.
        noise: What is known of the loss's noise.

    Returns:
        The slope with its bar.
    """
    rises, s, step = sample.values - centre, sample.offsets / sample.step, sample.step
    low = np.stack([s, np.abs(s), s**2, s**3], axis=1)
    high = np.concatenate([low, np.stack([s**4, s**5], axis=1)], axis=1)
    coarse, *_ = np.linalg.lstsq(low, rises, rcond=None)
    fine, *_ = np.linalg.lstsq(high, rises, rcond=None)
    residual = rises - low @ coarse
    deviation = np.sqrt(residual @ residual / (len(s) - low.shape[1]))
    largest = max(abs(centre), float(np.abs(sample.values).max()))
    level = max(deviation, noise.level, 2 * EPSILON * largest)
    amplification = np.sqrt(np.diag(np.linalg.inv(high.T @ high)))
    bars = (np.abs(fine[:2] - coarse[:2]) + _DEVIATIONS * level * amplification[:2]) / step
    return Slope(
        value=float(fine[0] / step),
        bar=float(bars[0]),
        step=step,
        kink=float(fine[1] / step),
        kink_bar=float(bars[1]),
        spread=float(np.abs(rises).max()),
    )


def best(slopes: list[Slope]) -> tuple[Slope, Slope | None] | None:
    """The estimate to believe, and the next smaller scale's, from a ladder that starts at the smallest scale.

    Returns:
        The one with the smallest bar below the first contradiction and its predecessor, or None for an empty ladder.
    """
    if not slopes:
        return None
    chosen = 0
    for index, slope in enumerate(slopes):
        if abs(slope.value - slopes[chosen].value) > slope.bar + slopes[chosen].bar:
            break
        if slope.bar < slopes[chosen].bar:
            chosen = index
    return slopes[chosen], slopes[chosen - 1] if chosen else None


def measure_noise(loss: Callable[[np.ndarray], float], point: np.ndarray, scales: np.ndarray, centre: float) -> Noise:
    """Measure the noise of a loss from fourth differences along a random direction.

    Args:
        loss: The loss of the flat point.
        point: The flat point, shape (P,).
        scales: The sizes of its entries, shape (P,).
        centre: The loss at the point.

    Returns:
        The noise: the smaller that two distances showed, since a smooth loss may bend over the larger.

    Source:
        J. J. Moré and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).
    """
    repeats = [loss(point) for _ in range(3)]
    if any(value != centre for value in repeats):
        values = np.array([centre, *repeats])
        return Noise(float(np.ptp(values)) + EPSILON * abs(centre), fine=True, deterministic=False)
    direction = scales * np.random.default_rng(0).uniform(0.5, 1.0, len(point))
    levels, fine = [], False
    for distance in (2.0**-20, 2.0**-30):
        values = np.array([loss(point + k * distance * direction) for k in range(-4, 5)])
        fine = bool(np.isfinite(values).all() and np.ptp(values) > 0)
        if fine:
            # The fourth difference of independent noise has 70 times its variance.
            levels.append(np.sqrt(np.mean(np.diff(values, 4) ** 2) / 70))
    return Noise(float(min(levels, default=0.0)), fine)

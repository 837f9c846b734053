"""The thorough rule: one coordinate at all scales, the noise of the function, and denser samples where it is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradlab.check.differences._fit import (
    EPSILON,
    ERROR,
    STANDARD,
    Line,
    Noise,
    Samples,
    Stencil,
    dense,
    fit,
    is_single,
    jumps,
    norm,
    powers,
    take,
)
from gradlab.check.inputs._function import Function

# The relative spacing of float64, float32, float16 and bfloat16.
_DOUBLE, _SINGLE, _HALF, _BRAIN = 2.0**-52, 2.0**-23, 2.0**-10, 2.0**-7
# Small steps, beside the size of a coordinate, that show how far a function stands still.
_STILL = 2.0 ** np.array([-16, -10, -6, -3])
# Places about a number, in units of its spacing, that are rounded to it.
_AROUND = np.array([-0.2, 0.0, 0.2])
# Units of float32 within a function in float64 are so many of its roundings at most, and no rounding of float64.
_ROUNDINGS, _FINEST = 16, 2.0**-40


@dataclass(frozen=True, slots=True)
class Probe:
    """A function around a point, ready to be measured along any line.

    Attributes:
        function: The function.
        flat: The point, shape (P,).
        centre: The function there, shape (M,).
        scales: The size of each coordinate, shape (P,).
        noise: What is known of the function's noise.
    """

    function: Function
    flat: np.ndarray
    centre: np.ndarray
    scales: np.ndarray
    noise: Noise

    def line(self, index: int) -> Line:
        """The function along one coordinate, from a place that it can hold exactly."""
        start, place = self.flat.copy(), _rounded(float(self.flat[index]), self.noise.grain)
        if not self.noise.fine and place != self.flat[index]:
            # What is rounded is the same all around that place; a step function that looks coarse may be another one.
            around = np.repeat(start[None], len(_AROUND), axis=0)
            around[:, index] = place * (1 + self.noise.grain * _AROUND)
            if (self.function.many(around) == self.centre).all():
                start[index] = place

        def along(offsets: np.ndarray) -> np.ndarray:
            points = np.repeat(start[None], len(offsets), axis=0)
            points[:, index] += offsets
            return self.function.many(points)

        return along

    def smallest(self, index: int, noise: Noise | None = None, stencil_parts: int = 64) -> float:
        """The smallest step whose parts are exact in the numbers that the function computes with."""
        noise = noise or self.noise
        grain = _DOUBLE if noise.fine else noise.grain
        return float(max(2.0**-20 * min(self.scales[index], 1.0), stencil_parts * grain * abs(self.flat[index])))

    def steps(self, index: int) -> np.ndarray:
        """All scales for a coordinate."""
        steps = powers(self.smallest(index), max(float(self.scales[index]), 1.0))
        if self.noise.grain <= _SINGLE:
            return steps
        # Coarse numbers, or a function that stands still in small steps: some of them show which.
        still = min(float(self.scales[index]), float(steps[0])) * _STILL
        return np.concatenate([still[still < steps[0] / 2], steps])

    def finer_steps(self, index: int) -> np.ndarray:
        """Scales below the usual ones, down to the spacing of float64, to see what is very near."""
        low = float(max(64 * _DOUBLE * abs(self.flat[index]), 2.0**-44 * self.scales[index]))
        return powers(low, self.smallest(index) / 4)

    def sample(self, index: int, steps: np.ndarray, stencil: Stencil = STANDARD) -> Samples:
        """Evaluate the function along a coordinate at these scales."""
        return take(self.line(index), steps, self.centre, stencil)

    def dense(self, index: int, step: float, parts: int = 64) -> Samples:
        """Many more values at and around a scale, against noise."""
        lowest = self.smallest(index, stencil_parts=4 * parts)
        around = (step / 2, step, 2 * step) if parts == 64 else (step,)
        return self.sample(index, np.array([size for size in around if size >= lowest]), dense(parts))

    def noise_of(self, samples: Samples, output: int) -> Noise:
        """The noise of an output along a coordinate, increased where the function was seen to change in jumps."""
        if not len(samples.steps):
            return self.noise
        if self.noise.fine:
            return self._noise_in_part(samples, output)
        level = self.noise.level.copy()
        slopes = fit(samples, output, self.noise)
        if jumps(slopes):
            level[output] = max(level[output], ERROR * min(slope.unit for slope in slopes))
        return replace(self.noise, level=level)

    def _noise_in_part(self, samples: Samples, output: int) -> Noise:
        """The noise of a function in float64 that computes in float32 what it makes of this coordinate."""
        slopes = fit(samples, output, self.noise)
        unit = min((slope.unit for slope in slopes), default=0.0)
        size = max(float(np.abs(samples.values[:, :, output]).max()), float(np.abs(self.centre[output])))
        if not (_FINEST * size < unit <= _ROUNDINGS * _SINGLE * size and jumps(slopes)):
            return self.noise
        level = self.noise.level.copy()
        level[output] = max(level[output], ERROR * unit)
        return replace(self.noise, level=level, fine=False, grain=_SINGLE)


def make_probe(function: Function, flat: np.ndarray, centre: np.ndarray, scales: np.ndarray) -> Probe:
    """Measure the noise of a function around a point."""
    return Probe(function, flat, centre, scales, measure_noise(function, flat, scales, centre))


def measure_noise(function: Function, flat: np.ndarray, scales: np.ndarray, centre: np.ndarray) -> Noise:
    """Measure the noise of a function from fourth differences along a random direction.

    Returns:
        The noise: the smaller that two distances showed, since a smooth function may bend over the larger.

    Source:
        J. J. Moré and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).
    """
    repeats = np.stack([centre, *(function(flat) for _ in range(3))])
    if (repeats != centre).any():
        level = np.ptp(repeats, axis=0) + EPSILON * np.abs(centre)
        return Noise(level, np.abs(centre), fine=True, grain=_DOUBLE, deterministic=False)
    direction = scales * np.random.default_rng(0).uniform(0.5, 1.0, len(flat))
    fine, fine_level, _ = _fourth_differences(function, flat, 2.0**-30 * direction, double=True)
    seen, level, reach = _fourth_differences(function, flat, -(2.0**-20) * direction)
    if not fine or (level > 16 * fine_level).any():
        # What grows with the distance is curvature, as near a pole, where the domain may end within it, too.
        near, near_level, _ = _fourth_differences(function, flat, 2.0**-42 * direction, double=True)
        fine_level = np.minimum(fine_level, near_level) if fine else near_level
        fine = fine or near
    if fine:
        return Noise(np.minimum(level, fine_level), reach, True, _DOUBLE)
    if seen or _moves(function, flat, 2.0**-13 * direction, centre):
        return Noise(level, reach, False, _SINGLE)
    if _moves(function, flat, 2.0**-10 * direction, centre):
        return Noise(_fourth_differences(function, flat, 2.0**-8 * direction)[1], reach, False, _HALF)
    if _moves(function, flat, 2.0**-6 * direction, centre):
        return Noise(_fourth_differences(function, flat, 2.0**-5 * direction)[1], reach, False, _BRAIN)
    return Noise(level, reach, False, _SINGLE)


def _fourth_differences(
    function: Function, flat: np.ndarray, direction: np.ndarray, double: bool = False
) -> tuple[bool, np.ndarray, np.ndarray]:
    """Whether the function changes at all along nine places; the deviation and the size of its values, shape (M,).

    All lie on one side of the point, since many functions have a kink right there. Of many coordinates, one may be
    rounded to the next number of float32 even over tiny steps: with `double`, such changes are none.
    """
    values = function.many(flat + np.arange(1, 10)[:, None] * direction)
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < 5:
        return False, np.zeros(values.shape[1]), np.zeros(values.shape[1])
    # The fourth difference of independent noise has 70 times its variance.
    level = norm(np.diff(values, 4, axis=0), axis=0) / np.sqrt(70 * (len(values) - 4))
    moves = bool((np.ptp(values, axis=0) > 0).any()) and not (double and bool(is_single(values).all()))
    return moves, level, np.abs(values).max(axis=0)


def _moves(function: Function, flat: np.ndarray, direction: np.ndarray, centre: np.ndarray) -> bool:
    values = function.many(np.stack([flat - direction, flat + direction]))
    return bool(((values != centre) & np.isfinite(values)).any())


def _rounded(number: float, grain: float) -> float:
    """The nearest number with this relative spacing."""
    mantissa, exponent = np.frexp(number)
    bits = round(1 - np.log2(grain))
    return float(np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits))

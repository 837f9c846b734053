"""A slope from many stencils, each at another place beside the point: an error bar that trusts no model of the noise.

What a function in low precision rounds on the way comes again along a line, so that many values on it say less than
their number. At points moved at random the rounding is another one each time: the slopes found there scatter by what
it does to them, and their mean is off by no more than that over the root of their number. Moved to opposite sides in
pairs, what the slope itself changes by cancels.
"""

from __future__ import annotations

import numpy as np

from gradlab.check.differences._fit import DEVIATIONS, SINGLE, STANDARD, Slope
from gradlab.check.inputs._function import Function

# By this part of their sizes all coordinates are moved.
_BESIDE = 2.0**-12
# Steps are between this part of the longest and all of it.
_SHORTEST = 0.5
# So many pairs of stencils: where one call gives many values, and where each takes one.
_PAIRS, _PAIRS_ALONE = 256, 40


def repeated(
    function: Function, flat: np.ndarray, scales: np.ndarray, index: int, output: int, step: float
) -> Slope | None:
    """Measure one coordinate by many stencils beside the point.

    Returns:
        The mean slope of the degree with the smallest bar; None where the function is not finite at all places.
    """
    random, pairs = np.random.default_rng(12), _PAIRS if function.maps else _PAIRS_ALONE
    moves = _BESIDE * scales * random.uniform(-1.0, 1.0, (pairs, len(flat)))
    steps = np.tile(step * random.uniform(_SHORTEST, 1.0, (pairs, 1)), (2, 1))
    points = np.repeat((flat + np.concatenate([moves, -moves]))[:, None], len(STANDARD.offsets), axis=1)
    points[:, :, index] += steps * STANDARD.offsets
    values = function.many(points.reshape(-1, len(flat)))[:, output].reshape(2 * pairs, -1)
    if not np.isfinite(values).all():
        return None
    half = len(STANDARD.marks)
    odd = (values[:, half:] - values[:, half - 1 :: -1]) / 2
    slopes = (odd @ STANDARD.slopes.T / steps).reshape(2, pairs, -1).mean(axis=0)
    mean, error = slopes.mean(axis=0), slopes.std(axis=0, ddof=1) / np.sqrt(pairs)
    # What goes up by a few stairs is rounded alike everywhere: then no repetition tells more than their number.
    unit = SINGLE * float(np.abs(values).max())
    floor = DEVIATIONS * unit / (step * max(float(np.abs(odd).max()) / unit, 1.0))
    bars = np.abs(np.diff(mean)) + np.maximum(DEVIATIONS * error[:-1], floor)
    best = int(np.argmin(bars))
    return Slope(float(mean[best]), float(bars[best]), step)

"""An independent derivative in higher precision, by which each right gradient is confirmed before it is used."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from check_cases._case import Case, cast, flatten, unflatten

_STEP = np.longdouble(2.0) ** -16
_LEVELS = 5


def derivative(case: Case) -> np.ndarray:
    """The gradient at the point, from the loss alone, in extended precision (64 bits of mantissa).

    Central differences at five steps, each half the one before, extrapolated to step 0 (Ridders). The step is small
    beside the point, so that kinks nearby are not stepped over.
    """
    loss = case.exact or case.loss
    flat = flatten(cast(case.point, np.longdouble))
    result = np.empty(len(flat))
    largest = np.max(np.abs(flat))
    for index in range(len(flat)):
        size = max(abs(flat[index]), np.longdouble(1e-3) * largest) or np.longdouble(1)
        result[index] = float(_ridders(loss, case, flat, index, _STEP * size))
    return result


def _ridders(loss, case: Case, flat: np.ndarray, index: int, step: np.longdouble) -> np.longdouble:
    slopes = []
    for level in range(_LEVELS):
        h = step / 2**level
        ends = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[index] += sign * h
            ends.append(np.longdouble(loss(unflatten(moved, case.point))))
        slopes.append((ends[0] - ends[1]) / (2 * h))
    best, doubt = slopes[0], np.longdouble(np.inf)
    for level in range(1, _LEVELS):
        power = np.longdouble(4) ** level
        extrapolated = [(power * fine - coarse) / (power - 1) for coarse, fine in pairwise(slopes)]
        gap = abs(extrapolated[-1] - slopes[-1])
        if gap < doubt:
            best, doubt = extrapolated[-1], gap
        slopes = extrapolated
    return best

"""Many points in one call, where torch or jax can map a function over them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradlab.check.differences._fit import is_narrow
from gradlab.check.inputs._outputs import outputs_of
from gradlab.check.inputs._point import Point, has_jax, has_torch
from gradlab.check.inputs._trees import to_array

# Fewer points are faster one by one.
FEWEST = 24
_LARGEST = 2**22
# So far the values of one call for all may be from those of single calls, beside the largest.
_ROUNDED = 2.0**-46


def mapped(call: Callable[[Any], Any], point: Point) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function of many flat points at once, (n, P) -> (n, N); None if no library can make one.

    It is not known whether the function allows it: what is computed this way has to be compared with single calls.
    NumPy functions are never tried: given an array of another shape they may do anything, at any cost.
    """
    if has_torch(point):
        over = sys.modules["torch"].func.vmap
    elif has_jax(point):
        over = sys.modules["jax"].vmap
    else:
        return None

    def single(leaves: list[Any]) -> list[Any]:
        return list(outputs_of(call(point.fill(leaves))).items)

    def run(points: np.ndarray) -> np.ndarray:
        result = over(single)(point.arrays(points))
        arrays = [to_array(item, "the loss").reshape(len(points), -1) for item in result]
        return np.concatenate(arrays, axis=1)

    return run


def is_worth_it(points: np.ndarray) -> bool:
    """Tell whether there are enough points, and not too many numbers, for one call."""
    return len(points) >= FEWEST and points.size <= _LARGEST


def is_same(batch: np.ndarray, single: np.ndarray) -> bool:
    """Tell whether values are the same, but for rounding in float64: what is rounded more coarsely has to be equal."""
    if is_narrow(batch) or is_narrow(single):
        return np.array_equal(batch, single, equal_nan=True)
    return np.allclose(batch, single, rtol=0.0, atol=_ROUNDED * np.max(np.abs(single)), equal_nan=True)

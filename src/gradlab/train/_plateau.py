"""Which settings lie around one, and whether it stands on a plateau or on a cliff."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Index = tuple[int, ...]


def lowest_nearby(values: FloatArray, axes: Sequence[int]) -> FloatArray:
    """Returns for each entry the lowest of it and its neighbours, diagonal ones included.

    Args:
        values: of any shape.
        axes: the axes along which entries are neighbours.

    >>> lowest_nearby(np.array([3.0, 5.0, 4.0, 6.0, 7.0]), [0]).tolist()
    [3.0, 3.0, 4.0, 4.0, 6.0]
    """
    lowest = values
    for axis in axes:
        padded = np.pad(lowest, [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)], constant_values=np.inf)
        parts = [np.take(padded, np.arange(s, s + values.shape[axis]), axis=axis) for s in range(3)]
        lowest = np.minimum(np.minimum(parts[0], parts[1]), parts[2])
    return lowest


def connected(good: NDArray[np.bool_], start: Index, axes: Sequence[int]) -> NDArray[np.bool_]:
    """Returns the entries that can be reached from one by steps to good neighbours along one axis at a time.

    Args:
        good: which entries may be stepped on, of any shape.
        start: where to begin; it belongs to the result.
        axes: the axes along which entries are neighbours.

    >>> connected(np.array([True, True, False, True]), (0,), [0]).tolist()
    [True, True, False, False]
    """
    reached = np.zeros(good.shape, dtype=bool)
    reached[start] = True
    waiting = [start]
    while waiting:
        at = waiting.pop()
        for axis in axes:
            for step in (-1, 1):
                place = at[axis] + step
                beside = (*at[:axis], place, *at[axis + 1 :])
                if 0 <= place < good.shape[axis] and good[beside] and not reached[beside]:
                    reached[beside] = True
                    waiting.append(beside)
    return reached

"""Which settings lie around one, and whether it stands on a plateau or on a cliff."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Index = tuple[int, ...]


def lowest_nearby(values: FloatArray, axis: int, coordinate: FloatArray, reach: float) -> FloatArray:
    """Returns for each entry the lowest value within a distance along an axis, straight lines drawn between entries.

    With the distance in the coordinate's terms, and not in entries, a coarse grid is not taken for a row of cliffs.
    Beyond the ends nothing is known, and nothing counts.

    Args:
        values: of any shape.
        axis: along which axis.
        coordinate: where its entries lie, in rising order.
        reach: the distance.

    >>> lowest_nearby(np.array([0.0, 4.0, 6.0, 0.0]), 0, np.array([0.0, 1.0, 2.0, 2.2]), 0.5).tolist()
    [0.0, 2.0, 0.0, 0.0]
    """
    along = np.moveaxis(values, axis, 0)
    lowest = along.copy()
    for entry, place in enumerate(coordinate):
        for end in (max(place - reach, coordinate[0]), min(place + reach, coordinate[-1])):
            after = int(np.clip(np.searchsorted(coordinate, end), 1, max(1, len(coordinate) - 1)))
            if len(coordinate) > 1:
                part = (end - coordinate[after - 1]) / (coordinate[after] - coordinate[after - 1])
                lowest[entry] = np.minimum(lowest[entry], (1 - part) * along[after - 1] + part * along[after])
        within = abs(coordinate - place) <= reach
        lowest[entry] = np.minimum(lowest[entry], along[within].min(axis=0))
    return np.moveaxis(lowest, 0, axis)


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

"""The size of each coordinate, by which steps and shares are measured."""

from __future__ import annotations

import numpy as np

from gradlab.check.inputs._point import Point

# Numbers of one array that differ by more than this belong to different worlds: a mask of -1e30 beside logits.
_GAP = 1e6
_LEAST = 1e-3


def scales_of(point: Point) -> np.ndarray:
    """The size of each entry; a thousandth of that of its neighbours where it is smaller; 1 where all are 0.

    Its neighbours are the numbers of its array up to the first gap of six decades: the largest number of an array says
    nothing about the others if it stands for infinity.

    Returns:
        Positive numbers, shape (P,).
    """
    return np.concatenate([_sizes(np.abs(leaf.value).reshape(-1)) for leaf in point.leaves])


def _sizes(absolute: np.ndarray) -> np.ndarray:
    ordered = np.sort(absolute[absolute > 0])
    if not len(ordered):
        return np.ones_like(absolute)
    if ordered[-1] <= _GAP * ordered[0]:
        return np.maximum(absolute, _LEAST * ordered[-1])
    ends = np.append(np.flatnonzero(ordered[1:] > _GAP * ordered[:-1]), len(ordered) - 1)
    # The largest number of the world that each one belongs to; zeros belong to the one nearest to 1.
    home = ordered[ends[np.argmin(np.abs(np.log(ordered[ends])))]]
    worlds = np.searchsorted(ordered[ends], absolute)
    largest = np.where(absolute > 0, ordered[ends][np.minimum(worlds, len(ends) - 1)], home)
    # Smaller worlds take the size of that one: a probability of 1e-12 moves beside those of 0.3.
    return np.maximum(absolute, _LEAST * np.maximum(largest, np.where(largest < home, home, 0.0)))

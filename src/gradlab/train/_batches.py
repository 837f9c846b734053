"""Which points each step uses: orders that depend on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradlab.rules import Batches, Full
from gradlab.train._draw import draw_order


def batch_of(batches: Batches, seed: int, step: int, points: int) -> NDArray[np.intp]:
    """Returns the numbers of the points that a step, from 0, uses, in the order in which they were drawn."""
    epoch, first, last = batches.stretch(step, points)
    order = draw_order(seed, epoch, points) if batches.shuffled else np.arange(points)
    return order[first:last]


def weights_of(batches: Batches, seed: int, first: int, steps: int, points: int) -> NDArray[np.float64] | None:
    """Returns what each of N points counts in the mean over all in each step, shape (steps, N); None if all count 1.

    That is N over the number of the step's points for each of them, and 0 for the others.
    """
    if isinstance(batches, Full):
        return None
    weights = np.zeros((steps, points))
    epoch, order = -1, np.arange(points)
    for step in range(steps):
        now, start, end = batches.stretch(first + step, points)
        if batches.shuffled and now != epoch:
            epoch, order = now, draw_order(seed, now, points)
        weights[step, order[start:end]] = points / (end - start)
    return weights

"""Which points each step uses: orders that depend on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradlab.rules import Batches, Full
from gradlab.train._draw import draw_order


def batch_of(batches: Batches, seed: int, step: int, points: int) -> NDArray[np.intp]:
    """Returns the numbers of the points that a step uses, in the order in which they were drawn.

    Args:
        batches: how they are cut.
        seed: the key of the random numbers.
        step: the number of the step, from 0.
        points: how many points there are.
    """
    epoch, first, last = batches.stretch(step, points)
    order = draw_order(seed, epoch, points) if batches.shuffled else np.arange(points)
    return order[first:last]


def weights_of(batches: Batches, seed: int, first: int, steps: int, points: int) -> NDArray[np.float64] | None:
    """Returns what each point counts in the mean over all points in each step; None if all count 1.

    Args:
        batches: how they are cut.
        seed: the key of the random numbers.
        first: the number of the first step, from 0.
        steps: how many steps.
        points: how many points there are, N.

    Returns:
        Shape (steps, N): N over the number of the step's points for each of them, 0 for the others.
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

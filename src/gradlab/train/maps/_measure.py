"""What a map shows of a run: whether it converged, and how fast it did or did not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LARGEST = 1e6  # a loss that is this many times the first, or not finite, counts as this many times
_LAST = 20  # losses over which is averaged, for the sake of those that oscillate


def loss_sums(curves: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Returns the measure of each run, and whether it converged.

    Losses count as multiples of the first. A run converged if the mean of its last 20 is below 1; its measure is then
    the sum of all of them, else the sum of their inverses: the larger, the closer to the boundary.

    Args:
        curves: the losses of all steps, shape (R, S + 1).

    Returns:
        The sums, shape (R,), and whether the runs converged, shape (R,).

    Source: Sohl-Dickstein, "The boundary of neural network trainability is fractal", 2024, and the code beside it.
    """
    with np.errstate(all="ignore"):
        relative = np.asarray(curves, np.float64) / np.asarray(curves[:, :1], np.float64)
    relative[~(relative <= _LARGEST)] = _LARGEST
    converged = relative[:, -_LAST:].mean(axis=1) < 1
    inverse = relative[~converged]
    sums = relative.sum(axis=1)
    # A loss of 0 is where nothing is left to learn, and no run that is there has diverged in all of its last steps.
    sums[~converged] = (1 / np.maximum(inverse, 1 / _LARGEST)).sum(axis=1)
    return sums, converged

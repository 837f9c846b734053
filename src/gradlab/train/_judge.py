"""What counts as success and as divergence: one definition for single trainings, sweeps and recommendations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
BoolArray = NDArray[np.bool_]


def class_values(y: Array) -> tuple[float, float] | None:
    """Returns the labels of the two classes, or None if the labels are measurements: nothing is right then.

    Args:
        y: labels, of any shape; one-hot rows and labels that are all 0 or all 1 have the classes 0 and 1.
    """
    if ((y == 0) | (y == 1)).all():
        return 0.0, 1.0
    values = np.unique(y)
    return (float(values[0]), float(values[1])) if len(values) == 2 else None


def all_right(outputs: Array, y: Array, *, categorical: bool) -> BoolArray | None:
    """Returns which runs get every point right.

    A point is right if the output is nearer to its label than to the other one, or, for one-hot labels, if the
    output of its class is the largest.

    Args:
        outputs: what the networks say, shape (R, N) or (R, N, K).
        y: the labels, shape (N,) or (N, K).
        categorical: whether the class is the largest of several outputs.

    Returns:
        Shape (R,), or None if the labels are measurements.
    """
    if categorical:
        is_true = np.arange(y.shape[-1]) == y.argmax(axis=-1)[..., None]
        own = np.where(is_true, outputs, -np.inf).max(axis=-1)
        right = own > np.where(is_true, -np.inf, outputs).max(axis=-1)
    else:
        classes = class_values(y)
        if classes is None:
            return None
        right = abs(outputs - y) < (classes[1] - classes[0]) / 2
    return np.asarray(right.reshape(len(outputs), -1).all(axis=1))


def have_diverged(first: Array, last: Array, finite: BoolArray) -> BoolArray:
    """Returns which runs diverged.

    A run diverged if one of its losses or parameters was not finite, or if its loss ended above where it began by
    more than rounding explains (relative: the square root of the number type's epsilon).

    Args:
        first: the losses before the first step, shape (R,).
        last: the losses after the last step, shape (R,).
        finite: whether all losses and parameters were finite, shape (R,).
    """
    rounding = 1.0 + np.sqrt(np.finfo(last.dtype).eps)
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(finite & (last <= rounding * first))

"""What counts as success and as divergence: one definition for single trainings, sweeps and recommendations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import gap_of, margins_of

Array = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
_ROUNDING = {np.dtype(kind): 1.0 + np.sqrt(np.finfo(kind).eps) for kind in (np.float32, np.float64)}


def judged(loss: str, y: Array) -> bool:
    """Returns whether there is a right and wrong: whether the labels are classes to this loss.

    Args:
        loss: the name of the loss.
        y: labels, shape (N,) or (N, K).
    """
    return gap_of(loss, y) is not None


def all_right(outputs: Array, y: Array, loss: str) -> BoolArray | None:
    """Returns which runs get every point right, as the loss's row says what is right.

    Args:
        outputs: what the networks say, shape (R, N) or (R, N, K).
        y: the labels, shape (N,) or (N, K).
        loss: the name of the loss.

    Returns:
        Shape (R,), or None if the labels are measurements.
    """
    gap = gap_of(loss, y)
    if gap is None:
        return None
    margins = margins_of(loss, outputs if y.ndim == 2 else outputs[..., None], y if y.ndim == 2 else y[:, None])
    return np.asarray((margins < gap).all(axis=1))


def have_diverged(first: Array, last: Array, finite: BoolArray) -> BoolArray:
    """Returns which runs diverged.

    A run diverged if one of its losses or parameters was not finite, or if its loss ended above where it began by
    more than rounding explains (relative: the square root of the number type's epsilon).

    Args:
        first: the losses before the first step, shape (R,).
        last: the losses after the last step, shape (R,).
        finite: whether all losses and parameters were finite, shape (R,).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(finite & (last <= _ROUNDING[last.dtype] * first))

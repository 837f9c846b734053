"""What counts as success and as divergence: one definition for single trainings, sweeps and recommendations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import gap_of, margins_of

Array = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
_ROUNDING = {np.dtype(kind): 1.0 + np.sqrt(np.finfo(kind).eps) for kind in (np.float32, np.float64)}


def judged(loss: str, y: Array) -> bool:
    """Returns whether there is a right and wrong: whether the labels, (N,) or (N, K), are classes to this loss."""
    return gap_of(loss, y) is not None


def all_right(outputs: Array, y: Array, loss: str) -> BoolArray | None:
    """Returns which runs get every point right, as the loss's row says; None if the labels are measurements.

    What networks say has the shape (R, N) or (R, N, K), labels (N,) or (N, K).
    """
    gap = gap_of(loss, y)
    if gap is None:
        return None
    margins = margins_of(loss, outputs if y.ndim == 2 else outputs[..., None], y if y.ndim == 2 else y[:, None])
    return np.asarray((margins < gap).all(axis=1))


def have_diverged(first: Array, last: Array, finite: BoolArray) -> BoolArray:
    """Returns which runs diverged, of their first and last losses (R,), and whether all numbers were finite.

    A run diverged if one of its losses or parameters was not finite, or if its loss ended above where it began by
    more than rounding explains (relative: the square root of the number type's epsilon).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(finite & (last <= _ROUNDING[last.dtype] * first))

"""Which classes labels are of: said once, for kernels, for training and for pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def class_values(y: NDArray[Any]) -> tuple[float, float] | None:
    """Returns the labels of the two classes, or None if the labels are measurements: nothing is right then.

    Args:
        y: labels, of any shape; one-hot rows and labels that are all 0 or all 1 have the classes 0 and 1.
    """
    import numpy as np

    if ((y == 0) | (y == 1)).all():
        return 0.0, 1.0
    values = np.unique(y)
    return (float(values[0]), float(values[1])) if len(values) == 2 else None

"""All points in every step."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules.batches._batches import Batches


@dataclass(frozen=True)
class Full(Batches):
    """Every step uses the mean over all points.

    >>> Full().stretch(7, points=5)
    (7, 0, 5)
    """

    title = "full batch"
    shuffled = False

    def stretch(self, step: int, points: int) -> tuple[int, int, int]:
        """All points: every step is an epoch."""
        return step, 0, points

    def latex(self) -> str:
        """The gradient of a step in LaTeX."""
        return r"g = \frac{1}{N} \sum_{i=1}^{N} \nabla L_i"

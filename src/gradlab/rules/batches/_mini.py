"""Some of the points in each step, in a new order each time round."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.rules._numbers import Kind, number
from gradlab.rules.batches._batches import Batches


@dataclass(frozen=True)
class MiniBatch(Batches):
    """Every step uses the mean over so many points; a new order is drawn once all have been used.

    The last batch of an epoch has fewer points where their number does not divide. All runs of a training, and all
    settings of a sweep, use the same batches, so that differences between them are not the luck of the draw.

    Args:
        size: how many points a step uses.

    Raises:
        RuleError: if the size is no whole number from 1 up.

    Source: L. Bottou, F. Curtis and J. Nocedal, Optimization Methods for Large-Scale Machine Learning, SIAM Review 60,
    2018, section 3.3.

    >>> [MiniBatch(size=2).stretch(step, points=5) for step in range(4)]
    [(0, 0, 2), (0, 2, 4), (0, 4, 5), (1, 0, 2)]
    """

    title = "mini-batches"
    source = "Bottou, Curtis and Nocedal 2018, Optimization Methods for Large-Scale Machine Learning, section 3.3"

    size: int = number(32, Kind.COUNT, "points of a step", latex="B")

    def stretch(self, step: int, points: int) -> tuple[int, int, int]:
        """The epoch, and where in its order the step's points begin and end."""
        epoch, place = divmod(step, -(-points // self.size))
        return epoch, place * self.size, min((place + 1) * self.size, points)

    def latex(self) -> str:
        """The gradient of a step in LaTeX."""
        return r"g = \frac{1}{B} \sum_{i \in \mathcal{B}_t} \nabla L_i"

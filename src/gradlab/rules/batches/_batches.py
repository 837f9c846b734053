"""What every way of cutting the points into batches is: which points of a shuffled order each step uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradlab.rules._described import Described


@dataclass(frozen=True)
class Batches(Described):
    """Which points the gradient of each step is the mean over.

    The points of an epoch stand in an order that depends on the seed and the number of the epoch alone; a step uses a
    stretch of it.

    Attributes:
        shuffled: whether the order is a new one in each epoch; otherwise it is that of the data.
    """

    noun: ClassVar[str] = "way to make batches"
    example: ClassVar[str] = "how many points a step uses, as batches=32, or MiniBatch(size=32)"
    shuffled: ClassVar[bool] = True

    def stretch(self, step: int, points: int) -> tuple[int, int, int]:
        """The epoch of a step, counted from 0, and where in its order the step's points begin and end."""
        raise NotImplementedError

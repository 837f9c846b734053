"""How an object that knows its own computation shows it to the judge, without the judge knowing the object.

A loss that is compiled from a graph cannot be followed through its compiled code, but it can say what it computes: if
it has a method `__gradlab_trace__`, the diagnosis asks that instead of following the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np


class TracedQuantity(NamedTuple):
    """One quantity of a computation.

    Attributes:
        name: Its name, such as "z_1in"; in a diagnosis it takes the place of a line.
        operation: What computes it, by NumPy's name: "multiply", "tanh", "sum".
        inputs: The names of the quantities it is computed from; those of the point's arrays are their positions, as
            text: "0", "1". A number or an array stands for itself.
        function: The operation as a function of the inputs' values, float64 arrays.
        elementwise: Whether it treats each element by itself.
    """

    name: str
    operation: str
    inputs: tuple[Any, ...]
    function: Callable[..., np.ndarray]
    elementwise: bool = True


@runtime_checkable
class SupportsTrace(Protocol):
    """A loss that can say, quantity by quantity, what it computes; the last quantity is the loss itself."""

    def __gradlab_trace__(self) -> Iterable[TracedQuantity]:
        """The quantities in an order in which each comes after its inputs."""
        ...

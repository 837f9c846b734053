"""How an object that knows its own computation shows it to the judge, without the judge knowing the object.

There are two ways, for two situations:

* The loss is such an object, or a method of one. If the object has a method `__gradlab_trace__`, the diagnosis asks it
  for its quantities instead of following the loss. What it says is believed only if its last quantity has the value
  and the derivatives of the loss.
* The loss is a function of the user's that calls such an object on the way. The object is then given an array that has
  the attribute `__gradlab_traced__`. If it leaves that array as it is (no `np.asarray`) and computes with operators and
  NumPy's functions alone, the array notes down what is done with it.
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

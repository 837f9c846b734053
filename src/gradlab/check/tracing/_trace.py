"""The one way in: take a loss apart with whatever can follow it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from gradlab.check._protocol import SupportsTrace
from gradlab.check.inputs._double import double
from gradlab.check.inputs._trees import is_tensor, map_structure
from gradlab.check.tracing._place import Place
from gradlab.check.tracing._program import Program, Step, UntraceableError


def float64() -> AbstractContextManager[Any]:
    """Let every library make arrays of float64; of those that can be followed, jax has to be told."""
    return double() if "jax" in sys.modules else nullcontext()


def trace(function: Callable[..., Any], call: Callable[[Any], Any], structure: Any) -> Program:
    """Take a loss apart.

    Raises:
        UntraceableError: Nothing can follow it.
    """
    leaves: list[Any] = []
    map_structure(structure, leaves.append)
    owner = getattr(function, "__self__", function)
    if isinstance(owner, SupportsTrace):
        return _from_protocol(owner, [np.asarray(leaf, dtype=np.float64) for leaf in leaves])
    if any(is_tensor(leaf) for leaf in leaves):
        from gradlab.check.tracing._torch import trace_torch

        return trace_torch(function, call, structure)
    jax = sys.modules.get("jax")
    if jax is not None and any(isinstance(leaf, jax.Array) for leaf in leaves):
        from gradlab.check.tracing._jax import trace_jax

        return trace_jax(call, structure)
    from gradlab.check.tracing._numpy import trace_numpy

    return trace_numpy(call, structure)


def _from_protocol(function: SupportsTrace, inputs: list[np.ndarray]) -> Program:
    numbers: dict[str, int] = {str(index): index for index in range(len(inputs))}
    steps: list[Step] = []
    for quantity in function.__gradlab_trace__():
        operands, constants = [], []
        for item in quantity.inputs:
            if isinstance(item, str) and item not in numbers:
                raise UntraceableError(f"{quantity.name} is computed from {item}, which comes later or nowhere")
            operands.append(numbers[item] if isinstance(item, str) else None)
            constants.append(None if isinstance(item, str) else np.asarray(item))
        numbers[quantity.name] = len(inputs) + len(steps)
        spot = Place(text=quantity.name, key=(quantity.name,))
        steps.append(
            Step(quantity.operation, tuple(operands), tuple(constants), quantity.function, quantity.elementwise, spot)
        )
    return Program(inputs, steps, len(inputs) + len(steps) - 1)

"""Functions of one array, element by element, inside a program: single operations and known ones spelled out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradlab.check.tracing._maps import Diagonal
from gradlab.check.tracing._place import Place

if TYPE_CHECKING:
    from gradlab.check.tracing._program import Program

_ARITHMETIC = {"add", "subtract", "negative", "positive", "copy"}
# Operations of one array whose name is that of a function.
_SPEAKING = {"absolute", "abs", "sign", "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "square"}
_LONGEST = 10


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


KNOWN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(0, x),
    "silu": lambda x: x * sigmoid(x),
    "square": np.square,
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "log-sigmoid": lambda x: -np.logaddexp(0, -x),
}


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A function of one array inside a program.

    Attributes:
        name: "tanh", or the operation's name.
        value: The number of its result.
        source: The number of its argument.
        derivative: Its derivative, element by element.
        place: Where its result is computed.
    """

    name: str
    value: int
    source: int
    derivative: np.ndarray
    place: Place


def find_regions(program: Program) -> list[Region]:
    """All functions of one array in a program, the known ones under their names."""
    found: list[Region] = []
    barriers: dict[int, list[int]] = {}
    for value in program.used:
        step = program.step(value)
        operands = [operand for operand in step.operands if operand is not None]
        shape = program.values[value].shape
        if not step.elementwise or any(program.values[operand].shape != shape for operand in operands):
            continue
        chains = [[*barriers.get(operand, []), operand] for operand in dict.fromkeys(operands)]
        # A value that every way to this one passes.
        barriers[value] = [item for item in chains[0] if all(item in chain for chain in chains)][-_LONGEST:]
        for source in reversed(barriers[value]):
            name = _name(program, value, source, is_single=operands == [source])
            if name is not None:
                found.append(Region(name, value, source, _derivative(program, value, source), step.place))
    return found


def _name(program: Program, value: int, source: int, is_single: bool) -> str | None:
    x, y = program.values[source], program.values[value]
    step = program.step(value)
    # At 0 and +-1 many functions have the same values: what the operation is called says more.
    if is_single and (step.operation in _SPEAKING or bool(np.all(np.isin(x, (-1.0, 0.0, 1.0))))):
        return None if step.operation in _ARITHMETIC | {"multiply", "divide"} else step.operation
    if is_single and step.operation in _ARITHMETIC | {"multiply", "divide"}:
        single = None
    else:
        single = step.operation if is_single else None
    if np.allclose(x, y, rtol=1e-9, atol=0):
        return single
    # Beside numbers that are all tiny, everything tiny would be the same.
    least = 1e-12 * np.abs(y).max(initial=0.0)
    with np.errstate(all="ignore"):
        for name, function in KNOWN.items():
            if np.allclose(function(x), y, rtol=1e-9, atol=least):
                return name
    return single


def _derivative(program: Program, value: int, source: int) -> np.ndarray:
    cotangents = {value: np.ones_like(program.values[value])}
    for current in range(value, source, -1):
        cotangent = cotangents.pop(current, None)
        if cotangent is None or program.is_given(current):
            continue
        for position, operand in enumerate(program.step(current).operands):
            if operand is not None:
                local = program.map(current, position)
                assert isinstance(local, Diagonal)
                part = local.pull(cotangent)
                cotangents[operand] = cotangents[operand] + part if operand in cotangents else part
    return cotangents.get(source, np.zeros_like(program.values[source]))

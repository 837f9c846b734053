"""The derivative of a product or quotient without the other operand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import Change, describe, hypothesis, place, spots
from gradlab.check.tracing import Program
from gradlab.check.tracing._maps import Diagonal, Map
from gradlab.check.tracing._program import Backward

_PRODUCTS = {"multiply", "matmul", "outer", "einsum", "tensordot", "affine", "linear", "kron", "baddbmm"}
_Make = Callable[[Program, int, int], Map]


def operand_forgotten(evidence: Evidence) -> Iterator[Hypothesis]:
    """Products with 1 for the other operand; quotients with the numerator or the square left out."""
    program = evidence.here.program
    if program is None:
        return
    for values in spots(program):
        step = program.step(values[0])
        assert step is not None
        for position, operand in enumerate(step.operands):
            if operand is None:
                continue
            for told, make, remedy in _ways(step.operation, position, len(step.operands)):
                sentence = f"{{where}}: on the way back through {describe(program, values)}, {told}."
                change = _replace(values, position, make)
                yield hypothesis(Mistake.OPERAND_FORGOTTEN, change, sentence, place(program, values), 4, remedy)


def _ways(operation: str, position: int, count: int) -> Iterator[tuple[str, _Make, str]]:
    """What is left out, what then comes back, and what to do; "" for what is usual."""
    if operation in _PRODUCTS and count > 1:
        yield "the other operand is left out", _with_ones, ""
    if operation != "divide":
        return
    if position == 0:
        told, remedy = "the division by the denominator is left out", "Divide by the denominator on the way back."
        yield told, _elementwise(lambda top, *bottom: 1.0), remedy
    if position == 1:
        remedy = "The derivative of a / b by b is -a / b^2: put in what is missing."
        yield "the numerator is left out", _elementwise(lambda top, bottom: -1 / bottom**2), remedy
        told = "the denominator stands where its square belongs"
        yield told, _elementwise(lambda top, bottom: -top / bottom), remedy
        yield "all but the numerator is left out", _elementwise(lambda top, bottom: -top), remedy


def _with_ones(program: Program, value: int, position: int) -> Map:
    arguments = program.arguments(value)
    others = [item if spot == position else np.ones_like(item) for spot, item in enumerate(arguments)]
    return program.measure(value, position, others)


def _elementwise(derivative: Callable[..., np.ndarray | float]) -> _Make:
    def make(program: Program, value: int, position: int) -> Map:
        arguments = program.arguments(value)
        weights = np.broadcast_to(derivative(*arguments), program.values[value].shape)
        return Diagonal(weights, arguments[position].shape)

    return make


def _replace(values: tuple[int, ...], position: int, make: _Make) -> Change:
    def change(program: Program) -> dict[int, Backward]:
        return {value: _backward(program, value, position, make(program, value, position)) for value in values}

    return change


def _backward(program: Program, value: int, position: int, other: Map) -> Backward:
    step = program.step(value)
    assert step is not None
    edges = [(operand, spot) for spot, operand in enumerate(step.operands) if operand is not None]

    def pull(cotangent: np.ndarray) -> list[tuple[int, np.ndarray]]:
        return [
            (operand, (other if spot == position else program.map(value, spot)).pull(cotangent))
            for operand, spot in edges
        ]

    return pull

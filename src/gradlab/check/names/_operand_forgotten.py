"""The derivative of a product or quotient without the other operand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import Make, describe, fullest, hypothesis, of_program, place, replaced, spots
from gradlab.check.tracing import Program
from gradlab.check.tracing._maps import Diagonal, Map

_PRODUCTS = {"multiply", "matmul", "outer", "einsum", "tensordot", "affine", "linear", "kron", "baddbmm"}
_CHOICES = {"where", "select_n"}
# Fractions of numbers up to this are what a gradient is times for many reasons.
_COMMON, _SAME = 10, 1e-9


@of_program
def operand_forgotten(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """Products with 1 for the other operand; quotients with the numerator or the square left out."""
    numbers = {value: number for value in program.used if (number := _number(program, value)) is not None}
    for values in spots(program):
        step = fullest(program, values)
        for position, operand in enumerate(step.operands):
            if operand is None:
                continue
            for told, make, remedy in _ways(step.operation, position, len(step.operands)):
                sentence = f"{{where}}: on the way back through {describe(program, values)}, {told}."
                change = replaced(values, {position: make})
                line, speaks = place(program, values), _speaks(numbers, values)
                yield hypothesis(Mistake.OPERAND_FORGOTTEN, change, sentence, line, 4, remedy, speaks)
        if step.operation == "divide" and len(step.operands) == 2 and None not in step.operands:
            yield from _quotient(program, values)
        if step.operation in _CHOICES:
            yield from _unmasked(program, values)


def _quotient(program: Program, values: tuple[int, ...]) -> Iterator[Hypothesis]:
    """The quotient rule without the square that it divides by, or with the denominator alone."""
    remedy, line = "The derivative of a / b is (a' b - a b') / b^2: divide by the square.", place(program, values)
    for told, power in (("is left out", 0), ("is the denominator alone", 1)):
        ways = {
            0: _elementwise(lambda top, bottom, power=power: bottom ** (1 - power)),
            1: _elementwise(lambda top, bottom, power=power: -top / bottom**power),
        }
        sentence = f"{{where}}: on the way back through {describe(program, values)}, the square below it {told}."
        yield hypothesis(Mistake.OPERAND_FORGOTTEN, replaced(values, ways), sentence, line, 4, remedy)


def _unmasked(program: Program, values: tuple[int, ...]) -> Iterator[Hypothesis]:
    """One branch of a choice, or both, without the mask."""
    step = program.step(values[0])
    branches = tuple(spot for spot, operand in enumerate(step.operands) if operand is not None)
    for positions in dict.fromkeys([*((spot,) for spot in branches), branches]):
        told = "its mask is left out" if len(positions) == 1 else "its mask is left out, so that each branch gets all"
        sentence = f"{{where}}: on the way back through {describe(program, values)}, {told}."
        change = replaced(values, dict.fromkeys(positions, _elementwise(lambda *arguments: 1.0)))
        line = place(program, values)
        yield hypothesis(Mistake.OPERAND_FORGOTTEN, change, sentence, line, 4, "Multiply by the mask on the way back.")


def _number(program: Program, value: int) -> float | None:
    """The constant by which all of a value is multiplied or divided, if it is one number."""
    step = program.step(value)
    constants = [constant for constant in step.constants if constant is not None]
    if step.operation not in {"multiply", "divide"} or len(constants) != 1 or not constants[0].size:
        return None
    return float(constants[0].flat[0]) if np.ptp(constants[0]) == 0 else None


def _speaks(numbers: dict[int, float], values: tuple[int, ...]) -> bool:
    """Whether what is left out is a number that stands nowhere else, and no gradient is times by chance."""
    number = numbers.get(values[0])
    if number is None:
        return False
    fraction = Fraction(abs(number)).limit_denominator(_COMMON)
    if fraction.numerator <= _COMMON and abs(float(fraction) - abs(number)) <= _SAME * abs(number):
        return False
    return all(value in values or abs(other - number) > _SAME * abs(number) for value, other in numbers.items())


def _ways(operation: str, position: int, count: int) -> Iterator[tuple[str, Make, str]]:
    """What is left out, what then comes back, and what to do; "" for what is usual."""
    if operation in _PRODUCTS and count > 1:
        yield "the other operand is left out", _with_ones, ""
    if operation != "divide":
        return
    if position == 0:
        told, remedy = "the division by the denominator is left out", "Divide by the denominator on the way back."
        yield told, _elementwise(lambda top, *bottom: 1.0), remedy
        for told, power in (("the root", 0.5), ("the square", 2), ("the fourth power", 4)) if count == 2 else ():
            made = _elementwise(lambda top, bottom, power=power: 1 / bottom**power)
            yield f"{told} of the denominator stands where the denominator belongs", made, remedy
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


def _elementwise(derivative: Callable[..., np.ndarray | float]) -> Make:
    def make(program: Program, value: int, position: int) -> Map:
        arguments = program.arguments(value)
        weights = np.broadcast_to(derivative(*arguments), program.values[value].shape)
        return Diagonal(weights, arguments[position].shape)

    return make

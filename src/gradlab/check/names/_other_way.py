"""The way back with a matrix transposed, with the state of another turn, or with a sum over another axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._traced import describe, fullest, hypothesis, of_program, place, replaced, spots
from gradlab.check.tracing import Program
from gradlab.check.tracing._maps import Adjoint, Map
from gradlab.check.tracing._program import MOVES

_PRODUCTS, _SOFTMAX = {"matmul", "affine"}, {"softmax", "_softmax"}
_STATE = "Multiply by the state that this turn was given: it is that of the turn before."


@of_program
def product(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """What a matrix product hands back to one factor, with a matrix transposed, or with what the turn made."""
    for values in spots(program):
        step = fullest(program, values)
        line, told = place(program, values), f"{{where}}: on the way back through {describe(program, values)}, "
        if step.elementwise and program.values[values[0]].ndim == 2:
            for position, argument in enumerate(program.arguments(values[0])):
                if step.operands[position] is not None and argument.ndim == 1 and argument.size > 1:
                    change = replaced(values, {position: _arriving})
                    words = f"{told}the sum is over the other axis than the one that was broadcast."
                    yield hypothesis(Mistake.AXIS, change, words, line, 4)
        if step.elementwise or step.operation in MOVES:
            continue
        is_product = step.operation in _PRODUCTS
        for position in [position for position, operand in enumerate(step.operands) if operand is not None]:
            for words, make in list(_TRANSPOSED.items())[not is_product and 2 :]:
                change = replaced(values, {position: make})
                yield hypothesis(Mistake.TRANSPOSED, change, f"{told}{words} transposed.", line, 4)
            if is_product and len(values) > 1:
                later = partial(_of_this_turn, values, _beside(len(step.operands), position))
                words = f"{told}the state that a turn makes stands where that belongs which it is given."
                yield hypothesis(Mistake.STALE, replaced(values, {position: later}), words, line, 4, _STATE)


def _turned(array: np.ndarray) -> np.ndarray:
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise ValueError("only a square matrix can be transposed by mistake")
    return np.swapaxes(array, -1, -2)


def _beside(count: int, position: int) -> int:
    """Where the other factor of a product stands: its factors are the last two operands."""
    return 2 * count - 3 - position


def _other(program: Program, value: int, position: int) -> Map:
    arguments = program.arguments(value)
    at = _beside(len(arguments), position)
    return program.measure(value, position, [_turned(a) if spot == at else a for spot, a in enumerate(arguments)])


def _arriving(program: Program, value: int, position: int) -> Map:
    _turned(program.values[value])
    return Adjoint(lambda cotangent: program.map(value, position).pull(_turned(cotangent)))


def _handed(program: Program, value: int, position: int) -> Map:
    _turned(program.arguments(value)[position])
    return Adjoint(lambda cotangent: _turned(program.map(value, position).pull(cotangent)))


_TRANSPOSED: dict[str, Callable[[Program, int, int], Map]] = {
    "the other factor is": _other,
    "what comes back is": _arriving,
    "what it hands on is": _handed,
}


def _of_this_turn(values: tuple[int, ...], at: int, program: Program, value: int, position: int) -> Map:
    """The way back with what the next turn is given, or the last one made, in the place of an operand."""
    given = [program.step(each).operands[at] for each in values]
    made = next((group for group in program.places.values() if given[-1] in group), ())
    if len(made) < len(values) or made[-1] == given[-1]:
        raise ValueError("this is no state that a loop hands on")
    arguments = program.arguments(value)
    arguments[at] = program.values[made[-len(values) :][values.index(value)]]
    return program.measure(value, position, arguments)


@of_program
def softmax(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """The sum in the way back through softmax over another axis, or left out."""
    for values in spots(program):
        step, y = program.step(values[0]), program.values[values[0]]
        axes = [axis for axis in range(y.ndim) if y.shape[axis] > 1 and np.allclose(y.sum(axis), 1, atol=1e-9)]
        is_quotient = step.operation == "divide" and None not in step.operands
        if y.ndim < 2 or len(axes) != 1 or not (is_quotient or step.operation in _SOFTMAX):
            continue
        for axis in set(range(y.ndim)) - set(axes):
            ways = {0: partial(_summed, axis), **({1: _nothing} if is_quotient else {})}
            told = f"{{where}}: what comes back through {describe(program, values)} is summed over axis {axis}"
            sentence = f"{told}, not over axis {axes[0]}."
            yield hypothesis(Mistake.AXIS, replaced(values, ways), sentence, place(program, values), 4)


def _nothing(program: Program, value: int, position: int) -> Map:
    return Adjoint(lambda cotangent: np.zeros_like(program.arguments(value)[position]))


def _summed(axis: int, program: Program, value: int, position: int) -> Map:
    y, arguments = program.values[value], program.arguments(value)
    below = y if len(arguments) == 1 or program.step(value).operation in _SOFTMAX else 1 / arguments[1]
    return Adjoint(lambda g: below * (g - (g * y).sum(axis, keepdims=True)))

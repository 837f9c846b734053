"""One function's derivative in the place of another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradlab.check.names._evidence import Evidence, Hypothesis
from gradlab.check.names._fit import solve
from gradlab.check.names._functions_within import Derivative, described, groups, replace
from gradlab.check.names._mistakes import Mistake
from gradlab.check.names._numbers import sizes, spell
from gradlab.check.names._traced import changed, hypothesis, of_program
from gradlab.check.tracing import Program
from gradlab.check.tracing._maps import Matrix
from gradlab.check.tracing._program import Backward
from gradlab.check.tracing._regions import sigmoid

_COUNTED, _SMALL = 8, 2
# With the output y of the function, its argument x and its right derivative d.
_DERIVATIVES: dict[str, Derivative] = {
    "y, the function itself": lambda x, y, d: y,
    "the argument x": lambda x, y, d: x,
    "that over its argument x: a factor x is forgotten": lambda x, y, d: d / x,
    "that times its argument x: a factor x too many": lambda x, y, d: d * x,
    "that times the value y: a factor y too many": lambda x, y, d: d * y,
    "its square": lambda x, y, d: d * d,
    "1 over that": lambda x, y, d: 1 / d,
    "1 / x": lambda x, y, d: 1 / x,
    "1 / y": lambda x, y, d: 1 / y,
    "1 / x^2": lambda x, y, d: 1 / (x * x),
    "the sign of x": lambda x, y, d: np.sign(x),
    "1 - y": lambda x, y, d: 1 - y,
    "1 + y": lambda x, y, d: 1 + y,
    "y (1 - y), which is sigmoid's, with its own output y": lambda x, y, d: y * (1 - y),
    "1 - y^2, which is tanh's, with its own output y": lambda x, y, d: 1 - y * y,
    "x (1 - x), with the argument x for the output": lambda x, y, d: x * (1 - x),
    "1 - x^2, with the argument x for the output": lambda x, y, d: 1 - x * x,
    "sigmoid's": lambda x, y, d: sigmoid(x) * (1 - sigmoid(x)),
    "sigmoid itself": lambda x, y, d: sigmoid(x),
    "tanh's": lambda x, y, d: 1 - np.tanh(x) ** 2,
    "sigmoid's at the output": lambda x, y, d: sigmoid(y) * (1 - sigmoid(y)),
    "tanh's at the output": lambda x, y, d: 1 - np.tanh(y) ** 2,
    "relu's": lambda x, y, d: (x > 0) * 1.0,
    "relu's turned around": lambda x, y, d: (x < 0) * 1.0,
    "sin's": lambda x, y, d: np.cos(x),
    "sin": lambda x, y, d: np.sin(x),
    "exp": lambda x, y, d: np.exp(x),
    "silu's with a factor x forgotten": lambda x, y, d: sigmoid(x) * (2 - sigmoid(x)),
}


@of_program
def wrong_derivative(evidence: Evidence, program: Program) -> Iterator[Hypothesis]:
    """Another derivative in the place of a function's own, or its own with a sign or factor."""
    lengths = [number for number in sizes(evidence) if number > _SMALL]
    counted = [power for n in lengths for power in (n, 1 / n, n / (n - 1), (n - 1) / n)]
    for found in groups(program):
        line = str(found[0].place)
        for told, derivative in _DERIVATIVES.items():
            sentence = f"{{where}}: in place of the derivative of {described(found)} stands {told}."
            # What is 0 or 1 throughout is a derivative that is dropped or left out.
            rivals = [replace(found, _constant(number)) for number in (0.0, 1.0)]
            yield hypothesis(Mistake.WRONG_DERIVATIVE, replace(found, derivative), sentence, line, 4, rivals=rivals)
        here = evidence.here
        rest, ones = (changed(here, replace(found, _constant(number))) for number in (0.0, 1.0))
        constant = None if rest is None or ones is None else solve(here, rest, ones - rest, evidence.wrong)
        if constant is not None and min(abs(constant), abs(constant - 1)) > 1e-3:
            sentence = (
                f"{{where}}: in place of the derivative of {described(found)} stands the constant {constant:.4g}."
            )
            change, rival = (replace(found, _constant(number)) for number in (constant, 2 * constant))
            yield hypothesis(Mistake.WRONG_DERIVATIVE, change, sentence, line, 5, rivals=[rival])
        factor = None if rest is None else solve(here, rest, here.right - rest, evidence.wrong)
        spelled = None if factor is None else spell(factor)
        if factor is not None and spelled is not None and abs(factor) > 1e-3 and abs(factor - 1) > 1e-3:
            sentence = f"{{where}}: the derivative of {described(found)} has a factor {spelled} too many."
            # A number of terms has come in by a sum or a mean beside the function rather than by its derivative.
            rank = _COUNTED if any(abs(factor / each - 1) < 1e-3 for each in counted) else 5
            yield hypothesis(Mistake.WRONG_DERIVATIVE, replace(found, _times(factor)), sentence, line, rank)
    yield from _diagonals(program)


def _constant(number: float) -> Derivative:
    return lambda x, y, d: np.full_like(d, number)


def _times(factor: float) -> Derivative:
    return lambda x, y, d: factor * d


def _diagonals(program: Program) -> Iterator[Hypothesis]:
    """A function that mixes its elements, such as softmax, taken as if it did not, or by half of its formula."""
    for value in program.used:
        step = program.step(value)
        operands = [(position, operand) for position, operand in enumerate(step.operands) if operand is not None]
        for told, jacobian in _MIXED.get(step.operation, {}).items() if len(operands) == 1 else ():
            position, operand = operands[0]

            def change(
                program: Program, value: int = value, spot: int = position, into: int = operand, made: _Made = jacobian
            ) -> dict[int, Backward]:
                local = program.map(value, spot)
                assert isinstance(local, Matrix)
                other = Matrix(made(local.jacobian, program.values[value].reshape(-1)), local.shape)
                return {value: lambda cotangent: [(into, other.pull(cotangent))]}

            yield hypothesis(
                Mistake.WRONG_DERIVATIVE, change, f"{{where}}: {step.operation} {told}.", str(step.place), 4
            )


_Made = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From the right Jacobian and the output y to a wrong one."""
_ALONE: dict[str, _Made] = {
    "is taken as if each output depended on its own input alone": lambda J, y: np.diag(np.diag(J))
}
_MIXED: dict[str, dict[str, _Made]] = {
    "softmax": {**_ALONE, "hands back y * g, without taking off y times the sum of y * g": lambda J, y: np.diag(y)},
    "log_softmax": {
        **_ALONE,
        "goes back by its own output where the exponential of it belongs": lambda J, y: np.where(
            J != 0, np.eye(len(y)) - y, 0.0
        ),
    },
    **dict.fromkeys(("cumsum", "cumprod", "sort"), _ALONE),
}

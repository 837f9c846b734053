"""Factors as a person would write them: fractions, powers of a length that occurs in the problem, known constants."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from gradlab.check.names._evidence import Evidence

_CLOSE = 2e-4
_DENOMINATOR, _NUMERATOR, _WHOLE = 12, 20, 100
_CONSTANTS = {
    "pi": math.pi, "2 pi": 2 * math.pi, "pi/180": math.pi / 180, "180/pi": 180 / math.pi, "ln 2": math.log(2),
    "1/ln 2": 1 / math.log(2), "ln 10": math.log(10), "1/ln 10": 1 / math.log(10), "sqrt(2)": math.sqrt(2),
    "1/sqrt(2)": 1 / math.sqrt(2), "sqrt(2 pi)": math.sqrt(2 * math.pi), "1/sqrt(2 pi)": 1 / math.sqrt(2 * math.pi),
}  # fmt: skip
_SAYS = {"mean": 2, "mse_loss": 2, "sum": 1}


def spell(factor: float, sizes: dict[int, str] | None = None) -> str | None:
    """A factor as "2/3", "10^-2", "30^2" or "ln 2"; None if it is none of these.

    Args:
        factor: Any number.
        sizes: Lengths that occur in the problem, with what they are the lengths of.

    Example:
        >>> spell(0.666666), spell(900.0, {30: "x"}), spell(0.1234)
        ('2/3', '30^2', None)
    """
    if not math.isfinite(factor) or factor == 0:
        return None
    sign, size = ("-" if factor < 0 else ""), abs(factor)
    for number in sizes or {}:
        for power in (1, 2, -1, -2):
            if number > 12 and _near(size, float(number) ** power):
                return sign + {1: f"{number}", -1: f"1/{number}"}.get(power, f"{number}^{power}")
    known = next((name for name, value in _CONSTANTS.items() if _near(size, value)), None)
    if known is not None:
        return sign + known
    fraction = Fraction(size).limit_denominator(_DENOMINATOR)
    if fraction and fraction.numerator <= _NUMERATOR and _near(size, float(fraction)):
        return sign + str(fraction)
    for whole, told in ((size, "{}"), (1 / size, "1/{}")):
        if round(whole) <= _WHOLE and _near(whole, round(whole)):
            return sign + told.format(round(whole))
    exponent = round(math.log10(size))
    return f"{sign}10^{exponent}" if _near(size, 10.0**exponent) else None


def sizes(evidence: Evidence) -> dict[int, str]:
    """The lengths that occur: of axes that are summed or averaged, of the point's arrays, of the loss's data."""
    found: dict[int, str] = {}
    program = evidence.here.program
    if program is not None:
        for value in program.used:
            step = program.step(value)
            if step.operation in {"mean", "sum", "matmul", "divide", "affine", "mse_loss"}:
                for argument in program.arguments(value):
                    _note(found, argument.size // max(program.values[value].size, 1), step.operation)
                    for length in argument.shape:
                        _note(found, length, step.operation)
    for name, _, shape in evidence.leaves():
        for length in (*shape, int(np.prod(shape))):
            _note(found, length, name)
    for name, array in _referred(evidence.context.function):
        for length in array.shape:
            _note(found, int(length), name)
    return found


def _note(found: dict[int, str], length: int, name: str) -> None:
    # What is averaged or added up says more of a length than anything else.
    if length > 1 and (length not in found or _SAYS.get(name, 0) > _SAYS.get(found[length], 0)):
        found[length] = name


def _referred(function: Any) -> list[tuple[str, Any]]:
    """The arrays that a function gets from its surroundings."""
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    cells = zip(code.co_freevars, getattr(function, "__closure__", None) or (), strict=False)
    found: list[tuple[str, Any]] = []
    for name, cell in cells:
        try:
            found.append((name, cell.cell_contents))
        except ValueError:
            continue
    names = getattr(function, "__globals__", {})
    found += [(name, names[name]) for name in code.co_names if name in names]
    return [(name, item) for name, item in found if isinstance(getattr(item, "shape", None), tuple)]


def _near(number: float, target: float) -> bool:
    return abs(number - target) <= _CLOSE * target

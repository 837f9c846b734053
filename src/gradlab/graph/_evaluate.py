"""The value of an expression at one point, in exact rationals or in floats; kernels do this for arrays."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph._expression import Apply, Const, Expression, Ref
from gradlab.graph._primitives import PRIMITIVES

LARGEST_EXACT_BITS = 10_000_000


class NotRationalError(GradlabError):
    """An expression whose value at a rational point need not be rational, such as exp(x)."""


def evaluate(expression: Expression, values: Mapping[str, Any], *, exact: bool = True) -> Any:
    """The value of an expression.

    Args:
        expression: what to evaluate.
        values: a number for every name in it.
        exact: with fractions for values, give a fraction; otherwise give a float.

    Raises:
        NotRationalError: if ``exact`` and the expression is not made of + - * / and whole powers, or a power is huge.
        ZeroDivisionError: if a denominator is zero there.
        ValueError: if it is not defined there (a logarithm of 0).
        OverflowError: if a float is too small to hold the value.

    >>> from gradlab.graph import parse
    >>> evaluate(parse("x/3 + 1"), {"x": Fraction(1)})
    Fraction(4, 3)
    """
    if isinstance(expression, Const):
        return expression.value if exact else float(expression.value)
    if isinstance(expression, Ref):
        return values[expression.name]
    assert isinstance(expression, Apply)
    row = PRIMITIVES[expression.primitive]
    arguments = [evaluate(arg, values, exact=exact) for arg in expression.args]
    if not exact:
        return row.value(*arguments)
    if not row.exact or (row.name == "pow" and Fraction(arguments[1]).denominator != 1):
        raise NotRationalError(
            f"{expression} is not rational at a rational point: give the numbers as floats, 6.0 for 6"
        )
    if row.name == "pow" and _bits(arguments[0]) * abs(arguments[1]) > LARGEST_EXACT_BITS:
        raise NotRationalError(f"{expression} has too many digits to be written out: give the numbers as floats")
    return Fraction(row.value(*arguments))


def _bits(value: Fraction) -> int:
    """About how many bits a power of it gains with the exponent; none for 0, 1 and -1."""
    return 0 if abs(value) in (0, 1) else max(abs(value.numerator).bit_length(), value.denominator.bit_length())

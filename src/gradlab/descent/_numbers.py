"""Numbers as people write them ("1/2", 6, Fraction, 0.1) turned into fractions or floats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

from gradlab.descent._errors import DescentError

Number = Fraction | float


def parse_number(number: object, what: str) -> Number:
    """Read one finite real number, else raise a DescentError that names it by `what`, such as "start[0]".

    Rational spellings ("1/2", "0.1", an int, a Fraction, a Decimal) become a Fraction, floats of any library a float.

    >>> parse_number("1/2", "the rate"), parse_number(0.5, "the rate")
    (Fraction(1, 2), 0.5)
    """
    if isinstance(number, bool):
        raise DescentError(f'{what} is {number}; write a number, such as 0.1 or "1/10".')
    if isinstance(number, Rational):
        return Fraction(int(number.numerator), int(number.denominator))
    if isinstance(number, str | Decimal):
        try:
            return Fraction(number)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise DescentError(
                f'{what} is {number!r}, which is not a number; write for example "1/2", "0.5" or 0.5.'
            ) from None
    if isinstance(number, Real) or (hasattr(number, "__float__") and not isinstance(number, complex)):
        result = float(number)  # type: ignore[arg-type]
        if not math.isfinite(result):
            raise DescentError(f"{what} is {result}; write a finite number.")
        return result
    raise DescentError(f'{what} is {number!r} ({type(number).__name__}); write a real number, such as 0.1 or "1/10".')


def parse_numbers(numbers: Sequence[object], what: str) -> list[Number]:
    """Read a sequence of numbers, each as `parse_number` does."""
    return [parse_number(number, f"{what}[{index}]") for index, number in enumerate(numbers)]


def is_rational(number: object) -> bool:
    """Tell whether `parse_number` gave an exact number."""
    return isinstance(number, Fraction)


def to_float(number: Any) -> float:
    """The nearest float; infinite where an exact number is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def show(number: Any) -> str:
    """Print a number the way a table does: fractions exactly, floats to six digits.

    >>> show(Fraction(-3, 4)), show(0.1 + 0.2), show(-0.0)
    ('-3/4', '0.3', '0')
    """
    return str(number) if is_rational(number) else f"{float(number) + 0.0:.6g}"


def show_point(point: Any) -> str:
    """Print a point as a tuple of numbers, shortened in the middle when it has more than six.

    >>> show_point([Fraction(8), Fraction(1, 2)])
    '(8, 1/2)'
    """
    parts = [show(number) for number in point]
    if len(parts) > 6:
        parts = [*parts[:3], "...", *parts[-2:]]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

"""Sine, cosine and general powers for kernels, made of the same parts as the table of approximations.

With n the whole number nearest to x divided by a quarter turn, and r the rest, sine and cosine of x are those of r with
a sign, or change places, as the lowest bits of n say. One series does, a polynomial right to the last bits:

    sin(r) = r P(r^2)   for |r| up to an eighth of a turn and a little more,     cos(r) = 1 - 2 sin(r/2)^2.

The quarter turn is a sum of numbers so short that their products with n are exact, so that the rest is right beside
multiples of it too. That ends where n has too many bits: from ``farthest`` on, sine and cosine are NaN, not wrong.

x^y is exp(y log|x|), with the sign of x where y is odd: its relative error grows with |y log x|, to about 700 units in
the last place at the ends of the number type.

Source: the reduction is the one of Cody and Waite, *Software Manual for the Elementary Functions* (1980). The
coefficients are our own, found as in the table of approximations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradlab.codegen._approximations import FORMATS, Series, series_of

QUARTERS = MappingProxyType({
    "float32": (
        1.5703125, 0.00048351287841796875, 3.1385570764541626e-07, 6.070877134334296e-11, 6.223372171896613e-14,
    ),
    "float64": (1.5707963267341256, 6.07710050359346e-11, 2.9127320548227e-20, 1.270655876013967e-29),
})  # fmt: skip
# How many quarter turns there may be.
MOST_QUARTERS = MappingProxyType({"float32": 2.0**15, "float64": 2.0**22})
SINE = MappingProxyType({
    row.dtype: row
    for row in (
        Series(
            "sin", "float32", 0.79,
            (1.0, -0.166666545086490528532, 0.00833215002032320027527, -0.000195134111796848187247), (1.0,), 5e-9,
        ),
        Series(
            "sin", "float64", 0.79,
            (
                1.0, -0.166666666666666295284, 0.00833333333332176234356, -0.000198412698292649081406,
                0.00000275573134968204914439, -2.50507266027331740016e-8, 1.58949175578516332301e-10,
            ),
            (1.0,), 5e-18,
        ),
    )
})  # fmt: skip


def farthest(dtype: str) -> float:
    """From where on sine and cosine are NaN in a kernel: 51,471 in float32, 6,588,397 in float64."""
    return MOST_QUARTERS[dtype] * math.pi / 2


def circular_functions(
    dtype: str, have: Any, known: Mapping[str, Any], compiled: Callable[[Any], Any]
) -> dict[str, Callable[..., Any]]:
    """The functions of this module, in the operations of a backend.

    Args:
        dtype: "float32" or "float64".
        have: the backend's operations, as for the table of approximations.
        known: the functions of that table: exp and log.
        compiled: the decorator that makes a function callable from a kernel.

    Returns:
        sin, cos and raised: the first argument to the power of the second.
    """
    return {**_sine_and_cosine(dtype, have, compiled), "raised": _raised(dtype, have, known, compiled)}


def _sine_and_cosine(dtype: str, have: Any, compiled: Callable[[Any], Any]) -> dict[str, Callable[[Any], Any]]:
    less, equal, where, absolute = have.less, have.equal, have.where, have.absolute
    magic, end, undefined = FORMATS[dtype].round, farthest(dtype), math.nan
    series, _ = series_of(SINE[dtype], 1.0, have.fma, compiled)
    reduced = _reduction(dtype, compiled)

    @compiled
    def parts(x: Any) -> Any:
        """The sine and the cosine of the rest, and n - 4 round(n/4): -2, -1, 0, 1 or 2."""
        n = (x * (2 / math.pi) + magic) - magic
        r = reduced(x, n)
        half = 0.5 * r
        sine, half_sine = r * series(r * r), half * series(half * half)
        fourth = (0.25 * n + magic) - magic
        return sine, 1.0 - 2.0 * (half_sine * half_sine), n - 4.0 * fourth

    @compiled
    def sin(x: Any) -> Any:
        sine, cosine, turn = parts(x)
        size = where(equal(absolute(turn), 1.0), cosine, sine)
        turn = where(equal(turn, 2.0), -2.0, turn)
        made = where(less(turn, 0.0), -size, size)
        return where(less(absolute(x), end), made, undefined)

    @compiled
    def cos(x: Any) -> Any:
        sine, cosine, turn = parts(x)
        size = where(equal(absolute(turn), 1.0), sine, cosine)
        turn = where(equal(turn, -2.0), 2.0, turn)
        made = where(less(0.0, turn), -size, size)
        return where(less(absolute(x), end), made, undefined)

    return {"sin": sin, "cos": cos}


def _reduction(dtype: str, compiled: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """What is left of x without n quarter turns, written out as the polynomials are."""
    text = "x"
    for part in QUARTERS[dtype]:
        text = f"({text} - n*{part!r})"
    scope: dict[str, Any] = {"__name__": __name__}
    exec(f"def reduced(x, n):\n    return {text}\n", scope)
    return compiled(scope["reduced"])


def _raised(dtype: str, have: Any, known: Mapping[str, Any], compiled: Callable[[Any], Any]) -> Callable[..., Any]:
    less, equal, where, absolute = have.less, have.equal, have.where, have.absolute
    smaller, larger = have.smaller, have.larger
    exp, log, magic, undefined = known["exp"], known["log"], FORMATS[dtype].round, math.nan

    @compiled
    def raised(x: Any, y: Any) -> Any:
        # The two as they are, but vectors, where one of them is a number.
        base, exponent = smaller(x, larger(x, y)), smaller(y, larger(y, x))
        size = exp(exponent * log(absolute(base)))
        whole, half = (exponent + magic) - magic, 0.5 * exponent
        odd = where(equal((half + magic) - magic, half), size, -size)
        negative = where(equal(whole, exponent), odd, undefined)
        return where(equal(exponent, 0.0), 1.0, where(less(base, 0.0), negative, size))

    return raised

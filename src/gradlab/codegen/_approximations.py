"""THE table of approximations: how kernels compute tanh, sigmoid, exp and logarithms, and how well.

All of them are made of two series, each a ratio of polynomials that is right to the last bits on a short interval:

    tanh(x) = x P(x^2)/Q(x^2)   for |x| up to log(2)/4,     artanh(s) = s P(s^2)   for |s| up to 1/3,

and of identities that bring every argument there: with n the whole number nearest to x/log(2) and t = tanh of half the
rest, exp(x) = 2^n (1 + t)/(1 - t), and likewise for tanh and the sigmoid, in which numerators and denominators are put
together first, so that each takes one division; log(m) = 2 artanh((m - 1)/(m + 1)) and
log(1 + e) = 2 artanh(e/(2 + e)).

Sources: the reduction by addition theorems is the one of Cody and Waite, *Software Manual for the Elementary
Functions* (1980); adding 1.5 * 2^(mantissa) to round to a whole number is from Muller et al., *Handbook of
Floating-Point Arithmetic* (2018), and the split of log(2) from there too. The coefficients are our own: P/Q equals the
function at the nodes of a Chebyshev polynomial that is stretched so that its lowest zero lies at 0, where the first
coefficients are 1; tests derive them anew with mpmath and compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import CodeType, MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Format:
    """What the algorithms need to know of a number type.

    Attributes:
        mantissa: how many bits its mantissa has.
        bias: what is added to an exponent to store it.
        one: the bits of the number 1.
        root_half: the bits of the square root of one half.
        smallest: the smallest normal number.
        round: adding it leaves the nearest whole number in the lowest bits of the mantissa.
        log2_high: log(2), with so many zeros at the end that its product with an exponent is exact.
        log2_low: what is missing to log(2).
        tanh_limit: from here on tanh is 1.
        exp_limits: below the first exp is 0, above the second it is inf.
        sigmoid_limits: below the first the sigmoid is 0, above the second it is 1.
        tiny: the power of two that keeps the sigmoid's denominator from overflowing.
    """

    mantissa: int
    bias: int
    one: int
    root_half: int
    smallest: float
    round: float
    log2_high: float
    log2_low: float
    tanh_limit: float
    exp_limits: tuple[float, float]
    sigmoid_limits: tuple[float, float]
    tiny: float


FORMATS = MappingProxyType({
    "float32": Format(
        mantissa=23, bias=127, one=0x3F800000, root_half=0x3F3504F3, smallest=2.0**-126, round=1.5 * 2.0**23,
        log2_high=0.693145751953125, log2_low=1.42860682030941723212e-6, tanh_limit=9.02,
        exp_limits=(-105.0, 89.0), sigmoid_limits=(-105.0, 20.0), tiny=2.0**-64,
    ),
    "float64": Format(
        mantissa=52, bias=1023, one=0x3FF0000000000000, root_half=0x3FE6A09E667F3BCD, smallest=2.0**-1022,
        round=1.5 * 2.0**52, log2_high=0.6931471803691238165, log2_low=1.90821492927058770002e-10, tanh_limit=19.07,
        exp_limits=(-747.0, 710.0), sigmoid_limits=(-747.0, 40.0), tiny=2.0**-512,
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One row: f(x) = x P(x^2)/Q(x^2), the coefficients from the constant one up.

    Attributes:
        function: "tanh" or "artanh".
        dtype: the number type it is for.
        limit: the largest absolute value of x it is for.
        numerator: the coefficients of P.
        denominator: the coefficients of Q.
        error: a bound of its relative error before rounding.
    """

    function: str
    dtype: str
    limit: float
    numerator: tuple[float, ...]
    denominator: tuple[float, ...]
    error: float


SERIES = MappingProxyType({
    (row.function, row.dtype, row.limit): row
    for row in (
        Series(
            "tanh", "float32", 0.17329, (1.0, -0.33331271254676311406, 0.13110593475404719245), (1.0,), 6e-8,
        ),
        Series(
            "tanh", "float64", 0.17329,
            (1.0, 0.11109937080188846773, 0.0010574189350659610057),
            (1.0, 0.44443270413521602729, 0.015868320315341738172), 6e-18,
        ),
        Series(
            "artanh", "float32", 1 / 3,
            (1.0, 0.33333210563254040117, 0.2001063087173134606, 0.14002969792236437323, 0.139962867985703379),
            (1.0,), 5e-9,
        ),
        Series(
            "artanh", "float64", 1 / 3,
            (
                1.0, 0.33333333333338693691, 0.19999999998069786077, 0.14285714524504955511, 0.11111096669559447771,
                0.090914012287466009701, 0.076822382070267018446, 0.067923402906156863107, 0.049553757507379493631,
                0.088618769442281266725,
            ),
            (1.0,), 6e-17,
        ),
    )
})  # fmt: skip


# How many of the units of ``tanh_units`` and ``sigmoid_units`` are 1: they take log(2)/2 and log(2) for the unit.
HALF_LOG2 = math.log(2) / 2
UNITS = MappingProxyType({"tanh": 1 / HALF_LOG2, "sigmoid": 0.5 / HALF_LOG2})


def functions(
    dtype: str, have: Any, compiled: Callable[[Any], Any], lowest: float | None = None
) -> dict[str, Callable[[Any], Any]]:
    """The functions of the table, in the operations of a backend.

    Args:
        dtype: "float32" or "float64".
        have: the backend's ``fma``, ``larger``, ``smaller``, ``less``, ``equal``, ``where``, ``absolute``,
            ``scale`` (by a power of two), ``power`` (of two), ``exponent`` and ``significand``.
        compiled: the decorator that makes a function callable from a kernel.
        lowest: below it the sigmoid stays as it is there; by default where it is 0.

    Returns:
        tanh, sigmoid, exp (and its ``exp_parts``), log and softplus; and tanh and sigmoid of an argument in their
        units, which begin with fewer operations.
    """
    made = _tanh(dtype, have, compiled) | _sigmoid(dtype, have, compiled, lowest) | _exponential(dtype, have, compiled)
    return made | _logarithms(dtype, have, compiled, made["exp_parts"])


def _polynomial(coefficients: tuple[float, ...], fma: Any, compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A polynomial by Horner's rule, written out: kernels have no loops over coefficients."""
    # Numba finds a kept function again by the module it says it is from.
    scope: dict[str, Any] = {"fma": fma, "__name__": __name__}
    exec(_horner(coefficients), scope)
    return compiled(scope["polynomial"])


@cache  # compiling costs as much as the rest of a small kernel for the browser
def _horner(coefficients: tuple[float, ...]) -> CodeType:
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"fma({text}, v, {coefficient!r})"
    return compile(f"def polynomial(v):\n    return {text}\n", "<string>", "exec")


def _tanh(dtype: str, have: Any, compiled: Callable[[Any], Any]) -> dict[str, Any]:
    """Tanh, and tanh of an argument in units of log(2)/2: from the tanh of a short rest."""
    form, row = FORMATS[dtype], SERIES["tanh", dtype, 0.17329]
    larger, smaller, power, fma = have.larger, have.smaller, have.power, have.fma
    limit, limit_units, per_half = form.tanh_limit, form.tanh_limit / HALF_LOG2, 1 / HALF_LOG2
    # With the exponent's bias added before rounding, the bits of n become the bits of 2^n/2.
    half_log2, to_half = HALF_LOG2, form.round + form.bias - 1
    above, below = series_of(row, 1.0, fma, compiled)
    above_units, below_units = series_of(row, HALF_LOG2, fma, compiled)

    @compiled
    def quotient(p: Any, q: Any, half: Any) -> Any:
        # ((2^n - 1) q + (2^n + 1) p)/((2^n + 1) q + (2^n - 1) p), both halved; their difference is q - p. What is
        # rounded twice is the smaller part of each sum.
        numerator = fma(half - 0.5, q, (half + 0.5) * p)
        return numerator / ((numerator - p) + q)

    @compiled
    def tanh(x: Any) -> Any:
        v = smaller(limit, larger(-limit, x))
        rounded = fma(v, per_half, to_half)
        # One constant does here: where n is large, the rest hardly counts.
        rest = fma(rounded - to_half, -half_log2, v)
        square = rest * rest
        return quotient(rest * above(square), below(square), power(rounded))

    @compiled
    def tanh_units(x: Any) -> Any:
        v = smaller(limit_units, larger(-limit_units, x))
        rounded = v + to_half
        rest = v - (rounded - to_half)
        square = rest * rest
        return quotient(rest * above_units(square), below_units(square), power(rounded))

    return {"tanh": tanh, "tanh_units": tanh_units}


def _sigmoid(dtype: str, have: Any, compiled: Callable[[Any], Any], least: float | None) -> dict[str, Any]:
    """The sigmoid, and the sigmoid of an argument in units of log(2): from the tanh of half of a short rest."""
    form, row = FORMATS[dtype], SERIES["tanh", dtype, 0.17329]
    larger, smaller, scale, power, fma = have.larger, have.smaller, have.scale, have.power, have.fma
    lowest, highest = form.sigmoid_limits if least is None else (least, form.sigmoid_limits[1])
    tiny_power = form.round + math.log2(form.tiny)
    per_one, high, low = 1 / math.log(2), form.log2_high, form.log2_low
    lowest_units, highest_units = lowest * per_one, highest * per_one
    # With the exponent's bias added before rounding, the bits of n become the bits of 2^n tiny.
    to_tiny = tiny_power + form.bias
    above_half, below_half = series_of(row, 0.5, fma, compiled)
    above_units, below_units = series_of(row, HALF_LOG2, fma, compiled)

    @compiled
    def sigmoid_of_parts(p: Any, q: Any, other: Any) -> Any:
        # (q + p)/(q + p + 2^n (q - p)) for n next to -x/log(2), all of it times a number that keeps 2^n in range.
        large = scale(q + p, tiny_power)
        return large / fma(other, q - p, large)

    @compiled
    def sigmoid(x: Any) -> Any:
        v = smaller(highest, larger(lowest, x))
        rounded = fma(v, -per_one, to_tiny)
        n = rounded - to_tiny
        rest = fma(n, low, fma(n, high, v))
        square = rest * rest
        return sigmoid_of_parts(rest * above_half(square), below_half(square), power(rounded))

    @compiled
    def sigmoid_units(x: Any) -> Any:
        v = smaller(highest_units, larger(lowest_units, x))
        rounded = to_tiny - v
        rest = v + (rounded - to_tiny)
        square = rest * rest
        return sigmoid_of_parts(rest * above_units(square), below_units(square), power(rounded))

    return {"sigmoid": sigmoid, "sigmoid_units": sigmoid_units}


def _exponential(dtype: str, have: Any, compiled: Callable[[Any], Any]) -> dict[str, Any]:
    """Exp, and the parts that it is made of: from the tanh of half of a short rest."""
    form, row = FORMATS[dtype], SERIES["tanh", dtype, 0.17329]
    larger, smaller, scale, fma = have.larger, have.smaller, have.scale, have.fma
    magic, per_one, high, low = form.round, 1 / math.log(2), form.log2_high, form.log2_low
    exp_low, exp_high = form.exp_limits
    # In terms of twice the argument: powers of two change no bit of a coefficient.
    above_half, below_half = series_of(row, 0.5, fma, compiled)

    @compiled
    def parts(x: Any) -> Any:
        rounded = fma(x, per_one, magic)
        n = rounded - magic
        rest = fma(n, -low, fma(n, -high, x))
        square = rest * rest
        return rounded, rest * above_half(square), below_half(square)

    @compiled
    def exp(x: Any) -> Any:
        rounded, p, q = parts(smaller(exp_high, larger(exp_low, x)))
        # In two steps, as 2^n may lie outside of the number type where the result does not.
        halved = fma(rounded - magic, 0.5, magic)
        other = (rounded - magic) - (halved - magic) + magic
        return (q + p) / (q - p) * scale(1.0, halved) * scale(1.0, other)

    return {"exp": exp, "exp_parts": parts}


def series_of(row: Series, factor: float, fma: Any, compiled: Callable[[Any], Any]) -> tuple[Any, Any]:
    """P and Q of a row as functions of the square of the argument over ``factor``."""
    above = tuple(c * factor ** (2 * k + 1) for k, c in enumerate(row.numerator))
    below = tuple(c * factor ** (2 * k) for k, c in enumerate(row.denominator))
    return _polynomial(above, fma, compiled), _polynomial(below, fma, compiled)


def _logarithms(dtype: str, have: Any, compiled: Callable[[Any], Any], parts: Any) -> dict[str, Callable[[Any], Any]]:
    """Log, and softplus(x) = log(1 + exp(x)) without a detour over 1 + exp(x)."""
    form, row = FORMATS[dtype], SERIES["artanh", dtype, 1 / 3]
    larger, smaller, scale, fma = have.larger, have.smaller, have.scale, have.fma
    less, equal, where, absolute = have.less, have.equal, have.where, have.absolute
    exponent, significand = have.exponent, have.significand
    artanh, _ = series_of(row, 1.0, fma, compiled)
    high, low, smallest = form.log2_high, form.log2_low, form.smallest
    lift, lifted = 2.0 ** (form.mantissa + 1), form.mantissa + 1.0
    infinity, undefined = math.inf, math.nan
    farthest, tiny, large = -form.sigmoid_limits[0], form.tiny, 1 / form.tiny

    @compiled
    def log(x: Any) -> Any:
        subnormal = less(x, smallest)
        normal = where(subnormal, x * lift, x)
        k = exponent(normal) - where(subnormal, x - x + lifted, x - x)
        f = significand(normal) - 1.0
        s = f / (f + 2.0)
        finite = fma(k, high, fma(k, low, 2.0 * s * artanh(s * s)))
        defined = where(less(x, infinity), finite, x)
        return where(less(0.0, x), defined, where(equal(x, 0.0), x - infinity, x - x + undefined))

    @compiled
    def softplus(x: Any) -> Any:
        rounded, p, q = parts(-smaller(farthest, absolute(x)))
        exponential = scale(large, rounded) * (q + p)
        s = exponential / fma(tiny, exponential, 2.0 * (q - p))
        small = tiny * s
        return larger(x, 0.0) + 2.0 * (small * artanh(small * small))

    return {"log": log, "softplus": softplus}

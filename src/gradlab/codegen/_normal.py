"""From random words to random numbers, in operations that give the same bits everywhere.

Only +, -, x, / and the square root are used, which IEEE 754 rounds correctly, and nothing is fused; exponents are
taken out of the bits. NumPy, Numba, WebAssembly and CUDA (with ``--fmad=false``) thus agree to the last bit, where
the logarithms, sines and cosines of their libraries differ.

Pairs of words become pairs of normal numbers: the radius and the direction of a point in the plane. Every
number takes the same number of words, whatever they are, so the place of a run in the stream is known; the faster
rejection methods have no such places.

Source: Box and Muller 1958, "A note on the generation of random normal deviates". The coefficients are our own, found
as in the table of approximations; tests derive them anew with mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

# f(x) = x + x z P(z) for artanh and sine, 1 - z/2 + z z P(z) for the cosine, with z = x x.
ARTANH = (
    0.333333333333333333333, 0.199999999999652363845, 0.142857143086435619385, 0.111111060824425455452,
    0.0909141506715887902535, 0.076666688060794048683, 0.0729972913580843372028,
)  # fmt: skip
SINE = (
    -0.166666666666666666667, 0.00833333333333165968162, -0.000198412698374235395508, 0.00000275573163529725019881,
    -2.50511728593171293432e-8, 1.5920564247170323253e-10,
)  # fmt: skip
COSINE = (
    0.0416666666666666666667, -0.0013888888888887842079, 0.000024801587299181618954, -2.75573174283672606929e-7,
    2.08761719229992622966e-9, -1.13841555055985116698e-11,
)  # fmt: skip
MANTISSA, BIAS = 52, 1023
ROOT_HALF = 0x3FE6A09E667F3BCD  # the bits of the square root of one half
ABOVE = (BIAS << MANTISSA) - ROOT_HALF
LOG2_HIGH, LOG2_LOW = 0.6931471803691238165, 1.90821492927058770002e-10  # the first times an exponent is exact
EIGHTH, QUARTER = 1 << (MANTISSA - 3), MANTISSA - 2  # of a turn: as a share of 2**52, and its power of two
ANGLE = 2.0 * math.pi * 2.0**-MANTISSA


def transforms(have: Any, compiled: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    """The functions from words to numbers, in the operations of a backend.

    Args:
        have: the backend's ``root``, ``where``, ``equal``, ``bits`` and ``value`` (of a number's bits), and ``number``
            (of a whole one that it holds exactly).
        compiled: the decorator that makes a function callable from a kernel.

    Returns:
        ``uniform(word)``, between -1 and 1, and ``normal(word, other)``, a pair; both of the upper 52 bits of
        whole numbers from 0 to 2**52 - 1.
    """
    root, where, equal = have.root, have.where, have.equal
    bits, value, number = have.bits, have.value, have.number
    artanh, sine, cosine = (_polynomial(row, compiled) for row in (ARTANH, SINE, COSINE))

    @compiled
    def uniform(k: Any) -> Any:
        # 52 bits and a half are exact: never -1 and never 1.
        return (number(k) + 0.5) * 2.0**-51 - 1.0

    @compiled
    def radius(k: Any) -> Any:
        """The root of -2 log(u) for u = (k + 1/2) 2^-52, which is never 0 and never 1."""
        moved = bits(number(k + k + 1)) + ABOVE
        exponent = number((moved >> MANTISSA) - (BIAS + MANTISSA + 1))
        part = value((moved & ((1 << MANTISSA) - 1)) + ROOT_HALF)
        share = (part - 1.0) / (part + 1.0)
        square = share * share
        small = (share + share * square * artanh(square)) * 2.0
        return root((exponent * LOG2_HIGH + (exponent * LOG2_LOW + small)) * -2.0)

    @compiled
    def normal(k: Any, direction: Any) -> Any:
        quarter = (direction + EIGHTH) >> QUARTER
        angle = (number(direction - (quarter << QUARTER)) + 0.5) * ANGLE
        square = angle * angle
        s = angle + angle * square * sine(square)
        c = (1.0 - 0.5 * square) + square * square * cosine(square)
        odd, r = equal(quarter & 1, 1), radius(k)
        one, other = where(odd, s, c), where(odd, c, s)
        return r * one * number(1 - ((quarter + 1) & 2)), r * other * number(1 - (quarter & 2))

    return {"uniform": uniform, "normal": normal}


def philox(have: Any, compiled: Callable[[Any], Any]) -> Callable[..., Any]:
    """The generator of random words, in the operations of a backend.

    Args:
        have: the backend's ``product`` (the upper and the lower half of the product of two words) and ``word``.
        compiled: the decorator that makes a function callable from a kernel.

    Returns:
        ``philox(counter, low, upper)``: four words, from the lowest word of a counter, the others of which are 0, and
        the two halves of a key.

    Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    product, word = have.product, have.word

    @compiled
    def philox(counter: Any, low: Any, upper: Any) -> Any:
        c0, c1, c2, c3 = counter, word(0), word(0), word(0)
        k0, k1 = low, upper
        m0, m1 = word(0xD2E7470EE14C6C93), word(0xCA5A826395121157)
        for _ in range(10):
            (h0, l0), (h1, l1) = product(m0, c0), product(m1, c2)
            c0, c1, c2, c3 = h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0
            k0 = k0 + word(0x9E3779B97F4A7C15)
            k1 = k1 + word(0xBB67AE8584CAA73B)
        return c0, c1, c2, c3

    return philox


def _polynomial(coefficients: tuple[float, ...], compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A polynomial by Horner's rule, written out: kernels have no loops over coefficients."""
    text = repr(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        text = f"({text})*z + {coefficient!r}"
    # Numba finds a kept function again by the module it says it is from.
    scope: dict[str, Any] = {"__name__": __name__}
    exec(f"def polynomial(z):\n    return {text}\n", scope)
    return compiled(scope["polynomial"])


def numpy_transforms() -> dict[str, Callable[..., Any]]:
    """The functions for arrays of whole numbers (int64)."""
    import numpy as np

    have = SimpleNamespace(
        root=np.sqrt,
        where=np.where,
        equal=np.equal,
        bits=lambda numbers: numbers.view(np.int64),
        value=lambda whole: whole.view(np.float64),
        number=lambda whole: whole.astype(np.float64),
    )
    return transforms(have, lambda function: function)

"""More functions for kernels, made of the same parts as the table of approximations: arctan, erf, log1p and expm1.

Three series more, each a ratio of polynomials that is right to the last bits on a short interval:

    arctan(x) = x P(x^2)/Q(x^2)                     for |x| up to tan(pi/8),
    erf(x) = 2/sqrt(pi) x P(x^2)/Q(x^2)             for |x| up to 1,
    exp(x^2) (1 - erf(x)) = e erfc(1) P(z)/Q(z)     for z = x - 1 from 0 on, as far as erf is not 1,

and identities: arctan(x) = pi/2 - arctan(1/x) = pi/4 + arctan((x - 1)/(x + 1)); what 1 + x loses by rounding is added
to its logarithm, divided by 1 + x; exp(x) - 1 = ((2^n - 1) q + (2^n + 1) p)/(q - p) with the parts of exp.

Sources: the identities are those of Cody and Waite, *Software Manual for the Elementary Functions* (1980); the sum with
its rounding error is Knuth's, *The Art of Computer Programming*, volume 2, section 4.2.2. The coefficients are our own,
found as in the table of approximations, the last series as a function s P(s^2)/Q(s^2) of the root s of z.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradlab.codegen._approximations import FORMATS, Series, series_of

EIGHTH = math.sqrt(2) - 1  # the tangent of an eighth of pi
ERFC_1 = 0.42758357615580700441  # e erfc(1)
MORE_SERIES = MappingProxyType(
    {
        (row.function, row.dtype): row
        for row in (
            Series(
                "arctan",
                "float32",
                EIGHTH,
                (
                    1.0,
                    -0.333329397249221845282,
                    0.199773802936869152877,
                    -0.138743839561725446377,
                    0.0804376874401255704628,
                ),
                (1.0,),
                3e-8,
            ),
            Series(
                "arctan",
                "float64",
                EIGHTH,
                (
                    1.0,
                    1.93423296646787091445,
                    1.19731800181657908728,
                    0.252880951862756602243,
                    0.0105347477891781485762,
                    -0.000175981821241623792427,
                ),
                (
                    1.0,
                    2.26756629980120420898,
                    1.75317343508365633677,
                    0.526615979786788330391,
                    0.0482656524499064521813,
                ),
                5e-18,
            ),
            Series(
                "erf",
                "float32",
                1.0,
                (1.0, 0.0183071848318963594733, 0.0204482458176369078655, -0.00118948607944133001021),
                (1.0, 0.351640367912611492734, 0.0376638889554036254021),
                5e-9,
            ),
            Series(
                "erf",
                "float64",
                1.0,
                (
                    1.0,
                    0.127263544205054764585,
                    0.040319864806616104461,
                    0.00166690932774657793235,
                    0.000174601923406435113324,
                    7.36844438330527825223e-8,
                ),
                (
                    1.0,
                    0.460596877538388252743,
                    0.093852157319404587584,
                    0.0107007978233633935419,
                    0.000693281490849797107672,
                    0.0000208457182422887759586,
                ),
                4e-18,
            ),
            Series(
                "erfcx",
                "float32",
                3**0.5,
                (1.0, 0.927679968312708521634, 0.33464257771249041334, 0.0459297378254143296004),
                (
                    1.0,
                    1.56664726700568727789,
                    0.974649011583765494384,
                    0.288369400928310689353,
                    0.0348115106438197655831,
                ),
                1e-8,
            ),
            Series(
                "erfcx",
                "float64",
                5**0.5,
                (
                    1.0,
                    1.69407539412204751871,
                    1.32103572227147462674,
                    0.608348318600731969004,
                    0.17801217934485445495,
                    0.033084826032788937868,
                    0.00362436630453614130829,
                    0.000181444347253418512719,
                    7.4103627332712354932e-14,
                ),
                (
                    1.0,
                    2.33304290835682295439,
                    2.45074186426254129246,
                    1.51727849401448112079,
                    0.607124751242172643088,
                    0.161289155661484464245,
                    0.0278896328765503511505,
                    0.00288431781026680149869,
                    0.000137511622369421719367,
                ),
                3e-16,
            ),
        )
    }
)


def special_functions(
    dtype: str, have: Any, known: Mapping[str, Any], compiled: Callable[[Any], Any]
) -> dict[str, Callable[[Any], Any]]:
    """The functions of this module, in the operations of a backend.

    Args:
        dtype: "float32" or "float64".
        have: the backend's operations, as for the table of approximations.
        known: the functions of that table: exp, its ``exp_parts`` and log.
        compiled: the decorator that makes a function callable from a kernel.

    Returns:
        arctan, erf, log1p and expm1.
    """
    return {
        "arctan": _arctan(dtype, have, compiled),
        "erf": _erf(dtype, have, known["exp"], compiled),
        "log1p": _log1p(have, known["log"], compiled),
        "expm1": _expm1(dtype, have, known, compiled),
    }


def _arctan(dtype: str, have: Any, compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    less, where, absolute = have.less, have.where, have.absolute
    above, below = series_of(MORE_SERIES["arctan", dtype], 1.0, have.fma, compiled)
    quarter, half, eighth, unbounded = math.pi / 4, math.pi / 2, EIGHTH, 1 / EIGHTH

    @compiled
    def arctan(x: Any) -> Any:
        size = absolute(x)
        far, near = less(unbounded, size), less(size, eighth)
        # In the middle, arctan less pi/4; far out, what is missing to pi/2.
        s = where(near, size, where(far, -1.0, size - 1.0) / where(far, size, size + 1.0))
        square = s * s
        made = s * above(square) / below(square)
        made = where(near, made, where(far, half + made, quarter + made))
        return where(less(x, 0.0), -made, made)

    return arctan


def _erf(dtype: str, have: Any, exp: Any, compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    less, where, absolute, smaller = have.less, have.where, have.absolute, have.smaller
    inner = series_of(MORE_SERIES["erf", dtype], 1.0, have.fma, compiled)
    row = MORE_SERIES["erfcx", dtype]
    outer = series_of(row, 1.0, have.fma, compiled)
    (above, below), (above_tail, below_tail) = inner, outer
    factor, at_one, limit = 2 / math.sqrt(math.pi), ERFC_1, 1 + row.limit**2

    @compiled
    def erf(x: Any) -> Any:
        size = smaller(limit, absolute(x))
        square = size * size
        small = size * (factor * above(square)) / below(square)
        z = size - 1.0
        large = 1.0 - exp(-square) * (at_one * above_tail(z)) / below_tail(z)
        made = where(less(size, 1.0), small, large)
        return where(less(x, 0.0), -made, made)

    return erf


def _log1p(have: Any, log: Any, compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    less, where, both = have.less, have.where, have.both
    infinity = math.inf

    @compiled
    def log1p(x: Any) -> Any:
        total = 1.0 + x
        kept = total - 1.0
        lost = (1.0 - (total - kept)) + (x - kept)
        made = log(total)
        return where(both(less(0.0, total), less(total, infinity)), made + lost / total, made)

    return log1p


def _expm1(dtype: str, have: Any, known: Mapping[str, Any], compiled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    larger, smaller, less, where = have.larger, have.smaller, have.less, have.where
    scale, fma, exp, parts = have.scale, have.fma, known["exp"], known["exp_parts"]
    # Below the first it is -1, above the second 1 is lost beside the exponential.
    lowest, highest = -FORMATS[dtype].mantissa * 1.0, FORMATS[dtype].mantissa * 1.0

    @compiled
    def expm1(x: Any) -> Any:
        rounded, p, q = parts(smaller(highest, larger(lowest, x)))
        power = scale(1.0 + 0.0 * p, rounded)
        made = fma(power - 1.0, q, (power + 1.0) * p) / (q - p)
        return where(less(highest, x), exp(x), made)

    return expm1

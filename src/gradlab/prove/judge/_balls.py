"""Real numbers with a bound of their error: a sign that is shown is certain, and so is a difference.

A ball is a binary number of mpmath and an exponent ``e``: the true value lies within ``2**e`` of it. mpmath's own
intervals do the same with two numbers; they take twice as long, and no size is noted on the way.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mpmath.libmp import (
    from_int,
    fzero,
    mpf_abs,
    mpf_add,
    mpf_atan,
    mpf_cos,
    mpf_div,
    mpf_erf,
    mpf_exp,
    mpf_log,
    mpf_mul,
    mpf_neg,
    mpf_pi,
    mpf_sin,
    mpf_sqrt,
    mpf_sub,
    to_float,
)

Ball = tuple[Any, int]

EXACT = -(1 << 60)  # the exponent of no error, and the size of zero
LARGEST_SIZE = 1 << 21  # of a number, in binary digits before or behind the point
LARGEST_ARGUMENT = 1 << 20  # of an exponential, a sine or a cosine


class UndefinedError(ValueError):
    """A value that does not exist among the real numbers, or is too large to be computed."""


class TooRoughError(ValueError):
    """A value whose sign or size is not known with so few digits."""


def size(number: Any) -> int:
    """The number lies below two to this, and from half of that on."""
    return number[2] + number[3] if number[1] else EXACT


def _exact_sum(a: Any, b: Any, bits: int) -> bool:
    return not (a[1] and b[1]) or max(size(a), size(b)) + 1 - min(a[2], b[2]) <= bits


class Balls:
    """Calculates with balls.

    Args:
        bits: how many binary digits a number has.

    Attributes:
        widest: the largest size of a number met, above or below one: with so many digits and some more, nothing that
            was added can have been lost.
    """

    def __init__(self, bits: int) -> None:
        self.bits, self.widest = bits, 0
        self.zero, self.one = (fzero, EXACT), self.integer(1)

    def made(self, number: Any, error: int, exact: bool = False) -> Ball:
        """A ball around a rounded result."""
        length = number[2] + number[3] if number[1] else EXACT
        if not exact:
            error = max(error, length - self.bits) + 1
        if number[1] and length > error:
            if abs(length) > LARGEST_SIZE:
                raise UndefinedError("too large or too small to be computed")
            if abs(length) > self.widest:
                self.widest = abs(length)
        return number, error

    def integer(self, value: int) -> Ball:
        """A whole number, exactly."""
        return self.made(from_int(value), EXACT, exact=True)

    def fraction(self, value: Fraction) -> Ball:
        """A rational number; exact where its denominator is a power of two."""
        over = self.integer(value.numerator)
        return over if value.denominator == 1 else self.div(over, self.integer(value.denominator))

    def sign(self, a: Ball) -> int:
        """The sign, where it is certain.

        Raises:
            TooRoughError: where it is not.
        """
        number, error = a
        if not number[1]:
            if error == EXACT:
                return 0
        elif size(number) > error + 1:
            return -1 if number[0] else 1
        raise TooRoughError("a sign is not known")

    def add(self, a: Ball, b: Ball) -> Ball:
        """The sum of two."""
        exact = a[1] == b[1] == EXACT and _exact_sum(a[0], b[0], self.bits)
        return self.made(mpf_add(a[0], b[0], self.bits, "n"), max(a[1], b[1]) + (not exact), exact)

    def neg(self, a: Ball) -> Ball:
        """The negative."""
        return mpf_neg(a[0]), a[1]

    def abs(self, a: Ball) -> Ball:
        """The absolute value."""
        return mpf_abs(a[0]), a[1]

    def mul(self, a: Ball, b: Ball) -> Ball:
        """The product."""
        (x, dx), (y, dy) = a, b
        if (dx == EXACT and not x[1]) or (dy == EXACT and not y[1]):
            return self.zero
        number = mpf_mul(x, y, self.bits, "n")
        if dx == dy == EXACT and x[3] + y[3] <= self.bits:
            return self.made(number, EXACT, exact=True)
        error = max(size(x) + dy, size(y) + dx, dx + dy, EXACT) + 2
        return self.made(number, error)

    def div(self, a: Ball, b: Ball) -> Ball:
        """The quotient.

        Raises:
            UndefinedError: by zero.
            TooRoughError: by what may be zero.
        """
        (x, dx), (y, dy) = a, b
        if self.sign(b) == 0:
            raise UndefinedError("a division by zero")
        if dx == EXACT and not x[1]:
            return self.zero
        number = mpf_div(x, y, self.bits, "n")
        if dx == dy == EXACT and mpf_mul(number, y) == x:
            return self.made(number, EXACT, exact=True)
        below = size(y) - 2  # the denominator is at least two to this
        return self.made(number, max(dx - below, size(x) - 2 * below + dy, EXACT) + 2)

    def power(self, a: Ball, exponent: int) -> Ball:
        """A whole power."""
        if exponent <= 0 and not a[0][1] and a[1] == EXACT:
            raise UndefinedError("a power of zero")
        if a[0][1] and abs(size(a[0]) * exponent) > LARGEST_SIZE:
            raise UndefinedError("too large to be computed")
        result, base, left = self.one, a, abs(exponent)
        while left:
            if left & 1:
                result = self.mul(result, base)
            left >>= 1
            if left:
                base = self.mul(base, base)
        return self.div(self.one, result) if exponent < 0 else result

    def real_power(self, a: Ball, exponent: Ball) -> Ball:
        """A power of a positive number, or a positive power of zero."""
        above = self.sign(a)
        if above < 0 or (above == 0 and self.sign(exponent) <= 0):
            raise UndefinedError("a power of a negative number")
        return self.zero if above == 0 else self.exp(self.mul(exponent, self.log(a)))

    def exp(self, a: Ball) -> Ball:
        """The exponential."""
        number, error = a
        if not number[1] and error == EXACT:
            return self.one
        self._check_argument(a)
        result = mpf_exp(number, self.bits, "n")
        return self.made(result, size(result) + error + 2)

    def log(self, a: Ball) -> Ball:
        """The natural logarithm."""
        number, error = a
        if self.sign(a) <= 0:
            raise UndefinedError("a logarithm of what is not positive")
        if a == self.one:
            return self.zero
        return self.made(mpf_log(number, self.bits, "n"), max(error - size(number) + 2, EXACT))

    def sqrt(self, a: Ball) -> Ball:
        """The square root."""
        number, error = a
        if self.sign(a) < 0:
            raise UndefinedError("a root of a negative number")
        if not number[1]:
            return a
        result = mpf_sqrt(number, self.bits, "n")
        if error == EXACT and mpf_mul(result, result) == number:
            return self.made(result, EXACT, exact=True)
        return self.made(result, max(error - size(result) + 2, EXACT))

    def sin(self, a: Ball) -> Ball:
        """The sine."""
        if not a[0][1] and a[1] == EXACT:
            return a
        self._check_argument(a)
        return self.made(mpf_sin(a[0], self.bits, "n"), a[1] + 1)

    def cos(self, a: Ball) -> Ball:
        """The cosine."""
        if not a[0][1] and a[1] == EXACT:
            return self.one
        self._check_argument(a)
        return self.made(mpf_cos(a[0], self.bits, "n"), a[1] + 1)

    def arctan(self, a: Ball) -> Ball:
        """The inverse of the tangent; its slope is at most 1."""
        if not a[0][1] and a[1] == EXACT:
            return a
        return self.made(mpf_atan(a[0], self.bits, "n"), a[1] + 1)

    def erf(self, a: Ball) -> Ball:
        """The error function; its slope is below 2."""
        if not a[0][1] and a[1] == EXACT:
            return a
        return self.made(mpf_erf(a[0], self.bits, "n"), a[1] + 2)

    def _check_argument(self, a: Ball) -> None:
        if a[1] > 0:
            raise TooRoughError("an argument is not known well enough")
        if size(a[0]) > LARGEST_ARGUMENT.bit_length():
            raise UndefinedError("too large to be computed")

    def pi(self) -> Ball:
        """The number pi."""
        return self.made(mpf_pi(self.bits, "n"), EXACT)

    def larger(self, a: Ball, b: Ball) -> Ball:
        """The larger of two; where it is not known which that is, either is within the error of it."""
        lead = mpf_sub(a[0], b[0], 30, "n")
        first = b if lead[0] else a
        error = max(a[1], b[1])
        return first if lead[1] and size(lead) > error + 3 else (first[0], error)

    def apart(self, a: Ball, b: Ball) -> bool:
        """Whether two values are certainly not the same."""
        number, error = self.add(a, self.neg(b))
        return bool(number[1]) and size(number) > error + 1

    def number(self, a: Ball) -> Any:
        """The middle of a ball, as a number of mpmath."""
        import mpmath

        return mpmath.mp.make_mpf(a[0])

    def machine(self, a: Ball) -> float:
        """The middle of a ball, as a machine number."""
        return to_float(a[0])

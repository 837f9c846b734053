"""Sums, products and powers that tidy themselves: what one does without thinking when writing by hand.

Zeros and ones go, numbers are folded, equal terms and equal factors are collected. Nothing is expanded and the
order in which things were written stays. These are the only rewrites that happen without being a named step.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from gradlab.graph._expression import ONE, ZERO, Apply, Const, Expression, as_number, is_apply, number

# Beyond this many bits a folded power would be a nuisance to read and could exhaust memory.
LARGEST_FOLDED_BITS = 256
# Derivatives by several names, and the lines of one derivation, have most of their sums and products in common.
KEPT = 8192


def neg(a: Expression) -> Expression:
    """The negative of an expression.

    >>> from gradlab.graph import Ref
    >>> str(neg(neg(Ref("x"))))
    'x'
    """
    if a == ZERO:
        return ZERO
    if is_apply(a, "neg"):
        return a.args[0]
    return Apply("neg", (a,))


@lru_cache(maxsize=KEPT)
def add(*terms: Expression) -> Expression:
    """The sum of expressions, equal terms collected, in the order of first appearance.

    >>> from gradlab.graph import Ref
    >>> str(add(Ref("x"), ZERO, Ref("y"), Ref("x")))
    '2*x + y'
    """
    coefficients: dict[Expression, Fraction] = {}
    for term in _flatten_sum(terms):
        coefficient, rest = _split_coefficient(term)
        coefficients[rest] = coefficients.get(rest, Fraction(0)) + coefficient
    kept = [_scaled(coefficient, rest) for rest, coefficient in coefficients.items() if coefficient]
    # A sum does not start with a minus where it can start without one.
    if len(kept) > 1 and is_apply(kept[0], "neg"):
        positive = [i for i, term in enumerate(kept) if not is_apply(term, "neg")]
        first = next((i for i in positive if as_number(kept[i]) is None), positive[0] if positive else 0)
        kept.insert(0, kept.pop(first))
    return kept[0] if len(kept) == 1 else Apply("add", tuple(kept)) if kept else ZERO


def subtract(a: Expression, b: Expression) -> Expression:
    """The difference of two expressions."""
    return add(a, neg(b))


@lru_cache(maxsize=KEPT)
def mul(*factors: Expression) -> Expression:
    """The product of expressions: numbers in front, equal factors collected, one fraction bar.

    >>> from gradlab.graph import Ref
    >>> x, y = Ref("x"), Ref("y")
    >>> str(mul(x, number(2), div(y, x), y))
    '2*y**2'
    """
    coefficient = Fraction(1)
    powers: dict[Expression, Fraction | int] = {}
    for base, exponent in _flatten_product(factors, 1):
        value = as_number(base)
        if value is not None and exponent.denominator == 1 and (value or exponent > 0):
            if abs(exponent) == 1 or _bits(value) * abs(exponent.numerator) <= LARGEST_FOLDED_BITS:
                coefficient *= value if exponent == 1 else value**exponent.numerator
                continue
        powers[base] = powers.get(base, 0) + exponent
    if not coefficient:
        return ZERO
    over, under = _fraction_sides(powers)
    positive = coefficient.numerator > 0
    if coefficient.numerator not in (1, -1) or not over:
        over.insert(0, number(abs(coefficient.numerator)))
    if coefficient.denominator != 1:
        under.insert(0, number(coefficient.denominator))
    top, bottom = _plain_product(over), _plain_product(under)
    above, below = as_number(top), as_number(bottom)
    if above is not None and below:
        return number(above / below if positive else -above / below)
    result = top if bottom == ONE else Apply("div", (top, bottom))
    return result if positive else neg(result)


def div(a: Expression, b: Expression) -> Expression:
    """The quotient of two expressions; a division by the number zero is left as it stands."""
    if b == ZERO:
        return Apply("div", (a, b))
    return mul(a, power(b, number(-1)))


def power(base: Expression, exponent: Expression) -> Expression:
    """A power: exponents 0 and 1 disappear, powers of powers with whole exponents merge.

    >>> from gradlab.graph import Ref
    >>> str(power(power(Ref("x"), number(2)), number(3)))
    'x**6'
    """
    if exponent == ZERO:
        return ONE
    if exponent == ONE or base == ONE:
        return base
    inner, outer = as_number(base), as_number(exponent)
    if inner is not None and outer is not None and outer.denominator == 1 and (inner or outer > 0):
        if _bits(inner) * abs(outer.numerator) <= LARGEST_FOLDED_BITS:
            return number(inner**outer.numerator)
    if is_apply(base, "pow") and outer is not None and outer.denominator == 1:
        below = as_number(base.args[1])
        if below is not None and below.denominator == 1:
            return power(base.args[0], number(below * outer))
    return Apply("pow", (base, exponent))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _flatten_sum(terms: Iterable[Expression]) -> Iterable[Expression]:
    for term in terms:
        if is_apply(term, "add"):
            yield from _flatten_sum(term.args)
        elif is_apply(term, "neg") and is_apply(term.args[0], "add"):
            yield from (neg(inner) for inner in _flatten_sum(term.args[0].args))
        else:
            yield term


def _split_coefficient(term: Expression) -> tuple[Fraction, Expression]:
    """A term as its rational coefficient and the rest; the rest of a number is 1."""
    value = as_number(term)
    if value is not None:
        return value, ONE
    if is_apply(term, "neg"):
        coefficient, rest = _split_coefficient(term.args[0])
        return -coefficient, rest
    if is_apply(term, "mul") and isinstance(term.args[0], Const):
        return term.args[0].value, _plain_product(list(term.args[1:]))
    return Fraction(1), term


def _scaled(coefficient: Fraction, rest: Expression) -> Expression:
    if rest == ONE:
        return number(coefficient)
    return rest if coefficient == 1 else neg(rest) if coefficient == -1 else mul(number(coefficient), rest)


def _flatten_product(factors: Iterable[Expression], sign: int) -> Iterable[tuple[Expression, Fraction | int]]:
    """Every factor as (base, exponent); ``sign`` is -1 below a fraction bar."""
    for factor in factors:
        if is_apply(factor, "mul"):
            yield from _flatten_product(factor.args, sign)
        elif is_apply(factor, "neg"):
            yield number(-1), 1
            yield from _flatten_product(factor.args, sign)
        elif is_apply(factor, "div") and factor.args[1] != ZERO:
            yield from _flatten_product(factor.args[:1], sign)
            yield from _flatten_product(factor.args[1:], -sign)
        elif is_apply(factor, "pow") and (exponent := as_number(factor.args[1])) is not None:
            if exponent.denominator == 1:
                # (a b)^-1 is opened so that its factors can meet their equals above the bar.
                direction = sign if exponent > 0 else -sign
                for base, inner in _flatten_product(factor.args[:1], direction):
                    yield base, inner * abs(exponent.numerator)
            else:
                yield factor.args[0], exponent * sign
        else:
            yield factor, sign


def _fraction_sides(powers: dict[Expression, Fraction | int]) -> tuple[list[Expression], list[Expression]]:
    over: list[Expression] = []
    under: list[Expression] = []
    for base, exponent in powers.items():
        if exponent < 0:
            under.append(power(base, number(-exponent)))
        elif exponent:
            over.append(power(base, number(exponent)))
    return over, under


def _plain_product(factors: list[Expression]) -> Expression:
    return ONE if not factors else factors[0] if len(factors) == 1 else Apply("mul", tuple(factors))

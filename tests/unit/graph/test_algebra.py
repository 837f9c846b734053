from __future__ import annotations

from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

from gradlab.graph import ONE, ZERO, Apply, Ref, add, div, evaluate, mul, neg, number, parse, power, subtract
from random_formulas import points, rational_formulas

NAMES = ["x", "y"]
X, Y = Ref("x"), Ref("y")
formulas = rational_formulas(NAMES, 5).map(parse)


def at(point):
    return dict(zip(NAMES, map(Fraction, point), strict=True))


@settings(max_examples=100)
@given(st.lists(formulas, min_size=1, max_size=4), points(2))
def test_sums_and_products_keep_the_value(parts, point):
    values = [evaluate(part, at(point)) for part in parts]
    assert evaluate(add(*parts), at(point)) == sum(values)
    product = Fraction(1)
    for value in values:
        product *= value
    assert evaluate(mul(*parts), at(point)) == product
    assert evaluate(neg(parts[0]), at(point)) == -values[0]
    assert evaluate(subtract(parts[0], parts[-1]), at(point)) == values[0] - values[-1]


@settings(max_examples=100)
@given(formulas, formulas, st.integers(-3, 3), st.integers(-3, 3), points(2))
def test_quotients_and_powers_keep_the_value(a, b, n, m, point):
    over, under = evaluate(a, at(point)), evaluate(b, at(point))
    assume(over and under)
    assert evaluate(div(a, b), at(point)) == over / under
    assert evaluate(power(a, number(n)), at(point)) == over**n
    assert evaluate(power(power(a, number(n)), number(m)), at(point)) == over ** (n * m)
    mixed = mul(power(a, number(n)), b, div(a, power(b, number(m))))
    assert evaluate(mixed, at(point)) == over ** (n + 1) * under ** (1 - m)


@settings(max_examples=60)
@given(formulas, formulas)
def test_tidying_twice_changes_nothing(a, b):
    again = {"add": add, "mul": mul}
    for made in (add(a, b), mul(a, b)):
        if isinstance(made, Apply) and made.primitive in again:
            assert again[made.primitive](*made.args) == made


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (add(), "0"),
        (mul(), "1"),
        (add(X, ZERO, Y, X), "2*x + y"),
        (add(X, neg(X)), "0"),
        (add(neg(X), ONE), "1 - x"),
        (add(neg(X), Y), "y - x"),
        (add(neg(X), neg(Y)), "-x - y"),
        (add(number(-2), neg(X)), "-2 - x"),
        (add(neg(X), number(-2), Y), "y - x - 2"),
        (neg(neg(X)), "x"),
        (neg(ZERO), "0"),
        (mul(X, number(2), div(Y, X), Y), "2*y**2"),
        (mul(neg(X), neg(Y)), "x*y"),
        (mul(number(-2), X), "-2*x"),
        (mul(ZERO, div(ONE, X)), "0"),
        (mul(number(Fraction(2, 3)), X), "2*x/3"),
        (mul(X, X, X), "x**3"),
        (div(X, X), "1"),
        (div(number(6), number(4)), "3/2"),
        (div(X, ZERO), "x/0"),
        (div(ONE, div(ONE, X)), "x"),
        (div(X, mul(Y, X)), "1/y"),
        (power(X, ZERO), "1"),
        (power(X, ONE), "x"),
        (power(ONE, X), "1"),
        (power(number(2), number(10)), "1024"),
        (power(number(2), number(-2)), "1/4"),
        (power(ZERO, number(-1)), "0**(-1)"),
        (power(number(-2), X), "(-2)**x"),
        (power(power(X, number(2)), number(3)), "x**6"),
        (power(power(X, number(2)), number(Fraction(1, 2))), "(x**2)**(1/2)"),
        (power(power(X, number(Fraction(1, 2))), number(2)), "(x**(1/2))**2"),
    ],
)  # fmt: skip
def test_what_is_written(made, written):
    assert str(made) == written


def test_the_square_root_of_a_square_keeps_its_sign():
    root = power(power(X, number(2)), number(Fraction(1, 2)))
    assert evaluate(mul(root, ONE), {"x": -3.0}, exact=False) == 3.0


def test_huge_numbers_are_not_folded():
    huge = power(number(9), number(9**9))
    assert huge == Apply("pow", (number(9), number(9**9)))
    assert str(mul(huge, X)) == f"9**{9**9}*x"

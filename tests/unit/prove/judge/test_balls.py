"""Balls hold the true value, and no difference is shown that is none; mpmath in many more digits is the oracle."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
import pytest

from gradlab.prove.judge._balls import Balls, TooRoughError, UndefinedError, size

ONE_ARGUMENT = ("exp", "log", "sqrt", "sin", "cos")


@pytest.mark.parametrize("bits", [60, 224, 900])
def test_every_result_lies_within_its_error(bits):
    rng, balls = random.Random(bits), Balls(bits)
    with mpmath.workprec(4 * bits):
        values = [(balls.fraction(v), mpmath.mpf(v.numerator) / v.denominator) for v in _fractions(rng)]
        for _ in range(400):
            (a, x), (b, y) = rng.choice(values), rng.choice(values)
            name = rng.choice(("add", "mul", "div", "larger", *ONE_ARGUMENT))
            try:
                found = getattr(balls, name)(a) if name in ONE_ARGUMENT else getattr(balls, name)(a, b)
            except (UndefinedError, TooRoughError):
                continue
            true = {
                "add": x + y, "mul": x * y, "div": x / y if y else None, "larger": max(x, y),
            }.get(name) if name not in ONE_ARGUMENT else getattr(mpmath, name)(x)  # fmt: skip
            assert abs(balls.number(found) - true) <= mpmath.ldexp(1, max(found[1], -(10**9))), (name, x, y)
            if abs(size(found[0])) < 60:
                values.append((found, true))


def _fractions(rng: random.Random) -> list[Fraction]:
    exact = [Fraction(n) for n in (0, 1, -1, 2, 4, 9)]
    return exact + [Fraction(rng.randint(-(10**6), 10**6), rng.choice((1, 3, 7, 1000, 10**9))) for _ in range(30)]


def test_what_is_exact_stays_exact():
    balls = Balls(224)
    two, three = balls.integer(2), balls.integer(3)
    assert balls.sign(balls.add(balls.mul(two, three), balls.integer(-6))) == 0
    assert balls.sign(balls.add(balls.sqrt(balls.integer(9)), balls.integer(-3))) == 0
    assert balls.sign(balls.add(balls.exp(balls.zero), balls.neg(balls.one))) == 0
    assert balls.div(balls.integer(6), three) == two


def test_a_sign_that_is_not_known_is_not_shown():
    balls = Balls(224)
    third = balls.fraction(Fraction(1, 3))
    noise = balls.add(balls.add(balls.add(third, third), third), balls.integer(-1))
    with pytest.raises(TooRoughError):
        balls.sign(noise)
    assert not balls.apart(balls.add(balls.add(third, third), third), balls.one)


def test_where_nothing_is_defined_nothing_is_given():
    balls = Balls(224)
    for make in (
        lambda: balls.log(balls.integer(-1)), lambda: balls.sqrt(balls.integer(-2)), lambda: balls.log(balls.zero),
        lambda: balls.div(balls.one, balls.zero), lambda: balls.real_power(balls.integer(-8), balls.one),
        lambda: balls.exp(balls.integer(10**9)), lambda: balls.power(balls.zero, 0),
    ):  # fmt: skip
        with pytest.raises(UndefinedError):
            make()

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

import gradlab as gl
from gradlab.graph import NotRationalError
from random_formulas import points, rational_formulas

BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")


@pytest.mark.parametrize(
    ("point", "value", "gradient"),
    [
        ((6, 6), 0, (-6, 6)),
        ((9, 3), -9, (3, -3)),
        ((8, 4), -12, (0, 0)),
        ((Fraction(1, 3), 0), Fraction(289, 9), (Fraction(-34, 3), Fraction(-1, 3))),
    ],
)
def test_the_table_of_pen_and_paper(point, value, gradient):
    assert BOWL.exact(point) == (value, gradient)
    exact_value, exact_gradient = BOWL.exact(point)
    assert all(type(number) is Fraction for number in (exact_value, *exact_gradient))


@settings(max_examples=60)
@given(rational_formulas(["x", "y"], 6), points(2))
def test_fractions_and_floats_agree(text, point):
    f = gl.function(f"{text} + x*y")
    exact_value, exact_gradient = f.exact(tuple(map(Fraction, point)))
    value, gradient = f(point)
    scale = max(1.0, abs(float(exact_value)), *(abs(float(part)) for part in exact_gradient))
    assert abs(float(exact_value) - value) <= 1e-9 * scale
    assert all(abs(float(a) - b) <= 1e-9 * scale for a, b in zip(exact_gradient, gradient, strict=True))


def test_named_quantities():
    f = gl.function({"z": "w*x", "L": "z**2 + 1/z"})
    assert f.exact((2, 3)) == (36 + Fraction(1, 6), (3 * (12 - Fraction(1, 36)), 2 * (12 - Fraction(1, 36))))


def test_errors():
    with pytest.raises(NotRationalError, match="give the numbers as floats"):
        gl.function("exp(x)").exact((1,))
    with pytest.raises(gl.GradlabError, match="a denominator is zero at x = 0: start somewhere else"):
        gl.function("1/x").exact((0,))
    with pytest.raises(gl.GradlabError, match="a number for each of x1, x2; this one has 3 numbers"):
        BOWL.exact((1, 2, 3))
    for wrong in (("abc", 1), (float("nan"), 1), (None, 1), 3, (float("inf"), 1)):
        with pytest.raises(gl.GradlabError, match="a point is a sequence of rational numbers"):
            BOWL.exact(wrong)  # type: ignore[arg-type]
    with pytest.raises(NotRationalError, match="too many digits"):
        gl.function("x**1000000000").exact((3,))
    assert gl.function("x**1000000000").exact((-1,)) == (1, (-1000000000,))
    with pytest.raises(gl.GradlabError, match="a denominator is zero"):
        gl.function("x**-2").exact((0,))

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import gradlab as gl
from gradlab.derive import stabilise
from gradlab.graph import parse


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("log(exp(x) + exp(y))", "max(x, y) + log(exp(x - max(x, y)) + exp(y - max(x, y)))"),
        ("exp(y)/(exp(x) + exp(y) + exp(z))", "softmax(2, x, y, z)"),
        ("3*exp(x)*exp(y)/(exp(x) + exp(y))**2", "3*softmax(1, x, y)*softmax(2, x, y)"),
        ("exp(x)/(exp(x) + exp(y))**2", "softmax(1, x, y)/(exp(x) + exp(y))"),
        ("1/(exp(x) + exp(y))", "1/(exp(x) + exp(y))"),
        ("1/(1 + exp(-x))", "sigmoid(x)"),
        ("exp(x)/(1 + exp(x))**2", "sigmoid(x)*sigmoid(-x)"),
    ],
)
def test_sums_of_exponentials(written, wanted):
    assert str(stabilise(parse(written), {})) == wanted


@pytest.mark.parametrize("point", [(1e4, 1e4, -1e4), (-1e9, 0.0, -1.0), (0.3, -0.7, 0.2), (-1e4, -1e4, -1e4)])
def test_log_sum_exp_against_mpmath(point):
    value, gradient = gl.function("log(exp(x) + exp(y) + exp(z))")(point)
    with mpmath.workdps(60):
        exponentials = [mpmath.exp(mpmath.mpf(number)) for number in point]
        total = mpmath.fsum(exponentials)
        expected = float(mpmath.log(total))
        slopes = [float(exponential / total) for exponential in exponentials]
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-13, atol=1e-300)

"""Numbers that mislead: far out, tiny, on the other side of a kink, equal in forty digits but not equal."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove

FALSE = [
    r"\max(x, -5) = x",
    r"\min(x, 5) = x",
    r"\operatorname{relu}(x - 100) = 0",
    r"\operatorname{relu}(x - 10^7) = 0",
    r"\operatorname{relu}(x - 100) \operatorname{relu}(y - 100) = 0",
    r"\operatorname{relu}(1 - (x - 123.456)^2) = 0",
    r"\operatorname{relu}(\sin(x) - 0.9999) = 0",
    r"|x + 300| = x + 300",
    r"\operatorname{sign}(x + 50) = 1",
    r"\sqrt{x^2} = x",
    r"\sqrt{x^2 - 200 x + 10000} = 100 - x",
    r"e^{\frac12 \log((x - 100)^2)} = 100 - x",
    r"\log(x - 1000) = \log(x - 1001)",
    r"e^{-200 - x^2} = 0",
    r"1 + e^{-1000 - x^2} = 1",
    r"\sigma(x^2 + 300) = 1",
    r"\tanh(100 + x^2) = 1",
    r"\log(1 + 10^{-100} x^2) = 10^{-100} x^2",
    r"\cos(10^{-50} x) = 1",
    r"x + 10^{-80} = x",
    r"x (1 + 10^{-60}) = x",
    r"\sin(10^{-30} x) = 10^{-30} x",
    r"\frac{1}{10^{90} + x^2} = 10^{-90}",
    r"\max(a, b) + \max(c, d) = \max(a + c, b + d)",
]
TRUE = [
    r"\max(x, -5) = \frac{x - 5 + |x + 5|}{2}",
    r"\operatorname{relu}(x - 100) = \max(x - 100, 0)",
    r"|x^2 + 1| = x^2 + 1",
    r"\sqrt{x^2} = |x|",
    r"\sqrt{x^2 - 200 x + 10000} = |100 - x|",
    r"\log(x - 1000) = \log(x - 1000) + 0",
    r"e^{-200 - x^2} = e^{-200} e^{-x^2}",
    r"1 - \sigma(x^2 + 300) = \sigma(-x^2 - 300)",
    r"\sin(x)^2 + \cos(x)^2 = 1",
    r"\max(a, \max(b, c)) = \max(\max(a, b), c)",
    r"\log(e^{x} + e^{y}) = x + \log(1 + e^{y - x})",
    r"\frac{10^{40} x - x}{x} = 10^{40} - 1",
    r"\operatorname{relu}(\sin(x) - 1) = 0",
    r"\sqrt{x} \sqrt{x} = x",
]


@pytest.mark.parametrize("latex", FALSE)
def test_false_with_a_witness(latex):
    step = prove(latex).steps[0]
    assert step.truth is Truth.FALSE, str(step)
    assert step.witness.left != step.witness.right


@pytest.mark.parametrize("latex", TRUE)
def test_true(latex):
    step = prove(latex).steps[0]
    assert step.truth is Truth.TRUE, str(step)


@pytest.mark.parametrize("latex", [r"\log(-1 - x^2) = 1", r"\sqrt{-x^2 - 1} = x", r"\log(x - x) = x"])
def test_what_is_defined_nowhere_gets_no_verdict(latex):
    assert prove(latex).steps[0].truth is Truth.NOT_UNDERSTOOD


def test_repeats_give_the_same_witness():
    first, second = (prove(r"\max(x, -5) = x") for _ in range(2))
    assert first == second

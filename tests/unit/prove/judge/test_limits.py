r"""Limits: right ones are true, wrong ones false, and where none is found nothing is said."""

from __future__ import annotations

import pytest
import sympy

from gradlab.prove import Truth, prove

RIGHT_AND_WRONG = [
    (r"\lim_{h \to 0} \frac{(x+h)^3 - x^3}{h}", r"3 x^2", r"x^2"),
    (r"\underset{h \to 0}\lim \frac{(a+h)^2 - a^2}{h}", r"2a", r"2a + h"),
    (r"\lim_{b \to a} \frac{b^2 - a^2}{b - a}", r"2a", r"a + b"),
    (r"\lim_{h \to 0} \frac{f(x+h) - f(x)}{h}", r"f'(x)", r"f(x)"),
    (r"\lim_{h \to 0} \frac{f(x+h) - f(x-h)}{2h}", r"f'(x)", r"2 f'(x)"),
    (r"\lim_{h \to 0} \frac{f(x+h) - 2f(x) + f(x-h)}{h^2}", r"f''(x)", r"f'(x)"),
    (r"\lim_{h \to 0} \frac{g(x+h) k(x) - g(x) k(x)}{h}", r"g'(x) k(x)", r"g'(x) k'(x)"),
    (r"\lim_{t \to 0} \frac{\sin(3t)}{t}", "3", "1"),
    (r"\lim_{t \to 0} \frac{1 - \cos t}{t^2}", r"\frac12", "1"),
    (r"\lim_{h \to 0} \frac{e^{x+h} - e^x}{h}", r"e^x", r"x e^x"),
    (r"\lim_{h \to 0} \frac{\sigma(x+h) - \sigma(x)}{h}", r"\sigma(x)(1-\sigma(x))", r"\sigma(x)"),
    (r"\lim_{h \to 0} \frac{\sqrt{x+h} - \sqrt{x}}{h}", r"\frac{1}{2\sqrt{x}}", r"\frac{1}{\sqrt{x}}"),
    (r"\lim_{t \to 0^+} \frac{|t|}{t}", "1", "-1"),
    (r"\lim_{t \to 0^-} \frac{|t|}{t}", "-1", "1"),
    (r"\lim_{h \to 0^-} \frac{\operatorname{relu}(h)}{h}", "0", "1"),
    (r"\lim_{h \to 0} \frac{|x+h| - |x|}{h}", r"\operatorname{sign}(x)", "1"),
    (r"\lim_{x \to \infty} \sigma(x)", "1", "0"),
    (r"\lim_{x \to -\infty} \sigma(x)", "0", "1"),
    (r"\lim_{x \to \infty} \frac{3x^2 + 1}{2x^2 - x}", r"\frac32", r"\frac{3}{2} x"),
    (r"\lim_{n \to \infty} (1 + \frac{x}{n})^n", r"e^x", r"1 + x"),
    (r"\lim_{t \to 0^+} t \log t", "0", "1"),
    (r"\lim_{t \to \infty} t e^{-t}", "0", "1"),
    (r"\lim_{t \to 2} (t^2 + c)", "4 + c", "2 + c"),
    (r"\lim_{h \to 0} x + \lim_{h \to 0} h", "x", "x + h"),
]
NOT_FOUND = [
    r"\lim_{t \to 0} \frac{|t|}{t} = 1",  # another one from each side
    r"\lim_{h \to 0} \frac{\operatorname{relu}(h)}{h} = \frac12",
    r"\lim_{t \to 0} \sin\left(\frac{1}{t}\right) = 0",  # none
    r"\lim_{t \to \infty} \cos(t) = 0",
    r"\lim_{t \to 0} \frac{1}{t} = 0",  # infinite
    r"\lim_{t \to 0^+} \frac{1}{t^2} = 5",
    r"\lim_{t \to 0} \frac{|\sin t|}{t^2} = 0",
    r"\lim_{x} x = 0",
    r"\lim_{x + 1 \to 0} x = -1",
    r"\lim_{x \to \infty} f(x) = 0",
]


@pytest.mark.parametrize(("limit", "right", "wrong"), RIGHT_AND_WRONG)
def test_right_limits_are_true_and_wrong_ones_false(limit, right, wrong):
    assert prove(f"{limit} = {right}").truth is Truth.TRUE, str(prove(f"{limit} = {right}"))
    assert prove(f"{right} = {limit}").truth is Truth.TRUE
    assert prove(f"{limit} = {wrong}").truth is Truth.FALSE, str(prove(f"{limit} = {wrong}"))


@pytest.mark.parametrize("claim", NOT_FOUND)
def test_where_there_is_no_limit_nothing_is_said(claim):
    step = prove(claim).steps[0]
    assert step.truth is Truth.NOT_UNDERSTOOD
    assert step.reason


@pytest.mark.parametrize(
    "formula", ["sin(t)/t", "(exp(2*t)-1)/t", "(1-cos(t))/t**2", "(tanh(t)-t)/t**3", "log(1+t)/(3*t)", "t/(exp(t)-1)"]
)
def test_limits_are_those_of_sympy(formula):
    t = sympy.Symbol("t")
    wanted = sympy.limit(sympy.sympify(formula), t, 0)
    latex = sympy.latex(sympy.sympify(formula))
    assert prove(rf"\lim_{{t \to 0}} {latex} = {sympy.latex(wanted)}").truth is Truth.TRUE
    assert prove(rf"\lim_{{t \to 0}} {latex} = {sympy.latex(wanted + 1)}").truth is Truth.FALSE


def test_a_limit_of_a_function_of_the_graph():
    latex = r"\lim_{h \to 0} \frac{f(x+h) - f(x)}{h} = 2x"
    assert prove(latex, "x**2").truth is Truth.TRUE
    assert prove(latex, "x**3").truth is Truth.FALSE


def test_a_limit_takes_in_the_whole_sum_where_its_letter_stands():
    assert prove(r"\lim_{h \to 0^+} x + h = x").truth is Truth.TRUE
    assert prove(r"\lim_{h \to 0^+} x + h = x + 1").truth is Truth.FALSE

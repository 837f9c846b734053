from __future__ import annotations

from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from gradlab.graph import Apply, Const, Differentiate, Partial, Ref, add, is_apply, mul, neg, number, parse, power, walk
from random_formulas import formulas

X, Y = Ref("x"), Ref("y")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x*y", "x y"),
        ("2*x", "2 x"),
        ("2*3", r"2 \cdot 3"),
        ("2*(3*x)", r"2 \cdot 3 x"),
        ("2*2**x", r"2 \cdot 2^x"),
        ("x*2", r"x \cdot 2"),
        ("2*(x + 1)", "2 (x + 1)"),
        ("x*(y + 1)", r"x \cdot (y + 1)"),
        ("(x + 1)*y", r"(x + 1) \cdot y"),
        ("0*(x + 1) - 1*x", r"0 \cdot (x + 1) - 1 \cdot x"),
        ("sin(y)*x", r"\sin(y) x"),
        ("x*sin(y)", r"x \sin y"),
        ("log(x)*(1 - y)", r"\log(x) \cdot (1 - y)"),
        ("log(1 - x)", r"\log(1 - x)"),
        ("sin(x)*cos(x)", r"\sin(x) \cos x"),
        ("sin(x)**2", r"(\sin x)^2"),
        ("tanh(x)**2", r"\tanh(x)^2"),
        ("exp(x)**2", "(e^{x})^2"),
        ("exp(-x)*x", "e^{-x} x"),
        ("1/2*x", r"\frac{1}{2} x"),
        ("2*(x/y)", r"2 \cdot \frac{x}{y}"),
        ("(1/3)**x", r"\left(\frac{1}{3}\right)^x"),
        ("x**(1/2)", r"x^{\frac{1}{2}}"),
        ("x**-1", "x^{-1}"),
        ("x**10", "x^{10}"),
        ("x**y**z", "x^{y^z}"),
        ("(x**y)**z", "(x^y)^z"),
        ("-(x + y)", "-(x + y)"),
        ("x - (y - z)", "x - (y - z)"),
        ("-x**2", "-x^2"),
        ("(-x)**2", "(-x)^2"),
        ("x + (-y)*z", "x - y z"),
        ("abs(x)", r"\left|x\right|"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("relu(x)", r"\operatorname{relu}(x)"),
        ("max(x, 0)", r"\max(x, 0)"),
        ("sigmoid(x/2)", r"\sigma\left(\frac{x}{2}\right)"),
        ("2*pi", r"2 \pi"),
        ("softmax(2, a, b)", r"\frac{e^{b}}{e^{a} + e^{b}}"),
        ("-log_softmax(1, a, b)", r"-(a - \log(e^{a} + e^{b}))"),
        ("1e-7*x", r"1 \cdot 10^{-7} x"),
        ("0.25*x", r"\frac{1}{4} x"),
        ("1/3 + 0.1", r"\frac{1}{3} + \frac{1}{10}"),
        ("theta_1*w_12", r"\theta_1 w_{12}"),
    ],
)
def test_latex(text, latex):
    assert parse(text).latex() == latex


def test_symbols_of_a_graph_are_used():
    assert parse("w*z_1").latex({"w": "w^{(1)}"}) == "w^{(1)} z_1"
    assert power(Ref("w"), number(2)).latex({"w": "w^{(1)}_{2}"}) == "(w^{(1)}_{2})^2"


def test_unfinished_derivatives():
    assert str(Partial("L", "x")) == "dL/dx"
    assert Partial("L", "w_1").latex() == r"\frac{\partial L}{\partial w_1}"
    assert str(Differentiate(add(X, Y), "x")) == "d/dx (x + y)"
    assert Differentiate(mul(X, Y), "x").latex() == r"\frac{\partial}{\partial x} (x y)"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Apply("add", (X, neg(Apply("add", (X, Y))))), "x - (x + y)"),
        (Apply("mul", (neg(X), Y)), "(-x)*y"),
        (Apply("mul", (X, neg(Y))), "x*(-y)"),
        (Apply("mul", (X, Apply("mul", (X, Y)))), "x*(x*y)"),
        (Apply("div", (X, Apply("div", (X, Y)))), "x/(x/y)"),
        (Apply("pow", (neg(X), number(2))), "(-x)**2"),
        (Apply("pow", (X, neg(Y))), "x**(-y)"),
        (neg(neg(neg(X))), "-x"),
        (neg(Apply("neg", (X,))), "x"),
        (Apply("neg", (Apply("neg", (X,)),)), "-(-x)"),
        (Const(Fraction(1, 3)), "1/3"),
        (mul(X, Const(Fraction(10**9 + 7, 10**9 + 9))), "1000000007*x/1000000009"),
        (Const(Fraction(1, 100_000)), "1e-05"),
        (Const(Fraction(10**30)), str(10**30)),
        (Apply("pi", ()), "pi"),
    ],
)
def test_text(expression, text):
    assert str(expression) == text


# Any tree of the operators is read back to the same value and the same tree but for brackets that say nothing.
trees = st.recursive(
    st.sampled_from([X, Y, number(2), number(-3), number(Fraction(1, 7))]),
    lambda inner: (
        st.builds(lambda a, b: Apply("add", (a, b)), inner, inner)
        | st.builds(lambda a, b: Apply("mul", (a, b)), inner, inner)
        | st.builds(lambda a, b: Apply("div", (a, b)), inner, inner)
        | st.builds(lambda a, n: Apply("pow", (a, number(n))), inner, st.integers(-2, 3))
        | st.builds(neg, inner)
        | st.builds(lambda a: Apply("abs", (a,)), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(trees)
def test_any_tree_is_read_back_to_the_same_value(tree):
    from gradlab.graph import ParseError, evaluate

    try:
        again = parse(str(tree))
    except ParseError:  # a number that is none, such as 1/0
        assert any(is_apply(node, "div") or is_apply(node, "pow") for node in walk(tree))
        return
    at = {"x": Fraction(3, 5), "y": Fraction(-7, 2)}
    try:
        value = evaluate(tree, at)
    except ZeroDivisionError:
        return
    assert evaluate(again, at) == value
    assert parse(str(again)) == again


@settings(max_examples=200)
@given(formulas(["x", "y", "w_1"], leaves=8))
def test_latex_never_joins_two_numbers_or_signs(text):
    import re

    latex = parse(text).latex()
    assert not re.search(r"\d \d|[-+] [-+]|\+ -|\^\{\}\^|\^\w\^", re.sub(r"\{[^{}]*\}", "{}", latex))
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


def test_no_negative_factor_without_brackets():
    assert Apply("mul", (X, neg(Y))).latex() == r"x \cdot (-y)"
    assert Apply("mul", (neg(X), Y)).latex() == r"(-x) y"
    assert is_apply(parse("-x*y"), "neg")

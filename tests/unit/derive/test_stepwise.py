from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

import gradlab as gl
from gradlab.derive._local import local_derivative
from gradlab.derive._stepwise import stepwise, worth_splitting
from gradlab.graph import Differentiate, evaluate, parse, transform, walk
from random_formulas import formulas, rational_formulas


def worked_out(line):
    """The line with every derivative in it worked out in one go."""
    return transform(
        line, lambda node: local_derivative(node.formula, node.wrt) if isinstance(node, Differentiate) else None
    )


FORMULAS = [
    "exp(-x**2)*y + x",
    "x*exp(-x**2/2)/(1 + x**2)",
    "sqrt(x**2 + y**2)*log(x/y)",
    "sin(cos(x**2))",
    "x**3*tanh(y*x)**2",
    "(1 + x**2)**-1",
    "exp(sin(x)*x)",
    "max(x**2, sin(x))",
    "relu(x*y)*x",
    "softplus(-3*x)**y",
    "-sigmoid(x**2)/y",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_every_line_is_the_derivative(text):
    formula = parse(text)
    values = {"x": 0.7, "y": 1.3}
    expected = evaluate(local_derivative(formula, "x"), values, exact=False)
    lines = [*stepwise(formula, "x")]
    assert len(lines) > 1
    for line, because in lines:
        assert because
        assert evaluate(worked_out(line), values, exact=False) == pytest.approx(expected, rel=1e-12)
    assert not any(isinstance(node, Differentiate) for node in walk(lines[-1][0]))


@settings(max_examples=60, deadline=None)
@given(rational_formulas(["x", "y"]))
def test_every_line_is_exactly_the_derivative(text):
    formula = parse(text)
    values = {"x": Fraction(3, 7), "y": Fraction(-5, 3)}
    for wrt in sorted(formula.names):
        expected = evaluate(local_derivative(formula, wrt), values)
        for line, _ in stepwise(formula, wrt):
            assert evaluate(worked_out(line), values) == expected


@settings(max_examples=60, deadline=None)
@given(formulas(["x", "y"]))
def test_every_line_is_the_derivative_of_any_formula(text):
    formula = parse(text)
    values = {"x": 0.7301, "y": -1.2903}
    for wrt in sorted(formula.names):
        expected = evaluate(local_derivative(formula, wrt), values, exact=False)
        for line, _ in stepwise(formula, wrt):
            assert evaluate(worked_out(line), values, exact=False) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_what_takes_one_rule_is_done_in_one_line():
    for text in ("tanh(y*x)", "-y*log(x) - (1 - y)*log(1 - x)", "(x - y)**2", "3*x/y + 1", "y"):
        formula = parse(text)
        assert not worth_splitting(formula, "x")
        assert len([*stepwise(formula, "x")]) == 1


def test_a_derivation_names_one_rule_after_the_other():
    lines = gl.function("x*exp(-x**2)").derive("f", "x").text().splitlines()
    reasons = [line.rpartition("[")[2].rstrip("]") for line in lines]
    assert reasons == ["definition of f", "the product rule", "exp' = exp, chain rule", "the power rule"]

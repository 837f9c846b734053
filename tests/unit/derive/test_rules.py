from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.derive._local import local_derivative
from gradlab.derive._rules import _prove_equal, worked_out
from gradlab.graph import PRIMITIVES, evaluate, parse

DEFINED = [row.name for row in PRIMITIVES.values() if row.definition and row.arity == 1]


def test_which_rules_there_are():
    assert {"sigmoid", "softplus", "tanh"} <= set(DEFINED)


@pytest.mark.parametrize("name", DEFINED)
def test_the_definition_is_the_function(name):
    for x in (-2.0, -0.25, 0.0, 0.5, 3.0):
        if x <= -1 and PRIMITIVES[name].domain:
            continue
        by_definition = evaluate(parse(PRIMITIVES[name].definition), {"x": x}, exact=False)
        assert PRIMITIVES[name].value(x) == pytest.approx(by_definition, rel=1e-14)


@pytest.mark.parametrize("name", DEFINED)
def test_the_result_is_the_rule_of_the_table_and_every_line_is_equal(name):
    derivation = gl.derive_rule(name)
    assert derivation.result == local_derivative(parse(f"{name}(x)"), "x")
    for x in (-0.5, 0.25, 2.0):
        written = [worked_out(step.right) for step in derivation.steps]
        values = [evaluate(right, {"x": x}, exact=False) for right in written]
        assert values == pytest.approx([values[0]] * len(values), rel=1e-12)
        h = 1e-5
        up, down = (PRIMITIVES[name].value(x + s * h) for s in (1, -1))
        assert values[0] == pytest.approx((up - down) / (2 * h), rel=1e-8)


def test_other_functions_say_which_there_are():
    with pytest.raises(gl.GradlabError, match="there are tanh, sigmoid, softplus"):
        gl.derive_rule("relu")


def test_a_wrong_line_would_not_pass():
    _prove_equal(parse("sigmoid(x)*(1 - sigmoid(x))"), parse("exp(-x)/(1 + exp(-x))**2"))
    with pytest.raises(AssertionError, match="is not"):
        _prove_equal(parse("sigmoid(x)*(1 - sigmoid(x))"), parse("exp(x)/(1 + exp(-x))**2"))

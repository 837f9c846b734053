from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import gradlab as gl
from gradlab.codegen._schedule import programs_for, value_program
from gradlab.graph import Graph, Ref, evaluate_precisely, is_apply, parse, walk


def lines(program) -> list[str]:
    return [f"{name} = {formula}" for name, formula in program.statements]


def for_text(definitions, output="f"):
    graph = Graph.from_text(definitions)
    given = [q.name for q in graph if q.expression is None]
    return programs_for(graph, output, given, given)


def test_a_subexpression_that_is_used_twice_gets_a_name():
    program = for_text({"f": "sin(x*y)*exp(x*y)"}).value
    assert lines(program) == ["_t0 = x*y", "f = sin(_t0)*exp(_t0)"]
    assert program.inputs == ("x", "y")
    assert program.outputs == (Ref("f"),)


def test_nothing_is_computed_twice():
    for programs in (for_text({"f": "sin(x*y)*exp(x*y)/(1 + sin(x*y))"}), for_text({"f": "softmax(1, x, y, x*y)"})):
        nodes = [node for _, formula in programs.value_and_gradient.statements for node in walk(formula)]
        work = [node for node in nodes if node.args and node.names and not is_apply(node, "neg")]
        assert len(work) > 5
        assert len(set(work)) == len(work)


def test_a_named_quantity_is_used_by_its_name():
    program = for_text({"z": "w*x", "f": "sin(w*x)*z"}).value
    assert lines(program) == ["z = w*x", "f = sin(z)*z"]


def test_what_no_result_needs_is_left_out():
    graph = gl.mlp([2, 2, 1]).graph
    program = value_program(graph, ["z_1out"], ["b_1", "w_11", "w_21", "x_1", "x_2"])
    assert lines(program) == ["z_1in = b_1 + w_11*x_1 + w_21*x_2", "z_1out = tanh(z_1in)"]


def test_every_name_is_defined_before_it_is_used():
    for programs in (
        for_text({"q": "exp(x)*y", "r": "q/(1 + q)", "f": "q*r*exp(x)"}),
        for_text({"f": "max(x, y, 2)**x"}),
    ):
        for program in (programs.value, programs.value_and_gradient):
            known = set(program.inputs)
            for name, formula in program.statements:
                assert formula.names <= known
                known.add(name)
            assert all(output.names <= known for output in program.outputs)
            assert len({name for name, _ in program.statements}) == len(program.statements)


def test_constants_are_computed_beforehand():
    program = for_text({"a": "exp(1) - sqrt(4)", "b": "2*a", "f": "b*x + max(1, 2, x)"}).value
    assert len(program.statements) == 1
    name, formula = program.statements[0]
    product, largest = formula.args
    assert name == "f"
    assert float(product.args[0].value) == pytest.approx(2 * (math.e - 2), rel=1e-15)
    assert str(largest) == "max(2, x)"


def test_stable_forms_are_what_runs():
    programs = programs_for(gl.mlp([1, 1]).graph, "L", ["c"], ["c", "u_1", "x_1", "y"])
    text = "\n".join(lines(programs.value))
    assert "log" not in text
    assert "softplus" in text
    assert "max" in "\n".join(lines(for_text({"f": "log(softmax(1, x, y))"}).value))


def test_long_rows_are_grouped():
    names = [f"x{i}" for i in range(950)]
    for joiner in (" + ", "*"):
        program = value_program(Graph.from_text({"f": joiner.join(names)}), ["f"], names)
        assert max(len(node.args) for _, f in program.statements for node in walk(f)) <= 100
        assert program.statements[0][1].names == frozenset(names)


def test_undefined_constants_stay():
    program = for_text({"f": "(-2)**x"}).value_and_gradient
    assert any(node == parse("2") for output in program.outputs for node in walk(output))


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("x**3/(exp(x) - 1)", (1e-3, 3.0, 360.0, 700.0)),
        ("x/expm1(x)", (1.0, 360.0, 700.0)),
        ("exp(2*x)*x/(exp(x) - 1)**3", (1.0, 240.0, 350.0)),
        ("1/(1 + x**2)", (1.0, 1e80, 1e100)),
        ("x**x", (1e-300, 1e-20, 1e-9, 2.0)),
        ("exp(x)/(exp(x) + exp(-x))", (-20.0, 0.1, 20.0, 300.0)),
    ],
)
def test_gradients_far_out_are_right(text, points):
    function = gl.function(text)
    _, slopes = function(np.array(points)[:, None])
    mp = mpmath.MPContext()
    mp.dps = 800
    for point, slope in zip(points, slopes[:, 0], strict=True):
        x = mp.mpf(point)
        h = x * mp.mpf(10) ** -100
        ends = [evaluate_precisely(function.expression, {"x": end}, mp) for end in (x - h, x + h)]
        true = (ends[1] - ends[0]) / (2 * h)
        assert abs(slope - true) < 1e-12 * abs(true), point


def test_a_sigmoid_times_its_argument_rises_by_one_far_out():
    _, slopes = gl.function("x*exp(x)/(1 + exp(x))")(np.array([[40.0], [1e30]]))
    assert slopes.tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize(
    ("text", "point", "gradient"),
    [
        ("x**2*y/(x**4 + y**2)", (1e-100, 1e-100), (2.0, -1.0)),
        ("(b/x)**12", (1e50, 1e50), (1.2e-49, -1.2e-49)),
        ("x**2/(1 + x**2)", (1e103,), (0.0,)),
        ("log(x + sqrt(x**2 + 1))", (1e154,), (1e-154,)),
        ("arctan(y/x)", (-1e160, 1e160), (-5e-161, -5e-161)),
        ("exp(-a/(r*t))", (4e-201, 1.38e-203, 300.0), (-9.19160740e199, 2.66423403e202, 0.00122554765)),
        ("(x**n)**2", (2.0, 0.0), (0.0, 0.0)),
        ("a*b**a/x**(a + 1)", (100.0, 99.0, 100.0), (-1.84245503e-05, 0.369729638, -0.369692665)),
        ("x**12/(1 + x**11)", (1e15,), (1.0,)),
        ("exp(x)/x**2", (709.5,), (2.68413376e302,)),
        ("1e-100*x", (1.0,), (1e-100,)),
        ("-1e300*x**2", (1e-200,), (-2e100,)),
    ],
)
def test_gradients_at_the_ends_of_the_floats_are_right(text, point, gradient):
    _, slopes = gl.function(text)(np.array([point]))
    assert slopes[0] == pytest.approx(gradient, rel=1e-8, abs=1e-308)


def test_long_numerators_do_not_overflow_in_float32():
    gelu = gl.function("0.5*x*(1 + tanh(0.7978845608028654*(x + 0.044715*x**3)))")
    assert gelu(np.array([[1e8]], np.float32))[1].tolist() == [[1.0]]

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

import gradlab as gl
from gradlab.derive import backprop, derive
from gradlab.graph import Graph, Ref, evaluate
from random_formulas import points, rational_formulas


def test_the_deltas_of_the_small_network():
    lines = str(gl.mlp([2, 2, 1]).backprop()).splitlines()
    assert lines[:3] == [
        "delta_f_in = f_out - y",
        "delta_z_2in = delta_f_in*u_2*(1 - z_2out**2)",
        "delta_z_1in = delta_f_in*u_1*(1 - z_1out**2)",
    ]
    assert lines[3:] == [
        "dL/db_1 = delta_z_1in",
        "dL/db_2 = delta_z_2in",
        "dL/dw_11 = delta_z_1in*x_1",
        "dL/dw_12 = delta_z_2in*x_1",
        "dL/dw_21 = delta_z_1in*x_2",
        "dL/dw_22 = delta_z_2in*x_2",
        "dL/dc = delta_f_in",
        "dL/du_1 = delta_f_in*z_1out",
        "dL/du_2 = delta_f_in*z_2out",
    ]


def test_latex_names_each_delta():
    latex = gl.mlp([1, 1, 1]).backprop().latex()
    assert r"\delta_{f_{in}} = \frac{\partial \mathcal{L}}{\partial f_{in}} &= f_{out} - y" in latex
    assert latex.startswith("\\begin{align*}\n")
    assert latex.endswith("\n\\end{align*}")


def test_the_order_of_the_gradient_is_the_one_asked_for():
    net = gl.mlp([2, 2, 1])
    assert tuple(net.backprop().gradient) == net.parameters
    assert list(backprop(net.graph, "L", ["u_2", "w_{12}", "x_1"]).gradient) == ["u_2", "w_12", "x_1"]


def test_what_does_not_matter_has_the_derivative_zero():
    derived = backprop(gl.mlp([1, 1]).graph, "f_out", ["y", "c", "f_out"])
    assert [str(part) for part in derived.gradient.values()] == ["0", "delta_f_in", "1"]
    assert [str(formula) for _, formula in derived.deltas] == ["f_out*(1 - f_out)"]


def test_unknown_quantities():
    with pytest.raises(gl.GradlabError, match=r"did you mean .*w_12"):
        backprop(gl.mlp([2, 2, 1]).graph, "L", ["w_13"])


@settings(max_examples=50)
@given(
    rational_formulas(["x", "y"], 5),
    rational_formulas(["x", "y", "p"], 5),
    rational_formulas(["y", "p", "q"], 5),
    points(2),
)
def test_backprop_and_the_chain_rule_are_one_derivative(p, q, last, point):
    graph = Graph.from_text({"p": p, "q": q, "f": f"{last} + x*y"})
    values = {"x": Fraction(point[0]), "y": Fraction(point[1])}
    for quantity in graph:
        if quantity.expression is not None:
            values[quantity.name] = evaluate(quantity.expression, values)
    derived = backprop(graph, "f", ("x", "y"))
    shared = dict(values)
    for name, formula in derived.deltas:
        shared[name] = evaluate(formula, shared)
    for name, formula in derived.gradient.items():
        assert evaluate(formula, shared) == evaluate(derive(graph, "f", name).result, values)
    for name, quantity in derived.by.items():
        assert shared[name] == evaluate(derive(graph, "f", quantity).result, values)


def test_a_shared_delta_takes_a_name_that_is_free():
    f = gl.function({"x_": "exp(x)", "delta_x": "x_*x", "f": "sin(delta_x)*x_*sin(x_)*cos(delta_x)"})
    names = [name for name, _ in f.backprop().deltas]
    assert len(set(names)) == len(names)
    assert not set(names) & {quantity.name for quantity in f.graph}


def test_multiplications_with_and_without_sharing():
    net = gl.mlp([2, 2, 1])
    shared, expanded = net.backprop().multiplications()
    # The last factor of a bias is 1, which takes no multiplication.
    factors = {
        name: 5 if name[0] == "w" else 4 if name[0] == "b" else 3 if name[0] == "u" else 2 for name in net.parameters
    }
    assert expanded == sum(count - 1 for count in factors.values()) == 27
    # One for dL/df_in, two for each hidden neuron, one for each weight.
    assert shared == 1 + 2 * 2 + 6
    wide_shared, wide_expanded = gl.mlp([5] * 8 + [1]).backprop().multiplications()
    assert wide_expanded > 1000 * wide_shared


def test_only_fractions_are_multiplied_out():
    derived = backprop(gl.mlp([1, 1], loss="squared_error").graph, "L", ["c"])
    assert [str(formula) for _, formula in derived.deltas] == ["2*(f_out - y)"]


def test_the_gradient_cannot_be_changed():
    derived = gl.mlp([1, 1]).backprop()
    with pytest.raises(TypeError):
        derived.gradient["c"] = Ref("x_1")  # type: ignore[index]
    with pytest.raises(AttributeError):
        derived.output = "f_out"  # type: ignore[misc]

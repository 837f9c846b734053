from __future__ import annotations

from itertools import pairwise

import pytest

import gradlab as gl
from gradlab.derive import backprop
from gradlab.derive._chain_rule import derive
from gradlab.derive._savings import count_multiplications, growth_of
from gradlab.derive._through_deltas import through_deltas
from gradlab.graph import Graph, Partial, evaluate, walk


def numbers(graph: Graph, names) -> dict[str, float]:
    """Values for what is given, and from them for everything else."""
    values = {name: 0.1 + 0.37 * i % 0.9 for i, name in enumerate(names)}
    for quantity in graph:
        if quantity.expression is not None:
            values[quantity.name] = evaluate(quantity.expression, values, exact=False)
    return values


def test_every_layer_of_a_deep_network_is_worked_out_once():
    derivation = gl.mlp([1, 6, 6, 6, 6, 1]).derive("L", "w1_13")
    text = derivation.text()
    assert text.splitlines()[0].startswith("dL/dw1_13 = delta_z1_3in*dz1_3in/dw1_13")
    assert "delta_f_in = dL/df_in" in text
    assert text.count("chain rule]") == 3  # the output and one neuron of each hidden layer but the first
    assert text.count("in the same way as delta_z4_1in]") == 5
    assert str(derivation.result) == "delta_z1_3in*x_1"
    assert len(text.splitlines()) < 60


@pytest.mark.parametrize(
    ("net", "wrt"),
    [
        (gl.mlp([2, 3, 3, 1]), "x_1"),
        (gl.mlp([2, 3, 3], loss="softmax_cross_entropy"), "w_12"),
        (gl.mlp([1, 3, 3, 2], hidden="softplus", loss="squared_error"), "w1_12"),
    ],
)
def test_every_line_is_true_and_the_result_is_the_derivative(net, wrt):
    derivation = through_deltas(net.graph, "L", wrt)
    values = numbers(derivation.graph, [quantity.name for quantity in net.graph if quantity.expression is None])
    direct = backprop(net.graph, "L", [wrt])
    expected = dict(values)
    for name, formula in direct.deltas:
        expected[name] = evaluate(formula, expected, exact=False)
    expected = evaluate(direct.gradient[wrt], expected, exact=False)
    assert evaluate(derivation.result, values, exact=False) == pytest.approx(expected, rel=1e-12)

    def value(side):
        return None if any(isinstance(node, Partial) for node in walk(side)) else evaluate(side, values, exact=False)

    compared = 0
    for step in derivation.steps:
        left, right = value(step.left), value(step.right)
        if left is not None and right is not None and not step.conditional:
            compared += 1
            assert left == pytest.approx(right, rel=1e-12)
    assert compared > 5


def test_eight_paths_are_written_out_and_nine_are_not():
    two = gl.mlp([1, 2, 2, 2, 1])
    assert len(derive(two.graph, "L", "x_1").paths) == 8
    three = gl.mlp([1, 3, 3, 1])
    assert derive(three.graph, "L", "x_1").paths == ()
    assert "delta" in str(derive(three.graph, "L", "x_1").result)


def test_a_function_of_many_paths():
    steps = {f"a{i + 1}": f"sin(a{i}) + a{i}**2" for i in range(1, 12)}
    f = gl.function(steps)
    derivation = f.derive("a12", "a1")
    assert "delta" not in derivation.text()  # each step depends on one quantity, twice in one formula: one path
    wide = gl.function(
        {f"a{i + 1}": f"a{i}*b{i}" for i in range(1, 6)} | {f"b{i + 1}": f"a{i} + b{i}" for i in range(1, 5)}
    )
    named = wide.derive(wide.output, "a1")
    values = numbers(named.graph, ["a1", "b1"])
    slope = wide.gradient()["a1"]
    assert evaluate(named.result, values, exact=False) == pytest.approx(evaluate(slope, values, exact=False), rel=1e-12)


def test_savings_of_the_small_network_by_hand():
    net = gl.mlp([2, 2, 1])
    counted = count_multiplications(net.graph, "L", net.parameters)
    assert (counted.expanded, counted.shared, counted.paths) == (2 * 1 + 2 * 2 + 2 * 3 + 4 * 4 - 1, 1 + 4 + 6, 9)


def test_factors_of_one_count_on_neither_side():
    f = gl.function({"a": "x + 1", "b": "a - y", "f": "b**2"})
    counted = count_multiplications(f.graph, "f", ["x", "y"])
    assert (counted.expanded, counted.shared, counted.paths) == (0, 0, 2)
    assert count_multiplications(f.graph, "a", ["y"]).paths == 0


def test_growth_is_exponential_in_depth_without_sharing_and_linear_with_it():
    growth = growth_of(gl.mlp([2, 3, 1]).graph)
    assert growth.own == count_multiplications(gl.mlp([2, 3, 1]).graph, "L", gl.mlp([2, 3, 1]).parameters)
    assert (growth.width, growth.depth) == (3, 3)
    shared = [savings.shared for _, savings in growth.by_depth]
    expanded = [savings.expanded for _, savings in growth.by_depth]
    assert len({b - a for a, b in pairwise(shared)}) == 1
    assert expanded[-1] / expanded[-2] > 3

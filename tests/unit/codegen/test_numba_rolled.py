"""What a kernel computes, before it is spelled: moved factors, points put in, and layers rolled up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gradlab.codegen import NumpyNetwork
from gradlab.codegen._kernel import at_point, factors_of, needed_for, point_program, product_of
from gradlab.codegen._rolled import NotRegularError, _Roller, rolled_program
from gradlab.graph import Apply, Ref, evaluate, mlp_graph, number, parse

NETWORKS = [
    ((2, 2, 1), "tanh", None, "binary_cross_entropy", "none", True),
    ((3, 4, 2), "sigmoid", "sigmoid", "squared_error", "mean_field", True),
    ((2, 3, 3), "relu", None, "softmax_cross_entropy", "none", True),
    ((4, 4, 1), "tanh", None, "squared_error", "mean_field", False),
]


@pytest.mark.parametrize("settings", NETWORKS, ids=str)
def test_the_program_of_a_point_is_the_derived_gradient(settings):
    graph = mlp_graph(*settings)
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=len(graph.parameters))
    x, y = rng.integers(-1, 2, size=len(graph.inputs)), np.eye(len(graph.labels))[0]
    loss, gradient = NumpyNetwork(graph)(parameters, x[None], y[None] if len(y) > 1 else y)
    given = dict(zip((*graph.inputs, *graph.labels), map(int, (*x, *y)), strict=True))
    program = at_point(point_program(graph), {name: number(value) for name, value in given.items()}, "_p")
    values = dict(zip(graph.parameters, map(float, parameters), strict=True))
    for name, formula in program.statements:
        values[name] = evaluate(formula, values, exact=False)
    found = [
        float(evaluate(part, values, exact=False)) * float(evaluate(factor, values, exact=False))
        for part, factor in zip(program.gradient, program.factors, strict=True)
    ]
    np.testing.assert_allclose(found, gradient, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(float(evaluate(program.loss, values, exact=False)), loss, rtol=1e-12)


def test_what_does_not_depend_on_the_point_stands_in_front_of_the_sum():
    graph = mlp_graph((2, 2, 1), "tanh", None, "binary_cross_entropy")
    program = point_program(graph)
    front = dict(zip(graph.parameters, map(str, program.factors), strict=True))
    assert (front["b_1"], front["w_22"], front["c"]) == ("u_1", "u_2", "1")
    assert dict(program.statements)["delta_z_1in"] == parse("delta_f_in - delta_z_1in_z*z_1out")


def test_statements_that_nothing_needs_are_left_out():
    statements = (("a", Ref("x")), ("b", Apply("tanh", (Ref("a"),))), ("c", Ref("a")))
    assert needed_for(statements, [Ref("b")]) == statements[:2]


def test_a_product_and_its_factors_are_the_same():
    value, factors = factors_of(parse("-(3*a)/4*b"))
    assert (float(value), factors) == (-0.75, (Ref("a"), Ref("b")))
    assert str(product_of(value, factors)) == "-3/4*a*b"


def test_layers_are_what_their_units_have_in_common():
    first, last = rolled_program(mlp_graph((16, 16, 1), "tanh", None, "squared_error", "mean_field", False)).layers
    assert (first.below, first.units, first.first_weight, first.end) == (16, 16, 0, 256)
    assert (last.below, last.units, last.first_weight, last.end) == (16, 1, 256, 272)
    values = {"back": 2.0, "z_out": 0.5, "z_in": 3.0, "total": 8.0}
    assert evaluate(first.scaled, values, exact=False) == 2.0
    assert evaluate(first.slope, values, exact=False) == pytest.approx(2 * 0.75)
    assert float(first.factor) == pytest.approx(np.sqrt(2) / 4)
    # What the unit gives on, from the total: one number to multiply with in the place of two.
    assert evaluate(first.from_total, values, exact=False) == pytest.approx(np.tanh(np.sqrt(2) * 2.0))
    assert str(first.from_total).count("*") == 1


def test_numbers_of_several_layers_are_multiplied_from_the_outputs_down():
    program = rolled_program(mlp_graph((3, 4, 9, 2), "tanh", None, "squared_error", "mean_field"))
    assert [float(factor) for factor in program.factors] == pytest.approx(
        [np.sqrt(2 / 3) * np.sqrt(2) / 2, np.sqrt(2) / 2, 1]
    )


def test_a_sum_that_is_wanted_twice_is_kept():
    first, _ = rolled_program(mlp_graph((3, 5, 1), "softplus", "sigmoid", "squared_error")).layers
    assert first.from_total is None


def test_the_rolled_slope_of_a_deep_network_knows_nothing_of_its_neighbours():
    layers = rolled_program(mlp_graph((3, 5, 4, 2), "softplus", "sigmoid", "squared_error")).layers
    assert [str(layer.slope) for layer in layers[:-1]] == ["back*sigmoid(z_in)"] * 2


def test_units_with_different_formulas_are_not_rolled(monkeypatch):
    roller = _Roller(mlp_graph((2, 2, 1), "tanh", None, "binary_cross_entropy"))
    roller.formulas["z_2out"] = Apply("sigmoid", (Ref("z_2in"),))
    with pytest.raises(NotRegularError, match="different formulas"):
        roller.program()


@pytest.mark.parametrize("sizes", [(101, 3, 1), (3, 101, 1), (2, 3, 120), (2, 101, 12, 1)], ids=str)
def test_layers_of_any_width_are_rolled_like_narrow_ones(sizes):
    narrow = tuple(size if size == 1 else min(size, 3) for size in sizes)
    layers, others = (rolled_program(mlp_graph(each, "tanh", None, "squared_error")).layers for each in (sizes, narrow))
    same = ("scaled", "value", "slope", "factor")
    assert [[getattr(layer, name) for name in same] for layer in layers[:-1]] == [
        [getattr(layer, name) for name in same] for layer in others[:-1]
    ]
    assert [(layer.below, layer.units) for layer in layers] == [*pairwise(sizes)]


@pytest.mark.parametrize("output", ["softsign", "arctan"])
@pytest.mark.parametrize("sizes", [(2, 4, 1), (2, 4, 3), (2, 3, 2, 2)], ids=str)
def test_the_derivative_of_an_output_may_be_a_fraction(output, sizes):
    layers = rolled_program(mlp_graph(sizes, "tanh", output, "squared_error")).layers
    assert [str(layer.slope) for layer in layers[:-1]] == ["back*(1 - z_out**2)"] * (len(sizes) - 2)

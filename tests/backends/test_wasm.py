"""The kernels for browsers, run by wasmtime: the catalogue, networks, and training beside NumPy and Numba."""

from __future__ import annotations

import numpy as np
import pytest

import gradlab as gl
from catalogue import CATALOGUE
from gradlab.codegen import NumbaTrainer, NumpyNetwork, Plan
from gradlab.codegen.wasm import WasmNetwork, function_module
from gradlab.graph import activations, losses, mlp_graph
from gradlab.rules import Momentum, Rule
from gradlab.train._data import Data
from gradlab.train._draw import draw_standard
from gradlab.train._trainers import Architecture, numpy_trainer
from kernel_examples import close, labels_for, plan_for
from wasm_engine import WasmTrainer, drawn, evaluate, predictions
from wasm_engine import losses as losses_of

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("entry", CATALOGUE, ids=[entry.text for entry in CATALOGUE])
def test_the_catalogue(entry):
    f, points = gl.function(entry.text, name="out"), entry.points(21)
    points = np.concatenate([points, [point for point, _ in entry.kinks]]) if entry.kinks else points
    values, gradients = evaluate(f.compile("wasm"), points)
    exact = [entry.exact(point) for point in points[:21]]
    close(values[:21], [value for value, _ in exact], 1e-12)
    close(gradients[:21], [gradient for _, gradient in exact], 1e-12)
    for i, (_, chosen) in enumerate(entry.kinks):
        close(gradients[21 + i], chosen, 0)
    rough, slopes = evaluate(function_module(f.graph, f.output, f.variables, "float32"), points[:21])
    assert rough.dtype == slopes.dtype == np.float32
    close(rough, values[:21], 2e-5)
    close(slopes, gradients[:21], 2e-5)


def _networks():
    for i, activation in enumerate(activations()):
        yield activation, losses()[i % len(losses())]
    for loss in (*losses(), "quantile(0.9)", "huber(1/4)"):
        yield "tanh", loss


@pytest.mark.parametrize(("hidden", "loss"), list(_networks()))
def test_every_activation_and_loss(hidden, loss):
    graph = mlp_graph((2, 3, 2), hidden, None, loss)
    parameters, x, y = RNG.normal(size=(5, len(graph.parameters))), RNG.normal(size=(4, 2)), labels_for(RNG, graph, 4)
    module, f = WasmNetwork(graph).module("float64"), NumpyNetwork(graph)
    value, gradient = f(parameters, x, y)
    made, slopes = losses_of(module, parameters, np.column_stack([x, y]))
    close(made, value, 1e-13)
    close(slopes, gradient, 1e-13)
    close(predictions(module, parameters[1], x, 2), f.predict(parameters[1], x), 1e-13)


# Straight-line code and rolled, whole batches and tiles, points left over.
NETWORKS = {
    "lab": ((2, 2, 1), "tanh", "binary_cross_entropy", "none", True, 5),
    "classes": ((2, 3, 3), "relu", "softmax_cross_entropy", "none", True, 6),
    "many points": ((3, 1), "tanh", "binary_cross_entropy", "none", True, 101),
    "mean field": ((8, 8, 1), "tanh", "squared_error", "mean_field", False, 32),
    "rolled classes": ((3, 6, 3), "softplus", "softmax_cross_entropy", "mean_field", True, 5),
    "many classes": ((3, 2, 10), "tanh", "softmax_cross_entropy", "none", True, 5),
    "deep, points left over": ((3, 5, 4, 1), "sigmoid", "squared_error", "none", True, 37),
}
BY_NUMPY = [(name, rule) for i, rule in enumerate(sorted(Rule.all(), key=str)) for name in list(NETWORKS)[i % 2 :: 2]]


def example(name):
    sizes, hidden, loss, scaling, biases, count = NETWORKS[name]
    graph = mlp_graph(sizes, hidden, None, loss, scaling, biases)
    return graph, RNG.normal(size=(count, sizes[0])), labels_for(RNG, graph, count)


def shape_of(graph):
    return Architecture(graph.sizes, graph.hidden, graph.output, graph.loss, graph.scaling, graph.biases)


@pytest.mark.parametrize(("name", "rule"), BY_NUMPY, ids=lambda value: getattr(value, "__name__", value))
def test_every_rule_takes_the_steps_that_numpy_takes(name, rule):
    graph, x, y = example(name)
    start = RNG.normal(size=(7, len(graph.parameters)))
    rates = RNG.uniform(0.01, 0.05, size=(7, len(graph.sizes) - 1))
    numpy, plan = numpy_trainer(shape_of(graph), Data(x, y), "float64"), plan_for(RNG, rule, 9, len(x))
    expected = numpy.train(start, rates, 9, plan=plan, curves=True)
    made = WasmTrainer(graph, x, y, dtype="float64").train(start, rates, 9, plan=plan, curves=True)
    for field in ("parameters", "initial_loss", "loss", "curves", "state"):
        close(getattr(made, field), getattr(expected, field), 1e-11)
    np.testing.assert_array_equal(made.correct, expected.correct)
    np.testing.assert_array_equal(made.first_success_step, expected.first_success_step)


# What NumPy trains in float64 is compared above, what Numba trains with NumPy in the tests of its own.
AS_TRAINED = [
    *((name, "float32", "numpy") for name in NETWORKS),
    ("lab", "float32", "numba"),
    ("lab", "float64", "numba"),
]


@pytest.mark.parametrize(("name", "dtype", "by"), AS_TRAINED)
def test_what_others_train_is_trained_here(name, dtype, by):
    graph, x, y = example(name)
    start = RNG.normal(size=(37, len(graph.parameters)))
    plan = Plan(Momentum.update(), {"momentum": 0.5})
    other = (
        NumbaTrainer(graph, x, y, dtype=dtype) if by == "numba" else numpy_trainer(shape_of(graph), Data(x, y), dtype)
    )
    made, expected = (
        trainer.train(start, 0.1, 20, plan=plan, curves=True)
        for trainer in (WasmTrainer(graph, x, y, dtype=dtype), other)
    )
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    for field in ("parameters", "initial_loss", "loss", "curves"):
        close(getattr(made, field), getattr(expected, field), tolerance)
    assert (made.correct == expected.correct).mean() > 0.9
    assert (made.diverged_step == -1).all()


@pytest.mark.parametrize("name", ["lab", "mean field"])
def test_a_run_is_the_same_to_the_bit_in_company_and_alone(name):
    graph, x, y = example(name)
    trainer = WasmTrainer(graph, x, y)
    start = RNG.normal(scale=3, size=(30, len(graph.parameters)))
    whole = trainer.train(start, 1.0, 25, curves=True)
    for run in (0, 3, 29):
        alone = trainer.train(start[run : run + 1], 1.0, 25)
        np.testing.assert_array_equal(alone.parameters[0], whole.parameters[run])
        assert alone.loss[0] == whole.curves[run, -1] == whole.loss[run]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_is_seen_at_its_step_and_nowhere_else(dtype):
    graph = mlp_graph((1, 2, 1), "identity", "identity", "squared_error")
    x, y = [[1.0], [2.0], [-1.0]], [3.0, 1.0, 2.0]
    start, rates = RNG.normal(size=(50, 7)), np.where(np.arange(50) % 3 == 0, 40.0, 0.01)
    made, expected = (
        trainer(graph, x, y, dtype=dtype).train(start, rates, 30, curves=True)
        for trainer in (WasmTrainer, NumbaTrainer)
    )
    np.testing.assert_array_equal(made.diverged_step, expected.diverged_step)
    lost = made.diverged_step >= 0
    assert 0 < lost.sum() < 50
    np.testing.assert_array_equal(np.isfinite(made.curves), np.isfinite(expected.curves))
    assert np.isnan(made.parameters[lost]).all()
    assert np.isfinite(made.parameters[~lost]).all()


def test_success_is_seen_at_the_first_step_at_which_all_points_are_right():
    data, graph = gl.datasets.five_points(), mlp_graph((2, 2, 1), "tanh", None, "binary_cross_entropy")
    start = RNG.normal(size=(400, 9)).astype(np.float32)
    made, expected = (trainer(graph, data.x, data.y).train(start, 1.0, 60) for trainer in (WasmTrainer, NumbaTrainer))
    assert (abs(made.first_success_step - expected.first_success_step) <= 1).mean() > 0.99
    assert (made.correct == expected.correct).mean() > 0.99
    assert 0 < made.correct.sum() < 400


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid"])
def test_saturated_networks_succeed_as_elsewhere(hidden):
    data, graph = gl.datasets.five_points(), mlp_graph((2, 2, 1), hidden, None, "binary_cross_entropy")
    start = (30 * RNG.normal(size=(400, 9))).astype(np.float32)
    made, expected = (trainer(graph, data.x, data.y).train(start, 30.0, 60) for trainer in (WasmTrainer, NumbaTrainer))
    assert (made.correct == expected.correct).mean() > 0.99
    assert 0 < made.correct.sum() < 400


@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_every_run_starts_where_it_starts_everywhere_to_the_bit(shape):
    for seed, first, parameters in (
        (0, 0, 9),
        (2**128 - 1, 7, 4),
        (2**127 + 12345, 10**12, 1),
        (2**63, 3, 40),
        (0, 2**64, 9),
    ):
        given = {"restarts": 500, "parameters": parameters, "first": first}
        np.testing.assert_array_equal(drawn(shape, seed, **given), draw_standard(shape, seed, **given))


def test_a_module_says_what_it_exports():
    module = gl.mlp([2, 2, 1]).compile("wasm").module()
    assert module.functions == {
        "loss": ("parameters", "data", "results", "stride", "points", "blocks"),
        "predict": ("parameters", "points", "results", "stride", "blocks"),
    }
    assert (module.dtype, module.lanes) == ("float32", 4)
    assert "for _point in range(_points):" in module.source


def test_mistakes_are_told_with_advice():
    network = gl.mlp([2, 2, 1]).compile("wasm")
    with pytest.raises(gl.GradlabError, match='in "float32" or "float64", not in \'float16\''):
        network.module("float16")
    for table in ([], [[1.0, 2.0]]):
        with pytest.raises(gl.GradlabError, match=r"a row of 3 numbers: x_1, x_2, y"):
            network.training(table)
    with pytest.raises(gl.GradlabError, match="1 learning rate, or 2, one for each layer; not 3"):
        network.training([[0.0, 1.0, 1.0]], rates=3)

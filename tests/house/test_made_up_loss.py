"""A loss is a row and nothing else: every row of the table, and rows made up here, go through all that uses one."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.codegen import NumbaTrainer
from gradlab.graph import Apply, _losses, losses, number, subtract
from gradlab.graph._losses import LOSSES, SIGNS, Loss, opposite
from gradlab.graph._row import apply
from gradlab.prove import Truth


def power_of(exponent):
    return lambda y, f, _: Apply("pow", (subtract(f, y), number(exponent)))


def f_y(y, f):
    return Apply("mul", (y, f))


MADE_UP = (
    Loss("made_up_fourth", power_of(4), words="fourth power", latex=r"\mathcal{F}", unit="fourth power of the unit"),
    # The logistic loss of signs, with the form that kernels compute: softplus(-y f).
    Loss(
        "made_up_logistic",
        lambda y, f, _: apply("log", Apply("add", (number(1), apply("exp", Apply("neg", (f_y(y, f),)))))),
        labels=SIGNS, margin=opposite, nearer=False, words="logistic loss",
        stable=lambda y, f, _: apply("softplus", Apply("neg", (f_y(y, f),))),
    ),
)  # fmt: skip


def by_hand(loss, f, y):
    return (f - y) ** 4 if loss.name == "made_up_fourth" else torch.nn.functional.softplus(-y * f)


@pytest.fixture(params=MADE_UP, ids=lambda row: row.name)
def loss(request, monkeypatch):
    monkeypatch.setitem(_losses._table, request.param.name, request.param)
    return request.param


def labels_of(loss, rng, count):
    return rng.choice(loss.labels.values, count).astype(float) if loss.labels.values else rng.normal(size=count)


def test_numpy_and_torch(loss):
    net, rng = gl.mlp([2, 3, 1], loss=loss.name), np.random.default_rng(0)
    weights, x, y = rng.normal(size=len(net.parameters)), rng.normal(size=(5, 2)), labels_of(loss, rng, 5)
    value, gradient = net.compile("numpy")(weights, x, y)
    leaf = torch.tensor(weights, requires_grad=True)
    expected = by_hand(loss, net.compile("torch").predict(leaf, torch.tensor(x)), torch.tensor(y)).mean()
    expected.backward()
    np.testing.assert_allclose(value, float(expected.detach()), rtol=1e-13)
    np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-10, atol=1e-13)
    function = net.to_torch()
    tensors = [torch.tensor(array) for array in (weights, x, y)]
    assert torch.autograd.gradcheck(lambda w: function.apply(w, *tensors[1:]), (tensors[0].requires_grad_(),))


def test_the_stable_form_is_what_kernels_compute(monkeypatch):
    monkeypatch.setitem(_losses._table, "made_up_logistic", MADE_UP[1])
    net = gl.mlp([1, 1], loss="made_up_logistic")
    far, _ = net.compile("numpy")(np.array([0.0, 1000.0]), [[1.0]], [-1.0])
    assert far == 1000


@pytest.mark.parametrize(
    ("loss", "sizes"), [*((row, (2, 2, 1)) for row in MADE_UP), (MADE_UP[1], (2, 5, 3, 1))], indirect=["loss"],
    ids=[*(row.name for row in MADE_UP), f"{MADE_UP[1].name}, rolled"],
)  # fmt: skip
def test_training_kernels(loss, sizes):
    net, rng = gl.mlp(sizes, loss=loss.name), np.random.default_rng(3)
    x, y = rng.normal(size=(5, 2)), labels_of(loss, rng, 5)
    start = rng.normal(size=(3, len(net.parameters))) / 3
    result = NumbaTrainer(net.graph, x, y, dtype="float64").train(start, 0.01, 20)
    at = start.copy()
    for _ in range(20):
        at -= 0.01 * net.compile("numpy")(at, x, y)[1]
    np.testing.assert_allclose(result.parameters, at, rtol=1e-9, atol=1e-12)


def test_training_judges_by_the_margin(loss):
    x = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    y = np.array([1.0, -1.0, 1.0])
    runs = gl.train(gl.mlp([2, 4, 1], loss=loss.name), (x, y), learning_rate=0.05, steps=60, restarts=4)
    outputs = runs.outputs
    right = (outputs * y > 0) if loss.labels.values else abs(outputs - y) < 1
    assert runs.success.tolist() == right.all(axis=1).tolist()
    grid = gl.sweep(gl.mlp([2, 4, 1], loss=loss.name), (x, y), learning_rate=[0.05], steps=60, restarts=4)
    assert loss.unit == grid["loss"].attrs["units"]
    assert grid["success"].values.sum() == right.all(axis=1).sum()


def test_labels_that_it_does_not_admit(loss):
    data = ([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0])
    if not loss.labels.values:
        gl.train(gl.mlp([2, 1], loss=loss.name), data, steps=1, restarts=1)
        return
    with pytest.raises(gl.GradlabError, match=r"needs labels that are -1 or 1.*np.where\(y == 1, 1.0, -1.0\)"):
        gl.train(gl.mlp([2, 1], loss=loss.name), data, steps=1, restarts=1)


def test_prove_derive_sheet_and_picture(loss, tmp_path):
    from gradlab.cli import main

    net = gl.mlp([2, 2, 1], loss=loss.name)
    gradient = net.derive("L", "f_out").result.latex(net.graph.symbols)
    made = gl.prove(rf"\frac{{\partial {loss.latex}}}{{\partial f_{{out}}}} = {gradient}", net)
    assert made.steps[0].truth is Truth.TRUE
    assert bool(net.vector_form().proof())
    path = tmp_path / "sheet.md"
    assert main(("derive", "--mlp", "2,2,1", "--loss", loss.name, "--all", "--to", "md", "--out", str(path))) == 0
    text = path.read_text(encoding="utf-8")
    assert loss.words in text
    assert loss.latex in text
    texts = [text.get_text() for text in gl.plot.network(net).axes[0].texts]
    assert any(loss.words in text for text in texts)


def test_help_and_messages():
    code = """
from gradlab.graph import Apply
from gradlab.graph import _losses
_losses._table["quuxity"] = _losses.Loss("quuxity", lambda y, f, _: f)
import importlib
import gradlab as gl, gradlab._model
importlib.reload(gradlab._model)
assert "quuxity" in gradlab._model.mlp.__doc__
from gradlab.cli import main
for command in ("derive", "prove"):
    main((command, "--help"))
try:
    gl.mlp([2, 2, 1], loss="quux")
except gl.GradlabError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert done.stdout.count("quuxity") >= 3


@pytest.mark.parametrize("name", [*losses(), "quantile(0.9)", "huber(1/4)"])
def test_every_row_is_trained_with_by_kernels_as_by_numpy(name):
    net, rng = gl.mlp([1, 2], loss=name), np.random.default_rng(1)
    row, x = net.graph.loss_row, rng.normal(size=(4, 1))
    y = np.eye(2)[rng.integers(0, 2, 4)] if row.labels.shares else rng.choice(row.labels.values or (0.5, 2), (4, 2))
    start = rng.normal(size=(2, len(net.parameters)))
    result = NumbaTrainer(net.graph, x, y, dtype="float64").train(start, 0.1, 5)
    at = start.copy()
    for _ in range(5):
        at -= 0.1 * net.compile("numpy")(at, x, y)[1]
    np.testing.assert_allclose(result.parameters, at, rtol=1e-10)
    np.testing.assert_allclose(result.loss, net.compile("numpy")(at, x, y)[0], rtol=1e-10)


def test_the_number_of_a_loss():
    assert gl.mlp([1, 1], loss="quantile( 9/10 )").loss_name == "quantile(9/10)"
    assert gl.mlp([1, 1], loss="quantile(1/2)").loss_name == "quantile"
    for wrong, hint in (("quantile(2)", "between 0 and 1"), ("huber(0)", "above 0"), ("hinge(2)", "no number")):
        with pytest.raises(gl.GradlabError, match=hint):
            gl.mlp([1, 1], loss=wrong)


def test_class_numbers_are_labels_of_softmax():
    x, classes = np.random.default_rng(0).normal(size=(6, 2)), np.array([0, 2, 1, 1, 0, 2])
    net = gl.mlp([2, 3], loss="softmax_cross_entropy")
    by_number = gl.train(net, (x, classes), steps=5, restarts=2)
    by_row = gl.train(net, (x, np.eye(3)[classes]), steps=5, restarts=2)
    np.testing.assert_array_equal(by_number.parameters, by_row.parameters)
    with pytest.raises(gl.GradlabError, match="write y - 1"):
        gl.train(net, (x, classes + 1), steps=5, restarts=2)


def test_the_table_of_losses_cannot_be_changed():
    with pytest.raises(TypeError):
        LOSSES["x"] = LOSSES["hinge"]

"""Weights of points, against a loop in torch with the losses of torch, weighted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

import gradlab as gl
from gradlab.codegen import NumbaTrainer
from gradlab.graph import losses
from gradlab.train import DataError, _trainers

N = 6
X = np.random.default_rng(0).normal(size=(N, 2))
WEIGHTS = np.array([2.5, 0.0, 1.0, 0.25, 3.0, 1.5])
CLASSES = np.array([0, 1, 1, 0, 1, 0])
SIGNS, NUMBERS = 2.0 * np.eye(2)[CLASSES] - 1, np.random.default_rng(1).normal(size=(N, 2))


def each(term):
    """The sum over the outputs of a term of torch, for each point."""
    return lambda f, y: term(f, y, reduction="none").sum(1)


# Labels, and the loss of each point from the outputs before the last activation.
TERMS = {
    "binary_cross_entropy": (np.eye(2)[CLASSES], each(functional.binary_cross_entropy_with_logits)),
    "squared_error": (NUMBERS, each(functional.mse_loss)),
    "softmax_cross_entropy": (np.eye(2)[CLASSES], lambda f, y: functional.cross_entropy(f, y, reduction="none")),
    "hinge": (SIGNS, lambda f, y: torch.relu(1 - y * f).sum(1)),
    "squared_hinge": (SIGNS, lambda f, y: (torch.relu(1 - y * f) ** 2).sum(1)),
    "absolute_error": (NUMBERS, each(functional.l1_loss)),
    "huber": (NUMBERS, each(functional.huber_loss)),
    "quantile": (NUMBERS, lambda f, y: ((y - f) * (0.5 - (y < f).double())).sum(1)),
}


def torch_curve(loss, width, start, points, steps):
    """The losses of one run; a step uses some of the points."""
    labels, term = TERMS[loss]
    x, y, s = map(torch.tensor, (X, labels, WEIGHTS))
    p, curve = torch.tensor(start, requires_grad=True), []
    for step in range(steps + 1):
        b, w, c, u = torch.split(p, [width, 2 * width, 2, 2 * width])
        out = torch.tanh(b + x @ w.reshape(2, width)) @ u.reshape(width, 2) + c
        terms = s * term(out, y)
        curve.append(terms.mean().item())
        (slope,) = torch.autograd.grad(terms[points(step)].mean(), p)
        p = (p - 0.1 * slope).detach().requires_grad_()
    return curve


@pytest.mark.parametrize("batches", [N, 4])
@pytest.mark.parametrize("loss", losses())
def test_agrees_with_a_torch_loop(monkeypatch, loss, batches):
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    agrees(loss, 2, batches)


@pytest.mark.parametrize(
    ("loss", "width", "batches"),
    [("binary_cross_entropy", 2, N), ("binary_cross_entropy", 2, 4), ("softmax_cross_entropy", 9, 4)],
)
def test_kernels_agree_too_straight_and_rolled(loss, width, batches):
    agrees(loss, width, batches)


def agrees(loss, width, batches):
    given = (X, TERMS[loss][0], WEIGHTS)
    chosen = {} if batches == N else {"batches": batches}
    runs = gl.train(gl.mlp([2, width, 2], loss=loss), given, learning_rate=0.1, steps=12, restarts=2, seed=3, **chosen)
    for row in range(2):
        points = (lambda step: slice(None)) if batches == N else runs.batch
        curve = torch_curve(loss, width, runs.initial_parameters[row], points, 12)
        np.testing.assert_allclose(runs.curves[row], curve, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", losses())
def test_the_compiled_loss_and_its_derivatives_are_weighted(loss):
    net, labels = gl.mlp([2, 2, 2], loss=loss, weighted=True), TERMS[loss][0]
    at = np.random.default_rng(2).normal(size=len(net.parameters))
    value, gradient = net.compile()(at, X, labels, WEIGHTS)
    assert value == pytest.approx(torch_curve(loss, 2, at, lambda step: slice(None), 0)[0], rel=1e-12)
    other, slopes = net.compile("torch")(*map(torch.tensor, (at, X, labels, WEIGHTS)))
    np.testing.assert_allclose([other.item(), *slopes.tolist()], [value, *gradient], rtol=1e-11, atol=1e-14)
    plain = gl.mlp([2, 2, 2], loss=loss)
    np.testing.assert_allclose(net.compile()(at, X, labels)[1], plain.compile()(at, X, labels)[1], atol=1e-13)
    rows = [plain.hessian(at, X[[i]], labels[[i]]) for i in range(N)]
    expected = np.tensordot(WEIGHTS, rows, 1) / N
    np.testing.assert_allclose(net.hessian(at, X, labels, WEIGHTS), expected, rtol=1e-9, atol=1e-12)


def test_a_weight_stands_before_the_loss_and_its_derivative():
    shown = gl.mlp([2, 2, 1], weighted=True).derive("L", "f_in").latex(reasons=False)
    assert r"(s \cdot (-y \log f_{out} - (1 - y) \log(1 - f_{out})))" in shown
    assert shown.endswith("&= s \\cdot (f_{out} - y)\n\\end{align*}")
    several = gl.mlp([2, 2, 2], loss="softmax_cross_entropy", weighted=True).derive("L", "f_1in")
    assert several.latex(reasons=False).endswith("&= s \\cdot (p_1 - y_1)\n\\end{align*}")


def test_points_start_and_are_right_as_without_weights():
    data, net = gl.datasets.five_points(), gl.mlp([2, 2, 1])
    weighted = gl.datasets.dataset(data.x, data.y, weights=np.ones(5))
    grids = [gl.sweep(net, each, learning_rate=5, restarts=256, dtype="float64") for each in (data, weighted)]
    assert (grids[0]["success"] == grids[1]["success"]).all()
    np.testing.assert_allclose(grids[0]["loss"], grids[1]["loss"], rtol=1e-6)
    assert grids[1]["weights"].values.tolist() == [1.0] * 5
    advice = [gl.recommend(grid) for grid in grids]
    assert str(advice[0]) == str(advice[1])


def test_a_column_of_a_table_holds_weights():
    columns = {"a": [1.0, 2.0], "counts": [3.0, 0.0], "b": [5.0, 6.0], "class": [0, 1]}
    data = gl.datasets.table(columns, weights="counts")
    assert data.weights.tolist() == [3.0, 0.0]
    assert data.names == ("a", "b")
    with pytest.raises(DataError, match="no column 'count'; did you mean 'counts'"):
        gl.datasets.table(columns, weights="count")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -0.5], r"weights\[1\] is -0.5"),
        ([0, 0], "all weights are 0"),
        ([1], r"one number for each of the 2 points"),
        ([1, np.nan], "NaN or infinite"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, message):
    with pytest.raises(DataError, match=message):
        gl.datasets.dataset([[0.0], [1.0]], [0, 1], weights=weights)


def test_what_is_compiled_refuses_them_too():
    net, x, y = gl.mlp([1, 1], weighted=True), np.ones((2, 1)), np.ones(2)
    zeros, wrong = np.zeros(2), np.array([1.0, -1.0])
    for call in (
        lambda: net.compile()(zeros, x, y, wrong),
        lambda: net.compile("torch")(*map(torch.tensor, (zeros, x, y, wrong))),
        lambda: NumbaTrainer(net.graph, x, y, weights=wrong),
    ):
        with pytest.raises(gl.GradlabError, match=r"weights\[1\] is -1"):
            call()
    with pytest.raises(gl.GradlabError, match="weighted=True"):
        gl.mlp([1, 1]).compile()(zeros, x, y, np.ones(2))
    with pytest.raises(gl.GradlabError, match="one weight for each of 2 points"):
        net.compile()(zeros, x, y, np.ones(3))

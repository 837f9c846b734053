from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.train import DataError, datasets, train

LOSSES = {
    "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    "squared_error": lambda f, y: ((f - y) ** 2).reshape(len(f), -1).sum(-1).mean(),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
}


def torch_curve(sizes, loss_name, start, data, rate, steps):
    """The losses of a plain PyTorch loop from the same initial parameters."""
    x, y = torch.tensor(data.x), torch.tensor(data.y)
    p = torch.tensor(start, requires_grad=True)
    losses = []
    for _ in range(steps + 1):
        place, values = 0, x
        for below, above in pairwise(sizes):
            if place:
                values = torch.tanh(values)
            bias, place = p[place : place + above], place + above
            weights, place = p[place : place + below * above].reshape(below, above), place + below * above
            values = bias + values @ weights
        loss = LOSSES[loss_name](values.squeeze(-1), y)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, p)
        p = (p - rate * slope).detach().requires_grad_()
    return losses


@pytest.mark.parametrize(
    ("sizes", "loss", "rate"),
    [
        ((2, 2, 1), "binary_cross_entropy", 1.0),
        ((2, 3, 1), "squared_error", 0.05),
        ((2, 3, 2, 2), "softmax_cross_entropy", 0.5),
    ],
)
def test_every_loss_agrees_with_torch(sizes, loss, rate):
    data = datasets.two_moons(30, seed=4)
    if sizes[-1] > 1:
        data = datasets.dataset(data.x, np.eye(2)[data.y.astype(int)])
    runs = train(gl.mlp(sizes, hidden="tanh", loss=loss), data, learning_rate=rate, steps=40, restarts=3, seed=9)
    for row in range(3):
        expected = torch_curve(sizes, loss, runs.initial_parameters[row], data, rate, 40)
        np.testing.assert_allclose(runs.curves[row], expected, rtol=0, atol=1e-10)


def test_agrees_with_the_network_written_by_hand(net):
    by_hand = train(net, datasets.five_points(), steps=50, seed=2)
    derived = train(
        gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy"),
        datasets.five_points(),
        steps=50,
        seed=2,
    )
    assert derived.names == net.parameters
    np.testing.assert_allclose(derived.curves, by_hand.curves, rtol=0, atol=1e-11)


def test_softmax_runs_predict_probabilities_and_succeed():
    data = datasets.dataset(datasets.xor().x, np.eye(2)[[0, 1, 1, 0]])
    runs = train(gl.mlp([2, 4, 2], hidden="tanh", loss="softmax_cross_entropy"), data, steps=400, restarts=10)
    outputs = runs.best.predict(data.x)
    np.testing.assert_allclose(outputs.sum(axis=-1), 1.0)
    assert runs.success[runs.best.index]
    assert (outputs.argmax(axis=-1) == [0, 1, 1, 0]).all()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 2], r"y holds the classes 1 to 2: write y - 1\."),
        ([0, 2], r"2 of them: number them from 0, as in np.unique\(y, return_inverse=True\)\[1\].* 2 outputs"),
        ([0, 0.5], "a label for every output"),
        ([[1, 0, 0], [0, 1, 0]], r"mlp\(\[..., 3\]\)"),
        ([[1, 0], [0.5, 0.2]], r"row 1 of 'data' is \[0.5, 0.2\].*np.eye\(2\)\[c\]"),
        ([[1, 0], [1.5, -0.5]], "0 or greater"),
    ],
)
def test_labels_that_are_not_one_hot(y, message):
    with pytest.raises(DataError, match=message):
        train(gl.mlp([2, 2], loss="softmax_cross_entropy"), ([[0, 1], [1, 0]], y))


def test_huge_rates_give_numbers_or_nan_and_no_warning():
    runs = train(gl.mlp([2, 3, 1], loss="squared_error"), datasets.circles(20), learning_rate=1e200, steps=10)
    assert runs.diverged.all()
    assert runs.outcome.name == "ALL_DIVERGED"


def test_class_numbers_are_told_as_the_loss_takes_them():
    with pytest.raises(DataError, match=r"classes 1 to 2: write np.eye\(2\)\[y - 1\]\."):
        train(gl.mlp([2, 2], loss="squared_error"), ([[0, 1], [1, 0]], [1, 2]))

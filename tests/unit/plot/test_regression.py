from __future__ import annotations

import numpy as np
import pytest

import gradlab as gl
from gradlab.plot import PlotError, regression

X = np.linspace(-1, 1, 9)[:, np.newaxis]


class Line:
    """Predicts the sum of the inputs, once for each output."""

    def __init__(self, outputs: int = 1, slope: float = 1.0):
        self.outputs, self.slope = outputs, slope

    def predict(self, x):
        total = self.slope * x.sum(axis=1)
        return total if self.outputs == 1 else np.stack([total] * self.outputs, axis=1)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_one_input_shows_the_measurements_and_the_curve():
    (ax,) = regression(Line(), (X, X[:, 0] + 0.5)).axes
    points, curve = ax.get_lines()
    assert np.array_equal(points.get_xydata(), np.c_[X, X + 0.5])
    assert curve.get_xydata()[:, 0] == pytest.approx(curve.get_xydata()[:, 1])
    assert legend(ax) == ["measured", "network; root of the mean squared difference: 0.5"]


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 1), (1, 2), (3, 3)])
def test_more_shows_predictions_over_measurements(inputs, outputs):
    x = np.random.default_rng(1).normal(size=(20, inputs))
    y = np.stack([x.sum(axis=1) + k for k in range(outputs)], axis=1)
    (ax,) = regression(Line(outputs), (x, y)).axes
    _, *drawn = ax.get_lines()
    assert len(drawn) == outputs
    assert len({(line.get_marker(), line.get_color()) for line in drawn}) == outputs
    for k, line in enumerate(drawn):
        assert line.get_xydata() == pytest.approx(np.c_[y[:, k], x.sum(axis=1)])


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        (Line(), (X[0, 0], X[:, 0]), "give x of shape"),
        (Line(), (X, X[1:, 0]), "N points with N labels"),
        ([Line()], (X, X[:, 0]), "this draws no list; write regression\\(runs.best, data\\)"),
        (Line(2), (X, X[:, 0]), "predicts 2 numbers for a point, but y has 1"),
        (Line(slope=np.nan), (X, X[:, 0]), "not all predictions are finite"),
    ],
)
def test_what_cannot_be_drawn_is_said(model, data, words):
    with pytest.raises(PlotError, match=words):
        regression(model, data)


def test_a_trained_network_and_a_title():
    runs = gl.train(gl.mlp([1, 3, 1], loss="squared_error"), (X, X[:, 0] ** 2), learning_rate=0.1, restarts=2)
    figure = regression(runs.best, runs.data, title="Squares")
    assert figure.axes[0].get_title() == "Squares"
    assert figure.axes[0].get_xlabel() == "$x_{1}$"

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import gradlab as gl
from gradlab.plot import PlotError, decision_boundary
from gradlab.train import datasets, train


@pytest.fixture(scope="module")
def runs():
    return train(gl.mlp([2, 2, 1]), datasets.five_points(), restarts=20, steps=200)


def model(function):
    return SimpleNamespace(predict=lambda points: function(points[..., 0], points[..., 1]))


def points(ax):
    return {line.get_label(): line for line in ax.lines}


def boundary(ax):
    return [c.get_paths()[0].vertices for c in ax.collections if not c.filled and len(c.get_paths()[0].vertices)]


def test_the_points_drawn_are_the_points_given(runs):
    ax = decision_boundary(runs.best, runs.data).axes[0]
    drawn = points(ax)
    np.testing.assert_array_equal(drawn["class 1"].get_xydata(), runs.data.x[:1])
    np.testing.assert_array_equal(drawn["class 0"].get_xydata(), runs.data.x[1:])
    assert drawn["class 0"].get_marker() != drawn["class 1"].get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_{1}$", "$x_{2}$")
    assert ax.child_axes[0].get_ylabel() == "probability of class 1"


def test_the_line_is_where_the_output_is_a_half(runs):
    ax = decision_boundary(runs.best, runs.data).axes[0]
    (line,) = boundary(ax)
    np.testing.assert_allclose(runs.best.predict(line), 0.5, atol=0.01)


def test_a_random_network_is_drawn_like_a_trained_one(runs):
    ax = decision_boundary(runs.initial(3), runs.data, title="random").axes[0]
    assert ax.get_title() == "random"
    assert len(points(ax)) == 2


def test_a_pair_of_arrays_and_a_map_without_a_line():
    ax = decision_boundary(model(lambda a, b: 0.0 * a + 0.9), ([[0, 0], [1, 2]], [0, 1])).axes[0]
    assert boundary(ax) == []
    assert ax.get_xlim() == pytest.approx((-0.3, 1.3))


def test_labels_of_minus_one_and_one_have_their_line_at_zero():
    ax = decision_boundary(model(lambda a, b: 3 * a - 1), ([[-1, 0], [1, 2]], [-1, 1])).axes[0]
    (line,) = boundary(ax)
    np.testing.assert_allclose(line[:, 0], 1 / 3, atol=1e-9)
    assert ax.child_axes[0].get_ylabel() == "output"


def test_several_outputs_have_a_line_where_two_are_equal():
    def predict(x):
        scores = np.exp(np.stack([x[..., 0], x[..., 1], 0 * x[..., 0]], axis=-1))
        return scores / scores.sum(axis=-1, keepdims=True)

    data = datasets.dataset([[1, 0], [0, 1], [-1, -1]], np.eye(3))
    ax = decision_boundary(SimpleNamespace(predict=predict), data).axes[0]
    for line in boundary(ax):
        top = np.sort(predict(line), axis=-1)
        np.testing.assert_allclose(top[:, -1], top[:, -2], atol=0.02)
    assert len(boundary(ax)) == 3
    assert set(points(ax)) == {"class 0", "class 1", "class 2"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (([[1], [2]], [0, 1]), r"shape \(2, 1\); give shape \(N, 2\)"),
        (([[1, 2], [2, 3], [4, 5]], [0.3, 1.2, 7]), "two classes, but y holds 3 values"),
    ],
)
def test_data_that_has_no_boundary(data, message):
    with pytest.raises(PlotError, match=message):
        decision_boundary(model(lambda a, b: a), data)


@pytest.mark.parametrize("count", [5, 7, 12, 15])
def test_no_two_classes_look_alike(count):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = np.column_stack([np.cos(angles), np.sin(angles)]), np.eye(count)

    class Nearest:
        def predict(self, points):
            near = np.exp(5 * points @ x.T)
            return near / near.sum(axis=-1, keepdims=True)

    figure = decision_boundary(Nearest(), (x, y))
    drawn = [line for line in figure.axes[0].get_lines() if str(line.get_label()).startswith("class")]
    assert len({line.get_marker() for line in drawn}) == count

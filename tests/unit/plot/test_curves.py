from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection

import gradlab as gl
from gradlab.plot import loss_curves
from gradlab.plot._curves import _moved_apart
from gradlab.train import datasets, train


def drawn(ax):
    return {lines.get_label(): lines.get_segments() for lines in ax.collections}


def test_every_curve_is_drawn_and_the_best_lies_on_top():
    runs = train(gl.mlp([2, 2, 1]), datasets.five_points(), restarts=12, steps=80)
    ax = loss_curves(runs).axes[0]
    groups = drawn(ax)
    best = f"best: run {runs.best.index}, loss {runs.best.loss:.3g}"
    (curve,) = groups[best]
    np.testing.assert_array_equal(curve, np.column_stack([np.arange(81), runs.best.curve]))
    assert ax.collections[-1].get_label() == best
    ends = sorted(segment[-1, 1] for segments in groups.values() for segment in segments)
    np.testing.assert_array_equal(ends, np.sort(runs.losses))
    assert {text.get_text() for text in ax.texts} == set(groups)
    solved = int(runs.success.sum()) - 1
    assert f"{solved} runs with all points right" in groups
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "log")


def test_kinds_of_runs_differ_in_line_style_too():
    runs = train(gl.mlp([2, 2, 1]), datasets.five_points(), restarts=12, steps=80)
    ax = loss_curves(runs).axes[0]
    styles = {lines.get_label().split(" ", 1)[1]: lines.get_linestyle()[0] for lines in ax.collections}
    assert styles["runs with points wrong"] != styles["runs with all points right"]


def test_diverged_runs_are_crossed_where_they_leave():
    start = np.random.default_rng(0).normal(size=(3, 9))
    start[1, 7:] = 1e200
    net = gl.mlp([2, 2, 1], loss="squared_error")
    runs = train(net, datasets.xor(), restarts=3, steps=30, learning_rate=0.05, initialisation=start)
    assert runs.diverged.tolist() == [False, True, False]
    ax = loss_curves(runs).axes[0]
    assert "1 diverged run" in drawn(ax)
    (crosses,) = ax.lines
    assert crosses.get_marker() == "x"
    assert len(crosses.get_xydata()) == 1
    assert np.isfinite(crosses.get_xydata()).all()


def test_all_diverged_still_draws():
    net = gl.mlp([2, 2, 1], loss="squared_error")
    runs = train(net, datasets.xor(), restarts=4, steps=50, learning_rate=1e5)
    figure = loss_curves(runs)
    ax = figure.axes[0]
    assert set(drawn(ax)) == {"4 diverged runs"}
    assert len(ax.lines[0].get_xydata()) == 4
    bottom, top = ax.get_ylim()
    assert (ax.lines[0].get_ydata() <= top).all()
    assert (ax.lines[0].get_ydata() >= bottom).all()


def test_no_step_and_no_classes():
    net = gl.mlp([2, 2, 1], loss="squared_error")
    runs = train(net, ([[0, 1], [1, 2], [3, 0]], [0.1, 2.5, -3.0]), restarts=3, steps=0)
    assert "2 other runs" in drawn(loss_curves(runs).axes[0])


@pytest.mark.parametrize("wanted", [[0.5, 0.5, 0.5], [1.0, 1.0, 0.98], [0.0], [0.2, 0.9], [0.9, 0.91, 0.1, 0.12]])
def test_labels_do_not_touch(wanted):
    places = np.array(_moved_apart(wanted, 0.085))
    assert (np.diff(np.sort(places)) > 0.08).all()
    assert places.max() <= 1.0
    assert places.min() >= 0.0
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= 0).all()


def test_many_runs_are_bands_and_few_are_curves():
    runs = train(gl.mlp([2, 2, 1]), datasets.five_points(), learning_rate=5.0, steps=30, restarts=200)
    (ax,) = loss_curves(runs).axes
    success = np.asarray(runs.success).copy()
    success[runs.best.index] = False
    texts = [text.get_text() for text in ax.texts]
    assert any(text.startswith(f"{success.sum()} runs with all points right:\nmedian, middle 50 %") for text in texts)
    median = next(line for line in ax.get_lines() if str(line.get_label()).startswith(f"{success.sum()} runs"))
    assert median.get_ydata() == pytest.approx(np.median(runs.curves[success], axis=0))
    segments = sum(len(each.get_segments()) for each in ax.collections if isinstance(each, LineCollection))
    assert segments < 60


def test_bands_of_diverged_runs_leave_the_axes():
    x = np.random.default_rng(0).normal(size=(50, 2))
    runs = train(gl.mlp([2, 2, 1], hidden="relu", loss="squared_error"), (x, x[:, 0]), learning_rate=5.0, restarts=80)
    (ax,) = loss_curves(runs).axes
    assert any("diverged runs" in text.get_text() for text in ax.texts)
    assert all(np.isfinite(line.get_ydata()).all() for line in ax.get_lines())

from __future__ import annotations

import numpy as np
import pytest

from gradlab.train import Outcome, TrainError, datasets, train


@pytest.fixture(scope="module")
def runs(net):
    return train(net, datasets.five_points(), restarts=40, steps=400)


def test_best_is_the_lowest_loss(runs):
    best = runs.best
    assert best.loss == runs.losses.min() == runs.losses[best.index]
    np.testing.assert_array_equal(best.parameters, runs.parameters[best.index])
    np.testing.assert_array_equal(best.curve, runs.curves[best.index])
    assert best.named["w_12"] == runs.parameters[best.index, 3]
    assert list(best.named) == ["b_1", "b_2", "w_11", "w_12", "w_21", "w_22", "c", "u_1", "u_2"]


def test_success_is_every_point_right(runs):
    for index in range(len(runs)):
        right = (runs.run(index).predict(runs.data.x) > 0.5) == (runs.data.y == 1)
        assert runs.success[index] == right.all() == runs.run(index).success
    assert runs.success.any()
    assert runs.outcome is Outcome.SOLVED


def test_few_steps_leave_it_unsolved(net):
    runs = train(net, datasets.five_points(), steps=0, restarts=3)
    assert runs.outcome is Outcome.UNSOLVED
    assert "more steps" in str(runs)


def test_regression_has_no_right_and_wrong(regression):
    data = datasets.dataset([[0, 0], [0, 1], [1, 0]], [0.5, 0.7, -0.2])
    runs = train(regression, data, learning_rate=0.05, steps=50)
    assert runs.right is None
    with pytest.raises(TrainError, match=r"measurements.*runs\.losses < 0\.01"):
        _ = runs.success
    assert runs.best.success is None
    assert runs.outcome is Outcome.FITTED
    assert "all right" not in str(runs)


def test_two_label_values_are_classes_for_squared_error(regression):
    x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    runs = train(regression, (x, [-1, 1, 1, -1]), learning_rate=0.1, steps=300, restarts=50)
    outputs = regression.compile("numpy").predict(runs.parameters, np.array(x))
    expected = (np.sign(outputs) == runs.data.y).all(axis=1)
    np.testing.assert_array_equal(runs.success, expected)
    assert runs.success.any()


def test_predict_takes_a_point_a_list_and_a_grid(runs):
    grid = np.stack(np.meshgrid([0.0, 1.0, 2.0], [0.0, 3.0]), axis=-1)
    values = runs.best.predict(grid)
    assert values.shape == (2, 3)
    assert runs.best.predict([2.0, 3.0]) == values[1, 2]
    np.testing.assert_array_equal(runs.best.predict(grid.reshape(-1, 2)), values.ravel())
    with pytest.raises(TrainError, match=r"shape \(4, 3\).*2 inputs"):
        runs.best.predict(np.zeros((4, 3)))


def test_initial_is_the_network_before_training(runs):
    model = runs.initial(4)
    np.testing.assert_array_equal(model.parameters, runs.initial_parameters[4])
    np.testing.assert_array_equal(
        model.predict(runs.data.x), runs.gradient.predict(runs.initial_parameters[4], runs.data.x)
    )


@pytest.mark.parametrize("index", [-1, 40, 1.0])
def test_there_is_no_such_run(runs, index):
    with pytest.raises(TrainError, match=r"index|no run 40"):
        runs.run(index)
    with pytest.raises(TrainError, match=r"index|no run 40"):
        runs.initial(index)


def test_the_summaries_say_what_happened(runs):
    text = str(runs)
    assert f"{int(runs.success.sum())} of 40 runs" in text
    assert f"(run {runs.best.index})" in text
    assert "five points (5 points), 400 steps with learning rate 1, seed 0" in text
    assert "w_12" in str(runs.best)
    assert "all points right" in str(runs.best)

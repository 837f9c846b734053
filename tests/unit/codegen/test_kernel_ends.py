"""What kernels say of runs at their end: losses that are not finite, and numbers that are nearly nothing."""

from __future__ import annotations

import numpy as np
import pytest

import gradlab as gl
from gradlab.codegen import NEVER, Drawn, NumbaTrainer, NumpyNetwork
from gradlab.graph import mlp_graph
from gradlab.train import datasets
from gradlab.train._trainers import Architecture, numpy_trainer

DATA = datasets.five_points()
NETS = {
    "small": gl.mlp([2, 2, 1], loss="squared_error"),
    "large": gl.mlp([2, 12, 1], loss="squared_error"),
}


@pytest.mark.parametrize(("name", "dtype"), [("small", "float32"), ("small", "float64"), ("large", "float32")])
def test_a_loss_is_finite_or_not_to_kernel_and_numpy_alike(name, dtype):
    net = NETS[name]
    kernel = NumbaTrainer(net.graph, DATA.x, DATA.y, dtype=dtype)
    plain = numpy_trainer(Architecture.of(net), DATA, dtype)
    runs, top = 400, np.log10(np.finfo(dtype).max)
    start = np.random.default_rng(3).normal(size=(runs, len(net.parameters)))
    # The bias of the output makes losses from ordinary ones to some that are out of range by far.
    start[:, -1 - net.sizes[1]] = 10 ** np.linspace(0, 0.6 * top, runs)
    # Later, products of the zeros of saturated units and numbers near overflow depend on their order.
    for steps in (0, 1):
        mine, other = kernel.train(start, 1e-3, steps), plain.train(start, 1e-3, steps)
        np.testing.assert_array_equal(mine.diverged_step, other.diverged_step)
        np.testing.assert_array_equal(np.isnan(mine.loss), mine.diverged_step != NEVER)
        assert np.isfinite(mine.loss[mine.diverged_step == NEVER]).all()
        assert 0 < (mine.diverged_step != NEVER).sum() < runs


def test_a_loss_that_is_infinite_on_the_way_is_no_divergence_if_steps_follow():
    net = NETS["small"]
    kernel = NumbaTrainer(net.graph, DATA.x, DATA.y, dtype="float32")
    start = np.zeros((1, 9))
    start[0, 6] = 1e30
    more, end = (kernel.train(start, 1e-3, 1, last=last) for last in (False, True))
    assert more.loss[0] == np.inf
    assert np.isfinite(more.parameters).all()
    assert more.diverged_step[0] == NEVER
    assert end.diverged_step[0] == 1
    assert np.isnan(end.loss[0])
    assert np.isnan(end.parameters).all()


def test_subnormal_numbers_are_taken_as_nought_inside_a_kernel_alone():
    # One weight on one point: the slope is 2 w, so with a rate of 1/4 each step halves the weight.
    graph = mlp_graph((1, 1), "tanh", None, "squared_error", "none", False)
    kernel = NumbaTrainer(graph, [[1.0]], [0.0], dtype="float32")
    done = kernel.train([[2.0**-120]], 0.25, 40)
    assert done.parameters[0, 0] == 0
    plain = NumpyNetwork(graph)
    assert plain(np.array([2.0**-120]), [[1.0]], [0.0])[1] == 2.0**-119
    tiny = np.array([2.0**-149], np.float32)
    assert (tiny * np.float32(1.0))[0] == np.float32(2.0**-149)


def test_drawn_starts_train_as_given_ones_do():
    net = gl.mlp([2, 2, 1])
    kernel = NumbaTrainer(net.graph, DATA.x, DATA.y, dtype="float64")
    drawn = Drawn(3, 5, 700, np.array([0, 1]), np.linspace(0.5, 2.0, 18).reshape(2, 9))
    from gradlab.train._draw import starts_of

    given = kernel.train(starts_of(drawn, 9), 0.7, 12, curves=True)
    for threads in (1, 2):
        for ends in (False, True):
            found = kernel.train(drawn, 0.7, 12, curves=True, ends=ends, threads=threads)
            for each in ("loss", "initial_loss", "correct", "diverged_step", "first_success_step", "curves"):
                np.testing.assert_array_equal(getattr(found, each), getattr(given, each), err_msg=each)
            assert found.parameters.shape == (1400 if ends else 0, 9)
            np.testing.assert_array_equal(found.parameters, given.parameters[: len(found.parameters)])

"""Training kernels: against NumPy step by step, against PyTorch, and to the bit against themselves."""

from __future__ import annotations

import math
import re
import weakref

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab import GradlabError
from gradlab.codegen import NumbaTrainer, NumpyNetwork, Plan, layer_of_parameters
from gradlab.codegen._numba_cache import processor
from gradlab.graph import mlp_graph
from gradlab.rules import Momentum

LAB = mlp_graph((2, 2, 1), "tanh", None, "binary_cross_entropy")
POINTS = gl.datasets.five_points()
RNG = np.random.default_rng(3)
# Small ones are straight-line code, larger ones are rolled; together they have all activations, losses and scalings.
NETWORKS = {
    "lab": ((2, 2, 1), "tanh", None, "binary_cross_entropy", "none", True, 5),
    "two hidden layers": ((2, 3, 2, 1), "sigmoid", None, "squared_error", "none", True, 7),
    "classes": ((2, 3, 3), "relu", None, "softmax_cross_entropy", "none", True, 6),
    "no hidden layer": ((3, 1), "tanh", None, "binary_cross_entropy", "none", True, 101),
    "mean field": ((8, 8, 1), "tanh", None, "squared_error", "mean_field", False, 32),
    "rolled classes": ((3, 6, 3), "softplus", None, "softmax_cross_entropy", "mean_field", True, 5),
    # With points that are left over where several are worked on at once.
    "rolled and deep": ((3, 5, 4, 1), "sigmoid", None, "squared_error", "mean_field", True, 37),
}


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A folder of one's own for what is compiled, which is empty."""
    monkeypatch.setenv("GRADLAB_CACHE_DIR", str(tmp_path))
    return tmp_path / "kernels"


@pytest.fixture(scope="module")
def lab():
    return NumbaTrainer(LAB, POINTS.x, POINTS.y, dtype="float32")


@pytest.fixture(scope="module")
def wild():
    """A network without limits, whose loss explodes at high rates."""
    graph = mlp_graph((1, 2, 1), "identity", "identity", "squared_error")
    return NumbaTrainer(graph, [[1.0], [2.0], [-1.0]], [3.0, 1.0, 2.0], dtype="float64")


def example(name):
    """A network and its points, the same for each test, so that a kernel is compiled once."""
    sizes, hidden, output, loss, scaling, biases, count = NETWORKS[name]
    graph = mlp_graph(sizes, hidden, output, loss, scaling, biases)
    rng = np.random.default_rng(5)
    x, k = rng.normal(size=(count, sizes[0])), sizes[-1]
    y = np.eye(k)[rng.integers(0, k, count)] if loss == "softmax_cross_entropy" else rng.integers(0, 2, count)
    return graph, x, y.astype(float)


def with_momentum(momentum, **rest):
    return Plan(Momentum.update(), {"momentum": momentum}, **rest)


def stepwise(graph, x, y, parameters, rates, steps, momentum=0.0):
    """Gradient descent with NumPy, a step at a time: parameters and losses, also where they are no longer finite."""
    f = NumpyNetwork(graph)
    at, velocity, losses = parameters.astype(np.float64), 0.0, []
    kept = []
    with np.errstate(all="ignore"):
        for _ in range(steps + 1):
            loss, slope = f(at, x, y)
            losses.append(loss)
            kept.append(at)
            velocity = momentum * velocity + slope
            at = at - rates * velocity
    return np.array(kept), np.array(losses).T


@pytest.mark.parametrize("name", NETWORKS)
def test_every_step_is_the_one_of_the_derived_gradient(name):
    graph, x, y = example(name)
    start = RNG.normal(size=(37, len(graph.parameters)))
    rates = RNG.uniform(0.05, 0.3, size=(37, len(graph.sizes) - 1))
    trainer = NumbaTrainer(graph, x, y, dtype="float64")
    momentum = RNG.uniform(0, 0.9, 37)
    done = trainer.train(start, rates, 12, plan=with_momentum(momentum), curves=True)
    at, losses = stepwise(graph, x, y, start, rates[:, layer_of_parameters(graph)], 12, momentum[:, None])
    np.testing.assert_allclose(done.parameters, at[-1], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(done.curves, losses, rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(done.curves[:, -1], done.loss)
    np.testing.assert_array_equal(done.curves[:, 0], done.initial_loss)
    assert (done.diverged_step == -1).all()


def test_the_lab_network_learns_what_pytorch_learns(lab):
    start = RNG.normal(size=(9, 9)).astype(np.float32)
    done = lab.train(start, 1.0, 20)
    x, y = torch.tensor(POINTS.x), torch.tensor(POINTS.y, dtype=torch.float64)
    for run in range(9):
        p = torch.tensor(start[run], dtype=torch.float64, requires_grad=True)
        for _ in range(20):
            b1, b2, w11, w12, w21, w22, c, u1, u2 = p
            z1 = torch.tanh(b1 + w11 * x[:, 0] + w21 * x[:, 1])
            z2 = torch.tanh(b2 + w12 * x[:, 0] + w22 * x[:, 1])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(c + u1 * z1 + u2 * z2, y)
            (slope,) = torch.autograd.grad(loss, p)
            p = (p - slope).detach().requires_grad_()
        np.testing.assert_allclose(done.parameters[run], p.detach().numpy(), rtol=2e-4, atol=2e-5)


def test_a_run_is_the_same_to_the_bit_alone_in_company_and_on_any_number_of_threads(lab):
    start = RNG.normal(scale=3, size=(1500, 9)).astype(np.float32)
    rates = RNG.uniform(0.1, 30, 1500).astype(np.float32)
    whole = lab.train(start, rates, 40, curves=True, threads=1)
    order = RNG.permutation(1500)
    others = lab.train(start[order], rates[order], 40, threads=2)
    for name in ("parameters", "loss", "initial_loss", "correct", "diverged_step", "first_success_step"):
        np.testing.assert_array_equal(getattr(whole, name)[order], getattr(others, name))
    for run in (0, 31, 32, 1499):
        alone = lab.train(start[run : run + 1], rates[run], 40, curves=True)
        np.testing.assert_array_equal(alone.parameters[0], whole.parameters[run])
        np.testing.assert_array_equal(alone.curves[0], whole.curves[run])


def test_success_is_seen_at_the_first_step_at_which_all_points_are_right(lab):
    start = RNG.normal(size=(400, 9)).astype(np.float32)
    done = lab.train(start, 1.0, 60)
    at, _ = stepwise(LAB, POINTS.x, POINTS.y, start, 1.0, 60)
    outputs = np.array([NumpyNetwork(LAB).predict(p, POINTS.x) for p in at])
    right = (abs(outputs - POINTS.y) < 0.5).all(axis=-1)
    first = np.where(right.any(axis=0), right.argmax(axis=0), -1)
    # In float32 a point may cross the line a step earlier or later.
    assert (abs(done.first_success_step - first) <= 1).mean() > 0.99
    assert (done.correct == right[-1]).mean() > 0.99
    assert 0 < done.correct.sum() < 400


def test_divergence_is_seen_at_its_step_and_nowhere_else(wild):
    start = RNG.normal(size=(50, len(wild.graph.parameters)))
    rates = np.where(np.arange(50) % 3 == 0, 40.0, 0.01)
    done = wild.train(start, rates, 30, curves=True)
    at, losses = stepwise(wild.graph, wild.table[:, :-1], wild.table[:, -1], start, rates[:, None], 30)
    finite = np.isfinite(at).all(axis=-1)
    first = np.where(finite.all(axis=0), -1, (~finite).argmax(axis=0))
    np.testing.assert_array_equal(done.diverged_step, first)
    assert 0 < (first >= 0).sum() < 50
    lost = first >= 0
    assert np.isnan(done.parameters[lost]).all()
    assert np.isnan(done.loss[lost]).all()
    assert not done.correct[lost].any()
    np.testing.assert_allclose(done.loss[~lost], losses[~lost, -1], rtol=1e-11)
    for run in np.flatnonzero(lost):
        assert np.isnan(done.curves[run, first[run] :]).all()


def test_parameters_that_are_not_finite_to_begin_with(wild):
    start = np.ones((2, len(wild.graph.parameters)))
    start[1, 0] = math.inf
    done = wild.train(start, 0.01, 3)
    assert done.diverged_step.tolist() == [-1, 1]
    assert np.isnan(done.loss[1])


def test_no_steps_give_the_start_back(lab):
    start = RNG.normal(size=(5, 9)).astype(np.float32)
    done = lab.train(start, 1.0, 0, curves=True)
    np.testing.assert_array_equal(done.parameters, start)
    np.testing.assert_array_equal(done.loss, done.initial_loss)
    assert done.curves.shape == (5, 1)


def test_what_a_kernel_worked_on_is_let_go(lab):
    ends = weakref.ref(lab.train(np.zeros((3, 9)), 1.0, 2).parameters)
    assert ends() is None


def test_no_runs_are_no_trouble(lab):
    assert lab.train(np.empty((0, 9)), np.empty(0), 3).loss.shape == (0,)


def test_an_error_in_a_thread_is_not_lost(lab, monkeypatch):
    printed, _ = lab._kernel(1, Plan())

    def broken(*arguments):
        raise RuntimeError("broken")

    (key,) = (key for key, (known, _) in lab._kernels.items() if known is printed)
    monkeypatch.setitem(lab._kernels, key, (printed, broken))
    with pytest.raises(RuntimeError, match="broken"):
        lab.train(np.zeros((3000, 9)), 1.0, 3, threads=2)


@pytest.mark.parametrize("name", ["lab", "rolled and deep"])
def test_a_rule_goes_on_from_its_state(name):
    graph, x, y = example(name)
    trainer = NumbaTrainer(graph, x, y, dtype="float64")
    start, momentum = RNG.normal(size=(19, len(graph.parameters))), RNG.uniform(0, 0.9, 19)
    rates = np.full((19, len(graph.sizes) - 1), 0.3)
    whole = trainer.train(start, rates, 9, plan=with_momentum(momentum))
    half = trainer.train(start, rates, 4, plan=with_momentum(momentum))
    rest = trainer.train(half.parameters, rates, 5, plan=with_momentum(momentum, state=half.state, done=4))
    np.testing.assert_array_equal(rest.parameters, whole.parameters)
    np.testing.assert_array_equal(rest.state, whole.state)
    with pytest.raises(GradlabError, match="runs, what the rule keeps, parameters"):
        trainer.train(start, rates, 4, plan=with_momentum(momentum, state=np.zeros(3)))


def test_measurements_are_never_right():
    trainer = NumbaTrainer(mlp_graph((1, 1), "tanh", None, "squared_error"), [[0.0], [1.0], [2.0]], [0.5, 1.0, 1.5])
    done = trainer.train([[0.5, 0.5]], 0.1, 2)
    assert done.loss[0] == 0
    assert not done.correct[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_ends_with_all_runs(lab, threads):
    seen = []
    lab.train(np.zeros((3000, 9)), 1.0, 5, threads=threads, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (3000, 3000)
    assert seen == sorted(seen)


def test_kernels_are_announced_once_and_kept(kernels):
    graph = mlp_graph((1, 1), "tanh", None, "binary_cross_entropy")
    said = []
    for _ in range(2):
        trainer = NumbaTrainer(graph, [[0.0], [1.0]], [0, 1], notice=said.append)
        assert trainer.train([[0.0, 0.0]], 1.0, 2).loss[0] < math.log(2)
    assert len(said) == 1
    assert "compiling the kernel that trains 1-1 networks with tanh in float32" in said[0]
    assert list(kernels.glob("__pycache__/*.nbc"))


def test_the_full_width_of_the_machine_is_used(kernels):
    graph = mlp_graph((2, 1, 1), "tanh", None, "binary_cross_entropy")
    trainer = NumbaTrainer(graph, POINTS.x, POINTS.y)
    _, kernel = trainer._kernel(1, Plan())
    (code,) = kernel.inspect_asm().values()
    register = {64: "zmm", 32: "ymm", 16: "xmm"}[processor()[1]]
    assert len(re.findall(rf"\tvdivps\t.*%{register}|\tdivps\t.*%{register}", code)) >= 15
    assert not re.findall(r"\tcallq?\t.*(tanh|exp)", code)


def test_products_with_nought_and_one_are_gone(lab):
    assert "z_1in_p2 = b_1 - w_21\n" in lab.source()
    assert "spread" not in lab.source()


def test_a_rolled_kernel_stays_short():
    graph = mlp_graph((16, 16, 1), "tanh", None, "squared_error", "mean_field", False)
    source = NumbaTrainer(graph, RNG.normal(size=(272, 16)), RNG.normal(size=272), dtype="float64").source(rates=2)
    assert len(source.splitlines()) < 400


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parameters": np.zeros(9)}, "a row for each run"),
        ({"parameters": np.zeros((2, 8))}, "column for each of the 9"),
        ({"learning_rate": np.ones((2, 3))}, "2 layers"),
        ({"plan": with_momentum(np.ones(3))}, "one for each of the 2 runs"),
        ({"steps": -1}, "from 0"),
    ],
)
def test_errors_say_what_to_write(lab, wrong, message):
    with pytest.raises(GradlabError, match=message):
        lab.train(**{"parameters": np.zeros((2, 9)), "learning_rate": 1.0, "steps": 3, **wrong})


@pytest.mark.parametrize("dtype", ["float16", None, "complex64"])
def test_other_number_types_are_refused(dtype):
    with pytest.raises(GradlabError, match="float32"):
        NumbaTrainer(LAB, POINTS.x, POINTS.y, dtype=dtype)


def test_data_that_is_not_finite_is_refused():
    with pytest.raises(GradlabError, match="finite"):
        NumbaTrainer(LAB, [[math.nan, 0.0]], [0.0])


def test_the_slope_of_gelu_tanh_is_a_number_where_its_powers_overflow():
    graph = mlp_graph((1, 1, 1), "gelu_tanh", "tanh", "squared_error")
    trainer = NumbaTrainer(graph, [[3e24], [-3e24], [1.0]], [1.0, -1.0, 0.0], dtype="float32")
    result = trainer.train([[0.1, 1.0, 0.2, 1e-26]], 1e-30, 3)
    assert np.isfinite(result.loss).all()
    assert result.diverged_step.tolist() == [-1]

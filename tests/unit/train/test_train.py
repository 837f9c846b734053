from __future__ import annotations

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.train import (
    DataError,
    NoBestRunError,
    Normal,
    Outcome,
    TrainError,
    Uniform,
    _chunk,
    _train,
    _trainers,
    datasets,
    train,
)
from gradlab.train.work import _runs


def test_agrees_with_a_plain_torch_loop(net):
    data = datasets.five_points()
    runs = train(net, data, learning_rate=0.7, steps=60, restarts=4, seed=5)
    x, y = torch.tensor(data.x), torch.tensor(data.y)
    for row in range(4):
        p = torch.tensor(runs.initial_parameters[row], requires_grad=True)
        losses = []
        for _ in range(61):
            hidden = torch.tanh(p[:2] + x @ p[2:6].reshape(2, 2))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(p[6] + hidden @ p[7:], y)
            losses.append(loss.item())
            (slope,) = torch.autograd.grad(loss, p)
            p = (p - 0.7 * slope).detach().requires_grad_()
        np.testing.assert_allclose(runs.curves[row], losses, rtol=0, atol=1e-10)


def test_one_step_is_minus_rate_times_gradient(net):
    data = datasets.xor()
    runs = train(net, data, learning_rate=0.25, steps=1, restarts=6)
    loss, slope = net.compile("numpy")(runs.initial_parameters, *data)
    np.testing.assert_array_equal(runs.curves[:, 0], loss)
    np.testing.assert_array_equal(runs.parameters, runs.initial_parameters - 0.25 * slope)


def test_a_run_does_not_depend_on_how_many_there_are(net):
    few = train(net, datasets.five_points(), steps=20, restarts=10, seed=3)
    many = train(net, datasets.five_points(), steps=20, restarts=1000, seed=3)
    np.testing.assert_array_equal(few.initial_parameters[3], many.initial_parameters[3])
    np.testing.assert_allclose(few.curves[3], many.curves[3], rtol=1e-12)


def test_the_seed_alone_decides(net):
    first, again, other = (train(net, datasets.xor(), steps=5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.curves, again.curves)
    np.testing.assert_array_equal(first.parameters, again.parameters)
    assert not np.isclose(first.initial_parameters, other.initial_parameters).any()


def test_no_step_at_all_returns_the_start(net):
    runs = train(net, datasets.xor(), steps=0)
    np.testing.assert_array_equal(runs.parameters, runs.initial_parameters)
    assert runs.curves.shape == (10, 1)
    assert not runs.interrupted


def test_own_initial_parameters_are_used_and_left_alone(net):
    start = np.linspace(-1, 1, 18).reshape(2, 9)
    before = start.copy()
    runs = train(net, datasets.xor(), restarts=2, steps=3, initialisation=start)
    np.testing.assert_array_equal(runs.initial_parameters, before)
    np.testing.assert_array_equal(start, before)
    again = train(net, datasets.xor(), restarts=2, steps=3, initialisation=start.tolist())
    assert runs.experiment == again.experiment
    assert hash(runs.experiment) == hash(again.experiment)


def test_initialisation_scales_the_same_draw(net):
    def start(initialisation):
        return train(net, datasets.xor(), steps=0, initialisation=initialisation).initial_parameters

    np.testing.assert_allclose(start(Normal(2.0)), 4 * start(Normal(0.5)))
    bounded = start(Uniform(0.3))
    assert abs(bounded).max() <= 0.3


def test_single_precision_stays_single(net):
    runs = train(net, datasets.five_points(), steps=10, dtype="float32")
    results = (runs.curves, runs.parameters, runs.initial_parameters, runs.best.predict([0, 0]))
    assert {result.dtype for result in results} == {np.dtype("float32")}
    double = train(net, datasets.five_points(), steps=10)
    np.testing.assert_allclose(runs.losses, double.losses, rtol=1e-4)


def test_diverged_runs_are_counted_and_never_best(regression):
    data = datasets.dataset([[0.0, 0.0], [1.0, 1.0], [2.0, 0.5]], [0.3, -1.7, 2.2])
    start = np.zeros((3, 9))
    start[0] = 50.0
    start[2, 7:] = 1e300
    runs = train(regression, data, restarts=3, steps=200, learning_rate=0.01, initialisation=start)
    assert runs.diverged.tolist() == [False, False, True]
    assert not np.isfinite(runs.losses[2])
    assert runs.best.index == int(np.argmin(runs.losses[:2]))
    assert "diverged     1 of 3 runs" in str(runs)


def test_a_rising_loss_is_divergence_even_while_finite(regression):
    data = datasets.dataset([[1.0, 0.0], [0.0, 1.0]], [3.0, -2.0])
    runs = train(regression, data, steps=1, learning_rate=30.0)
    assert np.isfinite(runs.losses).all()
    assert (runs.diverged == (runs.losses > runs.curves[:, 0])).all()
    assert runs.diverged.any()


def test_all_diverged_is_an_outcome(regression):
    runs = train(regression, datasets.xor(), steps=300, learning_rate=1e6)
    assert runs.outcome is Outcome.ALL_DIVERGED
    assert "ALL_DIVERGED" in str(runs)
    assert "smaller" in runs.outcome.remedy
    with pytest.raises(NoBestRunError, match=r"all 10 runs diverged.*smaller"):
        runs.best  # noqa: B018  # the property raises


def test_ctrl_c_returns_the_whole_steps(net):
    seen = []

    def stop(done, steps):
        seen.append((done, steps))
        if done == 7:
            raise KeyboardInterrupt

    runs = train(net, datasets.five_points(), steps=50, progress=stop)
    assert seen == [(done, 50) for done in range(1, 8)]
    assert runs.interrupted
    assert runs.steps_done == 7
    assert runs.outcome is Outcome.INTERRUPTED
    assert "7 of 50 steps" in str(runs)
    shorter = train(net, datasets.five_points(), steps=7)
    np.testing.assert_array_equal(runs.curves, shorter.curves)
    np.testing.assert_array_equal(runs.parameters, shorter.parameters)


def test_ctrl_c_inside_a_step_drops_that_step(net, monkeypatch):
    compiled = net.compile("numpy")

    class Interrupted:
        calls = 0
        predict = staticmethod(compiled.predict)

        def __call__(self, *arguments):
            self.calls += 1
            if self.calls == 5:
                raise KeyboardInterrupt
            return compiled(*arguments)

    monkeypatch.setattr(net, "compile", lambda backend: Interrupted())
    runs = train(net, datasets.xor(), steps=50)
    assert runs.steps_done == 3
    np.testing.assert_array_equal(runs.losses, compiled(runs.parameters, *datasets.xor())[0])


@pytest.mark.parametrize(("order", "first"), [((0, 1, 2), 192), ((3, 1, 0), 128), ((0, 4, 2), 64), ((1, 2, 3), 0)])
def test_ctrl_c_of_an_engine_keeps_the_runs_up_to_the_first_that_is_not_done(monkeypatch, order, first):
    class Engine:
        def results(self, work, places):
            for number in order:
                yield number, work.chunk(places[number]), None
            raise KeyboardInterrupt

    monkeypatch.setattr(_chunk, "_MOST", 64)
    monkeypatch.setattr(_runs, "_TOGETHER", 1)
    monkeypatch.setattr(_train, "engine_of", lambda *_: nullcontext(Engine()))
    net, data = gl.mlp([2, 2, 1]), datasets.five_points()
    if not first:
        with pytest.raises(KeyboardInterrupt):
            train(net, data, restarts=300, engine="there")
        return
    part, whole = train(net, data, restarts=300, engine="there"), train(net, data, restarts=300)
    assert part.interrupted
    np.testing.assert_array_equal(part.parameters, whole.parameters[:first])


def test_engines_train_networks_of_gradlabs_alone(net):
    with pytest.raises(TrainError, match=r"workers train networks of gl\.mlp"):
        train(net, datasets.xor(), scheduler="tcp://host:8786")


@pytest.mark.parametrize("rates", [(0.5, 1.0), [0.5, 1], np.array([0.5, 1])], ids=["tuple", "list", "array"])
def test_several_rates_are_settings_as_in_a_sweep_and_not_layers(net, rates):
    with pytest.raises(TrainError, match=r"several values; .* to gl\.sweep; for one rate a layer write \{1: 0\.1"):
        train(net, datasets.xor(), learning_rate=rates, steps=3)
    assert "learning rates 0.5, 1" in str(train(net, datasets.xor(), learning_rate={1: 0.5, 2: 1.0}, steps=3))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_kernel_agrees_with_numpy(momentum, monkeypatch):
    derived, data = gl.mlp([2, 3, 1]), datasets.five_points()
    kernel = train(derived, data, learning_rate=2.0, rule=gl.rules.Momentum(momentum=momentum), steps=40, seed=8)
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    plain = train(derived, data, learning_rate=2.0, rule=gl.rules.Momentum(momentum=momentum), steps=40, seed=8)
    np.testing.assert_array_equal(kernel.initial_parameters, plain.initial_parameters)
    np.testing.assert_allclose(kernel.curves, plain.curves, rtol=1e-9)
    np.testing.assert_allclose(kernel.parameters, plain.parameters, rtol=1e-7)
    np.testing.assert_array_equal(kernel.success, plain.success)
    assert kernel.experiment == plain.experiment


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_kernel_in_stretches_of_steps_takes_the_same_steps(monkeypatch, momentum):
    derived, data = gl.mlp([2, 2, 1]), datasets.five_points()
    whole = train(derived, data, rule=gl.rules.Momentum(momentum=momentum), steps=50)
    monkeypatch.setattr(_chunk, "_WORK", 10 * 9 * 5 * 8)
    seen = []
    cut = train(
        derived,
        data,
        rule=gl.rules.Momentum(momentum=momentum),
        steps=50,
        progress=lambda done, steps: seen.append(done),
    )
    assert seen == [8, 16, 24, 32, 40, 48, 50]
    np.testing.assert_array_equal(cut.curves, whole.curves)
    np.testing.assert_array_equal(cut.parameters, whole.parameters)


@pytest.mark.parametrize(
    "told", [{"batches": 2}, {"rule": gl.rules.Adam(0.1, schedule=gl.rules.Cosine(steps=30))}], ids=["batches", "rates"]
)
def test_what_each_step_has_of_its_own_is_told_for_a_stretch_of_steps_at_a_time(monkeypatch, told):
    derived, data = gl.mlp([2, 2, 1]), datasets.five_points()
    whole = train(derived, data, **told, steps=50)
    monkeypatch.setattr(_chunk, "_TOLD", 6 * 20)
    seen = []
    cut = train(derived, data, **told, steps=50, progress=lambda done, steps: seen.append(done))
    assert seen == [20, 40, 50]
    np.testing.assert_array_equal(cut.curves, whole.curves)
    np.testing.assert_array_equal(cut.parameters, whole.parameters)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("stop_at", [16, 50])
def test_ctrl_c_on_the_kernel_returns_the_stretches_done(monkeypatch, momentum, stop_at):
    monkeypatch.setattr(_chunk, "_WORK", 10 * 9 * 5 * 8)

    def stop(step, _):
        if step == stop_at:
            raise KeyboardInterrupt

    data = datasets.five_points()
    runs = train(gl.mlp([2, 2, 1]), data, rule=gl.rules.Momentum(momentum=momentum), steps=50, progress=stop)
    assert runs.steps_done == stop_at
    assert runs.interrupted == (stop_at < 50)
    shorter = train(gl.mlp([2, 2, 1]), data, rule=gl.rules.Momentum(momentum=momentum), steps=stop_at)
    np.testing.assert_array_equal(runs.curves, shorter.curves)


def test_ctrl_c_before_the_kernels_first_stretch_is_done_returns_the_start(monkeypatch):
    from gradlab.codegen import NumbaTrainer

    real = NumbaTrainer.train

    def interrupted(self, parameters, learning_rate, steps, **settings):
        if steps:
            raise KeyboardInterrupt
        return real(self, parameters, learning_rate, steps, **settings)

    monkeypatch.setattr(NumbaTrainer, "train", interrupted)
    runs = train(gl.mlp([2, 2, 1]), datasets.five_points(), steps=50)
    assert runs.interrupted
    assert runs.steps_done == 0
    np.testing.assert_array_equal(runs.parameters, runs.initial_parameters)


def test_a_pair_of_arrays_is_data(net):
    x, y = datasets.xor()
    np.testing.assert_array_equal(
        train(net, (x.tolist(), torch.tensor(y)), steps=4).curves, train(net, datasets.xor(), steps=4).curves
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": -0.1}, r"learning_rate must be greater than 0.*learning_rate=1"),
        ({"learning_rate": 0}, "learning_rate must be greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be finite"),
        ({"learning_rate": float("inf")}, "learning_rate must be finite"),
        ({"learning_rate": "a lot"}, "learning_rate must be a number"),
        ({"learning_rate": True}, "learning_rate must be a number"),
        ({"learning_rate": {1: 0.1, 2: -1.0}}, r"learning_rate\[2\] must be greater than 0"),
        ({"learning_rate": {1: 0.1, 2: 0.1, 3: 0.1}}, r"3 rates, but the network has 2 layers.*\{1: 1.0, 2: 1.0\}"),
        ({"steps": 10.0}, "steps must be a whole number.*steps=100"),
        ({"steps": -1}, "steps must be at least 0"),
        ({"steps": 2**24}, "steps must be at most 16,777,215, but it is 16,777,216"),
        ({"restarts": 0}, "restarts must be at least 1"),
        ({"restarts": "ten"}, "restarts must be a whole number"),
        ({"restarts": True}, "restarts is True"),
        ({"batches": True}, "True is no way to make batches"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"seed": 2**128}, r"seed must be less than 2\*\*128"),
        ({"dtype": "int32"}, "dtype is 'int32'.*float64"),
        ({"dtype": "wide"}, "NumPy does not know"),
        ({"initialisation": "nromal"}, "did you mean 'normal'"),
        ({"initialisation": "xavier_uniform"}, "did you mean 'glorot'"),
        ({"initialisation": gl.Normal(0.5), "init_scale": 2.0}, "one of the two places"),
        ({"initialisation": np.zeros((10, 9)), "init_scale": 2.0}, "have their own scale"),
        ({"initialisation": np.zeros((10, 8))}, r"network has 9 parameters"),
        ({"initialisation": np.zeros((3, 9))}, "write restarts=3"),
        ({"initialisation": np.full((10, 9), np.nan)}, "NaN or infinite"),
    ],
)
def test_settings_that_cannot_be_used(net, settings, message):
    with pytest.raises(TrainError, match=message):
        train(net, datasets.xor(), **settings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((3, 2)), r"give a pair \(x, y\)"),
        (([[1, 2, 3]], [0]), "3 coordinates, but the network has 2 inputs"),
        (([[1, 2]], [[0, 1]]), "1 output needs"),
        (([[1, 2], [3, 4]], [1, 2]), r"write \(y == 2\).astype\(float\)"),
        (([[1, 2], [3, 4], [5, 6]], [1, 2, 3]), "3 labels .*found 1, 2, 3"),
    ],
)
def test_data_that_does_not_suit_the_network(net, data, message):
    with pytest.raises(DataError, match=message):
        train(net, data)


def test_only_networks_are_trained():
    with pytest.raises(gl.GradlabError, match=r"made by gl\.mlp"):
        gl.train(gl.function("x**2"), gl.datasets.five_points(), learning_rate=1.0)


@pytest.mark.parametrize(
    ("terminal", "kernel", "quiet", "said"),
    [(True, False, "", True), (False, True, "", True), (False, False, "", False), (True, True, "1", False)],
)
def test_compiling_is_said_where_somebody_waits(monkeypatch, capsys, tmp_path, terminal, kernel, quiet, said):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    shell = SimpleNamespace(kernel=None) if kernel else None
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setenv("GRADLAB_QUIET", quiet)
    monkeypatch.setattr(_trainers, "NumbaTrainer", lambda *_, notice, **__: notice and notice("compiling"))
    _trainers._kernel.__wrapped__(_trainers.Architecture.of(gl.mlp([1, 1])), *POINTS, None, "float32", None)
    assert capsys.readouterr().err == ("gradlab: compiling\n" if said else "")


POINTS = np.zeros(1).tobytes(), np.zeros(1).tobytes(), (1,)

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import xarray

import gradlab as gl
from gradlab.train import (
    DataError,
    Progress,
    TrainError,
    _chunk,
    _memory,
    _sweep,
    _trainers,
    datasets,
    recommend,
    sweep,
)
from gradlab.train import train as train_once
from gradlab.train.work import _layout

NET = gl.mlp([2, 2, 1])
DATA = datasets.five_points()


@pytest.fixture(params=["kernel", "numpy"])
def backend(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    return request.param


def same(one, other):
    for name in ("loss", "success", "success_step", "diverged", "diverged_step", "done"):
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def test_settings_given_as_several_values_are_dimensions_and_others_coordinates(backend):
    grid = sweep(
        NET, DATA, learning_rate=np.array([3.0, 1.0]), initialisation=["uniform", "he"], init_scale=0.5,
        rule=gl.rules.Momentum(momentum=[0, 0.5]), restarts=4, steps=[5, 10],
    )  # fmt: skip
    assert grid.loss.dims == ("steps", "initialisation", "learning_rate", "momentum", "restart")
    assert grid.learning_rate.values.tolist() == [1.0, 3.0]  # in rising order, so that neighbours stand side by side
    assert grid.init_scale.item() == 0.5
    assert grid.done.all()
    for name in ("loss", "success", "success_step", "diverged", "diverged_step", "learning_rate", "steps", "restart"):
        assert grid[name].attrs["units"], name
        assert grid[name].attrs["long_name"], name
    assert grid.loss.attrs["units"] == "nat"


def test_a_run_alone_is_the_run_in_the_sweep_to_the_bit():
    grid = sweep(
        NET, DATA, learning_rate=[0.5, 2.0, 7.0], initialisation=["normal", "uniform", "glorot", "he"],
        init_scale=[0.3, 1.0], rule=gl.rules.Momentum(momentum=[0.0, 0.9]),
        width=[2, 3], steps=[20, 40], restarts=37, seed=5,
    )  # fmt: skip
    for setting in (
        {"learning_rate": 2.0, "initialisation": "he", "momentum": 0.9, "width": 3, "steps": 20},
        {"learning_rate": 7.0, "initialisation": "uniform", "momentum": 0.0, "width": 2, "steps": 40},
    ):
        settings = {name: value for name, value in setting.items() if name != "momentum"}
        rule = gl.rules.Momentum(momentum=setting["momentum"])
        alone = sweep(NET, DATA, **settings, init_scale=0.3, rule=rule, restarts=11, seed=5)
        same(alone, grid.sel({**setting, "init_scale": 0.3}).isel(restart=slice(0, 11)))


@pytest.mark.parametrize(("most", "count"), [(64, 18), (200, 6), (10**9, 1)])
def test_chunks_do_not_show_in_the_result(monkeypatch, most, count):
    settings = {"learning_rate": [1.0, 5.0], "init_scale": [0.5, 1.0, 2.0], "restarts": 150, "steps": 15}
    whole = sweep(NET, DATA, **settings, keep=["curves", "parameters"])
    monkeypatch.setattr(_layout, "_MOST", most)
    monkeypatch.setattr(_chunk, "_MOST", most // 2)  # several calls a chunk
    chunks = []
    cut = sweep(NET, DATA, **settings, keep=["curves", "parameters"], progress=chunks.append)
    same(whole, cut)
    np.testing.assert_array_equal(whole.curves.values, cut.curves.values)
    np.testing.assert_array_equal(whole.parameters.values, cut.parameters.values)
    assert chunks[0].cost.chunks == len(chunks) - 1 == count


def test_threads_do_not_show_in_the_result(monkeypatch):
    settings = {"learning_rate": [1.0, 5.0], "restarts": 700, "steps": 30}
    results = []
    for cores in ({0}, {0, 1}, set(range(7))):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores)
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: len(cores))
        results.append(sweep(NET, DATA, **settings))
    same(results[0], results[1])
    same(results[0], results[2])


def test_a_result_can_be_stored_and_read(tmp_path):
    grid = sweep(
        NET, DATA, learning_rate=[1.0, 5.0], initialisation=["normal", "he"], restarts=40, steps=40, seed=2**127 + 1,
        keep=["curves", "parameters"],
    )  # fmt: skip
    grid.to_netcdf(tmp_path / "grid.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "grid.nc", engine="scipy") as stored:
        same(grid, stored)
        assert str(recommend(stored, restarts=50)) == str(recommend(grid, restarts=50))


def test_a_single_training_is_a_cell_of_the_sweep(backend):
    grid = sweep(NET, DATA, learning_rate=[1.0, 5.0], init_scale=[0.5, 1.0], restarts=20, steps=30, dtype="float64")
    runs = train_once(NET, DATA, learning_rate=5.0, steps=30, restarts=20, initialisation=gl.Normal(0.5))
    cell = grid.sel(learning_rate=5.0, init_scale=0.5)
    np.testing.assert_allclose(cell.loss.values, runs.losses, rtol=1e-12)
    np.testing.assert_array_equal(cell.success.values, runs.success)
    np.testing.assert_array_equal(cell.diverged.values, runs.diverged)


def test_curves_and_parameters_are_kept_on_request(backend):
    grid = sweep(NET, DATA, steps=[3, 6], restarts=5, keep=["curves", "parameters"])
    assert grid.curves.dims == ("steps", "restart", "step")
    np.testing.assert_array_equal(grid.curves.sel(steps=3, step=3), grid.loss.sel(steps=3))
    np.testing.assert_array_equal(grid.curves.sel(steps=6, step=6), grid.loss.sel(steps=6))
    assert np.isnan(grid.curves.sel(steps=3, step=slice(4, None))).all()
    assert grid.parameter.values.tolist() == list(NET.parameters)
    runs = train_once(NET, DATA, steps=6, restarts=5, dtype="float32")
    np.testing.assert_allclose(grid.parameters.sel(steps=6), runs.parameters, rtol=1e-5, atol=1e-6)


def test_rates_by_layer_train_each_layer_with_its_own(backend):
    grid = sweep(NET, DATA, learning_rate={1: [0.1, 1.0], 2: [0.5, 2.0, 4.0]}, restarts=6, steps=12, dtype="float64")
    assert grid.loss.dims == ("learning_rate_1", "learning_rate_2", "restart")
    cell = grid.sel(learning_rate_1=1.0, learning_rate_2=2.0)
    runs = train_once(NET, DATA, learning_rate={1: 1.0, 2: 2.0}, restarts=6, steps=12)
    np.testing.assert_allclose(cell.loss, runs.losses, rtol=1e-12)
    x, y = DATA
    at, gradient = runs.initial_parameters, NET.compile("numpy")
    for _ in range(12):
        at = at - np.repeat([1.0, 2.0], [6, 3]) * gradient(at, x, y)[1]
    np.testing.assert_allclose(runs.parameters, at, rtol=1e-9, atol=1e-12)


def test_momentum_keeps_a_part_of_the_sum_of_gradients(backend):
    runs = train_once(NET, DATA, learning_rate=0.5, rule=gl.rules.Momentum(momentum=0.8), restarts=4, steps=15)
    x, y = DATA
    at, gradient, update = runs.initial_parameters, NET.compile("numpy"), 0.0
    for _ in range(15):
        update = 0.8 * update - 0.5 * gradient(at, x, y)[1]
        at = at + update
    np.testing.assert_allclose(runs.parameters, at, rtol=1e-9, atol=1e-12)
    grid = sweep(
        NET, DATA, learning_rate=0.5, rule=gl.rules.Momentum(momentum=[0.0, 0.8]), restarts=4, steps=15, dtype="float64"
    )
    np.testing.assert_allclose(grid.loss.sel(momentum=0.8), runs.losses, rtol=1e-12)


def test_kernel_and_numpy_agree(monkeypatch):
    settings = {
        "learning_rate": [0.5, 3.0], "initialisation": ["normal", "he"], "restarts": 30, "steps": 25,
        "rule": gl.rules.Momentum(momentum=[0.0, 0.5]), "dtype": "float64",
    }  # fmt: skip
    kernel = sweep(NET, DATA, **settings)
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    plain = sweep(NET, DATA, **settings)
    np.testing.assert_allclose(kernel.loss, plain.loss, rtol=1e-9)
    for name in ("success", "success_step", "diverged", "diverged_step"):
        np.testing.assert_array_equal(kernel[name].values, plain[name].values)


def test_kernel_and_numpy_see_divergence_at_the_same_step(monkeypatch):
    # A linear network: where units saturate, products of zeros and numbers near overflow depend on their order.
    net, data = gl.mlp([2, 3, 1], hidden="identity", loss="squared_error"), datasets.xor()
    settings = {"learning_rate": [0.05, 0.3, 10.0, 1e6], "steps": 60, "restarts": 50, "dtype": "float64"}
    kernel = sweep(net, data, **settings)
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    plain = sweep(net, data, **settings)
    np.testing.assert_array_equal(kernel.diverged_step.values, plain.diverged_step.values)
    np.testing.assert_array_equal(kernel.diverged.values, plain.diverged.values)
    assert (kernel.diverged_step.values > 0).any()


def test_divergence_is_seen_with_its_step(backend):
    net, data = gl.mlp([2, 3, 1], loss="squared_error"), datasets.xor()
    grid = sweep(net, data, learning_rate=[0.05, 1e6], steps=40, restarts=8, keep=["curves"])
    tame, wild = grid.sel(learning_rate=0.05), grid.sel(learning_rate=1e6)
    assert not tame.diverged.any()
    assert (tame.diverged_step == -1).all()
    assert wild.diverged.all()
    lost = wild.diverged_step.values
    assert (lost > 0).any()
    for run, step in enumerate(lost):
        if step > 0:
            assert not np.isnan(wild.curves[run, :step]).any()
            assert np.isnan(wild.curves[run, step:]).all()


def test_the_first_success_is_where_the_curve_of_successes_begins(backend):
    long = sweep(NET, DATA, learning_rate=5.0, init_scale=0.5, steps=60, restarts=40)
    for run, step in enumerate(long.success_step.values):
        if step > 0:
            at, before = (
                sweep(NET, DATA, learning_rate=5.0, init_scale=0.5, steps=int(s), restarts=run + 1)
                for s in (step, max(1, step - 1))
            )
            assert at.success[run]
            assert step == 1 or not before.success[run]
            break
    else:
        pytest.fail("no run succeeded")


def test_measurements_have_no_right_and_wrong(backend):
    data = datasets.dataset([[0, 0], [0, 1], [1, 0]], [0.5, 0.7, -0.2])
    grid = sweep(gl.mlp([2, 2, 1], loss="squared_error"), data, learning_rate=0.05, restarts=5, steps=5)
    assert "success" not in grid
    assert grid.loss.attrs["units"] == "square of the labels' unit"


def test_ctrl_c_returns_what_is_done(monkeypatch):
    monkeypatch.setattr(_layout, "_MOST", 64)
    seen: list[Progress] = []

    def stop(progress):
        seen.append(progress)
        if len(seen) == 4:
            raise KeyboardInterrupt

    settings = {"learning_rate": [1.0, 5.0], "restarts": 200, "steps": 10}
    part = sweep(NET, DATA, **settings, progress=stop)
    assert part.attrs["interrupted"] == 1
    assert int(part.done.sum()) == seen[-1].done < seen[-1].total == part.attrs["runs"] == 400
    # Restarts that no setting has begun are not there, and of the others what is not done is missing, not False.
    assert part.sizes["restart"] < 200
    assert 0 < int((~part.done).sum()) < part.done.size
    for name in ("loss", "success", "success_step", "diverged", "diverged_step"):
        np.testing.assert_array_equal(np.isnan(part[name].values), ~part.done.values)
    assert recommend(part, restarts=10).share.runs in (64, 128)
    whole = sweep(NET, DATA, **settings)
    assert whole.attrs["interrupted"] == 0
    for name in ("loss", "success", "success_step", "diverged", "diverged_step"):
        of_whole = whole[name].sel(restart=part.restart).values
        np.testing.assert_array_equal(part[name].values[part.done.values], of_whole[part.done.values])
    # Every setting gets some restarts before any gets all.
    assert part.done.any("restart").all()


def test_a_stride_or_quantiles_of_the_curves_are_kept_on_request(backend):
    settings = {"steps": [3, 7], "learning_rate": [1.0, 1e30], "restarts": 9, "dtype": "float64"}
    whole = sweep(NET, DATA, **settings, keep=["curves"])
    stride = sweep(NET, DATA, **settings, keep={"curves": 3, "parameters": True})
    assert stride.step.values.tolist() == [0, 3, 6]
    np.testing.assert_array_equal(stride.curves, whole.curves.sel(step=[0, 3, 6]))
    assert stride.parameters.sizes["parameter"] == 9
    shares = (0.0, 0.5, 1.0)
    quantiles = sweep(NET, DATA, **settings, keep={"curves": shares})
    assert quantiles.curve_quantiles.dims == ("steps", "learning_rate", "quantile", "step")
    assert "curves" not in quantiles
    ordered = np.sort(np.where(np.isfinite(whole.curves), whole.curves, np.inf), axis=2)
    for place, wanted in enumerate((0, 4, 8)):
        for row, steps in enumerate((3, 7)):
            found = quantiles.curve_quantiles.values[row, :, place]
            np.testing.assert_array_equal(found[:, : steps + 1], ordered[row, :, wanted, : steps + 1])
            assert np.isnan(found[:, steps + 1 :]).all()


def test_a_result_that_would_not_fit_into_memory_is_refused_before_the_work(monkeypatch):
    monkeypatch.setattr(_memory, "free_memory", lambda: 10_000_000)
    with pytest.raises(
        TrainError, match=r"1,000,000 runs would take 15 MB of memory, and 10 MB are free; ask for fewer"
    ):
        sweep(NET, DATA, restarts=1_000_000)
    with pytest.raises(TrainError, match=r"quantiles over 100,000 restarts would take 80\.8 MB"):
        sweep(NET, DATA, restarts=100_000, keep={"curves": [0.5]})
    with pytest.raises(TrainError, match="1,000,000 runs would take 98 MB of memory"):
        train_once(NET, DATA, restarts=1_000_000)
    with pytest.raises(TrainError, match=r"curves of 50,000 runs would take 40\.4 MB"):
        train_once(NET, DATA, restarts=50_000).curves  # noqa: B018  # asked for, they are trained


def test_the_memory_that_is_free_is_known():
    free = _memory.free_memory()
    assert free is None or 10**6 < free < 10**15


def test_memory_grows_with_the_result_alone(monkeypatch):
    monkeypatch.setattr(_layout, "_MOST", 2**16)

    def besides(restarts):
        tracemalloc.start()
        grid = sweep(NET, DATA, restarts=restarts, steps=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - grid.nbytes - grid.indexes["restart"].nbytes

    sweep(NET, DATA, restarts=1, steps=1)
    few, many = besides(200_000), besides(500_000)
    assert many < few + 1_000_000


def test_importing_gradlab_loads_neither_xarray_nor_numba():
    code = "import sys, gradlab; print({'xarray', 'numba', 'pandas', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_xarray_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(gl.GradlabError, match=r"pip install 'gradlab\[sweep\]'"):
        sweep(NET, DATA, restarts=2, steps=1)


def test_progress_counts_runs_and_successes():
    seen: list[Progress] = []
    grid = sweep(NET, DATA, learning_rate=[1.0, 5.0], restarts=50, steps=40, progress=seen.append)
    last = seen[-1]
    assert last.done == last.total == 100
    assert last.success_rate == pytest.approx(float(grid.success.mean()))
    assert last.seconds_left == 0
    assert "100 of 100 runs" in str(last)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": [1.0, -2.0]}, r"learning_rate\[1\] must be greater than 0"),
        ({"learning_rate": []}, "learning_rate is empty"),
        ({"learning_rate": [1.0, 1]}, "learning_rate has 1.0 more than once"),
        ({"learning_rate": {1: 0.1}}, r"needs the layers 1, 2 of this network.*\{1: \[0.1, 1.0\], 2: "),
        ({"learning_rate": {1: 0.1, 2: [0.1, 0.0]}}, r"learning_rate_2\[1\] must be greater than 0"),
        ({"initialisation": "xavier"}, "is no initialisation; did you mean 'glorot'"),
        ({"initialisation": ["normal", "Unifrom"]}, r"initialisation\[1\].*did you mean 'uniform'"),
        ({"initialisation": [gl.Normal(0.5)]}, "write 'normal', and its scale as init_scale"),
        ({"initialisation": gl.Normal(0.5), "init_scale": 0.5}, "one of the two places"),
        ({"init_scale": "wide"}, "init_scale must be a number"),
        ({"steps": [10, 0]}, r"steps\[1\] must be at least 1"),
        ({"width": 0}, "width must be at least 1"),
        ({"restarts": 0}, "restarts must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"dtype": "float16"}, "float32"),
        ({"keep": "curves"}, r'keep=\["curves"\]'),
        ({"keep": ["gradients"]}, r'keep=\["curves"\]'),
        ({"keep": {"curves": 0}}, "at least 1"),
        ({"keep": {"curves": (0.5, 1.5)}}, "between 0 and 1"),
        ({"keep": {"curves": "all"}}, "every tenth step"),
        ({"keep": ["parameters"], "width": [2, 3]}, "one width at a time"),
    ],
)
def test_settings_that_cannot_be_used(settings, message):
    with pytest.raises(TrainError, match=message):
        sweep(NET, DATA, **settings)


def test_what_cannot_be_swept(net):
    with pytest.raises(TrainError, match=r"gl.mlp\(\[2, 2, 1\]\)"):
        sweep(net, DATA)
    with pytest.raises(TrainError, match="hidden layers, but the network has none"):
        sweep(gl.mlp([2, 1]), DATA, width=3)
    with pytest.raises(DataError, match="coordinates"):
        sweep(gl.mlp([3, 2, 1]), DATA)


def test_the_grid_is_frozen_and_hashable():
    arguments = {
        "initialisation": "normal", "init_scale": 1.0, "rule": None, "batches": 3, "width": None, "steps": 100,
        "restarts": 10, "seed": 0, "dtype": "float32",
    }  # fmt: skip
    architecture = _trainers.Architecture.of(NET)
    one, again = (_sweep.Grid.of(architecture, learning_rate=rates, **arguments) for rates in ([1, 2], (2.0, 1.0)))
    assert one == again
    assert hash(one) == hash(again)
    with pytest.raises(AttributeError):
        one.seed = 3


def test_batches_are_an_axis(backend, tmp_path):
    settings = {"learning_rate": [0.5, 2.0], "steps": [3, 8], "restarts": 6}
    grid = sweep(NET, DATA, batches=[2, gl.rules.Full(), "mini_batch(size=3)"], **settings)
    assert grid.loss.dims == ("steps", "batches", "learning_rate", "restart")
    assert grid.batches.values.tolist() == ["MiniBatch(size=2)", "Full()", "MiniBatch(size=3)"]
    assert "batches" not in grid.attrs
    for each in grid.batches.values:
        same(grid.sel(batches=each), sweep(NET, DATA, batches=str(each), **settings))
    found = recommend(grid, loss_below=0.6, restarts=20)
    assert found.setting["batches"] in grid.batches.values
    assert "batch" in found.words
    with pytest.raises(TrainError, match="more than once"):
        sweep(NET, DATA, batches=[2, "mini_batch(2)"], **settings)
    same(sweep(NET, DATA, batches=[2, "full"], **settings, out=tmp_path / "a"), grid.isel(batches=[0, 1]))

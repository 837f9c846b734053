from __future__ import annotations

import re

import numpy as np
import pytest
import xarray

import gradlab as gl
from gradlab.train import Progress, StoreError, TrainError, _trainers, trainability
from gradlab.train.maps import _layout
from gradlab.train.maps._map import Map

SMALL = {"width": 3, "resolution": 16, "steps": 20}
RESULTS = ("loss_sum", "converged", "trained", "done")


def same(one, other):
    assert one.sizes == other.sizes
    for name in RESULTS:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


@pytest.fixture(scope="module")
def whole():
    return trainability(**SMALL, refined=False)


@pytest.fixture
def small(monkeypatch):
    """Tiles of 8 x 8 pixels."""
    monkeypatch.setattr(_layout, "_SIDE", 8)


def by_hand(dataset, row, column):
    """The losses of a pixel, with nothing of gradlab's but the starts, the points and the values of the axes."""
    from gradlab.train import Normal
    from gradlab.train._draw import draw_parameters, draw_standard
    from gradlab.train._initialise import Layers

    n = 3
    start = draw_parameters(Normal(), 0, restarts=1, layers=Layers((n, n, 1), False))[0]
    numbers = draw_standard("normal", 0, restarts=n * n + n, parameters=n + 1, first=2**64)
    first, second, x, y = start[: n * n].reshape(n, n), start[n * n :], numbers[:, :n], numbers[:, n]
    rates = dataset["learning_rate_1"].values[column], dataset["learning_rate_2"].values[row]
    losses = []
    for _ in range(21):
        hidden = np.tanh(np.sqrt(2 / n) * (x @ first))
        error = hidden @ second / n - y
        losses.append(np.mean(error**2))
        slope = 2 * error / len(y) / n
        below = np.outer(slope, second) * (1 - hidden**2) * np.sqrt(2 / n)
        first, second = first - rates[0] * (x.T @ below), second - rates[1] * (hidden.T @ slope)
    return np.array(losses) / losses[0]


def test_a_pixel_is_the_training_of_the_paper_done_by_hand(whole):
    for row, column in ((0, 0), (5, 9), (15, 3)):
        losses = np.minimum(by_hand(whole, row, column), 1e6)
        converged = losses[-20:].mean() < 1
        assert bool(whole["converged"][row, column]) == converged
        expected = losses.sum() if converged else (1 / losses).sum()
        assert float(whole["loss_sum"][row, column]) == pytest.approx(expected, rel=1e-9)
    assert 0.1 < whole["converged"].mean() < 0.9


def test_tiles_in_memory_and_in_a_store_give_the_same_bits(whole, small, tmp_path):
    said: list[Progress] = []
    tiled = trainability(**SMALL, refined=False, progress=said.append)
    same(whole, tiled)
    assert [progress.done for progress in said] == [0, 64, 128, 192, 256]
    assert re.fullmatch(r"256 of 256 pixels to train in 4 chunks, \S+ kB of memory, about \S+ s or less", str(said[0]))
    assert str(said[-1]).startswith("256 of 256 pixels")
    stored = trainability(**SMALL, refined=False, out=tmp_path / "map.zarr")
    same(whole, stored)
    assert stored["learning_rate_1"].attrs == whole["learning_rate_1"].attrs
    assert {**stored.attrs, "provenance": ""}.items() >= {**whole.attrs, "provenance": ""}.items()


def test_ctrl_c_keeps_the_tiles_that_are_done_and_the_store_goes_on_from_them(whole, small, tmp_path):
    def stop(progress):
        if progress.done == 128:
            raise KeyboardInterrupt

    begun = trainability(**SMALL, refined=False, out=tmp_path / "map.zarr", progress=stop)
    assert begun.attrs["interrupted"] == 1
    assert int(begun["done"].sum()) == 128
    assert int(begun["converged"].isnull().sum()) == 128
    in_memory = trainability(**SMALL, refined=False, progress=stop)
    assert int(in_memory["done"].sum()) == 128
    said: list[Progress] = []
    same(whole, trainability(**SMALL, refined=False, out=tmp_path / "map.zarr", resume=True, progress=said.append))
    assert [progress.done for progress in said] == [128, 192, 256]
    with pytest.raises(StoreError, match="another experiment: seed differs"):
        trainability(**SMALL, refined=False, seed=1, out=tmp_path / "map.zarr", resume=True)


def test_windows_are_maps_of_their_own(whole):
    narrow = (0.5, 5.0, 20.0, 200.0)
    both = trainability(**SMALL, refined=False, windows=[narrow])
    assert both["loss_sum"].dims == ("window", "y", "x")
    np.testing.assert_array_equal(both["loss_sum"][0], whole["loss_sum"])
    alone = trainability(
        **SMALL, refined=False, x=("learning_rate[0]", *narrow[:2]), y=("learning_rate[1]", *narrow[2:])
    )
    np.testing.assert_array_equal(both["loss_sum"][1], alone["loss_sum"])
    np.testing.assert_array_equal(both["learning_rate_2"][1], alone["learning_rate_2"])


@pytest.mark.parametrize(
    "setting",
    [
        {"activation": "relu"},
        {"activation": "identity"},
        {"batches": 4},
        {"points": 1},
        {"x": ("init_offset[0]", -2, 2), "y": ("learning_rate", 0.1, 1e4)},
        {"x": ("momentum", 0.1, 0.9), "y": ("learning_rate", 0.1, 1e4), "rule": "momentum"},
        {"x": ("init_scale", 0.1, 9), "depth": 3, "learning_rate": 60.0},
    ],
    ids=str,
)
def test_the_other_panels_have_a_boundary_too(setting, monkeypatch):
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)  # a kernel for each would have to be compiled
    made = trainability(**{"width": 3, "resolution": 12, "steps": 20, **setting})
    assert 0 < float(made["converged"].mean()) < 1
    assert bool((made["loss_sum"] > 0).all())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"x": ("learning_rate[2]", 1, 2)}, "2 layers of weights, counted from 0 here: write learning_rate\\[1\\]"),
        ({"x": ("learning_rate", 1, 2)}, "x and y both go over learning_rate"),
        ({"x": ("rate", 1, 2)}, "can go over learning_rate, learning_rate\\[0\\], init_offset"),
        ({"x": "learning_rate"}, "write for example x="),
        ({"x": ("learning_rate[0]", 2, 1)}, "give the lower end first"),
        ({"x": ("learning_rate[0]", 0, 1)}, "must be"),
        ({"windows": [(1, 2, 3)]}, "windows\\[0\\] is \\(1, 2, 3\\); give the ends of x and then those of y"),
        ({"windows": [(1, 1 + 1e-15, 1, 2)]}, "float64 has fewer than 16 numbers in it"),
        ({"learning_rate": [1, 2]}, "one value for all pixels"),
        ({"batches": 16}, "batches of 16 hold all of the map's 12 points; use fewer, or more points"),
    ],
)
def test_what_cannot_be_mapped_is_said(setting, message):
    with pytest.raises(TrainError, match=message):
        trainability(**{**SMALL, **setting})


def test_a_map_that_does_not_fit_says_so_before_it_starts():
    with pytest.raises(TrainError, match="the result of 1,000,000,000,000 pixels would take 1"):
        trainability(width=3, resolution=10**6, steps=1)


def test_axes_and_results_say_what_they_are_in_plain_numbers_and_texts(whole):
    assert isinstance(whole, xarray.Dataset)
    for variable in whole.variables.values():
        assert {"long_name", "units"} <= variable.attrs.keys()
    assert whole.attrs["sizes"] == [3, 3, 1]
    assert gl.trainability is trainability


def test_a_map_that_does_not_fit_is_refused_before_its_axes_are_made(monkeypatch):
    def made(*_):
        raise AssertionError("an axis was made")

    monkeypatch.setattr("gradlab.train.maps._map.values_between", made)
    monkeypatch.setattr("gradlab.train._memory.free_memory", lambda: 10**10)
    for out in (None, "nowhere.zarr"):
        with pytest.raises(TrainError, match="the axes of 1,000,000,000 pixels would take 72 GB of memory"):
            gl.trainability(width=2, resolution=10**9, out=out)
    for device in ("cpu", "cuda:7"):  # which is looked for afterwards
        with pytest.raises(TrainError, match="a map's 1,000,000,000 points would take 72 GB of memory"):
            gl.trainability(width=2, resolution=10, points=10**9, device=device)
    with pytest.raises(TrainError, match="steps must be at most 16,777,215"):
        gl.trainability(width=2, resolution=10, steps=10**9)
    with pytest.raises(TrainError, match=r"steps\[1\] must be at most 16,777,215"):
        gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.xor(), steps=[10, 10**15])


def test_ctrl_c_while_the_kernel_is_compiled_stops_a_map(monkeypatch):
    monkeypatch.setattr(Map, "coarse", lambda *_: None)  # what it gives where Ctrl-C came before it was done
    made = gl.trainability(width=2, resolution=16, steps=2, refined=False)
    assert made.attrs["interrupted"] == 1
    assert not made["done"].any()

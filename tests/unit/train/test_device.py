"""What is asked to be trained on a GPU: by a C compiler in its place, and what is said where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import gradlab as gl
from cuda_engine import Shim
from gradlab import GradlabError
from gradlab.codegen import cuda
from gradlab.train import TrainError, _device, _trainers

NET, DATA = gl.mlp([2, 2, 1]), gl.datasets.five_points()


@pytest.fixture
def gpu(monkeypatch):
    """A machine that trainers take for a GPU."""
    monkeypatch.setattr(cuda, "gpu", lambda number: Shim(busy=300))
    monkeypatch.setattr(cuda, "has_gpu", lambda: True)
    _trainers._kernel.cache_clear()
    yield
    _trainers._kernel.cache_clear()


def test_a_training_is_the_one_of_the_cpu_to_rounding_and_says_where_it_was(gpu):
    made, expected = (gl.train(NET, DATA, steps=20, restarts=30, seed=3, device=on) for on in ("cuda", "cpu"))
    np.testing.assert_array_equal(made.initial_parameters, expected.initial_parameters)
    np.testing.assert_allclose(made.parameters, expected.parameters, rtol=0, atol=1e-12)
    assert made.trained_on == {"device": "cuda:0 (TinyCC)", "plan": "a thread a network"}
    assert "trained on   cuda:0 (TinyCC), a thread a network" in str(made)
    assert expected.trained_on == {"device": "cpu"}
    # Trained again for its curves, it ends where it did.
    np.testing.assert_array_equal(made.curves[:, -1], made.losses)


def test_a_sweep_is_the_one_of_the_cpu_to_rounding_in_a_store_too(gpu, tmp_path):
    settings = {"learning_rate": [0.5, 2.0], "initialisation": ["normal", "uniform"], "restarts": 12, "steps": 15}
    made, expected = (gl.sweep(NET, DATA, **settings, device=on) for on in ("cuda:0", "cpu"))
    kept = gl.sweep(NET, DATA, **settings, device="cuda", out=tmp_path / "kept.zarr")
    np.testing.assert_allclose(made["loss"], expected["loss"], rtol=1e-4)
    np.testing.assert_array_equal(kept["loss"], made["loss"])
    assert (made["success"] == expected["success"]).all()
    assert made.attrs["device"] == kept.attrs["device"] == "cuda:0 (TinyCC)"
    assert expected.attrs["device"] == "cpu"
    assert "plan" not in expected.attrs


def test_a_map_is_trained_by_lanes_that_share_a_network(gpu, monkeypatch):
    monkeypatch.setattr(_trainers, "has_kernels", lambda: False)  # NumPy takes no time to compile
    settings = {"width": 8, "resolution": 8, "steps": 12, "points": 6, "refined": False}
    made, expected = (gl.trainability(**settings, device=on) for on in ("cuda", "cpu"))
    assert made.attrs["plan"] == "8 lanes of a warp a network"
    assert (made["converged"] == expected["converged"]).mean() > 0.95
    assert 0 < made["converged"].mean() < 1


def test_auto_takes_a_gpu_only_for_much_work(gpu, monkeypatch):
    assert gl.train(NET, DATA, steps=5, device="auto").trained_on["device"] == "cpu"
    monkeypatch.setattr(_device, "_LARGE", 1)
    assert gl.train(NET, DATA, steps=5, device="auto").trained_on["device"] == "cuda:0 (TinyCC)"


@pytest.fixture
def no_gpu(monkeypatch):
    """A machine without NVIDIA's driver, whatever this one has."""

    def no_driver():
        raise RuntimeError("no library")

    monkeypatch.setattr(cuda.import_cuda().Device, "get_all_devices", no_driver)
    for function in (cuda.gpu, cuda.gpus):
        function.cache_clear()
    yield
    for function in (cuda.gpu, cuda.gpus):
        function.cache_clear()


def test_what_is_missing_is_said(no_gpu, tmp_path, monkeypatch):
    with pytest.raises(GradlabError, match=r'no NVIDIA driver here.*write device="cpu"'):
        gl.train(NET, DATA, device="cuda")
    monkeypatch.setattr(_device, "_LARGE", 1)
    assert gl.train(NET, DATA, steps=5, device="auto").trained_on == {"device": "cpu"}
    spec = tmp_path / "spec.toml"
    spec.write_text('[network]\nsizes = [2, 2, 1]\n[data]\nset = "five_points"\n[sweep]\nrestarts = 5\n')
    from gradlab.cli._app import app
    from gradlab.cli._doctor import _here

    said = CliRunner().invoke(app, ["sweep", str(spec), "--device", "cuda"])
    assert said.exit_code
    assert "no NVIDIA driver here" in said.output + str(said.exception)
    assert dict(_here())["GPU"] == "there is no NVIDIA driver here, so no GPU can train"


def test_a_missing_part_is_said_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cuda.bindings.nvrtc", None)
    with pytest.raises(GradlabError, match=r"pip install 'gradlab\[cuda\]'"):
        cuda.import_cuda()


@pytest.mark.parametrize("wrong", ["gpu", "cuda:", "cuda:x", "CUDA", 0, None])
def test_other_devices_are_refused(wrong):
    with pytest.raises(TrainError, match='write "cpu", "cuda", "cuda:1"'):
        gl.sweep(NET, DATA, device=wrong)


def test_a_gpu_that_is_not_there_is_named_beside_those_that_are(no_gpu, monkeypatch):
    monkeypatch.setattr(cuda.import_cuda().Device, "get_all_devices", lambda: (None, None))
    with pytest.raises(GradlabError, match='no GPU number 2 here, but "cuda:0", "cuda:1"'):
        gl.train(NET, DATA, device="cuda:2")


def test_a_scheduler_is_told_which_device_its_workers_use():
    with pytest.raises(TrainError, match='"cuda" for the GPU of each'):
        gl.sweep(NET, DATA, device="auto", scheduler="tcp://nowhere:1")

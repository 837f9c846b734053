from __future__ import annotations

import os
import re
import signal
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import gradlab as gl
from cluster import Cluster
from gradlab import _cluster
from gradlab.cli import main
from gradlab.train import _chunk
from gradlab.train.work import _layout, _runs

distributed = pytest.importorskip("distributed")
NET, DATA = gl.mlp([2, 2, 1]), gl.datasets.five_points()
SETTINGS = {"learning_rate": [1.0, 5.0], "restarts": 2000, "steps": 30}


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        made.workers = [made.worker(), made.worker()]
        yield made


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster.address, set_as_default=False) as made:
        yield made


@pytest.fixture
def small(monkeypatch):
    """Chunks of 64 runs."""
    monkeypatch.setattr(_layout, "_MOST", 64)


def same(one, other):
    assert set(one.data_vars) == set(other.data_vars)
    for name in other.variables:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def test_a_worker_dies_and_another_joins_and_every_bit_is_the_same(cluster, client, small):
    seen = []

    def disturb(progress):
        seen.append(progress)
        if len(seen) == 8:
            os.kill(cluster.workers.pop(0), signal.SIGKILL)
        if len(seen) == 12:
            cluster.workers.append(cluster.worker())
            client.wait_for_workers(2)

    found = gl.sweep(NET, DATA, **SETTINGS, engine=client, keep={"curves": 10, "parameters": True}, progress=disturb)
    same(found, gl.sweep(NET, DATA, **SETTINGS, keep={"curves": 10, "parameters": True}))
    assert found.attrs["interrupted"] == 0
    assert seen[0].cost.chunks == len(seen) - 1 == 64
    assert seen[-1].done == 4000


def test_a_store_is_gone_on_with_by_other_engines(cluster, client, small, tmp_path):
    def stop(progress):
        if progress.done - progress.before >= 640:
            raise KeyboardInterrupt

    whole, path = gl.sweep(NET, DATA, **SETTINGS), tmp_path / "sweep.zarr"
    part = gl.sweep(NET, DATA, **SETTINGS, out=path, engine=client, progress=stop)
    assert part.attrs["interrupted"] == 1
    assert int(part.done.sum()) == 640
    part = gl.sweep(NET, DATA, **SETTINGS, out=path, resume=True, progress=stop)
    assert int(part.done.sum()) == 1280
    same(gl.sweep(NET, DATA, **SETTINGS, out=path, resume=True, scheduler=cluster.address), whole)


def test_ctrl_c_returns_what_is_done_and_cancels_the_rest(client, small):
    named = set()

    def stop(progress):
        named.update(str(key) for key in client.futures)
        if progress.done >= 640:
            raise KeyboardInterrupt

    whole, part = gl.sweep(NET, DATA, **SETTINGS), gl.sweep(NET, DATA, **SETTINGS, engine=client, progress=stop)
    assert part.attrs["interrupted"] == 1
    assert named
    assert all("gradlab-sweep" in name for name in named)  # which the scheduler's page shows
    done = part.done.values
    assert done.sum() == 640
    np.testing.assert_array_equal(part.loss.values[done], whole.loss.sel(restart=part.restart).values[done])
    until = time.monotonic() + 300  # ends a hang alone
    while client.futures and time.monotonic() < until:
        time.sleep(0.02)
    assert not client.futures


def test_maps_have_the_same_bits(cluster):
    settings = {"width": 3, "resolution": 80, "steps": 20, "windows": [(0.5, 5.0, 20.0, 200.0)]}
    here = gl.trainability(**settings)
    same(gl.trainability(**settings, scheduler=cluster.address), here)


def test_single_trainings_have_the_same_bits(client, monkeypatch):
    monkeypatch.setattr(_runs, "_TOGETHER", 1)
    monkeypatch.setattr(_chunk, "_MOST", 64)
    settings, seen = {"restarts": 300, "steps": 20, "keep": ["curves"]}, []
    here = gl.train(NET, DATA, **settings)
    there = gl.train(NET, DATA, **settings, engine=client, progress=lambda *said: seen.append(said))
    assert seen == [(20 * k, 100) for k in range(1, 6)]
    assert not there.interrupted
    for name in ("losses", "parameters", "curves", "diverged", "right"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name), err_msg=name)


SPEC = """
[network]
sizes = [2, 2, 1]
[data]
set = "five_points"
[sweep]
learning_rate = [1.0, 5.0]
restarts = 300
steps = 30
"""


def test_the_commands_train_there_and_say_first_what_it_costs(cluster, tmp_path, capsys):
    (tmp_path / "spec.toml").write_text(SPEC)
    said = []
    for where in ([], ["--scheduler", cluster.address]):
        assert main(["sweep", str(tmp_path / "spec.toml"), *where]) == 0
        said.append(capsys.readouterr())
    assert said[0].out == said[1].out
    assert re.search(r"600 of 600 runs to train in a chunk, 9 kB of memory, about \S+ s or less", said[1].err)
    call = ["fractal", "--width", "3", "--resolution", "20", "--steps", "20", "--out", str(tmp_path / "map.zarr")]
    assert main([*call, "--scheduler", cluster.address]) == 0
    same(gl.open(tmp_path / "map.zarr"), gl.trainability(width=3, resolution=20, steps=20))


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("0.0.1", rf"has gradlab 0\.0\.1, but the work comes from {gl.__version__}"),
        ("without", rf"a worker cannot load gradlab {gl.__version__} .*install it there"),
    ],
)
def test_a_worker_of_another_version_is_named(cluster, client, small, version, message):
    before = set(client.nthreads())  # one that has just been killed may be among them
    old = cluster.worker(version)
    while not set(client.nthreads()) - before:
        time.sleep(0.02)
    with pytest.raises(gl.GradlabError, match=message):
        gl.sweep(NET, DATA, **SETTINGS, engine=client)
    os.kill(old, signal.SIGKILL)


def test_a_client_that_is_closed_in_the_middle_loses_nothing_that_is_finished(cluster, small):
    client = distributed.Client(cluster.address, set_as_default=False)
    with pytest.raises(gl.GradlabError, match="closed to this client") as caught:
        gl.sweep(
            NET, DATA, **SETTINGS, engine=client, progress=lambda progress: progress.done >= 640 and client.close()
        )
    assert int(caught.value.finished["done"].sum()) >= 640


def test_what_is_no_scheduler_is_told(client, monkeypatch):
    monkeypatch.setattr(_cluster, "_CONNECT", 0.2)
    with pytest.raises(gl.GradlabError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'.*`dask scheduler`"):
        gl.sweep(NET, DATA, restarts=2, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(gl.GradlabError, match="leave one out"):
        gl.sweep(NET, DATA, restarts=2, scheduler="tcp://127.0.0.1:9", engine=client)
    with pytest.raises(gl.GradlabError, match=r"engine is 'str'; give a client"):
        gl.train(NET, DATA, engine="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(gl.GradlabError, match=r"pip install 'gradlab\[cluster\]'"):
        gl.sweep(NET, DATA, restarts=2, scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            distributed.KilledWorker("chunk", SimpleNamespace(address="tcp://there"), 3),
            "ended several workers, or found too little memory",
        ),
        (
            distributed.CancelledError("chunk"),
            "or has forgotten this work; what was finished",
        ),
    ],
)
def test_what_goes_wrong_there_is_told_in_words(client, problem, message):
    with pytest.raises(gl.GradlabError, match=message), _cluster.Workers(client)._in_words():
        raise problem


def test_a_scheduler_that_dies_loses_nothing_that_is_finished(small):
    def kill(progress):
        if progress.done == 640:
            os.kill(made.scheduler, signal.SIGKILL)

    with Cluster() as made:
        made.worker()
        with pytest.raises(gl.GradlabError, match=r"the scheduler at tcp\S* is gone, closed to this client") as caught:
            gl.sweep(NET, DATA, **SETTINGS, scheduler=made.address, progress=kill)
    part, whole = caught.value.finished, gl.sweep(NET, DATA, **SETTINGS)
    done = part.done.values
    assert 640 <= done.sum() < 4000
    np.testing.assert_array_equal(part.loss.values[done], whole.loss.sel(restart=part.restart).values[done])

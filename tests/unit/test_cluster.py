from __future__ import annotations

import os
import signal

import numpy as np
import pytest

import gradlab as gl
from cluster import Cluster
from gradlab.train.work import _layout

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
    with distributed.Client(cluster.address) as made:
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

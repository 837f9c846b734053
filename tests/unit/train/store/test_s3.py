"""A store in a bucket: moto answers on loopback as S3 does."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import s3fs
from fsspec.asyn import sync
from moto.server import ThreadedMotoServer
from zarr.core.sync import _get_loop

import gradlab as gl
from gradlab.train import StoreError, trainability
from gradlab.train.maps import _layout

SETTINGS = {"width": 3, "resolution": 16, "steps": 20}


@pytest.fixture
def server(monkeypatch):
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    made = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    said = {
        "ENDPOINT_URL": f"http://{host}:{port}",
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "x",
        "MAX_ATTEMPTS": "1",
    }
    for name, value in said.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setattr(_layout, "_SIDE", 8)
    yield made
    for files in s3fs.S3FileSystem._cache.values():
        if files._s3 is not None:
            sync(_get_loop() if files.asynchronous else files.loop, files._s3.close)
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_store_in_a_bucket_is_whole_whatever_happens(server):
    files = s3fs.S3FileSystem()
    files.mkdir("bucket")
    files.pipe_file("bucket/mine/thesis.txt", b"precious")
    for where, problem in (
        ("bucket/mine", "holds something that is no store"),
        ("none/s.zarr", "bucket does not exist"),
    ):
        with pytest.raises(StoreError, match=problem):
            trainability(**SETTINGS, out=f"s3://{where}")
    assert files.cat_file("bucket/mine/thesis.txt") == b"precious"

    def second(progress):
        if progress.done == 128:
            with pytest.raises(StoreError, match="is being written by another process"):
                trainability(**SETTINGS, out="s3://bucket/map.zarr", resume=True)
            raise KeyboardInterrupt

    assert int(trainability(**SETTINGS, out="s3://bucket/map.zarr", progress=second)["done"].sum()) == 128
    damaged = sorted(files.find("bucket/map.zarr/loss_sum/c"))[0]
    files.pipe_file(damaged, files.cat_file(damaged)[:-3])
    seen, memory = [], trainability(**SETTINGS)
    whole = trainability(**SETTINGS, out="s3://bucket/map.zarr", resume=True, progress=seen.append)
    assert seen[0].cost.chunks == 3
    for name in memory.variables:
        np.testing.assert_array_equal(whole[name].values, memory[name].values, err_msg=name)
    assert not files.exists("bucket/map.zarr.lock")
    server.stop()
    with pytest.raises(StoreError, match="cannot be reached: Could not connect to the endpoint"):
        gl.open("s3://bucket/map.zarr")

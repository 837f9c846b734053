from __future__ import annotations

import http.server
import json
import threading
import time
import uuid
from functools import partial
from types import SimpleNamespace

import fsspec
import numcodecs
import numpy as np
import pytest

import gradlab as gl
from gradlab.train import StoreError, datasets, sweep, trainability
from gradlab.train.store import _place
from gradlab.train.work import _layout

NET, DATA = gl.mlp([2, 2, 1]), datasets.five_points()
SETTINGS = {"learning_rate": [1.0, 5.0], "restarts": 200, "steps": 10}


@pytest.fixture
def address(monkeypatch):
    """An address of its own in a file system of fsspec's that is in memory."""
    monkeypatch.setattr(_layout, "_MOST", 64)
    return f"memory://{uuid.uuid4().hex}/sweep.zarr"


def same(one, other):
    assert set(one.variables) == set(other.variables)
    for name in other.variables:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def stop(progress):
    if progress.done >= 128:
        raise KeyboardInterrupt


def test_a_remote_store_grows_is_read_and_gone_on_with(address):
    part = sweep(NET, DATA, **SETTINGS, out=address, progress=stop)
    assert part.attrs["interrupted"] == 1
    assert int(gl.open(address)["done"].sum()) == 128
    with pytest.raises(StoreError, match="is there already"):
        sweep(NET, DATA, **SETTINGS, out=address)
    with pytest.raises(StoreError, match="another experiment: seed differs"):
        sweep(NET, DATA, **SETTINGS, seed=1, out=address, resume=True)
    files = fsspec.filesystem("memory")
    damaged = sorted(files.find(address.removeprefix("memory:/") + "/loss/c"))[0]
    files.pipe_file(damaged, files.cat_file(damaged)[:-3])
    same(sweep(NET, DATA, **SETTINGS, out=address, resume=True), sweep(NET, DATA, **SETTINGS))
    assert not files.exists(address + ".lock")


def test_places_on_this_machine_are_folders_however_they_are_written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    sweep(NET, DATA, **SETTINGS, out="~/sweep.zarr")
    for scheme in ("file", "local"):
        same(gl.open(f"{scheme}://{tmp_path}/sweep.zarr"), sweep(NET, DATA, **SETTINGS))


@pytest.mark.parametrize("address", ["simplecache::memory://a/s.zarr", "zip://s.zarr::file:///a.zip", "dir://s.zarr"])
def test_places_where_what_is_written_may_be_lost_are_refused(address):
    for use in (gl.open, lambda where: sweep(NET, DATA, **SETTINGS, out=where)):
        with pytest.raises(StoreError, match=r"give the address of the store itself|cannot be reached"):
            use(address)


def test_a_remote_label_that_would_unpack_to_more_than_it_says_is_not_unpacked(address):
    sweep(NET, DATA, **SETTINGS, out=address)
    fsspec.filesystem("memory").pipe_file(address + "/x/c/0/0", numcodecs.Zstd().encode(bytes(2**24)))
    with pytest.raises(StoreError, match="x/c/0/0 is not safe to read: it would take 16,777,216 bytes of memory"):
        gl.open(address)


def test_a_store_is_read_from_a_server_that_lists_no_files(tmp_path):
    class Bare(http.server.SimpleHTTPRequestHandler):
        def list_directory(self, path):
            self.send_error(404)

        def log_message(self, *_):
            pass

    kept = sweep(NET, DATA, **SETTINGS, out=tmp_path / "sweep.zarr")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Bare, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        same(gl.open(f"http://127.0.0.1:{server.server_port}/sweep.zarr"), kept)
        server.shutdown()


def test_a_remote_map_is_the_one_in_memory(address):
    settings = {"width": 3, "resolution": 16, "steps": 20}
    same(trainability(**settings, out=address), trainability(**settings))


def test_a_remote_store_has_one_writer(address, monkeypatch):
    files = fsspec.filesystem("memory")

    def second(progress):
        with pytest.raises(StoreError, match="is being written by another process"):
            sweep(NET, DATA, **SETTINGS, out=address, resume=True)
        raise KeyboardInterrupt

    sweep(NET, DATA, **SETTINGS, out=address, progress=second)
    with monkeypatch.context() as patch:  # two look for a lease in the same moment, and one is first
        files.pipe_file(address + ".lock", b"{}")
        patch.setattr(_place.Remote, "_lease", lambda _: None)
        with pytest.raises(StoreError, match="is being written by another process"):
            sweep(NET, DATA, **SETTINGS, out=address, resume=True)
    # One that was killed left this, some time ago.
    files.pipe_file(address + ".lock", json.dumps({"token": "other", "until": time.time() - 1}).encode())

    def taken(progress):
        files.pipe_file(address + ".lock", json.dumps({"token": "other", "until": time.time() + 3600}).encode())

    monkeypatch.setattr(_place, "_LEASE", 0.0)
    with pytest.raises(StoreError, match="took this one for dead"):
        sweep(NET, DATA, **SETTINGS, out=address, resume=True, progress=taken)


def test_a_clock_that_is_put_back_takes_no_store_from_its_writer(address, monkeypatch):
    files, clock, leases = fsspec.filesystem("memory"), {"time": 1e9, "monotonic": 0.0}, []
    monkeypatch.setattr(
        _place, "time", SimpleNamespace(time=lambda: clock["time"], monotonic=lambda: clock["monotonic"])
    )

    def back(progress):
        leases.append(json.loads(files.cat_file(address + ".lock"))["until"])
        if len(leases) == 2:
            clock.update(time=clock["time"] - 86_400, monotonic=31.0)

    same(sweep(NET, DATA, **SETTINGS, out=address, progress=back), sweep(NET, DATA, **SETTINGS))
    assert leases[0] == 1e9 + 120
    assert leases[-1] == 1e9 - 86_400 + 120
    # What one that was killed before had said is not over for a day: it is said what to do.
    files.pipe_file(address + ".lock", json.dumps({"token": "other", "until": 1e9}).encode())
    with pytest.raises(StoreError, match=r"clock was put back, delete memory://\S+\.lock"):
        sweep(NET, DATA, **SETTINGS, out=address, resume=True)


def test_what_is_half_made_is_made_anew_and_what_is_no_store_is_said(address):
    files = fsspec.filesystem("memory")
    files.pipe_file(address + "/zarr.json", b'{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    with pytest.raises(StoreError, match="no store of a sweep of gradlab's"):
        gl.open(address)
    with pytest.raises(StoreError, match="holds something that is no store of gradlab's"):
        sweep(NET, DATA, **SETTINGS, out=address)  # it may be somebody's, and is not deleted
    assert files.exists(address + "/zarr.json")
    says = {"token": "other", "until": time.time() - 1, "makes": True}
    files.pipe_file(address + ".lock", json.dumps(says).encode())
    assert bool(sweep(NET, DATA, **SETTINGS, out=address)["done"].all())
    with pytest.raises(StoreError, match=r"no store of a sweep: it has no zarr\.json"):
        gl.open(address + "er")
    with pytest.raises(gl.GradlabError, match=r"nowhere://b/s\.zarr cannot be reached: Protocol not known"):
        gl.open("nowhere://b/s.zarr")

"""A finished store of many small chunks: they are put together in few files, whatever happens meanwhile."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import zarr

import gradlab as gl
from gradlab.train import StoreError, datasets, sweep, trainability
from gradlab.train.maps import _layout as maps_layout
from gradlab.train.store import _place, _shards
from gradlab.train.work import _layout

NET, DATA = gl.mlp([2, 2, 1]), datasets.five_points()
SETTINGS = {"learning_rate": [0.5, 1.0, 5.0], "steps": [5, 12], "restarts": 150}
PATCHES = ((_shards, "_MANY", 2), (_shards, "_TOGETHER", 2), (_shards, "_LARGEST", 4 * 256), (_layout, "_MOST", 64))


def same(one, other):
    assert set(one.variables) == set(other.variables)
    for name in other.variables:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Chunks of 64 runs, three of which are put into a file; tiles of 4 by 4 pixels."""
    for where, name, value in (*PATCHES, (maps_layout, "_SIDE", 4)):
        monkeypatch.setattr(where, name, value)


@pytest.fixture(scope="module")
def whole():
    return sweep(NET, DATA, **SETTINGS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A store that was put together, and one that was not, to be copied."""
    folder = tmp_path_factory.mktemp("stores")
    with pytest.MonkeyPatch.context() as patch:
        for where, name, value in PATCHES:
            patch.setattr(where, name, value)
        sweep(NET, DATA, **SETTINGS, out=folder / "sharded.zarr")
        patch.setattr(_shards, "_MANY", 1000)
        sweep(NET, DATA, **SETTINGS, out=folder / "plain.zarr")
    return folder


@pytest.fixture
def store(tmp_path, finished):
    return shutil.copytree(finished / "sharded.zarr", tmp_path / "s.zarr")


def files(store, name):
    return sorted(str(path.relative_to(store / name)) for path in (store / name).rglob("*") if path.is_file())


def test_small_chunks_are_put_together_once_all_are_done(store, finished, whole):
    assert files(store, "loss") == ["c.0.0.0", "c.0.1.0", "c.0.2.0", "c.1.0.0", "c.1.1.0", "c.1.2.0", "zarr.json"]
    assert len(files(finished / "plain.zarr", "loss")) == 3 * 2 * 3 + 1
    same(gl.open(store), whole)
    loss = zarr.open_array(str(store), path="loss", mode="r")  # by its own description alone
    assert loss.chunks == (1, 1, 64)
    assert loss.shards == (1, 1, 192)
    np.testing.assert_array_equal(loss[:], whole["loss"])
    seen = []
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True, progress=seen.append), whole)
    assert not seen


def test_what_does_not_pay_is_left_as_it_is(tmp_path, monkeypatch):
    for name, value in (("_MANY", 19), ("_LARGEST", 4 * 127)):
        with monkeypatch.context() as patch:
            patch.setattr(_shards, name, value)
            sweep(NET, DATA, **SETTINGS, out=tmp_path / name)
        assert (tmp_path / name / "loss" / "c").is_dir()
        assert json.loads((tmp_path / name / "zarr.json").read_text())["attributes"]["gradlab_store"] == 1


@pytest.mark.parametrize("keep", [{"curves": 3, "parameters": True}, {"curves": (0.1, 0.9)}])
@pytest.mark.parametrize("remote", [False, True])
def test_all_that_is_kept_is_put_together(tmp_path, monkeypatch, keep, remote):
    monkeypatch.setattr(_shards, "_LARGEST", 2**16)
    out = f"memory://{tmp_path.name}/k.zarr" if remote else tmp_path / "k.zarr"
    kept = sweep(NET, DATA, **SETTINGS, keep=keep, out=out)
    about = zarr.open_group(str(out), mode="r")
    assert all(about[name].shards for name in {*kept.data_vars} - {"x", "y"})
    same(kept, sweep(NET, DATA, **SETTINGS, keep=keep))
    same(sweep(NET, DATA, **SETTINGS, keep=keep, out=out, resume=True), kept)


def test_a_map_is_put_together(tmp_path):
    settings = {"width": 2, "resolution": 16, "steps": 8}
    kept = trainability(**settings, out=tmp_path / "m.zarr")
    assert files(tmp_path / "m.zarr", "loss_sum") == ["c.0.0", "c.1.0", "zarr.json"]
    same(kept, trainability(**settings))


class Killed(BaseException):
    """What no handler takes for a full disk."""


def test_whenever_it_is_killed_the_store_is_whole(tmp_path, monkeypatch):
    settings, left = {"learning_rate": [1.0, 5.0], "steps": 5, "restarts": 100}, 0
    with monkeypatch.context() as patch:
        patch.setattr(_shards, "_MANY", 1000)
        whole = sweep(NET, DATA, **settings, out=tmp_path / "plain.zarr").load()

    def killed(real):
        def call(*arguments):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments)

        return call

    seen = {"sharded": 0, "mixed": 0, "plain": 0}
    for after in range(100):
        store, left, ended = shutil.copytree(tmp_path / "plain.zarr", tmp_path / f"{after}.zarr"), after, True
        with monkeypatch.context() as patch:
            patch.setattr(_place.Folder, "write", killed(_place.Folder.write))
            patch.setattr(_place.Folder, "remove", killed(_place.Folder.remove))
            try:
                sweep(NET, DATA, **settings, out=store, resume=True)
            except Killed:
                ended = False
        same(gl.open(store), whole)
        for name in ("loss", "done"):  # by their own descriptions, as another reader has them
            np.testing.assert_array_equal(zarr.open_array(str(store), path=name, mode="r")[:], whole[name])
        left_over = {(store / name / "c").exists() for name in ("loss", "success", "diverged", "done")}
        seen["mixed" if len(left_over) > 1 else "plain" if True in left_over else "sharded"] += 1
        said = []
        same(sweep(NET, DATA, **settings, out=store, resume=True, progress=said.append), whole)
        assert not said
        assert not (store / "loss" / "c").exists()
        if ended:
            break
    assert ended
    assert min(seen.values()) > 0


@pytest.mark.parametrize("after", [3, 7, 36, 37])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, finished, whole, caplog, after):
    store, real, left = shutil.copytree(finished / "plain.zarr", tmp_path / "s.zarr"), _place.os.fsync, after

    def fsync(number):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    with monkeypatch.context() as patch:
        patch.setattr(_place.os, "fsync", fsync)
        same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)
    assert "the small chunks of" in caplog.text
    same(gl.open(store), whole)
    assert not list(store.rglob("*.partial"))
    assert bool(list(store.rglob("c.*"))) == (after > 36)  # of 6 arrays 6 files each, and the description
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)
    assert not (store / "loss" / "c").exists()


KILLED = """
import os, signal, sys
import gradlab as gl
from gradlab.train.store import _place, _shards
from gradlab.train.work import _layout
_shards._MANY, _shards._TOGETHER, _shards._LARGEST, _layout._MOST = 2, 2, 4 * 256, 64
real, left = _place.os.fsync, int(sys.argv[2])

def fsync(number):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(number)

_place.os.fsync = fsync
gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[0.5, 1.0, 5.0], steps=[5, 12], restarts=150,
         out=sys.argv[1])
"""


@pytest.mark.parametrize("after", [20, 38])
def test_a_process_that_is_killed_meanwhile_loses_nothing(tmp_path, whole, after):
    store = tmp_path / "s.zarr"
    made = subprocess.run([sys.executable, "-c", KILLED, str(store), str(after)], check=False)
    assert made.returncode == -9
    assert list(store.rglob("*.partial"))
    same(gl.open(store), whole)
    seen = []
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True, progress=seen.append), whole)
    assert not seen
    assert not list(store.rglob("*.partial"))
    assert not (store / "done" / "c").exists()


def index_of(content):
    """Where each of a file's three chunks begins and how long it is."""
    return np.frombuffer(bytes(content[-52:-4]), "<u8").reshape(3, 2).copy()


def with_index(content, index):
    return content[:-52] + index.tobytes() + _shards._checksum(index.tobytes())


def missing(content):
    index = index_of(content)
    index[1] = 2**64 - 1
    return with_index(content, index)


def huge(content):
    return content[:4] + (2**31 - 1).to_bytes(4, "little") + content[8:]


def outside(content):
    index = index_of(content)
    index[0, 0] = 2**40
    return with_index(content, index)


DAMAGES = {
    "gone": (None, r"loss/c\.1\.2\.0 is missing; copy it again, or go on with it by --resume"),
    "half": (lambda content: content[: len(content) // 2], "loss/c.1.2.0 is damaged: it is not whole"),
    "empty": (lambda content: b"", "is damaged"),
    "index": (lambda content: content[:-10] + b"x" + content[-9:], "is damaged: it is not whole"),
    "missing": (missing, "is damaged: a chunk of it is missing"),
    "huge": (huge, r"would take 2,147,483,647 bytes of memory, and the limit is 256"),
    "outside": (outside, "is damaged: it is not whole"),
    "a bit": (lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:], None),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_said_and_done_again(store, whole, name):
    (change, message), file = DAMAGES[name], store / "loss" / "c.1.2.0"
    if change is None:
        file.unlink()
    else:
        file.write_bytes(change(file.read_bytes()))
    if message is None:
        with pytest.raises(ValueError, match="checksum"):
            gl.open(store)["loss"].values  # noqa: B018  # read when it is used
    else:
        with pytest.raises(StoreError, match=message):
            gl.open(store)
    seen = []
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True, progress=seen.append), whole)
    assert seen[0].cost.chunks == (1 if message is None else 3)
    same(gl.open(store), whole)
    for damaged in ("done", "success"):
        (store / damaged / "c.0.0.0").write_bytes(b"x")
        same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)


def codec(about):
    return about["codecs"][0]["configuration"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: codec(about).update(index_codecs=[]), "its description is not one"),
        (lambda about: codec(about).update(index_location="start"), "its description is not one"),
        (lambda about: codec(about).update(chunk_shape=[1, 1, 60]), "its description is not one"),
        (lambda about: codec(about).update(chunk_shape=[1, 1]), "its description is not one"),
        (lambda about: codec(about).update(chunk_shape=[1, 1, 0]), "its description is not one|its shape is"),
        (lambda about: codec(about).update(codecs=[{"name": "sharding_indexed"}]), "stored by 'sharding_indexed'"),
        (lambda about: codec(about).update(codecs=[{"name": "bytes"}, {"name": "gzip"}]), "stored by 'gzip'"),
        (lambda about: codec(about).update(codecs=[{"name": "bytes"}]), "put together in a way of its own"),
        (lambda about: about["codecs"].append({"name": "crc32c"}), "its description is not one"),
        (lambda about: about["codecs"].insert(0, {"name": "bytes"}), "stored by 'sharding_indexed'"),
        (
            lambda about: about["chunk_grid"]["configuration"].update(chunk_shape=[1, 2**20, 192]),
            "would take 805,306,368 bytes of memory|cut otherwise",
        ),
        (lambda about: about["chunk_grid"]["configuration"].update(chunk_shape=[1, 2, 192]), "cut otherwise than done"),
    ],
)
def test_what_is_put_together_otherwise_is_not_read(store, change, message):
    own, root = store / "loss" / "zarr.json", store / "zarr.json"
    about, listed = json.loads(own.read_text()), json.loads(root.read_text())
    for each in (about, listed["consolidated_metadata"]["metadata"]["loss"]):
        change(each)
    own.write_text(json.dumps(about))
    root.write_text(json.dumps(listed))
    for read in (gl.open, lambda path: sweep(NET, DATA, **SETTINGS, out=path, resume=True)):
        with pytest.raises(StoreError, match=message):
            read(store)


def test_a_reader_from_before_gives_no_wrong_word(tmp_path, finished):
    store = shutil.copytree(finished / "plain.zarr", tmp_path / "s.zarr")
    before = gl.open(store)
    assert bool(before["done"].all())
    sweep(NET, DATA, **SETTINGS, out=store, resume=True)
    with pytest.raises(gl.GradlabError, match=r"open it again"):
        gl.recommend(before)

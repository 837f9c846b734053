from __future__ import annotations

import errno
import itertools
import json
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import numcodecs
import numpy as np
import pytest
import xarray
import zarr

import gradlab as gl
from gradlab.train import Progress, StoreError, datasets, sweep
from gradlab.train.store import _write
from gradlab.train.work import _layout

NET, DATA = gl.mlp([2, 2, 1]), datasets.five_points()
SETTINGS = {
    "learning_rate": [0.5, 1.0, 5.0], "initialisation": ["normal", "he"], "width": [2, 3], "steps": [5, 12],
    "restarts": 150,
}  # fmt: skip
OUTCOMES = ("loss", "success", "success_step", "diverged", "diverged_step", "done")


def same(one, other):
    for name in OUTCOMES:
        assert one[name].dims == other[name].dims
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


@pytest.fixture(scope="module")
def whole():
    return sweep(NET, DATA, **SETTINGS)


@pytest.fixture
def small(monkeypatch):
    """Chunks of 64 runs."""
    monkeypatch.setattr(_layout, "_MOST", 64)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A store of chunks of 64 runs in which all is done, to be copied."""
    path = tmp_path_factory.mktemp("store") / "sweep.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_layout, "_MOST", 64)
        sweep(NET, DATA, **SETTINGS, out=path)
    return path


@pytest.fixture
def store(tmp_path, small, finished):
    """A store of one's own in which all is done."""
    return shutil.copytree(finished, tmp_path / "sweep.zarr")


def stopped(path, chunks, **settings):
    """A store in which so many chunks are done."""

    def stop(progress):
        nonlocal chunks
        chunks -= progress.cost is None
        if not chunks:
            raise KeyboardInterrupt

    return sweep(NET, DATA, **(settings or SETTINGS), out=path, progress=stop)


@pytest.mark.parametrize("most", [64, 100, 300, 2**20])
def test_a_store_holds_the_bits_of_a_sweep_in_memory(tmp_path, monkeypatch, whole, most):
    monkeypatch.setattr(_layout, "_MOST", most)
    stored = sweep(NET, DATA, **SETTINGS, out=tmp_path / "sweep.zarr")
    same(stored, whole)
    for name in ("learning_rate", "steps", "restart", "loss", "success", "success_step", "diverged", "done"):
        assert stored[name].attrs["units"] == whole[name].attrs["units"]
    assert str(gl.recommend(stored, restarts=20)) == str(gl.recommend(whole, restarts=20))


READ = """
import sys, xarray
plain = xarray.open_zarr(sys.argv[1], chunks=None)
frame = plain["loss"].to_dataframe().reset_index()
assert len(frame) == plain["loss"].size and list(frame)[-1] == "loss", list(frame)
assert all({"long_name", "units"} <= each.attrs.keys() for each in plain.variables.values())
assert "gradlab" not in sys.modules
"""


def test_xarray_and_pandas_read_it_without_gradlab(store, whole):
    subprocess.run([sys.executable, "-c", READ, str(store)], check=True)
    with xarray.open_zarr(str(store), chunks=None) as plain:
        same(plain, whole)
    made = json.loads(plain.attrs["provenance"])
    assert made[0]["gradlab"] == gl.__version__
    assert made[0]["engine"].startswith("Numba")
    assert len(plain.attrs["experiment"]) == 64


def test_what_is_not_done_is_missing_and_resume_does_it(tmp_path, small, whole):
    path = tmp_path / "sweep.zarr"
    part = stopped(path, 10)
    done = part.done.values
    assert part.attrs["interrupted"] == 1
    assert 0 < done.sum() < done.size
    for name in OUTCOMES[:-1]:
        np.testing.assert_array_equal(np.isnan(part[name].values), ~done)
        np.testing.assert_array_equal(part[name].values[done], whole[name].values[done])
    same(gl.open(path), part)
    seen: list[Progress] = []
    same(sweep(NET, DATA, **SETTINGS, out=path, resume=True, progress=seen.append), whole)
    assert seen[0].before == done.sum()
    assert seen[-1].done == seen[-1].total == done.size
    assert seen[0].cost.chunks == len(seen) - 1 == len(list((path / "done").rglob("c/*/*/*/*/*"))) - 10


def test_a_store_is_read_while_it_grows(tmp_path, small, whole):
    path, counts, calls = tmp_path / "sweep.zarr", [], itertools.count()

    def look(progress):
        if next(calls) % 20 == 19:
            part = gl.open(path)
            done = part.done.values
            counts.append(int(done.sum()))
            for name in OUTCOMES:
                np.testing.assert_array_equal(part[name].values[done], whole[name].values[done])

    sweep(NET, DATA, **SETTINGS, out=path, progress=look)
    assert len(set(counts)) > 2
    assert counts == sorted(counts)


def test_nothing_is_done_twice(store, whole):
    seen: list[Progress] = []
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True, progress=seen.append), whole)
    assert not seen


def first_file(store, name):
    return sorted(path for path in (store / name / "c").rglob("*") if path.is_file())[0]


@pytest.mark.parametrize("name", ["loss", "diverged_step", "done"])
@pytest.mark.parametrize("damage", ["a bit", "half", "empty", "gone"])
def test_a_damaged_chunk_is_done_again(store, whole, name, damage):
    file = first_file(store, name)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 16
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"a bit": content, "half": content[: len(content) // 2], "empty": b""}[damage])
    (file.parent / "0.abc.partial").write_bytes(b"half-written")
    seen: list[Progress] = []
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True, progress=seen.append), whole)
    assert seen[0].cost.chunks == len(seen) - 1 == 1
    assert not list(store.rglob("*.partial"))


@pytest.mark.parametrize("name", ["0.abc.partial", ".DS_Store"])
def test_what_was_being_written_and_what_a_desktop_adds_are_no_chunks(store, whole, name):
    for array in ("done", "loss", "learning_rate"):
        (first_file(store, array).parent / name).write_bytes(b"half-written")
    same(gl.open(store), whole)


def test_a_damaged_chunk_is_an_error_for_readers(store):
    file = first_file(store, "loss")
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    opened = pickle.loads(pickle.dumps(gl.open(store)))
    with pytest.raises(StoreError, match=r"sweep\.zarr: loss cannot be read \(.*checksum.*\); copy .* or resume=True"):
        opened.loss.values  # noqa: B018  # read when it is used
    assert opened.loss.isel(restart=-1, learning_rate=-1).size == 8  # and the rest is read


def test_a_store_that_is_there_is_not_written_over(store, whole):
    with pytest.raises(StoreError, match="is there already; go on with it by --resume"):
        sweep(NET, DATA, **SETTINGS, out=store)
    for change, name in (({"seed": 1}, "seed"), ({"learning_rate": [0.5, 1.0, 6.0]}, "learning_rate")):
        with pytest.raises(StoreError, match=f"another experiment: {name} differs"):
            sweep(NET, DATA, **{**SETTINGS, **change}, out=store, resume=True)
    with pytest.raises(StoreError, match="another experiment: data differs"):
        sweep(NET, datasets.xor(), **SETTINGS, out=store, resume=True)
    same(gl.open(store), whole)


def test_a_store_has_one_writer(tmp_path, small):
    path = tmp_path / "sweep.zarr"

    def second(progress):
        if progress.cost is not None:
            return
        with pytest.raises(StoreError, match="is being written by another process"):
            sweep(NET, DATA, **SETTINGS, out=path, resume=True)
        raise KeyboardInterrupt

    part = sweep(NET, DATA, **SETTINGS, out=path, progress=second)
    assert part.done.values.any()
    assert not list(tmp_path.glob("*.lock"))


def test_a_store_of_a_newer_version_is_left_alone(store):
    text = (store / "zarr.json").read_text()
    (store / "zarr.json").write_text(text.replace('"gradlab_store": 1', '"gradlab_store": 2'))
    for call in (lambda: gl.open(store), lambda: sweep(NET, DATA, **SETTINGS, out=store, resume=True)):
        with pytest.raises(StoreError, match=r"format 2 of a newer gradlab .* upgrade gradlab"):
            call()


def test_a_full_disk_keeps_what_is_finished(tmp_path, small, whole, monkeypatch):
    from zarr.storage import _local

    path, real, left = tmp_path / "sweep.zarr", _local._put, 200

    def put(*arguments, **settings):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        if left == 0:
            time.sleep(0.2)  # one that was begun with the one that fails ends after it
        return real(*arguments, **settings)

    monkeypatch.setattr(_local, "_put", put)
    with pytest.raises(StoreError, match=r"No space left on device.*make room, and go on with --resume"):
        sweep(NET, DATA, **SETTINGS, out=path)
    monkeypatch.setattr(_local, "_put", real)
    done = gl.open(path).done.values
    assert 0 < done.sum() < done.size
    same(sweep(NET, DATA, **SETTINGS, out=path, resume=True), whole)
    left = 0
    monkeypatch.setattr(_local, "_put", put)
    with pytest.raises(StoreError, match=r"No space left on device.*make room, and go on with --resume"):
        sweep(NET, DATA, **SETTINGS, out=path, resume=True)
    for room in range(1, 9):
        left = room
        with pytest.raises(StoreError, match="cannot be made: No space left"):
            sweep(NET, DATA, **SETTINGS, out=tmp_path / "other.zarr")
        assert [each.name for each in tmp_path.iterdir()] == ["sweep.zarr"], room


CODE = """
import signal, sys, gradlab as gl
from gradlab.train.work import _layout
_layout._MOST = 64

def told(progress):
    if not progress.cost:
        print(progress.done, flush=True)
        if progress.done > 3_000:
            signal.pause()  # until it is killed, however long that takes
gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1.0, 5.0], steps=30, restarts=2_000,
         out=sys.argv[1], resume=True, progress=told)
"""


def test_a_process_that_is_killed_loses_its_chunk_alone(tmp_path, small):
    path, finished = tmp_path / "sweep.zarr", 0
    for kill in range(2):
        child = subprocess.Popen([sys.executable, "-c", CODE, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        first = int(child.stdout.readline())
        assert finished < first <= finished + 64  # nothing that was finished is done again
        time.sleep(random.Random(kill).uniform(0, 0.15))
        child.send_signal(signal.SIGKILL)
        child.stdout.read()
        child.wait()
        child.stdout.close()
        finished = int(gl.open(path).done.sum())
        assert first - 64 <= finished < 4_000
    settings = {"learning_rate": [1.0, 5.0], "steps": 30, "restarts": 2_000}
    same(sweep(NET, DATA, **settings, out=path, resume=True), sweep(NET, DATA, **settings))


def test_measurements_and_restarts_without_labels_are_stored_too(tmp_path, monkeypatch):
    monkeypatch.setattr(_write, "_MOST_NAMED", 3)
    net, data = gl.mlp([2, 2, 1], loss="squared_error"), datasets.dataset([[0, 0], [0, 1], [1, 0]], [0.5, 0.7, 0.2])
    stored = sweep(net, data, restarts=4, steps=3, learning_rate=0.1, out=tmp_path / "s.zarr")
    assert "success" not in stored
    assert "restart" not in stored.coords
    memory = sweep(net, data, restarts=4, steps=3, learning_rate=0.1)
    np.testing.assert_array_equal(stored.loss, memory.loss)


@pytest.mark.parametrize("keep", [{"curves": 3, "parameters": True}, {"curves": (0.1, 0.9)}])
def test_what_is_kept_beside_the_outcomes_is_stored_too(tmp_path, small, keep):
    settings = {name: value for name, value in SETTINGS.items() if name != "width"}
    memory, path = sweep(NET, DATA, **settings, keep=keep), tmp_path / "s.zarr"
    part = stopped(path, 4, **settings, keep=keep)
    for name in memory.variables.keys() & {"curves", "parameters", "curve_quantiles"}:
        done = part.done.all("restart") if name == "curve_quantiles" else part.done
        assert bool(part[name].isnull().where(~done, True).all())
        kept = sorted(file for file in (path / name / "c").rglob("*") if file.is_file())
        kept[0].unlink()  # it is seen that it is gone
    stored = sweep(NET, DATA, **settings, keep=keep, out=path, resume=True)
    assert set(stored.data_vars) == set(memory.data_vars)
    for name, variable in memory.variables.items():
        np.testing.assert_array_equal(stored[name].values, variable.values, err_msg=name)
        assert stored[name].dims == variable.dims
    with pytest.raises(StoreError, match="another experiment: keep differs"):
        sweep(NET, DATA, **settings, out=path, resume=True)


def edited(store, name, change):
    """A store in which an array's description says something else, in both places where it stands."""
    own, root = store / name / "zarr.json", store / "zarr.json"
    about, whole = json.loads(own.read_text()), json.loads(root.read_text())
    for each in (about, whole["consolidated_metadata"]["metadata"][name]):
        change(each)
    own.write_text(json.dumps(about))
    root.write_text(json.dumps(whole))


def pickled(about):
    about["codecs"] = [{"name": "numcodecs.pickle", "configuration": {}}]


def huge_chunk(about):
    about["shape"], about["chunk_grid"]["configuration"]["chunk_shape"] = [10**12], [10**12]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("loss", pickled, "stored by 'numcodecs.pickle'"),
        ("loss", huge_chunk, r"chunk of it would take 4,000,000,000,000 bytes of memory, and the limit is"),
        ("x", lambda about: about.update(shape=[10**9]), "1,000,000,000 labels"),
        ("loss", lambda about: about.update(shape=[-1]), "its shape is"),
        ("loss", lambda about: about.pop("shape"), "its description is not one"),
        ("input", lambda about: about.update(data_type={"name": "object"}), "not numbers or texts"),
        ("loss", lambda about: about.update(storage_transformers=[{"name": "x"}]), "other names"),
        ("loss", lambda about: about.update(shape=["3", "2", "2", "2", "150"]), "its description is not one"),
        ("loss", lambda about: about.update(shape=[3.5, 2, 2, 2, 150]), "its description is not one"),
        ("loss", lambda about: about.update(shape=[10**15, *about["shape"][1:]]), "along width, and others 2"),
        ("loss", lambda about: about.update(dimension_names=None), "its description is not one"),
        ("loss", lambda about: about.update(dimension_names=["a"] * 5), "its description is not one"),
        ("loss", lambda about: about.update(node_type="group"), "its description is not one"),
        ("loss", lambda about: about.update(zarr_format=2), "its description is not one"),
        ("loss", lambda about: about.update(attributes=5), "its description is not one"),
        ("loss", lambda about: about.update(attributes={"coordinates": 5}), "is damaged"),
        ("loss", lambda about: about.update(fill_value="x"), "is damaged"),
        ("loss", lambda about: about.update(codecs=[]), "stored by nothing"),
        ("loss", lambda about: about["codecs"].insert(1, {"name": "gzip"}), "stored by 'gzip'"),
        ("loss", lambda about: about["codecs"].insert(1, {"name": "zstd"}), "stored by bytes, zstd, blosc, crc32c"),
        ("loss", lambda about: about["chunk_grid"].update(name="rectilinear"), "other names"),
    ],
)
def test_a_store_that_is_not_safe_is_not_read(store, name, change, message):
    edited(store, name, change)
    with pytest.raises(StoreError, match=message):
        gl.open(store)
    with pytest.raises(StoreError, match=message):
        sweep(NET, DATA, **SETTINGS, out=store, resume=True)


def test_what_would_unpack_to_more_than_it_says_is_not_unpacked(store, whole):
    file = first_file(store, "loss")
    kept = file.read_bytes()
    file.write_bytes(kept[:4] + (2**31 - 1).to_bytes(4, "little") + kept[8:])
    with pytest.raises(StoreError, match=r"would take 2,147,483,647 bytes of memory, and the limit is \d+"):
        gl.open(store)
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)  # it is done again
    with file.open("r+b") as opened:
        opened.truncate(50 * 2**30)  # which takes no room on the disk
    with pytest.raises(StoreError, match=r"loss/c/\S+ is not safe to read: it would take 53,687,091,200 bytes"):
        gl.open(store)
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)
    rates = first_file(store, "learning_rate")
    for large in (numcodecs.Zstd().encode(bytes(2**24)), zstd_of_unknown_size(rates.read_bytes())):
        rates.write_bytes(large)
        for read in (gl.open, lambda store: sweep(NET, DATA, **SETTINGS, out=store, resume=True)):
            with pytest.raises(StoreError, match=r"learning_rate/c/0 is not safe to read: it (would|does not)"):
                read(store)


def zstd_of_unknown_size(content):
    """A frame that does not say how large it gets: of a single segment no more, and a window for it."""
    assert content[4] == 0x20  # a single segment, whose size takes one byte
    return content[:4] + bytes([0x00, 0x50]) + content[6:]


@pytest.mark.parametrize("name", ["loss", "success", "diverged_step"])
def test_a_chunk_that_is_missing_where_it_is_said_to_be_done_is_no_failure(store, whole, name):
    first_file(store, name).unlink()
    with pytest.raises(StoreError, match=rf"{name}/c/\S+ is missing; copy it again, or go on with it by --resume"):
        gl.open(store)
    same(sweep(NET, DATA, **SETTINGS, out=store, resume=True), whole)


@pytest.mark.parametrize("name", ["learning_rate", "restart", "x"])
def test_a_label_that_is_missing_is_none_that_is_0(tmp_path, name):
    path, settings = tmp_path / "a.zarr", {"restarts": 1, "steps": 2, "learning_rate": [1, 2]}
    data = datasets.dataset(np.zeros((2, 2)), [0.0, 0.0])
    made = sweep(NET, data, **settings, out=path)  # of 0 alone are x, y and restart
    assert made["x"].values.tolist() == [[0, 0], [0, 0]]
    first_file(path, name).unlink()
    for read in (gl.open, lambda path: sweep(NET, data, **settings, out=path, resume=True)):
        with pytest.raises(StoreError, match=rf"{name}/c/\S+ is missing; copy it again\.$"):
            read(path)


@pytest.mark.parametrize("provenance", ["{", "5", "[5]", 5, None])
def test_a_store_whose_provenance_cannot_be_read_is_said_to_be_damaged(store, provenance):
    root = json.loads((store / "zarr.json").read_text())
    for version, message in ((1, r"damaged|does not say its provenance"), (2, "newer gradlab, and this one knows 1")):
        root["attributes"] |= {"provenance": provenance, "gradlab_store": version}
        (store / "zarr.json").write_text(json.dumps(root))
        for read in (gl.open, lambda store: sweep(NET, DATA, **SETTINGS, out=store, resume=True)):
            with pytest.raises(StoreError, match=message):
                read(store)


def rule_of_ones_own(statement, formula):
    @dataclass(frozen=True)
    class Mine(gl.rules.Rule):
        title = "mine"
        statements = (statement,)

    @dataclass(frozen=True)
    class Falling(gl.rules.Schedule):
        title = "falling"
        formula = ""

    Falling.formula = formula
    return Mine(0.5, schedule=gl.rules.WarmUp(steps=2, then=Falling()))


def test_a_rule_of_ones_own_is_another_where_it_says_something_else(tmp_path):
    settings = {"restarts": 5, "steps": 4}
    try:
        for number, (statement, formula) in enumerate(
            [("w = w - eta*g", "1/(1 + k)"), ("w = w - eta*sign(g)", "1/(1 + k)"), ("w = w - eta*g", "1/(2 + k)")]
        ):
            rule = rule_of_ones_own(statement, formula)
            if number:
                with pytest.raises(StoreError, match="another experiment: rule differs"):
                    sweep(NET, DATA, rule=rule, **settings, out=tmp_path / "s.zarr", resume=True)
                with pytest.raises(StoreError, match="another experiment: rule differs"):
                    gl.trainability(width=2, resolution=4, steps=4, rule=rule, out=tmp_path / "m.zarr", resume=True)
            else:
                sweep(NET, DATA, rule=rule, **settings, out=tmp_path / "s.zarr")
                gl.trainability(width=2, resolution=4, steps=4, rule=rule, out=tmp_path / "m.zarr")
    finally:
        gl.rules.Rule.kinds.pop("mine")
        gl.rules.Schedule.kinds.pop("falling")


def test_nothing_outside_of_a_store_is_read(store, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("1")
    file = first_file(store, "loss")
    file.unlink()
    file.symlink_to(secret)
    with pytest.raises(StoreError, match="is a link out of it"):
        gl.open(store)
    file.unlink()
    root = json.loads((store / "zarr.json").read_text())
    listed = root["consolidated_metadata"]["metadata"]
    listed["../secret"] = listed["loss"]
    (store / "zarr.json").write_text(json.dumps(root))
    with pytest.raises(StoreError, match=r"an array named '../secret'"):
        gl.open(store)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "has no zarr.json"),
        ("{", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ("[]", "describes nothing"),
        ("{}", "no store of a sweep"),
        ('{"attributes": {"gradlab_store": 1}}', "does not say its experiment"),
    ],
)
def test_what_is_no_store_is_said_to_be_none(tmp_path, content, message):
    if content is not None:
        (tmp_path / "zarr.json").write_text(content)
    with pytest.raises(StoreError, match=message):
        gl.open(tmp_path)
    with pytest.raises(StoreError, match=r"no store of a sweep: it has no zarr\.json; write one with"):
        gl.open(tmp_path / "nowhere")


def test_other_groups_of_zarrs_are_no_stores(tmp_path):
    zarr.open_group(str(tmp_path / "g"), mode="w").attrs["title"] = "something else"
    with pytest.raises(StoreError, match="no store of a sweep of gradlab's"):
        gl.open(tmp_path / "g")
    shutil.rmtree(tmp_path / "g")


def test_a_store_of_more_restarts_than_have_labels_is_recommended_from(tmp_path, monkeypatch):
    monkeypatch.setattr("gradlab.train.store._write._MOST_NAMED", 10)
    settings = {"learning_rate": [1, 5], "restarts": 50, "steps": 60}
    opened = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), out=tmp_path / "a.zarr", **settings)
    assert "restart" not in opened.variables
    kept = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), **settings)
    assert str(gl.recommend(opened, restarts=20)) == str(gl.recommend(kept, restarts=20))

"""Kernels on the disk: whatever happens to them there, training goes on, and says so once."""

from __future__ import annotations

import errno
import logging
import os
import re
import subprocess
import sys

import pytest

from gradlab import GradlabError
from gradlab.codegen import _numba_cache
from gradlab.codegen._numba_cache import load_kernel

TRAIN = """
import gradlab as gl
from gradlab.codegen import NumbaTrainer
trainer = NumbaTrainer(gl.mlp([1, 1]).graph, [[0.0], [1.0]], [0, 1])
other = NumbaTrainer(gl.mlp([1, 1]).graph, [[0.0]], [0])
print(*(kernel.train([[0.0, 0.0]], 1.0, 2).loss[0] < 0.69 for kernel in (trainer, other)))
"""
KERNEL = """
def kernel(parameters, rates, momenta, data, gap, steps, first, last, runs, curves_wanted, scratch,
           initial, loss, right, lived, success, curves):
    loss[0] = {number}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE_DIR", str(tmp_path))
    _numba_cache._not_kept.cache_clear()
    return tmp_path / "kernels"


def load(number: int, said: list[str] | None = None):
    kernel = load_kernel(KERNEL.format(number=number), "float64", 4, said.append if said is not None else None, "dots")
    sys.modules.pop(kernel.__module__)
    return kernel


@pytest.mark.parametrize("pattern", ["__pycache__/*.nbi", "__pycache__/*.nbc", "*.py", "*.sha256"])
@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-1] + bytes([data[-1] ^ 1])], ids=["empty", "bit"]
)
def test_what_is_damaged_is_made_anew_and_said_once(folder, pattern, damage):
    load(1)
    (file,) = folder.glob(pattern)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    said: list[str] = []
    load(1, said)
    load(1, said)
    assert len(said) == (0 if pattern == "*.py" else 1)  # the source is known: it is just written again
    assert all("damaged" in message for message in said)
    assert pattern != "*.py" or file.read_bytes() == whole


def test_damage_is_a_warning_where_no_one_listens(folder, caplog):
    load(1)
    for file in folder.glob("__pycache__/*.nbi"):
        file.write_bytes(b"")
    with caplog.at_level(logging.WARNING, "gradlab.codegen"):
        load(1)
        load(1)
    assert [record.message for record in caplog.records] == [
        "compiling the kernel that trains dots, which takes seconds; "
        "what was kept of it is damaged: it is kept for the next time"
    ]


def test_many_layers_are_said_and_too_many_refused(folder, monkeypatch, caplog):
    monkeypatch.setattr(_numba_cache, "_LONG", 10)
    load(1)
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "compiling the kernel that trains dots, which takes minutes; it is kept for the next time"
    ]
    load(1)  # it is kept
    monkeypatch.setattr(_numba_cache, "_LONGEST", 20)
    load(1)
    with pytest.raises(GradlabError, match="the kernel that trains dots has too many layers to be compiled: each is"):
        load(2)


def test_machine_code_without_a_seal_is_not_trusted(folder):
    load(1)
    for file in folder.glob("*.sha256"):
        file.unlink()
    said: list[str] = []
    load(1, said)
    assert said == ["compiling the kernel that trains dots, which takes seconds; it is kept for the next time"]


def test_a_full_disk_costs_the_keeping_alone(folder, monkeypatch, caplog):
    write = _numba_cache.write_whole

    def full(path, text):
        if path.parent == folder:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, text)

    monkeypatch.setattr(_numba_cache, "write_whole", full)
    assert load(1) is not None
    assert load(2) is not None
    assert [record.message for record in caplog.records] == [
        f"kernels cannot be kept in {folder} ([Errno 28] No space left on device): each process compiles its own"
    ]
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    places = {"GRADLAB_CACHE_DIR": str(tmp_path / "file" / "cache"), "TMPDIR": str(tmp_path / "temporary")}
    telling = TRAIN.replace("[0, 1])", "[0, 1], notice=print)")
    done = subprocess.run(
        [sys.executable, "-c", telling], env={**os.environ, **places}, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(
        r"compiling .*, which takes seconds; it is kept while this process runs\nTrue True\n", done.stdout
    )
    assert done.stderr.count("kernels cannot be kept") == 1
    assert list((tmp_path / "temporary").iterdir()) == []

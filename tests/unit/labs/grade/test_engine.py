"""Docker and Podman: no engine runs in the tests; a stub of one gives what its command line says to bubblewrap."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from gradlab.labs.grade import GradeOptions, grade
from gradlab.labs.grade.sandbox import IsolationError

from . import submissions as made

LAB = Path(__file__).with_name("lab.md")
STUB = f"""#!{sys.executable}
import os, sys
words = sys.argv[1:]
open(os.environ["STUB_LOG"], "a").write(repr(words) + "\\n")
if words[:2] == ["image", "inspect"]:
    sys.exit(not os.path.exists(os.environ["STUB_LOG"] + ".image"))
if words[0] == "import":
    assert len(sys.stdin.buffer.read()) == 10240
    open(os.environ["STUB_LOG"] + ".image", "w").close()
    sys.exit()
assert words[0] == "run", words
inside = ["bwrap", "--unshare-ipc", "--unshare-net", "--unshare-pid", "--unshare-uts", "--clearenv", "--dev", "/dev"]
inside += ["--dir", "/proc"]  # the engine leaves it whole
mounts, at, rest = [], 1, []
while not words[at].startswith("gradlab-"):
    word, value = words[at], words[at + 1]
    if word in ("--rm", "--interactive", "--read-only"):
        at += 1
        continue
    at += 2
    if word == "--volume":
        outside, _, more = value.partition(":")
        where, _, mode = more.partition(":")
        mounts.append((where, ["--ro-bind" if mode == "ro" else "--bind", outside, where]))
    elif word == "--tmpfs":
        mounts.append((value, ["--tmpfs", value]))
    elif word == "--cap-add":
        inside += ["--cap-add", value]
    elif word == "--workdir":
        rest += ["--chdir", value]
    elif word == "--env":
        rest += ["--setenv", *value.split("=", 1)]
for _, part in sorted(mounts):
    inside += part
os.execvp("bwrap", [*inside, *rest, *words[at + 1 :]])
"""


@pytest.mark.skipif(shutil.which("bwrap") is None or os.geteuid() != 0, reason="the stub needs bubblewrap, as root")
def test_what_an_engine_is_told_is_enough_to_grade(tmp_path, monkeypatch):
    stub = tmp_path / "bin" / "podman"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    log = tmp_path / "log"
    monkeypatch.setenv("STUB_LOG", str(log))
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    for name in ("reads the disk", "socket"):
        made.write(tmp_path / "in", name, made.HOSTILE[name])
    result = grade(LAB, tmp_path / "in", GradeOptions(tmp_path / "out", engine="podman"))
    assert {one.student: [q.points for q in one.questions] for one in result.results} == {
        name: list(made.HOSTILE[name].points) for name in ("reads the disk", "socket")
    }
    told = log.read_text().splitlines()
    assert ["import" in line for line in told[:3]] == [False, True, False]
    runs = [line for line in told if line.startswith("['run'")]
    assert len(runs) == 2  # one is the trial
    for part in ("'--network', 'none'", "'--read-only'", "'--cap-drop', 'ALL'", "'--pull', 'never'", ":/lab:ro'"):
        assert all(part in line for line in runs)
    assert not any(str(tmp_path / "in") in line or str(LAB.parent) in line for line in runs)


@pytest.mark.parametrize(
    ("script", "said"),
    [(None, "docker is not installed here"), ("echo 'Cannot connect to the daemon' >&2; exit 1", "Cannot connect")],
)
def test_an_engine_that_is_missing_or_does_not_answer_is_refused(tmp_path, monkeypatch, script, said):
    if script is not None:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    made.write(tmp_path / "in", "one", made.GOOD["as the key"])
    with pytest.raises(IsolationError, match=said):
        grade(LAB, tmp_path / "in", GradeOptions(tmp_path / "out", engine="docker"))

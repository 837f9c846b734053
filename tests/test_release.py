"""The wheel and the source archive hold what a user needs and work outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from gradlab._version import __version__
from gradlab.cli import main

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the archive and the wheel, built from the archive as an index would."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


def test_the_wheel_works_outside_the_repository(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "site")
    script = (
        "import gradlab as gl, sys\n"
        "assert gl.__file__.startswith(sys.argv[1]), gl.__file__\n"
        "print(gl.__version__, gl.mlp([2, 2, 1]).derive('L', 'c').result)\n"
        "from gradlab.cli import main\n"
        "sys.exit(main(['example', 'descend_on_a_bowl']))\n"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "site")],
        cwd=tmp_path, env={**clean, "PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{__version__} f_out - y")
    assert (tmp_path / "descend_on_a_bowl.py").exists()


def test_the_wheel_holds_every_module_and_the_types(built):
    (wheel,) = built.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert modules - inside == set()
    assert "gradlab/py.typed" in inside


def test_the_archive_holds_the_tests_and_the_courses(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.split("/", 1)[-1] for name in file.getnames()}
    assert {"Makefile", "README.md", "LICENSE", "courses/gradient-descent.md", "tests/catalogue.py"} <= names
    assert not any(name.startswith((".venv", "build/")) for name in names)


def test_the_version_stands_in_one_place():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {__version__}\n" in cited


def test_the_page_comes_as_a_wheel_that_is_served(tmp_path, monkeypatch):
    for part in ("page/wheel", "src/gradlab/_version.py"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, tmp_path / part)
    site = tmp_path / "build/page"
    (site / "workers").mkdir(parents=True)
    (site / "index.html").write_text("<p>the page</p>")
    (site / "workers/python.js").write_text("export {}")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=tmp_path / "page/wheel", capture_output=True, check=True)
    with zipfile.ZipFile(tmp_path / f"gradlab_page-{__version__}-py3-none-any.whl") as wheel:
        wheel.extractall(tmp_path / "installed")
    monkeypatch.syspath_prepend(tmp_path / "installed")
    assert main(["play", "--export", str(tmp_path / "out")]) == 0
    files = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    found = {path.relative_to(tmp_path / "out").as_posix() for path in files}
    assert found == {"index.html", "workers/python.js"}

"""The commands `gradlab lab new`, `import` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradlab.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main(["lab", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_new_writes_a_template_once(run):
    status, out, _ = run("new", "lab-01.md")
    assert status == 0
    assert "gradlab lab check lab-01.md" in out
    assert "# Lab 01\n" in Path("lab-01.md").read_text()
    status, _, err = run("new", "lab-01.md", "--title", "Slopes")
    assert status == 1
    assert "lab-01.md: is there already" in err
    assert run("new", "lab-01.md", "--title", "Slopes", "--force")[0] == 0
    assert "# Slopes\n" in Path("lab-01.md").read_text()


@pytest.mark.parametrize("tool", ["nbgrader", "otter"])
def test_a_template_goes_there_and_back(run, tool):
    run("new", "lab.md")
    status, out, _ = run("export", "lab.md", "--to", tool)
    assert status == 0
    assert f"lab-{tool}.ipynb: written for {tool}" in out
    assert json.loads(Path(f"lab-{tool}.ipynb").read_text())["nbformat"] == 4
    status, out, _ = run("import", f"lab-{tool}.ipynb", "--out", "back.md")
    assert status == 0
    assert "now run: gradlab lab check back.md" in out
    assert "#!TAG CHECK slope_elsewhere points=1 hidden" in Path("back.md").read_text()


def test_a_zip_for_gradescope(run):
    run("new", "lab.md")
    status, _, err = run("export", "lab.md", "--to", "gradescope", "--out", "auto.zip")
    assert status == 0
    assert "packages that the lab's cells import" in err
    assert Path("auto.zip").read_bytes().startswith(b"PK")


def test_wrong_wishes_are_told(run):
    run("new", "lab.md")
    status, _, err = run("export", "lab.md", "--to", "moodle")
    assert status == 2
    assert all(tool in err for tool in ("moodle", "nbgrader", "otter", "gradescope"))
    assert run("export", "missing.md", "--to", "otter")[0] == 2
    Path("x.ipynb").write_text("{}")
    status, _, err = run("import", "x.ipynb")
    assert status == 1
    assert "x.ipynb: " in err
    assert "Traceback" not in err

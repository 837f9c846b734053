"""The hooks for pre-commit and the action for GitHub do what they say: they are run as those would run them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gradlab.cli import main

ROOT = Path(__file__).resolve().parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
RIGHT = "Hence $\\frac{d}{dt} t^2 = 2t$.\n"
WRONG = "Hence $\\frac{d}{dt} t^2 = 3t$.\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a right document and a wrong one, to which one has gone."""
    (tmp_path / "right.md").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "wrong.md").write_text(WRONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_stops_the_commit_of_a_false_equation_alone(folder, hook, capsys):
    program, *arguments = shlex.split(HOOKS[hook]["entry"])
    assert program == "gradlab"
    assert main([*arguments, "right.md"]) == 0
    assert main([*arguments, "right.md", "wrong.md"]) == 1
    assert "wrong.md" in capsys.readouterr().out


def test_the_action_marks_the_false_equation_beside_its_line(folder):
    assert ran_by_the_action(folder, "right.md").returncode == 0
    found = ran_by_the_action(folder, "*.md")
    assert found.returncode == 1
    assert "::error file=wrong.md,line=1" in found.stdout


def test_the_action_is_strict_where_it_is_told_to(folder):
    (folder / "open.md").write_text("Hence $\\int_0^t u(s) ds = 0$.\n", encoding="utf-8")
    assert ran_by_the_action(folder, "open.md").returncode == 0
    assert ran_by_the_action(folder, "open.md", strict="true").returncode == 1


def ran_by_the_action(folder: Path, files: str, strict: str = "false") -> subprocess.CompletedProcess[str]:
    """The last step of the action, with a `gradlab` of this checkout on its path."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = action["runs"]["steps"][-1]
    assert set(step["env"]) == {"FILES", "STRICT"}
    program = folder / "bin" / "gradlab"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradlab "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "FILES": files, "STRICT": strict}
    return subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )

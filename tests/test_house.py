"""The rules of the house, checked by the tools that know them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MODULES = sorted((ROOT / "src").rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def run(*command: str) -> None:
    """Run a tool of the environment and fail with what it said."""
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing():
    run("ruff", "check", ".")


def test_everything_is_formatted():
    run("ruff", "format", "--check", ".")


def test_types_hold():
    run("pyrefly", "check")


def test_imports_go_leftwards_only():
    run("lint-imports")


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring, which is as long as it needs to be."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def test_modules_and_functions_are_short():
    long = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        lengths = [(f"{path}: {node.name}", code_lines(node), LONGEST_FUNCTION) for node in nodes]
        lengths.append((str(path), len(text.splitlines()), LONGEST_MODULE))
        long += [f"{name} has {lines} lines" for name, lines, most in lengths if lines > most]
    assert not long


def test_modules_are_private_but_for_the_public_names():
    public = {
        path.relative_to(ROOT / "src" / "gradlab").as_posix() for path in MODULES if not path.name.startswith("_")
    }
    # Namespaces that people write out: gl.datasets, and python -m gradlab.
    assert public <= {"train/datasets.py", "testing.py"}


def test_no_file_names_a_registry_or_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    forbidden = ["pypi" + ".org", "files.python" + "hosted", "/wo" + "rk/", "deb." + "debian"]
    found = [
        f"{name}: {word}"
        for name in listed
        if (ROOT / name).suffix in {".py", ".md", ".toml", ".txt", ".yml", ".cfg", ""} and (ROOT / name).is_file()
        for word in forbidden
        if word in (ROOT / name).read_text(encoding="utf-8")
    ]
    assert not found

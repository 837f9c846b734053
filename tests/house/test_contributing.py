"""What CONTRIBUTING says about which files a change touches is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TESTS = ROOT / "src" / "gradlab", ROOT / "tests"
KINDS = [
    "activation", "loss", "update rule", "schedule", "data set", "diagnosis", "tag", "export format", "backend",
    "command",
]  # fmt: skip


def rows() -> dict[str, tuple[str, list[str], list[str]]]:
    """For each kind of change its example, its files of source and its tests."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## Which files a change touches")[1].split("\n## ")[0]
    found = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and "`" in cells[1]:
            example, source, tests = (re.findall(r"`([^`]+)`", cell) for cell in cells[1:])
            found[cells[0]] = example[0], source, tests
    return found


def code_of(path: Path) -> str:
    """A module without its docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def test_there_are_ten_kinds_of_change():
    assert list(rows()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_stands_in_the_files_named_and_in_no_other(kind):
    example, source, tests = rows()[kind]
    word = re.compile(rf"(?<![\w.]){re.escape(example)}\b")
    modules = [path for path in SOURCE.rglob("*.py") if word.search(path.read_text(encoding="utf-8"))]
    standing = {path.relative_to(SOURCE).as_posix() for path in modules if word.search(code_of(path))}
    assert all((TESTS / name).exists() for name in tests)
    assert tests
    assert standing <= set(source)
    assert all(name in standing or Path(name).stem in example for name in source)

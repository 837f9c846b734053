"""Every example that people read is run: docstrings, the README, the docs and the scripts in examples/."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import Cluster
from gradlab.cli import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
# The modules that have examples.
FILES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))}
NAMES = [
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path, text in FILES.items()
    if ">>> " in text
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
END = "-- end of a command --"
# Fewer than this, and the examples are no longer being found.
LEAST_DOCTESTS, LEAST_COMMANDS, LEAST_PAGE_EXAMPLES = 120, 10, 50


@pytest.mark.parametrize("name", NAMES)
def test_docstrings(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert failed == 0


def test_enough_docstrings_have_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in NAMES]
    found = [test for module in modules for test in finder.find(module) if test.examples]
    assert len(found) >= LEAST_DOCTESTS


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_pages(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for number, block in enumerate(blocks(page, "python")):
        exec(compile(block, f"{page.name}, Python block {number + 1}", "exec"), scope)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sessions_in_pages(page):
    text = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert doctest.DocTestRunner(optionflags=OPTIONS).run(test).failed == 0


def sessions(page: Path, language: str = "console") -> list[tuple[str, str]]:
    """The commands in a page's blocks of a language, each with the output that the page shows."""
    found = []
    for block in blocks(page, language):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


COMMANDS = {
    page: [session for session in sessions(page) if session[0].startswith("gradlab ") and " courses/" not in session[0]]
    for page in PAGES
}


@pytest.mark.parametrize("page", [page for page in PAGES if COMMANDS[page]], ids=lambda page: page.name)
def test_commands_in_pages(page, tmp_path, monkeypatch, capsys):
    """One after the other in one folder, as a reader types them; test_main starts the program itself."""
    for folder in ("courses", "examples"):  # what the commands read; what they write stays out of the checkout
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.delenv("COLUMNS", raising=False)  # pytest says how wide it is itself
    monkeypatch.chdir(tmp_path)
    for command, output in COMMANDS[page]:
        status = main(shlex.split(command)[1:])
        said, problem = capsys.readouterr()
        assert status == 0, f"{command}\n{problem}"
        if output:
            assert [line.rstrip() for line in said.strip().splitlines()] == output.splitlines(), command


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "shell-session")], ids=lambda page: page.name)
def test_shells_in_pages(page, tmp_path):
    """In a shell, beside the files whose text the page shows, and with the cluster that the page speaks of."""
    files = re.findall(r"^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = sessions(page, "shell-session")
    script = "\n".join(f"{command}\necho {END}" for command, _ in told)
    with Cluster() as cluster:
        cluster.worker()
        known = {
            "DASK_SCHEDULER_ADDRESS": cluster.address,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env={**os.environ, **known}, capture_output=True, text=True
        )
    said = done.stdout.split(f"{END}\n")
    assert len(said) == len(told) + 1, done.stderr
    for (command, wanted), found in zip(told, said, strict=False):
        same = doctest.OutputChecker().check_output(f"{wanted}\n", found, OPTIONS)
        assert same, f"{command}\n{found}\n{done.stderr}"


def test_enough_examples_in_pages():
    assert sum(map(len, COMMANDS.values())) >= LEAST_COMMANDS
    assert sum(len(blocks(page, "python")) + len(blocks(page, "pycon")) for page in PAGES) >= LEAST_PAGE_EXAMPLES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts(script, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()

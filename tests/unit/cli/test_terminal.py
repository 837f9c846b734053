"""On any terminal: of few characters, of few columns; and files that cannot be written are refused before the work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from gradlab.cli import _sweep, main
from gradlab.cli._app import app
from gradlab.descent import descend

COURSE = Path(__file__).resolve().parents[3] / "courses" / "logistic-regression.md"
ASCII = {"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C", "NO_COLOR": "1", "COLUMNS": "60"}
SPEC = """
[network]
sizes = [2, 2, 1]
[data]
set = "five_points"
[sweep]
learning_rate = [1.0, 5.0]
steps = 20
restarts = 20
"""
COMMANDS = [
    ("--help",),
    *((name, "--help") for name in ("derive", "descend", "check", "prove", "sweep")),
    ("lab", "build", "--help"),
    ("derive", "--mlp", "2,2,1", "--all"),
    ("derive", "σ*x**2 + ω*x"),
    ("prove", r"\sigma = \sigma"),
    ("lab", "check", "--no-execute", str(COURSE)),
]


def commands(group: typer.core.TyperGroup, path: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def all_commands():
    return dict(commands(typer.main.get_command(app)))


@pytest.fixture(scope="module")
def said():
    """What each command says in a terminal of ASCII: all in one process, which is started and imports once."""
    code = f"from gradlab.cli import main\nfor given in {COMMANDS!r}:\n    print('\\0', main(given), '\\0', sep='')"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **ASCII}, capture_output=True)
    assert done.returncode == 0
    assert b"Error" not in done.stderr
    texts, statuses = (done.stdout.decode("ascii").split("\0")[each::2] for each in (0, 1))
    return dict(zip(COMMANDS, zip(texts, statuses, strict=False), strict=True))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(str, command))[:40])
def test_an_ascii_terminal_is_no_error(command, said):
    text, status = said[command]
    assert status == "0"
    lines = text.splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 60 for line in lines if line.startswith("+"))


def test_letters_and_bullets_are_spelt(said):
    assert "df/domega" in said["derive", "σ*x**2 + ω*x"][0]


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_help_keeps_every_character(path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    command = all_commands()[path]  # made now: other tests may have made kinds that the help lists
    assert main([*path, "--help"]) == 0
    shown = re.sub(r"\s+", " ", capsys.readouterr().out)
    for parameter in command.params:
        text = (getattr(parameter, "help", None) or "").replace("`", "")
        assert re.sub(r"\s+", " ", text).strip() in shown
    for example in re.findall(r"^ *\* `(.*)`$", command.help, re.M):
        assert example in shown


def test_tables_fit_or_are_cut():
    trace = descend(lambda x: x @ x, [6.125, 6.0, 7.0, 8.0], gradient=lambda x: 2 * x, learning_rate=0.1, max_steps=3)
    lines = trace.table(width=60).splitlines()
    assert max(map(len, lines)) <= 60
    assert sum(line.startswith("k ") for line in lines) == 2
    numbers = [word for word in trace.table().split("\n\n")[0].split() if word != "k"]
    assert all(" ".join(lines).split().count(number) >= 1 for number in numbers)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sweep", "spec.toml", "--map", "x.gif"), "x.gif has to end in .png or .svg or .pdf"),
        (("sweep", "spec.toml", "--map", "nowhere/x.png"), "the folder nowhere does not exist"),
        (("sweep", "spec.toml", "--table", "nowhere/x.csv"), "the folder nowhere does not exist"),
        (("sweep", "spec.toml", "--table", "."), "is a"),
        (("sweep", "spec.toml", "--table", "/proc/x.csv"), "nothing can be written into /proc"),
        (("derive", "x**2", "--to", "pdf", "--out", "x.html"), "x.html has to end in .pdf"),
        (("derive", "x**2", "--to", "md", "--out", "nowhere/x.md"), "the folder nowhere does not exist"),
    ],
)
def test_files_are_refused_before_the_work(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "spec.toml").write_text(SPEC)
    monkeypatch.setattr(_sweep.gradlab, "sweep", lambda *_, **__: pytest.fail("trained before it looked"))
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["spec.toml"]


@pytest.mark.parametrize(
    ("kind", "subject", "without", "words"),
    [
        ("pdf", ("--mlp", "2,2,1"), ("matplotlib", "typst"), "needs matplotlib and typst, which are not installed"),
        ("pdf", ("x**2",), ("matplotlib", "typst"), "needs typst, which is not installed: pip install 'gradlab[labs]'"),
        ("md", ("--mlp", "2,2,1"), ("matplotlib",), "needs matplotlib, which is not installed: pip install"),
    ],
)  # fmt: skip
def test_a_sheet_says_all_that_it_needs(kind, subject, without, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in without:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["derive", *subject, "--to", kind]) == 1
    assert words in capsys.readouterr().err


def test_a_map_asks_for_its_package_before_the_work(tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    code = (
        "import sys; sys.modules['matplotlib'] = None; import gradlab; gradlab.sweep = None; "
        "from gradlab.cli import main; sys.exit(main(['sweep', 'spec.toml', '--map', 'x.png']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'gradlab[plot]'" in done.stderr

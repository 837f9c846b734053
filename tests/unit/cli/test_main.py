"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import builtins
import errno
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from gradlab.cli import main


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line and return its exit status, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_no_arguments_and_help_show_the_commands(run):
    for arguments in ((), ("--help",)):
        status, out, _ = run(*arguments)
        assert status == 0
        assert all(word in out for word in ("derive", "descend", "lab", "--install-completion"))


@pytest.mark.parametrize("command", [("derive",), ("descend",), ("lab", "build")])
def test_each_commands_help_has_examples_as_they_are_typed(run, command):
    status, out, _ = run(*command, "--help")
    assert status == 0
    assert f"gradlab {' '.join(command)}" in out
    if command == ("derive",):
        assert '"(x1 - 6)**2 + x2**2 - x1*x2"' in out


def test_version(run):
    import gradlab

    assert run("--version") == (0, f"gradlab {gradlab.__version__}\n", "")


def test_python_runs_the_package():
    done = subprocess.run([sys.executable, "-m", "gradlab", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("gradlab ")


def test_derive_prints_every_partial_derivative_of_a_formula(run):
    status, out, _ = run("derive", "(x1 - 6)**2 + x2**2 - x1*x2")
    assert status == 0
    assert "df/dx1" in out
    assert "df/dx2" in out


def test_derive_prints_one_derivation_of_a_network_as_latex(run):
    status, out, _ = run("derive", "--mlp", "2,2,1", "--wrt", "w_12", "--format", "latex")
    assert status == 0
    assert out.startswith(r"\begin{align*}")
    assert r"\frac{\partial \mathcal{L}}{\partial w_{12}}" in out


def test_an_option_that_there_is_not_is_no_expression(run):
    status, _, err = run("descend", "x**2", "--start", "1", "--learning-rate", "0.1")
    assert status == 2
    assert "there is no option --learning-rate: did you mean --rate?" in " ".join(err.replace("│", " ").split())


def test_output_that_cannot_be_written_is_said(run, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "out.txt")

    monkeypatch.setattr("gradlab.cli._app.run", full)
    assert run("derive", "x**2") == (1, "", "gradlab: error: out.txt cannot be written: No space left on device\n")


def test_derive_takes_a_formula_that_begins_with_a_minus_sign(run):
    status, out, _ = run("derive", "-x**2")
    assert status == 0
    assert "-2*x" in out
    assert run("derive", "-t*log(x)", "--wrt", "x")[1].endswith("= -t/x              [log' x = 1/x]\n")


def test_descend_prints_the_pen_and_paper_table(run):
    status, out, _ = run("descend", "(x1 - 6)**2 + x2**2 - x1*x2", "--start", "6,6", "--steps", "1/2,1/3,1/4")
    assert status == 0
    assert [line.split()[1:4] for line in out.splitlines()[1:4]] == [
        ["6", "6", "0"],
        ["9", "3", "-9"],
        ["8", "4", "-12"],
    ]
    assert "CONVERGED" in out


def test_descend_takes_negative_and_decimal_numbers(run):
    status, out, _ = run("descend", "x**4 - x**2", "--start", "-2", "--rate", "0.05", "--max-steps", "3")
    assert status == 0
    assert out.splitlines()[1].split()[1] == "-2"
    assert "MAX_STEPS" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("derive",), "give either a formula or --mlp"),
        (("derive", "x", "--mlp", "2,1"), "give either a formula or --mlp"),
        (("derive", "--mlp", "2;2"), "as in 2,2,1"),
        (("derive", "x", "--wtr", "y"), "--wtr"),
        (("descend", "x**2", "--start", "1"), "give either --rate"),
        (("descend", "x**2", "--start", "one", "--rate", "0.1"), "is not a number"),
        (("lab", "build", "no-such.md"), "no-such.md"),
        (("lab", "build", __file__, "--to", "docx"), "the formats are"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_what_to_write(run, arguments, words):
    status, _, err = run(*arguments)
    assert status == 2
    assert words in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("derive", "x +"), "gradlab: error:"),
        (("derive", "__import__('os').system('true')"), "gradlab: error:"),
        (("derive", "x**2", "--wrt", "y"), "y"),
        (("derive", "--mlp", "2,2,1", "--hidden", "thna"), "tanh"),
        (("descend", "x**2", "--start", "1,2", "--rate", "0.1"), "gradlab: error:"),
        (("derive", "7"), "needs a variable"),
    ],
)
def test_a_job_that_fails_exits_with_one_and_no_traceback(run, arguments, words):
    status, _, err = run(*arguments)
    assert status == 1
    assert words in err
    assert "Traceback" not in err


def test_a_warning_is_a_line_as_the_rest(run):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        status, _, err = run("derive", "x + e**x", "--wrt", "x")
    assert (status, err.count("\n")) == (0, 1)
    assert err.startswith("gradlab: warning: e is a variable here, as x: write exp(1) for Euler's number")


def test_an_extra_that_is_missing_is_named(run, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.split(".")[0] == "typer":
            raise ModuleNotFoundError("No module named 'typer'", name="typer")
        return real(name, *arguments, **options)

    for name in [name for name in sys.modules if name.startswith("gradlab.cli._") and name != "gradlab.cli._main"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    status, _, err = run("--version")
    assert status == 1
    assert "pip install 'gradlab[cli]'" in err


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    command = "from gradlab.cli import main; import sys; sys.exit(main(['derive', '--mlp', '4,8,8,1']))"
    process = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate()
    assert err == b""


def test_lab_build_builds_prints_its_table_and_names_failures(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-good.md").write_text("# Good $x$\n\n![no](no.png)\n")
    Path("bad.md").write_text("```python\nraise KeyError('k\x1b[31m')\n```\n")
    status, out, err = run("lab", "build", "./-good.md", "bad.md", "--out", "made", "--to", "md,html", "--to", "ipynb")
    assert status == 1
    assert sorted(path.name for path in Path("made/-good").iterdir()) == [
        "-good-build.json",
        *(f"-good-{kind}.{suffix}" for kind in ("question", "solution") for suffix in ("html", "ipynb", "md")),
    ]
    assert "-good-question.html" in out
    assert "1 formula set; fetches nothing" in out
    assert "-good.md:3: warning: the image no.png is not there" in out
    assert "bad.md:2: error: code cell 1 of the solution failed with KeyError" in err
    assert "bad.md: solution cell 1 of 1 (line 2)" in err
    assert "\x1b" not in out + err
    assert not list(Path("made/bad").glob("*"))

    status, out, err = run("lab", "build", "./-good.md", "--out", "made/-good", "--to", "html,md,ipynb")
    assert (status, err) == (0, "")
    assert "up to date" in out

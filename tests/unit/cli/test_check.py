"""`gradlab check`: objects named on the command line, the report, the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from gradlab.cli import main

MODEL = """
import numpy as np
import torch

at = np.array([1.0, -2.0])


def loss(x):
    return np.sum(x**3)


def gradient(x):
    return 3 * x**2


def wrong(x):
    return -3 * x**2


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3 * ctx.saved_tensors[0] ** 2


inputs = torch.tensor([0.5, 2.0])


def constant(x):
    return 3.0


def nothing(x):
    return 0 * x + 1e-3
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `gradlab check` in a folder with model.py."""
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "broken.py").write_text("import not_there_at_all\n", encoding="utf-8")
    (tmp_path / "unfinished.py").write_text("def loss(x):\n    return (x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["check", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield call
    sys.modules.pop("model", None)


def test_a_right_gradient_exits_with_0(run):
    status, out, _ = run("model.py:loss", "model.py:gradient")
    assert status == 0
    assert out.startswith("CORRECT: 2 correct of 2 entries")
    assert run("model:loss", "model:gradient", "--at", "0.5,2,3")[0] == 0


def test_a_wrong_gradient_exits_with_1_and_names_the_mistake(run):
    status, out, _ = run("model.py:loss", "model.py:wrong", "--at", "model.py:at")
    assert status == 1
    assert out.startswith("WRONG: 2 wrong of 2 entries")
    assert "sign" in out


def test_undecided_exits_with_1_unless_it_is_allowed(run):
    assert run("model.py:constant", "model.py:nothing")[0] == 1
    assert run("model.py:constant", "model.py:nothing", "--allow-undecided")[0] == 0


def test_an_autograd_function_is_checked_with_its_own_backward(run):
    status, out, _ = run("model.py:Cube", "--at", "model.py:inputs", "--entries", "f[0] by x[0],3")
    assert status == 0
    assert "CORRECT: 2 correct of 2 entries" in out
    assert "f[1] by x[1]" in out


def test_json(run):
    status, out, _ = run("model.py:loss", "model.py:wrong", "--json", "--precision", "float32")
    assert status == 1
    assert json.loads(out)["verdict"] == "WRONG"


MARKED = """
import numpy as np
import gradlab as gl
import torch


def loss(x):
    return np.sum(x**3)


@gl.testing.gradient_of(loss, at=[1.0, -2.0])
def right(x):
    return 3 * x**2


@gl.testing.gradient_of(loss, at=lambda rng: rng.normal(size=2))
def wrong(x):
    return 3 * x


@gl.testing.checked(torch.tensor([0.5, 2.0]))
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3 * ctx.saved_tensors[0] ** 2
"""


def test_all_that_a_file_marks_is_checked_and_reported_to_the_terminal_to_junit_and_as_json(run, tmp_path):
    (tmp_path / "marked.py").write_text(MARKED, encoding="utf-8")
    status, out, _ = run("marked.py", "--seeds", "2", "--junit", "report.xml")
    assert status == 1
    assert out.startswith("right: CORRECT: 2 correct of 2 entries\nwrong[seed0]: WRONG: 2 wrong of 2 entries")
    assert "Cube: CORRECT" in out
    assert out.endswith("4 gradients checked, 2 failed\n")
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["wrong[seed0]", "wrong[seed1]"]
    bodies = json.loads(run("marked.py", "--seeds", "1", "--json")[1])
    assert [(body["name"], body["verdict"]) for body in bodies] == [
        ("right", "CORRECT"),
        ("wrong[seed0]", "WRONG"),
        ("Cube", "CORRECT"),
    ]


def test_a_file_that_marks_nothing_is_told_how_to(run):
    status, _, err = run("model.py")
    assert status == 2
    assert "gl.testing.gradient_of(loss, at=...)" in " ".join(err.replace("│", " ").split())


def test_a_gradient_that_cannot_be_checked_does_not_hide_the_others(run, tmp_path):
    broken = "@gl.testing.gradient_of(lambda x: 1 / 0, at=np.ones(2))\ndef broken(x):\n    return x\n"
    (tmp_path / "both.py").write_text(f"{MARKED}\n\n{broken}", encoding="utf-8")
    status, out, _ = run("both.py", "--seeds", "1", "--junit", "report.xml")
    assert status == 1
    assert "broken: could not be checked: the loss raised ZeroDivisionError" in out
    assert "right: CORRECT" in out
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("1", "1")
    bodies = json.loads(run("both.py", "--seeds", "1", "--json")[1])
    assert [body["name"] for body in bodies if "error" in body] == ["broken"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("model.py:no_such_loss", "model.py:gradient"), 2, "model.py has no no_such_loss"),
        (("missing.py:loss", "model.py:gradient"), 2, "there is no file missing.py"),
        (("missing.py",), 2, "there is no file missing.py"),
        (("no_such_module",), 2, "No module named 'no_such_module'"),
        (("model.py:loss", "model.py:no_such_gradient"), 2, "model.py has no no_such_gradient"),
        (("unfinished.py:loss", "model.py:gradient"), 2, "SyntaxError"),
        (("broken:loss", "model.py:gradient"), 2, "No module named 'not_there_at_all'"),
        (("model.py:loss", "model.py:gradient", "--entries", "9"), 1, "entries names 9"),
        (("math:gamma", "math:lgamma", "--at", "1,2"), 1, "--at 1,2 hands over an array of 2 numbers"),
        (("loss", "model.py:gradient"), 2, "write module:name"),
        (("model.py:loss", "model.py:gradient", "--junit", "no/such/folder.xml"), 1, "cannot be written"),
    ],
)
def test_errors_say_what_is_wrong(run, arguments, status, message):
    found, _, err = run(*arguments)
    assert found == status
    assert message in " ".join(err.replace("│", " ").split())


def test_help_needs_no_numpy():
    code = "import sys, gradlab.cli._check; assert 'numpy' not in sys.modules, 'NumPy is loaded for --help'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

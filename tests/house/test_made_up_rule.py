"""A rule is a file and nothing else: a rule made up here goes through all that uses one, and so does a schedule.

The rule keeps two numbers beside each parameter, uses the number of the step, a root and an absolute value, and has
three numbers of its own. No other file knows of it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gradlab as gl
from gradlab.cli._sweep_spec import read_spec
from gradlab.rules import Batches, Kind, Rule, Schedule, number, numbers_of, read
from gradlab.train import _trainers

DATA = gl.datasets.two_moons(12)
STEPS = 9


@dataclass(frozen=True)
class Zigzag(Rule):
    title = "zigzag"
    source = "made up"
    state = ("a", "b")
    statements = (
        "a = keep*a + (1 - keep)*abs(g)",
        "way = g/(sqrt(a) + small)",
        "b = b/(1 + t) + way**2",
        "w = w - eta*way - pull*eta*w/(1 + sqrt(b)) + eta*keep**t",
    )

    keep: Any = number(0.7, Kind.SHARE, "part that is kept")
    small: Any = number(0.5, Kind.RATE, "number added to the root", latex=r"\varsigma")
    pull: Any = number(0.1, Kind.AMOUNT, "pull")


@dataclass(frozen=True)
class Slower(Schedule):
    title = "slower"
    formula = "half/(half + k)"
    half: int = number(6, Kind.COUNT, "steps until half")


def put_in():
    Rule.kinds["zigzag"], Schedule.kinds["slower"] = Zigzag, Slower


def take_out():
    del Rule.kinds["zigzag"], Schedule.kinds["slower"]


take_out()  # other tests of this process know nothing of them


@pytest.fixture(autouse=True)
def they_are_in_the_tables_for_these_tests():
    put_in()
    yield
    assert {Zigzag, Slower} <= {*Rule.all(), *Schedule.all()}
    take_out()


def by_hand(net, start, rule, factors):
    """Parameters after the steps, from the formulas written out in NumPy once more."""
    at, a, b, gradient = start, np.zeros_like(start), np.zeros_like(start), net.compile("numpy")
    for step, factor in enumerate(factors, start=1):
        g, eta = gradient(at, *DATA)[1], rule.learning_rate * factor
        a = rule.keep * a + (1 - rule.keep) * np.abs(g)
        way = g / (np.sqrt(a) + rule.small)
        b = b / (1 + step) + way**2
        at = at - eta * way - rule.pull * eta * at / (1 + np.sqrt(b)) + eta * rule.keep**step
    return at


@pytest.mark.parametrize("way", ["straight", "rolled", "numpy"])
def test_it_trains_in_every_kind_of_kernel(way, monkeypatch):
    if way == "numpy":
        monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    net, rule = gl.mlp([2, 10 if way == "rolled" else 2, 1]), Zigzag(0.3, keep=0.6, schedule=Slower(half=4))
    runs = gl.train(net, DATA, rule=rule, steps=STEPS, restarts=3)
    factors = [4 / (4 + k) for k in range(STEPS)]
    np.testing.assert_allclose(runs.parameters, by_hand(net, runs.initial_parameters, rule, factors), atol=1e-11)
    assert "zigzag (learning rate 0.3, keep 0.6, small 0.5, pull 0.1, schedule slower (half 4))" in str(runs)


def test_it_is_swept_recommended_and_drawn():
    net = gl.mlp([2, 2, 1])
    rule = Zigzag(keep=[0.0, 0.6], pull=[0.0, 0.2], schedule=Slower())
    grid = gl.sweep(net, DATA, rule=rule, learning_rate=[0.1, 0.3], steps=STEPS, restarts=40, dtype="float64")
    assert grid.loss.dims == ("learning_rate", "keep", "pull", "restart")
    assert grid.keep.attrs["long_name"] == "part that is kept"
    own = Zigzag(0.3, keep=0.6, pull=0.2, schedule=Slower())
    runs = gl.train(net, DATA, rule=own, steps=STEPS, restarts=40)
    np.testing.assert_array_equal(grid.loss.sel(learning_rate=0.3, keep=0.6, pull=0.2), runs.losses)
    found = gl.recommend(grid, loss_below=1.0, restarts=40, seed=0)
    assert found.fresh == found.share
    assert "zigzag, " in found.words
    assert "slower (half 6)" in found.words
    assert found.setting["keep"] in (0.0, 0.6)
    figure = gl.plot.success_map(grid, found)
    assert {axes.get_title() for axes in figure.axes} >= {"keep: 0", "keep: 0.6"}
    assert {axes.get_ylabel() for axes in figure.axes} >= {"pull"}


def test_it_descends():
    bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
    rule = Zigzag(0.2, pull=0, keep=0)
    trace = gl.descend(bowl, (6.0, 5.0), rule=rule, max_steps=2)
    at = np.array([6.0, 5.0])
    for _ in (1, 2):
        g = bowl(at)[1]
        at = at - 0.2 * g / (np.sqrt(np.abs(g)) + 0.5)
    np.testing.assert_allclose(trace.last, at, rtol=1e-14)
    assert gl.descend(bowl, (6.0, 5.0), rule="zigzag(0.2, pull=0, keep=0)", max_steps=2).last.tolist() == [*trace.last]


def test_it_is_written_and_read_back():
    rule = Zigzag(0.3, keep=(0.1, 0.2), schedule=Slower(half=3))
    assert read(Rule, str(rule)) == rule
    assert hash(read(Rule, str(rule))) == hash(rule)
    latex = rule.latex()
    assert r"a &\leftarrow \mathrm{keep} a + (1 - \mathrm{keep}) \left|g\right|" in latex
    assert r"\frac{g}{\sqrt{a} + \varsigma}" in latex
    assert Slower().latex() == r"\eta_k = \frac{\mathrm{half}}{\mathrm{half} + k} \eta"


def test_the_command_line_and_a_sweeps_file_know_it(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text(
        '[network]\nsizes = [2, 2, 1]\n[data]\nset = "xor"\n[sweep]\nsteps = 5\n[sweep.rule]\nname = "zigzag"\n'
        'keep = [0.1, 0.2]\npull = {from = 0.1, to = 10, count = 3}\nschedule = "slower(half=2)"\n'
    )
    assert read_spec(spec).settings["rule"] == Zigzag(keep=(0.1, 0.2), pull=(0.1, 1.0, 10.0), schedule=Slower(half=2))
    code = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"
    code += "import test_made_up_rule; test_made_up_rule.put_in()\n"
    started = ["descend", "x**2", "--start", "0", "--rule", "zigzag(pull=0, keep=0)"]
    code += f"from gradlab.cli import main\nfor given in (['descend', '--help'], ['sweep', '--help'], {started}):\n"
    code += "    print('STATUS', main(given))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "COLUMNS": "300", "TERMINAL_WIDTH": "300"},
    ).stdout.split("STATUS 0\n")  # fmt: skip
    assert [words in text for words, text in zip(("zigzag", "zigzag", "at 0", ""), said, strict=True)] == [True] * 4


@pytest.mark.parametrize("kind", [Rule, Schedule, Batches])
def test_all_kinds_are_described_and_read_back(kind):
    for each in (known for known in kind.all() if known.__module__.startswith("gradlab.")):  # docs/rules.md has its own
        made = each()
        assert made.title
        assert made.latex()
        assert made.words
        assert read(kind, str(made)) == made
        assert all(known.meaning and known.latex for known in numbers_of(each))
        assert kind is Schedule or isinstance(made, gl.rules.Full) or made.source
        assert pickle.loads(pickle.dumps(made)) == made

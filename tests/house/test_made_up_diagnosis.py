"""A diagnosis is a row and a rule: one made up here, the root of a gradient, goes through all that tells one."""

from __future__ import annotations

import html
import json
import sys

import numpy as np
import pytest

import gradlab as gl
from gradlab.check.names import RULES, Hypothesis, Mistake, _diagnose
from gradlab.cli import main
from gradlab.labs.grade.made import Call
from gradlab.labs.grade.verdicts._made import _judged

WORDS, REMEDY = "rooted & bare", "Square <it>."
SENTENCE = "The cube root was taken in x."


def rooted(evidence):
    if np.any(evidence.here.claimed != 0):
        told = "The cube root was taken in {where}."
        yield Hypothesis(Mistake["ROOTED"], lambda view: np.cbrt(view.right), told, partly=False)


@pytest.fixture(autouse=True)
def row(monkeypatch):
    """The row that would stand in `Mistake`, and its rule in `RULES`."""
    made = Mistake.__new_member__(Mistake, WORDS, REMEDY)
    made._name_ = "ROOTED"
    monkeypatch.setitem(Mistake._member_map_, "ROOTED", made)
    monkeypatch.setitem(Mistake._value2member_map_, WORDS, made)
    monkeypatch.setattr(_diagnose, "RULES", (*RULES, rooted))
    return made


def loss(x):
    return (np.sin(x) * np.exp(x / 2)).sum()


def right(x):
    return np.exp(x / 2) * (np.cos(x) + np.sin(x) / 2)


def wrong(x):
    return np.cbrt(right(x))


def test_it_is_found_shown_and_read_back(row):
    report = gl.check_gradient(loss, wrong, np.array([0.3, -1.2, 2.0]))
    (found,) = report.diagnoses
    assert found.kind is row
    assert found.remedy == REMEDY
    for text in (str(report), report.to_json(), html.unescape(report._repr_html_())):
        assert found.sentence in text
    assert WORDS.capitalize() in html.unescape(report._repr_html_())
    assert type(report).from_json(report.to_json()).diagnoses == report.diagnoses


def test_it_is_told_by_the_command_line(tmp_path, monkeypatch, capsys):
    source = tmp_path / "made_up_gradients.py"
    source.write_text("from test_made_up_diagnosis import loss, wrong\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "test_made_up_diagnosis", sys.modules[__name__])
    names = "made_up_gradients:loss", "made_up_gradients:wrong"
    assert main(("check", *names, "--at", "0.3,-1.2")) == 1
    assert "cube root" in capsys.readouterr().out
    assert main(("check", *names, "--at", "0.3,-1.2", "--json")) == 1
    assert json.loads(capsys.readouterr().out)["diagnoses"][0]["kind"] == "ROOTED"


def test_it_is_told_to_a_student():
    assert "cube root" in _judged(loss, right, wrong, Call((np.array([0.3, -1.2]),), {}), 0)

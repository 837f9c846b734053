from __future__ import annotations

import re

import pytest

import gradlab as gl

CASES = [
    lambda: gl.mlp([2, 2, 1]).derive("L", "x_1"),
    lambda: gl.mlp([2, 2, 2], loss="softmax_cross_entropy").derive("L", "w_11"),
    lambda: gl.mlp([1, 2, 11, 1], hidden="relu", loss="squared_error").derive("f_out", "x_1"),
    lambda: gl.mlp([2, 2, 1]).derive("f_in", "y"),
    lambda: gl.function("max(x_1, x_2)*abs(x_1) + sqrt(x_2)/log(x_1)").derive("f", "x_1"),
    lambda: gl.function("log_softmax(1, some_name, other_name)").derive("f", "some_name"),
    lambda: gl.derive_rule("tanh"),
]


def balanced(latex: str) -> bool:
    depth = 0
    for character in latex:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0 and len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex))


@pytest.mark.parametrize("case", CASES)
def test_the_block_is_well_formed(case):
    latex = case().latex()
    assert latex.startswith("\\begin{align*}\n")
    assert latex.endswith("\n\\end{align*}")
    rows = latex.split("\n")[1:-1]
    assert all(row.endswith(r" \\") for row in rows[:-1])
    assert not rows[-1].endswith(r"\\")
    for row in rows:
        assert balanced(row)
        assert row.count("&") in (1, 3)
        for words in re.findall(r"\\text\{([^}]*)\}", row):
            assert not re.search(r"[_^&%#$\\]", words), words
        assert not re.search(r"\^\{[^{}]*\}\^|_[^{}\s]_|\d \d", row)


@pytest.mark.parametrize("case", CASES)
def test_options(case):
    derivation = case()
    assert "&&" not in derivation.latex(reasons=False)
    short, long = derivation.latex(factors=False), derivation.latex()
    assert short.count(r"\\") <= long.count(r"\\")


def test_without_factors_only_the_main_line_is_left():
    rows = gl.mlp([2, 2, 1]).derive("L", "u_1").latex(factors=False, reasons=False).split("\n")[1:-1]
    assert len(rows) == 3
    assert rows[0].startswith(r"\frac{\partial \mathcal{L}}{\partial u_1} &= ")
    assert rows[-1] == r"&= (f_{out} - y) \cdot z_{1,out}"


def test_text_has_a_reason_for_each_step():
    derivation = gl.mlp([2, 2, 1]).derive("L", "x_1")
    lines = str(derivation).splitlines()
    assert sum("[" in line for line in lines) == len(derivation.steps)
    assert all(line == line.rstrip() for line in lines)
    assert str(derivation.steps[0]) == f"dL/dx_1 = {derivation.steps[0].right}"


def test_jupyter_shows_the_block():
    derivation = gl.mlp([1, 1]).derive("L", "c")
    assert derivation._repr_latex_() == derivation.latex()
    assert gl.mlp([1, 1]).backprop()._repr_latex_().startswith(r"\begin{align*}")

from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.derive import function_sheet, network_sheet


def sections(text: str) -> list[str]:
    return [line.lstrip("# ") for line in text.splitlines() if line.startswith("## ")]


def test_a_networks_sheet_has_every_part():
    net = gl.mlp([2, 2, 1])
    text = network_sheet(net.graph, "L", net.parameters)
    assert sections(text) == [
        "What is computed", "The local derivatives", "All derivatives, through shared deltas",
        "Each derivative, path by path", "What sharing saves", "In matrix notation",
    ]  # fmt: skip
    assert "differentiated by each of its 9 parameters" in text
    for name in net.parameters:
        symbol = net.graph[name].latex
        assert text.count(rf"\frac{{\partial \mathcal{{L}}}}{{\partial {symbol}}} &= ") == 2
    assert "take **27 multiplications**; with shared deltas they take **11**" in text
    assert "| 1 | 9 | 27 | 11 |" in text
    assert "](network)" in text
    assert "](savings)" in text


def test_deep_layers_are_named_once_and_paths_without_end_are_left_out():
    net = gl.mlp([2, 3, 3, 3, 1], hidden="relu", loss="squared_error")
    text = network_sheet(net.graph, "L", net.parameters)
    assert "Too many paths for that lead to $b^{(1)}_1" in text
    assert text.count("in the same way as") == 7  # of nine hidden neurons, all but the first of the last two layers
    assert len(text) < 60_000


def test_softmax_has_its_rule_in_words_beside_formulas():
    net = gl.mlp([2, 2, 3], loss="softmax_cross_entropy")
    text = network_sheet(net.graph, "L", net.parameters)
    assert text.count(r"\operatorname{softmax}_k(v) \cdot") == 1
    assert r"\text{the rule of softmax}" in text


def test_another_quantity_or_a_few_derivatives():
    net = gl.mlp([2, 2, 1])
    text = network_sheet(net.graph, "f_{in}", ["w_12", "x_1"])
    assert "$f_{in}$ is differentiated by $w_{12}$, $x_1$" in text
    assert "What sharing saves" not in sections(text)
    assert r"\frac{\partial f_{in}}{\partial x_1}" in text


def test_a_functions_sheet():
    bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
    text = function_sheet(bowl.graph, bowl.output, bowl.variables)
    assert r"\nabla f(x_1, x_2) &= \begin{pmatrix} 2 x_1 - x_2 - 12 \\ 2 x_2 - x_1 \end{pmatrix}" in text
    assert r"\nabla^2 f(x_1, x_2) &= \begin{pmatrix} 2 & -1 \\ -1 & 2 \end{pmatrix}" in text
    wide = gl.function("exp(x1*x2)*sin(x1)*tanh(x2) + x3")
    text = function_sheet(wide.graph, wide.output, wide.variables)
    assert r"\nabla^2" not in text
    assert text.count(r"\partial^2 f") == 6
    long = gl.function({f"a{i + 1}": f"sin(a{i})*a{i}" for i in range(14)})
    assert sections(function_sheet(long.graph, long.output, long.variables)) == [
        "What is computed",
        "The derivatives, step by step",
    ]


def test_too_many_derivatives_are_refused():
    net = gl.mlp([30, 30, 1])
    with pytest.raises(gl.GradlabError, match="400 are the most"):
        network_sheet(net.graph, "L", net.parameters)

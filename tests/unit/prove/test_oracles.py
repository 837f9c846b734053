"""Verdicts against other judges: gradlab's own derivations, compiled gradients, and strings of any kind."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradlab as gl
from gradlab.graph import Ref, evaluate, neg
from gradlab.prove import Truth, prove
from gradlab.prove.repairs._paths import nodes, replace_at

NETS = [
    gl.mlp([2, 2, 1]),
    gl.mlp([1, 2, 1], hidden="sigmoid", loss="squared_error"),
    gl.mlp([2, 2, 2], loss="softmax_cross_entropy"),
    gl.mlp([1, 2, 2, 1], hidden="softplus"),
]


@pytest.mark.parametrize("net", NETS, ids=lambda net: "-".join(map(str, net.sizes)))
def test_every_derivation_is_true(net):
    for wrt in (net.parameters[0], net.parameters[len(net.parameters) // 2], net.parameters[-1], net.inputs[0]):
        proof = prove(net.derive("L", wrt).latex(), net)
        assert proof.steps
        assert proof.truth is Truth.TRUE, str(proof)


def changed(expression, names, rng):
    """An expression with another name in one place, or another sign on one part."""
    found = [(path, node) for path, node in nodes(expression) if isinstance(node, Ref)]
    path, node = rng.choice(found)
    new = neg(node) if rng.random() < 0.3 else Ref(rng.choice(names))
    return replace_at(expression, path, new)


@pytest.mark.parametrize("seed", range(24))
def test_verdicts_agree_with_compiled_gradients(seed):
    """A changed formula is false where its value differs from the compiled gradient."""
    rng = random.Random(seed)
    net = NETS[seed % 2]
    graph = net.graph
    wrt = rng.choice([name for name in net.parameters if net.derive("L", name).result.names])
    names = [quantity.name for quantity in graph if quantity.name != "L"]
    written = changed(net.derive("L", wrt).result, names, rng)
    generator = np.random.default_rng(seed)
    parameters, x, y = generator.normal(size=len(net.parameters)), generator.normal(size=(1, net.sizes[0])), [1.0]
    _, gradient = net.compile("numpy")(parameters, x, y)
    wanted = float(gradient[net.parameters.index(wrt)])
    values = dict(zip((*net.parameters, *net.inputs, *net.labels), (*parameters, *x[0], *y), strict=True))
    for quantity in graph:
        if quantity.expression is not None:
            values[quantity.name] = evaluate(quantity.expression, values, exact=False)
    same = abs(evaluate(written, values, exact=False) - wanted) < 1e-9
    latex = rf"\frac{{\partial \mathcal{{L}}}}{{\partial {graph[wrt].latex}}} = {written.latex(graph.symbols)}"
    truth = prove(latex, net).truth
    # Equal at one point is not yet equal; different at one point is different.
    assert truth is Truth.FALSE if not same else truth is not Truth.NOT_UNDERSTOOD, latex


PIECES = st.sampled_from(
    r"x_1 f_{out} w_{12} y c 2 0.5 = = + - \cdot / ( ) { } ^ _ ^2 & \\ \frac \frac{1}{2} \partial \tanh \sigma \log "
    r"\left( \right) \sum_{i=1}^{2} \sum_i e^ \sqrt | \text{a} \begin{align} \end{align} $ \foo [ ] ' ,".split()
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, max_size=18).map(" ".join))
def test_any_string_gets_a_verdict(text):
    proof = prove(text, NETS[0])
    assert proof.steps
    assert all(step.truth is not Truth.FALSE or step.witness is not None for step in proof.steps)
    assert all(step.reason for step in proof.steps if step.truth is Truth.NOT_UNDERSTOOD)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_text_gets_a_verdict(text):
    assert prove(text).steps


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000, "a=" * 500_000, "{" * 9_000 + "=" + "}" * 9_000, "(" * 2_000 + "x = 1", "-" * 5_000 + "x = x",
        r"\frac{1}{" * 300 + "x" + "}" * 300 + " = x", "x" + "^{x" * 30 + "}" * 30 + " = x", "9^{9^{9^9}} = 1",
        r"\log((((x+y+z+a+b)^{9})^{9})^{9}) = x", r"(((2^{1000})^{1000})^{1000})^{1000} = 1",
        r"\sum_{i=1}^{9}\sum_{j=1}^{50}\sum_{k=1}^{50} i j k = 1", "=".join(["1/2x"] * 12), r"\sin(10^{900}) = 1",
        r"\frac{\partial}{\partial x}" * 12 + r"\tanh(x^2) = 0", "|" * 3_000 + " = 1", r"\begin{align}" * 800 + "=",
    ],
    ids=range(16),
)  # fmt: skip
def test_bad_input_is_answered(text):
    proof = prove(text)
    assert proof.truth in (Truth.NOT_UNDERSTOOD, Truth.FALSE)
    assert all(len(step.left) < 25_000 for step in proof.steps)

"""One piece of mathematics in, every way to read it out, written again in the one spelling of what was understood."""

from __future__ import annotations

import pytest

from gradlab.graph import Expression
from gradlab.prove import graph_of
from gradlab.prove._errors import Deadline
from gradlab.prove._names import Names
from gradlab.prove.read._chains import readings
from gradlab.prove.read._pieces import pieces_of
from gradlab.prove.read._scope import Scope, Use
from gradlab.prove.read._source import blocks_of, rows_of
from gradlab.prove.read._statements import Known
from gradlab.prove.read._write import Writer


def ways(latex, graph=None):
    """All readings of the first equation, each as LaTeX; for a side without meaning the reason."""
    subject = graph_of(graph)
    (source,) = blocks_of(latex)
    piece, *rest = pieces_of(rows_of(source, {})[0])
    use = Use()
    for row in piece.sides:
        use.see(row)
    found = readings(
        Scope(Names(subject), Known(subject), use), piece, [p for p in rest if p.condition], Deadline(5_000_000)
    )
    write = Writer(subject.symbols).latex
    shown = [
        [write(side) if isinstance(side, Expression) else str(side) for side in reading.chain.sides]
        for reading in found.found
    ]
    return [" = ".join(sides).replace(r" \cdot ", " ") for sides in shown], found


ONE_WAY = [
    (r"\cos(0) = 1", r"\cos(0) = 1"),
    (r"x(x + 1) = x^2 + x", r"x (x + 1) = x^2 + x"),
    (r"\sigma' = \sigma(1 - \sigma)", r"\sigma(t) (1 - \sigma(t)) = \sigma(t) (1 - \sigma(t))"),
    (r"E_{total} = \frac12 (t - o)^2", r"E_{total} = \frac{1}{2} (t - o)^2"),
    (r"net_{h1} = w_1 i_1", r"\mathrm{net}_{h1} = w_1 i_1"),
    (r"\hat{y_i} = \hat y_i", r"\hat{y}_{i} = \hat{y}_{i}"),
    (r"\frac{\Delta y}{\Delta x} = 2", r"\frac{\Delta y}{\Delta x} = 2"),
    (r"\sum_k^K x_k = \sum x_k", r"\sum_{k}^{K} x_{k} = \sum_{k} x_{k}"),
    (r"\sum_{j \ne i} w_j = 1", r"\sum_{j, j \ne i} w_{j} = 1"),
    (r"\delta_{ij} = \mathbb{1}[i = j]", None),
    (r"\frac{d}{dx} x^2 \bigg|_{x=3} = 6", r"\left. \frac{d}{d x} \left(x^2\right) \right|_{x = 3} = 6"),
    (r"f''(x) = 6x", r"f''(x) = 6 x"),
    (r"f^{'}(x) = f\prime(x)", r"f'(x) = f'(x)"),
    (r"\mathbf{w}^\top \mathbf x = \mathbf x^\top \mathbf w", None),
    (r"\|x\|^2 = x^T x", r"\left(\lVert x \rVert\right)^2 = \left(x^{\top}\right) x"),
    (r"|x| |y| = |x y|", r"\left|x\right| \left|y\right| = \left|x y\right|"),
    (r"\mbox{e}^x = e^x", r"e^{x} = e^{x}"),
    (r"θ + ∑_{i=1}^n λ_i = 1", r"\theta + \left(\sum_{i=1}^{n} \lambda_{i}\right) = 1"),
    (r"\frac{\partial L}{\partial w'} = 1", r"\frac{\partial L}{\partial w'} = 1"),
    (r"\mathrm{ReLU}(x) = \max(0, x)", r"\operatorname{relu}(x) = \max(0, x)"),
    (r"y = \begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}", None),
]


@pytest.mark.parametrize(("latex", "meaning"), ONE_WAY)
def test_what_can_be_read_in_one_way_alone(latex, meaning):
    found, all_of_them = ways(latex)
    assert len(found) == 1, found
    assert all_of_them.complete
    if meaning is not None:
        assert found == [meaning]


TWO_WAYS = [
    (r"a(b + c) = 1", {r"a(b + c) = 1", r"a (b + c) = 1"}),
    (r"1/2x = 1", {r"\frac{1}{2} x = 1", r"\frac{1}{2 x} = 1"}),
    (r"\tanh x^2 = 1", {r"\tanh(x^2) = 1", r"\tanh(x)^2 = 1"}),
    (r"exp(q) = p", {r"e^{q} = p", r"e^1 x p q = p"}),
    (r"z^l = 1", {r"z^{(l)} = 1", r"z^{l} = 1"}),
]


@pytest.mark.parametrize(("latex", "meanings"), TWO_WAYS)
def test_where_two_ways_are_possible_both_are_given(latex, meanings):
    found, _ = ways(latex)
    assert len(found) == len(meanings), found


@pytest.mark.parametrize(
    ("latex", "graph", "meaning"),
    [
        ("L = e^2", "L = e**2", "L = e^2"),
        (r"\frac{\partial f}{\partial x}(3) = 6", "x**2", r"\left. \frac{\partial f}{\partial x} \right|_{x = 3} = 6"),
        ("f(3) = 9", "x**2", r"\left. f \right|_{x = 3} = 9"),
        ("f''(x) = 2", "x**2", r"\frac{\partial^2 f}{\partial x \, \partial x} = 2"),
        (r"d (1 - d) = f", "d*(1 - d)", "d (1 - d) = f"),
    ],
)
def test_constants_and_letters_yield_to_the_names_of_the_graph(latex, graph, meaning):
    assert ways(latex, graph)[0][0] == meaning


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\int_0^1 x = 1", "where this integral ends"),
        (r"p(y|x) = 1", "p(y|x)"),
        (r"f^{-1}(x) = 1", "inverse function"),
        (r"x_1 + \dots + y_n = 1", "dots"),
        (r"\frac{d}{dx} x \pm 1 = 1", r"\pm"),
        (r"yexp(x) = 1", r"did you mean \exp?"),
        (r"\sum_{y \in S} y = 1", "what y runs over"),
        (r"\arg(x) = 1", "arg"),
        (r"\text{KL}(q||p) = 1", "between these bars: q || p is not judged"),
        (r"x\rlap{/}2 = 1", r"\rlap sets one thing over another"),
        (r"{x \brack 2} = 1", "without a bar"),
        (r"(1, 2)_x = 1", "index behind a bracket"),
    ],
)
def test_what_has_no_meaning_is_said_in_the_signs_of_the_text(latex, words):
    found, _ = ways(latex)
    assert words in found[0], found
    assert not any(mark in found[0] for mark in ("⟧", "⍰", "@", "FREE"))

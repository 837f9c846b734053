r"""What people write in more than one way: each right line is true, and its false twin is not."""

from __future__ import annotations

import pytest

from gradlab.prove import Truth, prove

TWINS = [
    (r"\pmatrix{a & b \cr c & d}\pmatrix{1 \cr 1} = \pmatrix{a+b \cr c+d}", r"\pmatrix{a \cr b} = \pmatrix{b \cr a}"),
    (r"\root 3 \of {8x^3} = 2x", r"\root 3 \of {8x^3} = 2x^3"),
    (r"\partial_x (x^2 y) = 2 x y", r"\partial_x (x^2 y) = x^2"),
    (r"\partial_{xy} (x^2 y^2) = 4 x y", r"\partial_{xy} (x^2 y^2) = 2 x y"),
    (
        r"\partial_{\mathbf w} \|\mathbf A \mathbf w - \mathbf b\|^2 = 2\mathbf A^\top(\mathbf{Aw} - \mathbf b)",
        r"\partial_{\mathbf w} \|\mathbf A \mathbf w - \mathbf b\|^2 = \mathbf A^\top(\mathbf A \mathbf w - \mathbf b)",
    ),
    (r"\mathbf u \cdot \mathbf v = \sum_i u_i v_i", r"\mathbf u \cdot \mathbf v = 2 \sum_i u_i v_i"),
    (
        r"\nabla_{\mathbf u} (\mathbf u \cdot \mathbf v) = \mathbf v",
        r"\nabla_{\mathbf u} (\mathbf u \cdot \mathbf v) = \mathbf u",
    ),
    (r"\frac{\partial}{\partial w} \|w\|_2^2 = 2 w", r"\frac{\partial}{\partial w} \|w\|_2^2 = w"),
    (
        r"\text{if } i = j: \frac{\partial z_j}{\partial z_i} = 1",
        r"\text{if } i \ne j: \frac{\partial z_j}{\partial z_i} = 1",
    ),
    (
        r"\begin{aligned} \frac{d}{dt} t^k &= k t^{k-1} && \text{for every $k$} \end{aligned}",
        r"\begin{aligned} \frac{d}{dt} t^k &= k t^k && \text{for every $k$} \end{aligned}",
    ),
    (
        r"\begin{cases} -z & \text{if z < 0} \\ z & \text{if z > 0} \\ \text{undefined} & z=0 \end{cases} =|z|",
        r"\begin{cases} z & \text{if z < 0} \\ -z & \text{if z > 0} \\ undefined & \text{if z=0} \end{cases} =|z|",
    ),
    (r"\text{ReLU}'(x) = \mathbb{1}_{x > 0}", r"\text{ReLU}'(x) = \mathbb{1}_{x < 0}"),
    (
        r"\sum_{i=1}^n \sigma_i (x_i + 1) = \sum_{i=1}^n \sigma_i x_i + \sum_{i=1}^n \sigma_i",
        r"\sum_{i=1}^n \sigma_i (x_i + 1) = \sum_{i=1}^n \sigma_i x_i + n",
    ),
    (r"(f \circ g)'(x) = f'(g(x)) g'(x)", r"(f \circ g)'(x) = f'(x) g'(x)"),
    (r"(f \circ g \circ h)(x) = f(g(h(x)))", r"(f \circ g)(x) = f(g(2x))"),
    (r"\sum_{i=1}^n - 2 x_i = -2 \sum_{i=1}^n x_i", r"\sum_{i=1}^n - 2 x_i = 2 \sum_{i=1}^n x_i"),
]


@pytest.mark.parametrize(("right", "wrong"), TWINS)
def test_a_right_line_is_true_and_its_false_twin_is_not(right, wrong):
    assert prove(right).truth is Truth.TRUE, str(prove(right))
    assert prove(wrong).truth is Truth.FALSE, str(prove(wrong))


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{\partial}{\partial z_i} \frac{e^{z_i}}{\Sigma} = \frac{e^{z_i} \Sigma - e^{2 z_i}}{\Sigma^2}",
        r"f(x + h) = f(x) + h \frac{df(x)}{dx}",
        r"\frac{d}{dx} x^2 + 3x = 2x + 3",
        r"\frac{\partial}{\partial b} \sum_{i=1}^n (x_i - b)^2 + \lambda w^2 = -2 \sum_{i=1}^n (x_i - b)",
    ],
)
def test_what_may_be_meant_is_not_called_false(latex):
    assert prove(latex).truth is Truth.NOT_UNDERSTOOD


def test_an_operator_takes_its_own_term_where_that_is_true_and_is_false_where_nothing_helps():
    assert prove(r"\frac{d}{dx} x^2 + 3x = 5x").truth is Truth.TRUE
    assert prove(r"\frac{d}{dx} x^2 + 3x = 2x + 4").truth is Truth.FALSE
    assert prove(r"\frac{d}{dx} (x^2) + 3x = 2x + 3").truth is Truth.FALSE
    assert prove(r"\frac{d}{dx} x^2 + \frac{d}{dx} 3x = 2x + 3").truth is Truth.TRUE


def test_steps_of_a_chain_are_read_by_themselves():
    """Each sum can end in two places; the verdict on a step rests on those in its two sides alone."""
    s = r"\sum_{i=1}^m"
    sides = [
        rf"{s} (y_i - x_i)^2",
        rf"{s} y_i^2 - 2 x_i y_i + x_i^2",
        rf"{s} y_i^2 - 2 {s} x_i y_i + {s} x_i^2",
        rf"{s} (y_i^2 - 2 x_i y_i) + {s} x_i^2",
        rf"{s} y_i^2 - 2 x_i y_i + {s} x_i^2",
    ]
    truths = [step.truth for step in prove(" = ".join(sides)).steps]
    assert truths[1:3] == [Truth.NOT_UNDERSTOOD, Truth.TRUE]
    assert Truth.FALSE not in truths

"""One meaning in many spellings; what is ambiguous or unknown is said, with its place."""

from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.prove import Method, Truth, prove

NET = gl.mlp([2, 2, 1])

SAME = [
    r"\frac{\partial z_{2,in}}{\partial w_{12}}",
    r"\partial z_{2,in}/\partial w_{12}",
    r"\frac{\partial}{\partial w_{12}} z_{2,in}",
    r"\dfrac{\partial z_{2,\text{in}}}{\partial w_{1,2}}",
    r"\frac{\mathrm{d} z_2^{\mathrm{in}}}{\mathrm{d} w_{12}}",
    r"\frac{d}{d w_{12}}\bigg(b_2 + w_{12}x_1 + w_{22}x_2\bigg)",
    r"\frac{\partial}{\partial w_{12}}\left[ b_2 + \sum_{i=1}^{2} w_{i2} x_i \right]",
    r"{x_1}",
    r"x_{1}\,",
    r"\left( \left| x_1 \right| \right)^{2} / x_1",
    r"\frac12 (x_1 + x_1)",
    r"-(-x_1)",
    r"x_1 \cdot \sigma(0) \times 2",
    r"\ln e^{x_1}",
    r"\exp(\log(\sqrt{x_1^4})) / x_1",
]


@pytest.mark.parametrize("latex", SAME)
def test_spellings_of_one_thing(latex):
    assert prove(f"{latex} = x_1", NET).truth is Truth.TRUE


@pytest.mark.parametrize(
    "block",
    [
        "\\begin{align*} f_{in} &= c + u_1 z_{1,out} \\\\ &\\quad + u_2 z_{2,out} \\end{align*}",
        "\\begin{align} f_{in} &= c + \\\\ & u_1 z_{1,out} + u_2 z_{2,out} && \\text{three terms} \\end{align}",
        "\\begin{equation}\\begin{split} f_{in} ={}& c \\\\ & + u_1 z_{1,out} + u_2 z_{2,out} \\end{split}",
        "$$ f_{in} = c + \\left( u_1 z_{1,out} \\right. \\\\ + \\left. u_2 z_{2,out} \\right) . $$",
        "\\[ f_{in} % the sum\n = c + u_1 z_{1,out} + u_2 z_{2,out} \\]",
        "\\(f_{in} \\overset{(1)}{=} c + u_1 z_{1,out} + u_2 z_{2,out}\\)",
    ],
)
def test_blocks(block):
    proof = prove(block, NET)
    assert [step.truth for step in proof.steps] == [Truth.TRUE], str(proof)


def test_columns_hold_several_equations():
    latex = "\\begin{align} f_{in} &= c & f_{out} &= \\sigma(f_{in}) \\\\ z_{1,out} &= \\tanh(z_{1,in}) & c &= c"
    assert [step.truth.name[0] for step in prove(latex, NET).steps] == ["F", "T", "T", "T"]


@pytest.mark.parametrize(
    ("latex", "place", "words"),
    [
        (r"x_1 = \frac{1}{x_1", "line 1, column 15", "never closed"),
        (r"x_1 = (x_1", "line 1, column 7", "never closed"),
        (r"x_1 = x_1)", "line 1, column 10", "closes nothing"),
        ("x_1\n= \\foo x_1", "line 2, column 3", r"\foo is not known"),
        (r"\frac{\partial L}{\partial w_{13}} = x_1", "line 1, column 28", "did you mean w_{21} or w_{12}"),
        (r"z_{2,in} = b_2 + w_12 x_1", "line 1, column 21", "write w_{12}"),
        (r"x_1 = x_1^2^3", "line 1, column 12", "exponent"),
        (r"\tanh'(x) = 1 - \tanh x^2", "line 1, column 24", "put the argument in brackets"),
        (r"\frac{1}{2x} = 1/2x", "line 1, column 17", "denominator"),
        (r"x_1 =", "line 1, column 6", "nothing stands"),
        (r"\frac{\partial g}{\partial x} = 1", "line 1, column 1", "nothing says how g is computed"),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(latex, place, words):
    step = prove(latex, NET).steps[0]
    assert step.truth is Truth.NOT_UNDERSTOOD
    assert place in step.reason, step.reason
    assert words in step.reason, step.reason


def test_a_missing_partial_is_a_slip_with_its_place():
    step = prove(r"\frac{\partial f_{in}}{c} = 1", NET).steps[0]
    assert step.truth is Truth.TRUE
    assert [(str(slip.place), slip.message) for slip in step.slips] == [
        ("line 1, column 24", r"the \partial below the fraction bar is missing: write \partial c")
    ]


def test_domains_are_respected():
    assert prove(r"\log(a b) = \log(a) + \log(b)").truth is Truth.TRUE
    assert prove(r"\sqrt{x^2} = x").truth is Truth.FALSE
    assert prove(r"\sqrt{x}^2 = x").truth is Truth.TRUE
    assert prove(r"\frac{x^2 - 1}{x - 1} = x + 1").truth is Truth.TRUE
    assert prove(r"\log(-1 - x^2) = 1").truth is Truth.NOT_UNDERSTOOD
    # Labels are 0 or 1.
    assert prove(r"y^2 = y", NET).truth is Truth.TRUE
    assert prove(r"y^2 = y", gl.mlp([2, 2, 1], loss="squared_error")).truth is Truth.FALSE


def test_the_report_says_how_a_step_was_found_true():
    exact, numeric = prove(r"\tanh'(t) = 1 - \tanh(t)^2"), prove(r"\sqrt{x^2} = |x|")
    assert exact.steps[0].method is Method.EXACT
    assert numeric.steps[0].method is Method.NUMERIC
    assert "40 digits" in numeric.steps[0].reason


def test_a_derivative_of_a_formula_is_read_one_way_in_a_whole_chain():
    """Through the graph the second step is false; with the names fixed the first one is."""
    local = r"\frac{\partial}{\partial w_{12}}(c + u_1 z_{1,out} + u_2 z_{2,out}) = 0"
    latex = r"\frac{\partial f_{in}}{\partial w_{12}} = " + local
    assert [step.truth for step in prove(latex, NET).steps] == [Truth.TRUE, Truth.FALSE]
    assert prove(local, NET).truth is Truth.TRUE


def test_letters_in_indices_stand_for_every_number():
    step = prove(r"\frac{\partial \mathcal{L}}{\partial w_{ij}} = (f_{out} - y) u_j (1 - z_{j,out}^2) x_i", NET).steps[
        0
    ]
    assert step.truth is Truth.TRUE
    wrong = prove(r"z_{j,in} = b_j + \sum_{i} w_{ji} x_i", NET).steps[0]
    assert wrong.truth is Truth.FALSE
    assert wrong.witness.point["j"] == "1"

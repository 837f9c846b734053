"""What a student is told: right, wrong with a hint that gives nothing away, unfinished, or not understood."""

from __future__ import annotations

import pytest
import sympy

import gradlab as gl
from gradlab.prove import Outcome, answer

PLAIN = "(f_out - y)*u_2*(1 - tanh(z_2in)**2)*x_1"
LATEX = r"(f_{out}-y)\,u_2\,(1-\tanh(z_{2,in})^2)\,x_1"


@pytest.mark.parametrize(
    "written",
    [PLAIN, LATEX, f"${LATEX}$", sympy.sympify(PLAIN), rf"\frac{{\partial L}}{{\partial w_{{12}}}} = {LATEX}"],
)
def test_right_in_every_form(written):
    assert answer("dL/dw_12", written).outcome is Outcome.RIGHT


def test_wrong_with_a_hint_that_gives_nothing_away():
    for wrong, hint in [
        (PLAIN.replace("u_2", "u_1"), "an index is wrong"),
        (PLAIN.replace("(1 - tanh(z_2in)**2)*", ""), "a factor is missing"),
        (PLAIN.replace("f_out - y", "y - f_out"), "a sign is wrong"),
        (PLAIN.replace("**2", ""), "a power is wrong"),
        (sympy.Integer(3), "the value is another one"),
    ]:
        found = answer("dL/dw_12", wrong)
        assert found.outcome is Outcome.WRONG
        assert hint in found.hint
        assert not any(name in found.hint for name in ("u_2", "z_{2", "f_{out}", "x_1", "tanh"))


def test_a_derivative_that_is_left_is_unfinished():
    assert answer("dL/dw_12", r"\frac{\partial L}{\partial w_{12}}").outcome is Outcome.UNFINISHED
    assert answer("dL/dc", r"\frac{\partial L}{\partial f_{in}}\cdot 1").outcome is Outcome.UNFINISHED


@pytest.mark.parametrize("written", ["", "import os", "q*x_1", r"\foo", "(f_out - y", None, [1], "a = b = "])
def test_not_understood(written):
    found = answer("dL/dw_12", written)
    assert found.outcome is Outcome.NOT_UNDERSTOOD
    assert found.hint


def test_a_true_chain_about_something_else_is_not_judged():
    assert answer("dL/dc", "c = c").outcome is Outcome.NOT_JUDGED


def test_other_graphs_and_questions():
    bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
    assert answer("df/dx1", "2*x1 - 12 - x2", bowl)
    assert answer(r"\frac{\partial f}{\partial x_2}", "2*x2 - x1", bowl)
    assert answer("f_out", r"\sigma(f_{in})")
    with pytest.raises(gl.GradlabError, match="quantity"):
        answer("dL/dw_99", "1")


DAMPED = "g = exp(-c*t)*cos(w*t)"


@pytest.mark.parametrize(
    "written",
    [
        r"-\sqrt{c^2 + w^2}\, e^{-ct} \cos\left(wt - \arctan\frac{w}{c}\right)",
        "-sqrt(c^2 + w^2)*exp(-c*t)*cos(w*t - arctan(w/c))",
    ],
)
def test_what_holds_where_everything_is_positive_is_not_called_wrong(written):
    found = answer("dg/dt", written, DAMPED)
    assert (found.outcome, "where everything is positive" in found.hint) == (Outcome.NOT_UNDERSTOOD, True)
    assert answer("dg/dt", written.replace("cos", "sin"), DAMPED).outcome is Outcome.WRONG


def test_a_kink_of_what_was_asked_about_is_not_to_be_forgotten():
    assert answer("df/dx", r"\frac{1}{x} x^2", "f = relu(x) * x").outcome is Outcome.WRONG


def test_a_formula_has_no_neurons():
    assert answer("dg/dc", r"-t e^{-ct} \sin(wt)", DAMPED).hint.startswith("a function is taken for another one")
    assert "neuron" not in answer("dg/dc", r"-t e^{-ct} \sin(wt)", DAMPED).hint

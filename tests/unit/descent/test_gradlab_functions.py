"""Descent on gradlab's own functions, exact, in floats and through torch."""

from __future__ import annotations

import numpy as np
import pytest

import gradlab as gl
from gradlab.descent import DescentError, Outcome

TEXT = "(x1 - 6)**2 + x2**2 - x1*x2"


def test_the_pen_and_paper_table():
    trace = gl.descend(gl.function(TEXT), start=(6, 6), steps=["1/2", "1/3", "1/4"])
    assert trace.points.tolist() == [[6, 6], [9, 3], [8, 4]]
    assert trace.values.tolist() == [0, -9, -12]
    assert trace.gradients.tolist() == [[-6, 6], [3, -3], [0, 0]]
    assert "(8, 4) is a fixed point" in trace.table()


def test_exact_float_and_torch_agree():
    bowl = gl.function(TEXT)
    exact = gl.descend(bowl, (6, 5), learning_rate="1/10", max_steps=12)
    floats = gl.descend(bowl, (6.0, 5.0), learning_rate=0.1, max_steps=12)
    torch = gl.descend(bowl.to_torch(), (6.0, 5.0), learning_rate=0.1, max_steps=12)
    assert exact.exact
    np.testing.assert_allclose(floats.points, exact.points.astype(float), atol=1e-12)
    np.testing.assert_allclose(torch.points, floats.points, atol=1e-12)


def test_a_function_that_is_not_rational():
    trace = gl.descend(gl.function("exp(x) - x"), [1], learning_rate="1/4")
    assert not trace.exact
    assert trace.outcome is Outcome.CONVERGED
    assert trace.last[0] == pytest.approx(0, abs=1e-7)


def test_leaving_the_domain():
    assert gl.descend(gl.function("1/x + x"), [2], steps=["8/3"]).outcome is Outcome.NOT_FINITE
    assert gl.descend(gl.function("log(x)"), [1.0], steps=[3.0]).outcome is Outcome.NOT_FINITE


def test_the_number_of_variables():
    with pytest.raises(DescentError, match=r"2 variables \(x1, x2\)"):
        gl.descend(gl.function(TEXT), (6.0,), learning_rate=0.1)


@pytest.mark.parametrize(
    ("text", "start", "rate"),
    [("(1-x)**2 + 100*(y-x**2)**2", [-1.2, 1.0], 0.01), ("1/x", [-1.0], 0.1), ("sin(x)/cos(x)", [1.0], 0.5)],
)
def test_a_derived_gradient_is_never_doubted(text, start, rate):
    trace = gl.descend(gl.function(text), start, learning_rate=rate, max_steps=1000)
    assert trace.outcome is not Outcome.CONVERGED
    assert "belongs" not in trace.advice
    assert "check_gradient" not in trace.advice


def test_the_advice_after_an_explosion_is_of_the_place_where_it_began():
    trace = gl.descend(gl.function("x**4"), [10.0], learning_rate=1.0)
    advised = float(trace.advice.split("learning_rate=")[1].rstrip("."))
    assert advised > 1e-9
    calm = gl.descend(gl.function("x**4"), [10.0], learning_rate=advised, max_steps=20)
    assert calm.values[-1] < calm.values[0]


@pytest.mark.parametrize(("text", "start", "rate"), [("x**2", [1.0], 1.0), ("x**2", [1], 1), ("abs(x)", [1.05], 0.1)])
def test_a_point_that_goes_to_and_fro_wants_smaller_steps(text, start, rate):
    assert "use a smaller learning rate" in gl.descend(gl.function(text), start, learning_rate=rate).advice


def test_a_narrow_valley_that_is_still_descended_wants_more_steps():
    trace = gl.descend(gl.function("x**2 + 100*y**2"), [1.0, 1.0], learning_rate=0.0099, max_steps=30)
    assert "more steps" in trace.advice


@pytest.mark.parametrize(
    ("text", "start", "rate", "steps", "said"),
    [
        ("abs(x)", [1.0], 0.3, 100, "If there is a kink"),
        ("abs(x) + abs(y)", [1.0, 0.55], 0.3, 100, "If there is a kink"),
        ("20 - 20*exp(-0.2*sqrt((x**2 + y**2)/2))", [1.0, 1.0], 0.1, 100, "goes up and down"),
        ("x**2 + 100*y**2", [1.0, 1.0], 0.01, 1000, "goes to and fro"),
        ("x**2 + y**2", [1.0, 1.0], 1.0, 5, "goes to and fro"),
        ("x**4", [1.0], 0.1, 100, "ever more slowly"),
        ("log(1 + x**2)", [20.0], 1.0, 180, "at no steady pace"),
        ("x**2 + 10*y**2", [1.0, 1.0], 0.01, 50, "about 877 more steps"),
    ],
)
def test_the_way_that_steps_go_is_told(text, start, rate, steps, said):
    trace = gl.descend(gl.function(text), start, learning_rate=rate, max_steps=steps)
    assert said in trace.advice


@pytest.mark.parametrize(("rule", "rate", "steps"), [("adam", 1.0, 500), ("rmsprop", 0.01, 2000)])
def test_where_the_value_rises_by_another_rule_no_larger_rate_is_advised(rule, rate, steps):
    rosenbrock = gl.function("(1 - x)**2 + 100*(y - x**2)**2")
    trace = gl.descend(rosenbrock, [-1.0, 1.0], learning_rate=rate, rule=rule, max_steps=steps)
    assert trace.outcome.name == "MAX_STEPS"
    assert "smaller learning rate" in trace.advice
    assert "larger learning rate" not in trace.advice

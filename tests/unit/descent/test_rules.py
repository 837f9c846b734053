"""Descent by every rule, against PyTorch's optimisers, and what is said of how it ended."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.descent import DescentError, Outcome
from gradlab.rules import Adam, AdamW, Cosine, GradientDescent, Momentum, Nesterov, RMSProp

BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
PEERS = [
    (Momentum(0.1, 0.5), torch.optim.SGD, {"lr": 0.1, "momentum": 0.5}),
    (Nesterov(0.1, 0.5), torch.optim.SGD, {"lr": 0.1, "momentum": 0.5, "nesterov": True}),
    (RMSProp(0.1), torch.optim.RMSprop, {"lr": 0.1}),
    (Adam(0.1), torch.optim.Adam, {"lr": 0.1}),
    (AdamW(0.1), torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.01}),
]


@pytest.mark.parametrize(("rule", "optimiser", "settings"), PEERS, ids=str)
def test_every_point_is_the_one_of_pytorch(rule, optimiser, settings):
    trace = gl.descend(BOWL, (6.0, 5.0), rule=rule, max_steps=40)
    at = torch.tensor([6.0, 5.0], dtype=torch.float64, requires_grad=True)
    made = optimiser([at], **settings)
    for point in trace.points:
        np.testing.assert_allclose(point, at.detach().numpy(), rtol=0, atol=1e-10)
        made.zero_grad()
        ((at[0] - 6) ** 2 + at[1] ** 2 - at[0] * at[1]).backward()
        made.step()


def test_gradient_descent_by_name_is_descent_as_it_was():
    plain = gl.descend(BOWL, (6, 6), learning_rate="1/10", max_steps=5)
    named = gl.descend(BOWL, (6, 6), rule=GradientDescent("1/10"), max_steps=5)
    assert named.exact
    assert named.points.tolist() == plain.points.tolist()


def test_momentum_is_exact_where_its_numbers_are():
    trace = gl.descend(BOWL, (6, 6), rule=Momentum("1/10", "1/2"), max_steps=2)
    # 6 - (-6)/10 = 33/5; the sum of gradients is then -6/2 - 21/5 = -36/5.
    assert trace.points[1].tolist() == [Fraction(33, 5), Fraction(27, 5)]
    assert trace.points[2].tolist() == [Fraction(33, 5) + Fraction(36, 50), Fraction(27, 5) - Fraction(36, 50)]
    assert not gl.descend(BOWL, (6, 6), rule=Momentum("1/10", 0.5), max_steps=2).exact
    assert not gl.descend(BOWL, (6, 6), rule=Adam("1/10"), max_steps=2).exact


def test_a_rule_that_runs_through_the_minimum_has_not_converged_there():
    square = gl.function("x**2")
    trace = gl.descend(square, [1.0], rule=Momentum(0.5, 0.9))  # after one step it is at 0, and moving
    assert trace.values[1] == 0
    assert len(trace.steps) > 1
    assert trace.outcome is Outcome.CONVERGED
    assert "fixed point" not in trace.message


def test_rises_on_the_way_are_no_divergence():
    trace = gl.descend(gl.function("x**2"), [1.0], rule=Momentum(0.01, 0.99), max_steps=4000)
    assert trace.values[:200].argmin() < 60
    assert trace.outcome is Outcome.CONVERGED
    worse = gl.descend(gl.function("x**2"), [1.0], rule=Momentum(5, 0.9), max_steps=30)
    assert worse.outcome is Outcome.DIVERGED


def test_a_schedule_shortens_the_steps():
    trace = gl.descend(BOWL, (6.0, 6.0), rule=GradientDescent(0.1, schedule=Cosine(steps=4)), max_steps=3)
    np.testing.assert_allclose(trace.steps, 0.1 * np.array(Cosine(steps=4).factors(0, 3)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "adamm"}, "did you mean Adam"),
        ({"rule": Adam(0.1), "learning_rate": 0.2}, "one of the two places"),
        ({"rule": Adam(0.1), "steps": [0.2]}, "beside it"),
        ({"rule": Adam(beta1=[0.1, 0.2])}, "takes one of each"),
        ({"rule": GradientDescent({1: 0.1, 2: 0.2})}, "takes one of each"),
        ({"rule": 3}, "no update rule"),
    ],
)
def test_rules_that_cannot_be_used(settings, message):
    with pytest.raises(DescentError, match=message):
        gl.descend(BOWL, (6.0, 6.0), **settings)

"""Descent by every rule, against PyTorch's optimisers, and what is said of how it ended."""

from __future__ import annotations

import pickle
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


def ends_of(*traces):
    return np.vstack([traces[0].points, *(trace.points[1:] for trace in traces[1:])])


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        (Adam(0.1, schedule=Cosine(steps=50)), (6.0, 5.0)),
        (AdamW(0.1), (6.0, 5.0)),
        (Momentum(0.05), (6.0, 5.0)),
        (Momentum("1/20", "1/2"), (6, 5)),
        (GradientDescent(0.1), (6.0, 5.0)),
    ],
    ids=str,
)
def test_a_descent_goes_on_from_its_state_to_the_bit(rule, start):
    whole = gl.descend(BOWL, start, rule=rule, max_steps=12)
    first = gl.descend(BOWL, start, rule=rule, max_steps=5)
    second = gl.descend(BOWL, first.last, rule=rule, max_steps=3, state=first.state)
    third = gl.descend(BOWL, second.last, rule=rule, max_steps=4, state=pickle.loads(pickle.dumps(second.state)))
    assert ends_of(first, second, third).tolist() == whole.points.tolist()
    assert third.exact == whole.exact
    assert third.state.done == whole.state.done == 12
    assert not any(array.flags.writeable for array in whole.state.kept.values())


def test_a_callable_of_the_step_counts_on():
    whole = gl.descend(BOWL, (6.0, 5.0), rule="momentum", learning_rate=lambda step: 0.1 / (1 + step), max_steps=6)
    first, rest = (
        {"rule": "momentum", "learning_rate": lambda step: 0.1 / (1 + step), "max_steps": count} for count in (2, 4)
    )
    made = gl.descend(BOWL, (6.0, 5.0), **first)
    assert ends_of(made, gl.descend(BOWL, made.last, **rest, state=made.state)).tolist() == whole.points.tolist()


def test_an_interrupted_descent_goes_on():
    calls = 0

    def value(point):
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return BOWL(point)

    with pytest.raises(gl.DescentInterrupted) as caught:
        gl.descend(value, (6.0, 5.0), rule=Adam(0.1), max_steps=9)
    known = caught.value
    left = 9 - known.state.done
    rest = gl.descend(BOWL, known.points[-1], rule=Adam(0.1), max_steps=left, state=known.state)
    whole = gl.descend(BOWL, (6.0, 5.0), rule=Adam(0.1), max_steps=9)
    assert ends_of(known, rest).tolist() == whole.points.tolist()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Momentum(0.1), "another rule: it holds v, but Adam keeps m, v"),
        (Adam(0.1), "for 2 variables, but the start has 1"),
        (1, "give that of a trace"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state, message):
    made = state if state == 1 else gl.descend(BOWL, (6.0, 5.0), rule=state, max_steps=1).state
    function, start = (BOWL, (1.0, 2.0)) if "another" in message else (gl.function("x**2"), [1.0])
    with pytest.raises(DescentError, match=message):
        gl.descend(function, start, rule=Adam(0.1), max_steps=1, state=made)

"""Descent on torch callables: their own backward pass, their precision, nothing of theirs changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.descent import DescentError, Outcome, descend
from written import written

Bowl = written(
    lambda x: (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1],
    lambda grad_output, x: grad_output * torch.stack([2 * x[0] - x[1] - 12, 2 * x[1] - x[0]]),
)


def bowl(x):
    return (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1]


@pytest.mark.parametrize("function", [Bowl, Bowl.apply], ids=["class", "apply"])
@pytest.mark.parametrize("start", [(6, 6), [6.0, 6.0], np.array([6.0, 6.0]), ("6", "6")])
def test_autograd_functions_take_any_start(function, start):
    trace = descend(function, start, steps=[0.5, 1 / 3, 0.25])
    np.testing.assert_allclose(trace.points, [[6, 6], [9, 3], [8, 4]], atol=1e-12)
    np.testing.assert_allclose(trace.values, [0, -9, -12], atol=1e-12)
    assert trace.outcome is Outcome.CONVERGED


def test_plain_torch_callable():
    trace = descend(bowl, torch.tensor([6.0, 6.0], dtype=torch.float64), learning_rate=0.1)
    assert trace.outcome is Outcome.CONVERGED
    np.testing.assert_allclose(trace.last, [8, 4], atol=1e-7)


def test_the_backward_pass_is_the_functions_own():
    class Wrong(Bowl):
        @staticmethod
        def backward(ctx, grad_output):
            return -Bowl.backward(ctx, grad_output)

    assert descend(Wrong, (6.0, 6.0), learning_rate=0.1).outcome is Outcome.DIVERGED


def test_a_given_gradient_is_used():
    start = torch.tensor([6.0, 6.0], dtype=torch.float64)
    trace = descend(bowl, start, gradient=lambda x: torch.tensor([-1.0, 0.0]), steps=[0.5])
    assert trace.last.tolist() == [6.5, 6.0]


def test_nothing_of_the_caller_is_changed():
    weight = torch.tensor([1.0, 3.0], requires_grad=True)
    weight.grad = torch.tensor([5.0, 5.0])
    start = torch.tensor([1.0, 2.0], requires_grad=True)
    start.grad = torch.tensor([7.0, 7.0])
    before = (start._version, weight._version)
    descend(lambda x: (weight * x * x).sum(), start, learning_rate=0.1, max_steps=3)
    assert start.tolist() == [1.0, 2.0]
    assert start.grad.tolist() == [7.0, 7.0]
    assert weight.grad.tolist() == [5.0, 5.0]
    assert (start._version, weight._version) == before
    assert start.requires_grad


def test_a_function_that_works_in_place_does_not_move_the_descent():
    def spoil(x):
        return (x.mul_(2) ** 2).sum()

    start = torch.tensor([1.0, 2.0], dtype=torch.float64)
    trace = descend(spoil, start, steps=[1 / 16])
    assert trace.points.tolist() == [[1.0, 2.0], [0.5, 1.0]]
    assert start.tolist() == [1.0, 2.0]


def test_it_works_where_gradients_are_switched_off():
    with torch.no_grad():
        trace = descend(bowl, torch.tensor([6.0, 6.0]), learning_rate=0.1, max_steps=2)
    assert trace.values[-1] < trace.values[0]


def test_float32_keeps_its_precision_and_tells_when_it_is_used_up():
    seen = []

    def value(x):
        seen.append(x.dtype)
        return bowl(x)

    trace = descend(value, torch.tensor([6.0, 6.0]), learning_rate=0.1)
    assert set(seen) == {torch.float32}
    assert np.array_equal(trace.points, trace.points.astype(np.float32))
    assert trace.outcome is Outcome.MAX_STEPS
    assert "lost in rounding" in trace.advice
    assert descend(value, torch.tensor([6.0, 6.0]), learning_rate=0.1, tolerance=1e-5).outcome is Outcome.CONVERGED


def test_a_scalar_tensor_and_a_module():
    trace = descend(lambda x: (x - 3) ** 2, torch.tensor(0.0, dtype=torch.float64), learning_rate=0.5)
    assert trace.points.tolist() == [[0.0], [3.0]]
    module = torch.nn.MSELoss()
    trace = descend(lambda x: module(x, torch.ones(2)), torch.zeros(2), learning_rate=0.5, tolerance=1e-3)
    np.testing.assert_allclose(trace.last, [1, 1], atol=1e-3)


@pytest.mark.parametrize(
    ("function", "start", "match"),
    [
        (bowl, torch.tensor([6, 6]), "int64 tensor"),
        (bowl, torch.tensor([6.0, 6.0], dtype=torch.bfloat16), "bfloat16 tensor"),
        (bowl, torch.tensor([[6.0, 6.0]]), r"shape \(1, 2\)"),
        (bowl, torch.tensor([]), r"shape \(0,\)"),
        (bowl, torch.tensor([6.0, float("nan")]), "finite"),
        (lambda x: x, torch.tensor([6.0, 6.0]), r"gave a tensor of shape \(2,\), not a scalar"),
        (lambda x: 3.0, torch.tensor([6.0, 6.0]), "gave float, not a scalar"),
        (lambda x: bowl(x.detach()), torch.tensor([6.0, 6.0]), "does not depend on the point"),
        (
            lambda x: torch.ones(1, requires_grad=True).sum(),
            torch.tensor([6.0, 6.0]),
            "does not depend on the point",
        ),
        (3.0, torch.tensor([6.0, 6.0]), "cannot be called"),
        (Bowl, (6.0, "six"), r"start\[1\] is 'six'"),
    ],
)
def test_errors(function, start, match):
    with pytest.raises(DescentError, match=match):
        descend(function, start, learning_rate=0.1)

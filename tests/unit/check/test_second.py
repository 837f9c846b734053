"""Second derivatives: the backward pass is a function, too."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
import torch
from torch.autograd.function import once_differentiable

from gradlab.check import CheckError, Verdict, check_function
from written import written

POINT = torch.tensor([[0.3, 1.0], [-0.4, 0.8]])


# Right once and twice.
Cube = written(lambda x: x**3, lambda g, x: 3 * x**2 * g)


class Detached(Cube):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x.detach() ** 2 * g


class ByNumpy(Cube):
    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class OnlyData(Cube):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g.detach()


RIGHT = {
    "a Function": Cube,
    "exp": torch.exp,
    "a layer": torch.nn.Linear(2, 3),
    "softmax": torch.nn.Softmax(1),
    "a sum of squares": lambda x: (x**2).sum(),
    "two outputs": lambda x: (x.sin(), (x**2).sum()),
}


@pytest.mark.parametrize("function", RIGHT.values(), ids=RIGHT.keys())
def test_right_second_derivatives(function):
    report = check_function(function, POINT, order=2)
    assert report.ok, str(report)
    assert any("grad_output" in entry.name for entry in report.entries)


@pytest.mark.parametrize("function", [Detached, OnlyData])
def test_a_backward_pass_that_cannot_be_derived_right_is_wrong(function):
    assert check_function(function, POINT).ok
    assert check_function(function, POINT, order=2).verdict is Verdict.WRONG


def test_a_backward_pass_that_says_it_cannot_be_derived_claims_nothing():
    assert check_function(ByNumpy, POINT).ok
    for function in (ByNumpy, lambda x: torch.sin(ByNumpy.apply(x) * x)):
        with pytest.raises(CheckError, match="once_differentiable"):
            check_function(function, POINT, order=2)


def test_what_requires_no_grad_is_left_out_of_second_derivatives_too():
    report = check_function(lambda x, y: (x**2 * y).sum(), (POINT.clone().requires_grad_(), POINT + 1), order=2)
    assert report.ok
    assert not any("by y" in entry.name for entry in report.entries)


def test_second_derivatives_in_jax():
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, g: (3 * jax.lax.stop_gradient(x) ** 2 * g,))
    assert check_function(cube, jnp.array([0.3, 1.0])).ok
    assert check_function(cube, jnp.array([0.3, 1.0]), order=2).verdict is Verdict.WRONG
    assert check_function(jnp.tanh, jnp.array([0.3, 1.0]), order=2).ok


def test_other_orders_are_errors():
    with pytest.raises(CheckError, match="order is 3"):
        check_function(torch.exp, POINT, order=3)

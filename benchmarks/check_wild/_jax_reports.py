"""Reports about functions of jax and their rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from check_wild._report import CORRECT, NOT_WRONG, WRONG, Function, Reports

REPORTS = Reports()


def with_rule(forward: Callable[..., Any], backward: Callable[..., tuple[Any, ...]]) -> Any:
    """A custom_vjp; `backward` gets the incoming gradient and the inputs."""
    made = jax.custom_vjp(forward)
    made.defvjp(lambda *inputs: (forward(*inputs), inputs), lambda inputs, g: backward(g, *inputs))
    return made


@REPORTS("jax-ml/jax", 2107, "softplus at 0 has the gradient 0", WRONG)
def softplus_at_zero() -> Function:
    backward = lambda g, x: (g * jnp.where(x == 0, 0.0, jax.nn.sigmoid(x)),)  # noqa: E731
    return Function(with_rule(jax.nn.softplus, backward), (jnp.array([0.0, 1.0, -2.0]),))


@REPORTS("jax-ml/jax", 2140, "log-sigmoid at 0 has the gradient 0", WRONG)
def log_sigmoid_at_zero() -> Function:
    backward = lambda g, x: (g * jnp.where(x == 0, 0.0, jax.nn.sigmoid(-x)),)  # noqa: E731
    return Function(with_rule(jax.nn.log_sigmoid, backward), (jnp.array([0.0]),))


@REPORTS("jax-ml/jax", 2140, "log-sigmoid at 0 as jax has it today", CORRECT)
def log_sigmoid_today() -> Function:
    return Function(jax.nn.log_sigmoid, (jnp.array([0.0, -3.0]),))


@REPORTS("jax-ml/jax", 22398, "log-sum-exp by weights, one of which is 0", WRONG)
def log_sum_exp_weight() -> Function:
    backward = lambda g, b: (g * jnp.where(b == 0, 0.0, 1 / b.sum()),)  # noqa: E731
    return Function(with_rule(lambda b: jnp.log(b.sum()), backward), (jnp.array([1.0, 0.0]),))


@REPORTS("jax-ml/jax", 37633, "the same among larger weights", WRONG)
def log_sum_exp_weights() -> Function:
    backward = lambda g, b: (g * jnp.where(b == 0, 0.0, 1 / b.sum()),)  # noqa: E731
    return Function(with_rule(lambda b: jnp.log(b.sum()), backward), (jnp.array([2.0, 0.0, 5.0]),))


@REPORTS("jax-ml/jax", 23842, "log-sum-exp over a mask: NaN for what is masked", WRONG)
def log_sum_exp_masked() -> Function:
    mask = jnp.array([True, False])

    def forward(a: Any) -> Any:
        return jax.scipy.special.logsumexp(jnp.where(mask, a, -jnp.inf))

    backward = lambda g, a: (jnp.where(mask, g, jnp.nan),)  # noqa: E731
    return Function(with_rule(forward, backward), (jnp.array([0.0, 100.0]),))


@REPORTS("jax-ml/jax", 25791, "log-sum-exp over a mask, projected", CORRECT)
def log_sum_exp_projected() -> Function:
    mask = jnp.array([True, True, False])
    return Function(lambda a: jax.scipy.special.logsumexp(a, where=mask), (jnp.array([0.0, 0.5, 100.0]),))


@REPORTS("jax-ml/jax", 37992, "2x at 0 has the gradient 1", WRONG)
def twice_at_zero() -> Function:
    backward = lambda g, x: (g * jnp.where(x == 0, 1.0, 2.0),)  # noqa: E731
    return Function(with_rule(lambda x: 2 * x, backward), (jnp.array([0.0, 1.0]),))


@REPORTS("jax-ml/jax", 11467, "x * 2^n has the gradient 0", WRONG)
def scaled_flat() -> Function:
    return Function(with_rule(lambda x: x * 2.0**1, lambda g, x: (0 * g,)), (jnp.array([1.0, 3.0]),))


@REPORTS("jax-ml/jax", 15588, "a smooth function that is constant at the point has a gradient there", WRONG)
def constant_region() -> Function:
    def bump(x: Any) -> Any:
        return jnp.where(x <= 0, 0.0, jnp.exp(-1 / jnp.where(x <= 0, 1.0, x)))

    return Function(with_rule(bump, lambda g, x: (g * jnp.exp(-1 / (jnp.abs(x) + 0.1)),)), (jnp.array([-0.7]),))


@REPORTS("jax-ml/jax", 39794, "expm1 at -40: the gradient 4e-18 is taken as 0", NOT_WRONG)
def expm1_far_out() -> Function:
    return Function(with_rule(jnp.expm1, lambda g, x: (g * (jnp.expm1(x) + 1),)), (jnp.array([-40.0]),))


@REPORTS("jax-ml/jax", 6024, "an even power's gradient keeps its sign on the left", WRONG)
def even_power() -> Function:
    backward = lambda g, x: (g * 3 * jnp.abs(x) ** 2,)  # noqa: E731
    return Function(with_rule(lambda x: jnp.abs(x) ** 3, backward), (jnp.array([1.5, -1.5]),))


@REPORTS("jax-ml/jax", 6024, "an odd power's gradient", CORRECT)
def odd_power() -> Function:
    forward = lambda x: jnp.sign(x) * jnp.abs(x) ** 3  # noqa: E731
    return Function(with_rule(forward, lambda g, x: (g * 3 * jnp.abs(x) ** 2,)), (jnp.array([1.5, -1.5]),))


@REPORTS("jax-ml/jax", 29485, "the example of custom_gradient: x^2 with the gradient x", WRONG)
def square_example() -> Function:
    return Function(jax.custom_gradient(lambda x: (x**2, lambda g: (g * x,))), (jnp.array(3.0),))


@REPORTS("jax-ml/jax", 17496, "a product with a matrix whose rule gives the vector no gradient", WRONG)
def vector_without_gradient() -> Function:
    def backward(g: Any, matrix: Any, vector: Any) -> tuple[Any, Any]:
        return jnp.outer(g, vector), jnp.zeros_like(vector)

    matrix, vector = jnp.array([[0.2, -1.0], [0.5, 0.3]]), jnp.array([1.0, 2.0])
    product = with_rule(lambda matrix, vector: matrix @ vector, backward)
    return Function(lambda first, second, v: product(second, jnp.tanh(product(first, v))), (matrix, matrix + 1, vector))


@REPORTS("jax-ml/jax", 1875, "a product in which 0 wins, with its own rule", CORRECT)
def multiply_no_nan() -> Function:
    def forward(x: Any, y: Any) -> Any:
        return jnp.where(y == 0, 0.0, x * y)

    return Function(with_rule(forward, lambda g, x, y: (g * y, g * x)), (jnp.array(1.5), jnp.array(2.0)))


@REPORTS("jax-ml/jax", 3389, "x^2 y with the rule of its first argument alone", WRONG)
def first_rule_missing() -> Function:
    backward = lambda g, x, y: (0 * g, g * x**2)  # noqa: E731
    return Function(with_rule(lambda x, y: x**2 * y, backward), (jnp.array(2.0), jnp.array(3.0)))


@REPORTS("jax-ml/jax", 12158, "abs at 0 with a subgradient", NOT_WRONG)
def abs_at_zero() -> Function:
    return Function(with_rule(jnp.abs, lambda g, x: (g * jnp.sign(x),)), (jnp.array([0.0, 1.0]),))

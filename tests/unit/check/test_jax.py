"""Functions of jax with their own rules."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="jax is not installed; it comes with the extra bench")

import jax.numpy as jnp  # noqa: E402

from gradlab.check import Verdict, check_function, check_gradient  # noqa: E402


def with_rule(factor):
    @jax.custom_vjp
    def softplus(x):
        return jnp.sum(jnp.logaddexp(0.0, x))

    def forward(x):
        return softplus(x), x

    def backward(x, cotangent):
        return (factor * cotangent * jax.nn.sigmoid(x),)

    softplus.defvjp(forward, backward)
    return softplus


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Verdict.CORRECT), (2.0, Verdict.WRONG)])
def test_a_custom_rule(factor, verdict):
    report = check_function(with_rule(factor), jnp.array([0.5, -1.0, 3.0]))
    assert report.verdict is verdict, str(report)
    assert [entry.name for entry in report.entries] == ["x[0]", "x[1]", "x[2]"]
    assert jnp.ones(1).dtype == jnp.float32


def test_numpy_inputs_and_other_arguments():
    @jax.custom_vjp
    def power(x, exponent):
        return x**exponent

    power.defvjp(
        lambda x, exponent: (x**exponent, (x, exponent)),
        lambda kept, cotangent: (cotangent * kept[1] * kept[0] ** (kept[1] - 1), None),
    )
    report = check_function(power, (np.array([0.5, 2.0]), 3))
    assert report.verdict is Verdict.CORRECT, str(report)


def test_a_gradient_by_jax_of_a_dict():
    at = {"w": jnp.array([[0.3, -0.7]]), "b": jnp.array(0.5)}

    def loss(point):
        return jnp.tanh(point["w"] @ jnp.ones(2) + point["b"]).sum()

    assert check_gradient(loss, jax.grad(loss), at).ok
    assert check_gradient(loss, None, at).ok
    wrong = check_gradient(loss, lambda point: jax.tree.map(jnp.negative, jax.grad(loss)(point)), at)
    assert wrong.verdict is Verdict.WRONG


def test_a_jacobian_and_bfloat16():
    at = jnp.array([0.5, 1.5], dtype=jnp.bfloat16)
    report = check_gradient(jnp.sin, None, at)
    assert report.verdict is Verdict.CORRECT, str(report)
    assert report.precision is not None
    assert report.precision.dtype == "bfloat16"

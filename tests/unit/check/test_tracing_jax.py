"""Traces of JAX functions, below the derivatives that are written by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradlab.check import check_gradient
from gradlab.check.names import Mistake
from gradlab.check.tracing import UntraceableError, trace


def test_jax_through_a_custom_vjp():
    @jax.custom_vjp
    def wrong(z):
        return jax.nn.relu(z) + jnp.sum(jnp.tanh(z))

    wrong.defvjp(lambda z: (wrong(z), z), lambda z, g: (7 * g,))

    def function(x):
        return jnp.mean(wrong(x) ** 2) + jax.scipy.special.logsumexp(x)

    def plain(x):
        return np.mean((np.maximum(x, 0) + np.sum(np.tanh(x))) ** 2) + np.log(np.sum(np.exp(x)))

    x = np.array([0.5, -1.0, 2.0], dtype=np.float32)
    found = trace(function, function, jnp.asarray(x)).gradient()
    assert found == pytest.approx(differences(plain, x.astype(float)), rel=1e-6)


def differences(function, x):
    """An oracle of its own: central differences."""
    return np.array([(function(x + 1e-5 * e) - function(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))])


def test_a_function_that_branches_cannot_be_followed():
    def function(x):
        return jnp.sum(x) if x[0] > 0 else jnp.sum(x**2)

    with pytest.raises(UntraceableError, match="jaxpr"):
        trace(function, function, jnp.ones(3))


def test_a_mistake_in_a_custom_vjp_is_named():
    @jax.custom_vjp
    def loss(x):
        return jnp.sum(jnp.tanh(2 * x))

    def backward(x, cotangent):
        return (cotangent * 2 * jnp.ones_like(x),)

    loss.defvjp(lambda x: (loss(x), x), backward)
    with jax.enable_x64(True):
        report = check_gradient(loss, jax.grad(loss), at=jnp.array([0.3, -0.5, 0.8]))
    assert Mistake.DERIVATIVE_LEFT_OUT in [diagnosis.kind for diagnosis in report.diagnoses], str(report)

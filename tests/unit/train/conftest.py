"""A 2-2-1 network written by hand in NumPy, independent of the derivation."""

from __future__ import annotations

import numpy as np
import pytest


class Compiled:
    def __init__(self, loss_name: str) -> None:
        self.loss_name = loss_name

    def _forward(self, p, x):
        b1, b2, w11, w12, w21, w22, c, u1, u2 = (p[..., i, None] for i in range(9))
        h1 = np.tanh(b1 + w11 * x[:, 0] + w21 * x[:, 1])
        h2 = np.tanh(b2 + w12 * x[:, 0] + w22 * x[:, 1])
        return h1, h2, c + u1 * h1 + u2 * h2, u1, u2

    def predict(self, p, x):
        logits = self._forward(p, x)[2]
        if self.loss_name == "squared_error":
            return logits
        return 0.5 * (1 + np.tanh(logits / 2))

    def __call__(self, p, x, y):
        h1, h2, logits, u1, u2 = self._forward(p, x)
        if self.loss_name == "squared_error":
            loss, delta = (logits - y) ** 2, 2 * (logits - y)
        else:
            loss = np.logaddexp(0, logits) - y * logits
            delta = self.predict(p, x) - y
        d1, d2 = delta * u1 * (1 - h1 * h1), delta * u2 * (1 - h2 * h2)
        first, second = x.T
        terms = (d1, d2, d1 * first, d2 * first, d1 * second, d2 * second, delta, delta * h1, delta * h2)
        return loss.mean(-1), np.stack([term.mean(-1) for term in terms], axis=-1)


class HandWritten:
    sizes = (2, 2, 1)
    parameters = ("b_1", "b_2", "w_11", "w_12", "w_21", "w_22", "c", "u_1", "u_2")

    def __init__(self, loss_name: str = "binary_cross_entropy") -> None:
        self.loss_name = loss_name

    def compile(self, backend):
        assert backend == "numpy"
        return Compiled(self.loss_name)


@pytest.fixture(scope="session")
def net() -> HandWritten:
    return HandWritten()


@pytest.fixture(scope="session")
def regression() -> HandWritten:
    return HandWritten("squared_error")

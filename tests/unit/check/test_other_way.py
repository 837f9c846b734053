"""Ways back with a matrix transposed, with the state of another turn, with a sum over another axis: they are named."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradlab.check import Verdict, check_function, check_gradient
from gradlab.check.names import Mistake
from written import written

RANDOM = np.random.default_rng(5)
Q, K, V, C = (RANDOM.normal(size=(3, 3)) for _ in range(4))
BIAS, ONE = np.array([0.3, -0.8, 0.5]), torch.eye(3, dtype=torch.float64)


def shares(s):
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def attention(q, k, v):
    return np.sum(C * (shares(q @ k.T) @ v))


def attended(q, k, v, mistake=""):
    p = shares(q @ k.T)
    back = C @ v.T
    back = p * (back - (back * p).sum(0 if mistake == "axis" else 1, keepdims=True))
    return back @ k, (back if mistake == "k" else back.T) @ q, (p if mistake == "v" else p.T) @ C


ATTENTION = {
    "k": (Mistake.TRANSPOSED, "q @ k.T, what comes back is transposed"),
    "v": (Mistake.TRANSPOSED, "shares(q @ k.T) @ v, the other factor is transposed"),
    "axis": (Mistake.AXIS, "is summed over axis 0, not over axis 1"),
}


@pytest.mark.parametrize(("mistake", "told"), ATTENTION.items(), ids=ATTENTION.keys())
def test_of_attention(mistake, told):
    assert check_gradient(attention, attended, at=(Q, K, V)).ok
    report = check_gradient(attention, lambda *at: attended(*at, mistake), at=(Q, K, V))
    assert report.verdict is Verdict.WRONG
    assert report.diagnoses[0].kind is told[0]
    assert told[1] in report.diagnoses[0].sentence


def states(w, inputs=V):
    made = [np.full(3, 0.2)]
    for each in inputs:
        made.append(np.tanh(w @ made[-1] + each))
    return made


def through_time(w, mistake=""):
    made = states(w)
    back, found = 2 * made[-1], np.zeros_like(w)
    for turn in range(len(V), 0, -1):
        inner = back * (1 - made[turn] ** 2)
        found += np.outer(inner, made[turn if mistake == "state" else turn - 1])
        back = (w if mistake == "matrix" else w.T) @ inner
    return found


def test_of_a_recurrent_network():
    w = 0.5 * Q
    loss = lambda w: np.sum(states(w)[-1] ** 2)  # noqa: E731
    assert check_gradient(loss, through_time, at=w).ok
    found = check_gradient(loss, lambda w: through_time(w, "state"), at=w).diagnoses[0]
    assert (found.kind, "the state that a turn makes" in found.sentence) == (Mistake.STALE, True)
    assert check_gradient(loss, lambda w: through_time(w, "matrix"), at=w).diagnoses[0].kind is Mistake.TRANSPOSED


def test_of_a_bias():
    def gradient(w, b, axis=0):
        made = np.tanh(K @ w + b)
        back = 2 * made * (1 - made**2)
        return K.T @ back, back.sum(axis)

    loss = lambda w, b: np.sum(np.tanh(K @ w + b) ** 2)  # noqa: E731
    assert check_gradient(loss, gradient, at=(Q, BIAS)).ok
    report = check_gradient(loss, lambda w, b: gradient(w, b, 1), at=(Q, BIAS))
    assert report.diagnoses[0].kind is Mistake.AXIS


def test_of_the_logarithm_of_a_determinant():
    def forward(a):
        return torch.logdet(a) + (a**2).sum()

    right = written(forward, lambda g, a: g * (torch.linalg.inv(a).T + 2 * a))
    wrong = written(forward, lambda g, a: g * (torch.linalg.inv(a) + 2 * a))
    at = 2 * ONE + 0.2 * torch.from_numpy(Q)
    assert check_function(right, at).ok
    report = check_function(wrong, at)
    assert report.diagnoses[0].kind is Mistake.TRANSPOSED
    assert "logdet" in report.diagnoses[0].sentence

"""What the tests of several kinds of kernels are made of."""

from __future__ import annotations

import numpy as np

from gradlab.codegen import Plan


def close(actual, expected, tolerance):
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    scale = np.maximum(1.0, np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=tolerance)


def labels_for(rng, graph, count):
    k = graph.sizes[-1]
    if graph.loss == "softmax_cross_entropy":
        return np.eye(k)[rng.integers(0, k, count)]
    y = rng.choice([-1.0, 1.0], (count, k)) if "hinge" in graph.loss else rng.integers(0, 2, (count, k)).astype(float)
    return y[:, 0] if k == 1 else y


def plan_for(rng, rule, steps, points):
    """A rule with its default numbers, another factor in each step, and half of the points in each."""
    numbers = {each.name: getattr(rule(0.1), each.name) for each in rule.own_numbers()}
    batch = -(-points // 2)
    weights = np.zeros((steps, points))
    for row in weights:
        row[rng.permutation(points)[:batch]] = points / batch
    return Plan(rule.update(), numbers, done=3, factors=rng.uniform(0.5, 1, steps), weights=weights)

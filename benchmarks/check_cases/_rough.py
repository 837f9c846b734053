"""Functions with kinks, steps and noise."""

from __future__ import annotations

import numpy as np

from check_cases._case import Case, like

Random = np.random.Generator


def relu(random: Random) -> Case:
    n = int(random.integers(3, 7))
    weights = random.normal(size=n)

    def loss(x):
        return np.sum(like(weights, x) * np.maximum(x, 0))

    def gradient(x, mistake):
        if mistake == "mask forgotten":
            return like(weights, x)
        mask = x < 0 if mistake == "mask turned around" else x > 0
        return mask.astype(x.dtype) if mistake == "weights forgotten" else mask * like(weights, x)

    mistakes = {
        "mask forgotten": "DERIVATIVE_LEFT_OUT",
        "mask turned around": "WRONG_DERIVATIVE",
        "weights forgotten": "OPERAND_FORGOTTEN",
    }
    return Case("relu", loss, gradient, _both_signs(random, n), mistakes)


def relu_near_kink(random: Random) -> Case:
    case = relu(random)
    point = case.point * 10.0 ** random.integers(-4, -1, case.point.shape)
    return Case("relu near its kink", case.loss, case.gradient, point, case.mistakes)


def relu_at_kink(random: Random) -> Case:
    case = relu(random)
    point = case.point.copy()
    point[0] = 0.0
    right = case.gradient(np.where(point == 0, 1.0, point), "")
    left = case.gradient(np.where(point == 0, -1.0, point), "")
    mistakes = {"weights forgotten": "OPERAND_FORGOTTEN", "mask turned around": "WRONG_DERIVATIVE"}
    return Case("relu at its kink", case.loss, case.gradient, point, mistakes, slopes=(left, right))


def lasso(random: Random) -> Case:
    n, d = 20, 4
    x, y = random.normal(size=(n, d)), random.normal(size=n)

    def loss(w):
        return np.mean((like(x, w) @ w - like(y, w)) ** 2) + w.dtype.type(0.3) * np.sum(np.abs(w))

    def gradient(w, mistake):
        inputs = like(x, w)
        smooth = 2 * inputs.T @ (inputs @ w - like(y, w)) / n
        penalty = w.dtype.type(0.3) * (w if mistake == "square for absolute value" else np.sign(w))
        if mistake == "penalty dropped":
            return smooth
        return smooth - penalty if mistake == "penalty negated" else smooth + penalty

    mistakes = {
        "penalty dropped": "PATH_DROPPED",
        "penalty negated": "SIGN",
        "square for absolute value": "WRONG_DERIVATIVE",
    }
    return Case("lasso", loss, gradient, _both_signs(random, d), mistakes, samples=n)


def hinge(random: Random) -> Case:
    n, d = 15, 3
    x, y = random.normal(size=(n, d)), random.choice([-1.0, 1.0], n)

    def loss(w):
        return np.mean(np.maximum(1 - like(y, w) * (like(x, w) @ w), 0))

    def gradient(w, mistake):
        inputs, t = like(x, w), like(y, w)
        mask = 1 - t * (inputs @ w) > 0
        if mistake == "mask forgotten":
            mask = np.ones_like(mask)
        labels = np.ones_like(t) if mistake == "label forgotten" else t
        result = -inputs.T @ (mask * labels) / (1 if mistake == "sum" else n)
        return -result if mistake == "sign" else result

    mistakes = {
        "mask forgotten": "DERIVATIVE_LEFT_OUT",
        "label forgotten": "OPERAND_FORGOTTEN",
        "sum": "SUM_FOR_MEAN",
        "sign": "NEGATED",
    }
    return Case("hinge", loss, gradient, 0.7 * random.normal(size=d), mistakes, samples=n)


def huber(random: Random) -> Case:
    n = int(random.integers(4, 8))

    def loss(x):
        return np.sum(np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - x.dtype.type(0.5)))

    def gradient(x, mistake):
        if mistake == "square everywhere":
            return 1 * x
        return np.sign(x) if mistake == "absolute value everywhere" else np.clip(x, -1, 1)

    return Case("Huber", loss, gradient, 1.5 * _both_signs(random, n), {})


def largest(random: Random) -> Case:
    n = int(random.integers(4, 7))

    def loss(x):
        return np.max(x) ** 2

    def gradient(x, mistake):
        hot = (x == np.max(x)).astype(x.dtype)
        if mistake == "to all":
            hot = np.ones_like(x)
        return hot if mistake == "outer derivative forgotten" else 2 * np.max(x) * hot

    return Case(
        "largest entry", loss, gradient, random.normal(size=n), {"outer derivative forgotten": "DERIVATIVE_LEFT_OUT"}
    )


def rounded(random: Random) -> Case:
    """A quantised input: the derivative is 0, and a straight-through one is not."""
    n = int(random.integers(3, 6))

    def loss(x):
        return np.sum(np.round(x * 8) ** 2)

    def gradient(x, mistake):
        return 16 * np.round(x * 8) if mistake == "straight through" else np.zeros_like(x)

    point = (random.integers(-8, 8, n) + random.uniform(-0.3, 0.3, n)) / 8 + 1.5
    return Case("quantised", loss, gradient, point, {"straight through": "STRAIGHT_THROUGH"})


def floored(random: Random) -> Case:
    n = int(random.integers(3, 6))

    def loss(x):
        return np.sum(np.floor(x) * np.arange(1, n + 1).astype(x.dtype) + x)

    def gradient(x, mistake):
        smooth = np.ones_like(x)
        return smooth + np.arange(1, n + 1).astype(x.dtype) if mistake == "straight through" else smooth

    point = random.integers(-4, 4, n) + random.uniform(0.2, 0.8, n)
    return Case("floor and slope", loss, gradient, point, {"straight through": "STRAIGHT_THROUGH"})


def steps(random: Random) -> Case:
    """Piecewise constant: the number of positive entries, say."""
    n = int(random.integers(3, 6))
    weights = random.normal(size=n)

    def loss(x):
        return np.sum(like(weights, x) * np.sign(x))

    def gradient(x, mistake):
        return like(weights, x) if mistake == "straight through" else np.zeros_like(x)

    return Case("piecewise constant", loss, gradient, _both_signs(random, n), {"straight through": "STRAIGHT_THROUGH"})


def noisy(random: Random) -> Case:
    """A smooth function with a noise of 1e-8 that depends on the input's last bits alone."""
    n = int(random.integers(3, 6))

    def exact(x):
        return np.sum(np.sin(x) + x * x)

    def loss(x):
        bits = int(np.bitwise_xor.reduce(np.atleast_1d(x).astype(np.float64).view(np.uint64)))
        return exact(x) + x.dtype.type(1e-8 * ((bits * 2654435761) % 2**32 / 2**32 - 0.5))

    def gradient(x, mistake):
        if mistake == "sine for cosine":
            return np.sin(x) + 2 * x
        return np.cos(x) if mistake == "square dropped" else np.cos(x) + 2 * x

    return Case("noisy", loss, gradient, random.normal(size=n), {}, exact=exact)


def drawn(random: Random) -> Case:
    """A loss that draws anew each time, with a spread of 1e-6."""
    n = int(random.integers(2, 5))
    stream = np.random.default_rng(int(random.integers(2**31)))

    def exact(x):
        return x @ x

    def loss(x):
        return exact(x) + x.dtype.type(1e-6 * stream.normal())

    return Case("random", loss, lambda x, mistake: 2 * x, random.uniform(1, 2, n), {}, exact=exact, random=True)


def _both_signs(random: Random, n: int) -> np.ndarray:
    signs = np.where(np.arange(n) % 2, -1.0, 1.0)
    return random.permutation(signs) * random.uniform(0.3, 2, n)


KINDS = (
    relu, relu_near_kink, relu_at_kink, lasso, hinge, huber, largest, rounded, floored, steps, noisy, drawn,
)  # fmt: skip

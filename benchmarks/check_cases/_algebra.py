"""Functions of a few numbers: bowls, valleys, quotients, norms, waves, likelihoods."""

from __future__ import annotations

import numpy as np

from check_cases._case import Case, like

Random = np.random.Generator


def scaled_bowl(random: Random) -> Case:
    n = int(random.integers(3, 8))
    scales = 10.0 ** np.linspace(-3, 3, n)
    centre = random.normal(size=n)

    def gradient(x, mistake):
        lengths, middle = like(scales, x), like(centre, x)
        if mistake == "centre forgotten":
            return lengths * x
        if mistake == "two too many":
            return 2 * lengths * (x - middle)
        if mistake == "scale forgotten":
            return x - middle
        return lengths * (x - middle)

    def loss(x):
        return np.sum(like(scales, x) * (x - like(centre, x)) ** 2) / 2

    mistakes = {"two too many": "FACTOR", "scale forgotten": "OPERAND_FORGOTTEN"}
    return Case("badly scaled bowl", loss, gradient, random.normal(size=n) * 2, mistakes)


def quadratic(random: Random) -> Case:
    n = int(random.integers(3, 7))
    matrix, line = random.normal(size=(n, n)), random.normal(size=n)

    def loss(x):
        return x @ like(matrix, x) @ x + like(line, x) @ x

    def gradient(x, mistake):
        a, b = like(matrix, x), like(line, x)
        if mistake == "not symmetric":
            return a @ x + b
        if mistake == "line forgotten":
            return (a + a.T) @ x
        if mistake == "line negated":
            return (a + a.T) @ x - b
        return (a + a.T) @ x + b

    mistakes = {"not symmetric": "PATH_DROPPED", "line forgotten": "PATH_DROPPED", "line negated": "SIGN"}
    return Case("quadratic form", loss, gradient, random.normal(size=n), mistakes)


def rosenbrock(random: Random) -> Case:
    n = int(random.integers(3, 7))

    def loss(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def gradient(x, mistake):
        valley = x[1:] - x[:-1] ** 2
        inner = -400 * valley * x[:-1]
        if mistake == "inner derivative forgotten":
            inner = -400 * valley
        outer = -2 * (1 - x[:-1])
        if mistake == "sign of the second term":
            outer = -outer
        result = np.zeros_like(x)
        result[:-1] = inner + outer if mistake != "second term dropped" else inner
        if mistake != "first index dropped":
            result[1:] += 200 * valley
        return result

    mistakes = {
        "second term dropped": "PATH_DROPPED",
        "first index dropped": "PATH_DROPPED",
        "sign of the second term": "SIGN",
    }
    return Case("Rosenbrock", loss, gradient, random.uniform(-1.5, 1.5, n), mistakes)


def quotient(random: Random) -> Case:
    n = int(random.integers(3, 6))
    a, b = random.normal(size=n), random.uniform(0.5, 1.5, n)

    def loss(x):
        return like(a, x) @ x / (like(b, x) @ x**2 + 1)

    def gradient(x, mistake):
        top, bottom = like(a, x) @ x, like(b, x) @ x**2 + 1
        first, inner = like(a, x) / bottom, 2 * like(b, x) * x
        if mistake == "square forgotten":
            return first - top / bottom * inner
        if mistake == "wrong sign":
            return first + top / bottom**2 * inner
        if mistake == "denominator is constant":
            return first
        if mistake == "numerator forgotten":
            return first - inner / bottom**2
        return first - top / bottom**2 * inner

    mistakes = {
        "square forgotten": "OPERAND_FORGOTTEN",
        "numerator forgotten": "OPERAND_FORGOTTEN",
        "wrong sign": "SIGN",
        "denominator is constant": "PATH_DROPPED",
    }
    return Case("quotient", loss, gradient, random.uniform(0.5, 2, n) * random.choice([-1, 1], n), mistakes)


def product(random: Random) -> Case:
    n = int(random.integers(3, 6))

    def gradient(x, mistake):
        whole = np.prod(x)
        return np.full_like(x, whole) if mistake == "not divided" else whole / x

    return Case("product", np.prod, gradient, random.uniform(0.5, 1.5, n) * random.choice([-1, 1], n), {})


def norm(random: Random) -> Case:
    n = int(random.integers(3, 7))
    size = 10.0 ** random.integers(-4, 1)

    def loss(x):
        return np.sqrt(np.sum(x * x))

    def gradient(x, mistake):
        length = np.sqrt(np.sum(x * x))
        if mistake == "not divided by the norm":
            return 1 * x
        if mistake == "half forgotten":
            return 2 * x / length
        return x / length

    mistakes = {"half forgotten": "FACTOR", "not divided by the norm": "DERIVATIVE_LEFT_OUT"}
    del mistakes["not divided by the norm"]
    return Case("norm near zero", loss, gradient, size * random.normal(size=n), mistakes)


def cosine(random: Random) -> Case:
    n = int(random.integers(3, 6))
    other = random.normal(size=n)

    def loss(x):
        b = like(other, x)
        return x @ b / (np.sqrt(x @ x) * np.sqrt(b @ b))

    def gradient(x, mistake):
        b = like(other, x)
        lengths = np.sqrt(x @ x) * np.sqrt(b @ b)
        first = b / lengths
        second = x @ b * x / (lengths * (x @ x))
        if mistake == "norm is constant":
            return first
        return first + second if mistake == "wrong sign" else first - second

    mistakes = {"norm is constant": "PATH_DROPPED", "wrong sign": "SIGN"}
    return Case("cosine similarity", loss, gradient, random.normal(size=n), mistakes)


def oscillation(random: Random) -> Case:
    n, speed = int(random.integers(2, 5)), float(random.integers(20, 60))

    def loss(x):
        return np.sum(np.sin(like(speed, x) * x))

    def gradient(x, mistake):
        w = like(speed, x)
        if mistake == "inner factor forgotten":
            return np.cos(w * x)
        if mistake == "sine for cosine":
            return w * np.sin(w * x)
        return -w * np.cos(w * x) if mistake == "sign" else w * np.cos(w * x)

    mistakes = {"inner factor forgotten": "OPERAND_FORGOTTEN", "sine for cosine": "WRONG_DERIVATIVE", "sign": "NEGATED"}
    return Case("fast oscillation", loss, gradient, random.uniform(-2, 2, n), mistakes)


def exponential(random: Random) -> Case:
    n = int(random.integers(3, 6))
    rates = random.uniform(0.5, 1.5, n)

    def gradient(x, mistake):
        r = like(rates, x)
        return np.exp(r * x) if mistake == "rate forgotten" else r * np.exp(r * x)

    return Case(
        "exp over a wide range",
        lambda x: np.sum(np.exp(like(rates, x) * x)),
        gradient,
        random.uniform(-4, 6, n),
        {"rate forgotten": "OPERAND_FORGOTTEN"},
    )


def log_sum_exp(random: Random) -> Case:
    n = int(random.integers(3, 8))

    def loss(x):
        top = np.max(x)
        return top + np.log(np.sum(np.exp(x - top)))

    def gradient(x, mistake):
        shares = np.exp(x - np.max(x))
        if mistake == "not normalised":
            return shares
        shares = shares / np.sum(shares)
        return shares * (1 - shares) if mistake == "derivative of softmax" else shares

    return Case("log-sum-exp", loss, gradient, 2 * random.normal(size=n), {"not normalised": "DERIVATIVE_LEFT_OUT"})


def likelihood(random: Random) -> Case:
    data = random.normal(1.0, 2.0, 20)

    def loss(p):
        x, scale = like(data, p["mean"]), np.exp(p["log_scale"])
        return np.mean((x - p["mean"]) ** 2) / (2 * scale**2) + p["log_scale"]

    def gradient(p, mistake):
        x, scale = like(data, p["mean"]), np.exp(p["log_scale"])
        error, one = x - p["mean"], np.ones((), p["mean"].dtype)
        square = np.mean(error**2) / scale**2
        if mistake == "normalisation forgotten":
            one = 0 * one
        mean = -np.mean(error) / scale**2
        if mistake == "sum":
            mean, square, one = mean * len(x), square * len(x), one * len(x)
        if mistake == "sign of the mean":
            mean = -mean
        return {"mean": mean, "log_scale": one - square}

    mistakes = {"normalisation forgotten": "PATH_DROPPED", "sum": "SUM_FOR_MEAN", "sign of the mean": "NEGATED"}
    point = {"mean": np.array(random.normal()), "log_scale": np.array(random.uniform(-0.5, 0.5))}
    return Case("Gaussian likelihood", loss, gradient, point, mistakes, samples=20)


def polynomial(random: Random) -> Case:
    n = int(random.integers(2, 5))
    weights = random.normal(size=(3, n))

    def loss(x):
        w = like(weights, x)
        return np.sum(w[0] * x + w[1] * x**2 + w[2] * x**3)

    def gradient(x, mistake):
        w = like(weights, x)
        cubic = w[2] * x**2 if mistake == "exponent forgotten" else 3 * w[2] * x**2
        square = 2 * w[1] * x
        if mistake == "cubic dropped":
            cubic = 0 * x
        return w[0] + square + cubic if mistake != "linear dropped" else square + cubic

    mistakes = {
        "exponent forgotten": "WRONG_DERIVATIVE",
        "cubic dropped": "PATH_DROPPED",
        "linear dropped": "PATH_DROPPED",
    }
    return Case("polynomial", loss, gradient, random.uniform(0.5, 2, n) * random.choice([-1, 1], n), mistakes)


def entropy(random: Random) -> Case:
    n = int(random.integers(3, 7))

    def loss(x):
        return np.sum(x * np.log(x))

    def gradient(x, mistake):
        if mistake == "one forgotten":
            return np.log(x)
        return np.ones_like(x) if mistake == "log forgotten" else np.log(x) + 1

    mistakes = {"one forgotten": "PATH_DROPPED", "log forgotten": "PATH_DROPPED"}
    return Case("entropy", loss, gradient, random.uniform(0.05, 3, n), mistakes)


def energy(random: Random) -> Case:
    """Charges on a line that repel each other."""
    n = int(random.integers(3, 6))

    def loss(x):
        total = 0 * x[0]
        for i in range(n):
            for j in range(i):
                total = total + 1 / np.sqrt((x[i] - x[j]) ** 2 + 1)
        return total

    def gradient(x, mistake):
        result = np.zeros_like(x)
        for i in range(n):
            for j in range(i):
                force = -(x[i] - x[j]) / ((x[i] - x[j]) ** 2 + 1) ** 1.5
                result[i] += force
                if mistake == "no reaction":
                    continue
                result[j] += force if mistake == "reaction not turned around" else -force
        return 2 * result if mistake == "pairs counted twice" else result

    mistakes = {
        "no reaction": "PATH_DROPPED",
        "reaction not turned around": "SIGN",
        "pairs counted twice": "FACTOR",
    }
    return Case("pair energy", loss, gradient, random.normal(size=n) * 2, mistakes)


def large_points(random: Random) -> Case:
    """Points of 1e6, derivatives of 1e-6."""
    n = int(random.integers(3, 6))

    def loss(x):
        return np.sum(np.log1p((x * like(1e-6, x)) ** 2))

    def gradient(x, mistake):
        z = x * like(1e-6, x)
        inner = 2 * z / (1 + z * z)
        if mistake == "denominator forgotten":
            inner = 2 * z
        return inner if mistake == "scale forgotten" else inner * like(1e-6, x)

    mistakes = {"denominator forgotten": "DERIVATIVE_LEFT_OUT", "scale forgotten": "OPERAND_FORGOTTEN"}
    point = 1e6 * random.uniform(0.3, 2, n) * random.choice([-1, 1], n)
    return Case("points of 1e6", loss, gradient, point, mistakes)


def tiny_points(random: Random) -> Case:
    """Points of 1e-6, with a scale of their own."""
    n = int(random.integers(3, 6))

    def loss(x):
        return np.sum(np.sin(x * like(1e6, x)))

    def gradient(x, mistake):
        if mistake == "sine for cosine":
            return np.sin(x * like(1e6, x)) * like(1e6, x)
        local = np.cos(x * like(1e6, x))
        return local if mistake == "scale forgotten" else local * like(1e6, x)

    mistakes = {"scale forgotten": "OPERAND_FORGOTTEN", "sine for cosine": "WRONG_DERIVATIVE"}
    return Case("points of 1e-6", loss, gradient, 1e-6 * random.uniform(-2, 2, n), mistakes)


KINDS = (
    scaled_bowl, quadratic, rosenbrock, quotient, product, norm, cosine, oscillation, exponential, log_sum_exp,
    likelihood, polynomial, entropy, energy, large_points, tiny_points,
)  # fmt: skip

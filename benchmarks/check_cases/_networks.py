"""What people train: regressions, networks, normalisation, attention, recurrence, convolution."""

from __future__ import annotations

import numpy as np

from check_cases._case import Case, like

Random = np.random.Generator


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lab_network(random: Random) -> Case:
    """The lab's network: two inputs, two tanh units, a sigmoid, binary cross-entropy over five points."""
    x, y = random.normal(size=(5, 2)), np.array([0.0, 1.0, 1.0, 0.0, 1.0])

    def forward(p):
        hidden = np.tanh(like(x, p["w"]) @ p["w"] + p["b"])
        return hidden, _sigmoid(hidden @ p["u"] + p["c"])

    def loss(p):
        _, out = forward(p)
        t = like(y, p["w"])
        return -np.mean(t * np.log(out) + (1 - t) * np.log(1 - out))

    def gradient(p, mistake):
        hidden, out = forward(p)
        inputs, t = like(x, p["w"]), like(y, p["w"])
        delta = (out - t) / (1 if mistake == "sum" else 5)
        if mistake == "sigmoid's derivative twice":
            delta = delta * out * (1 - out)
        back = np.outer(delta, np.ones_like(p["u"]) if mistake == "weight forgotten" else p["u"])
        local = {"tanh left out": 1.0, "sigmoid for tanh": hidden * (1 - hidden)}.get(mistake, 1 - hidden**2)
        back = back * local
        if mistake == "last sample":
            inputs, hidden, delta, back = inputs[-1:], hidden[-1:], delta[-1:], back[-1:]
        left = np.ones_like(inputs) if mistake == "input forgotten" else inputs
        result = {"w": left.T @ back, "b": back.sum(0), "u": hidden.T @ delta, "c": delta.sum()}
        if mistake == "w transposed":
            result["w"] = result["w"].T
        if mistake == "b and u swapped":
            result["b"], result["u"] = result["u"], result["b"]
        return result

    mistakes = {
        "sum": "SUM_FOR_MEAN",
        "sigmoid's derivative twice": "WRONG_DERIVATIVE",
        "weight forgotten": "OPERAND_FORGOTTEN",
        "input forgotten": "OPERAND_FORGOTTEN",
        "tanh left out": "DERIVATIVE_LEFT_OUT",
        "sigmoid for tanh": "WRONG_DERIVATIVE",
        "last sample": "LAST_SAMPLE",
        "w transposed": "TRANSPOSED",
        "b and u swapped": "SWAPPED",
    }
    point = {
        "b": random.normal(size=2),
        "w": random.normal(size=(2, 2)),
        "u": random.normal(size=2),
        "c": np.array(random.normal()),
    }
    return Case("the lab's network", loss, lambda p, m: _ordered(gradient(p, m), p), point, mistakes, samples=5)


def relu_network(random: Random) -> Case:
    n, d, h = 12, 3, 4
    x, y = random.normal(size=(n, d)), random.normal(size=n)

    def forward(p):
        z = like(x, p["w1"]) @ p["w1"] + p["b1"]
        return z, np.maximum(z, 0) @ p["w2"]

    def loss(p):
        return np.mean((forward(p)[1] - like(y, p["w1"])) ** 2)

    def gradient(p, mistake):
        z, out = forward(p)
        inputs = like(x, p["w1"])
        delta = 2 * (out - like(y, p["w1"])) / (1 if mistake == "sum" else n)
        if mistake == "two forgotten":
            delta = delta / 2
        back = np.outer(delta, p["w2"])
        if mistake != "mask forgotten":
            back = back * (z > 0)
        if mistake == "mask turned around":
            back = np.outer(delta, p["w2"]) * (z < 0)
        bias = back[-1] if mistake == "bias of the last sample" else back.sum(0)
        hidden = z if mistake == "z for relu(z)" else np.maximum(z, 0)
        return {"w1": inputs.T @ back, "b1": bias, "w2": hidden.T @ delta}

    mistakes = {
        "sum": "SUM_FOR_MEAN",
        "two forgotten": "FACTOR",
        "mask forgotten": "DERIVATIVE_LEFT_OUT",
        "mask turned around": "WRONG_DERIVATIVE",
        "bias of the last sample": "LAST_SAMPLE",
    }
    point = {"w1": random.normal(size=(d, h)), "b1": random.normal(size=h), "w2": random.normal(size=h)}
    return Case("relu network", loss, gradient, point, mistakes, samples=n)


def logistic(random: Random) -> Case:
    n, d = 30, 4
    x, y = random.normal(size=(n, d)), (random.random(n) > 0.5).astype(float)

    def loss(w):
        z = like(x, w) @ w
        return np.mean(np.logaddexp(0, z) - like(y, w) * z)

    def gradient(w, mistake):
        inputs, t = like(x, w), like(y, w)
        share = _sigmoid(inputs @ w)
        error = share if mistake == "label forgotten" else share - t
        if mistake == "sigmoid's derivative for softplus'":
            error = share * (1 - share) - t
        if mistake == "label added":
            error = share + t
        if mistake == "last sample":
            return inputs[-1] * error[-1]
        return inputs.T @ error / (1 if mistake == "sum" else n)

    mistakes = {
        "sum": "SUM_FOR_MEAN",
        "label forgotten": "PATH_DROPPED",
        "label added": "SIGN",
        "sigmoid's derivative for softplus'": "WRONG_DERIVATIVE",
        "last sample": "LAST_SAMPLE",
    }
    return Case("logistic regression", loss, gradient, random.normal(size=d), mistakes, samples=n)


def softmax(random: Random) -> Case:
    n, d, k = 10, 3, 3
    x, labels = random.normal(size=(n, d)), random.integers(0, k, n)
    hot = np.eye(k)[labels]

    def loss(w):
        z = like(x, w) @ w
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.mean(np.sum(like(hot, w) * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))

    def gradient(w, mistake):
        inputs, t = like(x, w), like(hot, w)
        z = inputs @ w
        shares = np.exp(z - np.max(z, axis=1, keepdims=True))
        shares = shares / np.sum(shares, axis=1, keepdims=True)
        error = shares if mistake == "label forgotten" else shares - t
        if mistake == "sign":
            error = -error
        result = inputs.T @ error / (1 if mistake == "sum" else n)
        return result.T if mistake == "transposed" else result

    mistakes = {
        "sum": "SUM_FOR_MEAN",
        "label forgotten": "PATH_DROPPED",
        "sign": "NEGATED",
        "transposed": "TRANSPOSED",
    }
    return Case("softmax regression", loss, gradient, random.normal(size=(d, k)), mistakes, samples=n)


def linear(random: Random) -> Case:
    n, d = 25, 3
    x, y = random.normal(size=(n, d)), random.normal(size=n)

    def loss(w):
        return np.mean((like(x, w) @ w - like(y, w)) ** 2) + 0.1 * np.sum(w**2)

    def gradient(w, mistake):
        inputs = like(x, w)
        error = inputs @ w - like(y, w)
        first = 2 * inputs[-1] * error[-1] if mistake == "last sample" else 2 * inputs.T @ error / n
        return (
            first
            if mistake == "decay dropped"
            else first + w.dtype.type(0.2) * (-w if mistake == "decay negated" else w)
        )

    mistakes = {"decay dropped": "PATH_DROPPED", "decay negated": "SIGN", "last sample": "LAST_SAMPLE"}
    return Case("ridge regression", loss, gradient, random.normal(size=d), mistakes, samples=n)


def many_terms(random: Random) -> Case:
    n, d = 10_000, 3
    x = random.normal(size=(n, d))

    def loss(w):
        return np.mean(np.tanh(like(x, w) @ w) ** 2)

    def gradient(w, mistake):
        inputs = like(x, w)
        y = np.tanh(inputs @ w)
        local = {"tanh left out": 1.0, "sigmoid for tanh": y * (1 - y)}.get(mistake, 1 - y**2)
        return 2 * inputs.T @ (y * local) / (1 if mistake == "sum" else n)

    mistakes = {"sum": "SUM_FOR_MEAN", "tanh left out": "DERIVATIVE_LEFT_OUT", "sigmoid for tanh": "WRONG_DERIVATIVE"}
    return Case("10^4 terms", loss, gradient, random.normal(size=d), mistakes, samples=n)


def normalisation(random: Random) -> Case:
    """Layer normalisation: the mean and the spread depend on the input, too."""
    n = int(random.integers(4, 8))
    target = random.normal(size=n)

    def loss(x):
        centred = x - np.mean(x)
        return np.sum(like(target, x) * centred / np.sqrt(np.mean(centred**2) + x.dtype.type(1e-3)))

    def gradient(x, mistake):
        t = like(target, x)
        centred = x - np.mean(x)
        spread = np.sqrt(np.mean(centred**2) + x.dtype.type(1e-3))
        back = t / spread
        if mistake != "spread is constant":
            back = back - centred * np.sum(t * centred) / (n * spread**3)
        return back if mistake == "mean is constant" else back - np.mean(back)

    mistakes = {"mean is constant": "PATH_DROPPED", "spread is constant": "PATH_DROPPED"}
    return Case("layer normalisation", loss, gradient, random.normal(size=n), mistakes)


def attention(random: Random) -> Case:
    n, d = 3, 3
    target = random.normal(size=(n, d))
    keys = ("q", "k", "v")

    def forward(p):
        scores = p["q"] @ p["k"].T / p["q"].dtype.type(np.sqrt(d))
        shares = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        shares = shares / np.sum(shares, axis=1, keepdims=True)
        return shares, shares @ p["v"]

    def loss(p):
        return np.sum(like(target, p["q"]) * forward(p)[1])

    def gradient(p, mistake):
        shares, _ = forward(p)
        t = like(target, p["q"])
        back = t @ p["v"].T
        if mistake == "normalisation is constant":
            scores = shares * back
        else:
            scores = shares * (back - np.sum(shares * back, axis=1, keepdims=True))
        scores = scores if mistake == "scale forgotten" else scores / p["q"].dtype.type(np.sqrt(d))
        key = scores @ p["q"] if mistake == "scores not transposed" else scores.T @ p["q"]
        result = {"q": scores @ p["k"], "k": key, "v": shares.T @ t}
        if mistake == "q and k swapped":
            result["q"], result["k"] = result["k"], result["q"]
        return {name: part.T if mistake == "v transposed" and name == "v" else part for name, part in result.items()}

    mistakes = {
        "normalisation is constant": "PATH_DROPPED",
        "scale forgotten": "OPERAND_FORGOTTEN",
        "q and k swapped": "SWAPPED",
        "v transposed": "TRANSPOSED",
    }
    return Case("attention", loss, gradient, {key: random.normal(size=(n, d)) for key in keys}, mistakes)


def recurrent(random: Random) -> Case:
    """A recurrent unit over a few steps; its weights come in at every step."""
    steps = 4
    x = random.normal(size=steps)

    def states(p):
        state, seen = 0 * p["w"], []
        for each in like(x, p["w"]):
            state = np.tanh(p["w"] * state + p["u"] * each)
            seen.append(state)
        return seen

    def loss(p):
        return states(p)[-1] ** 2

    def gradient(p, mistake):
        seen, inputs = states(p), like(x, p["w"])
        delta, by_w, by_u = 2 * seen[-1], 0 * p["w"], 0 * p["u"]
        for step in reversed(range(steps)):
            if mistake != "tanh left out":
                delta = delta * (1 - seen[step] ** 2)
            by_w = by_w + delta * (seen[step - 1] if step else 0 * delta)
            by_u = by_u + delta * inputs[step]
            if mistake == "last step":
                break
            delta = delta * (1 if mistake == "weight forgotten" else p["w"])
        return {"w": by_w, "u": by_u}

    mistakes = {
        "tanh left out": "DERIVATIVE_LEFT_OUT",
        "last step": "PATH_DROPPED",
        "weight forgotten": "OPERAND_FORGOTTEN",
    }
    point = {"w": np.array(random.uniform(0.5, 1.5)), "u": np.array(random.uniform(0.5, 1.5))}
    return Case("recurrent unit", loss, gradient, point, mistakes)


def factorisation(random: Random) -> Case:
    n, r = 4, 2
    table = random.normal(size=(n, n))

    def loss(p):
        return np.sum((p["u"] @ p["v"].T - like(table, p["u"])) ** 2) / 2

    def gradient(p, mistake):
        error = p["u"] @ p["v"].T - like(table, p["u"])
        by_v = error @ p["u"] if mistake == "error not transposed" else error.T @ p["u"]
        result = {"u": error @ p["v"], "v": by_v}
        return {"u": result["v"], "v": result["u"]} if mistake == "swapped" else result

    point = {"u": random.normal(size=(n, r)), "v": random.normal(size=(n, r))}
    return Case("matrix factorisation", loss, gradient, point, {"swapped": "SWAPPED"})


def convolution(random: Random) -> Case:
    signal, target = random.normal(size=12), random.normal(size=10)
    width = 3

    def windows(k):
        s = like(signal, k)
        return np.stack([s[i : i + 10] for i in range(width)], axis=1)

    def loss(k):
        return np.mean((windows(k) @ k - like(target, k)) ** 2)

    def gradient(k, mistake):
        error = windows(k) @ k - like(target, k)
        result = 2 * windows(k).T @ error / (1 if mistake == "sum" else 10)
        return result[::-1].copy() if mistake == "kernel turned around" else result

    mistakes = {"sum": "SUM_FOR_MEAN", "kernel turned around": "SWAPPED"}
    return Case("convolution", loss, gradient, random.normal(size=width), mistakes, samples=10)


def activations(random: Random) -> Case:
    n = int(random.integers(3, 7))
    weights = random.normal(size=n)

    def loss(x):
        return np.sum(like(weights, x) * x * _sigmoid(x))

    def gradient(x, mistake):
        s = _sigmoid(x)
        local = s + x * s * (1 - s)
        if mistake == "sigmoid is constant":
            local = s
        if mistake == "x is constant":
            local = x * s * (1 - s)
        if mistake == "sigmoid left out":
            local = s + x
        return local if mistake == "weights forgotten" else like(weights, x) * local

    mistakes = {
        "sigmoid is constant": "PATH_DROPPED",
        "x is constant": "PATH_DROPPED",
        "sigmoid left out": "DERIVATIVE_LEFT_OUT",
        "weights forgotten": "OPERAND_FORGOTTEN",
    }
    return Case("swish", loss, gradient, 2 * random.normal(size=n), mistakes)


def deep(random: Random) -> Case:
    """Three layers in a loop, all with tanh."""
    n, d = 6, 3
    x = random.normal(size=(n, d))
    names = ("w1", "w2", "w3")

    def forward(p):
        layers = [like(x, p["w1"])]
        for name in names:
            layers.append(np.tanh(layers[-1] @ p[name]))
        return layers

    def loss(p):
        return np.mean(forward(p)[-1] ** 2)

    def gradient(p, mistake):
        layers = forward(p)
        back = 2 * layers[-1] / (n * d)
        result = {}
        for index in reversed(range(3)):
            y = layers[index + 1]
            local = {"tanh left out": 1.0, "sigmoid for tanh": y * (1 - y)}.get(mistake, 1 - y**2)
            if mistake == "tanh left out in the middle" and index == 1:
                local = 1.0
            back = back * local
            result[names[index]] = layers[index].T @ back
            back = back @ (p[names[index]] if mistake == "not transposed" else p[names[index]].T)
        return {name: result[name] for name in names}

    mistakes = {
        "tanh left out": "DERIVATIVE_LEFT_OUT",
        "tanh left out in the middle": "DERIVATIVE_LEFT_OUT",
        "sigmoid for tanh": "WRONG_DERIVATIVE",
    }
    return Case("deep network", loss, gradient, {name: random.normal(size=(d, d)) for name in names}, mistakes)


def vanishing(random: Random) -> Case:
    """A chain of saturated sigmoids: all derivatives are small, and a wrong one is, too."""
    n, layers = 3, 4

    def chain(x):
        seen = [x]
        for _ in range(layers):
            seen.append(_sigmoid(4 * seen[-1] + 1))
        return seen

    def loss(x):
        return np.mean(chain(x)[-1]) - 1

    def gradient(x, mistake):
        seen = chain(x)
        back = np.ones_like(x) / (1 if mistake == "sum" else n)
        for y in reversed(seen[1:]):
            back = 4 * back * (1 - y**2 if mistake == "tanh's for sigmoid's" else y * (1 - y))
            if mistake == "sigmoid's derivative left out":
                back = back / (y * (1 - y))
        return -back if mistake == "sign" else back

    mistakes = {
        "sum": "SUM_FOR_MEAN",
        "tanh's for sigmoid's": "WRONG_DERIVATIVE",
        "sigmoid's derivative left out": "DERIVATIVE_LEFT_OUT",
        "sign": "NEGATED",
    }
    return Case("vanishing gradient", loss, gradient, random.uniform(-0.5, 0.5, n), mistakes, samples=n)


def _ordered(gradient: dict, point: dict) -> dict:
    return {name: gradient[name] for name in point}


KINDS = (
    lab_network, relu_network, logistic, softmax, linear, many_terms, normalisation, attention, recurrent,
    factorisation, convolution, activations, deep, vanishing,
)  # fmt: skip

"""
Find what is wrong with a gradient
==================================

The gradient of softmax regression, written by hand, with a slip: which entries are wrong, and what explains them all?
"""

import numpy as np
from matplotlib.figure import Figure

import gradlab as gl

rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), np.array([0, 1, 2, 2, 1, 0])
start = {"weight": rng.normal(size=(3, 3)), "bias": np.zeros(3)}


def probabilities(p):
    logits = x @ p["weight"] + p["bias"]
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss(p):
    return -np.log(probabilities(p)[range(6), y]).mean()


@gl.testing.gradient_of(loss, at=start)  # what `gradlab check check_a_gradient.py` looks for
def gradient(p):
    delta = probabilities(p) - np.eye(3)[y]
    return {"weight": x.T @ delta / len(x), "bias": delta.sum(axis=0)}


if __name__ == "__main__":
    report = gl.check_gradient(loss, gradient, at=start)
    print(report)

    figure = Figure(figsize=(8, 3), layout="constrained")
    ax = figure.subplots()
    names = [entry.name for entry in report.entries]
    ax.plot(names, [entry.numeric for entry in report.entries], "o", mfc="none", ms=9, label="differences")
    ax.plot(names, [entry.claimed for entry in report.entries], "x", label="the gradient")
    ax.tick_params("x", rotation=45)
    ax.legend()
    gl.plot.save(figure, "gradient.png", dpi=110)

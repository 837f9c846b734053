from __future__ import annotations

import itertools

import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional

import gradlab as gl
from gradlab.graph import activations, losses

ACTIVATE = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "identity": lambda x: x,
    "softplus": functional.softplus,
    "swish": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "elu": functional.elu,
    "leaky_relu": functional.leaky_relu,
    "softsign": functional.softsign,
    "arctan": torch.arctan,
    "erf": torch.erf,
}


LOSS = {
    "hinge": lambda y, f, _: torch.clamp(1 - y * f, min=0),
    "squared_hinge": lambda y, f, _: torch.clamp(1 - y * f, min=0) ** 2,
    "absolute_error": lambda y, f, _: functional.l1_loss(f, y, reduction="none"),
    "huber": lambda y, f, delta: functional.huber_loss(f, y, reduction="none", delta=delta),
    "quantile": lambda y, f, share: torch.maximum(share * (y - f), (share - 1) * (y - f)),
}


def unpack(sizes, parameters):
    """The documented order: layer by layer the biases, then the weights from the first neuron below, the second..."""
    rest = parameters
    for below, above in itertools.pairwise(sizes):
        bias, weights, rest = rest[:above], rest[above : above + below * above], rest[above + below * above :]
        yield bias, weights.reshape(below, above)


def torch_network(net, parameters, x):
    """The outputs before and after the last activation, written independently."""
    layers = list(unpack(net.sizes, parameters))
    for bias, weights in layers[:-1]:
        x = ACTIVATE[net.graph.hidden](x @ weights + bias)
    logits = x @ layers[-1][1] + layers[-1][0]
    return logits, ACTIVATE[net.graph.output](logits)


def torch_loss(net, parameters, x, y):
    logits, outputs = torch_network(net, parameters, x)
    y = y.reshape(outputs.shape)
    if net.loss_name == "binary_cross_entropy":
        return functional.binary_cross_entropy_with_logits(logits, y, reduction="sum") / len(x)
    if net.loss_name == "softmax_cross_entropy":
        return functional.cross_entropy(outputs, y)
    name, setting = net.graph.loss_row.name, net.graph.loss_row.setting
    if name != "squared_error":
        return LOSS[name](y, outputs, float(setting or 0)).sum() / len(x)
    return functional.mse_loss(outputs, y, reduction="sum") / len(x)


def labels_for(net, rng, count):
    k = net.sizes[-1]
    if net.loss_name == "binary_cross_entropy":
        y = rng.integers(0, 2, (count, k)).astype(float)
    elif net.loss_name == "softmax_cross_entropy":
        y = rng.dirichlet(np.ones(k), count)
    elif "hinge" in net.loss_name:
        y = rng.choice([-1.0, 1.0], (count, k))
    else:
        y = rng.normal(size=(count, k))
    return y[:, 0] if k == 1 else y


def agree(actual, expected, tolerance=1e-12):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=tolerance)


def check_against_torch(net, seed, count=3, batch=2):
    rng = np.random.default_rng(seed)
    parameters = rng.normal(size=(batch, len(net.parameters)))
    x, y = rng.normal(size=(count, net.sizes[0])), labels_for(net, rng, count)
    expected = []
    for row in parameters:
        leaf = torch.tensor(row, requires_grad=True)
        loss = torch_loss(net, leaf, torch.tensor(x), torch.tensor(y))
        (gradient,) = torch.autograd.grad(loss, leaf)
        expected.append((float(loss.detach()), gradient.numpy()))
    losses, gradients = net.compile("numpy")(parameters, x, y)
    agree(losses, [loss for loss, _ in expected])
    agree(gradients, [gradient for _, gradient in expected])
    torch_losses, torch_gradients = net.compile("torch")(*map(torch.tensor, (parameters, x, y)))
    agree(torch_losses, losses)
    agree(torch_gradients, [gradient for _, gradient in expected])
    single_loss, single_gradient = net.compile("numpy")(parameters[0], x, y)
    agree(single_loss, losses[0])
    agree(single_gradient, gradients[0])
    _, outputs = torch_network(net, torch.tensor(parameters[0]), torch.tensor(x))
    wanted = torch.softmax(outputs, 1) if net.loss_name == "softmax_cross_entropy" else outputs
    wanted = wanted[:, 0] if net.sizes[-1] == 1 else wanted
    agree(net.predict(parameters, x)[0], wanted)
    agree(net.compile("torch").predict(torch.tensor(parameters), torch.tensor(x))[0], wanted)


shapes = st.lists(st.integers(1, 6), min_size=2, max_size=5)


@settings(max_examples=40)
@given(shapes, st.sampled_from(activations()), st.sampled_from(losses()), st.integers(0, 2**31))
def test_any_network_agrees_with_pytorch(sizes, hidden, loss, seed):
    if loss == "softmax_cross_entropy":
        sizes[-1] = max(sizes[-1], 2)
    check_against_torch(gl.mlp(sizes, hidden=hidden, loss=loss), seed)


def _combinations():
    for i, activation in enumerate(activations()):
        yield activation, None, losses()[i % len(losses())]
        yield "tanh", activation, "squared_error"
    for loss in (*losses(), "quantile(0.9)", "huber(1/4)"):
        yield "tanh", None, loss


@pytest.mark.parametrize(("hidden", "output", "loss"), list(_combinations()))
@pytest.mark.parametrize("outputs", [1, 3])
def test_every_activation_and_loss(hidden, output, loss, outputs):
    if loss == "softmax_cross_entropy" and outputs == 1:
        outputs = 2
    check_against_torch(gl.mlp([2, 3, outputs], hidden=hidden, output=output, loss=loss), seed=5)


@pytest.mark.parametrize("sizes", [[2, 11, 2], [12, 10], [3, 2, 11, 3], [10, 1]])
def test_more_than_nine_neurons(sizes):
    net = gl.mlp(sizes, loss="squared_error")
    assert len(set(net.parameters)) == len(net.parameters) == sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    symbols = net.graph.symbols
    assert len(set(symbols.values())) == len(symbols)
    check_against_torch(net, seed=1)


def test_a_wide_layer_compiles():
    net = gl.mlp([1500, 1])
    loss, gradient = net.compile()(np.zeros(1501), np.ones((2, 1500)), [0.0, 1.0])
    agree(loss, np.log(2))
    agree(gradient, np.zeros(1501))


@pytest.mark.parametrize("loss", losses())
def test_gradcheck_by_parameters_and_inputs(loss):
    net = gl.mlp([2, 2, 2], loss=loss)
    rng = np.random.default_rng(0)
    parameters = torch.tensor(rng.normal(size=(2, len(net.parameters))), requires_grad=True)
    x = torch.tensor(rng.normal(size=(3, 2)), requires_grad=True)
    y = torch.tensor(labels_for(net, rng, 3))
    apply = net.to_torch().apply
    assert torch.autograd.gradcheck(lambda p, x: apply(p, x, y), (parameters, x))
    assert torch.autograd.gradgradcheck(lambda p, x: apply(p, x, y), (parameters, x))


def _cross_entropy(z, t):
    return t * mpmath.log(1 + mpmath.exp(-z)) + (1 - t) * mpmath.log(1 + mpmath.exp(z)), 1 / (1 + mpmath.exp(-z)) - t


# The term of one output and its derivative by the logit; where a term has a kink, that is the mean of both sides'.
EXACT = {
    "binary_cross_entropy": _cross_entropy,
    "squared_error": lambda z, t: ((z - t) ** 2, 2 * (z - t)),
    "hinge": lambda z, t: (max(0, 1 - t * z), -t * (t * z < 1)),
    "squared_hinge": lambda z, t: (max(0, 1 - t * z) ** 2, -2 * t * max(0, 1 - t * z)),
    "absolute_error": lambda z, t: (abs(z - t), mpmath.sign(z - t)),
    "huber": lambda z, t: (
        (z - t) ** 2 / 2 if abs(z - t) <= 1 else abs(z - t) - mpmath.mpf(1) / 2,
        max(-1, min(z - t, 1)),
    ),
    "quantile": lambda z, t: (abs(z - t) / 2, mpmath.sign(z - t) / 2),
}


def exact_loss(name, logits, y):
    """The loss and its derivatives by the logits, in 60 digits; mpmath's exponents have no end."""
    with mpmath.workdps(60):
        z = [mpmath.mpf(float(value)) for value in logits]
        if name != "softmax_cross_entropy":
            terms = [EXACT[name](a, mpmath.mpf(t)) for a, t in zip(z, y, strict=True)]
            return sum(value for value, _ in terms), [slope for _, slope in terms]
        total = sum(map(mpmath.exp, z))
        p = [mpmath.exp(a) / total for a in z]
        return -sum(t * mpmath.log(q) for t, q in zip(y, p, strict=True)), [q - t for t, q in zip(y, p, strict=True)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("loss", losses())
@pytest.mark.parametrize("logits", [(1e4, -1e4), (-1e4, 1e4), (1e4, 1e4), (-1e4, -1e4), (30.0, -0.5), (0.0, 0.0)])
@pytest.mark.parametrize("y", [(1.0, 0.0), (0.0, 1.0)])
def test_extreme_logits(loss, backend, dtype, logits, y):
    net = gl.mlp([1, 2], loss=loss)  # with zero weights the biases are the logits
    parameters, x, labels = np.array([*logits, 0, 0], dtype), np.array([[1.0]], dtype), np.array([y], dtype)
    if backend == "torch":
        parameters, x, labels = map(torch.tensor, (parameters, x, labels))
    value, gradient = net.compile(backend)(parameters, x, labels)
    assert str(value.dtype).endswith(dtype)
    assert str(gradient.dtype).endswith(dtype)
    expected, slopes = exact_loss(loss, logits, y)
    tolerance = 1e-14 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(float(value), float(expected), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(np.asarray(gradient)[:2], [float(s) for s in slopes], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(np.asarray(gradient)[2:], np.asarray(gradient)[:2], rtol=0)
    assert np.all(np.isfinite(np.asarray(net.compile(backend).predict(parameters, x))))


@pytest.mark.parametrize("loss", losses())
def test_extreme_hidden_sums(loss):
    net = gl.mlp([2, 3, 2], hidden="sigmoid", loss=loss)
    for dtype in (np.float64, np.float32):
        value, gradient = net.compile()(np.full(len(net.parameters), 1e4, dtype), np.ones((1, 2), dtype), [[0.0, 1.0]])
        assert np.isfinite(value)
        assert np.all(np.isfinite(gradient))


@settings(max_examples=60)
@given(st.floats(-1e4, 1e4), st.sampled_from([np.float64, np.float32]))
def test_functions_of_ones_own_are_stable_too(x, dtype):
    x = float(dtype(x))
    with mpmath.workdps(60):
        z = mpmath.mpf(x)
        sigmoid, other = 1 / (1 + mpmath.exp(-z)), 1 / (1 + mpmath.exp(z))
        expected = {
            "log(1 + exp(x))": (mpmath.log(1 + mpmath.exp(z)), sigmoid),
            "-log(sigmoid(x))": (mpmath.log(1 + mpmath.exp(-z)), -other),
            "-log(1 - sigmoid(x))": (mpmath.log(1 + mpmath.exp(z)), sigmoid),
            "1/(1 + exp(-x))": (sigmoid, sigmoid * other),
        }
    for text, pair in expected.items():
        value, gradient = gl.function(text)(np.array([x], dtype))
        epsilon = np.finfo(dtype).eps
        np.testing.assert_allclose(
            [float(value), float(gradient[0])], [float(v) for v in pair], rtol=8 * epsilon, atol=4 * epsilon
        )

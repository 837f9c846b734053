"""Traces give the right gradient, whatever the framework, and say so when they cannot."""

from __future__ import annotations

import linecache
import subprocess
import sys

import numpy as np
import pytest
import torch

from gradlab.check import check_gradient
from gradlab.check._protocol import TracedQuantity
from gradlab.check.tracing import UntraceableError, trace

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(7, 3)), RANDOM.normal(size=7)
POINT = {"w": RANDOM.normal(size=(3, 4)), "b": RANDOM.normal(size=4), "u": RANDOM.normal(size=4)}


def differences(function, point):
    """An oracle of its own: central differences of a dict of arrays."""
    parts = []
    for name, array in point.items():
        for index in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = {key: value.copy() for key, value in point.items()}
                moved[name][index] += sign * 1e-5
                ends.append(float(function(moved)))
            parts.append((ends[0] - ends[1]) / 2e-5)
    return np.array(parts)


def network(p, xp=np, x=X, y=Y):
    hidden = xp.tanh(x @ p["w"] + p["b"])
    return xp.mean((hidden @ p["u"] - y) ** 2)


def written_into(p):
    out = np.zeros_like(p["b"])
    out[1:] = p["b"][:-1] ** 2
    out[0] = p["u"][2] * p["b"][3]
    total = 0.0
    for i in range(4):
        total = total + out[i] * p["u"][i]
    return float(total)


def methods(p):
    z = p["w"].T @ p["w"].reshape(3, 4)
    z = z / z.sum(axis=1, keepdims=True)
    z += np.concatenate([p["b"], p["u"]]).reshape(2, 4).mean(axis=0)
    return np.where(z > 0, z, 0.1 * z).max(axis=0).sum() + np.linalg.norm(p["u"]) + np.maximum(p["b"], 0).prod()


def shifted_softmax(p):
    z = p["w"] - np.max(p["w"], axis=1, keepdims=True)
    return np.sum(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True) * p["b"]) + np.sum(p["u"] ** 3)


@pytest.mark.parametrize("function", [network, written_into, methods, shifted_softmax])
def test_numpy(function):
    program = trace(function, function, POINT)
    gradient = program.gradient()
    assert gradient == pytest.approx(differences(function, POINT), rel=1e-6, abs=1e-8)
    program.ignore_shifts()
    assert program.gradient() == pytest.approx(gradient, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_below_a_backward_pass_of_its_own(dtype):
    class Network(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w, b, u):
            x, y = torch.tensor(X, dtype=dtype), torch.tensor(Y, dtype=dtype)
            return ((torch.tanh(x @ w + b) @ u - y) ** 2).mean()

        @staticmethod
        def backward(ctx, *grads):
            raise AssertionError("the backward pass is what is in doubt")

    def function(p):
        return Network.apply(p["w"], p["b"], p["u"])

    program = trace(function, function, {name: torch.tensor(array, dtype=dtype) for name, array in POINT.items()})
    narrow = {name: torch.tensor(array, dtype=dtype).double().numpy() for name, array in POINT.items()}
    x, y = (torch.tensor(data, dtype=dtype).double().numpy() for data in (X, Y))
    expected = differences(lambda p: network(p, x=x, y=y), narrow)
    assert program.gradient() == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert "tanh" in [step.operation for step in program.steps]


def test_torch_modules_and_losses():
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.LayerNorm(5), torch.nn.Linear(5, 2)
    ).double()
    labels = torch.tensor([0, 1, 1, 0, 1, 0, 1])

    def function(x):
        return torch.nn.functional.cross_entropy(model(x), labels)

    x = torch.tensor(X, requires_grad=True)
    (expected,) = torch.autograd.grad(function(x), x)
    found = trace(function, function, torch.tensor(X)).gradient()
    assert found == pytest.approx(expected.numpy().reshape(-1), rel=1e-5, abs=1e-8)


def test_torch_in_place():
    def function(x):
        y = x * 2
        y.mul_(x)
        y += 1
        return (y**2).sum()

    x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    assert trace(function, function, x).gradient() == pytest.approx((8 * x * (2 * x**2 + 1)).numpy(), rel=1e-6)


def test_torch_changed_through_a_view():
    def function(x):
        y = x * 2
        y[0] = 3.0
        return (y * x).sum()

    x = torch.ones(3, dtype=torch.float64)
    with pytest.raises(UntraceableError, match="view"):
        trace(function, function, x)


def test_a_graph_that_shows_itself():
    class Graph:
        def __call__(self, x):
            raise AssertionError("the graph is asked, not called")

        def __gradlab_trace__(self):
            yield TracedQuantity("h", "tanh", ("0",), np.tanh)
            yield TracedQuantity("p", "multiply", ("h", 3.0), np.multiply)
            yield TracedQuantity("L", "sum", ("p",), np.sum, elementwise=False)

    graph, x = Graph(), np.array([0.2, -0.7])
    program = trace(graph, graph, x)
    assert program.gradient() == pytest.approx(3 * (1 - np.tanh(x) ** 2), rel=1e-8)
    assert str(program.steps[0].place) == "h"


def test_a_graph_out_of_order():
    class Graph:
        def __gradlab_trace__(self):
            yield TracedQuantity("h", "tanh", ("z",), np.tanh)

    graph = Graph()
    with pytest.raises(UntraceableError, match="comes later or nowhere"):
        trace(graph, lambda x: x, np.ones(2))


@pytest.mark.parametrize(
    "function",
    [
        lambda p: np.sum(np.asarray(p["b"])),
        lambda p: float(p["b"][0]) * 2,
        lambda p: 3.0,
        lambda p: np.linalg.svd(p["w"])[1].sum(),
        lambda p: p["w"].astype(int).sum(),
    ],
)
def test_what_cannot_be_followed_says_so(function):
    with pytest.raises(UntraceableError):
        trace(function, function, POINT)


def test_the_line_is_known():
    program = trace(network, network, POINT)
    assert "hidden = xp.tanh(x @" in str(program.steps[0].place)
    assert str(program.steps[0].place).startswith("test_tracing.py:")


def test_a_wrong_gradient_of_torch_is_named_without_torch_s_compiler():
    program = (
        "import sys, torch, gradlab as gl\n"
        "report = gl.check_gradient(lambda x: torch.sin(x).sum(), lambda x: -torch.cos(x), torch.tensor([0.3, 1.0]))\n"
        "assert report.diagnoses and 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("file", ["/tmp/ipykernel_4711/1234567.py", "<ipython-input-3-0a1b>", "<cell 2>"])
def test_a_notebooks_cell_is_called_that(file):
    source = "def loss(x):\n    return (x[0] - 6) ** 2 + x[1] ** 2 - x[0] * x[1]\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {}
    exec(compile(source, file, "exec"), names)
    report = check_gradient(
        names["loss"], lambda x: np.array([2 * (x[0] - 6) - x[1], 2 * x[1] + x[0]]), np.array([1.0, 3.0])
    )
    first = report.diagnoses[0]
    assert "wrong sign" in first.sentence
    assert first.place.startswith("this notebook's cell, line 2: return (x[0] - 6)")
    assert "4711" not in str(report)

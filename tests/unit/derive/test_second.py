from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gradlab as gl
from gradlab.codegen._schedule import hessian_vector_program, programs_for
from gradlab.derive import derive_second
from gradlab.graph import activations, evaluate
from gradlab.graph._expression import count_operations

pytestmark = pytest.mark.usefixtures("double_precision")


def torch_loss(net, parameters, x, y):
    """The mean loss written by hand in PyTorch: shares nothing with what is tested."""
    activations = {
        "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "identity": lambda z: z,
        "softplus": torch.nn.functional.softplus, "swish": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu,
        "gelu_tanh": lambda z: torch.nn.functional.gelu(z, approximate="tanh"), "elu": torch.nn.functional.elu,
        "leaky_relu": torch.nn.functional.leaky_relu, "softsign": torch.nn.functional.softsign,
        "arctan": torch.arctan, "erf": torch.erf,
    }  # fmt: skip
    a, at, graph = x, 0, net.graph
    for layer, (below, above) in enumerate(zip(net.sizes[:-1], net.sizes[1:], strict=True), 1):
        b = parameters[at : at + above]
        w = parameters[at + above : at + above + below * above].reshape(below, above)
        at += above + below * above
        a = activations[graph.output if layer == len(net.sizes) - 1 else graph.hidden](a @ w + b)
    if net.loss_name == "softmax_cross_entropy":
        return torch.nn.functional.cross_entropy(a, y)
    if net.loss_name == "squared_error":
        return ((a - y) ** 2).sum(-1).mean()
    # Not PyTorch's own function: its second derivative has 1e-12 added to a denominator, an error of 4e-11.
    return -(y * torch.log(a) + (1 - y) * torch.log(1 - a)).sum(-1).mean()


@st.composite
def networks(draw):
    loss = draw(st.sampled_from(["binary_cross_entropy", "squared_error", "softmax_cross_entropy"]))
    last = draw(st.integers(2 if loss == "softmax_cross_entropy" else 1, 3))
    sizes = [draw(st.integers(1, 3)), *draw(st.lists(st.integers(1, 4), max_size=2)), last]
    return gl.mlp(sizes, hidden=draw(st.sampled_from(activations())), loss=loss), draw(st.integers(0, 2**32 - 1))


def random_case(net, seed):
    rng = np.random.default_rng(seed)
    parameters, x = rng.normal(size=len(net.parameters)), rng.normal(size=(4, net.sizes[0]))
    y = rng.uniform(0.1, 0.9, size=(4, net.sizes[-1]))
    if net.loss_name == "softmax_cross_entropy":
        y = y / y.sum(-1, keepdims=True)
    return parameters, x, y


@settings(max_examples=25, deadline=None)
@given(networks())
def test_hessians_of_networks_are_those_of_autograd(case):
    net, seed = case
    parameters, x, y = random_case(net, seed)
    xt, yt = torch.tensor(x), torch.tensor(y)
    expected = torch.autograd.functional.hessian(lambda p: torch_loss(net, p, xt, yt), torch.tensor(parameters))
    found = net.hessian(parameters, x, y if net.sizes[-1] > 1 else y[:, 0])
    scale = max(1.0, np.abs(expected.numpy()).max())
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-11 * scale)


@settings(max_examples=15, deadline=None)
@given(networks())
def test_hessian_vector_products_are_those_of_autograd(case):
    net, seed = case
    parameters, x, y = random_case(net, seed)
    vector = np.random.default_rng(seed + 1).normal(size=parameters.shape)
    xt, yt = torch.tensor(x), torch.tensor(y)
    _, expected = torch.autograd.functional.hvp(
        lambda p: torch_loss(net, p, xt, yt), torch.tensor(parameters), torch.tensor(vector)
    )
    found = net.hessian_vector_product(parameters, x, y if net.sizes[-1] > 1 else y[:, 0], vector)
    scale = max(1.0, np.abs(expected.numpy()).max())
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-11 * scale)


FORMULAS = {
    "(x1 - 6)**2 + x2**2 - x1*x2": lambda a, b: (a - 6) ** 2 + b**2 - a * b,
    "exp(-x1**2/2)*tanh(x2)/(1 + x1**2)": lambda a, b: torch.exp(-(a**2) / 2) * torch.tanh(b) / (1 + a**2),
    "log(1 + exp(x1*x2)) + sqrt(x1**2 + 1)": lambda a, b: torch.log1p(torch.exp(a * b)) + torch.sqrt(a**2 + 1),
    "sin(x1)*cos(x2)**3 + sigmoid(x1 - 2*x2)": lambda a, b: torch.sin(a) * torch.cos(b) ** 3 + torch.sigmoid(a - 2 * b),
    "relu(x1*x2) + abs(x1) + softplus(x2)**2": lambda a, b: (
        torch.relu(a * b) + a.abs() + torch.nn.functional.softplus(b) ** 2
    ),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_hessians_of_functions_are_those_of_autograd(formula):
    function, points = gl.function(formula), np.random.default_rng(5).normal(size=(6, 2))
    found, symbolic = function.hessian_at(points), function.hessian()
    vector = np.array([0.3, -1.2])
    np.testing.assert_allclose(function.hessian_vector_product(points, vector), found @ vector, atol=1e-11)
    for point, at in zip(points, found, strict=True):
        expected = torch.autograd.functional.hessian(lambda p: FORMULAS[formula](*p), torch.tensor(point)).numpy()
        np.testing.assert_allclose(at, expected, rtol=1e-11, atol=1e-11)
        values = dict(zip(function.variables, point.tolist(), strict=True))
        printed = [[float(evaluate(symbolic[a, b], values, exact=False)) for b in values] for a in values]
        np.testing.assert_allclose(printed, expected, rtol=1e-11, atol=1e-11)


def test_extreme_logits_overflow_nothing():
    net = gl.mlp([1, 1])
    at_800 = net.hessian([0.0, 800.0], [[1.0], [-1.0]], [1.0, 0.0])
    assert at_800.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    steep = gl.function("log(1 + exp(x))")
    assert steep.hessian_at([[800.0], [-800.0], [0.0]]).ravel().tolist() == [0.0, 0.0, 0.25]


def test_leading_axes_are_broadcast():
    net = gl.mlp([2, 2, 1])
    rng = np.random.default_rng(0)
    many, x, y = rng.normal(size=(3, 2, 9)), rng.normal(size=(5, 2)), np.array([0.0, 1, 1, 0, 1])
    assert net.hessian(many, x, y).shape == (3, 2, 9, 9)
    np.testing.assert_allclose(net.hessian(many, x, y)[2, 1], net.hessian(many[2, 1], x, y), atol=1e-15)
    assert gl.function("x**2").hessian_at([[1.0], [2.0]]).tolist() == [[[2.0]], [[2.0]]]
    assert net.hessian_vector_product(many, x, y, np.ones(9)).shape == (3, 2, 9)


def test_wrong_shapes_are_named():
    net, bowl = gl.mlp([2, 2, 1]), gl.function("x1*x2")
    with pytest.raises(gl.GradlabError, match="9"):
        net.hessian_vector_product(np.zeros(9), np.zeros((1, 2)), [0.0], np.zeros(8))
    with pytest.raises(gl.GradlabError, match="one number for each of x1, x2"):
        bowl.hessian_at([1.0, 2.0, 3.0])


def work(program) -> int:
    return sum(count_operations(formula) for _, formula in program.statements) + sum(
        map(count_operations, program.outputs)
    )


@pytest.mark.parametrize("sizes", [[2, 2, 1], [4, 6, 6, 1], [3, 10, 10, 10, 2]])
def test_a_product_takes_a_small_multiple_of_the_gradients_work(sizes):
    net = gl.mlp(sizes, loss="squared_error")
    given = (*net.parameters, *net.inputs, *net.labels)
    gradient = work(programs_for(net.graph, "L", net.parameters, given).value_and_gradient)
    product = work(hessian_vector_program(net.graph, "L", net.parameters, given))
    assert product < 4 * gradient


@pytest.mark.parametrize(("first", "second"), [("w_12", "u_1"), ("w_12", "w_12"), ("c", "b_1"), ("u_2", "x_1")])
def test_entries_as_derivations_are_the_entries_in_numbers(first, second):
    net = gl.mlp([2, 2, 1])
    rng = np.random.default_rng(1)
    parameters, x, y = rng.normal(size=9), rng.normal(size=(1, 2)), np.array([1.0])
    derivation = net.derive("L", first, second)
    values = dict(zip(net.parameters, parameters.tolist(), strict=True))
    values |= {"x_1": float(x[0, 0]), "x_2": float(x[0, 1]), "y": 1.0}
    for quantity in derivation.graph:
        if quantity.expression is not None:
            values[quantity.name] = evaluate(quantity.expression, values, exact=False)
    found = evaluate(derivation.result, values, exact=False)
    if second in net.parameters:
        expected = net.hessian(parameters, x, y)[net.parameters.index(first), net.parameters.index(second)]
    else:
        step = 1e-6
        gradient, i = net.compile(), net.parameters.index(first)
        high, low = (gradient(parameters, x + np.array([s, 0.0]), y)[1][i] for s in (step, -step))
        expected = (high - low) / (2 * step)
    assert found == pytest.approx(expected, rel=1e-8 if second == "x_1" else 1e-12)


def test_a_second_derivative_names_the_first_one():
    text = gl.mlp([2, 2, 1]).derive("L", "w_12", "u_1").text().splitlines()
    assert text[0].startswith("d2L/(du_1 dw_12) = dg/du_1")
    assert text[1].startswith("g = (f_out - y)*u_2*(1 - z_2out**2)*x_1")
    latex = gl.mlp([2, 2, 1]).derive("L", "w_12", "w_12").latex(reasons=False)
    assert r"\frac{\partial^2 \mathcal{L}}{\partial w_{12}^2} &= \frac{\partial g}{\partial w_{12}}" in latex
    named = derive_second(gl.function({"f": "x*g", "g": "x**3"}).graph, "f", "x", "x")
    assert str(named.steps[1].left) == "g_"


def test_the_hessian_prints_as_a_matrix():
    hessian = gl.function("x**2*y + y**3").hessian()
    assert repr(hessian) == "[2*y  2*x]\n[2*x  6*y]"
    assert hessian.latex() == r"\begin{pmatrix} 2 y & 2 x \\ 2 x & 6 y \end{pmatrix}"
    assert hessian._repr_latex_().startswith("$\\displaystyle")
    assert list(hessian) == [("x", "x"), ("x", "y"), ("y", "x"), ("y", "y")]
    assert len(hessian) == 4

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import gradlab as gl
from gradlab.derive import derive
from random_formulas import formulas, graphs, points

NAMES = ("w_1", "x", "y")


def _fold(choose):
    def folded(*args):
        tensors = [torch.as_tensor(a, dtype=torch.float64) for a in args]
        while len(tensors) > 1:
            tensors = [choose(tensors[0], tensors[1]), *tensors[2:]]
        return tensors[0]

    return folded


def _unary(function):
    return lambda x: function(torch.as_tensor(x, dtype=torch.float64))


def _softmax(function):
    return lambda k, *v: function(torch.stack([torch.as_tensor(a, dtype=torch.float64) for a in v]), 0)[k - 1]


ORACLE = {name: _unary(getattr(torch, name)) for name in "exp log sqrt sin cos tanh sigmoid relu abs".split()} | {
    "softplus": _unary(torch.nn.Softplus(threshold=50)),
    "max": _fold(torch.maximum),
    "min": _fold(torch.minimum),
    "softmax": _softmax(torch.softmax),
    "log_softmax": _softmax(torch.log_softmax),
}


def autograd(definitions: dict[str, str], point, output: str) -> tuple[dict[str, torch.Tensor], np.ndarray]:
    """Every quantity, and the gradient of one, from the texts alone."""
    tensors = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in point]
    leaves = dict(zip(NAMES, tensors, strict=True))
    values: dict[str, torch.Tensor] = dict(leaves)
    for name, text in definitions.items():
        values[name] = torch.as_tensor(eval(text, dict(ORACLE), values), dtype=torch.float64)
    grads = torch.autograd.grad(values[output], tensors, allow_unused=True)
    gradient = np.array([0.0 if g is None else float(g) for g in grads])
    return {name: value.detach() for name, value in values.items()}, gradient


def agree(actual, expected):
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(np.asarray(actual) / scale, np.asarray(expected) / scale, rtol=0, atol=1e-12)


@settings(max_examples=80)
@given(graphs(), points(3))
def test_values_and_gradients(definitions, point):
    f = gl.function(definitions)
    assert f.variables == NAMES
    values, expected = autograd(definitions, point, "L")
    value, gradient = f(point)
    agree(value, float(values["L"]))
    agree(gradient, expected)
    leaf = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    out = f.to_torch().apply(leaf)
    out.backward()
    agree(out.detach(), float(values["L"]))
    agree(leaf.grad, expected)


@settings(max_examples=40)
@given(graphs(kinks=False), st.lists(points(3), min_size=2, max_size=4))
def test_batches_are_the_single_points(definitions, many):
    f = gl.function(definitions)
    values, gradients = f(np.array(many).reshape(-1, 1, 3))
    singles = [f(point) for point in many]
    agree(values[:, 0], [value for value, _ in singles])
    agree(gradients[:, 0], [gradient for _, gradient in singles])


@settings(max_examples=15)
@given(graphs(kinks=False, most=3), points(3))
def test_gradcheck_and_gradgradcheck(definitions, point):
    apply = gl.function(definitions).to_torch().apply
    leaf = torch.tensor([point], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(apply, (leaf,))
    assert torch.autograd.gradgradcheck(apply, (leaf,))


@settings(max_examples=60)
@given(graphs(most=3), points(3), st.sampled_from(NAMES))
def test_the_written_result_is_the_derivative(definitions, point, wrt):
    f = gl.function(definitions)
    values, expected = autograd(definitions, point, "L")
    result = derive(f.graph, "L", wrt).result
    program = gl.function(f"{result} + 0*({' + '.join(values)})", name="slope")
    numbers = [float(values[name]) for name in program.variables]
    agree(program.value(numbers), expected[NAMES.index(wrt)])


@settings(max_examples=60)
@given(formulas(["x", "y", "w_1"], leaves=10), points(3))
def test_one_formula(text, point):
    definitions = {"f": f"{text} + x*y*w_1"}
    values, expected = autograd(definitions, point, "f")
    value, gradient = gl.function(definitions["f"])(point)
    agree(value, float(values["f"]))
    agree(gradient, expected)


@pytest.mark.parametrize("count", [3, 30, 120])
def test_large_products_and_sums(count):
    names = [f"x{i}" for i in range(count)]
    point = np.linspace(0.9, 1.1, count)
    for text, slope in (("*".join(names), point.prod() / point), (" + ".join(names), np.ones(count))):
        value, gradient = gl.function(text)(point)
        np.testing.assert_allclose(gradient, slope, rtol=1e-13)
        np.testing.assert_allclose(value, point.prod() if "*" in text else point.sum(), rtol=1e-13)


def test_one_long_sum_compiles():
    f = gl.function(
        {f"s{k}": " + ".join(f"x{i}" for i in range(700 * k, 700 * k + 700)) for k in range(3)} | {"f": "s0 + s1 + s2"}
    )
    value, gradient = f(np.ones(2100))
    assert value == 2100
    assert np.all(gradient == 1)


def test_ninety_brackets_deep():
    for outer, inner in (("sin(", ")"), ("(1 + x*", ")"), ("tanh(1 - ", ")")):
        text = outer * 45 + "x" + inner * 45
        f = gl.function(text)
        leaf = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        expected = eval(text, dict(ORACLE), {"x": leaf})
        expected.backward()
        value, gradient = f([0.3])
        agree(value, float(expected.detach()))
        agree(gradient, [float(leaf.grad)])
    assert float(gl.function("sin(" * 90 + "x" + ")" * 90)([1.0])[1][0]) > 0


def test_a_long_chain_of_named_quantities():
    definitions = {"q0": "sin(x)"} | {f"q{i}": f"sin(q{i - 1}) + x/9" for i in range(1, 300)}
    f = gl.function(definitions)
    leaf = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    q = torch.sin(leaf)
    for _ in range(1, 300):
        q = torch.sin(q) + leaf / 9
    q.backward()
    value, gradient = f([0.5])
    agree(value, float(q.detach()))
    agree(gradient, [float(leaf.grad)])
    assert "named steps" in repr(f)
    with pytest.raises(gl.GradlabError, match="too long to be written"):
        _ = f.expression


def test_doubling_by_name_is_no_exponential_work():
    f = gl.function({"q0": "x + 0"} | {f"q{i}": f"q{i - 1} + q{i - 1}*0.001" for i in range(1, 60)})
    value, gradient = f([1.0])
    np.testing.assert_allclose([value, gradient[0]], 1.001**59, rtol=1e-12)
    with pytest.raises(gl.GradlabError, match="too long to be written"):
        f.gradient()

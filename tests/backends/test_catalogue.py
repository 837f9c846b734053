from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

import gradlab as gl
from catalogue import CATALOGUE, NAMED

IDS = [entry.text for entry in CATALOGUE]
each_entry = pytest.mark.parametrize("entry", CATALOGUE, ids=IDS)

# The Python text evaluated with torch's own functions: an independent version of each function.
TORCH = {
    "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh,
    "sigmoid": torch.sigmoid, "softplus": torch.nn.Softplus(threshold=50), "relu": torch.relu, "abs": torch.abs,
    "swish": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu, "elu": torch.nn.functional.elu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"), "leaky_relu": torch.nn.LeakyReLU(0.01),
    "softsign": torch.nn.functional.softsign, "arctan": torch.arctan, "erf": torch.erf, "log1p": torch.log1p,
    "expm1": torch.expm1, "huber": lambda x: torch.nn.functional.huber_loss(x, torch.zeros_like(x), reduction="none"),
    "sign": torch.sign, "step": lambda x: torch.heaviside(x.detach(), torch.zeros_like(x)), "pi": torch.pi,
    "softmax": lambda k, *v: torch.softmax(torch.stack(v), 0)[k - 1],
    "log_softmax": lambda k, *v: torch.log_softmax(torch.stack(v), 0)[k - 1],
}  # fmt: skip


def _fold(choose):
    def folded(first, *others):
        for other in others:
            first = choose(first, torch.as_tensor(other, dtype=torch.float64))
        return first

    return folded


TORCH |= {"max": _fold(torch.maximum), "min": _fold(torch.minimum)}


def make(entry) -> gl.Function:
    return gl.function(entry.text, name="out")


def torch_oracle(entry, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    columns = [torch.tensor(column, dtype=torch.float64, requires_grad=True) for column in points.T]
    text = entry.text.replace("exp(1)", "2.718281828459045")
    value = eval(text, {}, TORCH | dict(zip(entry.variables, columns, strict=True)))
    grads = torch.autograd.grad(value.sum(), columns, allow_unused=True)
    parts = [torch.zeros_like(c) if g is None else g for g, c in zip(grads, columns, strict=True)]
    return value.detach().numpy(), torch.stack(parts, -1).numpy()


def close(actual, expected, tolerance=1e-12):
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    assert actual.shape == expected.shape
    scale = np.maximum(1.0, np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=tolerance)


def test_the_catalogue_has_every_function_of_the_table():
    assert {name for name in NAMED if any(name + "(" in entry.text for entry in CATALOGUE)} == NAMED
    assert len(set(IDS)) == len(IDS)


@each_entry
def test_the_oracle_agrees_with_a_numerical_derivative(entry):
    for point in entry.points(3, seed=1):
        _, gradient = entry.exact(point)
        with mpmath.workdps(40):
            numbers = [mpmath.mpf(float(x)) for x in point]
            for i, expected in enumerate(gradient):
                order = tuple(int(i == j) for j in range(len(numbers)))
                close(float(mpmath.diff(entry.value, numbers, order)), expected)


@each_entry
def test_numpy(entry):
    f, points = make(entry), entry.points(20)
    assert f.variables == entry.variables
    values, gradients = f(points)
    expected = [entry.exact(point) for point in points]
    close(values, [value for value, _ in expected])
    close(gradients, [gradient for _, gradient in expected])
    close(f.value(points), values, 0)
    close(f(points[0])[0], values[0], 1e-15)


@each_entry
def test_numpy_and_torch_against_autograd(entry):
    f, points = make(entry), entry.points(20, seed=2)
    expected_values, expected_gradients = torch_oracle(entry, points)
    values, gradients = f(points)
    close(values, np.broadcast_to(expected_values, values.shape))
    close(gradients, expected_gradients)
    leaf = torch.tensor(points, requires_grad=True)
    torch_values = f.to_torch().apply(leaf)
    close(torch_values.detach(), values)
    torch_values.sum().backward()
    close(leaf.grad, expected_gradients)


@each_entry
def test_gradcheck_twice(entry):
    leaf = torch.tensor(entry.points(2, seed=3) * 0.5 + entry.points(2, seed=4) * 0.5, requires_grad=True)
    assert torch.autograd.gradcheck(make(entry).to_torch().apply, (leaf,))
    assert torch.autograd.gradgradcheck(make(entry).to_torch().apply, (leaf,))


@pytest.mark.parametrize("entry", [e for e in CATALOGUE if e.kinks], ids=[e.text for e in CATALOGUE if e.kinks])
def test_at_a_kink_the_choice_is_pytorchs(entry):
    for point, expected in entry.kinks:
        at = np.array([point])
        close(torch_oracle(entry, at)[1][0], expected, 0)
        close(make(entry)(at)[1][0], expected, 0)


@pytest.mark.parametrize("entry", [e for e in CATALOGUE if e.rational], ids=[e.text for e in CATALOGUE if e.rational])
def test_exact_fractions(entry):
    for point in entry.points(5, seed=5):
        exact = tuple(Fraction(float(x)) for x in point)
        value, gradient = make(entry).exact(exact)
        assert all(type(number) is Fraction for number in (value, *gradient))
        expected_value, expected_gradient = entry.exact(point)
        close(float(value), expected_value, 1e-15)
        close([float(part) for part in gradient], expected_gradient, 1e-15)


@pytest.mark.parametrize(
    "entry", [e for e in CATALOGUE if not e.rational], ids=[e.text for e in CATALOGUE if not e.rational]
)
def test_what_is_not_rational_says_so(entry):
    point = tuple(Fraction(3, 2) for _ in entry.variables)
    with pytest.raises(gl.graph.NotRationalError, match="as floats"):
        make(entry).exact(point)


@each_entry
def test_float32_stays_float32(entry):
    f, points = make(entry), entry.points(4, seed=6).astype(np.float32)
    values, gradients = f(points)
    assert values.dtype == gradients.dtype == np.float32
    assert f(points[0])[0].dtype == np.float32
    wide = f(points.astype(np.float64))
    scale = max(1.0, np.abs(wide[1]).max())
    np.testing.assert_allclose(gradients / scale, wide[1] / scale, atol=2e-5)
    leaf = torch.tensor(points, requires_grad=True)
    out = f.to_torch().apply(leaf)
    out.sum().backward()
    assert out.dtype == leaf.grad.dtype == torch.float32


@each_entry
def test_the_written_gradient_is_the_one_that_runs(entry):
    f, points = make(entry), entry.points(6, seed=7)
    _, gradients = f(points)
    for i, name in enumerate(f.variables):
        written = gl.function(f"{f.gradient()[name]} + 0*({' + '.join(f.variables)})", name="slope")
        close(written.value(points), gradients[:, i])

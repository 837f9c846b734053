from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.graph import PRIMITIVES, NotRationalError, activations, evaluate, parse


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        PRIMITIVES["cot"] = PRIMITIVES["cos"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        PRIMITIVES["cos"].name = "cot"  # type: ignore[misc]


def test_every_row_can_be_spelled_for_every_kernel():
    operators = {"add", "mul", "div", "pow", "max", "min"}
    for name, row in PRIMITIVES.items():
        assert (row.numpy and row.torch) or row.lower is not None or name in operators
        assert row.rule or name in {"neg", "pi"}


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("sigmoid(x)", 800.0, 1.0),
        ("sigmoid(x)", -800.0, 0.0),
        ("softplus(x)", 800.0, 800.0),
        ("softplus(x)", -800.0, 0.0),
        ("softplus(x)", 0.0, math.log(2)),
        ("relu(x)", -1.0, 0.0),
        ("relu(x)", 2.0, 2.0),
        ("sign(x)", 0.0, 0.0),
        ("step(x)", 0.0, 0.0),
        ("abs(x)", 0.0, 0.0),
        ("max(x, 1, 2)", 0.0, 2.0),
        ("min(x, 1, 2)", 0.0, 0.0),
        ("softmax(1, x, 0)", 1000.0, 1.0),
        ("pi*x", 1.0, math.pi),
        ("x**3", -2.0, -8.0),
        ("x**-1", 4.0, 0.25),
        ("x**0", 0.0, 1.0),
        ("0**x", 2.0, 0.0),
    ],
)
def test_values(text, at, value):
    assert evaluate(parse(text), {"x": at}, exact=False) == pytest.approx(value, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize(
    "text", ["x + 1/3", "abs(x)", "max(x, 1)", "min(x, 1)", "relu(x)", "step(x)", "sign(x)", "x**-2"]
)
def test_rational_rows_give_fractions(text):
    for x in (Fraction(-3, 2), Fraction(5, 4)):
        assert type(evaluate(parse(text), {"x": x})) is Fraction


def test_what_is_not_rational_says_what_to_write():
    with pytest.raises(NotRationalError, match=r"exp\(x\) is not rational at a rational point: .* 6.0 for 6"):
        evaluate(parse("exp(x)"), {"x": Fraction(0)})
    with pytest.raises(NotRationalError):
        evaluate(parse("x**0.5"), {"x": Fraction(4)})


def test_documented_errors_of_evaluate():
    with pytest.raises(ZeroDivisionError):
        evaluate(parse("1/x"), {"x": Fraction(0)})
    with pytest.raises(ValueError, match="domain"):
        evaluate(parse("log(x)"), {"x": 0.0}, exact=False)
    with pytest.raises(OverflowError):
        evaluate(parse("exp(x)"), {"x": 1000.0}, exact=False)
    assert math.isnan(evaluate(parse("x**y"), {"x": 2.0, "y": math.nan}, exact=False))


def test_local_derivatives_of_the_extrema_add_up_to_one():
    from gradlab.derive import local_gradient

    for name in ("max", "min"):
        gradient = local_gradient(parse(f"{name}(a, b, c, d)"))
        rng = np.random.default_rng(0)
        for _ in range(40):
            at = dict(zip("abcd", map(Fraction, rng.integers(0, 3, 4).tolist()), strict=True))
            parts = {key: evaluate(part, at) for key, part in gradient.items()}
            assert sum(parts.values()) == 1
            best = max(at.values()) if name == "max" else min(at.values())
            assert all(part == 0 or at[key] == best for key, part in parts.items())


@pytest.mark.parametrize("name", [name for name in activations() if name in PRIMITIVES])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_far_out_are_finite_with_their_slopes(name, dtype):
    # Where its x^2 overflows, PyTorch's gelu_tanh has the slope NaN.
    at = np.array([[sign * x] for x in (1e4, 1e12, 1e30) for sign in (1, -1)], dtype)
    values, slopes = gl.function(f"{name}(x)")(at)
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()
    leaf = torch.tensor(at, requires_grad=True)
    out = gl.function(f"{name}(x)").to_torch().apply(leaf)
    out.sum().backward()
    np.testing.assert_allclose(out.detach(), values, rtol=1e-6)
    np.testing.assert_allclose(leaf.grad, slopes, rtol=1e-6)


def test_a_power_of_zero_has_a_derivative_by_its_exponent():
    f = gl.function("x**y")
    _, gradient = f(np.array([[0.0, 2.0], [0.0, 1.0], [2.0, 3.0]]))
    np.testing.assert_allclose(gradient, [[0, 0], [1, 0], [12, 8 * math.log(2)]])
    _, gradient = gl.function({"p": "x**y", "f": "p*z"})(np.array([0.0, 2.0, 5.0]))
    np.testing.assert_array_equal(gradient, [0, 0, 0])
    leaf = torch.tensor([0.0, 2.0], dtype=torch.float64, requires_grad=True)
    f.to_torch().apply(leaf).backward()
    assert leaf.grad.tolist() == [0, 0]

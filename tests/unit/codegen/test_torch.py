from __future__ import annotations

import numpy as np
import pytest
import torch

import gradlab as gl

TEXTS = ["max(x, 1, 2)", "sin(a)*x", "exp(1)*x", "0*x", "x**0", "1e300*1e300*x", "(-2)**x", "0**x", "x"]
BOWL = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
NET = gl.mlp([2, 2, 1])
X, Y = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, -1.0]]), torch.tensor([1.0, 0.0, 0.0])


def test_it_is_an_autograd_function():
    Bowl = BOWL.to_torch()
    assert issubclass(Bowl, torch.autograd.Function)
    point = torch.tensor([6.0, 6.0], requires_grad=True)
    value = Bowl.apply(point)
    value.backward()
    assert value.item() == 0
    assert point.grad.tolist() == [-6.0, 6.0]
    assert "def value_and_gradient" in Bowl.source
    assert BOWL.to_torch() is Bowl


def test_shapes_and_dtypes():
    for dtype in (torch.float32, torch.float64):
        for shape in ((), (3,), (2, 3), (0,)):
            point = torch.ones((*shape, 2), dtype=dtype, requires_grad=True)
            value = BOWL.to_torch().apply(point)
            value.sum().backward()
            assert value.shape == shape
            assert value.dtype == point.grad.dtype == dtype
            assert point.grad.shape == point.shape


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_constants_and_constant_gradients(text, dtype):
    f = gl.function({"a": "2", "f": text + " + 0*a"})
    point = torch.full((2, 1), 1.5, dtype=dtype, requires_grad=True)
    value = f.to_torch().apply(point)
    value.sum().backward()
    expected_value, expected_gradient = f(point.detach().numpy())
    np.testing.assert_allclose(value.detach().numpy(), expected_value, rtol=1e-6)
    np.testing.assert_allclose(point.grad.numpy(), expected_gradient, rtol=1e-6)
    assert value.dtype == point.grad.dtype == dtype


@pytest.mark.parametrize("wrong", [[1.0, 2.0], np.ones(2), torch.ones(2, dtype=torch.int64), 1.0, None])
def test_what_is_no_floating_tensor(wrong):
    with pytest.raises(gl.GradlabError, match=r"floating tensor, such as torch.tensor\(\[6.0, 6.0\]\)"):
        BOWL.to_torch().apply(wrong)


def test_wrong_shapes():
    for shape in ((), (1,), (3,), (2, 1)):
        with pytest.raises(gl.GradlabError, match="one number for each of x1, x2"):
            BOWL.to_torch().apply(torch.ones(shape))


def test_second_derivatives():
    point = torch.tensor([1.0, 3.0], dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(BOWL.to_torch().apply, point)
    assert hessian.tolist() == [[2.0, -1.0], [-1.0, 2.0]]


def test_vmap():
    points = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mapped = torch.func.vmap(torch.func.grad(BOWL.to_torch().apply))(points)
    np.testing.assert_allclose(mapped.numpy(), BOWL(points.numpy())[1], rtol=1e-14)


def test_what_comes_before_and_after_is_differentiated_too():
    w = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    (3 * BOWL.to_torch().apply(w**2)).backward()
    _, inner = BOWL((w**2).detach().numpy())
    np.testing.assert_allclose(w.grad.numpy(), 3 * inner * 2 * w.detach().numpy())


def test_names_never_collide():
    f = gl.function("torch*np + match*case + torch_*match_*t1")
    point = torch.arange(1.0, 8.0, dtype=torch.float64, requires_grad=True)
    f.to_torch().apply(point).backward()
    np.testing.assert_allclose(point.grad.numpy(), f(point.detach().numpy())[1])


def test_the_network_does_not_change_what_it_is_given():
    f = NET.compile("torch")
    parameters = torch.zeros(9, requires_grad=True)
    loss, gradient = f(parameters, X, Y)
    assert parameters.grad is None
    assert not loss.requires_grad
    assert gradient.shape == (9,)
    with torch.no_grad():
        again, same = f(parameters, X, Y)
    assert torch.equal(loss, again)
    assert torch.equal(gradient, same)


def test_predictions_are_ordinary_tensors():
    parameters = torch.zeros((4, 9), dtype=torch.float64, requires_grad=True)
    out = NET.compile("torch").predict(parameters, X.double())
    assert out.shape == (4, 3)
    out.sum().backward()
    assert parameters.grad is not None
    assert gl.mlp([2, 3], loss="softmax_cross_entropy").compile("torch").predict(torch.zeros(9), X).shape == (3, 3)


def test_network_dtypes_and_labels():
    f = NET.compile("torch")
    for dtype in (torch.float32, torch.float64):
        for labels in (Y, Y[:, None], Y.to(torch.int64), Y.to(torch.bool)):
            loss, gradient = f(torch.zeros((2, 9), dtype=dtype), X.to(dtype), labels)
            assert loss.dtype == gradient.dtype == dtype
            assert loss.shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(8), X, Y), "has 9 parameters"),
        ((torch.zeros(9), X[:, :1], Y), r"shape \(N, 2\)"),
        ((torch.zeros(9), X, Y[:2]), "y has the shape"),
        ((torch.zeros(9), X[:0], Y[:0]), "give at least one point"),
        ((torch.zeros(9), X.numpy(), Y), "x must be a floating tensor"),
        ((torch.zeros(9), X.to(torch.int64), Y), "x must be a floating tensor"),
        ((torch.zeros(9), X, Y.numpy()), "y must be a"),
        ((torch.zeros(9, dtype=torch.int64), X, Y), "the parameters must be a floating tensor"),
        ((np.zeros(9), X, Y), "the parameters must be a floating tensor"),
    ],
)
def test_network_tensors_that_do_not_fit(arguments, message):
    with pytest.raises(gl.GradlabError, match=message):
        NET.compile("torch")(*arguments)


def test_labels_are_not_differentiated():
    parameters = torch.zeros(9, requires_grad=True)
    loss = NET.to_torch().apply(parameters, X, Y.clone().requires_grad_())
    with pytest.raises(gl.GradlabError, match="give y without requires_grad"):
        loss.backward()

"""Reports about the rules of other libraries' layers, written as backward passes of torch."""

from __future__ import annotations

from typing import Any

import torch

from check_wild._report import CORRECT, WRONG, Function, Reports
from check_wild._torch_reports import draw, function

REPORTS = Reports()


@REPORTS("apache/tvm", 7340, "tanh's gradient lacks its brackets: g * 1 - tanh^2", WRONG)
def tanh_without_brackets() -> Function:
    return Function(function(torch.tanh, lambda g, out, x: g * 1 - out * out), (draw(5),))


@REPORTS("tinygrad/tinygrad", 1113, "sigmoid's gradient is NaN for very negative arguments", WRONG)
def sigmoid_overflow() -> Function:
    def backward(g: Any, out: Any, x: Any) -> Any:
        e = torch.exp(-x)
        return g * e / (1 + e) ** 2

    return Function(function(torch.sigmoid, backward), (torch.tensor([-0.5, 1.0, -800.0], dtype=torch.float64),))


@REPORTS("tinygrad/tinygrad", 9217, "the gradient of a whole power loses one in the exponent", WRONG)
def power_exponent() -> Function:
    return Function(function(lambda x: x**3, lambda g, out, x: g * 3 * x**3), (draw(4),))


@REPORTS("tinygrad/tinygrad", 155, "a power's gradient by its exponent needs the base's logarithm", WRONG)
def power_by_exponent() -> Function:
    base, exponent = torch.tensor([0.5, 2.0], dtype=torch.float64), torch.tensor([1.5, 0.7], dtype=torch.float64)
    backward = lambda g, out, x, y: (g * y * x ** (y - 1), g * out * torch.log10(x))  # noqa: E731
    return Function(function(torch.pow, backward), (base.requires_grad_(), exponent.requires_grad_()))


def _log_softmax(z: torch.Tensor) -> torch.Tensor:
    return torch.log_softmax(z, -1)


@REPORTS("mlpack/mlpack", 2360, "log-softmax: the incoming gradient stands for Kronecker's delta", WRONG)
def log_softmax_delta() -> Function:
    return Function(function(_log_softmax, lambda g, out, z: g + out.exp()), (draw(4),))


@REPORTS("uxlfoundation/oneDNN", 616, "log-softmax: the output in the place of its exponential", WRONG)
def log_softmax_no_exponential() -> Function:
    backward = lambda g, out, z: g - out * g.sum(-1, keepdim=True)  # noqa: E731
    return Function(function(_log_softmax, backward), (draw(2, 3),))


@REPORTS("uxlfoundation/oneDNN", 616, "log-softmax: the formula that the report proposes", CORRECT)
def log_softmax_mended() -> Function:
    backward = lambda g, out, z: g - out.exp() * g.sum(-1, keepdim=True)  # noqa: E731
    return Function(function(_log_softmax, backward), (draw(2, 3),))


def _softmax(z: torch.Tensor) -> torch.Tensor:
    return torch.softmax(z, -1)


@REPORTS("pjreddie/darknet", 96, "softmax's backward copies the incoming gradient", WRONG)
def softmax_copied() -> Function:
    return Function(function(_softmax, lambda g, out, z: g.clone()), (draw(5),))


@REPORTS("HomericIntelligence/Odyssey", 2134, "softmax's backward lacks the dot product", WRONG)
def softmax_without_dot() -> Function:
    return Function(function(_softmax, lambda g, out, z: out * g), (draw(3, 4),))


@REPORTS("HomericIntelligence/Odyssey", 2134, "softmax's backward with the dot product", CORRECT)
def softmax_with_dot() -> Function:
    return Function(function(_softmax, lambda g, out, z: out * (g - (out * g).sum(-1, keepdim=True))), (draw(3, 4),))


@REPORTS("wkcn/mobula", 3, "softmax's backward takes the diagonal of the Jacobian alone", WRONG)
def softmax_diagonal() -> Function:
    return Function(function(_softmax, lambda g, out, z: g * out * (1 - out)), (draw(4),))


def _batch_norm(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + 1e-5)


@REPORTS("mlpack/mlpack", 1923, "batch norm's backward by the input takes mean and variance as given", WRONG)
def batch_norm_statistics() -> Function:
    backward = lambda g, out, x: g / torch.sqrt(x.var(0, unbiased=False) + 1e-5)  # noqa: E731
    return Function(function(_batch_norm, backward), (draw(6, 3),))


@REPORTS("mlpack/mlpack", 1923, "batch norm's backward by the input", CORRECT)
def batch_norm() -> Function:
    def backward(g: Any, out: Any, x: Any) -> Any:
        inner = g - g.mean(0) - out * (g * out).mean(0)
        return inner / torch.sqrt(x.var(0, unbiased=False) + 1e-5)

    return Function(function(_batch_norm, backward), (draw(6, 3),))


def _pool(x: torch.Tensor) -> torch.Tensor:
    return x.unfold(0, 3, 1).amax(-1)


def _pool_backward(add: bool) -> Any:
    def backward(g: torch.Tensor, out: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        dx = torch.zeros_like(x)
        for i, place in enumerate(x.unfold(0, 3, 1).argmax(-1) + torch.arange(len(g))):
            dx[place] = dx[place] + g[i] if add else g[i]
        return dx

    return backward


@REPORTS("FluxML/NNlib.jl", 205, "max pooling with overlapping windows sets where it should add", WRONG)
def pooling_set() -> Function:
    x = torch.tensor([0.1, 0.3, 2.0, 0.2, -1.0, 0.5, 0.4, 1.5], dtype=torch.float64)
    return Function(function(_pool, _pool_backward(False)), (x,))


@REPORTS("0809zheng/CS231n-assignment2019", 19, "the same pooling, added up", CORRECT)
def pooling_added() -> Function:
    x = torch.tensor([0.1, 0.3, 2.0, 0.2, -1.0, 0.5, 0.4, 1.5], dtype=torch.float64)
    return Function(function(_pool, _pool_backward(True)), (x,))


@REPORTS("FluxML/NNlib.jl", 133, "padded pooling: the gradient is shifted by the padding", WRONG)
def pooling_padding() -> Function:
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool1d(x[None, None], 2, 2, padding=1)[0, 0]

    backward = lambda g, out, x: g.repeat_interleave(2)[: len(x)] / 2  # noqa: E731
    return Function(function(forward, backward), (draw(5),))


def _cumprod_by_division(clean: bool) -> Any:
    def backward(g: torch.Tensor, out: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        result = (g * out).flip(0).cumsum(0).flip(0) / x
        return torch.nan_to_num(result, nan=0.0) if clean else result

    return backward


@REPORTS("tracel-ai/burn", 3864, "cumprod's gradient divides by the entries: NaN beside a zero", WRONG)
def cumprod_nan() -> Function:
    x = torch.tensor([2.0, 0.0, 3.0, 4.0], dtype=torch.float64)
    return Function(function(lambda x: torch.cumprod(x, 0), _cumprod_by_division(False)), (x,))


@REPORTS("tensorflow/tensorflow", 119430, "cumprod's gradient at a zero is taken as 0", WRONG)
def cumprod_zero() -> Function:
    x = torch.tensor([2.0, 3.0, 0.0], dtype=torch.float64)
    return Function(function(lambda x: torch.cumprod(x, 0), _cumprod_by_division(True)), (x,))


@REPORTS("HIPS/autograd", 412, "the normal density's gradient by the covariance has the wrong sign", WRONG)
def normal_covariance() -> Function:
    x = draw(3, seed=2).detach()

    def forward(covariance: torch.Tensor) -> torch.Tensor:
        return -0.5 * (x @ torch.linalg.solve(covariance, x) + torch.logdet(covariance))

    def backward(g: torch.Tensor, out: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
        solved = torch.linalg.solve(covariance, x)
        return -g * 0.5 * (torch.outer(solved, solved) - torch.linalg.inv(covariance))

    root = draw(3, 3, seed=3).detach()
    return Function(function(forward, backward), (root @ root.T + torch.eye(3, dtype=torch.float64),))

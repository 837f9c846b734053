"""Reports about functions of torch and their backward passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from check_wild._report import CORRECT, NOT_CORRECT, NOT_WRONG, WRONG, Function, Reports

REPORTS = Reports()


def function(forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """An autograd.Function; `backward` gets the incoming gradient, the output and the inputs."""

    class Made(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            output = forward(*inputs)
            ctx.save_for_backward(output, *inputs)
            return output

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            output, *inputs = ctx.saved_tensors
            return backward(grad_outputs[0], output, *inputs)

    return Made


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Normal numbers, to be differentiated by."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).requires_grad_()


def _isrlu(x: torch.Tensor) -> torch.Tensor:
    return torch.rsqrt(1 + torch.clamp(x, max=0.0) ** 2)


@REPORTS("pytorch/pytorch", 4355, "an activation's backward leaves out the incoming gradient", WRONG)
def isrlu_without_grad_output() -> Function:
    return Function(function(lambda x: x * _isrlu(x), lambda g, out, x: _isrlu(x) ** 3), (draw(4, 3),))


@REPORTS("pytorch/pytorch", 4355, "the same activation, with it", CORRECT)
def isrlu() -> Function:
    return Function(function(lambda x: x * _isrlu(x), lambda g, out, x: g * _isrlu(x) ** 3), (draw(4, 3),))


class _SavesIntermediate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        twice = x * 2
        ctx.save_for_backward(x, twice)
        return twice * 3 * x

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        _, twice = ctx.saved_tensors
        return grad_outputs[0] * 6 * twice


@REPORTS("pytorch/pytorch", 76185, "an intermediate saved in forward: the first derivative", CORRECT)
def saved_intermediate() -> Function:
    return Function(_SavesIntermediate, (draw(5),))


@REPORTS("pytorch/pytorch", 76185, "an intermediate saved in forward is lost in the second derivative", WRONG)
def saved_intermediate_twice() -> Function:
    return Function(_SavesIntermediate, (draw(5),), order=2)


def _norm_backward(at_zero: float) -> Callable[..., torch.Tensor]:
    return lambda g, out, x: g * (torch.full_like(x, at_zero) if out == 0 else x / out)


@REPORTS("pytorch/pytorch", 2421, "the norm's gradient at the origin is NaN", NOT_CORRECT)
def norm_nan() -> Function:
    return Function(function(lambda x: x.norm(), _norm_backward(float("nan"))), (torch.zeros(3, dtype=torch.float64),))


@REPORTS("pytorch/pytorch", 2775, "the norm's subgradient 0 at the origin", NOT_WRONG)
def norm_zero() -> Function:
    return Function(function(lambda x: x.norm(), _norm_backward(0.0)), (torch.zeros(3, dtype=torch.float64),))


@REPORTS("pytorch/pytorch", 65599, "the Frobenius norm's gradient at the zero matrix is NaN", NOT_CORRECT)
def frobenius_nan() -> Function:
    backward = _norm_backward(float("nan"))
    return Function(function(torch.linalg.matrix_norm, backward), (torch.zeros(3, 3, dtype=torch.float64),))


@REPORTS("pytorch/pytorch", 6394, "sqrt((x - 1)^2) at 1 gives NaN by the chain rule", NOT_CORRECT)
def root_of_square() -> Function:
    return Function(lambda x: torch.sqrt((x - 1) ** 2).sum(), (torch.ones(1, dtype=torch.float64),))


@REPORTS("pytorch/pytorch", 13886, "1/x in float32 differs from -1/x^2 by rounding alone", CORRECT)
def reciprocal_float32() -> Function:
    return Function(function(lambda x: 1 / x, lambda g, out, x: -g / x**2), (draw(6, dtype=torch.float32),))


@REPORTS("pytorch/pytorch", 107007, "the gradient of a sum that is constant by broadcasting is 0", CORRECT)
def centred_sum() -> Function:
    return Function(lambda x: (x - x.mean()).sum(), (draw(4),))


@REPORTS("pytorch/pytorch", 106789, "a product with two zeros: second derivatives taken as 0", WRONG)
def product_two_zeros() -> Function:
    def backward(g: Any, out: Any, x: Any) -> Any:
        zeros = (x == 0).sum()
        return g * (
            torch.zeros_like(x) if zeros > 1 else torch.stack([x[torch.arange(4) != i].prod() for i in range(4)])
        )

    return Function(function(torch.prod, backward), (torch.tensor([2.0, 3.0, 0.0, 0.0], dtype=torch.float64),), order=2)


@REPORTS("pytorch/pytorch", 132601, "the backward multiplies by n, the forward does not", WRONG)
def multiplied_in_backward_alone() -> Function:
    return Function(function(lambda x: x.clone(), lambda g, out, x: 4 * g), (draw(3),))


@REPORTS("pytorch/pytorch", 3264, "x / |x|_1 of a vector with zeros gives NaN", NOT_CORRECT)
def normalise_nan() -> Function:
    def backward(g: Any, out: Any, x: Any) -> Any:
        total = x.abs().sum()
        return g / total - (g * x).sum() / total**2 * (x / x.abs())

    x = torch.tensor([0.0, 0.0, 0.2], dtype=torch.float64)
    return Function(function(lambda x: x / x.abs().sum(), backward), (x,))


@REPORTS("1zb/pytorch-image-comp-rnn", 4, "sign with a straight-through backward", WRONG)
def straight_through_sign() -> Function:
    return Function(function(torch.sign, lambda g, out, x: g), (draw(5),))


@REPORTS("automan000/Convolutional_LSTM_PyTorch", 6, "a float32 mean squared error that gradcheck rejects", CORRECT)
def float32_mean_squared_error() -> Function:
    backward = lambda g, out, x, t: (g * 2 * (x - t) / x.numel(), -g * 2 * (x - t) / x.numel())  # noqa: E731
    forward = lambda x, t: ((x - t) ** 2).mean()  # noqa: E731
    x, t = draw(40, 10, dtype=torch.float32), draw(40, 10, seed=1, dtype=torch.float32)
    return Function(function(forward, backward), (x, t))


@REPORTS("CharlesShang/DCNv2", 13, "bilinear sampling in float32 that gradcheck rejects", NOT_WRONG)
def float32_sampling() -> Function:
    grid = (torch.rand(1, 3, 3, 2, generator=torch.Generator().manual_seed(1)) * 1.6 - 0.8).requires_grad_()
    image = draw(1, 2, 5, 5, dtype=torch.float32)
    return Function(lambda a, b: torch.nn.functional.grid_sample(a, b, align_corners=False), (image, grid))


@REPORTS("huggingface/candle", 3613, "a fused layer norm has no backward pass", WRONG)
def layer_norm_detached() -> Function:
    def fused(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.layer_norm(x.detach(), (4,)) * weight

    return Function(fused, (draw(3, 4), draw(4, seed=1)))


@REPORTS("harvard-edge/cs249r_book", 1341, "tanh is left out of the graph", WRONG)
def tanh_detached() -> Function:
    return Function(lambda x: (torch.tanh(x.detach()) + 0 * x).sum(), (draw(3),))


@REPORTS("facebookresearch/CrypTen", 90, "max pooling where two entries tie", NOT_WRONG)
def pooling_tie() -> Function:
    x = torch.tensor([[[[1.0, 1.0], [0.2, 0.3]]]], dtype=torch.float64)
    return Function(lambda a: torch.nn.functional.max_pool2d(a, 2), (x,))


@REPORTS("pytorch/pytorch", 196701, "cumprod with a zero: second derivative", CORRECT)
def cumprod_zero_twice() -> Function:
    x = torch.tensor([[1.0, 2.0, 1.0], [0.0, 3.0, 4.0]], dtype=torch.float64)
    return Function(lambda a: torch.cumprod(a, -1), (x,), order=2)

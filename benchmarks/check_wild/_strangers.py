"""Reports about libraries and courses that are not ours to run, in our own code: each wrong, and right beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import torch

from check_wild._jax_reports import with_rule
from check_wild._report import CORRECT, NOT_CORRECT, NOT_WRONG, WRONG, Function, Loss, Reports, Right
from check_wild._torch_reports import draw, function

REPORTS = Reports()
_DRAW = np.random.default_rng(3)
X, Y = _DRAW.normal(size=(9, 4)), _DRAW.normal(size=(9, 2))
Rule = Callable[..., Any]


def both(
    repository: str,
    number: int,
    symptom: str,
    forward: Rule,
    rules: tuple[Rule, Rule],
    inputs: Any,
    order: int = 1,
    into: Reports = REPORTS,
) -> None:
    """Note a function of torch with the backward pass of the report, and with the one that is meant."""
    labels: tuple[Right, Right] = (WRONG, CORRECT)
    for rule, label in zip(rules, labels, strict=True):
        told = symptom if label == WRONG else f"not so: {symptom}"
        into(repository, number, told, label)(
            lambda rule=rule: Function(function(forward, rule), inputs(), order=order)
        )


def by_hand(
    repository: str,
    number: int,
    symptom: str,
    loss: Rule,
    gradients: tuple[Rule, Rule],
    at: Any,
    into: Reports = REPORTS,
) -> None:
    """Note a loss of NumPy with the gradient of the report, and with the one that is meant."""
    labels: tuple[Right, Right] = (WRONG, CORRECT)
    for gradient, label in zip(gradients, labels, strict=True):
        told = symptom if label == WRONG else f"not so: {symptom}"
        into(repository, number, told, label)(lambda gradient=gradient: Loss(loss, gradient, at))


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _outer(weights: Any, with_derivative: bool) -> Any:
    out = _sigmoid(X @ weights)
    delta = 2 * (out - Y) * (out * (1 - out) if with_derivative else 1)
    return X.T @ delta


by_hand(
    "Bot-Academy/NeuralNetworkFromScratch", 3, "the derivative of the outer sigmoid is left out",
    lambda w: np.sum((_sigmoid(X @ w) - Y) ** 2), (lambda w: _outer(w, False), lambda w: _outer(w, True)),
    _DRAW.normal(size=(4, 2)),
)  # fmt: skip
both(
    "mlpack/mlpack", 2364, "log-softmax: the softmax is taken off without the sum of grad_output",
    lambda x: torch.log_softmax(x, 1),
    (lambda g, out, x: g - out.exp(), lambda g, out, x: g - out.exp() * g.sum(1, keepdim=True)),
    lambda: (draw(3, 5),),
)  # fmt: skip
both(
    "KhawajaAbaid/micrograd_c", 1, "the second term of a difference gets +g",
    lambda a, b: a - b, (lambda g, out, a, b: (g, g), lambda g, out, a, b: (g, -g)), lambda: (draw(4), draw(4, seed=1)),
)  # fmt: skip


def _normal(x: Any) -> tuple[Any, Any]:
    centred = x - x.mean(0)
    return centred, 1 / torch.sqrt((centred**2).mean(0) + 1e-5)


def _batch_norm(g: Any, x: Any, scale: Any, extra: bool = False) -> Any:
    centred, inverse = _normal(x)
    of_variance = (g * scale * centred).sum(0) * -0.5 * inverse**3
    of_mean = -(g * scale).sum(0) * inverse + (of_variance * (-2 * centred).sum(0) / len(x) if extra else 0)
    return g * scale * inverse + of_variance * 2 * centred / len(x) + of_mean / len(x)


def _scaled(x: Any, scale: Any) -> Any:
    centred, inverse = _normal(x)
    return centred * inverse * scale


def _of_scale(g: Any, x: Any) -> Any:
    centred, inverse = _normal(x)
    return (g * centred * inverse).sum(0)


both(
    "denizyuret/Knet.jl", 288, "batch normalisation: the scale is left out of the gradient by x", _scaled,
    (
        lambda g, out, x, scale: (_batch_norm(g, x, torch.ones_like(scale)), _of_scale(g, x)),
        lambda g, out, x, scale: (_batch_norm(g, x, scale), _of_scale(g, x)),
    ),
    lambda: (draw(6, 3), draw(3, seed=2)),
)  # fmt: skip


@REPORTS("apache/mxnet", 1053, "batch normalisation with a term too many, which is 0", CORRECT)
def batch_norm_extra() -> Function:
    rule = lambda g, out, x, scale: (_batch_norm(g, x, scale, extra=True), _of_scale(g, x))  # noqa: E731
    return Function(function(_scaled, rule), (draw(6, 3), draw(3, seed=2)))


@REPORTS("BVLC/caffe", 3912, "batch normalisation by two formulas that are the same", CORRECT)
def batch_norm_short() -> Function:
    def rule(g: Any, y: Any, x: Any) -> Any:
        return (g - g.mean(0) - (g * y).mean(0) * y) * _normal(x)[1]

    # Exact without the small number below the root alone.
    return Function(
        function(lambda x: (x - x.mean(0)) / x.std(0, correction=0), lambda g, y, x: rule(g, y, x)), (draw(6, 3) * 30,)
    )


by_hand(
    "jax-ml/jax", 442, "normalised by the square instead of the root of the variance",
    lambda x: np.sum(np.arange(9)[:, None] * (x - X.mean(0)) / np.sqrt(X.var(0) + 1e-5)),
    (
        lambda x: np.arange(9)[:, None] / (X.var(0) + 1e-5) ** 2 * np.ones_like(x),
        lambda x: np.arange(9)[:, None] / np.sqrt(X.var(0) + 1e-5) * np.ones_like(x),
    ),
    X,
)  # fmt: skip


@REPORTS("abhiskk/ladder", 2, "the variance is detached", WRONG)
def detached_variance() -> Function:
    return Function(lambda x: (x - x.mean(0)) / torch.sqrt(x.var(0).detach() + 1e-5), (draw(5, 2),))


both(
    "tinygrad/tinygrad", 9597, "two inputs of the same value get each other's gradient, too",
    lambda a, b: a + b, (lambda g, out, a, b: (g * (1 + (a == b)), g * (1 + (a == b))), lambda g, out, a, b: (g, g)),
    lambda: (torch.tensor(3.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)),
)  # fmt: skip
by_hand(
    "karpathy/micrograd", 2, "an intermediate that is used twice hands its gradient on twice",
    lambda a: (a[0] * a[1]) ** 2 + 3 * a[0] * a[1],
    (
        lambda a: (4 * a[0] * a[1] + 3) * np.array([a[1], a[0]]),
        lambda a: (2 * a[0] * a[1] + 3) * np.array([a[1], a[0]]),
    ),
    np.array([1.3, -0.7]),
)  # fmt: skip


@REPORTS("karpathy/micrograd", 102, "backward twice adds up", WRONG)
def backward_twice() -> Loss:
    kept = np.zeros(3)

    def gradient(a: Any) -> Any:
        nonlocal kept
        kept = kept + 2 * a
        return kept

    return Loss(lambda a: np.sum(a**2), gradient, np.array([1.0, -2.0, 0.5]))


by_hand(
    "apache/mxnet", 17989, "a weight that is used many times: the first uses are lost",
    lambda w: np.sum([np.sin(k * w) for k in range(1, 13)]),
    (
        lambda w: np.sum([k * np.cos(k * w) for k in range(7, 13)], axis=0),
        lambda w: np.sum([k * np.cos(k * w) for k in range(1, 13)], axis=0),
    ),
    np.array([0.2, 0.5]),
)  # fmt: skip
by_hand(
    "SciSharp/TensorFlow.NET", 303, "x^3 / 10: one path of three", lambda x: np.sum(x**3) * 0.1,
    (lambda x: 0.1 * x**2, lambda x: 0.3 * x**2), np.array([7.0]),
)  # fmt: skip
both(
    "SciSharp/TensorFlow.NET", 787, "the squared difference hands its inputs back", lambda a, b: (a - b) ** 2,
    (lambda g, out, a, b: (a, b), lambda g, out, a, b: (2 * g * (a - b), -2 * g * (a - b))),
    lambda: (draw(4), draw(4, seed=1)),
)  # fmt: skip
both(
    "tensorflow/tensorflow", 3767, "the second derivative of the sigmoid is lost", torch.sigmoid,
    (
        lambda g, out, x: g * (out * (1 - out)).detach(),
        lambda g, out, x: g * torch.sigmoid(x) * (1 - torch.sigmoid(x)),
    ),
    lambda: (draw(4),), 2,
)  # fmt: skip
both(
    "tensorflow/tensorflow", 29449, "relu hands everything on", torch.relu,
    (lambda g, out, x: g, lambda g, out, x: g * (x > 0)), lambda: (draw(5, 2),),
)  # fmt: skip
both(
    "tensorflow/tensorflow", 22117, "the root's derivative is twice the root", torch.sqrt,
    (lambda g, out, x: 2 * out * g, lambda g, out, x: g / (2 * out)),
    lambda: ((draw(3).detach() ** 2 + 0.1).requires_grad_(),),
)  # fmt: skip
both(
    "tensorflow/tensorflow", 127234, "isotonic regression: a pooled block is not averaged",
    lambda x: torch.stack([x[0], (x[1] + x[2]) / 2, (x[1] + x[2]) / 2]),
    (
        lambda g, out, x: torch.stack([g[0], g[1], g[2]]),
        lambda g, out, x: torch.stack([g[0], (g[1] + g[2]) / 2, (g[1] + g[2]) / 2]),
    ),
    lambda: (torch.tensor([4.0, 0.7, 2.0], dtype=torch.float64, requires_grad=True),),
)  # fmt: skip
both(
    "tensorflow/tensorflow", 8386, "x mod y by y: the mean over the rows for the sum", torch.remainder,
    (
        lambda g, out, x, y: (g, -(torch.floor(x / y) * g).mean(0)),
        lambda g, out, x, y: (g, -(torch.floor(x / y) * g).sum(0)),
    ),
    lambda: ((10 * draw(4, 3).detach()).requires_grad_(), torch.tensor([0.9, 1.7, 2.3], requires_grad=True)),
)  # fmt: skip
both(
    "HIPS/autograd", 396, "where: both branches get the whole", lambda a, b: torch.where(a > 0, a, b),
    (lambda g, out, a, b: (g, g), lambda g, out, a, b: (g * (a > 0), g * (a <= 0))),
    lambda: (draw(6), draw(6, seed=4)),
)  # fmt: skip


@REPORTS("HIPS/autograd", 212, "the maximum at a tie: 1 and 0", NOT_WRONG)
def maximum_at_a_tie() -> Loss:
    return Loss(lambda x: np.maximum(x[0], x[1]), lambda x: np.array([1.0, 0.0]), np.array([1.0, 1.0]))


by_hand(
    "HIPS/autograd", 394, "the angle with both arguments swapped", lambda p: np.arctan2(p[0], p[1]),
    (
        lambda p: np.array([-p[0], p[1]]) / (p @ p),
        lambda p: np.array([p[1], -p[0]]) / (p @ p),
    ),
    np.array([0.8, -1.9]),
)  # fmt: skip
by_hand(
    "jax-ml/jax", 18450, "0^0 among other powers is NaN", lambda x: np.sum(x ** np.array([0, 2, 3])),
    (
        lambda x: np.array([np.nan, 2 * x[1], 3 * x[2] ** 2]),
        lambda x: np.array([0.0, 2 * x[1], 3 * x[2] ** 2]),
    ),
    np.array([0.0, 0.5, 1.2]),
)  # fmt: skip
by_hand(
    "jax-ml/jax", 764, "tanh far out is NaN", lambda x: np.sum(np.tanh(x)),
    (lambda x: np.where(x > 89, np.nan, 1 / np.cosh(x) ** 2), lambda x: 1 - np.tanh(x) ** 2), np.array([190.0, 0.3]),
)  # fmt: skip


@REPORTS("jax-ml/jax", 15737, "the entropy's gradient at 0 is NaN", NOT_CORRECT)
def entropy_nan() -> Loss:
    entropy = lambda p: -np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), np.where(p < 0, np.inf, 0)))  # noqa: E731
    return Loss(entropy, lambda p: np.where(p > 0, -np.log(np.maximum(p, 1e-300)) - 1, np.nan), np.array([0.0, 0.4]))


@REPORTS("jax-ml/jax", 3058, "the norm of a spring at rest: NaN", NOT_CORRECT)
def spring_nan() -> Function:
    backward = lambda g, x: (g * x / jnp.linalg.norm(x),)  # noqa: E731
    return Function(with_rule(lambda x: jnp.linalg.norm(x), backward), (jnp.zeros(3),))


@REPORTS("jax-ml/jax", 39797, "a Bessel function next to 0 has the gradient 0 instead of 5e-301", NOT_WRONG)
def bessel_underflow() -> Loss:
    return Loss(
        lambda x: np.sum(np.i0(x)),
        lambda x: np.where(
            np.abs(x) < 1e-8, 0.0, x / 2 + x**3 / 16 + x**5 / 384 + x**7 / 18432 + x**9 / 1474560 + x**11 / 176947200
        ),
        np.array([1e-300, 0.7]),
    )


both(
    "aesara-devs/aesara", 1089, "a row that was broadcast: the gradient of its first row alone",
    lambda row, m: (row + m) ** 2,
    (
        lambda g, out, row, m: (2 * (g * (row + m))[:1], 2 * g * (row + m)),
        lambda g, out, row, m: (2 * (g * (row + m)).sum(0, keepdim=True), 2 * g * (row + m)),
    ),
    lambda: (draw(1, 3), draw(4, 3, seed=1)),
)  # fmt: skip
both(
    "pocketpy/cTensor", 24, "the mean divides by the length of what comes out", lambda x: x.mean(1),
    (
        lambda g, out, x: (g / len(out))[:, None].expand_as(x),
        lambda g, out, x: (g / x.shape[1])[:, None].expand_as(x),
    ),
    lambda: (draw(3, 5),),
)  # fmt: skip


def _filtered(x: Any, kernel: Any) -> Any:
    return torch.nn.functional.conv1d(x[None, None], kernel[None, None])[0, 0]


def _spread(g: Any, kernel: Any) -> Any:
    return torch.nn.functional.conv_transpose1d(g[None, None], kernel[None, None])[0, 0]


KERNEL = torch.tensor([0.48, 0.84, 0.22, -0.13], dtype=torch.float64)
both(
    "KeKsBoTer/torch-dwt", 2, "a wavelet transform goes back by the flipped filter", lambda x: _filtered(x, KERNEL),
    (lambda g, out, x: _spread(g, KERNEL.flip(0)), lambda g, out, x: _spread(g, KERNEL)), lambda: (draw(9),),
)  # fmt: skip


def _cross_entropy(x: Any) -> Any:
    return -(torch.log(x) + 2 * torch.log(1 - x)).sum()


class _Twice(torch.autograd.Function):
    """The derivative of the cross-entropy, whose own derivative is divided by the count."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return -1 / x + 2 / (1 - x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad_outputs[0] * (1 / x**2 + 2 / (1 - x) ** 2) / x.numel()


both(
    "pytorch/pytorch", 59477, "the second derivative of a summed cross-entropy is averaged", _cross_entropy,
    (lambda g, out, x: g * _Twice.apply(x), lambda g, out, x: g * (-1 / x + 2 / (1 - x))),
    lambda: (torch.sigmoid(draw(4)).detach().requires_grad_(),), 2,
)  # fmt: skip


@REPORTS("pytorch/pytorch", 38586, "an input that overlaps itself", CORRECT)
def overlapping() -> Function:
    vector = draw(1).detach().expand(2).requires_grad_()
    return Function(lambda v: (draw(2, 2).detach() @ v).sum(), (vector,))


class _Attention(torch.autograd.Function):
    """Two outputs, of which the second's gradient is forgotten."""

    @staticmethod
    def forward(ctx: Any, q: Any, k: Any) -> Any:
        ctx.save_for_backward(q, k)
        return (q @ k.T).sum(1), torch.tanh(q @ k.T)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        q, k = ctx.saved_tensors
        of_product = grad_outputs[0][:, None].expand(-1, len(k))
        return of_product @ k, of_product.T @ q


@REPORTS("pytorch/pytorch", 67916, "the gradient of a second output is forgotten", WRONG)
def second_output() -> Function:
    return Function(_Attention, (draw(3, 2), draw(4, 2, seed=1)))


def _unit(w: Any) -> Any:
    return 1 / (1 + np.exp(w[0] + 2 * w[1] - w[2]))


by_hand(
    "cs231n/cs231n.github.io", 105, "0.39 instead of 0.40 by rounding on the way", _unit,
    (lambda w: np.array([-0.2, -0.39, 0.2]), lambda w: _unit(w) * (1 - _unit(w)) * np.array([-1.0, -2.0, 1.0])),
    np.array([2.0, -3.0, -3.0]),
)  # fmt: skip

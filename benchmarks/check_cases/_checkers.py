"""gradlab and its peers, all asked the same question in the way their manuals say, with default settings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from check_cases._case import Case, Point, cast, flatten, unflatten

Answer = Literal["CORRECT", "WRONG", "UNDECIDED"]


@dataclass(frozen=True)
class Question:
    """Is this the gradient of that loss at this point?

    Attributes:
        loss: From the point to a number.
        gradient: From the point to the claimed gradient.
        point: The point, in float32 or float64.
    """

    loss: Callable[[Point], Any]
    gradient: Callable[[Point], Point]
    point: Point

    def flat_loss(self, flat: np.ndarray) -> Any:
        """The loss of all numbers in a row."""
        return np.asarray(self.loss(unflatten(np.asarray(flat), self.point)))

    def flat_gradient(self, flat: np.ndarray) -> np.ndarray:
        """The gradient, in a row."""
        return flatten(self.gradient(unflatten(np.asarray(flat), self.point)))


def ask(case: Case, gradient: Callable[[Point], Point], dtype: Any, black_box: bool = False) -> Question:
    """Put a question in a precision.

    Args:
        case: What it is about.
        gradient: The claimed gradient.
        dtype: The precision of the point.
        black_box: Whether the loss and the gradient compute in float32 whatever they are given.
    """
    point = cast(case.point, dtype)
    if not black_box:
        return Question(case.loss, gradient, point)
    return Question(
        lambda given: case.loss(cast(given, np.float32)), lambda given: gradient(cast(given, np.float32)), point
    )


def by_gradlab(question: Question) -> tuple[Answer, tuple[str, ...]]:
    """gradlab's verdict and the mistakes it names."""
    import gradlab as gl

    report = gl.check_gradient(question.loss, question.gradient, at=question.point)
    return report.verdict.name, tuple(diagnosis.kind.name for diagnosis in report.diagnoses)


def by_gradlab_on_torch(question: Question) -> Answer:
    """gradlab's verdict on the same `autograd.Function` that torch's check is given."""
    import gradlab as gl

    function, tensor = _torch_function(question)
    return gl.check_gradient(function.apply, None, at=tensor.detach()).verdict.name


def by_torch(question: Question) -> Answer:
    """torch.autograd.gradcheck on an autograd.Function."""
    import torch

    function, tensor = _torch_function(question)
    with warnings.catch_warnings():
        # It warns that its inputs are not float64; that is part of what is measured.
        warnings.simplefilter("ignore")
        return "CORRECT" if torch.autograd.gradcheck(function.apply, (tensor,), raise_exception=False) else "WRONG"


def by_jax(question: Question) -> Answer:
    """jax.test_util.check_grads on a custom_vjp, in reverse mode and to first order."""
    import jax
    from jax.test_util import check_grads

    dtype = flatten(question.point).dtype
    with jax.enable_x64(dtype == np.float64):
        flat = jax.numpy.asarray(flatten(question.point))

        @jax.custom_vjp
        def function(x: Any) -> Any:
            return jax.numpy.asarray(question.flat_loss(np.asarray(x)), dtype)

        def backward(x: Any, cotangent: Any) -> tuple[Any]:
            return (cotangent * jax.numpy.asarray(question.flat_gradient(np.asarray(x)), dtype),)

        function.defvjp(lambda x: (function(x), x), backward)
        try:
            check_grads(function, (flat,), order=1, modes=("rev",))
        except AssertionError:
            return "WRONG"
        return "CORRECT"


def by_scipy(question: Question) -> Answer:
    """scipy.optimize.check_grad, where 1e-6 or more counts as wrong."""
    from scipy.optimize import check_grad

    flat = flatten(question.point)
    found = check_grad(lambda x: float(question.flat_loss(x.astype(flat.dtype))),
                       lambda x: question.flat_gradient(x.astype(flat.dtype)), flat)  # fmt: skip
    return "CORRECT" if found < 1e-6 else "WRONG"


def by_numdifftools(question: Question) -> Answer:
    """numdifftools.Gradient, compared by numpy.allclose."""
    import numdifftools

    flat = flatten(question.point)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = numdifftools.Gradient(lambda x: float(question.flat_loss(np.asarray(x).astype(flat.dtype))))(
            flat.astype(float)
        )
    return "CORRECT" if np.allclose(question.flat_gradient(flat), found) else "WRONG"


PEERS: dict[str, Callable[[Question], Answer]] = {
    "torch gradcheck": by_torch,
    "jax check_grads": by_jax,
    "scipy check_grad": by_scipy,
    "numdifftools": by_numdifftools,
}


def _torch_function(question: Question) -> tuple[Any, Any]:
    import torch

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.as_tensor(question.flat_loss(x.detach().numpy()), dtype=x.dtype)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            (x,) = ctx.saved_tensors
            return grad_outputs[0] * torch.as_tensor(question.flat_gradient(x.detach().numpy()), dtype=x.dtype)

    return Loss, torch.tensor(flatten(question.point), requires_grad=True)

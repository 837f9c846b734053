"""Torch callables as a Problem: the gradient comes from their own backward pass."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradlab.descent._errors import DescentError
from gradlab.descent._problem import Problem, gradient_vector, scalar_value


def torch_problem(function: Any, gradient: Any, start: Any) -> Problem:
    """Descend on a torch callable or an autograd Function, in the precision and on the device of `start`.

    Evaluations leave `start`, a tensor (n,) or (), and the `.grad` of every tensor alone. Numbers are taken as float64.
    Without a gradient, which is a callable on tensors, the backward pass of the function gives it.
    """
    # It is loaded, since the function or the start is torch's own; descent itself depends on no framework.
    torch = sys.modules["torch"]
    call = _callable(function, torch)
    origin = _start_tensor(start, torch)

    def evaluate(point: np.ndarray) -> tuple[float, np.ndarray]:
        tensor = torch.tensor(point, dtype=origin.dtype, device=origin.device).reshape(origin.shape)
        if gradient is not None:
            value, slope = call(tensor), gradient(tensor.clone())
        else:
            tensor.requires_grad_(True)
            with torch.enable_grad():
                # A copy, so that a function that works in place cannot move the descent.
                value = call(tensor.clone())
                slope = _backward(value, tensor, torch)
        return scalar_value(_to_numpy(value)), gradient_vector(_to_numpy(slope), len(point))

    size = origin.numel()
    names = ("x",) if origin.ndim == 0 else tuple(f"x[{index}]" for index in range(size))
    dtype = np.float32 if origin.dtype == torch.float32 else np.float64
    return Problem(evaluate, origin.cpu().numpy().astype(np.float64).reshape(size), names, dtype=dtype)


def _callable(function: Any, torch: Any) -> Any:
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        return function.apply
    if not callable(function):
        raise DescentError(f"function is {function!r}, which cannot be called; write for example MyFunction.apply.")
    return function


def _start_tensor(start: Any, torch: Any) -> Any:
    try:
        tensor = torch.as_tensor(start)
    except (TypeError, ValueError, RuntimeError):
        from gradlab.descent._numbers import parse_numbers

        tensor = torch.tensor([float(number) for number in parse_numbers(list(start), "start")], dtype=torch.float64)
    tensor = tensor.detach().clone()
    if not isinstance(start, torch.Tensor):
        tensor = tensor.to(torch.float64)
    if tensor.dtype not in (torch.float32, torch.float64):
        raise DescentError(f"start is a {tensor.dtype} tensor; write torch.tensor([6.0, 6.0], dtype=torch.float64).")
    if tensor.ndim > 1 or tensor.numel() == 0:
        raise DescentError(f"start has the shape {tuple(tensor.shape)}; write one row of numbers, such as [6.0, 6.0].")
    if not bool(torch.isfinite(tensor).all()):
        raise DescentError(f"start is {tensor.tolist()}; write finite numbers.")
    return tensor


def _backward(value: Any, tensor: Any, torch: Any) -> Any:
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        shape = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
        raise DescentError(
            f"the function gave {shape}, not a scalar tensor; return one number, such as a sum or a mean."
        )
    # autograd.grad, not backward(): it leaves the .grad of the function's own parameters alone.
    slope = None
    if value.grad_fn is not None:
        slope = torch.autograd.grad(value.reshape(()), tensor, allow_unused=True)[0]
    if slope is None:
        raise DescentError(
            "the function's result does not depend on the point as far as torch can see, so it has no backward "
            "pass; compute it with torch operations, without detach() or torch.no_grad(), or pass gradient=..."
        )
    return slope


def _to_numpy(result: Any) -> Any:
    return result.detach().cpu().numpy() if hasattr(result, "detach") else result

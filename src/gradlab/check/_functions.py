"""The loss and the gradient as functions of one flat float64 vector."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradlab.check._adapters import Point, caller, has_torch, is_tensor, make_point, map_structure, to_array
from gradlab.check._errors import CheckError


class Loss:
    """A scalar function of the flat point; counts its evaluations.

    Args:
        function: The loss as the user wrote it.
        point: Where it is checked.
    """

    def __init__(self, function: Callable[..., Any], point: Point) -> None:
        self._call = caller(function, point.original)
        self.point = point
        self.evaluations = 0

    def at_point(self, flat: np.ndarray) -> float:
        """The loss at the point itself, where it must be a finite number.

        Raises:
            CheckError: It is not one finite real number.
        """
        value = self._measure(flat)
        if not np.isfinite(value):
            raise CheckError(
                f"the loss is {value} at the point, so it has no derivative there; check at a point where it is finite."
            )
        return value

    def __call__(self, flat: np.ndarray) -> float:
        """The loss near the point; NaN where it is not defined."""
        try:
            return self._measure(flat)
        except (ArithmeticError, ValueError):
            # math.log(-1) raises; a step that leaves the domain only makes this step useless.
            return float("nan")

    def _measure(self, flat: np.ndarray) -> float:
        self.evaluations += 1
        # Steps may overflow or leave the domain; what comes of it is judged, so NumPy need not warn as well.
        with np.errstate(all="ignore"):
            result = self._call(self.point.build(flat))
        value = to_array(result, "the loss")
        if value.size != 1:
            raise CheckError(
                f"the loss has the shape {value.shape}, not one number; check a scalar, such as its sum, its mean or "
                "one component: lambda x: loss(x)[0]."
            )
        return float(value.reshape(()))


def make_loss(function: Any, at: Any) -> Loss:
    """Prepare the loss, in float64 if it accepts that, else in the number types of `at`.

    Raises:
        CheckError: It cannot be called, or `at` cannot be used.
    """
    if not callable(function):
        raise CheckError(f"the loss is {function!r}, which cannot be called; write a function of the point.")
    loss = Loss(function, make_point(at))
    if not has_torch(loss.point):
        return loss
    try:
        loss.at_point(loss.point.values)
    except RuntimeError:
        # A loss that holds float32 tensors of its own does not mix with float64.
        return Loss(function, make_point(at, native=True))
    return loss


def make_gradient(gradient: Any, function: Any, point: Point) -> Callable[[np.ndarray], np.ndarray] | None:
    """The claimed gradient as a function of the flat point, or None if only its value is given.

    Raises:
        CheckError: There is no gradient to check.
    """
    if gradient is None:
        if not has_torch(point):
            raise CheckError(
                "the gradient is None; give a callable or an array. (None stands for the backward pass of a "
                "torch loss, "
                "and then `at` must be a tensor.)"
            )
        return lambda flat: point.flatten_gradient(_backward(function, point, flat))
    if not callable(gradient):
        return None
    call = caller(gradient, point.original)

    def claimed(flat: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return point.flatten_gradient(call(point.build(flat)))

    return claimed


def _backward(function: Any, point: Point, flat: np.ndarray) -> Any:
    # The point holds tensors, so torch is loaded; the judge itself depends on no framework.
    torch = sys.modules["torch"]
    watched = map_structure(point.build(flat), lambda item: item.requires_grad_(True) if is_tensor(item) else item)
    tensors: list[Any] = []
    map_structure(watched, lambda item: tensors.append(item) if is_tensor(item) else None)
    with torch.enable_grad():
        value = caller(function, point.original)(watched)
        gradients = iter(torch.autograd.grad(value.reshape(()), tensors, allow_unused=True))

    def collect(item: Any) -> Any:
        if not is_tensor(item):
            raise CheckError("the backward pass has no derivative for numbers that are not tensors; use tensors alone.")
        gradient = next(gradients)
        return torch.zeros_like(item) if gradient is None else gradient

    return map_structure(watched, collect)

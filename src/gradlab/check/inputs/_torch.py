"""What the judge knows of torch: backward passes, modules as points, and how to run a float32 function in float64.

torch is never imported here: whoever has tensors has loaded it.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs._outputs import is_cut_off, outputs_of
from gradlab.check.inputs._point import Point
from gradlab.check.inputs._trees import is_tensor

Arrange = Callable[[Any], Any]
"""From a contiguous grad_output to one that lies in memory in another way."""


def backward(
    call: Callable[[Any], Any],
    point: Point,
    flat: np.ndarray,
    cotangents: Sequence[np.ndarray],
    arrange: Sequence[Arrange | None] | None = None,
    between: Callable[[], Any] | None = None,
    on_write: Callable[[], None] | None = None,
) -> list[list[Any]]:
    """Run forward once and backward once for each cotangent.

    Args:
        call: The function of the structure.
        point: The form of its point.
        flat: Where.
        cotangents: One vector for each backward pass, over all numbers that the function returns.
        arrange: For each cotangent how its grad_output is laid out in memory. Default contiguous.
        between: What is done between the forward and the backward passes. Default nothing.
        on_write: What is called if a backward pass writes into grad_output. Default nothing.

    Returns:
        For each cotangent the gradients by the leaves of the point; None where a backward pass says that there is none.

    Raises:
        CheckError: The function returns numbers of Python, from which no backward pass begins.
    """
    torch = sys.modules["torch"]
    with torch.enable_grad():
        tensors, found = _forward(call, point, flat)
        outputs = outputs_of(found)
        if is_cut_off(outputs):
            raise CheckError(
                f"the function returns {type(outputs.items[0]).__name__}, from which no backward pass can begin; "
                "return the tensor itself, without .item(), float() or .numpy()."
            )
        starts = [item for item in outputs.items if is_tensor(item) and item.requires_grad]
        if not starts:
            return [[torch.zeros_like(tensor) for tensor in tensors] for _ in cotangents]
        if between is not None:
            between()
        results = []
        for cotangent, laid in zip(cotangents, arrange or [None] * len(cotangents), strict=True):
            weights = [
                laid(weight) if laid is not None else weight
                for item, weight in zip(outputs.items, _pieces(outputs.items, cotangent), strict=True)
                if is_tensor(item) and item.requires_grad
            ]
            versions = [weight._version for weight in weights]
            gradients = torch.autograd.grad(starts, tensors, weights, retain_graph=True, allow_unused=True)
            results.append(gradients)
            if on_write is not None and versions != [weight._version for weight in weights]:
                on_write()
        return [_with_zeros(gradients, tensors, starts) for gradients in results]


def refused(call: Callable[[Any], Any], point: Point, flat: np.ndarray) -> list[str]:
    """The leaves by which a function of torch refuses to be differentiated: the labels of a loss, running means."""
    labels = []
    for position, leaf in enumerate(point.leaves):
        tensors = point.arrays(flat)
        tensors[position].requires_grad_(True)
        try:
            call(point.fill(tensors))
        except RuntimeError as problem:
            if not is_refusal(problem):
                raise
            labels.append(leaf.label)
    return labels


def is_refusal(problem: Exception) -> bool:
    """Whether torch says that there is no derivative by an argument."""
    return "not differentiable with respect to argument" in str(problem)


def _forward(call: Callable[[Any], Any], point: Point, flat: np.ndarray) -> tuple[list[Any], Any]:
    tensors = [item.requires_grad_(True) for item in point.arrays(flat)]
    try:
        return tensors, call(point.fill(tensors))
    except RuntimeError as problem:
        if "in-place" not in str(problem):
            raise
        # A function may write into its argument: a leaf of the graph forbids that, what is computed from it does not.
        return tensors, call(point.fill([item.clone() for item in tensors]))


def _pieces(items: Sequence[Any], cotangent: np.ndarray) -> Iterator[Any]:
    """The cotangent of each output, in its shape and number type."""
    torch = sys.modules["torch"]
    start = 0
    for item in items:
        shape = tuple(item.shape) if is_tensor(item) else np.shape(item)
        size = math.prod(shape)
        piece, start = cotangent[start : start + size].reshape(shape), start + size
        yield torch.as_tensor(piece, dtype=item.dtype, device=item.device) if is_tensor(item) else piece


def _with_zeros(gradients: Sequence[Any], tensors: Sequence[Any], starts: Sequence[Any]) -> list[Any]:
    """Zeros where no path leads to a tensor; None stays where one does, since a backward pass on it said None."""
    torch = sys.modules["torch"]
    if all(gradient is not None for gradient in gradients):
        return list(gradients)
    reached = _reached(starts)
    return [
        torch.zeros_like(tensor) if gradient is None and id(tensor) not in reached else gradient
        for gradient, tensor in zip(gradients, tensors, strict=True)
    ]


def _reached(starts: Sequence[Any]) -> set[int]:
    """The leaves that the graph of some outputs leads to, by their ids."""
    reached = {id(item) for item in starts if item.grad_fn is None}
    return reached | {id(node.variable) for node in _graph(starts) if hasattr(node, "variable")}


def _graph(starts: Sequence[Any]) -> set[Any]:
    """The nodes of the graph behind some tensors."""
    waiting = [item.grad_fn for item in starts if item.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        for following, _ in waiting.pop().next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return seen


def is_once_differentiable(items: Sequence[Any]) -> bool:
    """Whether gradients come of a backward pass that refuses to be derived, which torch says only when it is asked."""
    return any(node.name().endswith("Error") for node in _graph(items))


class ModuleAt:
    """A module with other parameters: a clone that is given them for each call, so that the user's stays as it is.

    Args:
        module: The user's module.
        double: Whether the clone computes in float64.
    """

    def __init__(self, module: Any, double: bool) -> None:
        clone = copy.deepcopy(module)
        self.module = clone.double() if double else clone
        # A copy of a tensor leaves behind what its owner has registered to change the gradient.
        self._hooks = {name: [*(each._backward_hooks or {}).values()] for name, each in module.named_parameters()}
        self._owners: dict[str, list[tuple[dict[str, Any], str]]] = {}
        names = {id(parameter): name for name, parameter in self.module.named_parameters()}
        for part in self.module.modules():
            for key, parameter in part._parameters.items():
                if parameter is not None:
                    # Tied parameters have one name and several owners.
                    self._owners.setdefault(names[id(parameter)], []).append((part._parameters, key))

    def __call__(self, parameters: dict[str, Any]) -> Any:
        """The clone with these parameters."""
        for name, value in parameters.items():
            hooked = self._hooked(name, value)
            for owner, key in self._owners[name]:
                owner[key] = hooked
        return self.module

    def _hooked(self, name: str, value: Any) -> Any:
        hooks = self._hooks.get(name)
        if not hooks or not value.requires_grad:
            return value
        # A leaf keeps its hooks; the next call may be given the same one.
        value = value.view_as(value)
        for hook in hooks:
            value.register_hook(hook)
        value.retain_grad()
        return value

    def watched(self, parameters: dict[str, Any]) -> Any:
        """The clone with these parameters, ready for a backward pass of the user's own."""
        return self({name: value.detach().requires_grad_(True) for name, value in parameters.items()})


def parameters_of(module: Any) -> dict[str, Any]:
    """The trainable parameters of a module by their names."""
    return {name: value.detach() for name, value in module.named_parameters() if value.requires_grad}


def frozen_of(module: Any) -> list[str]:
    """The names of the parameters that are not trained."""
    return [name for name, value in module.named_parameters() if not value.requires_grad]


@contextmanager
def promoted() -> Iterator[None]:
    """Let torch compute in float64 where float32 constants meet float64 inputs; casts that the code asks for stay."""
    torch = sys.modules["torch"]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with _promotion()():
            yield
    finally:
        torch.set_default_dtype(before)


@lru_cache(maxsize=1)
def _promotion() -> type:
    torch = sys.modules["torch"]
    narrow = {torch.float16, torch.bfloat16, torch.float32}

    def widen(item: Any) -> Any:
        if is_tensor(item):
            return item.double() if item.dtype in narrow else item
        if isinstance(item, list | tuple) and type(item) in (list, tuple):
            return type(item)(widen(part) for part in item)
        return item

    class Promotion(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = getattr(func, "__name__", "")
            writes = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
            # What is written to must stay the object that it is.
            first = args[:1] if writes else tuple(widen(item) for item in args[:1])
            rest = tuple(widen(item) for item in args[1:])
            widened = {key: value if key == "out" else widen(value) for key, value in (kwargs or {}).items()}
            return func(*first, *rest, **widened)

    return Promotion

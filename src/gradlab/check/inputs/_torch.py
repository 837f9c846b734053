"""What the judge knows of torch: backward passes, modules as points, and how to run a float32 function in float64.

torch is never imported here: whoever has tensors has loaded it.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs._trees import is_tensor, leaves_of, map_structure


def backward(call: Callable[[Any], Any], structure: Any, cotangents: list[np.ndarray]) -> list[Any]:
    """Run forward once and backward once for each cotangent.

    Args:
        call: The function of the structure.
        structure: Tensors in lists, tuples or dicts.
        cotangents: One vector for each backward pass, over all numbers that the function returns.

    Returns:
        For each cotangent the gradients, in the structure of the point.

    Raises:
        CheckError: The point holds numbers that are no tensors.
    """
    torch = sys.modules["torch"]
    watched = map_structure(structure, _watch)
    tensors = [item for _, item in leaves_of(watched)]
    with torch.enable_grad():
        # A function may write into its argument: a leaf of the graph forbids that, what is computed from it does not.
        result = call(map_structure(watched, lambda item: item.clone()))
        outputs = [item for _, item in leaves_of(result) if is_tensor(item) and item.requires_grad]
        if not outputs:
            return [map_structure(watched, torch.zeros_like) for _ in cotangents]
        flat = torch.cat([output.reshape(-1) for output in outputs]) if len(outputs) > 1 else outputs[0].reshape(-1)
        results = []
        for cotangent in cotangents:
            weights = torch.as_tensor(cotangent, dtype=flat.dtype, device=flat.device)
            found = torch.autograd.grad(flat, tensors, weights, retain_graph=True, allow_unused=True)
            found = [torch.zeros_like(t) if g is None else g for t, g in zip(tensors, found, strict=True)]
            parts = iter(found)
            results.append(map_structure(watched, lambda _, parts=parts: next(parts)))
    return results


def _watch(item: Any) -> Any:
    if not is_tensor(item):
        raise CheckError("the backward pass has no derivative for numbers that are not tensors; use tensors alone.")
    return item.requires_grad_(True)


class ModuleAt:
    """A module with other parameters: a clone that is given them for each call, so that the user's stays as it is.

    Args:
        module: The user's module.
        double: Whether the clone computes in float64.
    """

    def __init__(self, module: Any, double: bool) -> None:
        clone = copy.deepcopy(module)
        self.module = clone.double() if double else clone
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
            for owner, key in self._owners[name]:
                owner[key] = value
        return self.module


def parameters_of(module: Any) -> dict[str, Any]:
    """The trainable parameters of a module by their names."""
    return {name: value.detach() for name, value in module.named_parameters() if value.requires_grad}


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

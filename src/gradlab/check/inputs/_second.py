"""Second derivatives: the backward pass as a function, whose own backward pass is judged."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs._function import ByMode
from gradlab.check.inputs._outputs import is_cut_off, outputs_of
from gradlab.check.inputs._point import Mode, Point, has_jax, has_torch, make_point
from gradlab.check.inputs._torch import is_once_differentiable
from gradlab.check.inputs._trees import is_tensor, leaves_of

_NAME = "grad_output"


def second_order(function: ByMode, at: dict[str, Any]) -> tuple[ByMode, dict[str, Any]]:
    """Turn a function into its vector-Jacobian product, as a function of its inputs and of grad_output.

    Returns:
        The product, and its point.

    Raises:
        CheckError: The function belongs neither to torch nor to jax.
    """
    point = make_point(at, backward=True)
    if not (has_torch(point) or has_jax(point)):
        raise CheckError(
            "order=2 asks for derivatives of a backward pass, which functions of torch and jax have alone."
        )
    native = point.using(Mode.NATIVE)
    outputs = outputs_of(function.make(Mode.NATIVE)(native.build(native.values)))
    if is_cut_off(outputs):
        raise CheckError("the function returns numbers of Python, from which no backward pass can begin.")
    weights = _weights(outputs.items, any(is_tensor(item) and item.requires_grad for _, item in leaves_of(at)))

    def make(mode: Mode) -> Callable[[dict[str, Any]], Any]:
        call, form = function.make(mode), point.using(mode)
        pull = _pull_torch if has_torch(point) else _pull_jax

        def product(values: dict[str, Any]) -> dict[str, Any]:
            given = {name: values[name] for name in at}
            cotangents = [item for _, item in leaves_of(values[_NAME])]
            found = pull(call, form, given, cotangents)
            return {
                f"grad {leaf.label}": part for leaf, part in zip(form.leaves, found, strict=True) if part is not None
            }

        return product

    return ByMode(make, function.notes), {**at, _NAME: weights}


def _weights(items: tuple[Any, ...], wants: bool) -> Any:
    random = np.random.default_rng(9)
    found = []
    for item in items:
        numbers = random.uniform(0.5, 1.5, np.shape(item)) * random.choice([-1.0, 1.0], np.shape(item))
        if is_tensor(item):
            tensor = item.detach().new_tensor(numbers)
            found.append(tensor.requires_grad_(True) if wants else tensor)
        else:
            found.append(sys.modules["jax"].numpy.asarray(numbers, dtype=getattr(item, "dtype", None)))
    return found[0] if len(found) == 1 else found


def _pull_torch(call: Callable[[Any], Any], form: Point, given: Any, cotangents: list[Any]) -> list[Any]:
    torch = sys.modules["torch"]
    with torch.enable_grad():
        watched = [leaf if leaf.requires_grad else leaf.detach().requires_grad_(True) for leaf in form.derived(given)]
        items = outputs_of(call(form.fill(watched))).items
        pairs = [(item, weight) for item, weight in zip(items, cotangents, strict=True) if item.requires_grad]
        if not pairs:
            return [torch.zeros_like(leaf) for leaf in watched]
        starts, weights = zip(*pairs, strict=True)
        found = list(torch.autograd.grad(starts, watched, weights, create_graph=True, allow_unused=True))
        if is_once_differentiable([item for item in found if item is not None]):
            raise CheckError(
                "a backward pass is marked with @once_differentiable, so that there is no second derivative; write it "
                "of operations of torch and take the mark off, or ask for order=1."
            )
        return found


def _pull_jax(call: Callable[[Any], Any], form: Point, given: Any, cotangents: list[Any]) -> list[Any]:
    jax = sys.modules["jax"]
    _, pull = jax.vjp(lambda *leaves: list(outputs_of(call(form.fill(leaves))).items), *form.derived(given))
    return list(pull(cotangents))

"""What the judge knows of jax: vector-Jacobian products.

jax is never imported here: whoever has its arrays has loaded it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradlab.check.inputs._outputs import outputs_of
from gradlab.check.inputs._point import Point


def backward(
    call: Callable[[Any], Any], point: Point, flat: np.ndarray, cotangents: Sequence[np.ndarray]
) -> list[list[Any]]:
    """Run forward once and backward once for each cotangent, with the function's own rules (custom_vjp).

    Returns:
        For each cotangent the gradients by the leaves of the point.
    """
    jax = sys.modules["jax"]

    def run(*leaves: Any) -> list[Any]:
        return [jax.numpy.asarray(item) for item in outputs_of(call(point.fill(leaves))).items]

    values, pull = jax.vjp(run, *[jax.numpy.asarray(leaf) for leaf in point.arrays(flat)])
    sizes = [int(item.size) for item in values]
    results = []
    for cotangent in cotangents:
        pieces = np.split(cotangent, np.cumsum(sizes)[:-1])
        shaped = [
            jax.numpy.asarray(piece.reshape(item.shape), dtype=item.dtype)
            for piece, item in zip(pieces, values, strict=True)
        ]
        results.append(list(pull(shaped)))
    return results


def as_jax(argument: Any) -> Any:
    """Arrays and numbers of Python and NumPy as arrays of jax; anything else as it is."""
    is_real = isinstance(argument, np.ndarray | np.generic) and argument.dtype.kind == "f"
    return sys.modules["jax"].numpy.asarray(argument) if is_real or isinstance(argument, float) else argument


def is_transformed(function: Any) -> bool:
    """Tell whether a function is one of jax's own objects: custom_vjp, jit."""
    return type(function).__module__.startswith(("jax", "jaxlib"))


def without_derivative(function: Any, arguments: list[Any]) -> set[int]:
    """The arguments of a custom_vjp that it does not derive by: nondiff_argnums, or None from its backward rule."""
    apart = {int(place) for place in getattr(function, "nondiff_argnums", ())}
    ahead, back = getattr(function, "fwd", None), getattr(function, "bwd", None)
    if ahead is None or back is None or apart:
        return apart
    jax = sys.modules["jax"]
    try:
        value, kept = ahead(*arguments)
        found = back(kept, jax.tree.map(jax.numpy.ones_like, value))
    except Exception:
        # Whatever is wrong with the rules shows again, with a message, when jax runs them.
        return apart
    return {place for place, part in enumerate(found) if part is None} if isinstance(found, list | tuple) else apart

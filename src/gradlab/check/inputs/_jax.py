"""What the judge knows of jax: vector-Jacobian products, and float64 for as long as a check lasts.

jax is never imported here: whoever has its arrays has loaded it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from gradlab.check.inputs._trees import leaves_of, map_structure


def double() -> AbstractContextManager[Any]:
    """Let jax make arrays of float64."""
    return sys.modules["jax"].enable_x64(True)


def backward(call: Callable[[Any], Any], structure: Any, cotangents: list[np.ndarray]) -> list[Any]:
    """Run forward once and backward once for each cotangent, with the function's own rules (custom_vjp).

    Args:
        call: The function of the structure.
        structure: Arrays of jax in lists, tuples or dicts.
        cotangents: One vector for each backward pass, over all numbers that the function returns.

    Returns:
        For each cotangent the gradients, in the structure of the point.
    """
    jax = sys.modules["jax"]
    value, pull = jax.vjp(call, structure)
    sizes = [int(np.size(item)) for _, item in leaves_of(value)]
    results = []
    for cotangent in cotangents:
        pieces = iter(np.split(cotangent, np.cumsum(sizes)[:-1]))
        shaped = map_structure(
            value, lambda item, pieces=pieces: jax.numpy.asarray(next(pieces).reshape(item.shape), dtype=item.dtype)
        )
        results.append(pull(shaped)[0])
    return results

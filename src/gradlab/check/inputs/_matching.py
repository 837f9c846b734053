"""A gradient beside the point it belongs to: the same structure, the same shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs._point import Fixed, Leaf, Point
from gradlab.check.inputs._trees import Node, leaves_of, open_node, to_array


def flatten_gradient(point: Point, gradient: Any, outputs: tuple[int, ...] = ()) -> np.ndarray:
    """The numbers of a gradient or Jacobian in the order of the point's, shape (M, P); NaN where it is None.

    Args:
        point: The point.
        gradient: In its structure; each array has the shape of the point's, after that of the outputs.
        outputs: The shape of what the function returns.

    Raises:
        CheckError: It does not have the structure and the shapes.
    """
    rows = math.prod(outputs)
    arrays = [
        np.full((rows, leaf.value.size), np.nan) if piece is None else piece.reshape(rows, -1)
        for leaf, piece in zip(point.leaves, _matched(point, gradient, outputs), strict=True)
    ]
    return np.concatenate(arrays, axis=1)


def undefined_by(point: Point, gradient: Any) -> list[str]:
    """The labels of the leaves for which a gradient says None: that there is no derivative."""
    pieces = _matched(point, gradient, None)
    return [leaf.label for leaf, piece in zip(point.leaves, pieces, strict=True) if piece is None]


def _matched(point: Point, gradient: Any, outputs: tuple[int, ...] | None) -> Iterator[np.ndarray | None]:
    return _match(point.original, gradient, iter(point.slots), "the gradient", outputs)


def _match(
    at: Any, gradient: Any, slots: Iterator[Leaf | Fixed], what: str, outputs: tuple[int, ...] | None
) -> Iterator[np.ndarray | None]:
    """The arrays of a gradient in the order of the point's leaves; None where it says that there is none.

    Raises:
        CheckError: They do not fit.
    """
    node = open_node(at)
    if node is None:
        slot = next(slots)
        if isinstance(slot, Leaf):
            yield _fitting(gradient, slot, what, outputs)
        return
    if gradient is None:
        for _ in leaves_of(at):
            if isinstance(next(slots), Leaf):
                yield None
        return
    for key, value in zip(node.keys, node.parts, strict=True):
        inner = list(leaves_of(value))
        own = [next(slots) for _ in inner]
        if not any(isinstance(slot, Leaf) for slot in own):
            continue
        part = _part(node, gradient, key, what)
        yield from _match(value, part, iter(own), node.place(key, what, False), outputs)


def _part(node: Node, gradient: Any, key: Any, what: str) -> Any:
    """What a gradient has for a part of the point."""
    keys = list(node.keys)
    if node.kind == "key":
        if not isinstance(gradient, dict) and not hasattr(gradient, "keys"):
            raise CheckError(_other_keys(what, type(gradient).__name__, keys))
        if key not in gradient or set(gradient) - set(keys):
            raise CheckError(_other_keys(what, f"the keys {list(gradient)}", keys))
        return gradient[key]
    if isinstance(gradient, dict) and key in gradient:
        return gradient[key]
    if node.kind == "field" and hasattr(gradient, str(key)):
        return getattr(gradient, str(key))
    parts = gradient if isinstance(gradient, list | tuple) else ()
    if len(parts) != len(keys):
        given = f"{len(parts)} parts" if parts else type(gradient).__name__
        raise CheckError(f"{what} is {given}, the point has {len(keys)} parts; return a list with one for each.")
    return parts[keys.index(key)]


def _other_keys(what: str, given: str, keys: list[Any]) -> str:
    return f"{what} has {given}, the point has the keys {keys}; return a dict with the same keys."


def _fitting(gradient: Any, leaf: Leaf, what: str, outputs: tuple[int, ...] | None) -> np.ndarray | None:
    """The array for a leaf, of the right shape."""
    if gradient is None:
        return None
    array = to_array(gradient, what)
    if outputs is None:
        return array
    wanted = outputs + leaf.value.shape
    # Of one number, the Jacobian may be written with a row, or without.
    rows = array.shape[: max(0, array.ndim - leaf.value.ndim)]
    alone = math.prod(outputs) == 1 == math.prod(rows) and array.shape[len(rows) :] == leaf.value.shape
    if array.shape != wanted and not alone and not (array.size == leaf.value.size == math.prod(outputs) == 1):
        raise CheckError(_misshapen(what, array.shape, leaf, outputs))
    return array


def _misshapen(what: str, shape: tuple[int, ...], leaf: Leaf, outputs: tuple[int, ...]) -> str:
    if not outputs:
        return (
            f"{what} has the shape {shape}, {leaf.label} has the shape {leaf.value.shape}; "
            "return one number for each number of the point, in the same shape."
        )
    return (
        f"{what} has the shape {shape}, but the function returns the shape {outputs} for {leaf.label} of the shape "
        f"{leaf.value.shape}; return the Jacobian, of the shape {outputs + leaf.value.shape}, give cotangent= for a "
        "vector-Jacobian product, or check one number, such as the function's sum."
    )

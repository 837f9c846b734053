"""Points of any form (numbers, arrays, tensors, lists and dicts of them) as one flat float64 vector, and back."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _jax
from gradlab.check.inputs._trees import (
    FORMS,
    is_jax,
    is_number,
    is_numeric_list,
    is_tensor,
    leaves_of,
    map_structure,
    to_array,
)


class Mode(Enum):
    """In which numbers the function is given its point."""

    DOUBLE = "float64"
    NATIVE = "as given"
    COMPLEX = "complex128"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array of the point: its name, its value in float64, and how it is handed to the function.

    `build` makes what the function is given from a float64 array, or a complex one; `dtype` is the name of the number
    type it came in.
    """

    label: str
    value: np.ndarray
    build: Callable[[np.ndarray, Mode], Any]
    dtype: str


@dataclass(frozen=True, slots=True)
class Point:
    """Where a gradient is checked: the leaves of a structure, and the way back to the structure."""

    original: Any
    leaves: tuple[Leaf, ...]
    mode: Mode = Mode.DOUBLE

    @property
    def values(self) -> np.ndarray:
        """All numbers in a row, float64, shape (P,)."""
        return np.concatenate([leaf.value.reshape(-1) for leaf in self.leaves])

    def using(self, mode: Mode) -> Point:
        """The same point in other numbers."""
        return replace(self, mode=mode)

    def build(self, flat: np.ndarray) -> Any:
        """The structure that the function is given, made anew from the numbers in `flat`, shape (P,)."""
        if len(self.leaves) == 1 and not isinstance(self.original, dict | list | tuple):
            leaf = self.leaves[0]
            return leaf.build(flat.reshape(leaf.value.shape), self.mode)
        pairs = zip(self.leaves, self._split(flat), strict=True)
        parts = iter([leaf.build(piece, self.mode) for leaf, piece in pairs])
        return map_structure(self.original, lambda _: next(parts))

    def build_many(self, points: np.ndarray) -> Any:
        """The structure with one more axis, the first, for the points, shape (n, P)."""
        columns = np.split(points, np.cumsum([leaf.value.size for leaf in self.leaves])[:-1], axis=1)
        pairs = zip(self.leaves, columns, strict=True)
        parts = iter([leaf.build(piece.reshape(-1, *leaf.value.shape), self.mode) for leaf, piece in pairs])
        return map_structure(self.original, lambda _: next(parts))

    def names(self, labels: Sequence[str] | None = None) -> list[str]:
        """A readable name for each number: "at[3]", "w[0, 1]", or "b" for a number alone.

        Args:
            labels: Names for the arrays. Default their places in the structure.
        """
        names: list[str] = []
        for label, leaf in zip(labels or [leaf.label for leaf in self.leaves], self.leaves, strict=True):
            if leaf.value.ndim == 0:
                names.append(label)
            else:
                names += [f"{label}[{', '.join(map(str, index))}]" for index in np.ndindex(leaf.value.shape)]
        return names

    def flatten_gradient(self, gradient: Any, outputs: tuple[int, ...] = ()) -> np.ndarray:
        """The numbers of a gradient or Jacobian in the order of the point's, shape (M, P).

        Args:
            gradient: In the structure of the point; each array has the shape of the point's, after that of the outputs.
            outputs: The shape of what the function returns.

        Raises:
            CheckError: It does not have the structure and the shapes.
        """
        pieces = _match(self.original, gradient, iter(self.leaves), "the gradient", outputs)
        return np.concatenate([piece.reshape(int(np.prod(outputs)), -1) for piece in pieces], axis=1)

    def _split(self, flat: np.ndarray) -> list[np.ndarray]:
        sizes = [leaf.value.size for leaf in self.leaves]
        pieces = np.split(flat, np.cumsum(sizes)[:-1])
        return [piece.reshape(leaf.value.shape) for piece, leaf in zip(pieces, self.leaves, strict=True)]


def make_point(at: Any, label: str = "at") -> Point:
    """Take a point apart.

    Args:
        at: A number, an array, a tensor, or a list, tuple or dict of them, nested at will.
        label: What it is called.

    Returns:
        The point; `at` is copied and never changed.

    Raises:
        CheckError: There is no number in it, or something that is not a finite real number.
    """
    leaves = tuple(_leaf(item, name) for name, item in leaves_of(at, label))
    if sum(leaf.value.size for leaf in leaves) == 0:
        raise CheckError("the point `at` is empty, so there is no derivative to check; give it at least one number.")
    return Point(at, leaves)


def has_torch(point: Point) -> bool:
    """Tell whether the point holds tensors of torch."""
    return any(is_tensor(item) for _, item in leaves_of(point.original))


def has_jax(point: Point) -> bool:
    """Tell whether the point holds arrays of jax."""
    return any(is_jax(item) for _, item in leaves_of(point.original))


def caller(function: Callable[..., Any], at: Any, extra: int = 0) -> Callable[..., Any]:
    """Call `function` with the point; a tuple is spread over several arguments if it asks for that many.

    Args:
        function: What is called.
        at: The point as the user wrote it.
        extra: How many arguments follow the point.
    """
    if not isinstance(at, tuple):
        return function
    if _binds(function, [*at, *[None] * extra]) and not _binds(function, [at, *[None] * extra]):
        return lambda point, *rest: function(*point, *rest)
    return function


def _binds(function: Callable[..., Any], arguments: list[Any]) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _leaf(item: Any, label: str) -> Leaf:
    if isinstance(item, str | bytes | bool) or item is None:
        raise CheckError(f"{label} is {item!r}; {FORMS}.")
    value = to_array(item, label)
    if not np.isfinite(value).all():
        where = np.argwhere(~np.isfinite(value))[0]
        raise CheckError(f"{label} holds {value[tuple(where)]} at {tuple(map(int, where))}; check at a finite point.")
    if is_tensor(item):
        return _tensor_leaf(item, label, value)
    if is_jax(item):
        return _jax_leaf(item, label, value)
    if is_number(item):
        return Leaf(label, value, lambda array, mode: array.item(), "float64")
    dtype = np.asarray(item).dtype
    native = dtype if dtype.kind in "fV" else np.dtype(np.float64)
    types: dict[Mode, Any] = {Mode.DOUBLE: np.float64, Mode.NATIVE: native, Mode.COMPLEX: np.complex128}
    return Leaf(label, value, lambda array, mode: array.astype(types[mode]), native.name)


def _tensor_leaf(item: Any, label: str, value: np.ndarray) -> Leaf:
    torch = sys.modules["torch"]
    native, device = item.dtype if item.is_floating_point() else torch.float64, item.device

    def build(array: np.ndarray, mode: Mode) -> Any:
        tensor = torch.from_numpy(array.copy())
        if mode is Mode.NATIVE and native is not torch.float64:
            tensor = tensor.to(native)
        return tensor if device.type == "cpu" else tensor.to(device)

    return Leaf(label, value, build, str(native).removeprefix("torch."))


def _jax_leaf(item: Any, label: str, value: np.ndarray) -> Leaf:
    numpy = sys.modules["jax"].numpy
    native = item.dtype if numpy.issubdtype(item.dtype, numpy.floating) else np.dtype(np.float64)
    types: dict[Mode, Any] = {Mode.DOUBLE: np.float64, Mode.NATIVE: native, Mode.COMPLEX: np.complex128}

    def build(array: np.ndarray, mode: Mode) -> Any:
        with nullcontext() if mode is Mode.NATIVE else _jax.double():
            return numpy.asarray(array, dtype=types[mode])

    return Leaf(label, value, build, native.name)


def _match(at: Any, gradient: Any, leaves: Iterator[Leaf], what: str, outputs: tuple[int, ...]) -> Iterator[np.ndarray]:
    if isinstance(at, dict):
        if not isinstance(gradient, dict) or set(gradient) != set(at):
            given = f"the keys {list(gradient)}" if isinstance(gradient, dict) else type(gradient).__name__
            raise CheckError(
                f"{what} has {given}, the point has the keys {list(at)}; return a dict with the same keys."
            )
        for key, value in at.items():
            yield from _match(value, gradient[key], leaves, f"{what}[{key!r}]", outputs)
    elif isinstance(at, list | tuple) and not is_numeric_list(at):
        parts: Sequence[Any] = gradient if isinstance(gradient, list | tuple) else ()
        if len(parts) != len(at):
            given = f"{len(parts)} parts" if parts else type(gradient).__name__
            raise CheckError(f"{what} is {given}, the point has {len(at)} parts; return a list with one for each.")
        for index, (value, part) in enumerate(zip(at, parts, strict=True)):
            yield from _match(value, part, leaves, f"{what}[{index}]", outputs)
    else:
        leaf = next(leaves)
        array = to_array(gradient, what)
        wanted = outputs + leaf.value.shape
        if array.shape != wanted and not (array.size == leaf.value.size == int(np.prod(outputs)) == 1):
            raise CheckError(_misshapen(what, array.shape, leaf, outputs))
        yield array


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

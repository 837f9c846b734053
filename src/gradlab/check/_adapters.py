"""Points of any form (numbers, arrays, tensors, lists and dicts of them) as one flat float64 vector, and back."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError

_FORMS = "write a number, an array, a tensor, or a list, tuple or dict of them"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array of the point: its name, its shape, and how it is handed to the function.

    `build` makes what the function is given from a float64 array, in float64 or in the form it came in;
    `round` gives the float64 array that the form it came in can hold.
    """

    label: str
    value: np.ndarray
    build: Callable[[np.ndarray, bool], Any]
    round: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Point:
    """Where a gradient is checked: the leaves of a structure, and the way back to the structure.

    With `native`, the function is given the number types of the original point instead of float64.
    """

    original: Any
    leaves: tuple[Leaf, ...]
    native: bool = False

    @property
    def values(self) -> np.ndarray:
        """All numbers in a row, float64, shape (P,)."""
        return np.concatenate([leaf.value.reshape(-1) for leaf in self.leaves])

    def build(self, flat: np.ndarray) -> Any:
        """The structure that the function is given, made anew from the numbers in `flat`, shape (P,)."""
        pairs = zip(self.leaves, self._split(flat), strict=True)
        parts = iter([leaf.build(piece, self.native) for leaf, piece in pairs])
        return map_structure(self.original, lambda _: next(parts))

    def round(self, flat: np.ndarray) -> np.ndarray:
        """The numbers that the function really sees when it is given `flat`."""
        if not self.native:
            return flat
        pairs = zip(self.leaves, self._split(flat), strict=True)
        return np.concatenate([leaf.round(piece).reshape(-1) for leaf, piece in pairs])

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

    def flatten_gradient(self, gradient: Any) -> np.ndarray:
        """The numbers of a gradient in the order of the point's, shape (P,).

        Raises:
            CheckError: It does not have the structure and the shapes of the point.
        """
        pieces = _match(self.original, gradient, iter(self.leaves), "the gradient")
        return np.concatenate([piece.reshape(-1) for piece in pieces])

    def _split(self, flat: np.ndarray) -> list[np.ndarray]:
        sizes = [leaf.value.size for leaf in self.leaves]
        pieces = np.split(flat, np.cumsum(sizes)[:-1])
        return [piece.reshape(leaf.value.shape) for piece, leaf in zip(pieces, self.leaves, strict=True)]


def make_point(at: Any, native: bool = False) -> Point:
    """Take a point apart.

    Args:
        at: A number, an array, a tensor, or a list, tuple or dict of them, nested at will.
        native: Whether the function is to be given the number types of `at` instead of float64.

    Returns:
        The point; `at` is copied and never changed.

    Raises:
        CheckError: There is no number in it, or something that is not a finite real number.
    """
    leaves = tuple(_leaves(at, "at", is_top=True))
    if sum(leaf.value.size for leaf in leaves) == 0:
        raise CheckError("the point `at` is empty, so there is no derivative to check; give it at least one number.")
    return Point(at, leaves, native)


def has_torch(point: Point) -> bool:
    """Tell whether the point holds tensors of torch."""
    found: list[bool] = []
    map_structure(point.original, lambda item: found.append(is_tensor(item)))
    return any(found)


def is_tensor(item: Any) -> bool:
    """Tell whether an object is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(item, torch.Tensor)


def to_array(item: Any, what: str) -> np.ndarray:
    """Numbers of any library as a new float64 array.

    Raises:
        CheckError: They are complex, or no numbers.
    """
    if is_tensor(item):
        if item.is_complex():
            raise CheckError(f"{what} is complex; check its real and its imaginary part as two real functions.")
        return item.detach().double().cpu().numpy().copy()
    if isinstance(item, list | tuple):
        parts = [to_array(part, what) for part in item]
        if len({part.shape for part in parts}) > 1:
            raise CheckError(f"{what} has rows of different shapes; give arrays that are not ragged.")
        return np.array(parts, dtype=np.float64)
    array = np.asarray(item)
    if array.dtype.kind == "c":
        raise CheckError(f"{what} is complex; check its real and its imaginary part as two real functions.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise CheckError(f"{what} is {type(item).__name__}, which holds no numbers; {_FORMS}.") from None


def caller(function: Callable[..., Any], at: Any) -> Callable[[Any], Any]:
    """Call `function` with the point; a tuple is spread over several arguments if it asks for that many."""
    if not isinstance(at, tuple):
        return function
    try:
        signature = inspect.signature(function)
        signature.bind(*at)
    except (TypeError, ValueError):
        return function
    try:
        signature.bind(at)
    except TypeError:
        return lambda point: function(*point)
    return function


def map_structure(item: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure of lists, tuples and dicts with every leaf changed, in the order of the leaves."""
    if isinstance(item, dict):
        return {key: map_structure(value, change) for key, value in item.items()}
    if isinstance(item, list | tuple) and not _is_numeric_list(item):
        parts = [map_structure(part, change) for part in item]
        return tuple(parts) if isinstance(item, tuple) else parts
    return change(item)


def _is_numeric_list(item: Any) -> bool:
    """Tell whether a list or tuple is an array written out, of Python numbers alone."""
    if not isinstance(item, list | tuple):
        return False
    return all(_is_number(part) or _is_numeric_list(part) for part in item)


def _is_number(item: Any) -> bool:
    return isinstance(item, Real | np.number) and not isinstance(item, bool)


def _leaves(at: Any, label: str, is_top: bool = False) -> Iterator[Leaf]:
    if isinstance(at, dict):
        for key, value in at.items():
            yield from _leaves(value, str(key) if is_top else f"{label}[{key!r}]")
    elif isinstance(at, list | tuple) and not _is_numeric_list(at):
        for index, value in enumerate(at):
            yield from _leaves(value, f"{label}[{index}]")
    else:
        yield _leaf(at, label)


def _leaf(item: Any, label: str) -> Leaf:
    if isinstance(item, str | bytes | bool) or item is None:
        raise CheckError(f"{label} is {item!r}; {_FORMS}.")
    value = to_array(item, label)
    if not np.isfinite(value).all():
        where = np.argwhere(~np.isfinite(value))[0]
        raise CheckError(f"{label} holds {value[tuple(where)]} at {tuple(map(int, where))}; check at a finite point.")
    if is_tensor(item):
        return _tensor_leaf(item, label, value)
    if _is_number(item):
        return Leaf(label, value, lambda array, native: float(array), _keep)
    dtype = np.asarray(item).dtype
    if dtype.kind != "f":
        return Leaf(label, value, lambda array, native: array.copy(), _keep)
    return Leaf(
        label,
        value,
        lambda array, native: array.astype(dtype if native else np.float64),
        lambda array: array.astype(dtype).astype(np.float64),
    )


def _tensor_leaf(item: Any, label: str, value: np.ndarray) -> Leaf:
    torch = sys.modules["torch"]
    dtype, device = item.dtype if item.is_floating_point() else torch.float64, item.device

    def build(array: np.ndarray, native: bool) -> Any:
        return torch.tensor(array, dtype=dtype if native else torch.float64, device=device)

    return Leaf(label, value, build, lambda array: torch.tensor(array, dtype=dtype).double().numpy())


def _keep(array: np.ndarray) -> np.ndarray:
    return array


def _match(at: Any, gradient: Any, leaves: Iterator[Leaf], what: str) -> Iterator[np.ndarray]:
    if isinstance(at, dict):
        if not isinstance(gradient, dict) or set(gradient) != set(at):
            given = f"the keys {list(gradient)}" if isinstance(gradient, dict) else type(gradient).__name__
            raise CheckError(
                f"{what} has {given}, the point has the keys {list(at)}; return a dict with the same keys."
            )
        for key, value in at.items():
            yield from _match(value, gradient[key], leaves, f"{what}[{key!r}]")
    elif isinstance(at, list | tuple) and not _is_numeric_list(at):
        parts: Sequence[Any] = gradient if isinstance(gradient, list | tuple) else ()
        if len(parts) != len(at):
            given = f"{len(parts)} parts" if parts else type(gradient).__name__
            raise CheckError(f"{what} is {given}, the point has {len(at)} parts; return a list with one for each.")
        for index, (value, part) in enumerate(zip(at, parts, strict=True)):
            yield from _match(value, part, leaves, f"{what}[{index}]")
    else:
        leaf = next(leaves)
        array = to_array(gradient, what)
        if array.shape != leaf.value.shape and not array.size == leaf.value.size == 1:
            raise CheckError(
                f"{what} has the shape {array.shape}, {leaf.label} has the shape {leaf.value.shape}; "
                "return one number for each number of the point, in the same shape."
            )
        yield array

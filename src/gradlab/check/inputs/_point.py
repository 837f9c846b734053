"""Points of any form (numbers, arrays, tensors, structures of them) as one flat float64 vector, and back."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _layout
from gradlab.check.inputs._double import double
from gradlab.check.inputs._trees import (
    FORMS,
    is_jax,
    is_number,
    is_tensor,
    kind_of,
    leaves_of,
    open_node,
    template,
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
    type it came in, `library` what the array belongs to: "numpy", "torch" or "jax".
    """

    label: str
    value: np.ndarray
    build: Callable[[np.ndarray, Mode], Any]
    dtype: str
    library: str = "numpy"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A leaf that is handed over as it is: no derivative is asked for.

    Attributes:
        label: Its name.
        item: What it is.
        why: Why there is no derivative, as a phrase: "integers", "requires_grad=False".
    """

    label: str
    item: Any
    why: str

    def build(self, mode: Mode) -> Any:
        """What the function is given: real arrays in the numbers that it runs in, anything else as it is."""
        if kind_of(self.item) != "real" or mode is Mode.NATIVE:
            return self.item.clone() if is_tensor(self.item) else self.item
        if is_tensor(self.item):
            return self.item.detach().double()
        if is_jax(self.item):
            with double():
                return self.item.astype(np.float64)
        return self.item.astype(np.float64)


@dataclass(frozen=True)
class Point:
    """Where a gradient is checked: the leaves of a structure, and the way back to the structure.

    Attributes:
        original: The structure as the user wrote it.
        slots: All its leaves, in order: those with a derivative and those that are fixed.
        mode: The numbers in which it is built.
    """

    original: Any
    slots: tuple[Leaf | Fixed, ...]
    mode: Mode = Mode.DOUBLE

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves that a derivative is asked for."""
        return tuple(slot for slot in self.slots if isinstance(slot, Leaf))

    @cached_property
    def libraries(self) -> frozenset[str]:
        """What those belong to."""
        return frozenset(leaf.library for leaf in self.leaves)

    @cached_property
    def fixed(self) -> tuple[Fixed, ...]:
        """The others."""
        return tuple(slot for slot in self.slots if isinstance(slot, Fixed))

    @cached_property
    def values(self) -> np.ndarray:
        """All numbers in a row, float64, shape (P,), not to be written to."""
        values = np.concatenate([leaf.value.reshape(-1) for leaf in self.leaves])
        values.flags.writeable = False
        return values

    def using(self, mode: Mode) -> Point:
        """The same point in other numbers."""
        return replace(self, mode=mode)

    def build(self, flat: np.ndarray) -> Any:
        """The structure that the function is given, made anew from the numbers in `flat`, shape (P,)."""
        return self.fill(self.arrays(flat))

    def arrays(self, flat: np.ndarray) -> list[Any]:
        """What stands at the leaves that have a derivative, made anew from the numbers in `flat`, shape (P,).

        Of points, shape (n, P), each has one more axis, the first.
        """
        built, start = [], 0
        for leaf in self.leaves:
            stop = start + leaf.value.size
            built.append(leaf.build(flat[..., start:stop].reshape((*flat.shape[:-1], *leaf.value.shape)), self.mode))
            start = stop
        return built

    def fill(self, arrays: Sequence[Any]) -> Any:
        """The structure with these objects in the place of the leaves that have a derivative."""
        if self._is_alone:
            return arrays[0]
        given = iter(arrays)
        items = [next(given) if isinstance(slot, Leaf) else slot.build(self.mode) for slot in self.slots]
        return self._template(iter(items))

    @cached_property
    def _is_alone(self) -> bool:
        return len(self.slots) == len(self.leaves) == 1 and open_node(self.original) is None

    @cached_property
    def _template(self) -> Callable[[Iterator[Any]], Any]:
        return template(self.original)

    def derived(self, structure: Any) -> list[Any]:
        """The parts of a structure of the point's form at the leaves that have a derivative."""
        if self._is_alone:
            return [structure]
        parts = [item for _, item in leaves_of(structure)]
        return [part for part, slot in zip(parts, self.slots, strict=True) if isinstance(slot, Leaf)]

    def by_leaves(
        self, call: Callable[[Any], Any], flat: np.ndarray
    ) -> tuple[Callable[[dict[int, Any]], Any], dict[int, Any]]:
        """A function of the structure as one of the leaves that have a derivative, by their numbers; and those."""
        given = dict(enumerate(self.arrays(flat)))
        return lambda leaves: call(self.fill(list(leaves.values()))), given

    def names(self, labels: Sequence[str] | None = None) -> list[str]:
        """A readable name for each number: "at[3]", "w[0, 1]", or "b" for a number alone.

        Args:
            labels: Names for the arrays. Default their places in the structure.
        """
        names: list[str] = []
        for label, leaf in zip(labels or [leaf.label for leaf in self.leaves], self.leaves, strict=True):
            names += [f"{label}{index}" for index in indices(leaf.value.shape)]
        return names

    def without(self, labels: Sequence[str], why: str) -> Point:
        """The point with some of its leaves fixed."""
        taken = set(labels)
        items = (item for _, item in leaves_of(self.original))
        slots = tuple(
            Fixed(slot.label, item, why) if isinstance(slot, Leaf) and slot.label in taken else slot
            for slot, item in zip(self.slots, items, strict=True)
        )
        return replace(self, slots=slots)


def indices(shape: tuple[int, ...]) -> Iterator[str]:
    """The indices of an array as they are written: "[0, 1]"; "" for a number alone."""
    if not shape:
        yield ""
        return
    for index in product(*(map(str, range(size)) for size in shape)):
        yield f"[{', '.join(index)}]"


def make_point(at: Any, label: str = "at", backward: bool = False) -> Point:
    """Take a point apart.

    Args:
        at: A number, an array, a tensor, or a structure of them, nested at will.
        label: What it is called.
        backward: Whether the gradient comes from a backward pass, so that tensors say themselves whether they have one.

    Returns:
        The point; `at` is copied and never changed.

    Raises:
        CheckError: There is no number in it, or something that is not a finite real number.
    """
    found = list(leaves_of(at, label))
    slots = tuple(_slot(item, name, why) for (name, item), why in zip(found, _fixings(found, backward), strict=True))
    point = Point(at, slots)
    if sum(leaf.value.size for leaf in point.leaves) == 0:
        others = ", ".join(f"{slot.label} ({slot.why})" for slot in point.fixed)
        raise CheckError(
            f"the point `{label}` has no number to derive by: {others}; {FORMS}."
            if others
            else f"the point `{label}` is empty, so there is no derivative to check; give it at least one number."
        )
    return point


def _fixings(found: list[tuple[str, Any]], backward: bool) -> list[str]:
    """For each leaf why it has no derivative; "" for one that has."""
    kinds = [kind_of(item) for _, item in found]
    reals = [item for (_, item), kind in zip(found, kinds, strict=True) if kind == "real"]
    choose = backward and any(is_tensor(item) and item.requires_grad for item in reals)
    # A sparse tensor beside others holds the numbers of a matrix, in a form that a function asks for.
    dense = backward and any(not _is_sparse(item) for item in reals)
    in_torch = backward and any(is_tensor(item) for item in reals)
    reasons = []
    for (_, item), kind in zip(found, kinds, strict=True):
        if kind == "integer" or (kind == "number" and _is_whole(item) and (backward or reals)):
            # Whole numbers alone are a point written without a decimal point; beside others they count or label.
            reasons.append("integers" if reals or backward else "")
        elif kind == "number":
            reasons.append("a number of Python, which torch does not derive by" if in_torch else "")
        elif kind in {"boolean", "other"} and (len(found) > 1 or backward):
            reasons.append("booleans" if kind == "boolean" else "None" if item is None else type(item).__name__)
        elif kind == "real" and choose and is_tensor(item) and not item.requires_grad:
            reasons.append("requires_grad=False")
        elif kind == "real" and dense and _is_sparse(item) and not item.requires_grad:
            reasons.append("a sparse tensor without requires_grad")
        else:
            reasons.append("")
    return reasons


def _is_sparse(item: Any) -> bool:
    return is_tensor(item) and item.layout is not sys.modules["torch"].strided


def _is_whole(item: Any) -> bool:
    """Tell whether numbers of Python are integers, as a size or an axis is."""
    return all(map(_is_whole, item)) if isinstance(item, list | tuple) else isinstance(item, int | np.integer)


def has_torch(point: Point) -> bool:
    """Tell whether a derivative by tensors of torch is asked for."""
    return "torch" in point.libraries


def has_jax(point: Point) -> bool:
    """Tell whether a derivative by arrays of jax is asked for."""
    return "jax" in point.libraries


def caller(function: Callable[..., Any], at: Any, extra: int = 0) -> Callable[..., Any]:
    """Call `function` with the point; a tuple or dict is spread over several arguments if it asks for that many.

    What takes any, f(*args), is given the parts of a tuple.

    Args:
        function: What is called.
        at: The point as the user wrote it.
        extra: How many arguments follow the point.
    """
    rest = [None] * extra
    if isinstance(at, tuple):
        is_one = _binds(function, [at, *rest]) and not (type(at) is tuple and _takes_any(function))
        if not is_one and _binds(function, [*at, *rest]):
            return lambda point, *more: function(*point, *more)
    if isinstance(at, dict) and all(isinstance(key, str) for key in at):
        if not _binds(function, [at, *rest]) and _binds(function, rest, at):
            return lambda point, *more: function(*more, **point)
    return function


def _takes_any(function: Callable[..., Any]) -> bool:
    """Tell whether a function hands on whatever arguments it gets, f(*args): then a tuple is those."""
    try:
        kinds = [parameter.kind for parameter in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return False
    return bool(kinds) and kinds[0] is inspect.Parameter.VAR_POSITIONAL


def _binds(function: Callable[..., Any], arguments: list[Any], named: dict[str, Any] | None = None) -> bool:
    try:
        inspect.signature(function).bind(*arguments, **(named or {}))
    except (TypeError, ValueError):
        return False
    return True


def _slot(item: Any, label: str, why: str) -> Leaf | Fixed:
    if why:
        return Fixed(label, item, why)
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
        return Leaf(label, value, lambda array, mode: array.item() if array.ndim == 0 else array, "float64")
    dtype = np.asarray(item).dtype
    native = dtype if dtype.kind in "fV" else np.dtype(np.float64)
    types: dict[Mode, Any] = {Mode.DOUBLE: np.float64, Mode.NATIVE: native, Mode.COMPLEX: np.complex128}
    order = _layout.order_of(item)
    return Leaf(label, value, lambda array, mode: array.astype(types[mode], order=order), native.name)


def _tensor_leaf(item: Any, label: str, value: np.ndarray) -> Leaf:
    torch = sys.modules["torch"]
    native, device = item.dtype if item.is_floating_point() else torch.float64, item.device
    arranged = _layout.arrangement_of(item)
    is_plain = native is torch.float64 and arranged is None and device.type == "cpu"

    def build(array: np.ndarray, mode: Mode) -> Any:
        tensor = torch.from_numpy(array.copy())
        if is_plain:
            return tensor
        if mode is Mode.NATIVE:
            tensor = tensor.to(native)
        if arranged is not None and tensor.shape == item.shape:
            tensor = arranged(tensor)
        return tensor.to(device)

    return Leaf(label, value, build, str(native).removeprefix("torch."), "torch")


def _jax_leaf(item: Any, label: str, value: np.ndarray) -> Leaf:
    numpy = sys.modules["jax"].numpy
    native = item.dtype if numpy.issubdtype(item.dtype, numpy.floating) else np.dtype(np.float64)
    types: dict[Mode, Any] = {Mode.DOUBLE: np.float64, Mode.NATIVE: native, Mode.COMPLEX: np.complex128}

    def build(array: np.ndarray, mode: Mode) -> Any:
        with nullcontext() if mode is Mode.NATIVE else double():
            return numpy.asarray(array, dtype=types[mode])

    return Leaf(label, value, build, native.name, "jax")

"""Structures of numbers and arrays: dicts, lists, tuples, named tuples, dataclasses, and what jax knows as a pytree."""

from __future__ import annotations

import copy
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from gradlab.check._errors import CheckError

FORMS = "write a number, an array, a tensor, or a list, tuple, dict or dataclass of them"


class Node(NamedTuple):
    """A structure opened by one level.

    Attributes:
        keys: What its parts are found by: keys, positions or the names of fields.
        parts: Its parts.
        close: From parts to a structure of the same type.
        kind: "key", "position" or "field": how a part is written.
    """

    keys: Sequence[Any]
    parts: Sequence[Any]
    close: Callable[[list[Any]], Any]
    kind: str

    def place(self, key: Any, label: str, is_top: bool) -> str:
        """A part as the user would write it: w["a"], w[0], w.a; a key or field of the outermost structure stands alone.

        Args:
            key: Which part.
            label: The structure itself.
            is_top: Whether it is the outermost one, which needs no name.
        """
        if self.kind == "position":
            return f"{label}[{key}]"
        if is_top:
            return str(key)
        if self.kind == "field":
            return f"{label}.{key}"
        return f"{label}[{json.dumps(key, ensure_ascii=False) if isinstance(key, str) else repr(key)}]"


def open_node(item: Any) -> Node | None:
    """Open a structure by one level; None for a leaf. Lists of Python numbers alone are arrays written out: leaves."""
    if isinstance(item, Mapping):
        keys = list(item)
        return Node(keys, [item[key] for key in keys], lambda parts: _mapping_like(item, keys, parts), "key")
    if isinstance(item, list | tuple):
        return None if is_numeric_list(item) else _open_sequence(item)
    if isinstance(item, type) or is_tensor(item):
        return None
    if dataclasses.is_dataclass(item):
        names = [field.name for field in dataclasses.fields(item) if hasattr(item, field.name)]
        return Node(
            names, [getattr(item, name) for name in names], lambda parts: _object_like(item, names, parts), "field"
        )
    if isinstance(item, SimpleNamespace):
        names = list(vars(item))
        return Node(names, list(vars(item).values()), lambda parts: _object_like(item, names, parts), "field")
    return _open_pytree(item)


def _open_sequence(item: Any) -> Node:
    fields = getattr(item, "_fields", None)
    if fields is not None:
        return Node(list(fields), list(item), lambda parts: type(item)(*parts), "field")
    return Node(
        range(len(item)), list(item), lambda parts: parts if type(item) is list else type(item)(parts), "position"
    )


def _mapping_like(item: Mapping[Any, Any], keys: Sequence[Any], parts: list[Any]) -> Any:
    pairs = dict(zip(keys, parts, strict=True))
    if type(item) is dict:
        return pairs
    if not isinstance(item, dict):
        return type(item)(pairs)  # type: ignore[call-arg]
    # Subclasses may have arguments of their own, as a defaultdict's factory.
    copied = copy.copy(item)
    for key, part in pairs.items():
        copied[key] = part
    return copied


def _object_like(item: Any, names: Sequence[str], parts: list[Any]) -> Any:
    copied = copy.copy(item)
    for name, part in zip(names, parts, strict=True):
        # Frozen dataclasses forbid setattr; their constructor may want other arguments than their fields.
        object.__setattr__(copied, name, part)
    return copied


def _open_pytree(item: Any) -> Node | None:
    """What is registered with jax, such as the modules of its libraries."""
    jax = sys.modules.get("jax")
    if jax is None or is_jax(item) or item is None or isinstance(item, np.ndarray | str | bytes) or is_number(item):
        return None
    pairs, form = jax.tree_util.tree_flatten_with_path(item, is_leaf=lambda part: part is not item)
    if len(pairs) == 1 and pairs[0][1] is item:
        return None
    keys = [str(path[0]).strip(".[]'\"") for path, _ in pairs]
    return Node(keys, [part for _, part in pairs], lambda parts: jax.tree_util.tree_unflatten(form, parts), "field")


def map_structure(item: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure with every leaf changed, in the order of the leaves."""
    node = open_node(item)
    return change(item) if node is None else node.close([map_structure(part, change) for part in node.parts])


def template(item: Any) -> Callable[[Iterator[Any]], Any]:
    """From leaves, in their order, to a structure like this one, which is opened only once."""
    node = open_node(item)
    if node is None:
        return next
    parts = [template(part) for part in node.parts]
    return lambda leaves: node.close([part(leaves) for part in parts])


def leaves_of(item: Any, label: str = "", is_top: bool = True) -> Iterator[tuple[str, Any]]:
    """Each leaf of a structure with its place, such as "at[0]" or the key "w"."""
    node = open_node(item)
    if node is None:
        yield label, item
        return
    for key, part in zip(node.keys, node.parts, strict=True):
        yield from leaves_of(part, node.place(key, label, is_top), False)


def is_numeric_list(item: Any) -> bool:
    """Tell whether a list or tuple is an array written out, of Python numbers alone."""
    if not isinstance(item, list | tuple) or hasattr(item, "_fields"):
        return False
    return all(is_number(part) or is_numeric_list(part) for part in item)


def is_number(item: Any) -> bool:
    """Tell whether an object is a real number of Python or NumPy."""
    return isinstance(item, Real | np.number) and not isinstance(item, bool)


def is_tensor(item: Any) -> bool:
    """Tell whether an object is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(item, torch.Tensor)


def is_module(item: Any) -> bool:
    """Tell whether an object is a torch module, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(item, torch.nn.Module)


def is_jax(item: Any) -> bool:
    """Tell whether an object is an array of jax, without importing jax."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(item, jax.Array)


_PAIRS = (
    "check_function takes complex tensors and arrays of torch and jax as pairs of real numbers; otherwise check its "
    "real and its imaginary part as two real functions."
)


def kind_of(item: Any) -> str:
    """What a leaf holds: "real", "integer", "boolean", "complex", "number" for one of Python's, or "other"."""
    if is_tensor(item):
        if item.is_floating_point():
            return "real"
        return "complex" if item.is_complex() else "boolean" if item.dtype == sys.modules["torch"].bool else "integer"
    if isinstance(item, bool | np.bool_):
        return "boolean"
    if isinstance(item, complex | np.complexfloating):
        return "complex"
    if is_number(item) or is_numeric_list(item):
        return "number"
    dtype = getattr(item, "dtype", None)
    if not isinstance(item, np.ndarray) and not is_jax(item):
        return "other"
    # The small floats of machine learning have the kind V in NumPy.
    return {"f": "real", "V": "real", "c": "complex", "b": "boolean", "i": "integer", "u": "integer"}.get(
        np.dtype(dtype).kind, "other"
    )


def to_array(item: Any, what: str) -> np.ndarray:
    """Numbers of any library as a new float64 array.

    Raises:
        CheckError: They are complex, or no numbers.
    """
    if is_tensor(item):
        if item.is_complex():
            raise CheckError(f"{what} is complex; {_PAIRS}")
        strided = item.detach() if item.layout is sys.modules["torch"].strided else item.detach().to_dense()
        return strided.cpu().double().numpy().copy()
    if isinstance(item, list | tuple):
        parts = [to_array(part, what) for part in item]
        if len({part.shape for part in parts}) > 1:
            raise CheckError(f"{what} has rows of different shapes; give arrays that are not ragged.")
        return np.array(parts, dtype=np.float64)
    if item is None:
        raise CheckError(f"{what} is None; a function has to return what it computes.")
    if np.ma.is_masked(item):
        raise CheckError(f"{what} has masked entries; leave them out, or give them values with .filled(...).")
    array = np.asarray(item)
    if array.dtype.kind == "c":
        raise CheckError(f"{what} is complex; {_PAIRS}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise CheckError(f"{what} is {type(item).__name__}, which holds no numbers; {FORMS}.") from None

"""Lists, tuples and dicts of numbers and arrays: walking through them, comparing their form."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError

FORMS = "write a number, an array, a tensor, or a list, tuple or dict of them"


def map_structure(item: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure of lists, tuples and dicts with every leaf changed, in the order of the leaves."""
    if isinstance(item, dict):
        return {key: map_structure(value, change) for key, value in item.items()}
    if isinstance(item, list | tuple) and not is_numeric_list(item):
        parts = [map_structure(part, change) for part in item]
        return tuple(parts) if isinstance(item, tuple) else parts
    return change(item)


def leaves_of(item: Any, label: str = "", is_top: bool = True) -> Iterator[tuple[str, Any]]:
    """Each leaf of a structure with its place, such as "at[0]" or the key "w"."""
    if isinstance(item, dict):
        for key, value in item.items():
            yield from leaves_of(value, str(key) if is_top else f"{label}[{key!r}]", False)
    elif isinstance(item, list | tuple) and not is_numeric_list(item):
        for index, value in enumerate(item):
            yield from leaves_of(value, f"{label}[{index}]", False)
    else:
        yield label, item


def is_numeric_list(item: Any) -> bool:
    """Tell whether a list or tuple is an array written out, of Python numbers alone."""
    if not isinstance(item, list | tuple):
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
        raise CheckError(f"{what} is {type(item).__name__}, which holds no numbers; {FORMS}.") from None
